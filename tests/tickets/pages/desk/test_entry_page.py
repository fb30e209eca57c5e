"""代录 at the desk: the form, what is shown before it is saved, and the side column afterwards."""

from __future__ import annotations

import uuid

import pytest

from qihu.outbox.consume import drain
from tests import make
from tests.people import user
from tests.tickets.pages.desk.conftest import shown
from tickets.models import Confirmation, Source, Ticket
from tickets.services import confirming

TYPED = {
    "channel": "hotline",
    "reference": "330800-0007",
    "received_at": "2026-03-02T09:30",
    "detail": "",
    "enterprise_name": "衢州安捷线束有限公司",
    "uscc": "",
    "contact_name": "李娜",
    "contact_phone": "138-0000-0000",
    "text": "装配车间招不到人，希望组织专场招聘。",
    "chain_tag": "talent",
    "category": "",
    "region": "330800",
}


def typed(**more: str) -> dict[str, str]:
    return {"key": str(uuid.uuid4())} | TYPED | more


@pytest.fixture
def desk(at, cast):
    return at(cast.intake)


def test_a_new_matter_is_saved_at_one_press(desk, cast):
    answer = desk.post("/desk/new/", typed())
    ticket = Ticket.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/desk/new/{ticket.number}/")
    source = Source.objects.get()
    assert (source.reference, source.received_at.isoformat()) == ("330800-0007", "2026-03-02T01:30:00+00:00")
    page = desk.get(answer["Location"])
    assert f"/c/{confirming.token_of(Confirmation.objects.get())}/" in page.content.decode()
    assert "待企业确认" in shown(desk.get("/desk/new/"))


def test_what_the_firm_asked_lately_is_shown_before_anything_is_saved(desk):
    other = make.signed()
    page = desk.post("/desk/new/", typed())
    assert page.status_code == 200
    assert Ticket.objects.count() == 1
    words = shown(page)
    assert other.number in words
    assert "并入为第二来源" in words
    assert "装配车间招不到人" in words  # what was typed is still there
    answer = desk.post("/desk/new/", typed(into=other.number))
    assert answer["Location"] == f"/desk/t/{other.number}/"
    assert Ticket.objects.count() == 1
    assert Source.objects.get().ticket == other
    side = shown(desk.get(f"/desk/t/{other.number}/"))
    assert "12345-8 330800-0007" in side
    assert f"{user('intake').name} 今天 11:00录入" in side


def test_another_matter_of_the_same_firm_is_said_to_be_another(desk):
    make.signed()
    assert desk.post("/desk/new/", typed(distinct="1")).status_code == 303
    assert Ticket.objects.count() == 2


def test_the_fragment_beside_the_form_finds_the_firm_while_it_is_typed(desk):
    mine = make.signed()
    for said in ({"contact_phone": "13800000000"}, {"enterprise_name": "衢州安捷线束有限公司"}):
        assert mine.number in shown(desk.post("/desk/new/alike/", said))
    assert "不另立新件" in shown(desk.post("/desk/new/alike/", {"contact_phone": "138"}))
    assert desk.get("/desk/new/alike/").status_code == 405


def test_the_restricted_and_other_departments_requests_are_not_shown(desk, at, cast):
    secret = make.submitted(category="SRV-04")
    shielded = make.signed(shielded=True)
    other = make.assigned_by_hand(department="land")
    words = shown(desk.post("/desk/new/alike/", {"contact_phone": "13800000000"}))
    assert secret.number not in words
    assert shielded.number in words
    theirs = shown(at(cast.officer).post("/desk/new/alike/", {"contact_phone": "13800000000"}))
    assert shielded.number not in theirs
    assert other.number not in theirs


def test_the_same_number_twice_is_told_beside_the_field(desk):
    desk.post("/desk/new/", typed())
    page = desk.post("/desk/new/", typed(enterprise_name="另一家公司", contact_phone="13900000000"))
    assert page.status_code == 409
    assert "已经录入过" in page.context["form"].errors["reference"][0]
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("channel", "", "请选择渠道"),
        ("channel", "qr", "不能以这个渠道"),
        ("channel", "import", "不能以这个渠道"),
        ("received_at", "2026-03-02T23:00", "不能晚于现在"),
        ("received_at", "昨天", "时间不对"),
        ("enterprise_name", "", "请填写企业名称"),
        ("uscc", "9133080000000000IO", "不含 I、O"),
        ("contact_phone", "李娜", "11 位手机号"),
        ("text", "急", "至少 5 个字"),
        ("region", "110000", "不能为这个区划"),
        ("category", "SRV-04", "没有这个类别"),
        ("reference", "9" * 61, "最多 60 个字"),
    ],
)
def test_bad_input_is_told_beside_its_field_and_kept(desk, field, value, says):
    page = desk.post("/desk/new/", typed(**{field: value}))
    assert page.status_code == 422
    assert says in page.context["form"].errors[field][0]
    assert TYPED["text"] in page.content.decode() or field == "text"
    assert not Ticket.objects.exists()


