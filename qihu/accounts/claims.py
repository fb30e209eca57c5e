"""Whose firm it is: claimed by a contact, confirmed by intake or by a trusted platform, never by typing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from qihu.accounts.models import Claim, Contact, Enterprise, FirmRole, Membership, Region, User
from qihu.audit.models import Action
from qihu.audit.record import record
from qihu.errors import Conflict, Invalid, Unknown
from qihu.phones import index

MOST_OPEN = 5
"""Claims of one person that wait at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """What a trusted platform (浙里办, 企业码) vouches for: this phone speaks for this firm as its owner."""

    phone: str
    uscc: str
    name: str


def claim(*, contact: Contact, name: str, uscc: str, region: Region, evidence: str, at: datetime) -> Claim:
    """A contact says that a firm is theirs; waits for intake. Name and code have passed the checks of a filing.

    Raises `Conflict` for who owns it already, claims it already, or has too many claims waiting.
    """
    if any(m.role == FirmRole.OWNER and m.enterprise.uscc == uscc for m in contact.held):
        raise Conflict("您已经是这家企业的管理员。")
    if contact.claims.open().count() >= MOST_OPEN:
        raise Conflict("您有几份认领还在核对，请等结果出来再提交。")
    try:
        with transaction.atomic():
            return Claim.objects.create(
                contact=contact, name=name, uscc=uscc, region=region, evidence=evidence, made_at=at
            )
    except IntegrityError:  # the same firm, pressed twice
        raise Conflict("您已经提交过这家企业的认领，正在核对。") from None


@transaction.atomic
def confirm(*, claim_id: int, by: User, at: datetime, reason: str = "") -> Membership:
    """Intake has checked the evidence: the claimant owns the firm from now on.

    Of a firm that has owners already it needs a reason: they will see the new one among them. Raises `Conflict`
    for a claim that is decided.
    """
    found = _undecided(claim_id)
    there = Enterprise.objects.filter(uscc=found.uscc).first()
    if there and not reason.strip() and Membership.objects.owners().filter(enterprise=there).exists():
        said = "这家企业已有管理员，请写明为什么再增加一位。"
        raise Invalid(said, fields={"reason": said})
    enterprise = _enterprise(found.uscc, found.name, found.region, how=Enterprise.How.INTAKE, by=by, at=at)
    _decide(found, Claim.Decision.CONFIRMED, by=by, at=at, reason=reason, enterprise=enterprise)
    return _owner(enterprise, found.contact, at=at)


@transaction.atomic
def refuse(*, claim_id: int, by: User, at: datetime, reason: str) -> Claim:
    """The evidence does not show it. Raises `Invalid` without a reason, `Conflict` for a claim that is decided."""
    if not reason.strip():
        raise Invalid("请写明理由，申请人会看到。", fields={"reason": "请写明理由，申请人会看到。"})
    found = _undecided(claim_id)
    _decide(found, Claim.Decision.REFUSED, by=by, at=at, reason=reason)
    return found


@transaction.atomic
def vouch(*, contact: Contact, vouched: Vouched, region: Region, at: datetime) -> Membership:
    """A trusted platform has vouched. Raises `Invalid` where it speaks of another phone than the signed-in one."""
    if index(vouched.phone) != bytes(contact.phone_index):
        raise Invalid("平台上核验的手机号和您登录的不是同一个。")
    waiting = list(contact.claims.open().filter(uscc=vouched.uscc).select_for_update())
    enterprise = _enterprise(vouched.uscc, vouched.name, region, how=Enterprise.How.PLATFORM, by=None, at=at)
    for one in waiting:
        _decide(one, Claim.Decision.CONFIRMED, by=None, at=at, reason="可信平台核验", enterprise=enterprise)
    return _owner(enterprise, contact, at=at)


def _undecided(claim_id: int) -> Claim:
    locked = Claim.objects.select_for_update(of=("self",)).select_related("contact", "region")
    found = locked.filter(pk=claim_id).first()
    if found is None:
        raise Unknown("没有这份认领。")
    if found.decided_at is not None:
        raise Conflict(f"这份认领已由他人处理：{found.get_decision_display()}。")
    return found


def _decide(
    found: Claim, decision: str, *, by: User | None, at: datetime, reason: str, enterprise: Enterprise | None = None
) -> None:
    found.decision, found.decided_at, found.decided_by = decision, at, by
    found.reason, found.enterprise = reason.strip()[:200], enterprise
    found.save(update_fields=["decision", "decided_at", "decided_by", "reason", "enterprise"])
    record(
        Action.GRANTS,
        actor=by,
        kind="claim",
        key=found.pk,
        after={"decision": decision, "contact": found.contact_id, "enterprise": enterprise.pk if enterprise else None},
        reason=found.reason,
        at=at,
    )


def _enterprise(uscc: str, name: str, region: Region, *, how: str, by: User | None, at: datetime) -> Enterprise:
    """The firm with this code, locked; made where nobody has confirmed it before."""
    confirmed = {"confirmed_at": at, "confirmed_by": by, "confirmed_how": how}
    made, _ = Enterprise.objects.get_or_create(uscc=uscc, defaults={"name": name, "region": region} | confirmed)
    return Enterprise.objects.select_for_update(no_key=True).get(pk=made.pk)


def _owner(enterprise: Enterprise, contact: Contact, *, at: datetime) -> Membership:
    """The person as owner: what they were before ends, so that the history shows it."""
    before = Membership.objects.filter(enterprise=enterprise, contact=contact, ended_at=None).first()
    if before and before.accepted_at and before.role == FirmRole.OWNER:
        return before
    if before:
        before.ended_at, before.ended_by = at, contact
        before.save(update_fields=["ended_at", "ended_by"])
    return Membership.objects.create(
        enterprise=enterprise, contact=contact, role=FirmRole.OWNER, invited_at=at, accepted_at=at
    )
