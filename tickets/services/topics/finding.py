"""Finding common problems: proposals of requests alike, and new requests like those of a topic that runs.

Proposed, never merged: a person decides (domain.md §7: three alike of at least two firms within 30 days).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import F, Func, Q, Value

from qihu.accounts.models import lies_in
from routing.triage import cluster
from routing.triage.cluster import LEAST, MOST, Vector, clusters, gist, middle, rarity, shared_words, vectors
from tickets.access import SYSTEM
from tickets.models import Filing, Ticket, Topic, TopicMember
from tickets.models.search import lexemes_of, quoted
from tickets.models.topic import TITLE_MAX
from tickets.services.topics.acting import finish
from tickets.services.topics.gathering import common_region, firm_of
from tickets.terms import Status
from tickets.topic_moves import LIVE, TopicAct, TopicRole, TopicState

WITHIN = timedelta(days=30)
"""Requests so near in time make a common problem."""
ALIKE, FIRMS = 3, 2
"""At least so many requests, of so many firms."""
BEFORE, AFTER = timedelta(weeks=12), timedelta(weeks=12)
"""How long before it was opened, and after its measure, a topic's like are looked for: what inflow compares."""
LOOKED_AT, COMPARED = 500, 200
"""New requests looked at for one topic in one run; members each is compared with."""
_OVERLAP = 500  # keys are given before they are committed
_ALONE = 0x746F706963
_M, _C = TopicMember.State, TopicMember.How.PROPOSAL


@dataclass(frozen=True, slots=True)
class Run:
    """What one run did: new proposals, requests added to older ones, requests found like those of running topics."""

    proposed: int = 0
    added: int = 0
    matched: int = 0


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether no other worker is at it; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ALONE])
        yield bool(cursor.fetchone()[0])


@transaction.atomic
def find(*, at: datetime) -> Run:
    """Match, then propose. A second run at the same time does nothing; one right after finds nothing new."""
    with _alone() as mine:
        if not mine:
            return Run()
        lately = list(_eligible().filter(submitted_at__lte=at).order_by("-pk")[:MOST])
        known = rarity(_gist(ticket) for ticket in lately)
        window = [ticket for ticket in lately if ticket.submitted_at > at - WITHIN]
        matched = sum(_match(topic, known, at) for topic in _running(at))
        proposed, added = _propose(window, known, at)
        return Run(proposed, added, matched)


def _eligible() -> models.QuerySet[Ticket]:
    """Requests that may be found: never restricted, test, merged, turned away or erased."""
    kept = Ticket.objects.filter(restricted=False, test=False, filing__erased_at=None)
    kept = kept.exclude(status__in=[Status.MERGED, Status.REJECTED])
    return kept.select_related("filing", "region").defer("filing__contact_name", "filing__contact_phone")


def _gist(ticket: Ticket) -> str:
    return gist(ticket.filing.title, ticket.filing.text)


def _propose(window: Sequence[Ticket], known: Mapping[str, float], at: datetime) -> tuple[int, int]:
    taken, proposed = _taken(window), _proposed()
    free = [ticket for ticket in window if ticket.pk not in taken]
    texts = [_gist(ticket) for ticket in free]
    new = added = 0
    for members in clusters(vectors(texts, rarity=known)):
        found = [free[place] for place in members]
        if (known_as := Counter(proposed[t.pk] for t in found if t.pk in proposed).most_common(1)) and known_as[0][0]:
            fresh = [t for t in found if t.pk not in proposed]
            added += _add(known_as[0][0], fresh, at)
        elif len(found) >= ALIKE and len({firm_of(t.filing) for t in found}) >= FIRMS:
            new += _new(found, [texts[place] for place in members], at)
    return new, added


def _taken(window: Iterable[Ticket]) -> set[int]:
    """Requests that somebody has decided about: in a topic, found like one that runs, or of one that was dismissed."""
    rows = TopicMember.objects.of_tickets(t.pk for t in window)
    decided = Q(state=_M.MEMBER) | Q(topic__state=TopicState.DISMISSED) | Q(topic__state__in=LIVE, state=_M.CANDIDATE)
    return set(rows.filter(decided).values_list("ticket", flat=True))


def _proposed() -> dict[int, int]:
    """The proposal that each proposed request belongs to; one that was turned down there is not proposed again."""
    rows = TopicMember.objects.filter(topic__state=TopicState.PROPOSED)
    return dict(rows.values_list("ticket", "topic"))


