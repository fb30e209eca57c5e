"""`make bench`: measures the shipped stack on this machine, prints a table, writes bench.json.

Every figure stands beside a floor measured in the same run, so that ratios hold on other machines. Targets are those
of the design for 2 cores; a missed one is told, not an error. Exit code 1 only where something broke.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import django

from tests.bench import burst, latency, memory, report, submit, worktime
from tests.bench.book import Book
from tests.bench.stack import Stack, eventually, floor_web, floor_worker, running


def main() -> int:
    """Start everything, measure, tell."""
    options = _options()
    if options.part == "worktime":
        return _tell(worktime.measure(), options, load=os.getloadavg()[0])
    with running() as stack:
        _say("starting a private stack (manage.py up) …")
        started = stack.wait_ready()
        stack.export()
        load = os.getloadavg()[0]
        try:
            if options.part == "promises":
                figures = _promises(stack, scale=options.scale)
            elif options.part == "figures":
                figures = _figures(stack, scale=options.scale)
            elif options.part == "recompute":
                figures = _recompute(scale=options.scale, alone=True)
            else:
                figures = _measure(stack, scale=options.scale, idle=options.idle)
        except Exception:
            sys.stderr.write(stack.said())
            raise
    figures.append(report.Figure(name="first start until ready", value=started, unit="s", target=60))
    return _tell(figures, options, load=load)


def _tell(figures: list[report.Figure], options: argparse.Namespace, *, load: float) -> int:
    _say(f"\n{report.table(figures)}")
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    report.write(Path(options.json), figures, made_at=made_at, scale=options.scale, load=load)
    _say(f"\n{options.json} written; load average before: {load:.1f}")
    return 0


def _measure(stack: Stack, *, scale: float, idle: float) -> list[report.Figure]:
    url = os.environ["DATABASE_URL"]
    book, count = Book(url), max(100, int(2000 * scale))
    with floor_web(stack) as floor:
        _say("submissions, floor and form in turns …")
        with stack.worker_stopped():
            figures = submit.measure(stack.address, floor, book, seconds=16 * scale)
        _quiet(book)
        _say("receipts and routing at 50/s …")
        product = latency.measure_product(stack.address, url, seconds=20 * scale)
        view = latency.measure_bare_view(floor, seconds=20 * scale)
        with floor_worker(stack):
            task = latency.measure_bare_task(floor, url, seconds=20 * scale)
        figures += latency.figures(product, view, task)
        _say(f"a burst of {count:,} …")
        routed, told = burst.measure_product(stack, book, count=count)
        figures += burst.figures(count, routed, told, burst.measure_floor(floor, book, count=count))
    _say("due times …")
    figures += worktime.measure()
    _say("queries a page …")
    figures += _pages()
    _say(f"idle for {idle:.0f} s …")
    time.sleep(idle)
    figures.append(memory.measure(stack))
    figures += _figures(stack, scale=scale)
    figures += _recompute(scale=scale)
    return figures + _promises(stack, scale=scale)


def _promises(stack: Stack, *, scale: float) -> list[report.Figure]:
    """Last: it leaves a crowd behind that has no log."""
    _say("a million running promises …")
    django.setup()
    from tests.bench import sweeping  # noqa: PLC0415 - the stack had to tell first where the database is

    return sweeping.measure(stack, scale=scale)


def _figures(stack: Stack, *, scale: float) -> list[report.Figure]:
    """Before the crowds that have no log: everything here is counted from one."""
    _say("a year of requests with their log, and its figures …")
    django.setup()
    from tests.bench import counting  # noqa: PLC0415 - the stack had to tell first where the database is

    return counting.measure(stack, scale=scale)


def _quiet(book: Book) -> None:
    if not eventually(lambda: not book.waiting(), seconds=120):
        raise ValueError("the worker did not work off what was filed")


def _pages() -> list[report.Figure]:
    django.setup()
    from tests.bench import moves, pages, proof  # noqa: PLC0415 - the stack had to tell first where the database is

    return [*pages.measure(), *proof.measure(), moves.measure()]


def _recompute(*, scale: float, alone: bool = False) -> list[report.Figure]:
    """Near the end: it leaves a crowd behind that has no log."""
    _say("a new promise table …")
    django.setup()
    from qihu.clock import now  # noqa: PLC0415 - the stack had to tell first where the database is
    from tests import make  # noqa: PLC0415
    from tests.bench import recompute  # noqa: PLC0415

    if alone:
        make.signed(at=now())
    return recompute.measure(max(1000, int(recompute.COUNT * scale)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full durations and counts")
    parser.add_argument("--idle", type=float, default=30.0, help="seconds of rest before memory is read")
    parts = ["worktime", "promises", "recompute", "figures"]
    parser.add_argument("--part", choices=parts, help="only this part; worktime needs no stack")
    parser.add_argument("--json", default="bench.json", help="where the figures go")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
