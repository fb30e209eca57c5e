"""What has been checked of a group, and how much of it: read beside it, never instead of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tickets.figures.anomalies.kind import Group
from tickets.models import AnomalyReview

Name = tuple[str, str]
"""Kind and value."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Reviews that cover some of a group's events, newest first, and how many of them they cover together."""

    reviews: tuple[AnomalyReview, ...] = ()
    covered: int = 0
    whole: bool = False


def checked(groups: Iterable[Group]) -> dict[Name, Checked]:
    """For every group, by kind and value: one query."""
    named = {(group.kind.code, group.value): group for group in groups}
    reviews: dict[Name, list[AnomalyReview]] = defaultdict(list)
    for review in AnomalyReview.objects.about(list(named)) if named else ():
        reviews[review.kind, review.value].append(review)
    return {name: _of(group, reviews[name]) for name, group in named.items()}


def _of(group: Group, reviews: Iterable[AnomalyReview]) -> Checked:
    marks = {flag.mark for flag in group.flags}
    about = [review for review in reviews if marks & set(review.covers)]
    covered = marks & {mark for review in about for mark in review.covers}
    return Checked(tuple(about), len(covered), bool(marks) and covered == marks)
