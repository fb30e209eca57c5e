"""The demo organisation, and where a role may be held."""

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction

from qihu.accounts.demo import load_organisation
from qihu.accounts.models import Department, Grant, Region, Role, User

pytestmark = pytest.mark.django_db
COUNTIES = {"330802", "330803", "330822", "330824", "330825", "330881"}


def test_it_loads_with_few_queries_and_one_hash_for_all(bare, settings, django_assert_max_num_queries, monkeypatch):
    """A hash each would take a minute."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    hashed = []
    encode = PBKDF2PasswordHasher.encode
    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", lambda *args, **more: hashed.append(1) or encode(*args, **more))
    with django_assert_max_num_queries(40):
        created = load_organisation("demo-password-1")
    assert len(hashed) == 1
    assert created == User.objects.count() > 300


def test_a_second_run_changes_nothing_but_the_password():
    def state():
        return [list(m.objects.order_by("pk").values_list()) for m in (Region, Department, Grant)], list(
            User.objects.order_by("pk").values_list("username", "name", "is_staff")
        )

    before = state()
    assert load_organisation("another-password-2") == 0
    assert state() == before
    assert User.objects.get(username="dispatcher").check_password("another-password-2")


def test_regions_go_down_to_towns():
    assert set(Region.objects.filter(parent_id="330800").values_list("code", flat=True)) == COUNTIES
    town = Region.objects.get(name="府山街道")
    assert (town.code, town.path, town.parent.name) == ("330802006", "330800/330802/330802006", "柯城区")
    assert Region.objects.count() == 107


def test_every_department_has_its_two_accounts():
    for code in Department.objects.values_list("code", flat=True):
        assert {f"officer.{code}", f"head.{code}"} <= set(
            Grant.objects.filter(department__code=code).values_list("user__username", flat=True)
        )
    assert Department.objects.get(code="finance-330802").name == "柯城区金融办"
    assert Department.objects.get(code="service-centre-330881").kind == Department.Kind.CENTRE


def test_task_forces_and_partners_are_the_citys():
    kinds = Department.objects.filter(kind__in=["task_force", "partner"])
    assert set(kinds.values_list("region_id", flat=True)) == {"330800"}
    assert Department.objects.get(code="power").kind == Department.Kind.DEPARTMENT  # it leads ENV-01


@pytest.mark.parametrize(
    ("username", "role", "region"),
    [
        ("dispatcher", Role.DISPATCHER, "330800"),
        ("intake", Role.INTAKE, "330800"),
        ("director", Role.DIRECTOR, "330800"),
        ("supervisor", Role.SUPERVISOR, "330800"),
        ("leader", Role.LEADER, "330800"),
        ("auditor", Role.AUDITOR, None),
        ("sysadmin", Role.SYSADMIN, None),
        ("secadmin", Role.SECADMIN, None),
    ],
)
def test_posts_of_the_whole_city(username, role, region):
    user = User.objects.get(username=username)
    assert [(grant.role, grant.region_id, grant.department_id) for grant in user.held] == [(role, region, None)]


def test_named_people():
    names = dict(User.objects.values_list("username", "name"))
    assert (names["officer.finance"], names["head.finance"]) == ("陈伟", "周敏")
    assert len(set(names.values())) >= len(names) - 2


def test_discipline_officers_hold_their_own_role():
    assert User.objects.get(username="officer.discipline").roles() == {Role.DISCIPLINE}
    assert User.objects.get(username="head.discipline").roles() == {Role.HEAD}


def test_only_two_open_the_back_office_and_neither_is_almighty():
    assert set(User.objects.filter(is_staff=True).values_list("username", flat=True)) == {
        "sysadmin",
        "secadmin",
    }
    assert not User.objects.filter(is_superuser=True).exists()
    system, security = User.objects.get(username="sysadmin"), User.objects.get(username="secadmin")
    assert system.has_perms(["accounts.change_region", "accounts.change_department"])
    assert not system.has_perm("accounts.change_grant")
    assert not system.has_perm("rules.change_ruleset")
    assert security.has_perms(["accounts.change_grant", "rules.change_ruleset"])
    assert not security.has_perm("accounts.change_region")
    assert security.has_perms(["accounts.view_region", "accounts.view_department"])
    for permission in Permission.objects.filter(content_type__app_label="promises"):
        switch = permission.codename == "change_ladderswitch"  # puts the ladder out of force: the other one's
        assert system.has_perm(f"promises.{permission.codename}") is not switch
    assert security.has_perm("promises.change_ladderswitch")


@pytest.mark.parametrize(
    ("role", "department", "region"),
    [
        (Role.OFFICER, None, "330800"),
        (Role.OFFICER, None, None),
        (Role.HEAD, "tax", "330800"),
        (Role.DISPATCHER, "tax", None),
        (Role.LEADER, None, None),
        (Role.AUDITOR, None, "330800"),
        (Role.SECADMIN, "tax", None),
    ],
)
def test_a_role_is_held_only_where_it_belongs(role, department, region):
    user = User.objects.create_user("newcomer", name="新人")
    place = Department.objects.get(code=department) if department else None
    with pytest.raises(IntegrityError, match="grant_has_its_place"), transaction.atomic():
        Grant.objects.create(user=user, role=role, department=place, region_id=region)


def test_the_same_grant_is_given_once():
    user = User.objects.get(username="auditor")
    with pytest.raises(IntegrityError, match="grant_once"), transaction.atomic():
        Grant.objects.create(user=user, role=Role.AUDITOR)
