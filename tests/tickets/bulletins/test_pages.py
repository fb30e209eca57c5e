"""Who may make and read one, and the pages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qihu.errors import Forbidden
from tests.people import user
from tests.tickets.bulletins.stories import AT, DAY, a_month, seen_by
from tickets.services.bulletins import making

pytestmark = pytest.mark.django_db


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
