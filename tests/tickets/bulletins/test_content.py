"""What a bulletin says is what the figures say."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from qihu.accounts.models import Region
from qihu.errors import Conflict, Invalid
from tests import make
from tests.people import user
from tests.tickets.bulletins.stories import AT, DAY, a_month, counted, seen_by, text_of
from tickets.figures import projection, report
from tickets.figures.bulletin import compose, counted_at, month_from
from tickets.figures.bulletin.bands import Standing, listed
from tickets.figures.interval import wilson
from tickets.models import Checkpoint, Ticket
from tickets.services import freezing
from tickets.services.bulletins import making

pytestmark = pytest.mark.django_db


class TestContent:
    def test_it_waits_for_everything_that_is_still_to_be_counted(self, city):
        """More than a reader of the board works off in passing: a bulletin of half the log would be kept for ever."""
        for _ in range(30):
            make.closed()
        made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
        assert "本月收到诉求 30 件" in text_of(made)

    def test_it_is_refused_while_the_count_is_not_beyond_the_month(self, city, monkeypatch):
        monkeypatch.setattr(projection, "catch_up", lambda: 0)
        Checkpoint.objects.update_or_create(pk=1, defaults={"known_at": datetime(2026, 3, 30, tzinfo=UTC)})
        with pytest.raises(Conflict, match="还没有跟上"):
            making.make(place=city, month="2026-03", user=user("director"), at=AT)

    def test_every_number_is_the_reports(self, city):
        a_month()
        made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
        figures = report(month_from("2026-03", at=AT).window(AT), scope=counted_at(city)).figures
        table = made.content["sections"][0]["blocks"]
        rows = {
            row["cells"][0]["text"]: row["cells"]
            for block in table
            if block["kind"] == "table"
            for row in block["rows"]
            if row["tone"] != "twin"
        }
        for code in ("submitted", "solved", "on_time", "satisfied_result", "participation"):
            figure = figures[code]
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

    def test_a_chart_of_the_strict_count_says_so(self, city):
        a_month()
        made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
        (chart,) = [block for block in made.content["sections"][0]["blocks"] if block["kind"] == "bars"]
        shown = {bar["label"]: bar["value"] for bar in chart["bars"]}
        strict = next(
            twin for twin in counted("satisfied_result", city).twins if twin.code == "satisfied_result_strict"
        )
        assert shown["满意率（结果）从严"] == pytest.approx(100 * strict.rate, abs=0.1)

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


class TestBands:
    def test_who_cannot_be_told_apart_stands_together_and_few_are_apart(self):
        def one(value: str, hits: int, n: int) -> Standing:
            band = wilson(hits, n)
            return Standing(value=value, label=value, hits=hits, n=n, rate=hits / n, interval=band)

        found = listed([one("a", 98, 100), one("b", 97, 100), one("c", 40, 100), one("d", 2, 2)])
        assert [[s.value for s in band] for band in found.bands] == [["a", "b"], ["c"]]
        assert [s.value for s in found.few] == ["d"]
        assert (found.red, found.black) == (found.bands[0], found.bands[-1])
        assert not listed([one("a", 98, 100), one("b", 97, 100)]).red
        chained = listed([one("a", 90, 100), one("b", 84, 100), one("c", 76, 100)])
        assert len(chained.bands) == 1  # a and c differ, b is like both


def test_nothing_of_a_restricted_request_is_in_it(city):
    secret = make.routed(qr="DEMO-SERVICE", category="SRV-04")
    assert Ticket.objects.get(pk=secret.pk).restricted
    made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
    assert secret.number not in text_of(made)
