"""How long a firm waits for its receipt, and a request for its department, at 50 submissions a second.

The whole stack runs. Posts fall due evenly and are timed from when they were due. Assigned means: another connection
sees the committed status.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.book import Watch
from tests.bench.form import floor_post, form_post
from tests.bench.load import Address, Outcome, Post, open_loop, percentile
from tests.bench.report import Figure
from tests.bench.submit import refuse_losses

RATE, WARM_SECONDS = 50.0, 2.0


@dataclass(frozen=True, slots=True)
class Seen:
    """Latencies of one run, seconds."""

    posts: Outcome
    assigned: list[float]


def measure_product(stack: Address, url: str, *, seconds: float) -> Seen:
    """Through the form, the real broker and the real worker."""
    return _run(stack, form_post(stack), url, seconds)


def measure_bare_view(floor: Address, *, seconds: float) -> Outcome:
    """The bare view alone."""
    post = floor_post(floor)
    open_loop(floor, post, rate=RATE, seconds=WARM_SECONDS)
    outcome = open_loop(floor, post, rate=RATE, seconds=seconds)
    refuse_losses(outcome)
    return outcome


def measure_bare_task(floor: Address, url: str, *, seconds: float) -> Seen:
    """Through the bare view and the bare task."""
    return _run(floor, floor_post(floor, "/tell/"), url, seconds)


def _run(address: Address, post: Post, url: str, seconds: float) -> Seen:
    open_loop(address, post, rate=RATE, seconds=WARM_SECONDS)
    watch = Watch(url)
    with watch:
        outcome = open_loop(address, post, rate=RATE, seconds=seconds, heard=watch.heard)
    refuse_losses(outcome)
    if watch.lost:
        raise ValueError(f"{watch.lost} requests were never assigned")
    return Seen(outcome, watch.latencies)


def figures(product: Seen, view: Outcome, task: Seen) -> list[Figure]:
    """Percentiles beside those of the floors."""
    bare_view, bare_task = "bare view at the same rate", "bare view, then one bare Celery task a request"
    rows = [
        ("receipt at 50/s, p50", product.posts.latencies, view.latencies, 0.5, None, bare_view),
        ("receipt at 50/s, p99", product.posts.latencies, view.latencies, 0.99, 60.0, bare_view),
        ("submit → assigned at 50/s, p50", product.assigned, task.assigned, 0.5, 150.0, bare_task),
        ("submit → assigned at 50/s, p99", product.assigned, task.assigned, 0.99, 1000.0, bare_task),
    ]
    return [
        Figure(
            name=name,
            value=1000 * percentile(values, share),
            unit="ms",
            target=target,
            floor=1000 * percentile(bare, share),
            floor_is=floor_is,
            notes={"count": len(values), "max_ms": round(1000 * max(values), 1)},
        )
        for name, values, bare, share, target, floor_is in rows
    ]
