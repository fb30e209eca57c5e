"""The back office of people and places: who may grant what, and what nobody may mix."""

import pytest
from django.urls import reverse

from qihu.accounts.forms import MIXED, excludes
from qihu.accounts.models import Department, Grant, Region, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client):
    """Sign in somebody of the demo organisation by username."""

    def sign_in(username):
        client.force_login(User.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


def grant(client, **fields):
    return client.post(
        reverse("admin:accounts_grant_add"),
        {"user": "", "role": "", "department": "", "region": "", **fields},
    )


def rows(user, *new):
    """The inline of a person's grants with `new` rows added, as a browser would send it."""
    held = list(user.grants.order_by("pk"))
    data = {
        "username": user.username,
        "name": user.name,
        "is_active": "on",
        "grants-TOTAL_FORMS": len(held) + len(new),
        "grants-INITIAL_FORMS": len(held),
    }
    for number, row in enumerate([*held, *new]):
        old = isinstance(row, Grant)
        data |= {
            f"grants-{number}-id": row.pk if old else "",
            f"grants-{number}-user": user.pk,
            f"grants-{number}-role": row.role if old else row["role"],
            f"grants-{number}-department": (row.department_id if old else row.get("department")) or "",
            f"grants-{number}-region": (row.region_id if old else row.get("region")) or "",
        }
    return data


def test_three_officers_exclude_each_other_and_all_else():
    assert excludes(["sysadmin", "auditor"])
    assert excludes(["secadmin", "officer"])
    assert not excludes(["officer", "head", "dispatcher"])
    assert not excludes(["auditor"])


def test_the_security_administrator_grants(signed_in):
    client = signed_in("secadmin")
    officer, tax = User.objects.get(username="officer.finance"), Department.objects.get(code="tax")
    assert grant(client, user=officer.pk, role="officer", department=tax.pk).status_code == 302
    assert tax.pk in User.objects.get(pk=officer.pk).departments()


@pytest.mark.parametrize(
    ("username", "fields", "message"),
    [
        ("officer.finance", {"role": "officer"}, "须指定部门"),
        ("officer.finance", {"role": "officer", "region": "330800"}, "不属于任何区划"),
        ("officer.finance", {"role": "leader"}, "须指定区划"),
        ("officer.finance", {"role": "auditor"}, MIXED),
        ("sysadmin", {"role": "secadmin"}, MIXED),
        ("sysadmin", {"role": "leader", "region": "330800"}, MIXED),
        ("leader", {"role": "leader", "region": "330800"}, "已经存在"),
    ],
)
def test_a_grant_that_breaks_a_rule_is_refused_beside_the_field(signed_in, username, fields, message):
    client = signed_in("secadmin")
    before = Grant.objects.count()
    response = grant(client, user=User.objects.get(username=username).pk, **fields)
    assert response.status_code == 200
    told = [text for texts in response.context["adminform"].form.errors.values() for text in texts]
    assert any(message in text for text in told), told
    assert Grant.objects.count() == before


def test_the_three_are_kept_apart_beside_the_person_too(signed_in):
    client = signed_in("secadmin")
    auditor = User.objects.get(username="auditor")
    url = reverse("admin:accounts_user_change", args=[auditor.pk])
    response = client.post(url, rows(auditor, {"role": "leader", "region": "330800"}))
    assert response.status_code == 200
    assert MIXED in response.content.decode()
    leader = User.objects.get(username="leader")
    url = reverse("admin:accounts_user_change", args=[leader.pk])
    response = client.post(url, rows(leader, {"role": "supervisor", "region": "330800"}))
    assert response.status_code == 302
    assert User.objects.get(pk=leader.pk).roles() == {"leader", "supervisor"}


def test_nobody_below_a_superuser_touches_one_or_becomes_one(signed_in):
    chief = User.objects.create_superuser("chief", "a-long-password", name="总管")
    client = signed_in("secadmin")
    own = User.objects.get(username="secadmin")
    client.post(
        reverse("admin:accounts_user_change", args=[own.pk]),
        {**rows(own), "is_superuser": "on", "name": "新名"},
    )
    own = User.objects.get(pk=own.pk)
    assert (own.name, own.is_superuser) == ("新名", False)
    assert client.post(reverse("admin:accounts_user_delete", args=[chief.pk]), {"post": "yes"}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[chief.pk])
    assert client.post(password, {"password1": "x", "password2": "x"}).status_code == 403


def test_a_new_account_is_made_with_its_password(signed_in):
    client = signed_in("secadmin")
    data = {
        "username": "newcomer",
        "name": "新人",
        "password1": "Quzhou-2026-x",
        "password2": "Quzhou-2026-x",
    }
    page = client.get(reverse("admin:accounts_user_add"))
    assert page.status_code == 200
    response = client.post(
        reverse("admin:accounts_user_add"),
        {**data, "usable_password": "true", "grants-TOTAL_FORMS": 0, "grants-INITIAL_FORMS": 0},
    )
    assert response.status_code == 302
    assert User.objects.get(username="newcomer").check_password("Quzhou-2026-x")


def test_a_new_region_gets_its_path_from_its_parent(signed_in):
    client = signed_in("sysadmin")
    fields = {"code": "330802999", "name": "新设街道", "parent": "330802"}
    assert client.post(reverse("admin:accounts_region_add"), fields).status_code == 302
    assert Region.objects.get(code="330802999").path == "330800/330802/330802999"
    change = reverse("admin:accounts_region_change", args=["330802999"])
    assert client.post(change, {"name": "改名街道", "code": "1", "parent": ""}).status_code == 302
    region = Region.objects.get(code="330802999")
    assert (region.name, region.parent_id) == ("改名街道", "330802")


@pytest.mark.parametrize(
    ("username", "model", "status"),
    [
        ("sysadmin", "region", 200),
        ("sysadmin", "department", 200),
        ("sysadmin", "grant", 403),
        ("secadmin", "user", 200),
        ("secadmin", "grant", 200),
        ("secadmin", "region", 200),
        ("officer.finance", "region", 302),
    ],
)
def test_each_administrator_sees_their_own_tables(signed_in, username, model, status):
    client = signed_in(username)
    assert client.get(reverse(f"admin:accounts_{model}_changelist"), {"q": "finance"}).status_code == status


def test_a_department_keeps_its_code(signed_in):
    client = signed_in("sysadmin")
    tax = Department.objects.get(code="tax")
    url = reverse("admin:accounts_department_change", args=[tax.pk])
    data = {"code": "duty", "name": "税务局（新）", "kind": "department", "region": "330800", "active": "on"}
    assert client.post(url, data).status_code == 302
    tax.refresh_from_db()
    assert (tax.code, tax.name) == ("tax", "税务局（新）")


def test_who_grants_can_look_up_the_place_but_not_change_it(signed_in):
    client = signed_in("secadmin")
    found = client.get(
        reverse("admin:autocomplete"),
        {"app_label": "accounts", "model_name": "grant", "field_name": "department", "term": "税务"},
    )
    assert {"id": str(Department.objects.get(code="tax").pk), "text": "税务局"} in found.json()["results"]
    assert client.get(reverse("admin:accounts_region_add")).status_code == 403


def test_the_form_of_an_account_says_in_chinese_where_its_password_is_reset(signed_in):
    client = signed_in("secadmin")
    officer = User.objects.get(username="officer.finance")
    page = client.get(reverse("admin:accounts_user_change", args=[officer.pk])).content.decode()
    assert "无法查看" in page
    assert "Raw passwords" not in page
    assert client.get(reverse("admin:auth_user_password_change", args=[officer.pk])).status_code == 200
