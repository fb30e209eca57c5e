"""How fast a burst is routed: 2,000 requests come through the form while the worker stands still, then it goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from qihu.local.datadir import PROJECT
from tests.bench.book import Book
from tests.bench.form import floor_post, form_post
from tests.bench.load import Address, closed_loop
from tests.bench.report import Figure
from tests.bench.stack import Stack, eventually
from tests.bench.submit import CONNECTIONS, refuse_losses

GIVE_UP = 120.0
PROCESSES = 2  # of the floor, as many as the worker has


def measure_product(stack: Stack, book: Book, *, count: int) -> tuple[float, float]:
    """Seconds from the worker's first breath until the last is routed, and until everybody is told."""
    with stack.worker_stopped():
        refuse_losses(closed_loop(stack.address, form_post(stack.address), connections=CONNECTIONS, count=count))
        if (waiting := book.unrouted()) != count:
            raise ValueError(f"{waiting} requests wait for the worker, {count} were filed")
        began = time.perf_counter()
    if not eventually(lambda: not book.unrouted(), seconds=GIVE_UP, pause=0.02):
        raise ValueError(f"{book.unrouted()} requests were not routed in {GIVE_UP:.0f} s")
    routed = time.perf_counter() - began
    if not eventually(lambda: not book.waiting(), seconds=GIVE_UP, pause=0.02):
        raise ValueError(f"{book.waiting()} messages were not done in {GIVE_UP:.0f} s")
    return routed, time.perf_counter() - began


def measure_floor(floor: Address, book: Book, *, count: int) -> float:
    """Requests a second that plain ORM batches of 50 in two processes write; everything the floor filed is used up."""
    here = int(book.ask("SELECT count(*) FROM outbox_message WHERE topic = 'bench.floor'"))
    if here < count:
        post = floor_post(floor)
        refuse_losses(closed_loop(floor, post, connections=CONNECTIONS, count=count - here))
    waiting = max(here, count)
    argv = [sys.executable, "-m", "tests.bench.floor_drain"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.bench.floor_settings"}
    drains = [
        subprocess.Popen(argv, env=environment, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    for drain in drains:
        if not drain.stdout or drain.stdout.readline() != "ready\n":
            raise ValueError("the floor of the burst did not start")
    began = time.perf_counter()
    for drain in drains:
        drain.communicate("go\n", timeout=GIVE_UP)
    seconds = time.perf_counter() - began
    if any(drain.returncode for drain in drains):
        raise ValueError("the floor of the burst broke")
    return waiting / seconds


def figures(count: int, routed: float, told: float, floor_rate: float) -> list[Figure]:
    """Rates."""
    return [
        Figure(
            name=f"burst of {count:,} routed",
            value=count / routed,
            unit="/s",
            target=400,
            at_most=False,
            floor=floor_rate,
            floor_is="same row writes, plain ORM, batches of 50 under SKIP LOCKED, two processes, no rules",
            notes={"seconds": round(routed, 2), "seconds_until_all_told": round(told, 2)},
        )
    ]
