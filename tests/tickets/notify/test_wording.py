"""Words with placeholders: what may stand in them, and that nothing is ever run."""

from __future__ import annotations

import pytest

from tickets.wording import AT_HAND, BadWording, check, fill, placeholders


def test_placeholders_are_found_once_and_in_order():
    assert placeholders("{number}：{title}（{number}）") == ("number", "title")


@pytest.mark.parametrize("text", ["{firm}", "{}", "{number.__class__}", "{number!r}", "{title:>99999}", "{ number }"])
def test_an_unknown_placeholder_is_named(text):
    with pytest.raises(BadWording, match="不是可用的占位符"):
        fill(text, {"number": "QH-1"})


@pytest.mark.parametrize("text", ["{number", "number}", "{{number}}", "}{"])
def test_a_lone_brace_is_an_error(text):
    with pytest.raises(BadWording):
        placeholders(text)


def test_what_a_value_contains_is_not_read_again():
    assert fill("{title}", {"title": "{number} {% now %} {{ x }}", "number": "QH-1"}) == "{number} {% now %} {{ x }}"


def test_some_places_allow_fewer():
    with pytest.raises(BadWording, match="到期时间"):
        check("{due}", allowed=AT_HAND)
