"""What verbs answer to input that no form sends: which field, in which words; and to requests that are not there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qihu.accounts.models import Department, Role
from qihu.errors import Conflict, Forbidden, Invalid, Unknown
from tests import make
from tests.see import deadline
from tickets.access import SYSTEM, visible_to
from tickets.figures import standing
from tickets.models import Approval, CallBack, Erasure, Event, Leg, Ticket
from tickets.services import (
    approvals,
    callback,
    centre,
    departure,
    dispatch,
    erasing,
    filing,
    handling,
    joining,
    legs,
    relay,
    shield,
)

pytestmark = pytest.mark.django_db
NOON = make.MONDAY + timedelta(hours=2)
NOWHERE = 10**9
"""The key of no request, leg or approval."""


def refused(verb, ticket: Ticket, **given: object) -> dict[str, str]:
    """The fields that it names; nothing has come into the log."""
    before = Event.objects.filter(ticket=ticket).count()
    with pytest.raises(Invalid) as wrong:
        verb(ticket_id=ticket.pk, at=NOON, **given)
    assert Event.objects.filter(ticket=ticket).count() == before
    return wrong.value.fields


class TestTheCentre:
    def test_a_rejection_says_why_and_where_to_go(self, cast):
        said = refused(centre.reject, make.assigned(), caller=cast.as_intake, reason="whim", text=" ")
        assert said == {"reason": "请选择不予受理的原因。", "text": "请写明企业应向哪里反映。"}

    @pytest.mark.parametrize(
        ("part", "said"),
        [
            ({"text": " ", "department": "finance"}, "第 2 件请写明内容，最多 2000 字。"),
            ({"text": "用地", "department": "nobody"}, "第 2 件：请从列表中选择主办部门，协办伙伴不能主办。"),
            (
                {"text": "用地", "department": "land", "co_departments": ["nobody"]},
                "第 2 件：没有这个协办部门：nobody",
            ),
            ({"text": "举报", "department": "discipline"}, "第 2 件：廉政事项不能作为拆分件，请整件改派。"),
        ],
    )
    def test_a_part_is_named_by_its_place(self, cast, part, said):
        parts = [{"text": "授信", "department": "finance"}, part]
        ticket = make.assigned()
        assert refused(joining.split, ticket, caller=cast.as_dispatcher, parts=parts) == {"parts": said}

    @pytest.mark.parametrize("count", [0, 1, 11])
    def test_a_request_is_split_into_some_parts(self, cast, count):
        parts = [{"text": "授信", "department": "finance"}] * count
        said = refused(joining.split, make.assigned(), caller=cast.as_dispatcher, parts=parts)
        assert said == {"parts": f"请拆成 {joining.PARTS_MIN} 至 {joining.PARTS_MAX} 件。"}

    def test_no_centre_no_split(self, cast):
        ticket = make.assigned()
        Department.objects.filter(kind=Department.Kind.CENTRE).update(active=False)
        parts = [{"text": "授信", "department": "finance"}, {"text": "用地", "department": "land"}]
        with pytest.raises(Invalid, match="没有可以牵头的企业综合服务中心。"):
            joining.split(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=NOON, parts=parts)
        assert not Ticket.objects.filter(parent=ticket).exists()

    def test_an_officer_merges_nothing(self, cast):
        one, other = make.assigned(), make.assigned()
        with pytest.raises(Forbidden, match="“并案”不由您办理。"):
            joining.merge(ticket_id=one.pk, caller=cast.as_officer, at=NOON, into=other.number)
        assert make.fresh(one).status == "assigned"

    def test_the_department_that_objects_does_not_get_it_again(self, cast):
        ticket = make.disputed()
        given = {"upheld": True, "text": "退单成立", "department": ticket.department.code}
        said = refused(dispatch.rule_on_return, ticket, caller=cast.as_dispatcher, **given)
        assert said == {"department": "退单部门不能再次主办，请选择另一个部门。"}

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"difficulty": "L9"}, {"difficulty": "难度为 L1 至 L4。"}),
            ({"category": "no-such"}, {"category": "没有这个选项。"}),
            ({"region": "000000"}, {"region": "没有这个选项。"}),
        ],
    )
    def test_classes_are_listed(self, cast, given, said):
        assert refused(dispatch.classify, make.assigned(), caller=cast.as_dispatcher, **given) == said

    def test_a_region_alone_may_be_set(self, cast):
        ticket = make.assigned()
        dispatch.classify(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=NOON, region=ticket.region.code)
        assert Event.objects.filter(ticket=ticket).latest("seq").data["region"] == ticket.region.code


class TestTheDepartment:
    @pytest.mark.parametrize("code", ["", "nobody", "rural-bank"])
    def test_an_objection_says_why_by_which_law_and_whose_it_is(self, cast, code):
        given = {"reason": "tired", "basis": " ", "suggested_department": code}
        assert refused(departure.object_to, make.signed(), caller=cast.as_head, **given) == {
            "reason": "请选择退单原因。",
            "basis": "请写明职责依据（法规或“三定”规定）。",
            "suggested_department": "请选择建议的承办部门。",
        }

    def test_it_rests_for_a_listed_reason(self, cast):
        said = refused(departure.suspend, make.signed(), caller=cast.as_head, reason="later")
        assert said == {"reason": "请选择挂起原因。"}

    @pytest.mark.parametrize(
        ("codes", "said"),
        [
            ([], "请选择协办部门。"),
            (["nobody"], "没有这个协办部门：nobody"),
            (["discipline"], "没有这个协办部门：discipline"),
            (["finance"], "已在主办或协办本件：{lead}"),
        ],
    )
    def test_helpers_are_departments_that_do_not_help_yet(self, cast, codes, said):
        ticket = make.assigned_by_hand()
        handling.sign(ticket_id=ticket.pk, caller=cast.as_officer, at=NOON)
        found = refused(legs.assign_leg, ticket, caller=cast.as_head, departments=codes)
        assert found == {"departments": said.format(lead=Department.objects.get(code="finance").name)}

    def test_nobody_helps_with_what_few_may_know(self, cast):
        ticket = make.assigned_by_hand(department="discipline")
        said = refused(legs.assign_leg, ticket, caller=make.officer_of(ticket), departments=["land"])
        assert said == {"departments": "限制知悉的诉求不设协办。"}

    def test_a_leg_is_answered_in_words(self):
        leg = make.helped()
        helper = make.officer_of(leg)
        legs.leg_sign(ticket_id=leg.ticket_id, caller=helper, at=NOON)
        assert refused(legs.leg_reply, leg.ticket, caller=helper, text=" ") == {"text": "请写明内容。"}
        assert Leg.objects.get(pk=leg.pk).is_open

    def test_a_leg_belongs_to_its_request(self):
        leg, other = make.helped(), make.signed()
        with pytest.raises(Unknown, match="没有找到这项协办。"):
            legs.leg_sign(ticket_id=other.pk, caller=make.officer_of(leg), at=NOON, leg=leg.pk)
        assert Leg.objects.get(pk=leg.pk).officer is None

    def test_a_plan_is_looked_at_again_after_today(self, cast):
        ticket = make.signed()
        for day in (NOON.date(), NOON.date() - timedelta(days=1)):
            said = refused(handling.follow_up, ticket, caller=make.officer_of(ticket), text="在办", next_on=day)
            assert said == {"next_on": "下次日期须在今天之后。"}


class TestCallBacks:
    def test_whoever_was_reached_said_whether_it_is_solved(self, cast):
        said = refused(callback.call_back, make.closed(), caller=cast.as_intake, contacted=True)
        assert said == {"solved": "接通后请记录企业是否认为已解决。"}

    def test_the_system_calls_nobody(self):
        ticket = make.closed()
        with pytest.raises(Forbidden, match="这一步由工作人员办理。"):
            callback.call_back(ticket_id=ticket.pk, caller=SYSTEM, at=NOON, contacted=False)
        assert not CallBack.objects.exists()


class TestWhatIsNotThere:
    def test_a_request(self, cast):
        calls = [
            lambda: erasing.erase(ticket_id=NOWHERE, cause="wish", at=NOON),
            lambda: erasing.ask(ticket_id=NOWHERE, caller=cast.as_intake, cause="wish", reason="企业要求", at=NOON),
            lambda: relay.send(ticket_id=NOWHERE, caller=cast.as_officer, at=NOON, text="您好"),
            lambda: shield.reveal(ticket_id=NOWHERE, caller=cast.as_head, at=NOON, reason="须上门核实资质材料"),
            lambda: handling.sign(ticket_id=NOWHERE, caller=cast.as_officer, at=NOON),
        ]
        for call in calls:
            with pytest.raises(Unknown, match="没有找到这件诉求。"):
                call()
        assert not Event.objects.exists()

    def test_an_approval(self, cast):
        with pytest.raises(Unknown, match="没有这项申请。"):
            approvals.approve(approval_id=NOWHERE, caller=cast.as_director, at=NOON)

    def test_a_list_of_requests(self):
        with pytest.raises(Invalid) as wrong:
            standing.listed("everything", Ticket.objects.all(), at=NOON)
        assert wrong.value.fields == {"figure": "没有这个清单。"}


class TestTwoPeople:
    def test_an_erasure_needs_the_other_one(self, cast):
        """Somebody may hold both roles; the second word is another's all the same."""
        both = cast.intake
        both.grants.create(role=Role.SECADMIN)
        ticket = make.closed()
        asked = erasing.ask(ticket_id=ticket.pk, caller=cast.as_intake, cause="wish", reason="企业书面要求", at=NOON)
        del cast.intake
        with pytest.raises(Forbidden, match="申请和决定须是两个人。"):
            erasing.decide(erasure_id=asked.pk, user=cast.intake, approve=True, at=NOON)
        assert Erasure.objects.get(pk=asked.pk).state == Erasure.State.PENDING

    def test_an_erasure_that_nobody_asked_for(self, cast):
        cast.auditor.grants.create(role=Role.SECADMIN)
        del cast.auditor
        with pytest.raises(Unknown, match="没有这项申请。"):
            erasing.decide(erasure_id=NOWHERE, user=cast.auditor, approve=True, at=NOON)

    def test_the_system_asks_for_nothing(self):
        """A two-step move has a first person, whom the second is not."""
        ticket = make.signed()
        with pytest.raises(Forbidden, match="不由您办理。"):
            departure.suspend(ticket_id=ticket.pk, caller=SYSTEM, at=NOON, reason="quota")
        assert not Approval.objects.exists()

    def test_what_can_still_be_made_waits_through_other_moves(self, cast):
        ticket = make.assigned()
        asked = centre.mark_test(ticket_id=ticket.pk, caller=cast.as_intake, at=NOON, reason="演练用件").approval
        handling.sign(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=NOON)
        assert Approval.objects.get(pk=asked.pk).state == Approval.State.PENDING
        assert make.fresh(ticket).pending == 1

    def test_what_nobody_decided_in_time_is_not_refused_a_second_time(self, cast):
        """By the due moment it was refused by the system, whether or not a sweep has said so."""
        ticket = make.signed()
        until = (NOON + timedelta(days=9)).date()
        head = make.head_of(ticket)
        asked = departure.extend(ticket_id=ticket.pk, caller=head, at=NOON, reason="等待批复", until=until).approval
        late = deadline(ticket, "RESOLVE").due_at + make.MINUTE
        with pytest.raises(Conflict, match="这项申请已经有人处理过了。"):
            approvals.refuse(approval_id=asked.pk, caller=cast.as_director, at=late, text="来不及了")
        assert Approval.objects.get(pk=asked.pk).decided_by is None


def test_helpers_come_with_the_very_first_assignment(cast):
    ticket = make.submitted()
    given = {"department": "finance", "co_departments": ["land"]}
    done = dispatch.assign(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=NOON, **given)
    assert done.event.seq == 2
    assert [leg.department.code for leg in Leg.objects.filter(ticket=ticket)] == ["land"]


def test_whoever_left_sees_no_request(cast):
    make.assigned()
    assert visible_to(cast.dispatcher).count() == 1
    cast.dispatcher.is_active = False
    assert not visible_to(cast.dispatcher).exists()


def test_a_contact_has_a_name():
    with pytest.raises(filing.ValidationError) as wrong:
        filing.checked_person(" \u3000 ")
    assert wrong.value.messages == ["请填写联系人姓名。"]
