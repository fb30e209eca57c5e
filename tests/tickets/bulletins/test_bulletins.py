"""Bulletins: what they say is what the figures say, in three files; who may read, make and be sent them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from zipfile import ZipFile

import docx
import openpyxl
import pytest
from django.test import Client

from qihu.accounts.models import Department, Region
from qihu.audit.models import Entry
from qihu.errors import Forbidden, Invalid
from tests import make
from tests.people import user
from tickets.figures import report
from tickets.figures.bulletin import compose, counted_at, month_from
from tickets.figures.bulletin.bands import Standing, listed
from tickets.figures.interval import wilson
from tickets.models import Bulletin, BulletinSending, Ticket
from tickets.models.notice import State
from tickets.services import freezing
from tickets.services.bulletins import making, scheduling
from tickets.services.bulletins.handing import handed_over
from tickets.services.bulletins.rendering import digest, rendered
from tickets.services.bulletins.xlsx import safe

pytestmark = pytest.mark.django_db
AT = datetime(2026, 4, 10, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def city():
    return Region.objects.get(pk="330800")


@pytest.fixture
def finance():
    return Department.objects.select_related("region").get(code="finance")


def a_month():
    """Three departments' worth; one late, one suspended, one excluded word, one a test."""
    for result in (5, 4, 3, 1):
        make.closed(result=result)
    make.closed(qr="DEMO-INDUSTRY", outcome="partial")
    make.signed(qr="DEMO-TALENT")
    make.suspended()
    make.closed(test=True)


def text_of(bulletin: Bulletin) -> str:
    return json.dumps(bulletin.content, ensure_ascii=False)


class TestContent:
    def test_every_number_is_the_reports(self, city):
        a_month()
        made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
        counted = report(month_from("2026-03", at=AT).window(AT), scope=counted_at(city)).figures
        table = made.content["sections"][0]["blocks"]
        rows = {
            row["cells"][0]["text"]: row["cells"]
            for block in table
            if block["kind"] == "table"
            for row in block["rows"]
            if row["tone"] != "twin"
        }
        for code in ("submitted", "solved", "on_time", "satisfied_result", "participation"):
            figure = counted[code]
            cells = rows[figure.label]
            if figure.rate is not None:
                assert cells[1]["value"] == pytest.approx(figure.rate)
                assert cells[2]["value"] == figure.denominator
        assert "测试件 1 件" in text_of(made)
        assert made.number.startswith("TB-330800-202603-")

    def test_it_opens_exactly_the_requests_behind_a_number(self, city):
        a_month()
        made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
        client = seen_by("director")
        opened = 0
        for section in made.content["sections"]:
            for block in section["blocks"]:
                for row in block.get("rows", ()) if block["kind"] == "table" else ():
                    for cell in row["cells"]:
                        if cell["rows"] and cell["unit"] in {"件", "n"} and "month=" not in cell["rows"]:
                            page = client.get(f"/board/bulletins/{made.pk}/rows/?{cell['rows']}")
                            assert page.context["total"] == cell["value"], cell
                            opened += 1
        assert opened > 10

    def test_a_department_reads_its_own_parts(self, finance):
        a_month()
        made = making.make(place=finance, month="2026-03", user=user("head.finance"), at=AT)
        assert "红黑榜" not in [section["heading"] for section in made.content["sections"]]
        assert made.title == "金融办2026年3月企业诉求闭环办理情况通报"

    def test_a_region_without_departments_says_so(self):
        bare = Region.objects.create(code="330899", name="新区", parent_id="330800", path="330800/330899")
        said = json.dumps(
            compose(bare, month_from("2026-03", at=AT), as_of=AT, known=None, edition=1, signed="x").as_json(),
            ensure_ascii=False,
        )
        assert "没有设置承办部门" in said

    @pytest.mark.parametrize("month", ["2026-04", "2026-13", "三月", "", "2026-3"])
    def test_a_month_that_is_not_over_or_none_is_refused(self, city, month):
        with pytest.raises(Invalid) as refused:
            making.make(place=city, month=month, user=user("director"), at=AT)
        assert "month" in refused.value.fields

    def test_a_frozen_month_is_quoted_as_it_was_frozen(self, city, monkeypatch):
        make.closed()
        at = datetime(2026, 6, 2, tzinfo=UTC)
        freezing.freeze(month=date(2026, 3, 1), at=at)
        made = making.make(place=city, month="2026-03", user=user("director"), at=datetime.now(UTC) + DAY)
        assert "已经冻结" in text_of(made)


