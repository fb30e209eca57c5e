"""Figures as plain values for JSON: what the command prints and the API answers (interface.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tickets.figures.count import Report
from tickets.figures.figure import Figure
from tickets.figures.measures import Kind, Part

RowsURL = Callable[[Figure, Part, str | None], str]
"""Address of the requests behind a figure's part, within the group named (None: the whole)."""


def as_json(report: Report, rows_url: RowsURL | None = None) -> dict[str, Any]:
    """`{since, until, as_of, known, definitions, figures, groups: {by: [{value, label, figures}]}}`; ISO 8601, 0–1."""
    window = report.window
    return {
        "since": window.since.isoformat(),
        "until": window.until.isoformat(),
        "as_of": window.as_of.isoformat(),
        "known": window.known.isoformat() if window.known else None,
        "definitions": report.edition,
        "figures": [figure_json(figure, rows_url) for figure in report.figures.values()],
        "groups": {
            by: [
                {
                    "value": group.value,
                    "label": group.label,
                    "figures": [figure_json(one, rows_url, group.value) for one in group.figures.values()],
                }
                for group in groups
            ]
            for by, groups in report.groups.items()
        },
    }


def figure_json(figure: Figure, rows_url: RowsURL | None = None, value: str | None = None) -> dict[str, Any]:
    """One figure: `{code, numerator, denominator, rate, interval, twins, numerator_rows?, denominator_rows?, …}`."""
    band = figure.interval
    body: dict[str, Any] = {
        "code": figure.code,
        "label": figure.label,
        "definition": figure.sentence,
        "numerator": figure.numerator,
        "hits": figure.hits,
        "denominator": None if figure.kind is Kind.COUNT else figure.denominator,
        "rate": figure.rate,
        "interval": [band.low, band.high] if band else None,
        "ranked": figure.ranked,
        "twins": [figure_json(twin, rows_url, value) for twin in figure.twins],
    }
    if figure.kind is Kind.TIME:
        body |= {"median_seconds": figure.median, "p90_seconds": figure.p90}
    if rows_url:
        body["numerator_rows"] = rows_url(figure, Part.NUMERATOR, value)
        body["denominator_rows"] = rows_url(figure, Part.DENOMINATOR, value)
    return body
