"""Putting a draft in force: new promises follow at once, running ones by a recalculation. Two people: a system
administrator drafts, the security administrator, who answers for the rules (domain.md §1), says yes.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from qihu.accounts.models import Role, User
from qihu.errors import Conflict, Forbidden, Invalid
from routing.promises.drafts import in_force, publish_calendar, publish_policies
from routing.promises.models import CalendarVersion, PolicySet
from tickets.models import Recalculation
from tickets.services.repricing import work

_Kind, _Scope = Recalculation.Kind, Recalculation.Scope


@transaction.atomic
def put_policies_in_force(
    *, set_id: int, author: User, at: datetime, reason: str, running: bool
) -> Recalculation | None:
    """The draft prices every promise from now on and, with `running`, those that run.

    Raises `Forbidden`; `Invalid` without a reason; `Conflict` while an earlier recalculation is under way.
    """
    _refuse(author, reason)
    under_way = Recalculation.objects.unfinished().filter(kind=_Kind.POLICY)
    if under_way.exists():
        raise Conflict("上一次时限政策的重算还没有完成，请稍后再启用")
    former = PolicySet.objects.filter(published_at__isnull=False).order_by("-number").first()
    new = publish_policies(set_id=set_id, author=author, at=at, reason=reason)
    if not running:
        return None
    return _asked(
        kind=_Kind.POLICY,
        scope=_Scope.RUNNING,
        policy_set=new,
        former_set=former,
        reason=reason,
        author=author,
        asked_at=at,
    )


@transaction.atomic
def put_calendar_in_force(
    *,
    version_id: int,
    author: User,
    at: datetime,
    reason: str,
    scope: Recalculation.Scope = _Scope.PROVISIONAL,
    effective_on: date | None = None,
    correction: bool = False,
) -> Recalculation:
    """New promises reckon by the draft from now on; provisional due times follow, or all that run.

    A correction tells the past anew and leaves a restatement for each ended promise that it would have judged
    otherwise. Raises as `put_policies_in_force`, and what `publish_calendar` raises.
    """
    _refuse(author, reason)
    draft = CalendarVersion.objects.select_related("calendar").get(pk=version_id)
    under_way = Recalculation.objects.unfinished().filter(calendar_version__calendar=draft.calendar)
    if under_way.exists():
        raise Conflict("这份工作日历上一次的重算还没有完成，请稍后再启用")
    former = in_force(draft)
    new = publish_calendar(
        version_id=version_id,
        author=author,
        at=at,
        reason=reason,
        effective_on=effective_on,
        correction=correction,
    )
    return _asked(
        kind=_Kind.CALENDAR,
        scope=scope,
        calendar_version=new,
        former_version=former,
        effective_on=effective_on,
        correction=correction,
        reason=reason,
        author=author,
        asked_at=at,
    )


@transaction.atomic
def follow_notices(*, at: datetime) -> int:
    """Provisional due times follow a version that was published without asking (a notice loaded by a command)."""
    newest = CalendarVersion.objects.filter(published_at__isnull=False, number__gt=1, recalculation=None)
    asked = 0
    for version in newest.select_related("calendar").order_by("calendar_id", "-number").distinct("calendar_id"):
        if version.calendar.versions.filter(published_at__isnull=False, number__gt=version.number).exists():
            continue
        _asked(
            kind=_Kind.CALENDAR,
            scope=_Scope.PROVISIONAL,
            calendar_version=version,
            former_version=in_force(version),
            reason="载入放假通知",
            author=None,
            asked_at=at,
        )
        asked += 1
    return asked


def _asked(**columns: object) -> Recalculation:
    row = Recalculation.objects.create(**columns)
    work.call(row.pk)
    return row


def _refuse(author: User, reason: str) -> None:
    if Role.SECADMIN not in author.roles():
        raise Forbidden("启用时限政策和工作日历，由安全管理员办理")
    if not reason.strip():
        raise Invalid("请写明启用的理由。", fields={"reason": "请写明启用的理由。"})
