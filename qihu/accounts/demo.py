"""The demo organisation: Quzhou, its departments and one account for each post. Every person is fictional."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Q

from qihu.accounts.models import Department, Grant, Region, Role, User

if TYPE_CHECKING:
    from collections.abc import Iterator

CITY = "330800"
# Divisions down to towns as of 2023-06-30, from the statistics bureau's list (WTFPL).
DIVISIONS = Path(__file__).parent / "data" / "quzhou_divisions.csv"

Kind = Department.Kind
# Departments that exist in the city and in each county. Utilities are partners elsewhere; here they lead
# ENV-01 (domain.md §6), and a partner never leads, so they are departments.
DEPARTMENTS = (
    ("finance", "金融办", Kind.DEPARTMENT),
    ("talent", "人社局", Kind.DEPARTMENT),
    ("land", "自然资源局", Kind.DEPARTMENT),
    ("science", "科技局", Kind.DEPARTMENT),
    ("service-centre", "企业综合服务中心", Kind.CENTRE),
    ("economy", "经信局", Kind.DEPARTMENT),
    ("treasury", "财政局", Kind.DEPARTMENT),
    ("tax", "税务局", Kind.DEPARTMENT),
    ("talent-office", "人才办", Kind.DEPARTMENT),
    ("education", "教育局", Kind.DEPARTMENT),
    ("housing", "住建局", Kind.DEPARTMENT),
    ("ecology", "生态环境局", Kind.DEPARTMENT),
    ("commerce", "商务局", Kind.DEPARTMENT),
    ("development", "发改局", Kind.DEPARTMENT),
    ("market", "市场监管局", Kind.DEPARTMENT),
    ("power", "供电公司", Kind.DEPARTMENT),
    ("water", "水务公司", Kind.DEPARTMENT),
    ("gas", "燃气公司", Kind.DEPARTMENT),
    ("police", "公安局", Kind.DEPARTMENT),
    ("transport", "交通运输局", Kind.DEPARTMENT),
    ("justice", "司法局", Kind.DEPARTMENT),
    ("data", "数据局", Kind.DEPARTMENT),
    ("discipline", "纪检监察机关", Kind.DISCIPLINE),
)
CITY_ONLY = (
    ("chain-new-materials", "新材料产业链专班", Kind.TASK_FORCE),
    ("chain-new-energy", "新能源产业链专班", Kind.TASK_FORCE),
    ("chain-ic", "集成电路产业链专班", Kind.TASK_FORCE),
    ("chain-equipment", "智能装备产业链专班", Kind.TASK_FORCE),
    ("chain-health", "生命健康产业链专班", Kind.TASK_FORCE),
    ("chain-paper", "特种纸产业链专班", Kind.TASK_FORCE),
    # Where it is not yet known which chain a supply problem belongs to.
    ("chain-office", "产业链专班办公室", Kind.TASK_FORCE),
    ("rural-bank", "农商银行", Kind.PARTNER),
    ("guarantee", "融资担保公司", Kind.PARTNER),
    ("industry-fund", "产业基金", Kind.PARTNER),
    ("research-institute", "产业技术研究院", Kind.PARTNER),
    ("park", "智造新城管委会", Kind.PARTNER),
)
# Posts for the whole city; None: one of the 三员, who belong to no place.
CITY_WIDE = (
    ("dispatcher", Role.DISPATCHER, CITY),
    ("intake", Role.INTAKE, CITY),
    ("director", Role.DIRECTOR, CITY),
    ("supervisor", Role.SUPERVISOR, CITY),
    ("leader", Role.LEADER, CITY),
    ("auditor", Role.AUDITOR, None),
    ("sysadmin", Role.SYSADMIN, None),
    ("secadmin", Role.SECADMIN, None),
)
# Which tables of /admin/ each of the two may change: the one runs the system, the other grants and rules.
ADMIN_APPS = {"sysadmin": ("promises", "outbox"), "secadmin": ("rules",)}
ADMIN_MODELS = {"sysadmin": ("region", "department"), "secadmin": ("user", "grant")}
TICKET_MODELS = ("qrcode", "noticetemplate", "noticerule", "robothook", "draw", "script")  # the first of them besides

_KNOWN = {"officer.finance": "陈伟", "head.finance": "周敏"}
_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = (
    *"伟敏静丽强磊军洋勇艳杰娟涛明超霞平刚辉玲",
    *("建国", "志强", "晓燕", "海燕", "文斌", "佳怡", "思远", "雨桐", "子涵", "浩然", "慧敏", "国栋", "立新"),
    *("春梅", "秀英", "永康", "嘉琪", "振华", "丽萍", "少华", "宏伟", "雪梅", "俊峰", "婷婷", "新民", "学文"),
    *("红梅", "卫东", "晓峰"),
)


@dataclass(frozen=True, slots=True)
class Post:
    """One account with its one role, in a department or in a region (codes), or nowhere."""

    username: str
    role: Role
    department: str | None = None
    region: str | None = None


@transaction.atomic
def load_organisation(password: str) -> int:
    """Add the regions, departments, accounts and grants that are missing; how many accounts were new.

    Accounts that exist already get `password` too, so that the one announced is the one that works.
    """
    load_regions()
    Department.objects.bulk_create(_departments(), ignore_conflicts=True)
    return _staff(password)


def load_regions() -> None:
    """Add the divisions that are missing: the city, its counties and their towns."""
    Region.objects.bulk_create(_regions(), ignore_conflicts=True)


def _regions() -> list[Region]:
    """City, counties, towns; parents first. Codes lose their trailing zeros by level: 6, 6 and 9 digits."""
    paths = {"330000": ""}
    found = []
    with DIVISIONS.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            code, parent = _short(row["code"]), _short(row["parent_code"])
            paths[code] = f"{paths[parent]}/{code}".lstrip("/")
            found.append(
                Region(
                    code=code,
                    name=row["name"],
                    parent_id=None if code == CITY else parent,
                    path=paths[code],
                )
            )
    return found


def _short(code: str) -> str:
    """`330802000000` → `330802`; `330802005000` → `330802005`."""
    return code[:6] if code[6:9] == "000" else code[:9]


def _departments() -> list[Department]:
    """The city's, then `<code>-<county>` for each county."""
    counties = Region.objects.filter(parent_id=CITY).order_by("code")
    city = [Department(code=c, name=n, kind=k, region_id=CITY) for c, n, k in (*DEPARTMENTS, *CITY_ONLY)]
    local = [
        Department(code=f"{code}-{county.code}", name=f"{county.name}{name}", kind=kind, region=county)
        for county in counties
        for code, name, kind in DEPARTMENTS
    ]
    return city + local