class TestFiles:
    def test_the_same_content_gives_the_same_bytes(self, city):
        a_month()
        made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
        content = making.content_of(Bulletin.objects.get(pk=made.pk))
        for kind, first in made.hashes.items():
            assert digest(rendered(content, kind)) == first

    def test_each_opens_and_says_the_same(self, city):
        a_month()
        made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
        content = making.content_of(made)
        book = openpyxl.load_workbook(BytesIO(rendered(content, "xlsx")))
        values = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert any("衢州市2026年3月" in str(value) for value in values)
        assert any(chart for sheet in book for chart in sheet._charts)
        words = "\n".join(p.text for p in docx.Document(BytesIO(rendered(content, "docx"))).paragraphs)
        assert "一、总体情况" in words
        assert ZipFile(BytesIO(rendered(content, "docx"))).testzip() is None
        pdf = rendered(content, "pdf")
        assert pdf.startswith(b"%PDF-")
        assert b"/FontFile" in pdf or b"ObjStm" in pdf  # what it is set in is in it

    @pytest.mark.parametrize("typed", ["=1+1", "+86", "-1", "@sum", "\t=1"])
    def test_nothing_in_a_sheet_is_a_formula(self, typed):
        assert safe(typed) == f"'{typed}"
        assert safe("金融办") == "金融办"

    def test_who_takes_one_is_on_record(self, city):
        made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
        handed_over(bulletin=made, kind="xlsx", user=user("leader"))
        entry = Entry.objects.filter(action="exported").latest("pk")
        assert (entry.key, entry.actor.username) == (made.number, "leader")


class TestBands:
    def test_who_cannot_be_told_apart_stands_together_and_few_are_apart(self):
        def one(value: str, hits: int, n: int) -> Standing:
            band = wilson(hits, n)
            return Standing(value=value, label=value, hits=hits, n=n, rate=hits / n, interval=band)

        found = listed([one("a", 98, 100), one("b", 97, 100), one("c", 40, 100), one("d", 2, 2)])
        assert [[s.value for s in band] for band in found.bands] == [["a", "b"], ["c"]]
        assert [s.value for s in found.few] == ["d"]
        assert not listed([one("a", 98, 100), one("b", 97, 100)]).red


class TestPermission:
    @pytest.mark.parametrize("name", ["leader", "dispatcher", "head.land", "officer.finance", "auditor"])
    def test_others_make_none(self, city, name):
        with pytest.raises(Forbidden):
            making.make(place=city, month="2026-03", user=user(name), at=AT)

    def test_a_head_reads_the_own_department_only(self, city, finance):
        whole = making.make(place=city, month="2026-03", user=user("director"), at=AT)
        own = making.make(place=finance, month="2026-03", user=user("head.finance"), at=AT)
        head, other = seen_by("head.finance"), seen_by("head.land")
        assert head.get(f"/board/bulletins/{own.pk}/").status_code == 200
        for client, made in ((head, whole), (other, own), (other, whole)):
            for path in ("", "rows/?figure=solved", "file.pdf"):
                assert client.get(f"/board/bulletins/{made.pk}/{path}").status_code == 404
        assert seen_by("officer.finance").get("/board/bulletins/").status_code == 403


