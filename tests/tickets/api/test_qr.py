"""QR codes: who keeps them, and what is printed."""

from __future__ import annotations

import io
from datetime import timedelta

import pypdf
import pytest
import segno

from qihu.clock import now
from tests.tickets.api.conftest import BODY
from tickets.models import QRCode
from tickets.services.codes import revoke_qr
from tickets.services.posters import pdf

KEEPERS = ("intake", "dispatcher", "director")
OTHERS = ("officer.finance", "head.finance", "supervisor", "leader", "auditor")


@pytest.mark.parametrize("who", KEEPERS)
def test_the_service_centre_lists_and_makes_codes(staff, who):
    keeper = staff(who)
    made = keeper.post("qr-codes/", {"name": "高新园区大厅", "chain_tag": "talent", "region": "330802"})
    assert made.status_code == 201
    said = made.json()
    assert said["url"] == f"http://testserver/q/{said['code']}/"
    assert (said["chain_tag"], said["region"], said["expires_at"]) == ("talent", "330802", None)
    listed = keeper.get("qr-codes/").json()
    assert listed["results"][0] == said
    assert {"DEMO", "DEMO-CAPITAL"} <= {one["code"] for one in listed["results"]}
    assert listed["next"] is None


@pytest.mark.parametrize("who", OTHERS)
def test_nobody_else_does(staff, anybody, who):
    assert staff(who).get("qr-codes/").status_code == 403
    assert staff(who).post("qr-codes/", {"name": "私设"}).status_code == 403
    assert anybody.get("qr-codes/").status_code == 401
    assert anybody.post("qr-codes/", {"name": "私设"}).status_code == 401
    assert not QRCode.objects.filter(name="私设").exists()


def test_a_new_code_takes_requests_with_its_tag_until_it_ends(staff, anybody):
    until = (now() + timedelta(hours=1)).isoformat()
    made = staff("intake").post(
        "qr-codes/", {"name": "园区", "code": "park-7", "chain_tag": "talent", "expires_at": until}
    )
    assert made.json()["code"] == "park-7"
    assert anybody.post("tickets/", BODY | {"qr_code": "park-7"}).json()["chain_tag"] == "talent"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "长" * 61}, "name"),
        ({"name": "甲", "code": "有汉字"}, "code"),
        ({"name": "甲", "code": "a/b"}, "code"),
        ({"name": "甲", "code": "a\n"}, None),
        ({"name": "甲", "code": "x" * 41}, "code"),
        ({"name": "甲", "code": "DEMO"}, "code"),
        ({"name": "甲", "chain_tag": "forged"}, "chain_tag"),
        ({"name": "甲", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "甲", "expires_at": "soon"}, "expires_at"),
    ],
)
def test_bad_codes_are_told_beside_their_field(staff, body, field):
    response = staff("intake").post("qr-codes/", body)
    if field is None:  # outer blanks are dropped, as everywhere
        assert (response.status_code, response.json()["code"]) == (201, "a")
        return
    assert response.status_code == 422
    assert list(response.json()["errors"]) == [field]


def test_another_region_is_not_theirs(staff):
    assert staff("intake").post("qr-codes/", {"name": "甲", "region": "110000"}).status_code == 403


def test_codes_are_listed_by_pages(staff, monkeypatch):
    monkeypatch.setattr("tickets.api.qr.PAGE", 4)
    keeper = staff("dispatcher")
    first = keeper.get("qr-codes/").json()
    second = keeper.get(first["next"]).json()
    codes = [one["code"] for one in first["results"] + second["results"]]
    assert len(codes) == len(set(codes)) == QRCode.objects.count() == 6
    assert second["next"] is None
    assert keeper.get("qr-codes/?cursor=forged").status_code == 422


def test_images_are_public_and_lead_to_the_form(anybody, settings):
    settings.PUBLIC_URL = "https://qihu.example"
    wanted = segno.make("https://qihu.example/q/DEMO/", error="q", micro=False)
    svg = anybody.get("qr-codes/DEMO.svg", Accept="image/svg+xml,image/*")
    assert svg["Content-Type"] == "image/svg+xml"
    out = io.BytesIO()
    wanted.save(out, kind="svg", border=4, omitsize=True, light="#fff", xmldecl=False)
    assert svg.content == out.getvalue()
    assert b"<script" not in svg.content

    png = anybody.get("qr-codes/DEMO.png", Accept="image/png")
    assert (png["Content-Type"], png.content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    assert "max-age" in png["Cache-Control"]


def test_the_poster_is_one_a5_page_with_the_code_as_vectors(anybody):
    response = anybody.get("qr-codes/DEMO.pdf")
    assert response["Content-Type"] == "application/pdf"
    document = pypdf.PdfReader(io.BytesIO(response.content), strict=True)
    page = document.pages[0]
    assert len(document.pages) == 1
    assert (page.mediabox.width, page.mediabox.height) == (420, 595)
    assert page.extract_text().strip() == "http://testserver/q/DEMO/"
    drawn = page.get_contents().get_data().decode()
    assert _modules(drawn) == sum(map(sum, segno.make("http://testserver/q/DEMO/", error="q").matrix))


def _modules(drawn: str) -> int:
    """Dark modules that the rectangles cover."""
    runs = [line.split() for line in drawn.splitlines() if line.endswith(" re")]
    return round(sum(float(run[2]) / float(run[3]) for run in runs))


def test_an_address_with_brackets_stays_one_string():
    text = pypdf.PdfReader(io.BytesIO(pdf("https://h/(a)\\b"))).pages[0].extract_text()
    assert text.strip() == "https://h/(a)\\b"


def test_codes_that_are_not_in_force_have_no_image(anybody):
    assert anybody.get("qr-codes/NOPE.png").status_code == 404
    assert anybody.get("qr-codes/DEMO.gif").status_code == 404
    revoke_qr(code="DEMO", at=now() - timedelta(minutes=1))
    assert {anybody.get(f"qr-codes/DEMO.{kind}").status_code for kind in ("svg", "png", "pdf")} == {410}
