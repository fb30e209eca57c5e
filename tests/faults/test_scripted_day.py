"""Web and worker killed with -9, PostgreSQL too, a broker that forgets: a scripted day loses and doubles nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from qihu.local.datadir import PROJECT
from tests.bench.stack import Stack, environment_of, eventually, running
from tests.faults.day import STORIES, Day
from tests.faults.ledger import Ledger
from tests.faults.saboteur import Saboteur

STAFF = (
    *("officer.finance", "head.finance", "officer.rural-bank"),
    *("dispatcher", "intake", "director"),
)
_TOKENS = (
    "from knox.models import AuthToken\nfrom qihu.accounts.models import User\n"
    "print(*(AuthToken.objects.create(User.objects.get(username=n))[1] for n in {names!r}))"
)
_SEED = 20261128


def manage(stack: Stack, *words: str) -> str:
    """A command of the service beside its processes."""
    theirs = environment_of(stack.leader("granian"))
    argv = [sys.executable, "manage.py", *words]
    done = subprocess.run(argv, cwd=PROJECT, env=theirs, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tokens(stack: Stack) -> dict[str, str]:
    said = manage(stack, "shell", "-v", "0", "-c", _TOKENS.format(names=STAFF)).split()
    return dict(zip(STAFF, said, strict=True))


def say(line: str) -> None:
    """What happened, for whoever reads the run."""
    sys.stdout.write(f"{line}\n")


def live(day: Day, *, count: int, clients: int) -> None:
    """So many requests, each with the next story, by so many clients at once. The first failure is raised."""
    with ThreadPoolExecutor(clients) as pool:
        begun = [pool.submit(day.file, serial, STORIES[serial % len(STORIES)]) for serial in range(count)]
        for one in begun:
            one.result()


def rehearse(*, count: int, clients: int, every: tuple[float, float], once: Sequence[str]) -> None:
    """The day with its saboteur, then the books."""
    with running() as stack:
        try:
            stack.wait_ready()
            day = Day(stack.address, tokens(stack))
            ledger = Ledger(environment_of(stack.leader("granian"))["DATABASE_URL"])
            began = time.monotonic()
            with Saboteur(stack, seed=_SEED, every=every, once=once) as saboteur:
                live(day, count=count, clients=clients)
            say(f"{count} requests in {time.monotonic() - began:.0f} s; killed: {', '.join(saboteur.deeds)}")
            say(f"presses repeated: {dict(day.repeats)}; moves answered: {len(day.moves)}")
            assert all(saboteur.count(one) for one in ("web", "worker", *once)), saboteur.deeds
            assert eventually(lambda: _is_quiet(ledger), seconds=120), ledger.unfinished()
            ledger.balances(day)
            assert f"{count} 件诉求" in manage(stack, "verify_log")
        except BaseException:
            say(stack.said())
            raise


def _is_quiet(ledger: Ledger) -> bool:
    return ledger.unfinished() == (0, 0)


@pytest.mark.fault
@pytest.mark.full
@pytest.mark.timeout(580)
def test_a_day_of_five_hundred_requests_loses_and_doubles_nothing():
    rehearse(count=500, clients=8, every=(3.0, 9.0), once=("postgres", "broker emptied"))


@pytest.mark.fault
@pytest.mark.timeout(170)
def test_a_morning_of_forty_requests_loses_and_doubles_nothing():
    rehearse(count=44, clients=4, every=(0.5, 2.0), once=())