def test_an_officer_enters_a_visit_and_sees_the_number_though_not_the_request(at, cast):
    officer = at(cast.rival_officer)
    page = officer.get("/desk/new/")
    assert [value for value, _ in page.context["form"].fields["channel"].choices] == ["visit"]
    answer = officer.post("/desk/new/", typed(channel="visit"))
    assert answer.status_code == 303
    done = shown(officer.get(answer["Location"]))
    assert Ticket.objects.get().number in done
    assert "不在您能看到的范围内" in done
    assert officer.get(f"/desk/t/{Ticket.objects.get().number}/").status_code == 404
    assert at(cast.officer).get(answer["Location"]).status_code == 404


@pytest.mark.parametrize("name", ["dispatcher", "director", "supervisor", "leader", "officer.discipline"])
def test_nobody_else_has_the_page(at, name):
    desk = at(user(name))
    assert desk.get("/desk/new/").status_code == 403
    assert desk.post("/desk/new/", typed()).status_code == 403
    assert desk.post("/desk/new/alike/", {"contact_phone": "13800000000"}).status_code == 403
    assert "代录诉求" not in shown(desk.get("/desk/"))


def test_a_new_link_is_made_by_who_may_and_for_its_own_request(desk, at, cast):
    desk.post("/desk/new/", typed())
    ticket, source = Ticket.objects.get(), Source.objects.get()
    before = confirming.token_of(Confirmation.objects.get())
    answer = desk.post(f"/desk/t/{ticket.number}/sources/{source.pk}/link/")
    assert answer.status_code == 303
    assert confirming.token_of(Confirmation.objects.get()) != before
    assert at(cast.dispatcher).post(f"/desk/t/{ticket.number}/sources/{source.pk}/link/").status_code == 403
    assert at(cast.rival_officer).post(f"/desk/t/{ticket.number}/sources/{source.pk}/link/").status_code == 404
    other = make.signed()
    assert desk.post(f"/desk/t/{other.number}/sources/{source.pk}/link/").status_code == 404


def test_a_shielded_firms_source_keeps_its_words_from_the_department(desk, at, cast):
    desk.post("/desk/new/", typed(shielded="on", detail="走访安捷线束", chain_tag="capital"))
    ticket = Ticket.objects.get()
    drain()
    theirs = shown(at(cast.officer).get(f"/desk/t/{ticket.number}/"))
    assert "走访安捷线束" not in theirs
    assert "330800-0007" not in theirs
    assert "走访安捷线束" in shown(desk.get(f"/desk/t/{ticket.number}/"))


def test_whether_the_link_got_out_stands_beside_it(desk):
    where = desk.post("/desk/new/", typed())["Location"]
    drain()
    page = shown(desk.get(where))
    assert "请核对代录的诉求" in page
    assert "没有配置发送通道" in page


def test_who_may_not_know_a_shielded_firm_sends_a_new_link_unseen(desk, at, cast):
    """The link's page names the firm: shown to the department it would lift the shield without a reason."""
    desk.post("/desk/new/", typed(shielded="on", chain_tag="capital"))
    ticket, source = Ticket.objects.get(), Source.objects.get()
    drain()
    where = f"/desk/t/{ticket.number}/sources/{source.pk}/link/"
    said = at(cast.officer).post(where, follow=True).content.decode()
    assert "短信发给企业联系人" in said
    assert "/c/" not in said
    intake_reads = desk.post(where, follow=True).content.decode()
    assert f"/c/{confirming.token_of(Confirmation.objects.get())}/" in intake_reads


def test_the_pages_cost_the_same_however_much_there_is(desk, django_assert_max_num_queries):
    for n in range(12):
        desk.post("/desk/new/", typed(reference=f"r{n}", distinct="1"))
    with django_assert_max_num_queries(9):
        desk.get("/desk/new/")
    with django_assert_max_num_queries(10):
        desk.post("/desk/new/", typed())
    with django_assert_max_num_queries(4):
        desk.post("/desk/new/alike/", {"contact_phone": "13800000000"})
