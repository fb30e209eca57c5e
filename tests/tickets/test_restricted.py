"""The restricted path: who sees it, which clocks run, how a request gets onto it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qihu.errors import Invalid
from tests import make
from tickets.access import visible_to
from tickets.models import Ticket
from tickets.services import dispatch, handling, review

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class TestRestricted:
    def test_only_sign_and_resolve_run_and_nobody_else_sees_it(self, cast):
        ticket = make.routed(qr="DEMO-SERVICE", category="SRV-04", text="窗口人员暗示找指定的测绘公司。")
        assert ticket.restricted
        assert ticket.department.code == "discipline"
        assert set(ticket.deadlines.values_list("clock", flat=True)) == {"SIGN", "RESOLVE"}
        seen_by = {
            name
            for name in (
                "officer",
                "head",
                "dispatcher",
                "intake",
                "director",
                "supervisor",
                "leader",
                "discipline",
            )
            if visible_to(getattr(cast, name)).filter(pk=ticket.pk).exists()
        }
        assert seen_by == {"supervisor", "discipline"}

    def test_it_is_hidden_before_it_is_routed_too(self, cast):
        ticket = make.submitted(category="SRV-04")
        assert not visible_to(cast.intake).filter(pk=ticket.pk).exists()
        assert not visible_to(cast.dispatcher).filter(pk=ticket.pk).exists()

    def test_assigning_to_discipline_puts_it_on_the_restricted_path(self, cast):
        ticket = make.triaged(text="窗口人员暗示我们找指定的测绘公司。")
        dispatch.assign(
            ticket_id=ticket.pk,
            caller=cast.as_dispatcher,
            at=make.MONDAY + HOUR,
            department="discipline",
            co_departments=["housing"],
        )
        ticket = make.fresh(ticket)
        assert ticket.restricted
        assert not ticket.legs.exists()
        assert set(ticket.deadlines.filter(state="running").values_list("clock", flat=True)) == {"SIGN", "RESOLVE"}
        assert not visible_to(cast.dispatcher).filter(pk=ticket.pk).exists()
        assert visible_to(cast.discipline).filter(pk=ticket.pk).exists()

    def test_its_head_reviews_it_at_every_tier(self, cast):
        ticket = make.replied(qr="DEMO-SERVICE", category="SRV-04")
        Ticket.objects.filter(pk=ticket.pk).update(tier=2)
        done = review.deliver(ticket_id=ticket.pk, caller=make.head_of(ticket), at=make.MONDAY + HOUR)
        assert done.ticket.status == "answered"

    def test_nobody_classifies_into_the_restricted_category_in_sight_of_others(self, cast):
        ticket = make.assigned()
        with pytest.raises(Invalid) as refused:
            dispatch.classify(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=make.MONDAY + HOUR, category="SRV-04")
        assert "纪检监察机关" in refused.value.fields["category"]


def test_whoever_helps_is_released_when_a_request_becomes_restricted(cast):
    """Or nobody could ever answer it: the helper no longer sees it, and its open leg would bar the reply."""
    leg = make.helped()
    ticket = leg.ticket
    dispatch.reassign(
        ticket_id=ticket.pk,
        caller=cast.as_dispatcher,
        at=make.MONDAY + 30 * make.MINUTE,
        department="discipline",
        text="涉嫌索要好处",
    )
    leg.refresh_from_db()
    assert (leg.status, leg.ended_at) == ("released", make.MONDAY + 30 * make.MINUTE)
    for verb, minute in ((handling.sign, 40), (handling.reply, 50)):
        more = {"outcome": "explained", "text": "已核查。"} if verb is handling.reply else {}
        verb(ticket_id=ticket.pk, caller=cast.as_discipline, at=make.MONDAY + minute * make.MINUTE, **more)
    assert make.fresh(ticket).status == "reviewing"
