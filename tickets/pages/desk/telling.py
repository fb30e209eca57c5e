"""Small words of the desk: when something was, who a firm is to this reader, a phone half hidden. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from tickets.models import Ticket
from tickets.workflow import Status

SHIELDED = "身份保密企业"
STATUS_STATE = {
    Status.SUBMITTED: "",
    Status.TRIAGE: "warn",
    Status.ASSIGNED: "warn",
    Status.IN_PROGRESS: "info",
    Status.REVIEWING: "",
    Status.ANSWERED: "ok",
}


def moment(when: datetime | None, at: datetime) -> str:
    """“今天 10:42”, “昨天 16:03”, “11-20 16:03”, with the year where it is another one."""
    if when is None:
        return ""
    zone = ZoneInfo(settings.TIME_ZONE)
    local, today = when.astimezone(zone), at.astimezone(zone).date()
    if local.date() == today:
        return f"今天 {local:%H:%M}"
    if local.date() == today - timedelta(days=1):
        return f"昨天 {local:%H:%M}"
    if local.date() == today + timedelta(days=1):
        return f"明天 {local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"


def short_number(number: str) -> str:
    """QH-20261122-000123 → QH-000123: the serial alone is unique."""
    head, _, tail = number.partition("-")
    return f"{head}-{tail.rpartition('-')[2]}"


def enterprise(ticket: Ticket, *, hidden: bool) -> str:
    """The firm's name, or the alias of a shielded one."""
    return SHIELDED if hidden else ticket.filing.enterprise_name


def masked_name(name: str) -> str:
    """王** : the family name only."""
    return f"{name[:1]}{'*' * max(1, len(name) - 1)}" if name else ""


def masked_phone(phone: str) -> str:
    """138****0000."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "****"
