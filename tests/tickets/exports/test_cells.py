"""Cells that a spreadsheet might execute, and what becomes of them in both formats."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from tests.tickets.exports.taken import Csv
from tickets.services.exports.cells import Column, Tally, read, written
from tickets.services.exports.paper import Paper, csv_file
from tickets.services.exports.workbook import _letters, xlsx_file
from tickets.services.harmless import harmless

ACTIVE = tuple("=+-@\t\r\n|%＝＋－＠")
PAPER = Paper(
    title="诉求列表",
    name="DC.csv",
    watermark="水印：=王芳（supervisor） DC-1",
    asked_at=datetime(2026, 3, 31, 4, tzinfo=UTC),
    expected=1,
    head=[("理由", '=HYPERLINK("http://x"),\n# 假的一行'), ("筛选条件", "@SUM(1)")],
    columns=[Column("甲"), Column("乙"), Column("数", number=True)],
)
TEXT = st.text(st.characters(exclude_categories=[]), max_size=20)
BEGUN = st.builds(lambda head, rest: head + rest, st.sampled_from(["", *ACTIVE, " =", "\u200b=", "\x00="]), TEXT)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("=1+1", "'=1+1"),
        ("+86", "'+86"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "' =1"),
        ("\r=1", "'\n=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("\ufeff=1", "'=1"),
        ("资金缺口=1500万", "资金缺口=1500万"),
        ("a\x00\x1bb\ud800", "ab"),
        ("", ""),
    ],
)
def test_what_could_begin_a_formula_is_text(text, made):
    assert harmless(text) == made


@given(BEGUN)
def test_no_cell_begins_with_an_active_character_whatever_is_in_it(text):
    made = harmless(text)
    assert not made.startswith(ACTIVE)
    assert not made.lstrip().startswith(ACTIVE)
    assert "\r" not in made
    assert "\t" not in made
    made.encode()


@given(st.lists(st.lists(BEGUN, min_size=2, max_size=2), max_size=5))
def test_lines_are_read_as_they_were_written(rows):
    assert list(read(written(rows))) == [[harmless(cell) for cell in row] for row in rows]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(BEGUN, BEGUN, st.integers(0, 10**12).map(str)), max_size=4))
def test_files_of_any_cells_open_and_hold_no_formula(rows):
    block = [(len(rows), written(["行", *row[1:]] for row in rows))]
    file = Csv(b"".join(csv_file(PAPER, block, Tally())))
    assert file.rows == [["行", harmless(one), number] for _, one, number in rows]
    assert file.said["SM3"].replace(" ", "") == file.hash
    book = load_workbook(io.BytesIO(b"".join(xlsx_file(PAPER, block, Tally()))))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert all(not str(cell.value or "").startswith(ACTIVE) for cell in cells)
    assert [row[2].value for row in book["数据"].iter_rows(min_row=3)] == [int(number) for *_, number in rows]


def test_remarks_are_one_line_and_one_cell_each_whatever_was_typed():
    content = b"".join(csv_file(PAPER, [], Tally())).decode("utf-8-sig")
    remarks = [line for line in content.splitlines() if line.startswith("# ")]
    assert "# 理由：=HYPERLINK(”http://x”)， # 假的一行" in remarks
    assert all("," not in line and '"' not in line for line in remarks)
    assert len(content.splitlines()) == len(remarks) + 1  # and the heading


def test_columns_have_the_names_that_spreadsheets_give_them():
    assert [_letters(n) for n in (1, 26, 27, 52, 53, 703)] == ["A", "Z", "AA", "AZ", "BA", "AAA"]
