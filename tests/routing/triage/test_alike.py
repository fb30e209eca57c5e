"""Similarity: what counts as alike, measured on the project's own requests."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest

from routing.triage.alike import ANY_FIRM, SAME_FIRM, firm_key, firm_words, grams, likeness

REQUESTS = json.loads((Path(__file__).parents[2] / "data" / "requests_dev.json").read_text(encoding="utf-8"))


def score(one: str, other: str) -> float:
    return likeness(grams(one), grams(other))


def test_the_same_words_are_alike_however_they_are_typed():
    assert score("新产线扩建，资金缺口1500万元。", "新产线扩建  资金缺口１５００万元") == pytest.approx(1.0)


def test_a_retold_matter_is_alike_and_another_matter_is_not():
    told = "园区北门路灯坏了半个月，夜班员工下班看不清路，希望尽快维修。"
    retold = "夜班员工反映园区北门的路灯坏了，请尽快维修路灯。"
    assert score(told, retold) > ANY_FIRM
    assert score(told, "技改补助公示后一直没有到账，请查一下卡在哪里。") < SAME_FIRM


def test_likeness_is_symmetric_and_nothing_is_like_no_text():
    one, other = "招工难，产线缺一百多人", "产线招工难"
    assert score(one, other) == score(other, one)
    assert score("", other) == score("。！", other) == score("", "") == 0.0


def test_no_two_different_matters_of_the_project_count_as_alike_even_of_one_firm():
    """105 pairs, 1 real duplicate told in other words: it scores like a stranger, so the firm's name must find it."""
    pairs = list(combinations(REQUESTS, 2))
    same = [(a, b) for a, b in pairs if b["duplicate_of"] == a["id"]]
    assert len(pairs) == 105
    assert [(a["id"], b["id"]) for a, b in same] == [("ENT-07", "ENT-08")]
    assert [score(a["text"], b["text"]) for a, b in pairs if score(a["text"], b["text"]) >= SAME_FIRM] == []


@pytest.mark.parametrize("typed", ["浙江安捷（衢州）有限公司", "浙江安捷(衢州)有限公司", " 浙江安捷 (衢州)有限公司"])
def test_one_firm_in_three_spellings(typed):
    assert firm_key(typed) == "浙江安捷衢州有限公司"
    assert firm_words(typed) == ["浙江安捷", "衢州", "有限公司"]
