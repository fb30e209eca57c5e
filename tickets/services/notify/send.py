"""Getting notices out of the house: claim (commit), send, record; one message at a time, so that none spoils another.

At least once: a worker that dies between sending and recording leaves its row claimed; when the lease is over it is
tried again as doubtful, and a sender that can ask its provider asks first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import F, QuerySet

from qihu.accounts.models import Role, User
from qihu.errors import Conflict, Unknown
from qihu.senders.parcel import SendError
from qihu.senders.registry import sender
from tickets import access
from tickets.models import BulletinSending, Digest, Notice
from tickets.models.lists import TicketQuerySet
from tickets.models.notice import STUCK, State
from tickets.services.bulletins.sending import bulletin_parcel
from tickets.services.notify.parcels import NotNow, Pointless, Unsendable, digest_parcel, notice_parcel

log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=5)
"""How long a claimed message is left alone: far above the longest attempt."""
MOST_ATTEMPTS = 12
"""About six hours of back-off; then a person must look."""
_ALONE = 0x6E6F74  # key of the advisory lock
_OUT_OF_REACH = frozenset({"unreachable", "no_answer"})
_Row = Notice | Digest | BulletinSending


@contextmanager
def alone() -> Iterator[bool]:
    """Whether no other worker is sending: two at a slow provider's mercy would leave nobody to route requests."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ALONE])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ALONE])


def send_next(*, at: datetime, down: set[str]) -> bool:
    """Send what has been due longest, notice, digest or bulletin; False when nothing is.

    `down` collects the channels whose provider did not answer: they are left alone for the rest of this run.
    """
    one = claim(at=at, without=down)
    if one is None:
        return False
    try:
        _sent(one, _deliver(one, at=at), at=at)
    except Pointless as reason:
        _end(one, State.SKIPPED, str(reason))
    except Unsendable as reason:
        _end(one, State.UNSENT, str(reason))
    except NotNow as reason:
        _put_off(one, reason)
    except SendError as error:
        _refused(one, error, at=at, down=down)
    except Exception as error:
        log.exception("notice.failed", model=type(one).__name__, key=one.pk)
        _refused(one, SendError(type(error).__name__, retry=True), at=at, down=down)
    return True


@transaction.atomic
def claim(*, at: datetime, without: Collection[str] = ()) -> _Row | None:
    """The message that has been due longest, leased to this worker; those that another one holds are skipped."""
    for rows in (_notices(), _digests(), _bulletins()):
        found = rows.filter(state=State.QUEUED, due_at__lte=at).exclude(channel__in=without).order_by("due_at", "pk")
        one: _Row | None = found.select_for_update(of=("self",), skip_locked=True, no_key=True).first()
        if one is not None:
            _waiting(one).update(due_at=at + LEASE, attempts=F("attempts") + 1, doubtful=True)
            return one
    return None


def _notices() -> QuerySet[Any]:
    return Notice.objects.with_words()


def _digests() -> QuerySet[Any]:
    return Digest.objects.select_related("recipient", "robot")


def _bulletins() -> QuerySet[Any]:
    found = BulletinSending.objects.select_related("recipient", "bulletin__schedule", "bulletin__region")
    return found.select_related("bulletin__department__region")


def _deliver(one: _Row, *, at: datetime) -> str:
    """The provider's id of it."""
    way = sender(one.channel)
    if way is None:
        raise Unsendable("no_provider")
    if isinstance(one, BulletinSending):
        return way(bulletin_parcel(one, doubtful=one.doubtful))
    if isinstance(one, Digest):
        return way(digest_parcel(one, at=at, doubtful=one.doubtful))
    return way(notice_parcel(one, at=at, doubtful=one.doubtful))


def _waiting(one: _Row) -> QuerySet[Any]:
    """The row, unless somebody has settled it meanwhile."""
    model: type[_Row] = type(one)
    return model.objects.filter(pk=one.pk, state=State.QUEUED)


def _gathered(one: _Row) -> QuerySet[Any]:
    """What a digest carries: it shares the digest's fate."""
    return Notice.objects.filter(digest=one.pk, state=State.HELD) if isinstance(one, Digest) else Notice.objects.none()


@transaction.atomic
def _sent(one: _Row, given: str, *, at: datetime) -> None:
    done: dict[str, object] = {"state": State.SENT, "sent_at": at, "error": "", "due_at": None, "doubtful": False}
    _waiting(one).update(provider_id=given[:200], **done)
    _gathered(one).update(**done)


@transaction.atomic
def _end(one: _Row, state: State, reason: str) -> None:
    done: dict[str, object] = {"state": state, "error": reason, "due_at": None, "doubtful": False}
    _waiting(one).update(**done)
    _gathered(one).update(**done)


def _put_off(one: _Row, reason: NotNow) -> None:
    """Not an attempt. What a member of staff or a group gets too much of is gathered; a firm's waits."""
    later = {"state": State.HELD, "due_at": None} if reason.gather else {"due_at": reason.until}
    _waiting(one).update(attempts=one.attempts, doubtful=one.doubtful, **later)


def _refused(one: _Row, error: SendError, *, at: datetime, down: set[str]) -> None:
    attempts = one.attempts + 1
    if error.code in _OUT_OF_REACH:
        down.add(one.channel)
    if not error.retry or attempts >= MOST_ATTEMPTS:
        _end(one, State.FAILED, error.code[:60])
        return
    wait = max(timedelta(seconds=error.after), back_off(attempts))
    _waiting(one).update(error=error.code[:60], due_at=at + wait, doubtful=error.doubtful)


def back_off(attempts: int) -> timedelta:
    """30 s, 1 min, 2 min … at most an hour."""
    return timedelta(seconds=min(15 * 2**attempts, 3600))


@transaction.atomic
def resend(*, notice_id: int, user: User, at: datetime) -> Notice:
    """Try a notice that did not get out once more, from the start. `Unknown` for what they may not see or resend."""
    found = Notice.objects.among(resendable(user)).filter(pk=notice_id).select_related("ticket")
    notice = found.select_for_update(of=("self",)).first()
    if notice is None:
        raise Unknown("没有这条通知。")
    if notice.state not in STUCK:
        raise Conflict(f"这条通知{State(notice.state).label}，不用重发。")
    notice.state, notice.attempts, notice.error, notice.due_at, notice.digest = State.QUEUED, 0, "", at, None
    notice.save(update_fields=["state", "attempts", "error", "due_at", "digest"])
    return notice


@transaction.atomic
def resend_all(*, user: User, at: datetime) -> int:
    """Try everything again that did not get out, of what this person looks after; how many."""
    stuck = Notice.objects.stuck().among(resendable(user)).order_by()
    return stuck.update(state=State.QUEUED, attempts=0, error="", due_at=at, digest=None)


def resendable(user: User) -> TicketQuerySet:
    """Requests whose outgoing notices this person looks after: those of their service centre."""
    seen = access.visible_to(user)
    return seen if user.roles() & {Role.DIRECTOR, Role.INTAKE} else seen.none()
