"""A sheet's life: tried out before anything is imported, each row once whatever is interrupted, all of it reported."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from qihu.accounts.models import User
from qihu.errors import Conflict, Forbidden, Invalid
from qihu.outbox.consume import drain
from qihu.outbox.models import Message
from routing.rules.models import Category
from tests import make, see
from tests.tickets.sheets.files import HEADINGS, csv_of, row, xlsx
from tickets.access import Caller
from tickets.models import Event, SavedMapping, Sheet, SheetRow, Source, Ticket
from tickets.services import entry
from tickets.services.sheets import importing, report

AT = make.MONDAY
pytestmark = pytest.mark.django_db


def uploaded(caller: Caller, rows, *, headings=HEADINGS, name: str = "三月诉求.xlsx") -> Sheet:
    return importing.upload(content=xlsx(rows, headings=headings), name=name, caller=caller, at=AT)


def mapped(sheet: Sheet, caller: Caller, **more: object) -> Sheet:
    wanted = {"columns": sheet.columns, "channel": "hotline", "twins": "source", "region": "330800"} | more
    return importing.map_columns(sheet_id=sheet.pk, caller=caller, at=AT, **wanted)


def worked(sheet: Sheet) -> Sheet:
    for _ in range(500):
        importing.work(sheet_id=sheet.pk, at=AT)
        sheet.refresh_from_db()
        if sheet.state in {"checked", "done"}:
            break
    return sheet


def tried(caller: Caller, rows, **more: object) -> Sheet:
    return worked(mapped(uploaded(caller, rows), caller, **more))


def imported(caller: Caller, rows, **more: object) -> Sheet:
    sheet = tried(caller, rows, **more)
    importing.start(sheet_id=sheet.pk, caller=caller)
    return worked(sheet)


def states(sheet: Sheet) -> list[str]:
    return list(sheet.rows.order_by("number").values_list("state", flat=True))


def test_a_trial_imports_nothing_and_says_what_would_happen(cast):
    sheet = tried(cast.as_intake, [row(1), row(2, phone="无"), row(3)])
    assert states(sheet) == ["good", "bad", "good"]
    assert not Ticket.objects.exists()
    bad = sheet.rows.get(state="bad")
    assert bad.number == 3
    assert bad.problems == [{"column": "联系电话", "says": "请填写 11 位手机号，或带区号的座机号。", "grave": True}]


def test_good_rows_become_requests_like_any_other(cast):
    sheet = imported(cast.as_intake, [row(1), row(2, phone="无"), row(3)])
    assert states(sheet) == ["made", "bad", "made"]
    ticket = sheet.rows.get(number=2).ticket
    first = Event.objects.get(ticket=ticket, seq=1)
    assert (first.party, first.actor, first.data["channel"]) == ("intake", cast.intake, "hotline")
    source = Source.objects.get(ticket=ticket)
    assert (source.reference, source.received_at.isoformat()) == ("GD-0001", "2026-03-02T00:30:00+00:00")
    assert source.confirmation.state == "waiting"
    assert sheet.rows.get(number=2).cells == []
    assert sheet.rows.get(number=3).cells != []  # the report shows them what to mend
    assert sheet.finished_at == AT


def test_the_worker_carries_a_sheet_through_by_itself(cast):
    sheet = mapped(uploaded(cast.as_intake, [row(n) for n in range(1, 121)]), cast.as_intake)
    drain()
    sheet.refresh_from_db()
    assert sheet.state == "checked"
    importing.start(sheet_id=sheet.pk, caller=cast.as_intake)
    drain()
    sheet.refresh_from_db()
    assert (sheet.state, Ticket.objects.count()) == ("done", 120)
    assert not Message.objects.filter(topic=importing.TOPIC).exists()


def test_an_interrupted_batch_is_worked_again_and_makes_nothing_twice(cast, monkeypatch):
    sheet = tried(cast.as_intake, [row(n) for n in range(1, 121)])
    importing.start(sheet_id=sheet.pk, caller=cast.as_intake)
    importing.work(sheet_id=sheet.pk, at=AT)
    assert Ticket.objects.count() == importing.BATCH
    monkeypatch.setattr(importing, "_finish", lambda *_: (_ for _ in ()).throw(RuntimeError("power cut")))
    importing.work(sheet_id=sheet.pk, at=AT)
    with pytest.raises(RuntimeError):
        importing.work(sheet_id=sheet.pk, at=AT)
    assert Ticket.objects.count() == 100
    monkeypatch.undo()
    worked(sheet)
    assert Ticket.objects.count() == Source.objects.count() == 120
    importing.work(sheet_id=sheet.pk, at=AT)  # a late message finds nothing to do
    assert Ticket.objects.count() == 120


def test_the_same_file_is_the_same_sheet_and_is_imported_once(cast):
    content = xlsx([row(1)])
    one = importing.upload(content=content, name="a.xlsx", caller=cast.as_intake, at=AT)
    two = importing.upload(content=content, name="另存.xlsx", caller=cast.as_intake, at=AT)
    assert one.pk == two.pk
    other = User.objects.create_user("intake2", name="另一受理员")
    other.grants.create(role="intake", region_id="330800")
    with pytest.raises(Conflict, match=cast.intake.name):
        importing.upload(content=content, name="a.xlsx", caller=Caller(other), at=AT)


def test_a_number_known_from_elsewhere_is_passed_over(cast):
    heard = entry.Heard(channel="hotline", reference="GD-0001", received_at=AT)
    known = entry.enter(
        filed=make.filed(region="330800", channel="hotline"), heard=heard, caller=cast.as_intake, key="k", at=AT
    )
    sheet = imported(cast.as_intake, [row(1), row(2), row(2)])
    assert states(sheet) == ["skipped", "made", "skipped"]
    assert known.ticket.number in str(sheet.rows.get(number=2).problems)
    assert Ticket.objects.count() == 2


def test_the_same_matter_of_the_same_firm_becomes_a_second_source(cast):
    ticket = make.submitted(text=row(1)[4], enterprise_name="衢州第1机械有限公司")
    sheet = tried(cast.as_intake, [row(1, phone="13911111111"), row(2)])
    assert states(sheet) == ["twin", "good"]
    assert ticket.number in str(sheet.rows.get(state="twin").problems)
    importing.start(sheet_id=sheet.pk, caller=cast.as_intake)
    assert states(worked(sheet)) == ["added", "made"]
    assert see.kinds(ticket)[-1] == "source"
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize(("twins", "became", "requests"), [("new", "made", 2), ("skip", "skipped", 1)])
def test_or_what_the_importer_wants_instead(cast, twins, became, requests):
    make.submitted(text=row(1)[4], enterprise_name="衢州第1机械有限公司")
    assert states(imported(cast.as_intake, [row(1)], twins=twins)) == [became]
    assert Ticket.objects.count() == requests


def test_twice_in_one_file_is_one_request_with_two_sources(cast):
    again = row(1, reference="GD-0099")
    sheet = imported(cast.as_intake, [row(1), again])
    assert states(sheet) == ["made", "added"]
    assert Source.objects.filter(ticket=Ticket.objects.get()).count() == 2


def test_a_column_that_is_wrong_throughout_is_told_for_the_whole_table(cast):
    swapped = [[r[0], r[1], r[3], r[2], *r[4:]] for r in (row(n) for n in range(1, 6))]
    sheet = tried(cast.as_intake, swapped)
    assert set(states(sheet)) == {"bad"}
    assert sheet.notes == ["“联系人”这一栏大半像是别的内容，请核对栏目对应。"]
    columns = list(sheet.columns)
    columns[2], columns[3] = columns[3], columns[2]
    sheet = worked(mapped(sheet, cast.as_intake, columns=columns))
    assert set(states(sheet)) == {"good"}
    assert sheet.notes == []


def test_wrong_headings_are_mapped_by_hand_and_remembered(cast):
    odd = ("A", "B", "C", "D", "E", "F")
    sheet = uploaded(cast.as_intake, [row(1)], headings=odd)
    assert sheet.columns == [""] * 6
    with pytest.raises(Invalid) as refused:
        mapped(sheet, cast.as_intake)
    assert "诉求内容、企业名称、联系人、联系电话" in refused.value.fields["columns"]
    columns = ["reference", "enterprise_name", "contact_name", "contact_phone", "text", ""]
    mapped(sheet, cast.as_intake, columns=columns, save_as="园区月报")
    assert SavedMapping.objects.get().columns["E"] == "text"
    assert uploaded(cast.as_intake, [row(2)], headings=odd).columns == columns
    SavedMapping.objects.create(name="别的表", columns={"Z": "text"}, saved_at=AT + timedelta(days=1))
    assert uploaded(cast.as_intake, [row(3)], headings=odd).columns == columns, "the newest that fits"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"columns": ["text", "text", "enterprise_name", "contact_name", "contact_phone", ""]}, "columns"),
        ({"columns": ["text", "enterprise_name", "contact_name", "contact_phone"]}, "columns"),
        ({"columns": ["text", "enterprise_name", "contact_name", "contact_phone", "ticket_id", ""]}, "columns"),
        ({"channel": "qr"}, "channel"),
        ({"twins": "delete"}, "twins"),
        ({"region": "110000"}, "region"),
    ],
)
def test_a_mapping_that_cannot_be(cast, more, field):
    sheet = uploaded(cast.as_intake, [row(1)])
    with pytest.raises(Invalid) as refused:
        mapped(sheet, cast.as_intake, **more)
    assert set(refused.value.fields) == {field}


def test_nothing_starts_untried_or_twice_and_nothing_is_mapped_while_it_runs(cast):
    sheet = uploaded(cast.as_intake, [row(n) for n in range(1, 60)])
    with pytest.raises(Conflict):
        importing.start(sheet_id=sheet.pk, caller=cast.as_intake)
    mapped(sheet, cast.as_intake)
    with pytest.raises(Conflict):
        mapped(sheet, cast.as_intake)
    with pytest.raises(Conflict):
        importing.start(sheet_id=sheet.pk, caller=cast.as_intake)
    worked(sheet)
    importing.start(sheet_id=sheet.pk, caller=cast.as_intake)
    for again in (
        lambda: importing.start(sheet_id=sheet.pk, caller=cast.as_intake),
        lambda: mapped(sheet, cast.as_intake),
    ):
        with pytest.raises(Conflict):
            again()


@pytest.mark.parametrize(
    "who", ["officer", "head", "dispatcher", "director", "supervisor", "leader", "discipline", "auditor"]
)
def test_nobody_but_intake_imports(cast, who):
    with pytest.raises(Forbidden):
        uploaded(getattr(cast, f"as_{who}"), [row(1)])


def test_a_row_for_a_region_that_is_not_the_importers_stays_out(cast):
    clerk = User.objects.create_user("intake.330802", name="柯城受理员")
    clerk.grants.create(role="intake", region_id="330802")
    sheet = importing.upload(
        content=csv_of([[*row(1), "柯城区"], [*row(2), "衢江区"]], headings=[*HEADINGS, "区划"]),
        name="k.csv",
        caller=Caller(clerk),
        at=AT,
    )
    assert sheet.region_id == "330802"
    sheet = worked(mapped(sheet, Caller(clerk), region="330802"))
    assert states(sheet) == ["good", "bad"]


def test_the_report_is_safe_to_open(cast):
    evil = row(
        2, firm='=HYPERLINK("http://evil.example","点我")', person="@SUM(1)", phone="+1", text="-2+3+cmd|' /C calc'!A0"
    )
    sheet = imported(cast.as_intake, [row(1), evil, row(3, phone="\t=1+1")], twins="new")
    book = load_workbook(io.BytesIO(report.workbook(sheet)))
    lines = list(book.active.iter_rows())
    assert [cell.value for cell in lines[0][:4]] == ["行号", "结果", "诉求编号", "说明"]
    assert lines[1][2].value == Ticket.objects.get().number
    cells = [cell for line in lines[1:] for cell in line[1:] if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell.value for cell in cells if str(cell.value).startswith(("=", "+", "-", "@", "\t"))]
    assert "'=HYPERLINK" in str([cell.value for cell in lines[2]])


def test_cells_that_did_not_go_in_are_forgotten_after_a_month(cast):
    sheet = imported(cast.as_intake, [row(1, phone="无")])
    assert importing.forget(at=AT + timedelta(days=29)) == 0
    assert importing.forget(at=AT + timedelta(days=31)) == 1
    assert SheetRow.objects.get(sheet=sheet).cells == []


def test_a_batch_costs_no_more_for_a_bigger_sheet(cast, django_assert_max_num_queries):
    sheet = mapped(uploaded(cast.as_intake, [row(n) for n in range(1, 101)]), cast.as_intake)
    with django_assert_max_num_queries(importing.BATCH * 2 + 20):
        importing.work(sheet_id=sheet.pk, at=AT)


def test_what_has_changed_since_the_trial_keeps_a_row_out_and_stops_no_other(cast):
    """A category that is gone is a name like any wrong one."""
    category = Category.objects.filter(active=True, restricted=False).first()
    sheet = uploaded(cast.as_intake, [[*row(1), category.name], [*row(2), ""]], headings=[*HEADINGS, "类别"])
    worked(mapped(sheet, cast.as_intake))
    assert states(sheet) == ["good", "good"]
    Category.objects.filter(pk=category.pk).update(active=False)
    importing.start(sheet_id=sheet.pk, caller=cast.as_intake)
    worked(sheet)
    assert states(sheet) == ["bad", "made"]
    (problem,) = sheet.rows.get(number=2).problems
    assert problem["says"].startswith(f"没有“{category.name[:20]}”")


def test_who_may_no_longer_import_makes_no_request_of_what_was_started(cast):
    clerk = User.objects.create_user("intake.left", name="离任受理员")
    grant = clerk.grants.create(role="intake", region_id="330802")
    sheet = tried(Caller(clerk), [row(1)], region="330802")
    importing.start(sheet_id=sheet.pk, caller=Caller(clerk))
    grant.delete()
    worked(sheet)
    assert states(sheet) == ["bad"]
    (problem,) = sheet.rows.get().problems
    assert (problem["column"], problem["grave"]) == ("问题描述", True)
    assert not Ticket.objects.exists()
