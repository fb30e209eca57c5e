"""Columns: guessed from their headings, and what is in the wrong one is noticed."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from tests import make
from tests.tickets.sheets.files import row
from tickets.access import regions_entered_by
from tickets.services.sheets.checking import Words, parsed, read_row
from tickets.services.sheets.columns import guess, looks

COLUMNS = ["reference", "enterprise_name", "contact_name", "contact_phone", "text", "received_at"]
NAMES = ["工单编号", "企业名称", "联系人", "联系电话", "问题描述", "来电时间"]
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("企业名称*", "enterprise_name"),
        ("联系电话（必填）", "contact_phone"),
        (" 问题 描述 ", "text"),
        ("统一社会信用代码", "uscc"),
        ("来电时间：", "received_at"),
        ("序号", ""),
        ("", ""),
    ],
)
def test_headings_are_guessed(heading, field):
    assert guess([heading]) == [field]


def test_a_field_is_guessed_once_and_a_saved_choice_comes_first():
    assert guess(["电话", "手机"]) == ["contact_phone", ""]
    assert guess(["甲", "电话"], {"甲": "contact_phone", "电话": ""}) == ["contact_phone", ""]
    assert guess(["甲"], {"甲": "no_such_field"}) == [""]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        *(("13800000000", "phone"), ("0570-3012345", "phone"), ("138 0000 0000", "phone")),
        *(("91330800MA28F0000X", "uscc"), ("2026-03-02 09:30", "date"), ("2026/3/2", "date")),
        *(("衢州安捷线束有限公司", "firm"), ("浙江红五环集团", "firm")),
        *(("李娜", ""), ("请尽快帮助我们公司", ""), ("GD-0001", ""), ("", "")),
    ],
)
def test_what_a_value_looks_like(value, kind):
    assert looks(value) == kind


@pytest.fixture
def words(cast):
    return Words.within(list(regions_entered_by(cast.intake, "import")), ["hotline", "import"])


def reading(words, cells, columns=COLUMNS, names=NAMES):
    return read_row(
        cells, headings=names, columns=columns, words=words, channel="import", region="330800", at=make.MONDAY
    )


def told(read) -> list[tuple[str, str]]:
    return [(str(p["column"]), str(p["says"])) for p in read.problems]


def test_a_good_row_is_a_filing(words):
    read = reading(words, row(1))
    assert read.problems == []
    assert (read.filed.enterprise_name, read.filed.contact_phone) == ("衢州第1机械有限公司", "13900000001")
    assert (read.heard.reference, read.heard.received_at.isoformat()) == ("GD-0001", "2026-03-02T08:30:00+08:00")


def test_shifted_columns_are_caught_cell_by_cell(words):
    """One cell was deleted and the row moved to the left: no column holds what its heading says."""
    cells = row(1)
    read = reading(words, [*cells[1:], ""])
    assert read.filed is None
    assert dict(told(read)) == {
        "工单编号": "看起来是企业名称，可能错列了。",
        "联系人": "看起来是电话，可能错列了。",
        "问题描述": "看起来是日期，可能错列了。",
    }


def test_shifted_to_the_right_is_caught_too(words):
    read = reading(words, ["", *row(1)[:-1]])
    assert {column for column, _ in told(read)} == {"联系人", "问题描述"}
    assert read.filed is None


@pytest.mark.parametrize(
    ("more", "column", "says"),
    [
        ({"person": "13900000001"}, "联系人", "看起来是电话"),
        ({"phone": "王芳"}, "联系电话", "11 位手机号"),
        ({"phone": "1.39E+10"}, "联系电话", "11 位手机号"),
        ({"firm": ""}, "企业名称", "请填写企业全称"),
        ({"text": "急"}, "问题描述", "至少 5 个字"),
        ({"text": "长" * 2001}, "问题描述", "最多 2000 个字"),
        ({"text": "=1+1"}, "问题描述", "是公式"),
        ({"person": "#REF!"}, "联系人", "错误值"),
        ({"at": "上周三"}, "来电时间", "认不出是什么时间"),
        ({"at": "46083"}, "来电时间", "认不出是什么时间"),
        ({"at": "2027-01-01"}, "来电时间", "晚于现在"),
        ({"reference": "9" * 61}, "工单编号", "最多 60 个字"),
    ],
)
def test_each_fault_is_told_with_its_column(words, more, column, says):
    read = reading(words, row(1, **more))
    assert read.filed is None
    assert [c for c, _ in told(read)] == [column]
    assert says in told(read)[0][1]


def test_a_row_without_a_time_was_heard_now(words):
    assert reading(words, row(1, at="")).heard.received_at == make.MONDAY


def test_a_row_that_ends_early_says_what_is_missing(words):
    read = reading(words, row(1)[:4])
    assert read.filed is None
    assert told(read) == [("问题描述", "没有对应的栏目。")]


def test_a_credit_code_that_became_a_number_or_fails_its_check_digit(words):
    columns, names = [*COLUMNS, "uscc"], [*NAMES, "信用代码"]
    lost = reading(words, [*row(1), "9.133E+17"], columns, names)
    assert lost.filed is None
    assert "末几位已丢失" in told(lost)[0][1]
    short = reading(words, [*row(1), "9133"], columns, names)
    assert short.filed is None
    assert told(short) == [("信用代码", "统一社会信用代码是 18 位数字和大写字母，不含 I、O、S、V、Z。")]
    doubtful = reading(words, [*row(1), "91330800MA28F00001"], columns, names)
    assert doubtful.filed.uscc == "91330800MA28F00001"
    assert "校验位对不上" in told(doubtful)[0][1]


def test_names_of_the_organisation_stand_for_their_codes(words):
    columns = [*COLUMNS, "channel", "chain_tag", "category", "region", "urgent"]
    names = [*NAMES, "渠道", "链", "类别", "区划", "紧急"]
    read = reading(words, [*row(1), "12345-8", "资金链", "FIN-01", "柯城区", "特急"], columns, names)
    filed = read.filed
    assert (filed.channel, filed.chain_tag, filed.category, filed.region) == ("hotline", "capital", "FIN-01", "330802")
    assert filed.urgent
    wrong = reading(words, [*row(1), "微信", "粮食链", "SRV-04", "杭州", "也许"], columns, names)
    assert [column for column, _ in told(wrong)] == ["渠道", "链", "类别", "区划", "紧急"]


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026-03-02 09:30", "2026-03-02T09:30:00+08:00"),
        ("2026/3/2 9:30", "2026-03-02T09:30:00+08:00"),
        ("2026年3月2日", "2026-03-02T00:00:00+08:00"),
        ("2026年3月2日9时30分", "2026-03-02T09:30:00+08:00"),
        ("20260302", "2026-03-02T00:00:00+08:00"),
        ("2026-03-02T01:30:00Z", "2026-03-02T01:30:00+00:00"),
        ("2026-03-02T01:30:00+02:00", "2026-03-02T01:30:00+02:00"),
    ],
)
def test_moments_as_tables_write_them(typed, moment):
    assert parsed(typed, SHANGHAI).isoformat() == moment


@pytest.mark.parametrize("typed", ["", "昨天", "2026-13-01", "2026-02-30", "25:00", "3/2/2026"])
def test_what_is_no_moment(typed):
    assert parsed(typed, SHANGHAI) is None
