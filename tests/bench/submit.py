"""How fast the form takes requests, beside a bare view that commits the same rows. Worker and beat stand still.

Floor and form take turns, so that a machine that slows down slows both.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from tests.bench.book import Book
from tests.bench.form import floor_post, form_post
from tests.bench.load import Address, Outcome, Post, closed_loop, percentile
from tests.bench.report import Figure

CONNECTIONS, TURNS, WARM_UP = 8, 4, 150


def measure(stack: Address, floor: Address, book: Book, *, seconds: float) -> list[Figure]:
    """`seconds` in all for each of the two, in turns."""
    form, bare = form_post(stack), floor_post(floor)
    before = book.last_key()
    warm = closed_loop(stack, form, connections=CONNECTIONS, count=WARM_UP)
    closed_loop(floor, bare, connections=CONNECTIONS, count=WARM_UP)
    bare_runs: list[Outcome] = []
    form_runs: list[Outcome] = []
    for _ in range(TURNS):
        bare_runs.append(_turn(floor, bare, seconds / TURNS))
        form_runs.append(_turn(stack, form, seconds / TURNS))
    form_all, bare_all = _sum(form_runs), _sum(bare_runs)
    refuse_losses(form_all, bare_all)
    kept, answered = book.filed_since(before), form_all.accepted + warm.accepted
    if kept != answered:
        raise ValueError(f"{answered} posts were answered with a receipt, {kept} requests are in the database")
    return _figures(form_all, bare_all, [a.rate / b.rate for a, b in zip(form_runs, bare_runs, strict=True)])


def _turn(address: Address, post: Post, seconds: float) -> Outcome:
    return closed_loop(address, post, connections=CONNECTIONS, seconds=seconds)


def _sum(runs: Sequence[Outcome]) -> Outcome:
    return sum(runs, start=Outcome())


def _figures(form: Outcome, bare: Outcome, ratios: list[float]) -> list[Figure]:
    floor_is = "bare Django view, same rows, same Granian and database; worker and beat frozen for both"
    notes = {
        "posts": form.accepted,
        "floor_posts": bare.accepted,
        "ratio_of_each_turn": [round(r, 3) for r in ratios],
        "client_cpu_share": round(form.client_cpu / form.seconds, 3),
        "floor_client_cpu_share": round(bare.client_cpu / bare.seconds, 3),
        "p99_ms": round(1000 * percentile(form.latencies, 0.99), 1),
    }
    return [
        Figure(
            name="submissions, ratio to floor",
            value=form.rate / bare.rate,
            unit="",
            target=0.40,
            at_most=False,
            notes={"median_of_turns": round(median(ratios), 3)},
        ),
        Figure(
            name="submissions, 8 connections",
            value=form.rate,
            unit="/s",
            floor=bare.rate,
            floor_is=floor_is,
            notes=notes,
        ),
    ]


def refuse_losses(*outcomes: Outcome) -> None:
    """Raises ValueError where a post was not answered with a receipt: the figures would count refusals as work."""
    for outcome in outcomes:
        if outcome.refused or not outcome.accepted:
            raise ValueError(f"answers other than 303: {dict(outcome.refused)}, accepted {outcome.accepted}")
