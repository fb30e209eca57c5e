"""导出 from the board and the desk: the button, the form, the file at once, one's own exports with their files."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client

from qihu.audit.models import Action, Entry
from qihu.outbox.consume import drain
from tests import make
from tests.people import user
from tests.tickets.exports.taken import AT, MARCH, WHY, Csv, Xlsx, a_month, all_of, kept
from tickets.figures import projection
from tickets.models import Export
from tickets.pages.board import exports, views
from tickets.pages.desk import seat
from tickets.services.exports import asking, fetching, picking

pytestmark = pytest.mark.django_db
MINE = "/board/exports/"
BEHIND = "/board/exports/new/?" + urlencode(
    {"what": "figure_rows", "figure": "submitted", "part": "denominator"} | MARCH
)
FIGURES = "/board/exports/new/?" + urlencode({"what": "figures", "by": "department"} | MARCH)
SAID = {"format": "csv", "reason": WHY, "key": "k"}
BUTTON = re.compile(r'href="(/(?:board/exports/new|desk/export)/[^"]*)"')


@pytest.fixture(autouse=True)
def _end_of_march(monkeypatch):
    for door in (views, exports, seat):
        monkeypatch.setattr(door, "now", lambda: AT)


def seen_by(username: str) -> Client:
    client = Client()
    client.force_login(user(username), backend="django.contrib.auth.backends.ModelBackend")
    return client


def button(page) -> str:
    (found,) = set(BUTTON.findall(page.content.decode()))
    return html.unescape(found)


def file(response) -> bytes:
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith('attachment; filename="DC-')
    assert response["Cache-Control"] == "no-store"
    return b"".join(response.streaming_content)


def test_every_number_of_the_board_leads_to_an_export_of_exactly_its_rows():
    a_month()
    client = seen_by("leader")
    board = client.get("/board/", MARCH).content.decode()
    links = {html.unescape(one) for one in re.findall(r'href="(/board/rows/[^"]*)"', board)}
    assert len(links) > 20
    for address in sorted(links):
        shown = client.get(address)
        asked = button(shown)
        form = client.get(asked)
        assert form.context["picked"].total == shown.context["total"], address
        if shown.context["total"]:
            rows = Csv(file(client.post(asked, SAID))).column("编号")
            assert rows == [ticket.number for ticket in shown.context["tickets"]], address


def test_the_figures_on_the_board_lead_to_their_table():
    a_month()
    client = seen_by("leader")
    page = client.get("/board/", MARCH | {"by": "chain_tag"})
    table = Csv(file(client.post(button(page), SAID)))
    assert table.said["筛选条件"] == "全部指标；时段 2026-03-01 至 2026-03-31；按链分组"
    submitted = next(row for row in table.rows if row[0] == "submitted")
    assert submitted[table.heading.index("件数")] == page.context["cards"][0].main.value.text


@pytest.mark.parametrize(
    ("who", "query"),
    [
        ("leader", {"view": "all"}),
        ("leader", {"view": "all", "tag": "talent", "sort": "soonest"}),
        ("intake", {"view": "all-open", "q": "授信 安捷"}),
        ("officer.finance", {"view": "mine"}),
        ("head.talent", {"view": "closed"}),
        ("dispatcher", {"view": "triage"}),
    ],
)
def test_a_list_of_the_desk_leaves_as_it_is_filtered_and_sorted(who, query):
    a_month()
    client = seen_by(who)
    shown = client.get("/desk/", query)
    listed = [row["url"].split("/")[3] for row in shown.context["rows"]]
    assert listed
    asked = button(shown)
    form = client.get(asked)
    assert form.context["picked"].total == len(listed)
    content = Csv(file(client.post(asked, SAID)))
    assert content.column("编号") == listed
    assert shown.context["asked"].queue.label in content.said["筛选条件"]
    for typed in query.get("q", "").split():
        assert typed in content.said["筛选条件"]


def test_an_export_has_every_page_of_the_list_wherever_one_stands():
    for _ in range(51):
        make.submitted()
    client = seen_by("leader")
    second = client.get(client.get("/desk/?view=all").context["older"])
    assert len(second.context["rows"]) == 1
    assert client.get(button(second)).context["picked"].total == 51
    behind = client.get("/board/rows/", MARCH | {"figure": "submitted", "page": "2"})
    assert len(behind.context["tickets"]) == 1
    assert len(Csv(file(client.post(button(behind), SAID))).rows) == 51


def test_a_search_is_in_the_words_and_in_no_code_of_the_trail():
    a_month()
    client = seen_by("leader")
    file(client.post("/desk/export/?" + urlencode({"view": "all", "q": "13800000000"}), SAID))
    begun = Entry.objects.filter(action=Action.EXPORTED).earliest("pk")
    assert "13800000000" in begun.reason.body
    assert "13800000000" not in str(begun.after)
    made = Export.objects.get()
    assert made.words.endswith("搜索：13800000000；最新在前")


def test_the_form_says_what_leaves_and_how():
    a_month()
    page = seen_by("leader").get(BEHIND)
    text = page.content.decode()
    assert "收到（分母全部）；时段 2026-03-01 至 2026-03-31" in text
    assert "提交后直接下载" in text
    assert "style=" not in text


@pytest.mark.parametrize("address", [BEHIND, FIGURES, "/desk/export/?view=all"])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reason": ""}, "请写明导出的理由"),
        ({"reason": "月报"}, "4 至 200 个字"),
        ({"format": "pdf"}, "pdf"),
        ({"format": ""}, "格式"),
    ],
)
def test_without_reason_or_format_the_form_comes_back(address, wrong, said):
    a_month()
    page = seen_by("leader").post(address, SAID | {"reason": "为三月例会准备"} | wrong)
    assert page.status_code == 422
    assert said in page.content.decode()
    if "reason" not in wrong:
        assert "为三月例会准备" in page.content.decode()
    assert not Export.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("address", [BEHIND, "/desk/export/?view=all"])
def test_too_much_is_told_with_count_and_advice(settings, address, method):
    a_month()
    settings.EXPORT_LIMIT = 3
    page = getattr(seen_by("leader"), method)(address, **({"data": SAID} if method == "post" else {}))
    assert page.status_code == 422
    assert "上限 3 行" in page.content.decode()
    assert "缩短时段" in page.content.decode()
    assert not Export.objects.exists()


def test_a_workbook_at_once():
    a_month()
    content = file(seen_by("leader").post(BEHIND, SAID | {"format": "xlsx"}))
    assert len(Xlsx(content).rows) == 7


def test_a_browser_that_goes_away_leaves_an_unfinished_export_on_record():
    a_month()
    response = seen_by("leader").post(BEHIND, SAID)
    next(response.streaming_content)
    for close in response._resource_closers:  # as the server does, without ending the test's connection
        close()
    assert Export.objects.get().state == "broken"
    assert "下载中断" in seen_by("leader").get(MINE).content.decode()


def test_a_long_one_goes_to_the_page_of_ones_own_and_is_fetched_there(monkeypatch):
    monkeypatch.setattr(picking, "AT_ONCE", 6)
    monkeypatch.setattr(asking, "SIZE", 2)
    a_month()
    client = seen_by("leader")
    assert "在后台生成" in client.get(BEHIND).content.decode()
    answer = client.post(BEHIND, SAID)
    assert (answer.status_code, answer["Location"]) == (303, MINE)
    assert client.post(BEHIND, SAID).status_code == 303  # tapped twice
    assert Export.objects.count() == 1
    page = client.get(MINE)
    assert f'data-live="{MINE}live/"' in page.content.decode()
    assert '<progress max="7" value="0">' in page.content.decode()
    drain()
    fresh = client.get(f"{MINE}live/")
    (one,) = fresh.context["exports"]
    assert (one["state"], one["rows"], one["busy"]) == ("可下载", 7, False)
    assert client.get(f"{MINE}live/", headers={"If-None-Match": fresh["ETag"]}).status_code == 304
    assert len(Csv(file(client.get(one["url"]))).rows) == 7
    assert seen_by("supervisor").get(one["url"]).status_code == 404


def test_who_lost_the_right_is_refused_at_the_download():
    a_month()
    export = kept(all_of("leader"), "leader")
    client, address = seen_by("leader"), f"{MINE}{export.number}/file/"
    file(client.get(address))
    user("leader").grants.all().delete()
    assert client.get(address).status_code == 403


PEOPLE = {
    "leader": (200, 200, 200),
    "supervisor": (200, 200, 200),
    "director": (200, 200, 200),
    "dispatcher": (200, 200, 200),
    "intake": (200, 200, 200),
    "head.finance": (200, 200, 200),
    "officer.finance": (403, 403, 200),
    "officer.discipline": (403, 403, 200),
    "auditor": (403, 403, 403),
    "sysadmin": (403, 403, 403),
    "secadmin": (403, 403, 403),
}


@pytest.mark.parametrize(("who", "statuses"), PEOPLE.items())
def test_each_role_exports_what_its_pages_show_and_no_more(who, statuses):
    a_month()
    client = seen_by(who)
    for address, status in zip((BEHIND, FIGURES, "/desk/export/?view=all"), statuses, strict=True):
        assert client.get(address).status_code == status, address
        response = client.post(address, SAID)
        assert response.status_code == status, address
        if status == 200:
            file(response)
    mine = 403 if statuses[2] == 403 else 200
    assert client.get(MINE).status_code == client.get(f"{MINE}live/").status_code == mine
    assert client.get(f"{MINE}DC-20260331-000001/file/").status_code == (403 if mine == 403 else 404)


@pytest.mark.parametrize("address", [BEHIND, MINE, f"{MINE}DC-20260331-000001/file/", "/desk/export/"])
def test_strangers_sign_in_first(address):
    assert Client().get(address).headers["Location"].startswith("/login/")


@pytest.mark.parametrize(
    "query",
    ["", "what=figure_rows", "what=figures&since=x", "what=figures&by=x&since=2026-03-01&until=2026-04-01"],
)
def test_bad_addresses_are_refused(query):
    assert seen_by("leader").get(f"/board/exports/new/?{query}").status_code == 422


def test_queries_stay_within_budget(django_assert_max_num_queries):
    a_month()
    for _ in range(3):
        kept(all_of("leader"), "leader")
    client = seen_by("leader")
    with django_assert_max_num_queries(6):
        client.get(MINE)
    projection.catch_up()  # a page that finds it older than five seconds works it off itself
    with django_assert_max_num_queries(20):
        client.get(BEHIND)


def test_expired_ones_are_listed_without_words_and_file():
    a_month()
    kept(all_of("leader"), "leader")
    fetching.forget(at=AT + timedelta(days=8))
    (one,) = seen_by("leader").get(MINE).context["exports"]
    assert (one["state"], one["url"], one["words"], one["reason"]) == ("已过期", "", "", "")
