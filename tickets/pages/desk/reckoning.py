"""怎么算的: a promise derived day by day, and its ledger."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from qihu.errors import Unknown
from routing.promises.book import calendar_version
from routing.promises.explain import Step, explain
from tickets import access
from tickets.dues import lights
from tickets.models import Deadline, Shift
from tickets.pages.desk import queues, telling
from tickets.pages.desk.seat import Seat, at_desk
from tickets.workflow import Clock

_MOVES_DUE = frozenset({Shift.Kind.PAUSE, Shift.Kind.CREDIT})


@require_safe
@at_desk
def reckoned(request: HttpRequest, seat: Seat, number: str, clock: str) -> HttpResponse:
    """Every turn of one clock of one request, newest first."""
    ticket = access.ticket_or_404(seat.user, number)
    found = [d for d in Deadline.objects.reckoned(ticket, clock) if d.due_at and d.promise]
    if not found:
        raise Unknown("这件诉求没有这个时限。")
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current=""),
        "number": ticket.number,
        "title": ticket.filing.title,
        "clock": Clock(clock).label,
        "turns": [_turn(deadline, seat) for deadline in found],
    }
    return render(request, "desk/reckoning.html", context)


def _turn(deadline: Deadline, seat: Seat) -> dict[str, object]:
    light = next(iter(lights([deadline], at=seat.at)), None)
    shifts = list(deadline.shifts.all())
    return {
        "round": deadline.round,
        "state": light.state if light else "",
        "words": light.words if light else Deadline.State.VOID.label,
        "provisional": deadline.provisional,
        "facts": [
            ("开始", _exact(deadline, seat, "started_at")),
            ("时限", deadline.agreed.words() if deadline.agreed else ""),
            ("首次承诺", _exact(deadline, seat, "promised_due_at")),
            ("现行承诺", _exact(deadline, seat, "due_at")),
            ("完成", _exact(deadline, seat, "met_at")),
            ("超期", _exact(deadline, seat, "breached_at")),
        ],
        "explain": [_line(step) for step in _steps(deadline, shifts)],
        "shifts": [
            {
                "kind": Shift.Kind(shift.kind).label,
                "reason": shift.reason,
                "span": f"{telling.moment(shift.since, seat.at)} 至 {telling.moment(shift.until, seat.at)}"
                if shift.since and shift.until
                else "",
                "before": telling.moment(shift.due_before, seat.at),
                "after": telling.moment(shift.due_after, seat.at),
                "approver": shift.approver,
            }
            for shift in shifts
        ],
    }


def _steps(deadline: Deadline, shifts: list[Shift]) -> list[Step]:
    promise = deadline.agreed
    if promise is None:
        return []
    pauses = [(s.since, s.until) for s in shifts if s.kind in _MOVES_DUE and s.since and s.until]
    return explain(calendar_version(deadline.calendar_version_id), deadline.started_at, promise, pauses)


def _line(step: Step) -> dict[str, object]:
    hours, rest = divmod(step.seconds, 3600)
    parts = ((hours, "小时"), (rest // 60, "分"), (rest % 60, "秒"))
    return {
        "day": f"{step.date:%m-%d}",
        "why": step.text,
        "counted": " ".join(f"{number} {unit}" for number, unit in parts if number),
    }


def _exact(deadline: Deadline, seat: Seat, name: str) -> str:
    return telling.moment(getattr(deadline, name), seat.at)
