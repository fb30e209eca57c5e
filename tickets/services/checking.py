"""已核对: a supervisor puts on record that a group of what is worth checking was looked into, and what came of it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from qihu.accounts.models import User
from qihu.crypto import sm3
from qihu.errors import Conflict, Forbidden, Invalid
from tickets.figures.anomalies import group_of, may_check, watched_by
from tickets.figures.window import Window
from tickets.models import AnomalyReview

SHORTEST, LONGEST = 5, 300


@transaction.atomic
def check(*, user: User, window: Window, kind: str, value: str, reason: str, at: datetime) -> AnomalyReview:
    """Record it for exactly the events that the group holds now: one that comes later is not checked by it.

    Raises `Forbidden` unless a supervisor, `Invalid` for a reason too short or too long or an unknown kind, `Unknown`
    for a group that is not there, `Conflict` where the very same events have been checked.
    """
    if not may_check(user):
        raise Forbidden("“已核对”由督办员登记。")
    written = reason.strip()
    if not SHORTEST <= len(written) <= LONGEST or not written.isprintable():
        said = f"请写明核对情况，{SHORTEST} 至 {LONGEST} 个字，不分行。"
        raise Invalid(said, fields={"reason": said})
    group = group_of(watched_by(user), window, kind=kind, value=value)
    covers = sorted({flag.mark for flag in group.flags})
    digest = sm3(f"{kind}\x1f{value}\x1f{' '.join(covers)}".encode())
    told = {"kind": kind, "value": value, "covers": covers, "reason": written, "by": user, "at": at}
    review, new = AnomalyReview.objects.get_or_create(digest=digest, defaults=told)
    if not new:
        raise Conflict("这一组已经核对过，没有新的情况。")
    return review
