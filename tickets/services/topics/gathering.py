"""Opening a topic, by hand or from a proposal, and which requests belong to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from qihu.accounts.models import Region, within
from qihu.crypto import keyed
from qihu.errors import Conflict, Forbidden, Invalid, Unknown
from qihu.outbox.publish import publish
from routing.triage.alike import firm_key
from routing.triage.cluster import gist, shared_words
from tickets.access import Caller
from tickets.models import Filing, Ticket, Topic, TopicMember
from tickets.models.topic import TITLE_MAX
from tickets.services.intent import Aside
from tickets.services.topics.acting import begin, finish, words
from tickets.services.topics.entrusting import Trust, set_owner
from tickets.services.transition import perform_all
from tickets.terms import Party, Remark, Status
from tickets.topic_access import gathers_in, roles_in
from tickets.topic_moves import GATHERERS, TopicAct, TopicRole, TopicState

TELL = "tickets.tell_topic"
"""Outbox: the firms of a published topic that have not been told yet."""
AT_ONCE_MAX = 200
"""Requests taken in by one press."""
_M = TopicMember.State


def firm_of(filing: Filing) -> str:
    """Who the firm is, as a keyed hash: by its name however it was typed; a request without one is its own."""
    who = firm_key(filing.enterprise_name) or filing.uscc or f"#{filing.pk}"
    return keyed("topic-firm", who).hex()[:32]


def common_region(tickets: Iterable[Ticket]) -> str:
    """Code of the smallest region in which all of them lie, "" where there is none."""
    paths = [ticket.region.path.split("/") for ticket in tickets]
    same = [steps[0] for steps in zip(*paths, strict=False) if len(set(steps)) == 1]
    return same[-1] if same else ""


@transaction.atomic
def open_by_hand(
    *, caller: Caller, at: datetime, title: str, tickets: Sequence[int], trust: Trust | None = None
) -> Topic:
    """A topic of requests that somebody has found alike. Raises `Forbidden`, `Invalid`, and `Conflict` as `gather`."""
    said = words(title, "title", most=TITLE_MAX, asked="请给专题起个名字，一眼看出是什么问题。")
    locked = _locked(tickets)
    region = Region.objects.filter(code=common_region(locked)).first()
    if region is None or caller.user is None or not any(within(region.path, p) for p in gathers_in(caller.user)):
        raise Forbidden("专题由这些诉求所在区划的研判员、企服中心主任或督办员来立。")
    tags, chains = {t.chain_tag_id for t in locked}, {t.industry_chain_id for t in locked}
    topic = Topic.objects.create(
        title=said,
        state=TopicState.OPEN,
        region=region,
        chain_tag_id=tags.pop() if len(tags) == 1 else None,
        industry_chain_id=chains.pop() if len(chains) == 1 else None,
        opened_at=at,
    )
    _refuse(locked, topic)
    role = min(roles_in(caller.user, topic) & GATHERERS, key=list(TopicRole).index)
    if trust:
        set_owner(topic, trust)
    _join(topic, locked, how=TopicMember.How.HAND, caller=caller, role=role, at=at)
    topic.words = shared_words(_texts(locked))
    changed = ("words", "department", "owner", "due_on")
    told = {"how": "hand", "tickets": [t.pk for t in locked], "department": topic.department_id}
    finish(TopicAct.OPEN, topic, role=role, caller=caller, at=at, changed=changed, data=told)
    return topic


@transaction.atomic
def open_proposal(
    *,
    topic_id: int,
    caller: Caller,
    at: datetime,
    title: str = "",
    tickets: Sequence[int] | None = None,
    trust: Trust | None = None,
    expected_version: int | None = None,
) -> Topic:
    """Make a topic of what was proposed: of all of it, or of the requests chosen; the others are turned down.

    Requests that meanwhile went elsewhere are left out. Raises as `acting.begin`, and `Invalid` where none is left or
    one was chosen that was never proposed here.
    """
    proposed = TopicMember.objects.filter(topic=topic_id, state=_M.CANDIDATE).values_list("ticket", flat=True)
    locked = list(Ticket.objects.lock(proposed))
    topic, role = begin(TopicAct.OPEN, topic_id, caller=caller, at=at, expected_version=expected_version)
    if set(tickets or ()) - set(topic.members.values_list("ticket", flat=True)):
        raise Invalid("只能从提出的诉求里选。", fields={"tickets": "有的诉求不在这个提议中；立了专题再加入。"})
    chosen = [t for t in locked if (tickets is None or t.pk in set(tickets)) and not refusal(t, topic)]
    if not chosen:
        raise Invalid("请至少选一件诉求。", fields={"tickets": "请至少选一件诉求。"})
    topic.title = words(title or topic.title, "title", most=TITLE_MAX, asked="请给专题起个名字。")
    topic.opened_at = at
    if trust:
        set_owner(topic, trust)
    left = topic.members.exclude(ticket__in=[t.pk for t in chosen])
    left.update(state=_M.REMOVED, removed_at=at)
    _join(topic, chosen, how=TopicMember.How.PROPOSAL, caller=caller, role=role, at=at)
    changed = ("title", "opened_at", "department", "owner", "due_on")
    told = {"how": "proposal", "tickets": [t.pk for t in chosen], "department": topic.department_id}
    finish(TopicAct.OPEN, topic, role=role, caller=caller, at=at, changed=changed, data=told)
    return topic


@transaction.atomic
def gather(
    *, topic_id: int, caller: Caller, at: datetime, tickets: Sequence[int], expected_version: int | None = None
) -> Topic:
    """Take requests in: all of them or none. A topic whose result is out tells their firms, too.

    Raises as `acting.begin`, and `Conflict` that names the request and why it cannot join.
    """
    locked = _locked(tickets)
    topic, role = begin(TopicAct.GATHER, topic_id, caller=caller, at=at, expected_version=expected_version)
    _refuse(locked, topic)
    found = set(topic.members.filter(state=_M.CANDIDATE).values_list("ticket", flat=True))
    by_hand = [t for t in locked if t.pk not in found]
    _join(topic, by_hand, how=TopicMember.How.HAND, caller=caller, role=role, at=at)
    suggested = [t for t in locked if t.pk in found]
    _join(topic, suggested, how=TopicMember.How.PROPOSAL, caller=caller, role=role, at=at)
    if not topic.words:
        topic.words = shared_words(_texts(locked))
    told = {"tickets": [t.pk for t in locked]}
    finish(TopicAct.GATHER, topic, role=role, caller=caller, at=at, changed=("words",), data=told)
    if topic.published_at:
        publish(TELL, topic_id=topic.pk)
    return topic


@transaction.atomic
def remove(
    *, topic_id: int, caller: Caller, at: datetime, ticket_id: int, expected_version: int | None = None
) -> Topic:
    """Take a request out, or turn down one that was only found alike. What the firm has been told stays told."""
    locked = _locked([ticket_id])
    topic, role = begin(TopicAct.REMOVE, topic_id, caller=caller, at=at, expected_version=expected_version)
    member = topic.members.filter(ticket=ticket_id).exclude(state=_M.REMOVED).first()
    if member is None:
        raise Conflict("这件诉求不在本专题中。")
    if member.told_at:
        raise Conflict("已告知这家企业处理结果，不能再移出。")
    was_in = member.state == _M.MEMBER
    member.state, member.removed_at = _M.REMOVED, at
    member.save(update_fields=["state", "removed_at"])
    if was_in:
        _leave(topic, locked, caller=caller, role=role, at=at)
    finish(TopicAct.REMOVE, topic, role=role, caller=caller, at=at, data={"tickets": [ticket_id], "joined": was_in})
    return topic


@transaction.atomic
def mute(
    *, topic_id: int, caller: Caller, at: datetime, ticket_id: int, muted: bool, expected_version: int | None = None
) -> Topic:
    """The firm of this request (and of others of its own here) does not wish to be told, or does after all.

    Raises `Conflict` once it has been.
    """
    topic, role = begin(TopicAct.MUTE, topic_id, caller=caller, at=at, expected_version=expected_version)
    member = topic.members.filter(ticket=ticket_id, state=_M.MEMBER).select_for_update().first()
    if member is None or member.told_at:
        raise Conflict("这件诉求不在本专题中，或已经告知。")
    same_firm = topic.members.filter(firm=member.firm, told_at=None)
    same_firm.update(muted=muted)
    finish(TopicAct.MUTE, topic, role=role, caller=caller, at=at, data={"tickets": [ticket_id], "muted": muted})
    if topic.published_at:  # whom it leaves out may have been the last to be told
        publish(TELL, topic_id=topic.pk)
    return topic


def release(topic: Topic, tickets: Sequence[Ticket], *, caller: Caller, role: TopicRole, at: datetime) -> None:
    """The requests of a topic that comes to nothing, all locked by the caller, are free again."""
    held = topic.members.filter(state=_M.MEMBER)
    if set(held.values_list("ticket", flat=True)) != {ticket.pk for ticket in tickets}:
        raise Conflict("刚有诉求加入或移出，请看过再办理。")
    _leave(topic, tickets, caller=caller, role=role, at=at)
    held.update(state=_M.REMOVED, removed_at=at)


def refusal(ticket: Ticket, topic: Topic) -> str:
    """Why a request cannot join, or ""."""
    if ticket.restricted:
        return "限制知悉的诉求不进专题。"
    if ticket.test:
        return "测试件不进专题。"
    if ticket.status == Status.MERGED:
        return "已并案，请加入它的主件。"
    if ticket.topic_id:
        return "已在本专题中。" if ticket.topic_id == topic.pk else "已在另一个专题中；一件诉求只进一个专题。"
    return "" if within(ticket.region.path, topic.region.path) else "不在专题的区划内。"


def _refuse(tickets: Iterable[Ticket], topic: Topic) -> None:
    for ticket in tickets:
        if said := refusal(ticket, topic):
            raise Conflict(f"{ticket.number} {said}")


def _locked(keys: Sequence[int]) -> list[Ticket]:
    if not 0 < len(keys) <= AT_ONCE_MAX:
        said = f"一次最多加入 {AT_ONCE_MAX} 件。" if keys else "请至少选一件诉求。"
        raise Invalid(said, fields={"tickets": said})
    locked = list(Ticket.objects.lock(keys))
    if len(locked) != len(set(keys)):
        raise Unknown("没有找到这件诉求。")
    return locked


def _texts(tickets: Iterable[Ticket]) -> list[str]:
    filings = Filing.objects.filter(ticket__in=[t.pk for t in tickets])
    return [gist(filing.title, filing.text) for filing in filings.order_by("pk")]


def _join(
    topic: Topic, tickets: Sequence[Ticket], *, how: TopicMember.How, caller: Caller, role: TopicRole, at: datetime
) -> None:
    if not tickets:
        return
    filings = {f.pk: f for f in Filing.objects.filter(ticket__in=[t.pk for t in tickets])}
    known = {m.ticket_id: m for m in topic.members.filter(ticket__in=[t.pk for t in tickets])}
    rows = []
    for ticket in tickets:
        member = known.get(ticket.pk) or TopicMember(topic=topic, ticket=ticket)
        member.state, member.how, member.removed_at = _M.MEMBER, how, None
        member.added_by_id, member.added_at, member.firm = caller.actor_id, at, firm_of(filings[ticket.pk])
        rows.append(member)
    changed = ["state", "how", "removed_at", "added_by", "added_at", "firm"]
    TopicMember.objects.bulk_update([m for m in rows if m.pk], changed)
    TopicMember.objects.bulk_create([m for m in rows if not m.pk])
    _note(topic, tickets, {"op": "joined", "how": how}, caller=caller, role=role, at=at)
    Ticket.objects.filter(pk__in=[t.pk for t in tickets]).update(topic=topic)


def _leave(topic: Topic, tickets: Sequence[Ticket], *, caller: Caller, role: TopicRole, at: datetime) -> None:
    _note(topic, tickets, {"op": "left"}, caller=caller, role=role, at=at)
    Ticket.objects.filter(pk__in=[t.pk for t in tickets], topic=topic).update(topic=None)


def _note(
    topic: Topic, tickets: Sequence[Ticket], data: dict[str, object], *, caller: Caller, role: TopicRole, at: datetime
) -> None:
    """One event on each request, in ids only."""
    asides = [
        Aside(
            kind=Remark.TOPIC,
            ticket_id=ticket.pk,
            at=at,
            party=Party(role),
            caller=caller,
            data=data | {"topic": topic.pk},
            then=(),
            turns_version=False,
        )
        for ticket in tickets
    ]
    perform_all(asides, locked={ticket.pk: ticket for ticket in tickets})
