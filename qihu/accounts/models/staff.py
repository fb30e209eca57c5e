"""WHO: regions, departments, staff and what each may be to a request."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from collections.abc import Iterable


class Region(models.Model):
    """An administrative division by its GB/T 2260 code; `path` lists its ancestors and itself, joined by '/'."""

    code = models.CharField("代码", primary_key=True, max_length=12)
    name = models.CharField("名称", max_length=60)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField("路径", max_length=80, unique=True)

    class Meta:
        verbose_name = verbose_name_plural = "区划"

    def __str__(self) -> str:
        return self.name


def within(path: str, place: str) -> bool:
    """Whether the region at `path` is the one at `place` or lies in it."""
    return path == place or path.startswith(f"{place}/")


def lies_in(place: str, *, field: str = "region__path") -> Q:
    """As `within`, for a query: rows whose `field` is the place or lies in it."""
    return Q(**{field: place}) | Q(**{f"{field}__startswith": f"{place}/"})


class Department(models.Model):
    """Whoever can hold a request. `partner` kinds only ever co-handle (domain.md §1)."""

    class Kind(models.TextChoices):
        SECTION = "section", "服务板块"
        TASK_FORCE = "task_force", "产业链专班"
        DEPARTMENT = "department", "部门"
        PARTNER = "partner", "协办伙伴"
        CENTRE = "centre", "企业综合服务中心"
        DISCIPLINE = "discipline", "纪检监察机关"

    code = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    kind = models.CharField("类型", max_length=12, choices=Kind, default=Kind.DEPARTMENT)
    region = models.ForeignKey(Region, models.PROTECT, related_name="departments", verbose_name="区划")
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "部门"

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """Roles of domain.md §1."""

    INTAKE = "intake", "受理员"
    DISPATCHER = "dispatcher", "研判交办员"
    OFFICER = "officer", "部门经办"
    HEAD = "head", "部门负责人"
    DIRECTOR = "director", "企服中心主任"
    SUPERVISOR = "supervisor", "督办员"
    DISCIPLINE = "discipline", "纪检监察"
    LEADER = "leader", "领导"
    SYSADMIN = "sysadmin", "系统管理员"
    SECADMIN = "secadmin", "安全管理员"
    AUDITOR = "auditor", "审计员"


OF_DEPARTMENT = frozenset({Role.OFFICER, Role.HEAD, Role.DISCIPLINE})
OF_REGION = frozenset({Role.INTAKE, Role.DISPATCHER, Role.DIRECTOR, Role.SUPERVISOR, Role.LEADER})
THREE_OFFICERS = frozenset({Role.SYSADMIN, Role.SECADMIN, Role.AUDITOR})


class UserManager(BaseUserManager["User"]):
    """Creates staff accounts; firms have none here."""

    def create_user(self, username: str, password: str | None = None, **fields: object) -> User:
        """Staff account with a hashed password, or an unusable one where `password` is None."""
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: object) -> User:
        """Account for `/admin/`, for a new installation's first sign-in."""
        return self.create_user(username, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A member of staff. What they may do follows from their grants, never from flags here."""

    username = models.CharField("账号", max_length=80, unique=True)
    name = models.CharField("姓名", max_length=40)
    email = models.EmailField(
        "邮箱", blank=True, default="", db_default="", help_text="工作通知的汇总和超期提醒发到这里"
    )
    is_active = models.BooleanField("启用", default=True)
    is_staff = models.BooleanField("可进配置后台", default=False)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = verbose_name_plural = "账号"

    def __str__(self) -> str:
        return self.name or self.username

    @cached_property
    def held(self) -> tuple[Grant, ...]:
        """The grants with department and region: one query, kept for the life of this object."""
        return tuple(self.grants.select_related("department", "region").order_by("pk"))

    def roles(self) -> frozenset[str]:
        """Codes of the roles held anywhere."""
        return frozenset(grant.role for grant in self.held)

    @property
    def has_board(self) -> bool:
        """Whether the figures are theirs to read: whoever answers for a region, and heads for their department."""
        return bool(self.roles() & (OF_REGION | {Role.HEAD}))

    def departments(self, roles: Iterable[str] = OF_DEPARTMENT) -> frozenset[int]:
        """Keys of the departments in which one of `roles` is held."""
        wanted = frozenset(roles)
        return frozenset(g.department_id for g in self.held if g.role in wanted and g.department_id)

    def region_paths(self, roles: Iterable[str]) -> tuple[str, ...]:
        """Paths of the regions in which one of `roles` is held; whatever starts with one of them is theirs."""
        wanted = frozenset(roles)
        return tuple(g.region.path for g in self.held if g.role in wanted and g.region)


class Grant(models.Model):
    """One role of one person, in a department or in a region and everything below it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="grants", verbose_name="账号")
    role = models.CharField("角色", max_length=12, choices=Role)
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, verbose_name="部门")
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, verbose_name="区划")

    class Meta:
        verbose_name = verbose_name_plural = "授权"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "department", "region"], name="grant_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="grant_has_its_place",
                condition=Q(role__in=sorted(OF_DEPARTMENT), department__isnull=False, region__isnull=True)
                | Q(role__in=sorted(OF_REGION), region__isnull=False, department__isnull=True)
                | Q(role__in=sorted(THREE_OFFICERS), region__isnull=True, department__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"

    @property
    def code(self) -> str:
        """Role and place in codes, as the audit trail keeps them: `officer@finance`, `auditor`."""
        place = self.department.code if self.department else self.region_id
        return f"{self.role}@{place}" if place else str(self.role)
