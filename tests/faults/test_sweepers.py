"""Four sweepers that are killed again and again set off every step exactly once."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

import pytest

from tests import make
from tests.faults import processes
from tickets.models import Alert, Deadline, Event
from tickets.services.sweep import sweep

pytestmark = pytest.mark.timeout(170)
LATE = make.MONDAY + timedelta(days=40)
STEPS = 11
"""Of a request that nobody touches: six breaches and five steps of the ladder."""
SWEEPER = f"""
import os, sys, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qihu.settings")
django.setup()
from datetime import datetime
from tickets.services.sweep import sweep
print("ready", flush=True)
sys.stdin.readline()
while True:
    sweep(at=datetime.fromisoformat("{LATE.isoformat()}"), limit=1)
"""


def sweeper() -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", SWEEPER],
        env=processes.environment("redis://127.0.0.1:1"),
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout.readline() == b"ready\n"
    return process


def go(process: subprocess.Popen[bytes]) -> None:
    process.stdin.write(b"\n")
    process.stdin.flush()


def end(process: subprocess.Popen[bytes]) -> None:
    processes.kill(process)
    process.stdin.close()
    process.stdout.close()


def test_every_step_comes_exactly_once_whoever_is_killed(committed):
    """Eight wait; four sweep; each of the others steps in for one that is killed."""
    tickets = [make.assigned() for _ in range(80)]
    dice, kills = random.Random(4), 0
    waiting = [sweeper() for _ in range(8)]
    everybody, sweeping = list(waiting), []
    try:
        while len(sweeping) < 4:
            sweeping.append(waiting.pop())
            go(sweeping[-1])
        while waiting and Deadline.objects.filter(fires_at__lt=LATE).exists():
            time.sleep(dice.random() * 0.2)
            processes.kill(sweeping.pop(dice.randrange(4)))
            kills += 1
            sweeping.append(waiting.pop())
            go(sweeping[-1])
    finally:
        for process in everybody:
            end(process)
    while sweep(at=LATE):
        pass
    assert kills >= 3, "nobody was killed while there was work left"
    assert Alert.objects.count() == STEPS * len(tickets)
    assert set(Counter(Alert.objects.values_list("deadline", "threshold")).values()) == {1}
    said = Event.objects.filter(kind__in=["breach", "warning"])
    assert set(Counter(said.values_list("ticket_id", "data__clock", "data__op", "data__turn")).values()) == {1}
    assert Counter(Event.objects.filter(kind="supervise").values_list("ticket_id", flat=True)) == Counter(
        ticket.pk for ticket in tickets
    )
    assert not Deadline.objects.filter(fires_at__lt=LATE).exists()