class TestSchedule:
    def planned(self, city, **more):
        people = more.pop("people", [user("leader")])
        fields = {"day": 5, "hour": 9, "formats": ["pdf"], "user": user("director"), "at": AT - 30 * DAY}
        return scheduling.schedule(place=city, people=people, **(fields | more))

    def test_it_is_made_and_sent_once_a_month(self, city):
        found = self.planned(city)
        assert scheduling.run_due(at=AT) == 1
        assert scheduling.run_due(at=AT + timedelta(hours=1)) == 0
        made = Bulletin.objects.get(schedule=found)
        assert (made.month, made.made_by) == (date(2026, 3, 1), None)
        assert BulletinSending.objects.filter(bulletin=made).count() == 1
        assert scheduling.run_due(at=AT + 30 * DAY) == 1

    def test_who_lost_the_right_is_not_sent_and_it_shows(self, city):
        gone = user("leader")
        self.planned(city, people=[gone, user("supervisor")])
        gone.is_active = False
        gone.save(update_fields=["is_active"])
        scheduling.run_due(at=AT)
        states = {s.recipient.username: (s.state, s.error) for s in BulletinSending.objects.all()}
        assert states["leader"] == (State.SKIPPED, "no_right")
        assert states["supervisor"][1] != "no_right"
        page = seen_by("director").get(f"/board/bulletins/{Bulletin.objects.get().pk}/").content.decode()
        assert "没有" in page

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"day": 31}, "day"),
            ({"hour": 24}, "hour"),
            ({"formats": []}, "formats"),
            ({"formats": ["exe"]}, "formats"),
            ({"people": []}, "people"),
        ],
    )
    def test_bad_input_is_told_by_field(self, city, wrong, field):
        with pytest.raises(Invalid) as refused:
            self.planned(city, **wrong)
        assert field in refused.value.fields

    def test_somebody_without_the_right_cannot_be_chosen(self, city):
        with pytest.raises(Invalid, match="没有查看"):
            self.planned(city, people=[user("officer.finance")])
        with pytest.raises(Forbidden):
            self.planned(city, user=user("leader"))


class TestPages:
    def test_made_on_the_page_and_read_there(self, city, django_assert_max_num_queries):
        a_month()
        client = seen_by("director")
        last = (datetime.now(UTC).date().replace(day=1) - DAY).strftime("%Y-%m")
        answer = client.post("/board/bulletins/", {"place": "r:330800", "month": last})
        assert answer.status_code == 303, answer.content.decode()
        with django_assert_max_num_queries(12):
            page = client.get(answer["Location"])
        assert "统计口径" in page.content.decode()
        with django_assert_max_num_queries(14):
            assert client.get("/board/bulletins/").status_code == 200
        for kind in ("pdf", "docx", "xlsx"):
            assert client.get(f"{answer['Location']}file.{kind}").status_code == 200
        assert client.get(f"{answer['Location']}file.exe").status_code == 404
        assert client.post("/board/bulletins/", {"place": "r:330800", "month": "2099-01"}).status_code == 422

    def test_a_schedule_is_set_on_the_page(self, city):
        client = seen_by("director")
        typed = {
            "day": "5",
            "hour": "9",
            "formats": ["pdf", "xlsx"],
            "people": [str(user("leader").pk)],
            "active": "on",
        }
        assert client.post("/board/bulletins/schedules/new/?place=r:330800", typed).status_code == 303
        assert "衢州市" in client.get("/board/bulletins/schedules/").content.decode()
        assert client.post("/board/bulletins/schedules/new/?place=r:330800", typed | {"day": "40"}).status_code == 422


def seen_by(username: str) -> Client:
    client = Client()
    client.force_login(user(username), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_nothing_of_a_restricted_request_is_in_it(city):
    secret = make.routed(qr="DEMO-SERVICE", category="SRV-04")
    assert Ticket.objects.get(pk=secret.pk).restricted
    made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
    assert secret.number not in text_of(made)
