"""A bulletin's letter: a link and no file (docs/adr/0012). Who may no longer read it is not written to."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from qihu.accounts.models import User
from qihu.errors import Conflict, Unknown
from qihu.senders.parcel import Parcel
from tickets.bulletin_access import may_read, permit_make
from tickets.models import Bulletin, BulletinSending
from tickets.models.bulletin import Format
from tickets.models.notice import STUCK, State
from tickets.services.notify.parcels import Pointless, Unsendable


def bulletin_parcel(sending: BulletinSending, *, doubtful: bool) -> Parcel:
    """Raises `Pointless` for who has lost the right since, `Unsendable` without an address."""
    person, bulletin = sending.recipient, sending.bulletin
    if not may_read(person, bulletin.place):
        raise Pointless("no_right")
    if not person.email:
        raise Unsendable("no_address")
    return Parcel(
        key=f"bulletin-{sending.pk}", to=person.email, title=bulletin.title, body=_body(bulletin), doubtful=doubtful
    )


def _body(bulletin: Bulletin) -> str:
    kinds = bulletin.schedule.formats if bulletin.schedule else Format.values
    named = "、".join(Format(kind).label for kind in kinds)
    where = (
        f"{settings.PUBLIC_URL.rstrip('/')}/board/bulletins/{bulletin.pk}/" if settings.PUBLIC_URL else "看板的“通报”"
    )
    return (
        f"{bulletin.title}（{bulletin.number}）已经制作完成。\n\n"
        f"请登录后查看，并可下载 {named}：{where}\n\n"
        "邮件里不带附件：通报只给有权限的人看，下载会留下记录。"
    )


@transaction.atomic
def resend(*, sending_id: int, user: User, at: datetime) -> BulletinSending:
    """Try once more what did not get out. `Unknown` for what is none, `Conflict` for what needs no second try."""
    rows = BulletinSending.objects.select_related("bulletin__region", "bulletin__department__region", "recipient")
    found = rows.select_for_update(of=("self",)).filter(pk=sending_id).first()
    if found is None:
        raise Unknown("没有这条发送记录。")
    permit_make(user, found.bulletin.place)
    if found.state not in STUCK:
        raise Conflict(f"这条{State(found.state).label}，不用重发。")
    found.state, found.attempts, found.error, found.due_at = State.QUEUED, 0, "", at
    found.save(update_fields=["state", "attempts", "error", "due_at"])
    return found
