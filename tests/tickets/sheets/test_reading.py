"""Reading tables: every kind of bad file has its own words, and nothing dangerous is opened."""

from __future__ import annotations

import time
from datetime import date, datetime
from datetime import time as of_day

import pytest

from tests.tickets.sheets.files import HEADINGS, csv_of, row, with_part, xlsx
from tickets.services.sheets import reading
from tickets.services.sheets.reading import Unreadable, read


def refused(content: bytes) -> str:
    with pytest.raises(Unreadable) as said:
        read(content)
    return said.value.message


def test_a_workbook_and_a_csv_say_the_same():
    rows = [row(1), row(2)]
    for content in (xlsx(rows), csv_of(rows), csv_of(rows, encoding="gb18030"), csv_of(rows, encoding="utf-16")):
        table = read(content)
        assert list(table.headings) == list(HEADINGS)
        assert [cells for _, cells in table.rows] == rows
        assert [number for number, _ in table.rows] == [2, 3]


def test_dates_numbers_and_truths_come_as_people_read_them():
    moment = datetime.fromisoformat("2026-03-02 08:30")  # as a spreadsheet has it: of no zone
    cells = [moment, date(2026, 3, 2), 13900000001, 13900000001.0, 12.5, True, None, "  字  "]
    table = read(xlsx([cells], headings=list("abcdefgh")))
    assert table.rows[0][1] == [
        *("2026-03-02 08:30", "2026-03-02 00:00", "13900000001", "13900000001", "12.5", "是", "", "字"),
    ]


def test_a_formula_is_kept_as_a_formula_and_never_computed():
    table = read(xlsx([row(1, text='=HYPERLINK("http://evil","x")')]))
    assert table.rows[0][1][4].startswith("=HYPERLINK")


def test_empty_rows_are_passed_over_and_rows_keep_their_number_in_the_file():
    table = read(xlsx([row(1), [], ["", " "], row(2)]))
    assert [number for number, _ in table.rows] == [2, 5]


def test_a_title_above_the_headings_is_passed_over():
    table = read(xlsx([list(HEADINGS), row(1)], headings=["衢州市企业诉求登记表（三月）"]))
    assert list(table.headings) == list(HEADINGS)
    assert "表头在第 2 行" in table.notes[0]


def test_merged_cells_are_told():
    def merge(book):
        book.active.merge_cells("B2:B3")

    table = read(xlsx([row(1), row(2)], then=merge))
    assert "B2:B3" in table.notes[0]
    assert table.rows[1][1][1] == ""


def test_a_second_worksheet_is_told():
    assert "其余 1 张没有读" in read(xlsx([row(1)], then=lambda book: book.create_sheet("二"))).notes[0]


def test_headings_that_repeat_or_are_missing_are_told_apart():
    table = read(xlsx([["a", "b", "c", "d"]], headings=["电话", "", "电话"]))
    assert list(table.headings) == ["电话", "第 2 栏", "电话（2）", "第 4 栏"]


def test_ten_thousand_rows_and_no_more():
    assert len(read(csv_of(row(n) for n in range(10_000))).rows) == 10_000
    assert "超过 10000 行" in refused(csv_of(row(n) for n in range(10_001)))
    with pytest.raises(Unreadable, match="超过 20 行"):
        read(xlsx(row(n) for n in range(21)), reading.Limits(20, 2**20, 2**20))


def test_a_million_blank_rows_cost_nothing():
    def far(book):
        book.active.cell(row=1_000_000, column=1, value=" ")

    started = time.monotonic()
    assert len(read(xlsx([row(1)], then=far)).rows) == 1
    assert time.monotonic() - started < 5


def test_a_huge_file_is_refused_unread():
    assert "超过 10 MB" in refused(b"a" * (reading.FILE_MAX + 1))


def test_too_many_columns():
    assert "超过 60 栏" in refused(xlsx([["x"] * 61], headings=["y"] * 61))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "没有内容"),
        (b"\r\n,,\r\n", "没有内容"),
        ("企业名称,联系人\r\n".encode(), "只有表头"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "另存为不加密的 .xlsx"),
        (b"%PDF-1.7\n\x00\x01", "不是表格文件"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "不是表格文件"),
        (b"PK\x03\x04" + b"x" * 50, "已损坏"),
        (b"\xff\xff\xff\xfe\x80\x81" * 30, "文字编码认不出来"),
        ("企业,".encode("gb18030") + b"\x01\x02\x03" * 4, "文字编码认不出来"),
        ("企业名称,联系人\r\n甲,乙".encode("utf-16")[:-1], "文字编码认不出来"),
        (b'a,b\r\n"' + b"x" * 200_000 + b'",c', "引号或换行不对"),
    ],
)
def test_what_is_no_table_is_told_in_its_own_words(content, says):
    assert says in refused(content)


def test_a_cut_off_workbook():
    assert "已损坏" in refused(xlsx([row(1)])[:-200])


def test_a_zip_that_is_no_workbook():
    assert "不是表格文件" in refused(with_part(b"PK\x05\x06" + b"\0" * 18, "a.txt", b"a"))


def test_a_password_is_told():
    content = bytearray(xlsx([row(1)]))
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    assert refused(bytes(content)) == "文件加了密码，请去掉密码再导入。"


def test_pictures_in_a_workbook_are_passed_over():
    assert len(read(with_part(xlsx([row(1)]), "xl/media/image1.png", b"<!DOCTYPE")).rows) == 1


def test_a_time_of_day_is_written_as_such():
    table = read(xlsx([[of_day(8, 30), "b"]], headings=["a", "b"]))
    assert table.rows[0][1] == ["08:30:00", "b"]


def test_macros_are_not_opened():
    assert "宏" in refused(with_part(xlsx([row(1)]), "xl/vbaProject.bin", b"\xcc\x61"))


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"])
def test_an_entity_bomb_is_not_expanded(part):
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
    assert "实体声明" in refused(with_part(xlsx([row(1)]), part, bomb))


def test_a_declaration_further_down_is_found_too():
    late = b'<?xml version="1.0"?>' + b" " * (2**20 - 25) + b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"
    assert "实体声明" in refused(with_part(xlsx([row(1)]), "xl/worksheets/sheet1.xml", late))


def test_a_zip_bomb_is_not_unpacked():
    started = time.monotonic()
    assert "展开后过大" in refused(with_part(xlsx([row(1)]), "xl/media/x.xml", b"\0" * (121 * 2**20)))
    assert time.monotonic() - started < 10
