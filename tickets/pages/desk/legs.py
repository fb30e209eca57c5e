"""协办 beside the request: every leg with who has it, since when, and what its own promise says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tickets.dues import lights
from tickets.models import Deadline, Leg
from tickets.pages.desk import telling
from tickets.pages.desk.seat import Seat
from tickets.workflow import Clock

_STATE = {Leg.Status.ASSIGNED: "warn", Leg.Status.SIGNED: "info", Leg.Status.REPLIED: "ok"}


def leg_rows(legs: Sequence[Leg], deadlines: Iterable[Deadline], seat: Seat, *, turn: int) -> list[dict[str, object]]:
    """Context of the panel, in the order of assignment; legs of earlier rounds say so. No query."""
    promised = {one.leg_id: one for one in deadlines if one.clock == Clock.LEG}
    mine = seat.user.departments()
    return [
        {
            "name": leg.department.name,
            "own": leg.department_id in mine,
            "label": Leg.Status(leg.status).label,
            "state": _STATE.get(Leg.Status(leg.status), ""),
            "officer": leg.officer.name if leg.officer else "",
            "since": telling.moment(leg.ended_at or leg.signed_at or leg.assigned_at, seat.at),
            "light": _light(promised.get(leg.pk), seat),
            "round": leg.round if leg.round != turn else 0,
        }
        for leg in legs
    ]


def _light(deadline: Deadline | None, seat: Seat) -> dict[str, str] | None:
    found = lights([deadline], at=seat.at) if deadline else []
    return next(
        (
            {
                "state": {"met": "ok", "broken": "late", "paused": ""}.get(one.state, one.state),
                "words": one.words,
                "due": telling.moment(one.due_at, seat.at) if one.state in {"ok", "warn", "late"} else "",
            }
            for one in found
        ),
        None,
    )
