"""通知: what happened to this person's requests since they last looked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from qihu.errors import Unknown
from tickets.models import Notice
from tickets.models.handling import NoticeQuerySet
from tickets.pages.desk import queues, telling
from tickets.pages.desk.seat import Seat, at_desk
from tickets.terms import Remark
from tickets.workflow import Action, Clock

PAGE = 50
_A = Action
_SAYS: dict[str, tuple[str, str]] = {
    _A.ROUTE: ("", "交给您部门办理"),
    _A.ASSIGN: ("", "交给您部门办理"),
    _A.REASSIGN: ("", "改派给您部门办理"),
    _A.DEFER: ("warn", "规则未能确定，等待研判"),
    _A.REWORK: ("late", "企业未认可答复，二次交办"),
    _A.URGE: ("warn", "企业催办"),
    _A.WITHDRAW: ("", "企业已撤回"),
    _A.REPLY: ("info", "有答复等待审核"),
    _A.SEND_BACK: ("warn", "答复被退回重办"),
    _A.DELIVER: ("ok", "答复已送达企业"),
    _A.RATE: ("ok", "企业已评价"),
    _A.LAPSE: ("", "企业未评价，已自动办结"),
    Remark.SOURCE: ("", "同一件事又经另一渠道收到"),
    Remark.MESSAGE: ("info", "有新的留言"),
    Remark.MATERIAL: ("info", "企业补充了材料"),
    Remark.CONFIRM: ("warn", "企业更正或否认了代录的内容"),
}


def _inbox(seat: Seat) -> NoticeQuerySet:
    """Unread, newest first, of requests that this person still sees."""
    return Notice.objects.unread(seat.user.pk).among(seat.visible)


@require_safe
@at_desk
def inbox(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The newest fifty; older ones appear as these are read."""
    found = list(_inbox(seat).select_related("ticket__filing")[: PAGE + 1])
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current="inbox"),
        "notices": _by_request(found[:PAGE], seat),
        "more": len(found) > PAGE,
    }
    return render(request, "desk/notices.html", context)


def _by_request(found: Sequence[Notice], seat: Seat) -> list[dict[str, object]]:
    """One line a request, led by its newest notice: five broken promises are one thing to look at."""
    heard = Counter(notice.ticket_id for notice in found)
    newest: dict[int, Notice] = {}
    for notice in found:
        newest.setdefault(notice.ticket_id, notice)
    return [_told(notice, seat) | {"others": heard[key] - 1} for key, notice in newest.items()]


def _told(notice: Notice, seat: Seat) -> dict[str, object]:
    if notice.kind == "breach":
        state, says = "late", f"“{Clock(notice.clock).label}”超过承诺时间"
    else:
        state, says = _SAYS.get(notice.kind) or ("", Action(notice.kind).label)
    return {
        "key": notice.pk,
        "state": state,
        "says": says,
        "title": notice.ticket.filing.title,
        "short": telling.short_number(notice.ticket.number),
        "when": telling.moment(notice.created_at, seat.at),
    }


@require_POST
@at_desk
def open_one(request: HttpRequest, seat: Seat, key: int) -> HttpResponse:
    """Mark one read, and what else is unread of the same request; then show the request."""
    mine = Notice.objects.to(seat.user.pk).among(seat.visible)
    notice = mine.select_related("ticket").filter(pk=key).first()
    if notice is None:
        raise Unknown("没有这条通知。")
    Notice.objects.unread(seat.user.pk).of_ticket(notice.ticket).mark_read(at=seat.at)
    return HttpResponseRedirect(f"/desk/t/{notice.ticket.number}/", status=303)


@require_POST
@at_desk
def read_all(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Mark the whole inbox read; what they no longer see is neither touched nor counted."""
    count = _inbox(seat).mark_read(at=seat.at)
    messages.success(request, f"{count} 条通知已读。")
    return HttpResponseRedirect("/desk/notices/", status=303)
