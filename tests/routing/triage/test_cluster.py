"""Average-link clustering: the same clusters as merging the closest pair again and again, and words that say why."""

from __future__ import annotations

import random

import pytest

from routing.triage.cluster import closeness, clusters, gist, middle, rarity, shared_words, vectors

FLATS = [
    "人才公寓申请排队太久，希望增加房源。",
    "员工申请人才公寓排队半年，请增加房源。",
    "人才公寓排队时间太长，能否增加房源？",
]
OTHER = ["出口退税系统登录不上。", "园区北门路灯坏了半个月。"]


def plainly(of, least):
    """The definition: merge the two clusters with the highest average cosine while it is at least `least`."""
    groups = [[place] for place in range(len(of))]

    def average(one, other):
        return sum(closeness(of[a], of[b]) for a in one for b in other) / (len(one) * len(other))

    while len(groups) > 1:
        best, a, b = max(
            (average(groups[a], groups[b]), a, b) for a in range(len(groups)) for b in range(a + 1, len(groups))
        )
        if best < least:
            break
        groups[a] += groups.pop(b)
    return {frozenset(one) for one in groups if len(one) > 1}


@pytest.mark.parametrize("seed", range(12))
def test_the_same_as_the_definition(seed):
    draw = random.Random(seed)
    words = ["".join(draw.choices("甲乙丙丁戊己庚辛", k=3)) for _ in range(12)]
    texts = ["".join(draw.choices(words, k=5)) for _ in range(24)]
    of = vectors(texts)
    for least in (0.1, 0.25, 0.5):
        assert {frozenset(one) for one in clusters(of, least=least)} == plainly(of, least)


def test_alike_texts_are_together_and_others_are_not():
    assert clusters(vectors(FLATS + OTHER)) == [[0, 1, 2]]


@pytest.mark.parametrize("texts", [[], ["独自一件"], ["", "", ""], ["。", "！", "？"]])
def test_nothing_to_cluster(texts):
    assert clusters(vectors(texts)) == []


def test_the_same_text_many_times_is_one_cluster():
    assert clusters(vectors([FLATS[0]] * 5)) == [[0, 1, 2, 3, 4]]


def test_closeness_to_a_middle_is_the_average_cosine():
    known = rarity(FLATS + OTHER)
    of = vectors(FLATS, rarity=known)
    one = vectors([OTHER[0]], rarity=known)[0]
    assert closeness(one, middle(of)) == pytest.approx(sum(closeness(one, other) for other in of) / 3)
    assert middle([]) == {}
    assert vectors(["没见过的词"], rarity=known)[0]


def test_shared_words_are_the_longest_that_half_of_them_say():
    words = shared_words(FLATS + OTHER[:1])
    assert any("人才公寓" in word for word in words)
    assert "增加房源" in words
    assert not any(word in "出口退税系统登录不上" for word in words)
    assert shared_words([]) == []
    assert shared_words(["只有一件"]) == []
    assert "2026" not in shared_words(["2026年事", "2026年人"])


def test_the_title_counts_twice_and_only_the_opening_of_the_text():
    assert gist("标题", " " + "字" * 200) == "标题\n标题\n" + "字" * 80
