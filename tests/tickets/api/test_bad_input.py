"""What a request's life must refuse, by the verb and by the API alike, with nothing changed afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from qihu.accounts.models import Region
from qihu.clock import now
from qihu.errors import DomainError, Forbidden, Invalid, RefusedByRule
from tests import make
from tests.people import user
from tests.see import deadline
from tests.tickets.api.conftest import Api, firm_of
from tickets.access import Caller
from tickets.models import Event, Ticket
from tickets.services import approvals, closing, departure, handling, joining
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PARTS = [{"text": "授信。", "department": "finance"}, {"text": "用地。", "department": "land"}]
REPLY = {"outcome": "solved", "text": "已办妥。"}


@dataclass(frozen=True)
class Bad:
    """One thing nobody may do. `who`: a member of staff, or "" for the firm; `move` and `body` as the API has them."""

    start: Callable[[], Ticket]
    who: str
    move: str
    verb: Callable[..., object]
    refused: type[DomainError]
    says: str
    body: Callable[[Ticket], Mapping[str, Any]] = field(default=lambda _: {})

    @property
    def status(self) -> int:
        return self.refused.status


def _urged() -> Ticket:
    ticket = make.assigned(at=now() - HOUR)
    closing.urge(ticket_id=ticket.pk, at=now())
    return make.fresh(ticket)


def _part() -> Ticket:
    return make.fresh(make.split(at=now() - HOUR).children.order_by("pk").first())


def _asking() -> Ticket:
    return make.signed(at=now() - HOUR, text="请协调两件事：\n1. 授信1500万元；\n2. 扩建用地20亩。")


def _other(state: Callable[..., Ticket]) -> Callable[[Ticket], Mapping[str, Any]]:
    return lambda _: {"into": state(at=now() - 2 * HOUR).number}


def _late(ticket: Ticket) -> Mapping[str, Any]:
    due = deadline(ticket, Clock.RESOLVE).due_at
    return {"reason": "银行尽调", "until": (due + DAY).date()}


BAD: dict[str, Bad] = {
    "reopening on day 31": Bad(
        lambda: make.closed(at=now() - 31 * DAY - HOUR),
        *("", "reopen", closing.reopen, RefusedByRule, "超过 30 天"),
        lambda _: {"reason": "贷款被收回。"},
    ),
    "a second urge the same day": Bad(_urged, "", "urge", closing.urge, RefusedByRule, "今天已经催办过"),
    "a reply with an unanswered ask": Bad(
        _asking,
        *("officer.finance", "reply", handling.reply, RefusedByRule, "第 2 项还没有答复"),
        lambda _: REPLY | {"answers": [{"ask": "1", "text": "已授信。"}]},
    ),
    "a reply with an open leg": Bad(
        lambda: make.helped(at=now() - HOUR).ticket,
        *("officer.finance", "reply", handling.reply, RefusedByRule, "协办部门还没有反馈"),
        lambda _: REPLY,
    ),
    "a reply with an open child": Bad(
        lambda: make.split(at=now() - HOUR),
        *("officer.{lead}", "reply", handling.reply, RefusedByRule, "还没有办结"),
        lambda _: REPLY,
    ),
    "merge into itself": Bad(
        lambda: make.assigned(at=now() - HOUR),
        *("intake", "merge", joining.merge, Invalid, "不能并入自己"),
        lambda t: {"into": t.number},
    ),
    "merge into its own part": Bad(
        lambda: make.split(at=now() - HOUR),
        *("intake", "merge", joining.merge, Invalid, "下级"),
        lambda t: {"into": t.children.order_by("pk").first().number},
    ),
    "merge of a part": Bad(_part, "intake", "merge", joining.merge, Invalid, "拆分出的一件", _other(make.assigned)),
    "merge into a closed request": Bad(
        lambda: make.assigned(at=now() - HOUR),
        *("intake", "merge", joining.merge, Invalid, "主件已是“已办结”"),
        _other(make.closed),
    ),
    "merge in a circle": Bad(
        lambda: make.merged(at=now() - HOUR).parent,
        *("intake", "merge", joining.merge, Invalid, "主件已是“已并案”"),
        lambda t: {"into": t.children.get().number},
    ),
    "split of a part": Bad(
        _part, "dispatcher", "split", joining.split, RefusedByRule, "不能再拆分", lambda _: {"parts": PARTS}
    ),
    "an extension asked too late": Bad(
        lambda: make.signed(at=now() - 20 * DAY),
        *("head.finance", "extend", departure.extend, RefusedByRule, "申请太晚"),
        _late,
    ),
}


def _same(ticket: Ticket, before: tuple[object, ...]) -> None:
    now_is = Ticket.objects.get(pk=ticket.pk)
    assert (now_is.status, now_is.version, Event.objects.filter(ticket=ticket).count()) == before


@pytest.mark.parametrize("story", BAD, ids=str)
def test_it_is_refused_by_the_verb_and_by_the_api(story, staff):
    bad = BAD[story]
    ticket = bad.start()
    body = bad.body(ticket)
    before = (ticket.status, ticket.version, Event.objects.filter(ticket=ticket).count())
    who = bad.who.format(lead=ticket.department.code if ticket.department else "")
    callers = {"caller": Caller(user(who))} if who else {}
    with pytest.raises(bad.refused) as refused:
        bad.verb(ticket_id=ticket.pk, at=now(), **callers, **body)
    assert bad.says in refused.value.message + "".join(refused.value.fields.values())
    _same(ticket, before)
    door: Api = staff(who) if who else firm_of(ticket)
    plain = {name: value if isinstance(value, (str, list)) else str(value) for name, value in body.items()}
    answer = door.move(ticket, bad.move, plain)
    assert answer.status_code == bad.status, answer.content.decode()
    assert bad.says in answer.content.decode()
    _same(ticket, before)


def test_whoever_asked_does_not_approve_even_as_director(staff):
    ticket = make.signed(at=now() - HOUR)
    head = make.head_of(ticket)
    head.user.grants.create(role="director", region=Region.objects.get(code="330800"))
    asker = Caller(user(head.user.username))
    asked = departure.suspend(ticket_id=ticket.pk, caller=asker, at=now(), reason="quota").approval
    with pytest.raises(Forbidden, match="自己的申请"):
        approvals.approve(approval_id=asked.pk, caller=asker, at=now())
    answer = staff(asker.user).post(f"approvals/{asked.pk}/approve/", {})
    assert answer.status_code == 403
    assert make.fresh(ticket).status == "in_progress"


def test_on_day_thirty_it_is_still_reopened():
    ticket = make.closed(at=now() - 30 * DAY - HOUR)
    assert firm_of(ticket).move(ticket, "reopen", {"reason": "贷款被收回。"}).json()["status"] == "assigned"