def _posts() -> Iterator[Post]:
    """Every post, in an order that never changes, because names are dealt out along it."""
    for username, role, region in CITY_WIDE:
        yield Post(username, role, region=region)
    for code, kind in Department.objects.order_by("pk").values_list("code", "kind"):
        officer = Role.DISCIPLINE if kind == Kind.DISCIPLINE else Role.OFFICER
        yield Post(f"officer.{code}", officer, department=code)
        yield Post(f"head.{code}", Role.HEAD, department=code)


def _staff(password: str) -> int:
    """Accounts with one hash for all (hashing is slow on purpose: three hundred would take a minute)."""
    posts = list(_posts())
    hashed = make_password(password)
    existing = set(User.objects.values_list("username", flat=True))
    User.objects.filter(username__in=[post.username for post in posts]).update(password=hashed)
    new = [
        User(
            username=post.username,
            name=_name(number, post.username),
            password=hashed,
            is_staff=post.username in ADMIN_APPS,
        )
        for number, post in enumerate(posts)
        if post.username not in existing
    ]
    User.objects.bulk_create(new)
    _grant(posts)
    _permit()
    return len(new)


def _name(number: int, username: str) -> str:
    """A believable name. The lists' lengths (40, 49) share no factor, so none returns within 1,960 posts."""
    return _KNOWN.get(username) or _FAMILY[number * 7 % len(_FAMILY)] + _GIVEN[number * 11 % len(_GIVEN)]


def _grant(posts: list[Post]) -> None:
    """One grant for each post; those that exist stay."""
    users = dict(User.objects.values_list("username", "pk"))
    departments = dict(Department.objects.values_list("code", "pk"))
    Grant.objects.bulk_create(
        [
            Grant(
                user_id=users[post.username],
                role=post.role,
                department_id=departments[post.department] if post.department else None,
                region_id=post.region,
            )
            for post in posts
        ],
        ignore_conflicts=True,
    )


def _permit() -> None:
    """What the two administrators may change in /admin/; permissions exist once migrations have run."""
    for username, apps in ADMIN_APPS.items():
        models = Q(content_type__app_label="accounts", content_type__model__in=ADMIN_MODELS[username])
        # Whoever grants a role picks its place from a list, and that list asks for the right to see it.
        places = Q(content_type__app_label="accounts", codename__in=["view_region", "view_department"])
        verbs = ("view", "add", "change") if username == "sysadmin" else ()
        codes = Q(codename__in=[f"{verb}_{model}" for verb in verbs for model in TICKET_MODELS])
        codes |= Q(codename__in=["view_recalculation", "view_restatement"])
        read = Q(content_type__app_label="promises", codename__startswith="view_")  # who approves must see what
        switch = Q(codename="change_ladderswitch")  # puts rules in and out of force, as publishing does
        allowed = Permission.objects.filter(models | places | codes | read | Q(content_type__app_label__in=apps))
        allowed = allowed | Permission.objects.filter(switch) if username == "secadmin" else allowed.exclude(switch)
        User.objects.get(username=username).user_permissions.set(allowed)
