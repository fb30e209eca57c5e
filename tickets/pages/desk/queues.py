"""The rail: the views that a person has, and how many wait in each."""

from __future__ import annotations

from collections import Counter

from django.db.models import Value

from qihu.accounts.models import Role
from tickets.access import approvals_of, channels_of
from tickets.models import Notice
from tickets.pages.desk.queue_list import QUEUES, Queue
from tickets.pages.desk.seat import AT_CENTRE, AT_DEPARTMENT, Seat
from tickets.topic_access import SEEING, topics_waiting_for

__all__ = ["AFTER_NOTICES", "COUNTED_TO", "QUEUES", "Queue", "counts", "nav", "queues_of", "shown"]

COUNTED_TO = 100
AFTER_NOTICES = frozenset({Role.DIRECTOR, Role.INTAKE})
"""Who looks after what leaves the house."""
_INBOX, _SENT, _ASKED, _TOPICS = "inbox", "sent", "approvals", "topics"
_APPROVING = frozenset({Role.DISPATCHER, Role.DIRECTOR, Role.SUPERVISOR})
"""Who may say the second word on something."""


def queues_of(seat: Seat) -> dict[str, Queue]:
    """The views this person has, in the order of the rail; the first is where they start."""
    return {queue.key: queue for queue in QUEUES if queue.roles & seat.roles}


def counts(seat: Seat) -> Counter[str]:
    """How many wait in each counted view and in the inbox, none counted past 100: one query."""
    inbox = Notice.objects.unread(seat.user.pk).among(seat.visible).order_by()
    parts = [inbox.annotate(view=Value(_INBOX)).values_list("view", flat=True)[:COUNTED_TO]]
    if seat.roles & AFTER_NOTICES:
        failed = Notice.objects.failed().among(seat.visible).order_by()
        parts.append(failed.annotate(view=Value(_SENT)).values_list("view", flat=True)[:COUNTED_TO])
    if seat.roles & _APPROVING:
        asked = approvals_of(seat.user).order_by().annotate(view=Value(_ASKED))
        parts.append(asked.values_list("view", flat=True)[:COUNTED_TO])  # type: ignore[arg-type]
    if seat.roles & SEEING:
        topics = topics_waiting_for(seat.user, seat.today).order_by()
        parts.append(topics.annotate(view=Value(_TOPICS)).values_list("view", flat=True)[:COUNTED_TO])  # type: ignore[arg-type]
    for queue in queues_of(seat).values():
        if queue.counted:
            found = queue.pick(seat).order_by()
            parts.append(found.annotate(view=Value(queue.key)).values_list("view", flat=True)[:COUNTED_TO])  # type: ignore[arg-type]
    first, *others = parts
    return Counter(first.union(*others, all=True))


def shown(count: int) -> str:
    """A count as the rail shows it: 99+ at the most, nothing for none."""
    return "99+" if count >= COUNTED_TO else str(count) if count else ""


def nav(seat: Seat, *, current: str) -> list[dict[str, object]]:
    """The rail's groups with their counts; `current` is a view's key, or a page's name, or nothing."""
    tally = counts(seat)
    groups: dict[str, list[dict[str, object]]] = {}
    if seat.roles & _APPROVING:
        asked = {"count": shown(tally[_ASKED]), "late": False, "current": current == _ASKED}
        groups["我的"] = [{"label": "待我审批", "url": "/desk/approvals/"} | asked]
    for queue in queues_of(seat).values():
        group = "本部门" if queue.key == "all" and seat.roles <= AT_DEPARTMENT else queue.group
        groups.setdefault(group, []).append(
            {
                "label": queue.label,
                "url": f"/desk/?view={queue.key}",
                "count": shown(tally[queue.key]) if queue.counted else None,
                "late": queue.late,
                "current": current == queue.key,
            }
        )
    groups["其他"] = [
        {
            "label": "通知",
            "url": "/desk/notices/",
            "count": shown(tally[_INBOX]),
            "late": False,
            "current": current == _INBOX,
        }
    ]
    if seat.roles & SEEING:
        waiting = {"count": shown(tally[_TOPICS]), "late": False, "current": current == _TOPICS}
        groups["其他"].append({"label": "举一反三", "url": "/desk/topics/"} | waiting)
    if channels_of(seat.user):
        groups["其他"].append({"label": "代录诉求", "url": "/desk/new/", "count": None, "current": current == "entry"})
    if Role.INTAKE in seat.roles:
        groups["其他"].append(
            {"label": "表格导入", "url": "/desk/import/", "count": None, "current": current == "import"}
        )
        groups["其他"].append(
            {"label": "企业认领", "url": "/desk/claims/", "count": None, "current": current == "claims"}
        )
    if seat.roles & AFTER_NOTICES:
        failed = {"count": shown(tally[_SENT]), "late": True, "current": current == _SENT}
        groups["其他"].append({"label": "通知发送", "url": "/desk/notices/sent/"} | failed)
    if seat.roles & AT_CENTRE:
        groups["其他"].append({"label": "二维码", "url": "/desk/codes/", "count": None, "current": current == "codes"})
    return [{"title": title, "items": items} for title, items in groups.items()]
