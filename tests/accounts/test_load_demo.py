"""`manage.py load_demo`: everything at once, twice, quickly, and never in production."""

import re
import time

import pytest
from django.core.management import CommandError, call_command

from qihu.accounts.models import Department, Region, User
from routing.rules.models import RuleSet
from tickets.models import QRCode

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(bare, settings, monkeypatch):
    """An installation that is a demo and has no password in its environment."""
    settings.DEMO = True
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    return settings


def test_it_loads_everything_under_three_seconds_and_prints_the_password_it_made(demo, capsys):
    began = time.perf_counter()
    call_command("load_demo")
    assert time.perf_counter() - began < 3
    password = re.search(r"口令：(\S+)", capsys.readouterr().out).group(1)
    assert User.objects.get(username="officer.finance").check_password(password)
    assert RuleSet.objects.current().number == 1
    codes = {"DEMO", "DEMO-CAPITAL", "DEMO-TALENT", "DEMO-INDUSTRY", "DEMO-INNOVATION", "DEMO-SERVICE"}
    assert set(QRCode.objects.values_list("code", flat=True)) == codes


def test_a_second_run_adds_nothing(demo):
    def counts():
        return [m.objects.count() for m in (Region, Department, User, RuleSet, QRCode)]

    call_command("load_demo", password="first-password-1")
    before = counts()
    call_command("load_demo", password="first-password-1")
    assert counts() == before


def test_the_password_given_is_not_printed(demo, capsys, monkeypatch):
    call_command("load_demo", password="given-password-1")
    monkeypatch.setenv("DEMO_PASSWORD", "from-environment-1")
    call_command("load_demo")
    assert "password-1" not in capsys.readouterr().out
    assert User.objects.get(username="leader").check_password("from-environment-1")


def test_production_has_no_demo_accounts(bare, settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("load_demo")
    assert not User.objects.exists()
