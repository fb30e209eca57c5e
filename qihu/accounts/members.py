"""Who belongs to a firm: invite, accept, give another role, hand over, leave. The firm is locked first, always."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from qihu.accounts.models import Contact, Enterprise, FirmRole, Membership
from qihu.errors import Conflict, Forbidden, Invalid, Unknown

MOST = 200
"""Members and open invitations of a firm."""
_LAST = "您是唯一的管理员。请先把管理员交给同事，再离开；没有同事可交的，请联系服务中心。"


@transaction.atomic
def invite(*, enterprise_id: int, by: Contact, phone: str, role: str, at: datetime) -> Membership:
    """An owner asks a person, by normal mobile phone, to join. It grants nothing until they accept.

    Raises `Unknown` for a firm that is not theirs, `Forbidden` unless owner, `Conflict` for who is in or invited.
    """
    _as_owner(enterprise_id, by)
    if role not in FirmRole.values:
        raise Invalid("请选择角色。", fields={"role": "请选择角色。"})
    there = Membership.objects.filter(enterprise=enterprise_id, ended_at=None)
    if there.count() >= MOST:
        raise Conflict(f"一家企业最多 {MOST} 名成员。请先移出离职的同事。")
    invited = Contact.objects.by_phone(phone)
    if there.filter(contact=invited).exists():
        raise Conflict("这个手机号已经是成员，或已有一份待接受的邀请。", fields={"phone": "已在名单中。"})
    return Membership.objects.create(
        enterprise_id=enterprise_id, contact=invited, role=role, invited_by=by, invited_at=at
    )


@transaction.atomic
def accept(*, membership_id: int, contact: Contact, at: datetime) -> Membership:
    """The invited person joins. Raises `Unknown` for an invitation that is another's, taken back or accepted."""
    invitation = _invitation(membership_id, contact)
    invitation.accepted_at = at
    invitation.save(update_fields=["accepted_at"])
    return invitation


@transaction.atomic
def decline(*, membership_id: int, contact: Contact, at: datetime) -> None:
    """The invited person does not join. Raises as `accept`."""
    _end(_invitation(membership_id, contact), by=contact, at=at)


def _invitation(membership_id: int, contact: Contact) -> Membership:
    found = Membership.objects.waiting().filter(pk=membership_id, contact=contact).first()
    if found is not None:
        _lock(found.enterprise_id)
        found = Membership.objects.waiting().filter(pk=membership_id).select_related("enterprise").first()
    if found is None:
        raise Unknown("没有这份邀请，可能已被撤回。")
    return found


@transaction.atomic
def give_role(*, membership_id: int, enterprise_id: int, by: Contact, role: str, at: datetime) -> Membership:
    """An owner gives a member, or themselves, another role; the old stretch ends, a new one begins.

    Raises `Conflict` where nobody would own the firm any more, and as `invite`.
    """
    _as_owner(enterprise_id, by)
    member = _member(membership_id, enterprise_id)
    if role not in FirmRole.values or member.accepted_at is None:
        raise Invalid("请选择角色。", fields={"role": "请选择角色。"})
    if role == member.role:
        return member
    if role != FirmRole.OWNER:
        _keep_an_owner(member)
    return _begin_again(member, role, by=by, at=at)


@transaction.atomic
def remove(*, membership_id: int, enterprise_id: int, by: Contact, at: datetime) -> None:
    """An owner takes a member out or an invitation back. From this moment the firm is out of their sight.

    Raises as `give_role`.
    """
    _as_owner(enterprise_id, by)
    member = _member(membership_id, enterprise_id)
    _keep_an_owner(member)
    _end(member, by=by, at=at)


@transaction.atomic
def leave(*, enterprise_id: int, contact: Contact, at: datetime) -> None:
    """A member leaves. Raises `Conflict` for the only owner."""
    _lock(enterprise_id)
    member = _mine(enterprise_id, contact)
    _keep_an_owner(member)
    _end(member, by=contact, at=at)


@transaction.atomic
def hand_over(*, enterprise_id: int, by: Contact, to: int, stays: bool, at: datetime) -> None:
    """交接: an owner makes the member `to` (a membership's key) owner, and stays as contact or leaves.

    Raises `Invalid` for a hand-over to oneself or to who has not accepted, and as `invite`.
    """
    mine = _as_owner(enterprise_id, by)
    member = _member(to, enterprise_id)
    if member.pk == mine.pk or member.accepted_at is None:
        said = "请选择一位已加入的同事。"
        raise Invalid(said, fields={"to": said})
    if member.role != FirmRole.OWNER:
        _begin_again(member, FirmRole.OWNER, by=by, at=at)
    if stays:
        _begin_again(mine, FirmRole.CONTACT, by=by, at=at)
    else:
        _end(mine, by=by, at=at)


def _lock(enterprise_id: int) -> None:
    """Two owners who leave at once come here one after the other."""
    if not Enterprise.objects.select_for_update(no_key=True).filter(pk=enterprise_id).exists():
        raise Unknown("没有这家企业。")


def _mine(enterprise_id: int, contact: Contact) -> Membership:
    """Read again under the lock: `contact.held` may be older."""
    found = Membership.objects.in_force().filter(enterprise=enterprise_id, contact=contact).first()
    if found is None:
        raise Unknown("没有这家企业。")
    return found


def _as_owner(enterprise_id: int, by: Contact) -> Membership:
    _lock(enterprise_id)
    mine = _mine(enterprise_id, by)
    if mine.role != FirmRole.OWNER:
        raise Forbidden("成员由本企业的管理员管理。")
    return mine


def _member(membership_id: int, enterprise_id: int) -> Membership:
    found = Membership.objects.filter(pk=membership_id, enterprise=enterprise_id, ended_at=None).first()
    if found is None:
        raise Unknown("名单里没有这个人。")
    return found


def _keep_an_owner(member: Membership) -> None:
    if member.accepted_at is None or member.role != FirmRole.OWNER:
        return
    if not Membership.objects.owners().filter(enterprise=member.enterprise_id).exclude(pk=member.pk).exists():
        raise Conflict(_LAST, code="last-owner")


def _end(member: Membership, *, by: Contact, at: datetime) -> None:
    member.ended_at, member.ended_by = at, by
    member.save(update_fields=["ended_at", "ended_by"])


def _begin_again(member: Membership, role: str, *, by: Contact, at: datetime) -> Membership:
    _end(member, by=by, at=at)
    return Membership.objects.create(
        enterprise_id=member.enterprise_id,
        contact_id=member.contact_id,
        role=role,
        invited_by=by,
        invited_at=at,
        accepted_at=at,
    )
