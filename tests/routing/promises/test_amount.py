"""How long a promise is, as people and tables write it."""

import pytest

from routing.promises.amount import Amount, PromiseError, Unit, parse_amount


@pytest.mark.parametrize(
    ("text", "value", "unit", "words"),
    [
        ("30min", 30, Unit.MIN, "30 分钟"),
        ("24h", 24, Unit.H, "24 小时"),
        ("2wh", 2, Unit.WH, "2 个工作小时"),
        ("3d", 3, Unit.D, "3 天"),
        ("5wd", 5, Unit.WD, "5 个工作日"),
        (" 0 wh ", 0, Unit.WH, "0 个工作小时"),
    ],
)
def test_written_and_read_back(text, value, unit, words):
    amount = parse_amount(text)
    assert (amount.value, amount.unit, amount.words()) == (value, unit, words)
    assert parse_amount(str(amount)) == amount


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("5weeks", "未知的时限单位"),
        ("5WD", "看不懂"),
        ("wd", "看不懂"),
        ("5", "看不懂"),
        ("1.5h", "看不懂"),
        ("", "看不懂"),
        ("９h", "看不懂"),
        ("-1h", "不能为负"),
        ("-1wd", "不能为负"),
        ("0d", "至少为 1"),
        ("0wd", "至少为 1"),
    ],
)
def test_nonsense_is_refused_in_words(text, complaint):
    with pytest.raises(PromiseError, match=complaint):
        parse_amount(text)


def test_an_amount_made_by_hand_is_checked_too():
    with pytest.raises(ValueError, match="不能为负"):
        Amount(-1, Unit.MIN)
