"""督办阶梯: what was lit in the last thirty days, step by step, and which requests stand behind it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from qihu.clock import now
from routing.promises.ladder import BREACH, rehearses
from tickets.figures import ladder
from tickets.figures.scope import seen_by
from tickets.figures.window import zone
from tickets.models import Alert
from tickets.pages.board.views import frame, viewer
from tickets.workflow import Clock


@require_safe
@login_required
def climbed(request: HttpRequest) -> HttpResponse:
    """Counts of every step, and a page of what was lit."""
    user, at = viewer(request), now()
    scope, code = seen_by(user), request.GET.get("step", "")
    steps = ladder.steps(scope, at=at)
    alerts, further = ladder.listed(scope, at=at, code=code, before=request.GET.get("before", ""))
    labels = {step.code: step for step in steps}
    context = {
        "steps": [
            {"step": step, "url": f"?{urlencode({'step': step.code})}", "current": step.code == code} for step in steps
        ],
        "rows": [_row(alert, labels) for alert in alerts],
        "chosen": labels.get(code),
        "older": f"?{urlencode({'step': code, 'before': further})}" if further else "",
        "rehearsal": rehearses(),
        "days": ladder.DAYS,
    }
    return render(request, "board/ladder.html", frame(user, "board-ladder") | context)


def _row(alert: Alert, labels: dict[str, ladder.Step]) -> dict[str, Any]:
    step = labels.get(alert.threshold)
    state = "warn" if step and step.position < BREACH else "late"
    return {
        "number": alert.deadline.ticket.number,
        "department": alert.deadline.ticket.department,
        "clock": Clock(alert.deadline.clock).label,
        "step": step.label if step else alert.threshold,
        "effect": step.effect if step else "",
        "state": state if alert.lit else "",
        "lit": alert.lit,
        "at": alert.at.astimezone(zone()),
        "explained": alert.deadline.reason_seq is not None,
        "clock_code": alert.deadline.clock,
    }
