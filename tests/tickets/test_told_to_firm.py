"""What the firm reads of its log, generated over every kind of event: nothing of the offices among themselves."""

from __future__ import annotations

import pytest

from tests import make
from tickets.models import Event, Text
from tickets.services import approvals
from tickets.terms import Action, Clock, LegAction, Party, Remark
from tickets.timeline import timeline

pytestmark = pytest.mark.django_db
INSIDE = "内部文字"
KINDS = [*Action, *LegAction, *Remark, "absorb", "approval", "warning", "breach", "unheard-of"]
READS_WORDS = {
    *("request_info", "supplement", "reject", "contact", "interim", "note", "follow_up"),
    *("message", "confirm", "reveal", "topic_reply"),
}
READS_OF = {
    *READS_WORDS,
    *("submit", "route", "assign", "merge", "split", "reassign", "sign", "extend", "suspend", "resume", "deliver"),
    *("rate", "lapse", "rework", "reopen", "withdraw", "urge"),
    *("source", "material", "erase", "visibility", "absorb", "ask_confirm"),
}
DATA = {
    "clock": "SUPERVISE",
    "process": 5,
    "result": 5,
    "outcome": "solved",
    "channel": "hotline",
    "op": "confirmed",
    "effect": "yellow",
    "amount": "70%",
    "files": [],
    "until": "2026-03-03T10:00:00+08:00",
    "reason": "not_our_duty",
    "basis": INSIDE,
    "suggested_department": INSIDE,
}


def told(kind: str, party: str = Party.HEAD, **data: object):
    """The timeline of a request whose second event is this one."""
    ticket = make.submitted()
    text = Text.objects.create(ticket=ticket, body=INSIDE, parts=[{"ask": INSIDE, "text": INSIDE}])
    event = Event(ticket=ticket, seq=2, kind=kind, party=party, happened_at=make.MONDAY, data=DATA | data, text=text)
    return timeline(ticket, for_firm=True, events=[event])


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_is_meant_for_the_firm_reaches_it(kind):
    lines = told(str(kind))
    assert bool(lines) == (kind in READS_OF)
    for line in lines:
        assert INSIDE not in line.says
        assert (INSIDE in line.text) == (kind in READS_WORDS)
        assert bool(line.parts) == (kind == "request_info")


@pytest.mark.parametrize("clock", Clock)
def test_a_broken_promise_is_told_where_it_was_one_to_the_firm(clock):
    inside = {"REVIEW", "REVIEW_HOLD", "ARBITRATE", "LEG", "SUPERVISE", "CALL_BACK", "FULL", "RATE", "COMPLETE"}
    assert bool(told("breach", Party.SYSTEM, clock=str(clock))) == (clock not in inside)


@pytest.mark.parametrize("kind", ["rework", "reopen", "withdraw", "urge", "rate"])
def test_its_own_words_the_firm_reads_again(kind):
    (line,) = told(kind, Party.FIRM)
    assert line.text == INSIDE


def test_who_reopened_it_against_the_department_stays_inside():
    (line,) = told("reopen", Party.SUPERVISOR)
    assert line.says == "经核查没有解决，重新交办"


def test_the_approvers_word_does_not_take_the_place_of_where_to_go(cast):
    asked = make.asked_to_reject()
    approvals.approve(approval_id=asked.pk, caller=cast.as_dispatcher, at=make.MONDAY + 10 * make.MINUTE, text=INSIDE)
    last = timeline(asked.ticket, for_firm=True)[-1]
    assert (last.kind, last.text, last.parts) == ("reject", "案件已由法院受理，请向承办法官反映。", ())
    assert timeline(asked.ticket, for_firm=False)[-1].parts == (("审批意见", INSIDE),)
