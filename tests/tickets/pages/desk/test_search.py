"""Finding a request by any one or two characters, without telling who a shielded firm is."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests import make


@pytest.mark.parametrize(
    "typed",
    ["贷", "过桥", "先还后贷", "850万", "线束", "QH-2026", "2026", "先还 850", "安捷线束有限", "ABC", "abc-12"],
)
def test_any_part_of_number_title_text_or_firm_finds_it(at, cast, typed):
    make.assigned(title="月底流贷到期", text="先还后贷接不上，需要过桥资金850万。设备型号ABC-12。")
    make.assigned(title="别的事", text="完全无关的内容在此。", enterprise_name="开化山泉包装")
    found = at(cast.officer).titles(f"view=all&q={typed}")
    assert "月底流贷到期" in found
    assert ("别的事" in found) == (typed in {"QH-2026", "2026"})


@pytest.mark.parametrize("typed", ["后先", "贷还后先", "850亿", "%", "_", "'", "\\", "' | '", "&", "!贷", ":*", "<b>"])
def test_what_is_not_written_there_is_not_found(at, cast, typed):
    make.assigned(title="月底流贷到期", text="先还后贷接不上，需要过桥资金850万。")
    assert at(cast.officer).titles(f"view=all&q={quote(typed)}") == []


def test_characters_that_mean_something_to_the_database_are_plain_text(at, cast):
    make.assigned(title="it's 100% done", text=r"路径 C:\data 与 a_b & c|d")
    desk = at(cast.officer)
    for typed in ("it's", "100%", r"c:\data", "a_b", "&", "c|d"):
        assert desk.titles(f"view=all&q={quote(typed)}") == ["it's 100% done"], typed


def test_a_search_stays_within_the_view_and_offers_all_of_them(at, cast):
    make.closed(title="已办结的贷款")
    page = at(cast.officer).get("/desk/?view=mine&q=贷款")
    assert page.context["rows"] == []
    assert "在全部诉求中找" in page.content.decode()
    assert at(cast.officer).titles(page.context["everywhere"].partition("?")[2]) == ["已办结的贷款"]


@pytest.mark.parametrize("typed", ["安", "安捷", "安捷线束", "衢州安捷线束有限公司"])
def test_a_shielded_firm_cannot_be_found_by_its_name(at, cast, typed):
    make.assigned(title="请保密", text="检查频次太高。", shielded=True)
    for person in (cast.officer, cast.head, cast.dispatcher, cast.director, cast.leader):
        assert at(person).titles(f"view=all&q={typed}") == []
    for person in (cast.intake, cast.supervisor):
        assert at(person).titles(f"view=all&q={typed}") == ["请保密"]
    assert at(cast.officer).titles("view=all&q=检查频次") == ["请保密"]


def test_part_of_the_name_joined_with_a_word_of_the_text_tells_nothing_either(at, cast):
    make.assigned(title="请保密", text="检查频次太高。", shielded=True)
    assert at(cast.officer).titles("view=all&q=检查 安捷") == []


def test_a_shielded_firm_has_an_alias_and_no_telephone_for_its_department(at, cast):
    ticket = make.signed(shielded=True)
    for person in (cast.officer, cast.head, cast.dispatcher):
        desk = at(person)
        for page in (desk.get(f"/desk/t/{ticket.number}/"), desk.get("/desk/?view=all")):
            text = page.content.decode()
            assert "身份保密企业" in text
            assert not any(word in text for word in ("安捷线束", "李娜", "13800000000", "138****0000"))
    assert "安捷线束" in at(cast.intake).get(f"/desk/t/{ticket.number}/").content.decode()
