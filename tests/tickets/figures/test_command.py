"""`manage.py figures`: JSON for scripts, lines for people, one clear line for bad input."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests import make

pytestmark = pytest.mark.django_db
MARCH = {"since": "2026-03-01", "until": "2026-04-01"}


def said(**more: object) -> str:
    out = StringIO()
    call_command("figures", stdout=out, **(MARCH | more))
    return out.getvalue()


def test_json_has_every_figure_and_the_groups_asked_for():
    make.closed()
    body = json.loads(said(json=True, by="department"))
    assert {f["code"]: f["numerator"] for f in body["figures"]}["closed"] == 1.0
    assert [(g["value"], g["label"]) for g in body["groups"]["department"]] == [("finance", "金融办")]


def test_as_of_goes_back_in_time():
    make.closed()
    body = json.loads(said(json=True, as_of="2026-03-02T10:20:00+08:00"))
    assert {f["code"]: f["numerator"] for f in body["figures"]}["closed"] == 0.0


def test_people_read_rates_with_what_they_rest_on():
    make.closed()
    told = said(by="chain_tag")
    assert "解决率\t100.0%（1/1，区间 20.7%–100.0%）" in told
    assert "\n资金链\n" in told
    assert "首次办成率" in told


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"until": "2026-02-01"}, "须晚于"),
        ({"since": "soon"}, "起始日期写法有误"),
        ({"by": "mood"}, "不能按“mood”分组"),
    ],
)
def test_bad_input_is_one_line(bad, why):
    with pytest.raises(CommandError, match=why):
        said(**bad)
