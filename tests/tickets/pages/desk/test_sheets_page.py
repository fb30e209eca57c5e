"""表格导入 at the desk."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from qihu.accounts.models import User
from qihu.audit.models import Entry
from qihu.outbox.consume import drain
from tests.people import user
from tests.tickets.pages.desk.conftest import shown
from tests.tickets.sheets.files import csv_of, row, with_part, xlsx
from tickets.models import Sheet, Ticket


def file_of(content: bytes, name: str = "三月诉求.xlsx"):
    kept = io.BytesIO(content)
    kept.name = name
    return kept


@pytest.fixture
def desk(at, cast):
    return at(cast.intake)


def upload(desk, content: bytes, name: str = "三月诉求.xlsx"):
    return desk.post("/desk/import/", {"table": file_of(content, name)})


def posted(sheet: Sheet, **more: str) -> dict[str, str]:
    columns = {f"column_{place}": code for place, code in enumerate(sheet.columns)}
    return columns | {"channel": "hotline", "region": "330800", "twins": "source"} | more


def test_from_the_file_to_the_requests(desk):
    answer = upload(desk, xlsx([row(1), row(2, phone="无")]))
    sheet = Sheet.objects.get()
    path = f"/desk/import/{sheet.pk}/"
    assert (answer.status_code, answer["Location"]) == (303, path)
    first = shown(desk.get(path))
    assert "每一栏是什么" in first
    assert "开始导入" not in first
    assert desk.post(path, posted(sheet)).status_code == 303
    assert "试算中" in shown(desk.get(path))
    drain()
    trial = shown(desk.get(path))
    assert "联系电话 ：请填写 11 位手机号" in trial
    assert "将导入 1 行" in trial
    assert not Ticket.objects.exists()
    assert desk.post(f"{path}start/").status_code == 303
    assert desk.post(f"{path}start/").status_code == 303  # pressed twice: told where it is
    drain()
    assert Ticket.objects.get().number in shown(desk.get(f"{path}live/")) or "已立新件 1" in shown(desk.get(path))
    assert "已完成" in shown(desk.get("/desk/import/"))
    book = load_workbook(io.BytesIO(desk.get(f"{path}report.xlsx").content))
    assert Entry.objects.filter(action="exported", kind="tickets.sheet").count() == 1
    assert book.active.max_row == 3


def test_what_is_wrong_with_the_file_is_told_beside_it(desk):
    for content, name, says in (
        (b"%PDF\x00", "a.pdf", "不是表格文件"),
        (with_part(xlsx([row(1)]), "xl/vbaProject.bin", b"x"), "a.xlsm", "宏"),
        (b"", "a.csv", "文件是空的"),
        (b"x" * (10 * 2**20 + 1), "a.csv", "超过 10 MB"),
    ):
        page = upload(desk, content, name)
        assert page.status_code == 422, name
        assert says in shown(page)
    assert desk.post("/desk/import/", {}).status_code == 422
    assert not Sheet.objects.exists()


def test_what_is_wrong_with_the_mapping_is_told(desk):
    upload(desk, xlsx([row(1)]))
    sheet = Sheet.objects.get()
    page = desk.post(f"/desk/import/{sheet.pk}/", posted(sheet, column_3=""))
    assert page.status_code == 422
    assert "还没有指定：联系电话" in shown(page)
    assert desk.post(f"/desk/import/{sheet.pk}/", posted(sheet, region="110000")).status_code == 422
    assert desk.post(f"/desk/import/{sheet.pk}/", posted(sheet, column_0="pk")).status_code == 422
    desk.post(f"/desk/import/{sheet.pk}/", posted(sheet))
    assert desk.post(f"/desk/import/{sheet.pk}/", posted(sheet)).status_code == 409


@pytest.mark.parametrize("name", ["officer.finance", "head.finance", "dispatcher", "director", "supervisor", "leader"])
def test_nobody_else_gets_in(desk, at, name):
    upload(desk, csv_of([row(1)]), "a.csv")
    sheet, other = Sheet.objects.get(), at(user(name))
    assert other.get("/desk/import/").status_code == 403
    assert upload(other, xlsx([row(2)])).status_code == 403
    for path in ("", "live/", "report.xlsx"):
        assert other.get(f"/desk/import/{sheet.pk}/{path}").status_code == 404, path
    assert other.post(f"/desk/import/{sheet.pk}/start/").status_code == 404
    assert other.post(f"/desk/import/{sheet.pk}/", posted(sheet)).status_code == 404
    assert "表格导入" not in shown(other.get("/desk/"))


def test_a_countys_intake_does_not_see_the_citys_sheets(desk, at):
    upload(desk, csv_of([row(1)]), "a.csv")
    clerk = User.objects.create_user("intake.330802", name="柯城受理员")
    clerk.grants.create(role="intake", region_id="330802")
    assert at(clerk).get(f"/desk/import/{Sheet.objects.get().pk}/").status_code == 404
    assert "a.csv" not in shown(at(clerk).get("/desk/import/"))


def test_the_pages_cost_the_same_for_a_thousand_rows(desk, django_assert_max_num_queries):
    upload(desk, csv_of(row(n, phone="无") for n in range(1000)), "a.csv")
    sheet = Sheet.objects.get()
    desk.post(f"/desk/import/{sheet.pk}/", posted(sheet))
    drain()
    with django_assert_max_num_queries(9):
        desk.get("/desk/import/")
    with django_assert_max_num_queries(12):
        desk.get(f"/desk/import/{sheet.pk}/")
    with django_assert_max_num_queries(7):
        desk.get(f"/desk/import/{sheet.pk}/live/")
