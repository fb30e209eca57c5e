"""QR codes of the service centre, and how a promise was reckoned."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from qihu.accounts.models import Grant, Region, Role, User
from tests import make
from tests.tickets.pages.desk.conftest import NOON, shown
from tickets.models import Deadline, QRCode

SHANGHAI = ZoneInfo("Asia/Shanghai")
TYPED = {"name": "高新园区东门", "region": "330802", "chain_tag": "talent", "category": "", "code": "PARK-EAST"}


def county_intake() -> User:
    person = User.objects.create_user("intake.kecheng", name="徐慧敏")
    Grant.objects.create(user=person, role=Role.INTAKE, region=Region.objects.get(code="330802"))
    return person


@pytest.mark.parametrize("name", ["intake", "dispatcher", "director"])
def test_the_centre_makes_a_code_and_stops_it(at, cast, name):
    desk = at(getattr(cast, name))
    assert desk.post("/desk/codes/", TYPED).status_code == 303
    code = QRCode.objects.get(code="PARK-EAST")
    assert (code.region_id, code.chain_tag_id, code.created_by) == ("330802", "talent", getattr(cast, name))
    page = desk.get("/desk/codes/")
    assert "/api/v1/qr-codes/PARK-EAST.svg" in page.content.decode()
    desk.post("/desk/codes/PARK-EAST/revoke/")
    code.refresh_from_db()
    assert code.revoked_at == NOON
    assert "已停用" in shown(desk.get("/desk/codes/"))


def test_a_code_is_drawn_where_none_was_typed(at, cast):
    at(cast.intake).post("/desk/codes/", TYPED | {"code": ""})
    assert QRCode.objects.get(name="高新园区东门").code.startswith("Q-")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"code": "DEMO"}, "code"),
        ({"code": "../etc"}, "code"),
        ({"region": "110000"}, "region"),
        ({"chain_tag": "forged"}, "chain_tag"),
        ({"category": "SRV-04"}, "category"),
        ({"expires_on": "2020-01-01"}, "expires_on"),
    ],
)
def test_a_wrong_code_is_said_beside_the_field(at, cast, typed, field):
    page = at(cast.intake).post("/desk/codes/", TYPED | typed)
    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert not QRCode.objects.filter(code="PARK-EAST").exists()


def test_a_county_sees_makes_and_stops_its_own_codes_only(at, cast):
    at(cast.intake).post("/desk/codes/", TYPED)
    county = at(county_intake())
    assert [code["code"] for code in county.get("/desk/codes/").context["codes"]] == ["PARK-EAST"]
    assert county.post("/desk/codes/DEMO/revoke/").status_code == 404
    assert QRCode.objects.get(code="DEMO").revoked_at is None
    assert county.post("/desk/codes/", TYPED | {"code": "X", "region": "330800"}).status_code == 422


def test_every_light_leads_to_its_reckoning(at, cast):
    ticket = make.signed()
    desk = at(cast.officer)
    page = desk.get(f"/desk/t/{ticket.number}/")
    assert [light["label"] for light in page.context["lights"]][:2] == ["签收", "联系"]
    for light in page.context["lights"]:
        assert desk.get(light["url"]).status_code == 200


def test_a_reckoning_shows_days_and_ledger_and_ends_at_the_agreed_time(at, cast, clock):
    ticket = make.replied()
    make.review.send_back(
        ticket_id=ticket.pk, caller=cast.as_head, at=make.MONDAY + timedelta(hours=2, minutes=0), text="没说清"
    )
    deadline = Deadline.objects.get(ticket=ticket, clock="RESOLVE")
    assert deadline.due_at > deadline.promised_due_at
    page = at(cast.officer).get(f"/desk/t/{ticket.number}/deadlines/RESOLVE/")
    words = shown(page)
    assert "审核期间" in words
    assert "5 个工作日" in words
    last = page.context["turns"][0]["explain"][-1]["why"]
    assert last.endswith(f"{deadline.due_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}")


@pytest.mark.parametrize("clock_name", ["FULL", "NONSENSE", "REVIEW"])
def test_a_clock_that_is_not_there_is_404(at, cast, clock_name):
    ticket = make.signed()
    assert at(cast.officer).get(f"/desk/t/{ticket.number}/deadlines/{clock_name}/").status_code == 404
