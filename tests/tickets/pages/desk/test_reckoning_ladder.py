"""怎么算的 with the ladder: what came, what will come, and why it is late."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests import make
from tests.see import deadline, kinds
from tickets.derived import derivation, rungs
from tickets.models import Deadline
from tickets.services import joining
from tickets.services.sweep import sweep
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def url(ticket, clock="RESOLVE") -> str:
    return f"/desk/t/{ticket.number}/deadlines/{clock}/"


def test_the_steps_to_come_are_told_beforehand(client, cast):
    ticket = make.signed()
    client.force_login(cast.officer)
    page = client.get(url(ticket))
    text = page.content.decode()
    for word in ("已用 70%", "到期前 1 个工作日", "超期 5 个工作日", "未到", "列入通报"):
        assert word in text
    assert "已超期，须书面说明原因" not in text


def test_what_has_come_is_dated(client, cast):
    ticket = make.signed()
    sweep(at=make.MONDAY + 4 * DAY + timedelta(hours=3))
    one = Deadline.objects.prefetch_related("alerts", "shifts").get(pk=deadline(ticket, Clock.RESOLVE).pk)
    found = rungs(one, one.alerts.all())
    assert [(rung.position, rung.state) for rung in found] == [
        (20, "lit"), (30, "ahead"), (50, "ahead"), (60, "ahead"), (70, "ahead"), (80, "ahead")
    ]  # fmt: skip
    moments = [rung.at for rung in found]
    assert moments == sorted(moments)
    assert found[1].at == one.fires_at


def test_the_head_explains_on_the_page(client, cast):
    ticket = make.signed()
    sweep(at=make.MONDAY + 10 * DAY)
    head = make.head_of(ticket).user
    client.force_login(head)
    assert "须书面说明原因" in client.get(url(ticket)).content.decode()
    refused = client.post(url(ticket), {"reason": ""})
    assert refused.status_code == 422
    assert "请写明超期的原因" in refused.content.decode()
    done = client.post(url(ticket), {"reason": "等省厅批复，周五前答复。"})
    assert (done.status_code, done["Location"]) == (303, url(ticket))
    assert kinds(ticket)[-1] == "late_reason"
    assert "须书面说明原因" not in client.get(url(ticket)).content.decode()


def test_an_officer_sees_what_is_owed_and_cannot_give_it(client, cast):
    ticket = make.signed()
    sweep(at=make.MONDAY + 10 * DAY)
    client.force_login(make.officer_of(ticket).user)
    page = client.get(url(ticket)).content.decode()
    assert "由主办部门负责人说明" in page
    assert client.post(url(ticket), {"reason": "人手不足。"}).status_code == 403
    assert "late_reason" not in kinds(ticket)


def test_queries_do_not_grow(client, cast, django_assert_max_num_queries):
    ticket = make.signed()
    sweep(at=make.MONDAY + 30 * DAY)
    client.force_login(make.officer_of(ticket).user)
    client.get(url(ticket))
    with django_assert_max_num_queries(15):
        client.get(url(ticket))


def test_the_derivation_always_ends_at_the_due_time(cast):
    """Also where the amount does not say it: a split request, one that took over another's promise."""
    tickets = [make.signed(), make.split(), make.suspended(), make.replied()]
    old, fresh = make.signed(), make.signed(at=make.MONDAY + DAY)
    joining.merge(ticket_id=old.pk, into=fresh.number, caller=cast.as_dispatcher, at=make.MONDAY + 2 * DAY)
    for one in Deadline.objects.filter(ticket__in=[*tickets, fresh], due_at__isnull=False).prefetch_related("shifts"):
        steps = derivation(one)
        assert (steps[-1].at == one.due_at) if one.promise else steps == []


def test_the_command_says_what_the_page_says():
    ticket = make.signed()
    sweep(at=make.MONDAY + 10 * DAY)
    out = StringIO()
    call_command("explain", ticket.number, "RESOLVE", stdout=out)
    lines = out.getvalue().splitlines()
    one = deadline(ticket, Clock.RESOLVE)
    assert datetime.fromisoformat(lines[-1]) == one.due_at
    assert sum("个工作日，至" in line for line in lines) == one.amount
    assert any("阶梯 超期 1 个工作日：lit" in line for line in lines)
    for number, clock in ((ticket.number, "NONSENSE"), ("QH-20260302-999999", "RESOLVE")):
        with pytest.raises(CommandError, match="没有诉求"):
            call_command("explain", number, clock, stdout=out)