def _new(found: Sequence[Ticket], texts: Sequence[str], at: datetime) -> int:
    region = common_region(found)
    if not region:
        return 0
    words = shared_words(texts)
    tags, chains = {t.chain_tag_id for t in found}, {t.industry_chain_id for t in found}
    topic = Topic.objects.create(
        title=("、".join(words[:3]) or found[0].filing.title)[:TITLE_MAX],
        state=TopicState.PROPOSED,
        region_id=region,
        chain_tag_id=tags.pop() if len(tags) == 1 else None,
        industry_chain_id=chains.pop() if len(chains) == 1 else None,
        words=words,
        proposed_at=at,
    )
    TopicMember.objects.bulk_create(_candidate(topic.pk, ticket, at) for ticket in found)
    _log(topic, found, at)
    return 1


def _add(topic_id: int, fresh: Sequence[Ticket], at: datetime) -> int:
    """More of what is proposed already; in its region only, lest it change hands."""
    topic = Topic.objects.lock(topic_id)
    if topic is None or topic.state != TopicState.PROPOSED:
        return 0
    near = [t for t in fresh if t.region.path == topic.region.path or t.region.path.startswith(f"{topic.region.path}/")]
    if near:
        TopicMember.objects.bulk_create([_candidate(topic_id, t, at) for t in near], ignore_conflicts=True)
        _log(topic, near, at)
    return len(near)


def _log(topic: Topic, found: Iterable[Ticket], at: datetime) -> None:
    told: dict[str, Any] = {"tickets": [t.pk for t in found]}
    finish(TopicAct.PROPOSE, topic, role=TopicRole.SYSTEM, caller=SYSTEM, at=at, data=told)


def _candidate(topic_id: int, ticket: Ticket, at: datetime, score: float | None = None) -> TopicMember:
    firm = firm_of(ticket.filing)
    return TopicMember(
        topic_id=topic_id, ticket=ticket, state=_M.CANDIDATE, how=_C, score=score, firm=firm, added_at=at
    )


def _running(at: datetime) -> list[Topic]:
    """Topics whose like are still looked for."""
    ended = Q(state=TopicState.CLOSED, measured_at__gt=at - AFTER)
    return list(Topic.objects.filter(Q(state__in=LIVE) | ended).select_related("region").order_by("pk"))


def _match(topic: Topic, known: Mapping[str, float], at: datetime) -> int:
    """New requests whose texts are like the topic's, as closely as a cluster's: candidates that a person may take in.

    Nothing for a topic of fewer than three requests: one text is like too many.
    """
    of = _middle(topic, known)
    wanted = _lexemes(topic)
    if not of or not wanted:
        return 0
    new = _unseen(topic, wanted)
    scored = zip(new, vectors([_gist(t) for t in new], rarity=known), strict=True)
    close = [(t, score) for t, vector in scored if (score := cluster.closeness(vector, of)) >= LEAST]
    TopicMember.objects.bulk_create([_candidate(topic.pk, t, at, score) for t, score in close], ignore_conflicts=True)
    seen = new[-1].pk if len(new) == LOOKED_AT else max([t.pk for t in new] + [_newest(), topic.seen_key])
    Topic.objects.filter(pk=topic.pk, seen_key__lt=seen).update(seen_key=seen)
    return len(close)


def _newest() -> int:
    return Ticket.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _middle(topic: Topic, known: Mapping[str, float]) -> Vector:
    filings = Filing.objects.filter(ticket__topics__topic=topic, ticket__topics__state=_M.MEMBER, erased_at=None)
    texts = [gist(f.title, f.text) for f in filings.order_by("-pk")[:COMPARED]]
    return middle(vectors(texts, rarity=known)) if len(texts) >= ALIKE else {}


def _lexemes(topic: Topic) -> str:
    """A tsquery for requests that share a word with the topic."""
    return " | ".join(quoted(lexeme) for word in topic.words for lexeme in lexemes_of(word))


def _unseen(topic: Topic, wanted: str) -> list[Ticket]:
    """The next requests to look at, oldest first; those known to the topic are passed over."""
    hit = Func(
        F("filing__search"),
        Value(wanted),
        template="(%(expressions)s::tsquery)",  # as it is: no parser, no dictionary
        arg_joiner=" @@ ",
        output_field=models.BooleanField(),
    )
    began = (topic.opened_at or topic.proposed_at) - BEFORE  # type: ignore[operator]
    found = _eligible().filter(lies_in(topic.region.path), hit, submitted_at__gt=began)
    found = found.filter(pk__gt=topic.seen_key - _OVERLAP).exclude(topics__topic=topic)
    return list(found.order_by("pk")[:LOOKED_AT])
