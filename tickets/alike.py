"""Requests like another: the same firm's, and texts that say the same. The index and its queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, models
from django.db.models import F, Func, Value

from qihu.accounts.models import lies_in
from routing.triage.alike import ANY_FIRM, SAME_FIRM, firm_key, firm_words, grams, likeness
from tickets.models import Filing, Ticket
from tickets.models.lists import TicketQuerySet
from tickets.models.search import lexeme_query, quoted
from tickets.models.text import phone_lexeme, uscc_lexeme
from tickets.workflow import Status

CANDIDATES = 300
"""Texts compared at most."""
_LEXEMES, _MATCHES = 64, 2000
_FREQUENCIES = """
SELECT lexeme, frequency * GREATEST((SELECT reltuples FROM pg_class WHERE oid = 'tickets_filing'::regclass), 0)
  FROM pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) AS common(lexeme, frequency)
 WHERE schemaname = current_schema() AND tablename = 'tickets_filing' AND attname = 'search' AND lexeme = ANY(%s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Firm:
    """A firm as typed: any part may be empty."""

    name: str = ""
    uscc: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A request (with its filing) that may be the same matter. `alike`: the texts agree, too."""

    ticket: Ticket
    score: float
    same_firm: bool

    @property
    def alike(self) -> bool:
        """Whether the words themselves say so."""
        return self.score >= (SAME_FIRM if self.same_firm else ANY_FIRM)


def of_firm(firm: Firm, text: str, *, among: TicketQuerySet, since: datetime, limit: int = 10) -> list[Found]:
    """What this firm has asked since, the most alike first: one query.

    By credit code, phone or name, however its brackets were typed. Merged and restricted requests are never found;
    `among` holds what the asker may see *and* whose firm they may know.
    """
    wanted = _firm_query(firm)
    if not wanted:
        return []
    mine = grams(text)
    candidates = _candidates(wanted, among=among, since=since)
    found = [
        Found(ticket=t, score=likeness(mine, _grams(t)), same_firm=True) for t in candidates if _same(firm, t.filing)
    ]
    return _best(found, limit)


def alike(
    text: str,
    *,
    among: TicketQuerySet,
    since: datetime,
    region: str = "",
    least: float = ANY_FIRM,
    limit: int = 10,
) -> list[Found]:
    """Requests, of any firm, whose texts are alike by at least `least`, the most alike first: two queries.

    `region` is a path: only what lies in it. Candidates share one of the text's rarest pairs of characters, the
    newest `CANDIDATES` of them are compared.
    """
    mine = grams(text)
    if not mine:
        return []
    near = among.filter(lies_in(region)) if region else among
    wanted = " | ".join(quoted(lexeme) for lexeme in _rarest(mine))
    found = [
        Found(ticket=t, score=likeness(mine, _grams(t)), same_firm=False)
        for t in _candidates(wanted, among=near, since=since)
    ]
    return _best([one for one in found if one.score >= least], limit)


def _candidates(wanted: str, *, among: TicketQuerySet, since: datetime) -> Sequence[Ticket]:
    """Newest first, with filing and whatever a row shows. `wanted` is a tsquery over `Filing.search`."""
    hit = Func(
        F("filing__search"),
        Value(wanted),
        template="(%(expressions)s::tsquery)",  # as it is: no parser, no dictionary
        arg_joiner=" @@ ",
        output_field=models.BooleanField(),
    )
    found = among.filter(hit, submitted_at__gte=since, restricted=False).exclude(status=Status.MERGED)
    return list(found.for_lists().newest_first()[:CANDIDATES])


def _firm_query(firm: Firm) -> str:
    words = firm_words(firm.name)
    parts = [
        quoted(uscc_lexeme(firm.uscc)) if firm.uscc else "",
        quoted(phone_lexeme(firm.phone)) if firm.phone else "",
        f"({lexeme_query(words)})" if words else "",
    ]
    return " | ".join(part for part in parts if part)


def _same(firm: Firm, filing: Filing) -> bool:
    """The lexemes of a name may stand anywhere in a text: look at the name itself."""
    by_code = bool(firm.uscc) and filing.uscc == firm.uscc
    by_phone = bool(firm.phone) and filing.contact_phone == firm.phone
    return by_code or by_phone or (bool(firm.name) and firm_key(filing.enterprise_name) == firm_key(firm.name))


def _grams(ticket: Ticket) -> frozenset[str]:
    return grams(ticket.filing.text)


def _best(found: Iterable[Found], limit: int) -> list[Found]:
    return sorted(found, key=lambda one: (-one.score, -one.ticket.pk))[:limit]


def _rarest(lexemes: Iterable[str]) -> list[str]:
    """The lexemes that fewest requests have, by the database's own statistics: about `_MATCHES` rows together."""
    wanted = sorted(lexemes)
    with connection.cursor() as cursor:
        cursor.execute(_FREQUENCIES, [wanted])
        common: dict[str, float] = dict(cursor.fetchall())
    chosen: list[str] = []
    matches = 0.0
    for lexeme in sorted(wanted, key=lambda one: (common.get(one, 0.0), one))[:_LEXEMES]:
        matches += common.get(lexeme, 0.0)
        if chosen and matches > _MATCHES:
            break
        chosen.append(lexeme)
    return chosen
