"""Short exports: the list's own rows, marked, hashed and on record, whether they arrive or break off."""

from __future__ import annotations

import pytest
from openpyxl.utils import get_column_letter

from qihu.audit.models import Action, Entry
from qihu.errors import Forbidden, Invalid
from tests import make
from tests.people import user
from tests.tickets.exports.taken import AT, MARCH, WHY, Csv, Xlsx, a_month, all_of, plain, sent
from tickets.access import Caller, visible_to
from tickets.figures import PERIODS, Part, live_or, opened, report
from tickets.figures.scope import counted_for, seen_by
from tickets.models import Export, Ticket
from tickets.services.exports import asking, columns, fetching, picking

pytestmark = pytest.mark.django_db


def entries() -> list[Entry]:
    return list(Entry.objects.filter(action=Action.EXPORTED).order_by("pk"))


def test_a_list_leaves_with_all_its_rows_in_order():
    a_month()
    content, made = sent(all_of("supervisor"), "supervisor")
    file = Csv(content)
    listed = [t.number for t in visible_to(user("supervisor")).newest_first()]
    assert file.column("编号") == listed
    assert (made.rows, made.expected, len(file.rows)) == (7, 7, 7)
    assert file.column("标题")[0] == Ticket.objects.get(number=listed[0]).filing.title
    assert set(file.column("企业")) == {"衢州安捷线束有限公司"}
    assert file.column("状态")[-1]


def test_every_file_says_who_when_why_what_and_by_which_definitions():
    a_month()
    content, made = sent(all_of("supervisor"), "supervisor")
    said = Csv(content).said
    person = user("supervisor")
    assert said["导出编号"] == made.number == f"DC-20260331-{made.pk:06d}"
    assert said["导出人"] == f"{person.name}（supervisor）"
    assert said["导出时间"] == said["数据截止"] == said["知悉截止"] == "2026-03-31 12:00:00"
    assert (said["理由"], said["筛选条件"], said["口径版本"]) == (WHY, "全部诉求", "第 1 版")
    assert (said["应有行数"], said["行数"]) == ("7", "7")
    assert "supervisor" in said["水印"]
    assert made.number in said["水印"]
    assert content.count("水印：".encode()) == 2  # the first line and the last


def test_the_hash_is_that_of_the_rows_in_file_row_and_audit_entry():
    a_month()
    content, made = sent(all_of("supervisor"), "supervisor")
    file = Csv(content)
    assert plain(file.said["SM3"]) == file.hash == bytes(made.digest).hex()
    assert plain(entries()[-1].after["sm3"]) == file.hash


def test_both_formats_have_the_same_rows_and_hash():
    a_month()
    text, _ = sent(all_of("supervisor"), "supervisor")
    content, made = sent(all_of("supervisor"), "supervisor", form="xlsx")
    book, file = Xlsx(content), Csv(text)
    assert book.heading == file.heading
    assert [[str(cell or "") for cell in row] for row in book.rows] == file.rows
    assert book.hash == plain(book.said["SM3"]) == file.hash == bytes(made.digest).hex()
    assert book.rows[0][book.heading.index("办理轮次")] == 1  # a number to the spreadsheet


def test_a_workbook_is_marked_where_one_sees_it_and_where_it_is_printed():
    a_month()
    content, made = sent(all_of("supervisor"), "supervisor", form="xlsx")
    book = Xlsx(content)
    for mark in (book.mark, book.said["水印"], *margins(book.sheet), *margins(book.book["说明"])):
        assert made.number in mark
        assert "supervisor" in mark
    assert book.sheet.freeze_panes == "A3"
    assert book.sheet.auto_filter.ref == f"A2:{get_column_letter(len(book.heading))}{len(book.rows) + 2}"


def margins(sheet) -> tuple[str, str]:
    return sheet.oddHeader.center.text, sheet.oddFooter.center.text


def test_it_is_on_record_before_the_first_byte_and_at_the_end():
    a_month()
    way = asking.export(picked=all_of("leader"), caller=Caller(user("leader")), at=AT, form="csv", reason=WHY)
    (begun,) = entries()
    made = Export.objects.get()
    assert (begun.actor, begun.kind, begun.key) == (user("leader"), "tickets.export", made.number)
    assert begun.after["state"] == "begun"
    assert (begun.after["rows"], begun.after["what"], begun.after["format"]) == (7, "tickets", "csv")
    assert begun.reason.body == f"{WHY}（筛选：全部诉求）"
    list(way)
    last = entries()[-1]
    assert (last.after["state"], last.after["rows"], last.key) == ("sent", 7, made.number)
    way.close()
    assert len(entries()) == 2


