"""The request's story, read from the log: sentences in Chinese for the firm and for officials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tickets.models import Event, Ticket
from tickets.sentences import files_said, sentence
from tickets.terms import FIRM_CLOCKS, Remark
from tickets.workflow import Action, Clock, LegAction, Party

_A, _C = Action, Clock
_HIDDEN_FROM_FIRM = frozenset(
    {
        *(_A.CLASSIFY, _A.REPLY, _A.SEND_BACK, _A.DEFER, _A.OBJECT, _A.RULE_ON_RETURN, _A.RAISE_TIER, _A.CALL_BACK),
        *(_A.SUPERVISE, _A.INSTRUCT, _A.ANSWER_SUPERVISION, _A.EXCLUDE, _A.MARK_TEST, _A.ASSIGN_LEG, *LegAction),
        *("approval", "warning", Remark.TOPIC, Remark.LISTED, Remark.LATE_REASON),
    }
)
TOLD_TO_FIRM = frozenset({*_A, *Remark, "absorb", "breach"}) - _HIDDEN_FROM_FIRM
"""Kinds whose sentence the firm reads; whatever is not named here stays inside."""
_CLOCKS_TOLD = frozenset({_C.ACCEPT, _C.DISPATCH, _C.SIGN, _C.CONTACT, _C.INTERIM, _C.NOTE, _C.RESOLVE, _C.FOLLOW_UP})
"""Broken promises to the firm; those of the offices among themselves are theirs."""
WORDS_TOLD_TO_FIRM = frozenset(
    {
        *(_A.REQUEST_INFO, _A.REJECT, _A.CONTACT, _A.INTERIM, _A.NOTE, _A.DELIVER, _A.FOLLOW_UP),
        *(_A.SUPPLEMENT, Remark.MESSAGE, Remark.CONFIRM, Remark.REVEAL, Remark.TOPIC_REPLY),
    }
)
"""Kinds whose words are written for the firm. Its own words it reads whatever the kind."""
_PARTS_TOLD_TO_FIRM = frozenset({_A.REQUEST_INFO, _A.DELIVER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the timeline. `says` is the sentence, `text` the words that went with it, `bad` a broken promise."""

    seq: int
    kind: str
    at: datetime
    actor: str
    says: str
    text: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    bad: bool = False
    files: bool = False


def events_of(ticket: Ticket) -> list[Event]:
    """The whole log of one request with what its sentences name, oldest first: one query."""
    return list(Event.objects.filter(ticket=ticket).select_related("actor", "text", "department").order_by("seq"))


def timeline(ticket: Ticket, *, for_firm: bool, events: Sequence[Event] | None = None) -> list[Entry]:
    """Every event this reader may see, oldest first: one query, none where the `events_of` are at hand.

    The firm sees a reply when it is delivered, not before, and nothing of classification and review.
    """
    events = events_of(ticket) if events is None else events
    entries = []
    last_reply: Event | None = None
    for event in events:
        last_reply = event if event.kind == _A.REPLY else last_reply
        if (for_firm and not _told(event)) or files_said(event, for_firm=for_firm) == "":
            continue
        entries.append(_entry(event, last_reply, for_firm=for_firm))
    return entries


def _told(event: Event) -> bool:
    """Whether the firm learns of it at all."""
    if event.kind == Remark.POLICY:
        return any(line["clock"] in _CLOCKS_TOLD | FIRM_CLOCKS for line in event.data.get("clocks", ()))
    return event.kind in TOLD_TO_FIRM and (event.kind != "breach" or event.data.get("clock") in _CLOCKS_TOLD)


def _words(event: Event, *, shown_as: str, for_firm: bool) -> bool:
    """Whether this reader sees the words that went with it."""
    return not for_firm or event.party == Party.FIRM or shown_as in WORDS_TOLD_TO_FIRM


def _entry(event: Event, last_reply: Event | None, *, for_firm: bool) -> Entry:
    spoken = last_reply if for_firm and event.kind == _A.DELIVER else event
    text = spoken.text if spoken and _words(spoken, shown_as=event.kind, for_firm=for_firm) else None
    parts = text.parts if text and (not for_firm or event.kind in _PARTS_TOLD_TO_FIRM) else ()
    return Entry(
        seq=event.seq,
        kind=event.kind,
        at=event.happened_at,
        actor=actor_name(event),
        says=sentence(event, outcome_of=last_reply, for_firm=for_firm),
        text=text.body if text else "",
        parts=tuple((part["ask"], part["text"]) for part in parts),
        bad=event.kind == "breach",
        files="files" in spoken.data if spoken else False,
    )


def actor_name(event: Event) -> str:
    """Name of the member of staff, else who it was."""
    return event.actor.name if event.actor else Party(event.party).label
