"""Firms and the people who speak for them. A typed name or credit code grants nothing: only these rows do."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from django.db import models
from django.db.models import Q

from qihu import phones
from qihu.accounts.models.staff import Region, User
from qihu.sealed import SealedField


class FirmRole(models.TextChoices):
    """What a member may do for the firm."""

    OWNER = "owner", "管理员"
    CONTACT = "contact", "联系人"
    VIEWER = "viewer", "查看人"


WRITERS = frozenset({FirmRole.OWNER, FirmRole.CONTACT})
"""Who files for the firm and makes its moves; a viewer only reads."""


class Enterprise(models.Model):
    """A firm whose ownership somebody confirmed. Until then there is only a claim."""

    class How(models.TextChoices):
        INTAKE = "intake", "受理员核对"
        PLATFORM = "platform", "可信平台核验"

    name = models.CharField("企业名称", max_length=120)
    uscc = models.CharField("统一社会信用代码", max_length=18, unique=True)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="区划")
    sector = models.CharField("行业代码", max_length=6, blank=True, default="")
    confirmed_at = models.DateTimeField("确认时间")
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_how = models.CharField("确认方式", max_length=10, choices=How)

    class Meta:
        verbose_name = verbose_name_plural = "企业"

    def __str__(self) -> str:
        return self.name


class ContactManager(models.Manager["Contact"]):
    """Finds people by phone without reading one."""

    def by_phone(self, phone: str) -> Contact:
        """The person with this normal phone; a new row where nobody has it."""
        found, _ = self.get_or_create(phone_index=phones.index(phone), defaults={"phone": phone, "name": ""})
        return found


class Contact(models.Model):
    """A person of a firm, by phone. `confirmed_at`: when a one-time code last proved that the phone is theirs."""

    phone = SealedField("手机号")
    phone_index = models.BinaryField(max_length=32, unique=True)
    name = SealedField("姓名")
    confirmed_at = models.DateTimeField("手机验证时间", null=True, blank=True)

    objects: ClassVar[ContactManager] = ContactManager()

    class Meta:
        verbose_name = verbose_name_plural = "企业联系人"

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """How colleagues see the person: the name, else the phone with its middle hidden."""
        return self.name or phones.masked(self.phone)

    @cached_property
    def held(self) -> tuple[Membership, ...]:
        """Memberships in force, with their firms: one query, kept for the life of this object."""
        mine = Membership.objects.in_force().filter(contact=self)
        return tuple(mine.select_related("enterprise__region").order_by("enterprise__name", "pk"))

    def firms(self, *, writing: bool = False) -> frozenset[int]:
        """Keys of the firms they belong to; `writing`: only those they may file and act for."""
        return frozenset(m.enterprise_id for m in self.held if not writing or m.role in WRITERS)

    def membership(self, enterprise_id: int | None) -> Membership | None:
        """The one in force in that firm."""
        return next((m for m in self.held if m.enterprise_id == enterprise_id), None)


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Named queries."""

    def in_force(self) -> MembershipQuerySet:
        """Accepted and not ended: only these grant anything."""
        return self.filter(accepted_at__isnull=False, ended_at__isnull=True)

    def waiting(self) -> MembershipQuerySet:
        """Invited, neither accepted nor ended."""
        return self.filter(accepted_at__isnull=True, ended_at__isnull=True)

    def owners(self) -> MembershipQuerySet:
        """Owners in force."""
        return self.in_force().filter(role=FirmRole.OWNER)


class Membership(models.Model):
    """One stretch of one person in one firm, in one role. A new role is a new row, so the history stays."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="memberships", verbose_name="企业")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="memberships", verbose_name="联系人")
    role = models.CharField("角色", max_length=8, choices=FirmRole)
    invited_by = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+")
    invited_at = models.DateTimeField("邀请时间")
    accepted_at = models.DateTimeField("接受时间", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    ended_by = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+")

    objects: ClassVar[MembershipQuerySet] = MembershipQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "企业成员"
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "contact"], name="membership_once", condition=Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(name="membership_role_known", condition=Q(role__in=FirmRole.values)),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} · {self.get_role_display()}"

    @property
    def writes(self) -> bool:
        """Whether this role files and makes moves."""
        return self.role in WRITERS


class ClaimQuerySet(models.QuerySet["Claim"]):
    """Named queries."""

    def open(self) -> ClaimQuerySet:
        """Not decided yet, oldest first."""
        return self.filter(decided_at__isnull=True).order_by("pk")


class Claim(models.Model):
    """Somebody says that a firm is theirs. It grants nothing until intake or a trusted platform confirms it."""

    class Decision(models.TextChoices):
        CONFIRMED = "confirmed", "已确认"
        REFUSED = "refused", "未通过"

    contact = models.ForeignKey(Contact, models.PROTECT, related_name="claims", verbose_name="申请人")
    name = models.CharField("企业名称", max_length=120)
    uscc = models.CharField("统一社会信用代码", max_length=18)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="区划")
    evidence = SealedField("证明")
    made_at = models.DateTimeField("申请时间")
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decision = models.CharField("决定", max_length=10, choices=Decision, blank=True, default="")
    reason = models.CharField("理由", max_length=200, blank=True, default="")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, blank=True, related_name="claims")

    objects: ClassVar[ClaimQuerySet] = ClaimQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "企业认领"
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "uscc"], name="claim_once", condition=Q(decided_at__isnull=True)
            ),
        ]
        indexes = [models.Index(fields=["id"], name="claim_open", condition=Q(decided_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.name} {self.uscc}"
