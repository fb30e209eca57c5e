"""What a notice says: its template filled in from the request and the log, here and now.

Nothing of it is stored. Outside the house a restricted request has no title, no department and no name, and a
shielded one no title: mail and group robots are read on other people's machines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from tickets.models import Deadline, Event, Notice, Ticket
from tickets.models.notice import Channel
from tickets.models.notice_rule import KINDS
from tickets.terms import Remark
from tickets.wording import EXAMPLE_END, fill, placeholders
from tickets.workflow import Clock, Status

CENTRE = "企业综合服务中心"
_LATER = "以查询页所示为准"
_DUE = {
    **dict.fromkeys(("route", "assign", "reassign", "rework", "reopen", "extend", "supplement", "resume"), "RESOLVE"),
    "defer": "DISPATCH",
    "reply": "REVIEW",
    "deliver": "RATE",
    "request_info": "COMPLETE",
    "assign_leg": "LEG",
    "object": "ARBITRATE",
    "suspend": "REVIEW_HOLD",
    "supervise": "SUPERVISE",
    "instruct": "SUPERVISE",
}
"""Whose due time {due} is, by the kind of the event; of a breach or a warning that of its own clock."""


@dataclass(frozen=True, slots=True)
class Words:
    """A notice as it reads."""

    title: str
    body: str
    params: Mapping[str, str]


def line(notice: Notice, *, private: bool = False) -> str:
    """The notice in one line, for lists: no query, so no {due} (`NoticeTemplate.clean` allows none there)."""
    if notice.template is None or not notice.template.title:
        return KINDS.get(notice.kind, notice.kind)
    return fill(notice.template.title, values(notice.ticket, notice.clock, private=private))


def words(notice: Notice, *, token: str = "") -> Words:
    """The notice whole, for sending; asks the log where its template names a due time.

    {link} reads as the whole address. Providers take no address for a variable (isv.PARAM_NOT_SUPPORT_URL): it is
    in the approved words, and the variable is its end, the `token`; without one, an example stands there.
    """
    template = notice.template
    if template is None:
        return Words(line(notice), "", {})
    private = notice.channel != Channel.INBOX
    found = values(notice.ticket, notice.clock, private=private)
    names = placeholders(template.body)
    if "due" in names:
        found["due"] = due_words(notice.ticket, kind=notice.kind, clock=notice.clock, seq=notice.seq)
    token = token or EXAMPLE_END
    found["link"] = f"{settings.PUBLIC_URL.rstrip('/')}/c/{token}/"
    params = {name: token if name == "link" else found[name] for name in names}
    return Words(fill(template.title, found), fill(template.body, found), params)


def values(ticket: Ticket, clock: str, *, private: bool) -> dict[str, str]:
    """What each placeholder stands for, but {due} and {link}. `private`: what may be read outside the house."""
    department = ticket.department.name if ticket.department else CENTRE
    hidden = private and (ticket.restricted or ticket.shielded)
    secret = private and ticket.restricted
    return {
        "number": ticket.number,
        "title": "（标题请登录查看）" if hidden else ticket.filing.title,
        "department": "受理部门" if secret else department,
        "officer": "经办人" if secret or ticket.officer is None else ticket.officer.name,
        "clock": Clock(clock).label if clock in Clock.values else "",
        "status": Status(ticket.status).label,
        "due": "",
    }


def due_words(ticket: Ticket, *, kind: str, clock: str, seq: int) -> str:
    """“3月9日 17:30”: as the event's own log has it, else as it stands now; a phrase where nothing is due."""
    about = clock or _DUE.get(kind, "RESOLVE")
    event = Event.objects.filter(ticket=ticket, seq=seq).first()
    due = _logged(event, about) if event else None
    if due is None:
        live = Deadline.objects.live([ticket.pk]).filter(clock=about, due_at__isnull=False).first()
        due = live.due_at if live else None
    return spoken(due) if due else _LATER


def _logged(event: Event, clock: str) -> datetime | None:
    if event.kind == "breach":
        return event.happened_at
    if event.kind == Remark.ASK_CONFIRM:
        return datetime.fromisoformat(event.data["until"])
    said = [one["due_at"] for one in event.data.get("clocks", ()) if one["clock"] == clock and one.get("due_at")]
    return datetime.fromisoformat(said[-1]) if said else None


def spoken(moment: datetime) -> str:
    """A moment as people say it, in the service's zone."""
    local = moment.astimezone(ZoneInfo(settings.TIME_ZONE))
    return f"{local.month}月{local.day}日 {local:%H:%M}"