@pytest.mark.parametrize("pieces", [0, 1, 2])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_broken_off_stream_is_on_record_as_unfinished(form, pieces):
    a_month()
    way = asking.export(picked=all_of("leader"), caller=Caller(user("leader")), at=AT, form=form, reason=WHY)
    for _ in range(pieces):
        next(way)
    way.close()
    made = Export.objects.get()
    assert (made.state, made.digest) == ("broken", None)
    assert [entry.after["state"] for entry in entries()] == ["begun", "broken_off"]
    assert "sm3" not in entries()[-1].after


def test_a_stream_that_fails_is_on_record_and_fails(monkeypatch):
    a_month()
    way = asking.export(picked=all_of("leader"), caller=Caller(user("leader")), at=AT, form="csv", reason=WHY)

    def fail(*_: object) -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr(columns, "found", fail)
    with pytest.raises(RuntimeError):
        list(way)
    assert [entry.after["state"] for entry in entries()] == ["begun", "broken_off"]


def test_a_server_that_died_is_noticed_within_the_hour():
    a_month()
    asking.export(picked=all_of("leader"), caller=Caller(user("leader")), at=AT, form="csv", reason=WHY)
    assert fetching.forget(at=AT) == 0
    assert fetching.forget(at=AT + 2 * fetching.DIED_AFTER) == 1
    assert Export.objects.get().state == "broken"
    assert entries()[-1].after["state"] == "broken_off"


@pytest.mark.parametrize("reason", ["", "  ", "月报", " 月 \n\n ", "长" * 201])
def test_without_a_proper_reason_nothing_leaves(reason):
    a_month()
    with pytest.raises(Invalid) as refused:
        asking.export(picked=all_of("leader"), caller=Caller(user("leader")), at=AT, form="csv", reason=reason)
    assert refused.value.fields["reason"] == "请写明导出的理由，4 至 200 个字。"
    assert not Export.objects.exists()
    assert not entries()


def test_an_unknown_format_is_refused():
    with pytest.raises(Invalid) as refused:
        asking.export(picked=all_of("leader"), caller=Caller(user("leader")), at=AT, form="pdf", reason=WHY)
    assert "csv 或 xlsx" in refused.value.fields["format"]


def test_more_than_the_limit_is_refused_with_the_count_and_advice(settings):
    a_month()
    settings.EXPORT_LIMIT = 6
    with pytest.raises(Invalid) as refused:
        sent(all_of("leader"), "leader")
    assert refused.value.code == "export-too-large"
    assert "共 7 行" in refused.value.message
    assert "上限 6 行" in refused.value.message
    assert "缩短时段" in refused.value.message
    assert not Export.objects.exists()
    settings.EXPORT_LIMIT = 7
    sent(all_of("leader"), "leader")


def test_restricted_requests_never_leave_not_even_with_a_supervisor():
    a_month()
    secret = make.routed(qr="DEMO-SERVICE", category="SRV-04")
    assert secret.restricted
    assert visible_to(user("supervisor")).filter(pk=secret.pk).exists()
    content, made = sent(all_of("supervisor"), "supervisor")
    assert secret.number not in content.decode()
    assert made.rows == made.expected == 7
    with pytest.raises(Forbidden):
        all_of("auditor")
    assert sent(all_of("officer.discipline"), "officer.discipline")[1].rows == 0


def test_a_request_restricted_between_asking_and_sending_stays_and_is_told():
    a_month()
    picked = all_of("supervisor")
    Ticket.objects.filter(pk=Ticket.objects.earliest("pk").pk).update(restricted=True)
    file = Csv(sent(picked, "supervisor")[0])
    assert (len(file.rows), file.said["行数"], file.said["应有行数"]) == (6, "6", "7")
    assert file.said["未列出"] == "1 件在导出时已不再可见，未列出"


@pytest.mark.parametrize(("who", "known"), [("supervisor", True), ("intake", True), ("leader", False)])
def test_a_shielded_firm_is_hidden_as_on_the_list(who, known):
    make.routed(shielded=True, uscc="91330800MA2DH0AQ7M")
    file = Csv(sent(all_of(who), who)[0])
    assert ("安捷" in file.column("企业")[0]) is known
    assert bool(file.column("统一社会信用代码")[0]) is known


def test_nothing_of_people_of_firms_is_in_it():
    a_month()
    content = sent(all_of("officer.finance"), "officer.finance")[0].decode()
    assert "李娜" not in content
    assert "13800000000" not in content
    assert make.TEXT not in content


