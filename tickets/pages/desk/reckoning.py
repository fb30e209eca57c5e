"""怎么算的: a promise derived day by day, and its ledger."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from qihu.doors import told_on
from qihu.errors import Unknown
from routing.promises.explain import Step
from routing.promises.ladder import BREACH
from routing.promises.models import Rung as Row
from tickets import access
from tickets.derived import Rung, derivation, rungs
from tickets.dues import lights
from tickets.models import Deadline, Shift
from tickets.pages.desk import queues, telling
from tickets.pages.desk.seat import Seat, at_desk
from tickets.services.lateness import give_reason
from tickets.terms import RED_CLOCKS
from tickets.workflow import Clock, Party

_EFFECTS = dict(Row.Effect.choices)


class ReasonForm(forms.Form):
    """Why a promise was not kept."""

    use_required_attribute = False
    reason = forms.CharField(
        label="超期原因",
        max_length=500,
        help_text="写清卡在哪里、现在由谁在办、何时能办妥。督办员和服务中心看得到，企业看不到。",
        error_messages={"required": "请写明超期的原因。", "max_length": "最多 500 字。"},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def reckoned(request: HttpRequest, seat: Seat, number: str, clock: str) -> HttpResponse:
    """Every turn of one clock of one request, newest first. The lead department's head says here why it is late."""
    ticket = access.ticket_or_404(seat.user, number)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with told_on(form):
            give_reason(ticket_id=ticket.pk, clock=clock, caller=seat.caller, at=seat.at, **form.cleaned_data)
    if form.is_bound and not form.errors:
        messages.success(request, "已记下超期原因。")
        return HttpResponseRedirect(request.path, status=303)
    found = [d for d in Deadline.objects.reckoned(ticket, clock) if d.due_at and d.promise]
    if not found:
        raise Unknown("这件诉求没有这个时限。")
    turns = [_turn(deadline, seat) for deadline in found]
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current=""),
        "number": ticket.number,
        "title": ticket.filing.title,
        "clock": Clock(clock).label,
        "turns": turns,
        "owed": any(turn["owes"] for turn in turns),
        "form": form if Party.HEAD in access.parties(seat.caller, ticket) else None,
    }
    return render(request, "desk/reckoning.html", context, status=422 if form.errors else 200)


def _turn(deadline: Deadline, seat: Seat) -> dict[str, object]:
    light = next(iter(lights([deadline], at=seat.at)), None)
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
        "explain": [_line(step) for step in derivation(deadline)],
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
            for shift in deadline.shifts.all()
        ],
        "ladder": [_rung(one, seat) for one in rungs(deadline, deadline.alerts.all())],
        "owes": deadline.clock in RED_CLOCKS and deadline.breached_at is not None and deadline.reason_seq is None,
    }


_STATES = {"lit": "已触发", "rehearsed": "演练，未执行", "ahead": "未到", "passed": "未触发"}


def _rung(one: Rung, seat: Seat) -> dict[str, object]:
    """A line of the ladder: lit ones in the colour of their light."""
    late = one.position >= BREACH
    return {
        "step": one.words,
        "effect": _EFFECTS.get(one.effect, one.effect),
        "at": telling.moment(one.at, seat.at) if one.state != "passed" else "",
        "state": _STATES[one.state],
        "colour": ("late" if late else "warn") if one.state == "lit" else "none",
    }


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
