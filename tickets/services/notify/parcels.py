"""A notice or a digest as a parcel for its sender, after a last look at whether it still should go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from qihu.phones import is_mobile
from qihu.senders.parcel import Parcel
from qihu.senders.wecom import PER_MINUTE
from tickets import access
from tickets.models import Deadline, Digest, Notice
from tickets.models.notice import Channel, State
from tickets.services.belonging import phone_for
from tickets.services.confirming import NoLink, token_to_send
from tickets.services.notify.words import line, spoken, values, words
from tickets.terms import Remark
from tickets.workflow import ENDED

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
_ALERTS = frozenset({"breach", "warning"})
_LINES = 50
_ROBOTS = frozenset({Channel.DINGTALK, Channel.WECOM})


class Pointless(Exception):
    """What it says is over, or no longer this receiver's to know."""


class Unsendable(Exception):
    """It cannot go at all as things are: no provider, no address."""


class NotNow(Exception):
    """The receiver has had as much as they should for the moment: wait, or go into their next digest."""

    def __init__(self, *, until: datetime, gather: bool = False) -> None:
        super().__init__()
        self.until, self.gather = until, gather


def notice_parcel(notice: Notice, *, at: datetime, doubtful: bool) -> Parcel:
    """Raises `Pointless`, `Unsendable` or `NotNow`."""
    if reason := over(notice) or unseen(notice):
        raise Pointless(reason)
    to, secret = _address(notice)
    _not_too_many(notice, at=at)
    said = words(notice, token=_token(notice, at=at))
    code = notice.template.sms_code if notice.template else ""
    if notice.channel == Channel.SMS and not code:
        raise Unsendable("no_sms_code")
    return Parcel(
        key=f"notice-{notice.pk}",
        to=to,
        secret=secret,
        title=said.title,
        body=said.body,
        template=code,
        params=said.params,
        doubtful=doubtful,
    )


def _token(notice: Notice, *, at: datetime) -> str:
    """Of a notice that asks the firm to check, the token of its link: worked out for this attempt, kept nowhere."""
    if notice.kind != Remark.ASK_CONFIRM or not notice.firm:
        return ""
    try:
        return token_to_send(notice.ticket, seq=notice.seq, at=at)
    except NoLink as reason:
        raise Pointless(str(reason)) from None


def digest_parcel(digest: Digest, *, at: datetime, doubtful: bool) -> Parcel:
    """Everything gathered in one letter; what has become pointless meanwhile is taken out first."""
    if digest.robot:
        _not_in_a_minute(digest.robot_id, at=at)
    found = list(Notice.objects.with_words().filter(digest=digest, state=State.HELD).order_by("pk"))
    gone = [notice for notice in found if over(notice) or unseen(notice)]
    Notice.objects.filter(pk__in=[notice.pk for notice in gone]).end(State.SKIPPED, error="over")
    left = [notice for notice in found if notice not in gone]
    if not left:
        raise Pointless("nothing_left")
    to, secret = _address(digest)
    return Parcel(
        key=f"digest-{digest.pk}",
        to=to,
        secret=secret,
        title=f"企呼我应：{len(left)} 条通知",
        body=_listed(left),
        doubtful=doubtful,
    )


def over(notice: Notice) -> str:
    """Why an alert has nothing to warn of any more, or nothing."""
    ticket = notice.ticket
    if notice.kind == "urge" and ticket.status in ENDED:
        return "ended"
    if notice.kind not in _ALERTS or (notice.kind == "breach" and ticket.status not in ENDED):
        return ""
    running = Deadline.objects.live([ticket.pk]).filter(clock=notice.clock)
    still = running if notice.kind == "breach" else running.filter(breached_at__isnull=True)
    return "" if still.exists() else "ended" if ticket.status in ENDED else "met"


def unseen(notice: Notice) -> str:
    """Why this receiver is no longer to be told, or nothing."""
    if notice.robot:
        mine = {notice.ticket.department_id, *notice.ticket.legs.values_list("department_id", flat=True)}
        return "" if notice.robot.active and notice.robot.department_id in mine else "not_theirs"
    if notice.recipient:
        seen = access.visible_to(notice.recipient).filter(pk=notice.ticket_id).exists()
        return "" if seen else "not_theirs"
    return ""


def _address(one: Notice | Digest) -> tuple[str, str]:
    """Where to, and the secret that goes with it; looked up now, kept nowhere."""
    if one.robot:
        return one.robot.token, one.robot.secret
    if one.recipient:
        if not one.recipient.email:
            raise Unsendable("no_address")
        return one.recipient.email, ""
    phone = phone_for(one.ticket) if isinstance(one, Notice) else ""
    if not phone:
        raise Unsendable("no_phone")
    if not is_mobile(phone):
        raise Unsendable("landline")
    return phone, ""


def _not_too_many(notice: Notice, *, at: datetime) -> None:
    """The cap of an hour, per receiver and way: a firm is its phone."""
    left = Notice.objects.left_since(at - HOUR, channel=notice.channel)
    if notice.firm:
        left = left.filter(ticket__filing__phone_index=notice.ticket.filing.phone_index)
    else:
        left = left.filter(recipient=notice.recipient_id, robot=notice.robot_id)
    if left.filter(digest__isnull=True).count() >= settings.NOTICES_PER_HOUR:
        raise NotNow(until=at + HOUR, gather=not notice.firm)
    if notice.robot_id:
        _not_in_a_minute(notice.robot_id, at=at)


def _not_in_a_minute(robot_id: int | None, *, at: datetime) -> None:
    """A little under what both providers take from one robot."""
    since = at - MINUTE
    alone = Notice.objects.filter(robot=robot_id, sent_at__gte=since, digest__isnull=True).count()
    if alone + Digest.objects.filter(robot=robot_id, sent_at__gte=since).count() >= PER_MINUTE - 2:
        raise NotNow(until=at + MINUTE)


def _listed(notices: Sequence[Notice]) -> str:
    """One line a notice, oldest first, and how to see the rest."""
    lines = [
        f"{spoken(notice.created_at)} {line(notice, private=True)}：{_named(notice)}" for notice in notices[:_LINES]
    ]
    if (more := len(notices) - _LINES) > 0:
        lines.append(f"另有 {more} 条。")
    where = f"{settings.PUBLIC_URL}/desk/notices/" if settings.PUBLIC_URL else "工作台的“通知”"
    return "\n".join([*lines, "", f"详情请登录后查看：{where}"])


def _named(notice: Notice) -> str:
    said = values(notice.ticket, notice.clock, private=True)
    return f"{said['title']} {said['number']}"
