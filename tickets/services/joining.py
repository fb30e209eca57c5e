"""Several requests about one matter, and one request about several: merge and split (domain.md §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from qihu.accounts.models import Department
from qihu.errors import Forbidden, Invalid, RefusedByRule
from routing.promises.book import current_book
from tickets import access
from tickets.access import Caller
from tickets.models import Deadline, Event, Ticket
from tickets.services.born import children_of
from tickets.services.dispatch import lead_and_helpers
from tickets.services.inheriting import Inherit
from tickets.services.intent import Aside, Done, Intent
from tickets.services.ledger import NotBefore
from tickets.services.transition import perform_all
from tickets.workflow import Action, Clock, Party, Status

PARTS_MIN, PARTS_MAX, PART_TEXT_MAX = 2, 9, 2000


@transaction.atomic
def merge(*, ticket_id: int, caller: Caller, at: datetime, into: str, expected_version: int | None = None) -> Done:
    """并案: the request follows the one with number `into`, which keeps the earliest submission, the earliest original
    promise and the breaches of both. Raises `Invalid` for itself, a descendant, a part, an ended or another path's.
    """
    visible = access.visible_to(caller.user).filter(number=into) if caller.user else Ticket.objects.none()
    target = visible.values_list("pk", flat=True).first()
    if target is None:
        raise Invalid("没有找到主件。", fields={"into": "没有找到这个编号的诉求。"})
    locked = {one.pk: one for one in Ticket.objects.lock([ticket_id, target])}
    child, parent = locked.get(ticket_id), locked[target]
    if child is not None and (said := _cannot_join(child, parent)):
        raise Invalid("不能并案。", fields={"into": said})
    live = Deadline.objects.live([ticket_id]).filter(clock=Clock.RESOLVE)
    promises = list(live.prefetch_related("shifts"))  # read before they are voided
    merged = Intent(
        action=Action.MERGE,
        ticket_id=ticket_id,
        at=at,
        caller=caller,
        expected_version=expected_version,
        data={"into": target},
        changes={"parent": parent},
    )
    told = Aside(
        kind="absorb",
        ticket_id=target,
        at=at,
        caller=caller,
        party=_as_what(caller, parent),
        data={"from": ticket_id, "submitted_at": _first_submission(child).isoformat() if child else ""},
        orders=[Inherit(promises=promises)],
    )
    done, _ = perform_all([merged, told], locked=locked)
    return done


def _first_submission(ticket: Ticket) -> datetime:
    """When its matter was first submitted: by itself or by what was merged into it before."""
    told = Event.objects.filter(ticket=ticket, kind="absorb").values_list("data__submitted_at", flat=True)
    return min([ticket.submitted_at, *map(datetime.fromisoformat, told)])


def _as_what(caller: Caller, ticket: Ticket) -> Party:
    party = next((one for one in access.parties(caller, ticket) if one in {Party.INTAKE, Party.DISPATCHER}), None)
    if party is None:
        raise Forbidden("“并案”不由您办理。")
    return party


def _cannot_join(child: Ticket, parent: Ticket) -> str:
    """Why this request cannot follow that one, or ""."""
    if child.pk == parent.pk:
        return "不能并入自己。"
    if not parent.is_open:
        return f"主件已是“{Status(parent.status).label}”，不能并入。"
    if _descends(parent, child):
        return "主件是本件的下级，不能并入。"
    if parent.parent_id:
        return "主件是拆分出的一件，请并入它的主件。"
    if child.parent_id:
        return "本件是拆分出的一件，不能再并案。"
    return "两件诉求的知悉范围不同，不能并案。" if child.restricted != parent.restricted else ""


def _descends(one: Ticket, ancestor: Ticket) -> bool:
    """Whether `one` lies below `ancestor`, along the parents."""
    seen: set[int] = set()
    above = one.parent_id
    while above and above not in seen:
        if above == ancestor.pk:
            return True
        seen.add(above)
        above = Ticket.objects.values_list("parent_id", flat=True).get(pk=above)
    return False


@transaction.atomic
def split(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    parts: Sequence[Mapping[str, Any]],
    expected_version: int | None = None,
) -> Done:
    """拆分: each part `{text, department, co_departments?}` is born assigned; the service centre leads the whole, which
    is due when the last part is. Raises `Invalid`, naming each part that is wrong.
    """
    ticket = Ticket.objects.lock([ticket_id]).select_related("region", "filing").first()
    if ticket is None or (ticket.parent_id and ticket.status != Status.MERGED):
        raise RefusedByRule("本件是拆分出的一件，不能再拆分。")
    leads = [_part(n, part) for n, part in enumerate(parts, start=1)]
    if not PARTS_MIN <= len(leads) <= PARTS_MAX:
        raise Invalid("请拆成几件。", fields={"parts": f"请拆成 {PARTS_MIN} 至 {PARTS_MAX} 件。"})
    made = children_of(ticket, leads, caller=caller, at=at, book=current_book())
    latest = max((one.due_at for one in made.resolves if one.due_at), default=at)
    centre = _centre_of(ticket)
    intent = Intent(
        action=Action.SPLIT,
        ticket_id=ticket_id,
        at=at,
        caller=caller,
        expected_version=expected_version,
        data={"children": [one.pk for one in made.children], "department": centre.code},
        changes={"department": centre, "assigned_at": ticket.assigned_at or at, "officer": None, "came_from": ""},
        orders=[NotBefore(due_at=latest)],
    )
    (done,) = perform_all([intent], locked={ticket_id: ticket})
    return done


def _part(number: int, part: Mapping[str, Any]) -> tuple[str, Department, list[Department]]:
    text = str(part.get("text", "")).strip()
    if not text or len(text) > PART_TEXT_MAX:
        raise Invalid("拆分还不完整。", fields={"parts": f"第 {number} 件请写明内容，最多 {PART_TEXT_MAX} 字。"})
    try:
        lead, helpers, secret = lead_and_helpers(str(part.get("department", "")), part.get("co_departments") or ())
    except Invalid as refusal:
        said = "；".join(refusal.fields.values())
        raise Invalid("拆分还不完整。", fields={"parts": f"第 {number} 件：{said}"}) from None
    if secret:
        raise Invalid("拆分还不完整。", fields={"parts": f"第 {number} 件：廉政事项不能作为拆分件，请整件改派。"})
    return text, lead, helpers


def _centre_of(ticket: Ticket) -> Department:
    """The service centre of the request's region, else of the city. Raises `Invalid` without any."""
    centres = Department.objects.filter(kind=Department.Kind.CENTRE, active=True)
    near = sorted(
        (one for one in centres.select_related("region") if ticket.region.path.startswith(one.region.path)),
        key=lambda one: len(one.region.path),
    )
    chosen = near[-1] if near else centres.filter(region=settings.DEFAULT_REGION).first()
    if chosen is None:
        raise Invalid("没有可以牵头的企业综合服务中心。")
    return chosen
