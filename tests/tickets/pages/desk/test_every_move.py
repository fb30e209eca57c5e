"""Every move of the domain through its page: by the right person, with what goes wrong beside the field."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qihu.accounts.models import Department
from tests import make
from tests.tickets.pages.desk.conftest import NOON, shown
from tickets.models import Approval, Leg
from tickets.pages.desk.buttons import DESK_MOVES, LEG_DESK_MOVES
from tickets.services import centre
from tickets.services.intent import Intent
from tickets.services.transition import perform_all
from tickets.workflow import Action, LegAction

ASKS = "两件事。\n1、协调授信1500万元。\n2、技改贴息能否同时申请。"
BY_MACHINES = {Action.SUBMIT, Action.ROUTE, Action.DEFER, Action.LAPSE}
BY_FIRMS = {Action.RATE, Action.REWORK, Action.WITHDRAW, Action.URGE}


def forms(page) -> dict[str, object]:
    return {action["move"].action: action["form"] for action in page.context["actions"]}


def names(page) -> set[str]:
    more = {one["url"].rstrip("/").rpartition("/")[2] for one in page.context["more"]}
    return set(forms(page)) | more


def test_the_desk_has_a_button_for_every_move_that_staff_make():
    assert set(DESK_MOVES) == set(Action) - BY_MACHINES - BY_FIRMS
    assert set(LEG_DESK_MOVES) == set(LegAction)


def test_no_key_moves_through_the_list_and_none_is_there_twice(at, cast):
    assert not {"j", "k"} & {move.key for move in (*DESK_MOVES.values(), *LEG_DESK_MOVES.values())}
    ticket = make.signed()
    for person in (cast.officer, cast.head, cast.dispatcher, cast.director, cast.supervisor, cast.intake):
        page = at(person).get(f"/desk/t/{ticket.number}/")
        keys = [one["key"] for one in (*page.context["actions"], *page.context["more"]) if one["key"]]
        assert len(keys) == len(set(keys))
        assert len(page.context["actions"]) <= 4


MADE = [
    ("intake", "request_info", make.assigned, {"items": "近三年纳税证明\n\n租赁合同"}, "info_needed"),
    ("intake", "supplement", make.info_needed, {"text": "企业来电：纳税合计320万元"}, "assigned"),
    ("dispatcher", "rule_on_return", make.disputed, {"upheld": "no", "text": "属你办职责"}, "in_progress"),
    (
        "dispatcher",
        "rule_on_return",
        make.disputed,
        {"upheld": "yes", "department": "economy", "text": "属经信局职责"},
        "assigned",
    ),
    (
        "head",
        "object",
        make.signed,
        {"reason": "not_our_duty", "basis": "三定第四条", "suggested_department": "economy"},
        "disputed",
    ),
    ("head", "resume", make.suspended, {}, "in_progress"),
    ("head", "raise_tier", make.signed, {"reason": "需市级协调"}, "in_progress"),
    ("head", "assign_leg", make.signed, {"departments": ["rural-bank"]}, "in_progress"),
    ("supervisor", "supervise", make.signed, {"text": "一日内说明"}, "in_progress"),
    ("leader", "instruct", make.signed, {"text": "请专班跟进"}, "in_progress"),
    ("supervisor", "reopen", make.closed, {"reason": "额度又收回"}, "assigned"),
    (
        "dispatcher",
        "split",
        make.assigned,
        {
            "rows": "3",
            "text_1": "授信",
            "department_1": "finance",
            "text_3": "用地",
            "department_3": "land",
        },
        "in_progress",
    ),
]


@pytest.mark.parametrize(("who", "name", "made", "typed", "status"), MADE)
def test_the_right_person_makes_it_and_the_request_goes_where_the_table_says(at, cast, who, name, made, typed, status):
    ticket = made()
    desk = at(getattr(cast, who))
    page = desk.get(f"/desk/t/{ticket.number}/{name}/")
    assert page.status_code == 200
    assert next(one for one in page.context["actions"] if one["move"].action == name)["open"]
    version = make.fresh(ticket).version
    answer = desk.move(ticket.number, name, version=version, **typed)
    assert answer.status_code == 303, shown(answer)[-600:]
    assert make.fresh(ticket).status == status


ASKED = [
    ("intake", "reject", make.assigned, {"reason": "litigation", "text": "请向法院反映"}, "研判交办员或企服中心主任"),
    ("head", "suspend", make.signed, {"reason": "quota", "text": "等下月额度"}, "企服中心主任"),
    ("head", "extend", make.signed, {"until": "2026-03-11", "reason": "银行下周评审"}, "企服中心主任"),
    ("supervisor", "exclude", make.closed, {"reason": "误评"}, "企服中心主任"),
    ("intake", "mark_test", make.assigned, {"reason": "演练"}, "企服中心主任"),
]


@pytest.mark.parametrize(("who", "name", "made", "typed", "approver"), ASKED)
def test_what_needs_two_people_is_asked_for_and_waits(at, cast, who, name, made, typed, approver):
    ticket = made()
    desk, before = at(getattr(cast, who)), ticket.status
    assert desk.move(ticket.number, name, **typed).status_code == 303
    page = desk.get(f"/desk/t/{ticket.number}/")
    assert f"已提出申请，等待{approver}审批。" in shown(page)
    assert make.fresh(ticket).status == before
    (waiting,) = page.context["approvals"]
    assert waiting["form"] is None
    assert typed.get("reason") in {waiting["why"], Approval.objects.get().data.get("reason")}
    assert name not in names(page)
    director = at(cast.director)
    assert director.counts()["待我审批"] == "1"
    assert ticket.filing.title in shown(director.get("/desk/approvals/"))
    key = waiting["key"]
    own = desk.post(f"/desk/t/{ticket.number}/approvals/{key}/", {"word": "approve"})
    assert own.status_code == 403
    refused = director.post(f"/desk/t/{ticket.number}/approvals/{key}/", {"word": "refuse"})
    assert refused.status_code == 422
    assert "请写明不同意的理由。" in shown(refused)
    done = director.post(f"/desk/t/{ticket.number}/approvals/{key}/", {"word": "approve", "text": "情况属实"})
    assert done.status_code == 303
    assert Approval.objects.get().state == "approved"
    assert not director.get("/desk/approvals/").context["rows"]


def test_refusing_changes_nothing_and_only_they_may_decide(at, cast):
    asked = make.asked_to_rest()
    number = asked.ticket.number
    path = f"/desk/t/{number}/approvals/{asked.pk}/"
    assert at(cast.rival_head).post(path, {"word": "approve"}).status_code == 404
    assert at(cast.officer).post(path, {"word": "approve"}).status_code == 403
    assert at(cast.director).post(f"/desk/t/{number}/approvals/999999/", {"word": "approve"}).status_code == 404
    assert at(cast.director).post(path, {"word": "refuse", "text": "先联系银行"}).status_code == 303
    assert make.fresh(asked.ticket).status == "in_progress"
    late = at(cast.director).post(path, {"word": "approve"})
    assert late.status_code == 409
    assert not at(cast.officer).get("/desk/approvals/").context["rows"]


WRONG = [
    ("intake", "request_info", make.assigned, {"items": " "}, "items", "请逐行写明"),
    ("intake", "request_info", make.assigned, {"items": "\n".join("一二三四五六七八九十")}, "items", "1 至 9 项"),
    ("intake", "reject", make.assigned, {"text": "法院"}, "reason", "请选择不予受理的原因"),
    ("intake", "merge", make.assigned, {"into": "QH-20260302-999999"}, "into", "没有找到这个编号"),
    (
        "dispatcher",
        "split",
        make.assigned,
        {"rows": "3", "text_1": "一件", "department_1": "land"},
        "text_2",
        "2 件",
    ),
    ("dispatcher", "split", make.assigned, {"rows": "3", "text_1": "甲", "text_2": "乙"}, "department_1", "第 1 件"),
    ("dispatcher", "rule_on_return", make.disputed, {"upheld": "yes", "text": "对"}, "department", "改由哪个部门"),
    ("dispatcher", "rule_on_return", make.disputed, {"text": "对"}, "upheld", "退单是否成立"),
    ("head", "object", make.signed, {"basis": "三定", "reason": "missing"}, "suggested_department", "建议的承办"),
    ("head", "extend", make.signed, {"until": "2020-01-01", "reason": "晚"}, "until", "须晚于现在的到期日"),
    ("head", "extend", make.signed, {"until": "后天", "reason": "晚"}, "until", "日期不对"),
    ("head", "suspend", make.signed, {"reason": "weather", "text": "雨"}, "reason", "列出的原因"),
    ("head", "raise_tier", make.signed, {"reason": ""}, "reason", "请写明理由"),
    ("head", "assign_leg", make.signed, {"departments": ["nowhere"]}, "departments", "没有这个协办部门"),
    ("intake", "call_back", make.answered, {"contacted": "yes"}, "solved", "企业是否认为已解决"),
    ("supervisor", "supervise", make.signed, {"text": "长" * 2001}, "text", "最多 2000 字"),
]


@pytest.mark.parametrize(("who", "name", "made", "typed", "field", "said"), WRONG)
def test_what_is_wrong_is_said_beside_the_field_and_the_words_stay(at, cast, who, name, made, typed, field, said):
    ticket = made()
    page = at(getattr(cast, who)).move(ticket.number, name, **typed)
    assert page.status_code == 422
    form = forms(page)[name]
    assert said in "".join(form.errors[field])
    assert all(form[key].value() == value for key, value in typed.items())
    assert make.fresh(ticket).version == ticket.version


@pytest.mark.parametrize("name", [*DESK_MOVES, *LEG_DESK_MOVES])
def test_strangers_do_not_find_the_request_and_the_wrong_people_are_refused(at, cast, name):
    ticket = make.signed()
    rival = at(cast.rival_officer)
    assert rival.get(f"/desk/t/{ticket.number}/{name}/").status_code == 404
    assert rival.move(ticket.number, name, text="x").status_code == 404
    leader = at(cast.leader).move(ticket.number, name, text="x", reason="x", departments=["rural-bank"])
    assert leader.status_code in ({303} if name == "instruct" else {403, 404, 422, 409})
    assert Leg.objects.count() == 0


def test_a_numbered_request_is_answered_point_by_point_and_vague_words_are_remarked_on(at, cast):
    ticket = make.signed(text=ASKS)
    officer = at(cast.officer)
    page = officer.get(f"/desk/t/{ticket.number}/reply/")
    assert "第 1 项：协调授信1500万元" in shown(page)
    typed = {"outcome": "partial", "text": "两项如上", "answer_1": "已授信"}
    half = officer.move(ticket.number, "reply", **typed)
    assert half.status_code == 422
    assert "请答复第 2 项。" in shown(half)
    assert "已授信</textarea>" in half.content.decode()
    assert officer.move(ticket.number, "reply", **typed, answer_2="近期组织申报").status_code == 303
    page = at(cast.head).get(f"/desk/t/{ticket.number}/")
    assert "含糊用语：近期" in shown(page)
    assert "答复里有“近期”" in shown(officer.get(f"/desk/t/{ticket.number}/"))


def test_splitting_grows_row_by_row_without_a_script(at, cast):
    ticket = make.assigned()
    desk = at(cast.dispatcher)
    page = desk.move(ticket.number, "split", rows="3", text_1="甲件", department_1="land", more="1")
    assert page.status_code == 200
    form = forms(page)["split"]
    assert form["text_1"].value() == "甲件"
    assert "text_4" in form.fields
    assert 'name="rows" value="4"' in page.content.decode()
    assert not page.context["actions"][-1]["form"].errors
    full = forms(desk.move(ticket.number, "split", rows="9", more="1"))["split"]
    assert not full.may_grow
    assert "text_10" not in full.fields


def test_merging_follows_the_main_request_which_the_form_suggests(at, cast):
    parent, ticket = make.assigned(), make.assigned()
    desk = at(cast.intake)
    page = desk.get(f"/desk/t/{ticket.number}/merge/")
    assert [one["number"] for one in page.context["likely"]] == [parent.number]
    assert desk.move(ticket.number, "merge", into=f" {parent.number.lower()} ").status_code == 303
    assert make.fresh(ticket).parent_id == parent.pk


def test_supervision_is_owed_by_the_head_and_answered(at, cast):
    ticket = make.signed()
    assert "answer_supervision" not in names(at(cast.head).get(f"/desk/t/{ticket.number}/"))
    centre.supervise(ticket_id=ticket.pk, caller=cast.as_supervisor, at=NOON, text="说明")
    assert at(cast.supervisor).titles("view=supervised") == [ticket.filing.title]
    head = at(cast.head)
    assert head.titles("view=owed") == [ticket.filing.title]
    page = head.get(f"/desk/t/{ticket.number}/")
    assert page.context["actions"][0]["move"].action == "answer_supervision"
    assert head.move(ticket.number, "answer_supervision", text="周五前放款").status_code == 303
    assert not make.fresh(ticket).supervised


def test_a_co_handler_signs_and_answers_from_its_own_view(at, cast):
    leg = make.helped(department="land")
    desk, number = at(cast.rival_officer), leg.ticket.number
    assert desk.titles("view=helping") == [leg.ticket.filing.title]
    page = desk.get(f"/desk/t/{number}/?view=helping")
    assert [one["move"].action for one in page.context["actions"]] == ["leg_sign", "leg_return"]
    assert desk.move(number, "leg_sign", leg=leg.pk).status_code == 303
    assert desk.move(number, "leg_reply", leg=leg.pk, text="").status_code == 422
    assert desk.move(number, "leg_reply", leg=leg.pk, text="可供地20亩").status_code == 303
    page = at(cast.officer).get(f"/desk/t/{number}/")
    assert page.context["legs"][0]["label"] == "已反馈"
    assert "可供地20亩" in shown(page)
    assert desk.titles("view=helping") == []


def test_a_firm_that_says_not_solved_on_the_phone_gets_another_round(at, cast, clock):
    ticket = make.closed(result=2)
    clock(NOON + timedelta(hours=2))
    desk = at(cast.intake)
    assert desk.titles("view=calls") == [ticket.filing.title]
    page = desk.get(f"/desk/t/{ticket.number}/call_back/")
    assert "13800000000" in shown(page)
    assert page.context["calls"]["script"]
    assert desk.move(ticket.number, "call_back", contacted="no").status_code == 303
    assert "未接通" in shown(desk.get(f"/desk/t/{ticket.number}/call_back/"))
    denied = {"was_contacted": "no", "solved": "yes"}
    assert desk.move(ticket.number, "call_back", contacted="yes", **denied).status_code == 303
    assert "已解决，没有人联系过" in shown(desk.get(f"/desk/t/{ticket.number}/call_back/"))
    assert "并说没有人联系过" in shown(desk.get(f"/desk/t/{ticket.number}/"))
    assert desk.move(ticket.number, "call_back", contacted="yes", solved="no").status_code == 303
    again = make.fresh(ticket)
    assert (again.status, again.round) == ("assigned", 2)
    assert desk.titles("view=calls") == []


def test_a_plan_is_followed_up_until_it_is_done(at, cast):
    ticket = make.signed()
    officer = at(cast.officer)
    officer.move(ticket.number, "reply", outcome="planned", planned_on="2026-04-01", text="列入四月计划")
    make.review.deliver(ticket_id=ticket.pk, caller=cast.as_head, at=NOON + timedelta(minutes=5))
    make.closing.rate(ticket_id=ticket.pk, at=NOON + timedelta(minutes=9), process=5, result=5)
    assert officer.titles("view=plans") == [ticket.filing.title]
    assert officer.move(ticket.number, "follow_up", text="已动工", next_on="2026-05-01").status_code == 303
    assert officer.move(ticket.number, "follow_up", text="已完工", done="on").status_code == 303
    assert officer.titles("view=plans") == []


def test_waiting_lists_of_the_centre(at, cast):
    objected, asked = make.disputed(text="退单的件：用地指标不足"), make.info_needed(text="补正的件：缺纳税证明")
    resting = make.suspended(text="挂起的件：等额度下达")
    desk = at(cast.dispatcher)
    for view, ticket in (("disputed", objected), ("completing", asked), ("resting", resting)):
        assert desk.titles(f"view={view}") == [ticket.filing.title]


def test_a_restricted_request_offers_nothing_that_brings_in_others(at, cast):
    ticket = make.triaged()
    make.dispatch.assign(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=NOON, department="discipline")
    for person in (cast.discipline, cast.supervisor):
        page = at(person).get(f"/desk/t/{ticket.number}/")
        assert page.status_code == 200
        assert not names(page) & {"assign_leg", "split", "merge", "raise_tier", "instruct"}
    assert at(cast.leader).get(f"/desk/t/{ticket.number}/").status_code == 404


def test_two_hundred_events_and_ten_legs_cost_no_more(at, cast, django_assert_max_num_queries):
    asked = make.asked_to_rest()
    ticket = asked.ticket
    codes = list(
        Department.objects.filter(active=True, region__code="330800")
        .exclude(kind="discipline")
        .exclude(pk=ticket.department_id)
        .values_list("code", flat=True)[:10]
    )
    make.legs.assign_leg(ticket_id=ticket.pk, caller=cast.as_head, at=NOON, departments=codes)
    intent = {"action": Action.NOTE, "ticket_id": ticket.pk, "caller": cast.as_officer, "at": NOON}
    perform_all([Intent(**intent, text=f"第{i}次") for i in range(200)])
    for person in (cast.officer, cast.head, cast.dispatcher, cast.director, cast.supervisor, cast.intake):
        desk = at(person)
        desk.get("/desk/")
        with django_assert_max_num_queries(15):
            page = desk.get(f"/desk/t/{ticket.number}/")
        assert len(page.context["legs"]) == 10
    desk = at(cast.director)
    with django_assert_max_num_queries(7):
        desk.get("/desk/approvals/")