def test_officers_are_in_lists_of_work_and_not_behind_figures():
    a_month()
    assert "经办" in Csv(sent(all_of("leader"), "leader")[0]).heading
    asked = MARCH | {"figure": "submitted", "part": "denominator"}
    assert "经办" not in Csv(sent(picking.of_number(user("leader"), asked, at=AT), "leader")[0]).heading


@pytest.mark.parametrize("figure", ["submitted", "solved", "on_time", "satisfied_result", "overdue"])
@pytest.mark.parametrize("part", [str(one) for one in Part])
@pytest.mark.parametrize("who", ["leader", "head.talent"])
def test_rows_behind_a_number_are_that_number(figure, part, who):
    a_month()
    person = user(who)
    asked = MARCH | {"figure": figure, "part": part}
    shown = opened(
        live_or(**MARCH, at=AT),
        figure=figure,
        part=part,
        scope=counted_for(person),
        seen=seen_by(person),
    )
    file = Csv(sent(picking.of_number(person, asked, at=AT), who)[0])
    assert file.column("编号") == [t.number for t in shown.tickets]
    assert len(file.rows) == shown.total
    assert "时段 2026-03-01 至 2026-03-31" in file.said["筛选条件"]


def test_rows_of_one_group_and_of_what_waits_now():
    a_month()
    person = user("leader")
    asked = MARCH | {"figure": "submitted", "part": "numerator", "by": "department", "value": "talent"}
    file = Csv(sent(picking.of_number(person, asked, at=AT), "leader")[0])
    assert set(file.column("主办部门")) == {"人社局"}
    assert len(file.rows) == 2
    assert file.said["筛选条件"] == "收到（计入分子）；时段 2026-03-01 至 2026-03-31；部门：人社局"
    waiting = Csv(sent(picking.of_number(person, {"figure": "triage_now"}, at=AT), "leader")[0])
    assert (len(waiting.rows), waiting.said["筛选条件"]) == (1, "等待研判交办")


def test_the_figures_leave_as_the_board_counts_them():
    a_month()
    person = user("leader")
    file = Csv(sent(picking.of_figures(person, MARCH | {"by": "department"}, at=AT), "leader")[0])
    counted = report(live_or(**MARCH, at=AT), by=["department"], scope=counted_for(person))
    whole = {row[0]: row for row in file.rows if row[2] == "全部"}
    place = {name: n for n, name in enumerate(file.heading)}
    for code, figure in counted.figures.items():
        assert whole[code][place["件数"]] == str(figure.hits)
        assert whole[code][place["分母"]] == str(figure.denominator)
        assert whole[code][place["口径"]] == figure.sentence
    groups = {(row[3], row[0]): row[place["件数"]] for row in file.rows if row[2] == "部门"}
    for group in counted.groups["department"]:
        for code, figure in group.figures.items():
            assert groups[group.value, code] == str(figure.hits)
    assert file.said["口径版本"] == f"第 {counted.edition} 版"
    assert picking.of_figures(person, MARCH | {"by": next(iter(PERIODS))}, at=AT).total


@pytest.mark.parametrize("who", ["officer.finance", "auditor", "sysadmin", "officer.discipline"])
def test_who_has_no_board_exports_no_figures(who):
    a_month()
    for pick in (picking.of_figures, picking.of_number):
        with pytest.raises(Forbidden):
            pick(user(who), MARCH | {"figure": "submitted"}, at=AT)


def test_figures_by_officer_are_their_heads_alone():
    a_month()
    asked = MARCH | {"by": "officer"}
    assert picking.of_figures(user("head.finance"), asked, at=AT).lines
    for pick in (picking.of_figures, picking.of_number):
        with pytest.raises(Forbidden):
            pick(user("leader"), asked | {"figure": "submitted", "value": ""}, at=AT)


@pytest.mark.parametrize(
    "wrong",
    [{"by": "horoscope"}, {"since": "2026-04-01", "until": "2026-03-01"}, {"since": "x"}, {"as_of": "gestern"}],
)
def test_bad_input_is_refused(wrong):
    with pytest.raises(Invalid):
        picking.of_figures(user("leader"), MARCH | wrong, at=AT)
    with pytest.raises(Invalid):
        picking.of_number(user("leader"), MARCH | {"figure": "submitted", "value": ""} | wrong, at=AT)


def test_nothing_to_export_is_a_file_that_says_so():
    content, made = sent(all_of("leader"), "leader", form="xlsx")
    book = Xlsx(content)
    assert (book.rows, made.rows, book.said["行数"]) == ([], 0, "0")
