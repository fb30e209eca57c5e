"""Moves made with the buttons of the page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qihu.accounts.models import Grant, Role, User
from tests import make
from tests.tickets.pages.desk.conftest import NOON, shown
from tickets.models import Decision, Event, Leg
from tickets.services.intent import Intent
from tickets.services.transition import perform_all
from tickets.workflow import Action


def colleague(of: User) -> User:
    """A second officer of the same department."""
    other = User.objects.create_user("second", name="林涛")
    Grant.objects.create(user=other, role=Role.OFFICER, department=of.held[0].department)
    return other


def buttons(page) -> list[str]:
    return [action["move"].action for action in page.context["actions"]]


def test_a_request_goes_from_signing_to_the_firm_in_the_officers_and_heads_hands(at, cast):
    ticket = make.assigned()
    officer, head, path = at(cast.officer), at(cast.head), f"/desk/t/{ticket.number}/"
    assert buttons(officer.get(path))[0] == "sign"
    assert officer.move(ticket.number, "sign")["Location"] == path
    assert buttons(officer.get(path))[0] == "contact"
    officer.move(ticket.number, "contact", version=make.fresh(ticket).version, text="电话联系，周二到厂")
    assert buttons(officer.get(path)) == ["reply", "interim", "note", "contact"]
    version = make.fresh(ticket).version
    answer = officer.move(ticket.number, "reply", version=version, outcome="solved", text="已授信1500万元")
    assert answer.status_code == 303
    page = head.get(f"{path}?view=review")
    assert "已授信1500万元" in shown(page)
    assert buttons(page) == ["deliver", "send_back", "classify"]
    head.move(ticket.number, "deliver", version=make.fresh(ticket).version)
    assert make.fresh(ticket).status == "answered"
    assert "答复已送达企业" in shown(head.get(path))


def test_after_a_move_the_list_stays_where_it_was(at, cast):
    ticket = make.assigned()
    answer = at(cast.officer).post(f"/desk/t/{ticket.number}/sign/?view=sign&q=贷", {})
    assert answer.status_code == 303
    assert answer["Location"].endswith("/?view=sign&q=%E8%B4%B7")


def test_two_officers_sign_at_once_and_the_second_is_told_who_was_first(at, cast):
    ticket = make.assigned()
    second = at(colleague(cast.officer))
    assert buttons(second.get(f"/desk/t/{ticket.number}/"))[0] == "sign"
    at(cast.officer).move(ticket.number, "sign")
    late = second.move(ticket.number, "sign")
    assert late.status_code == 409
    assert "已由陈伟于 03月02日 11:00 签收" in shown(late)
    assert make.fresh(ticket).officer == cast.officer
    assert Event.objects.filter(ticket=ticket, kind="sign").count() == 1


def test_412_keeps_what_was_typed_and_a_second_press_is_a_decision(at, cast):
    ticket = make.signed()
    second = at(colleague(cast.officer))
    stale = make.fresh(ticket).version
    at(cast.officer).move(ticket.number, "note", version=stale, text="先写的人")
    page = second.move(ticket.number, "reply", version=stale, outcome="partial", text="写了半小时的<b>答复</b>")
    assert page.status_code == 412
    assert "写了半小时的&lt;b&gt;答复&lt;/b&gt;</textarea>" in page.content.decode()
    assert "内容已被他人更新" in shown(page)
    assert "先写的人" in shown(page)
    action = next(a for a in page.context["actions"] if a["open"])
    assert action["form"]["outcome"].value() == "partial"
    again = second.move(
        ticket.number, "reply", version=action["form"]["version"].value(), outcome="partial", text="还是要发"
    )
    assert again.status_code == 303


def test_words_are_kept_even_where_the_move_is_no_longer_open(at, cast):
    ticket = make.signed()
    make.handling.reply(ticket_id=ticket.pk, caller=cast.as_officer, at=NOON, outcome="solved", text="先答复了")
    page = at(colleague(cast.officer)).move(ticket.number, "note", text="辛苦写下的进展")
    assert page.status_code == 409
    assert "辛苦写下的进展</textarea>" in page.content.decode()
    assert "已由陈伟" in shown(page)


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"text": "已办"}, "outcome", "请选择办理结果。"),
        ({"outcome": "solved"}, "text", "请写明答复内容。"),
        ({"outcome": "planned", "text": "列入明年计划"}, "planned_on", "列入计划须写明完成日期"),
        ({"outcome": "planned", "text": "过去", "planned_on": "2020-01-01"}, "planned_on", "且在今天之后"),
        ({"outcome": "planned", "text": "x", "planned_on": "昨天"}, "planned_on", "日期不对"),
        ({"outcome": "referred", "text": "请走诉讼"}, "referred_to", "须写明转往哪里"),
        ({"outcome": "made-up", "text": "x"}, "outcome", "请从列出的结果中选择。"),
        ({"outcome": "solved", "text": "长" * 2001}, "text", "最多 2000 字。"),
        ({"outcome": "solved", "text": "已办", "burden_relieved": "-5"}, "burden_relieved", "不能为负"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_the_words_are_kept(at, cast, typed, field, said):
    ticket = make.signed()
    page = at(cast.officer).move(ticket.number, "reply", **typed)
    assert page.status_code == 422
    form = next(a for a in page.context["actions"] if a["open"])["form"]
    assert said in "".join(form.errors[field])
    assert form["text"].value() == typed.get("text")
    assert make.fresh(ticket).status == "in_progress"


def test_a_plan_needs_its_date_and_takes_it(at, cast):
    ticket = make.signed()
    tomorrow = (NOON + timedelta(days=30)).date().isoformat()
    answer = at(cast.officer).move(ticket.number, "reply", outcome="planned", text="列入技改计划", planned_on=tomorrow)
    assert answer.status_code == 303
    assert Event.objects.get(ticket=ticket, kind="reply").data["planned_on"] == tomorrow


def test_an_empty_note_is_not_a_note(at, cast):
    ticket = make.signed()
    assert at(cast.officer).move(ticket.number, "note", text="   ").status_code == 422
    assert not Event.objects.filter(ticket=ticket, kind="note").exists()


def test_the_dispatcher_assigns_what_waits_with_helpers(at, cast):
    ticket = make.triaged()
    desk = at(cast.dispatcher)
    assert buttons(desk.get(f"/desk/t/{ticket.number}/")) == ["assign", "classify", "request_info"]
    desk.move(ticket.number, "assign", department="science", co_departments=["economy", "rural-bank"], text="急")
    moved = make.fresh(ticket)
    assert (moved.status, moved.department.code) == ("assigned", "science")
    legs = Leg.objects.filter(ticket=ticket).values_list("department__code", flat=True)
    assert set(legs) == {"economy", "rural-bank"}


def test_what_goes_to_discipline_leaves_the_dispatchers_sight_at_once(at, cast):
    ticket = make.triaged(text="窗口人员暗示我们找指定的测绘公司。")
    desk = at(cast.dispatcher)
    answer = desk.move(ticket.number, "assign", department="discipline", text="")
    assert (answer.status_code, answer["Location"]) == (303, "/desk/")
    assert make.fresh(ticket).restricted
    assert desk.get(f"/desk/t/{ticket.number}/").status_code == 404
    assert at(cast.discipline).get(f"/desk/t/{ticket.number}/").status_code == 200


@pytest.mark.parametrize("code", ["", "rural-bank", "nowhere"])
def test_a_partner_or_nobody_never_leads(at, cast, code):
    ticket = make.triaged()
    page = at(cast.dispatcher).move(ticket.number, "assign", department=code, text="请尽快")
    assert page.status_code == 422
    assert "请尽快</textarea>" in page.content.decode()
    assert make.fresh(ticket).status == "triage"


def test_reassigning_offers_every_department_but_the_one_that_has_it(at, cast):
    ticket = make.signed()
    desk = at(cast.dispatcher)
    page = desk.get(f"/desk/t/{ticket.number}/reassign/")
    form = next(a for a in page.context["actions"] if a["open"])["form"]
    codes = [code for _, group in form.fields["department"].choices if isinstance(group, list) for code, _ in group]
    assert "finance" not in codes
    assert {"land", "finance-330802"} <= set(codes)
    assert codes[0] == "talent"
    desk.move(ticket.number, "reassign", version=ticket.version, department="land")
    assert make.fresh(ticket).department.code == "land"
    assert at(cast.officer).get(f"/desk/t/{ticket.number}/").status_code == 404


def test_classifying_changes_only_what_was_changed(at, cast):
    ticket = make.triaged()
    at(cast.dispatcher).move(
        ticket.number, "classify", version=ticket.version, chain_tag="capital", category="", difficulty="L2"
    )
    event = Event.objects.get(ticket=ticket, kind="classify")
    assert {k: v for k, v in event.data.items() if k != "clocks"} == {"chain_tag": "capital"}
    nothing = at(cast.dispatcher).move(ticket.number, "classify", chain_tag="capital", difficulty="L2")
    assert nothing.status_code == 422
    page = at(cast.dispatcher).get(f"/desk/t/{ticket.number}/classify/")
    form = next(a for a in page.context["actions"] if a["open"])["form"]
    assert ("paper", "特种纸") in form.fields["industry_chain"].choices
    given = {"chain_tag": "capital", "difficulty": "L2", "industry_chain": "paper"}
    assert at(cast.dispatcher).move(ticket.number, "classify", **given).status_code == 303
    assert make.fresh(ticket).industry_chain_id == "paper"
    assert Event.objects.filter(ticket=ticket, kind="classify").latest("seq").data["industry_chain"] == "paper"


def test_a_head_raises_the_difficulty_and_nothing_else(at, cast):
    ticket = make.signed()
    head = at(cast.head)
    page = head.get(f"/desk/t/{ticket.number}/classify/")
    form = next(a for a in page.context["actions"] if a["open"])["form"]
    assert list(form.fields) == ["version", "difficulty"]
    assert [code for code, _ in form.fields["difficulty"].choices] == ["L3", "L4"]
    assert head.move(ticket.number, "classify", difficulty="L1").status_code == 422
    assert head.move(ticket.number, "classify", difficulty="L3", urgent="on").status_code == 303
    raised = make.fresh(ticket)
    assert (raised.difficulty, raised.urgent) == ("L3", False)


def test_a_form_works_as_a_page_of_its_own(at, cast):
    ticket = make.signed()
    page = at(cast.officer).get(f"/desk/t/{ticket.number}/note/")
    assert page.status_code == 200
    assert '<details name="act" open>' in page.content.decode()


def test_why_here_names_rule_and_what_it_saw(at, cast):
    ticket = make.assigned()
    page = shown(at(cast.officer).get(f"/desk/t/{ticket.number}/"))
    decision = Decision.objects.get(ticket=ticket)
    assert decision.reason in page
    assert f"v{decision.rule_set.number}" in page
    assert "次选" in page or decision.second is None


def test_who_may_ring_the_firm_sees_the_number_and_others_a_mask(at, cast):
    ticket = make.signed()
    for person in (cast.officer, cast.head, cast.intake):
        assert "tel:13800000000" in at(person).get(f"/desk/t/{ticket.number}/").content.decode()
    for person in (cast.dispatcher, cast.leader, cast.supervisor, cast.director):
        page = at(person).get(f"/desk/t/{ticket.number}/").content.decode()
        assert "13800000000" not in page
        assert "138****0000" in page
        assert "李娜" not in page


def test_markup_in_what_people_write_stays_text(at, cast):
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    ticket = make.signed(title=f"标题{evil}", text=f"正文{evil}", enterprise_name=f"公司{evil}", contact_name=evil[:30])
    officer = at(cast.officer)
    officer.move(ticket.number, "note", text=f"记录{evil}")
    page = officer.get(f"/desk/t/{ticket.number}/?q={evil}&view={evil}&tag={evil}&cursor={evil}").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "记录&lt;script&gt;" in page


def test_a_page_costs_at_most_fifteen_queries_with_two_hundred_events(at, cast, django_assert_max_num_queries):
    ticket = make.signed(at=make.MONDAY)
    moment = make.MONDAY + timedelta(minutes=20)
    one = {"action": Action.NOTE, "ticket_id": ticket.pk, "caller": cast.as_officer, "at": moment}
    perform_all([Intent(**one, text=f"第{i}次") for i in range(200)])
    for person in (cast.officer, cast.head, cast.dispatcher, cast.director, cast.supervisor):
        desk = at(person)
        desk.get("/desk/")
        with django_assert_max_num_queries(15):
            page = desk.get(f"/desk/t/{ticket.number}/")
        assert len(page.context["story"]) >= 200


def test_the_dispatchers_form_with_every_choice_costs_no_more(at, cast, django_assert_max_num_queries):
    ticket = make.triaged()
    desk = at(cast.dispatcher)
    desk.get("/desk/")
    with django_assert_max_num_queries(15):
        desk.get(f"/desk/t/{ticket.number}/assign/")


def test_the_page_says_who_held_it_for_how_long(at, cast):
    leg = make.helped()  # from 10:15; it is 11:00
    page = shown(at(cast.head).get(f"/desk/t/{leg.ticket.number}/"))
    assert "谁办了多久" in page
    assert "金融办 37 分" in page
    assert "农商银行 协办 22 分" in page
