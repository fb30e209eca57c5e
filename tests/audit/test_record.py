"""The audit trail: what may go in, what refuses to come out, and who writes it."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client

from qihu.accounts.models import Department, Grant
from qihu.audit.models import Action, Entry, Reason
from qihu.audit.record import record
from qihu.clock import now
from routing.rules.models import RuleSet
from routing.rules.publishing import copy_as_draft, publish
from tests import make
from tests.conftest import PASSWORD
from tests.people import user
from tickets.models import Erasure
from tickets.services import erasing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def trail(db) -> object:
    """What is written from here on."""
    start = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return lambda *actions: list(Entry.objects.filter(pk__gt=start, action__in=actions).order_by("pk"))


class TestRecord:
    def test_codes_go_in_and_free_text_goes_to_an_erasable_row(self):
        entry = record(
            Action.EXPORTED, actor=user("leader"), kind="figures", key="2026-11", after={"rows": 12}, reason="月报用"
        )
        entry.refresh_from_db()
        assert (entry.kind, entry.key, entry.after, entry.reason.body) == ("figures", "2026-11", {"rows": 12}, "月报用")
        assert bytes(entry.hash) == entry.digest()
        assert bytes(entry.reason_hash) == entry.reason.digest()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"key": "衢州安捷线束有限公司"},
            {"kind": "诉求"},
            {"after": {"name": "李娜"}},
            {"before": {"phone": "13800000000"}},
            {"key": "13800000000"},
            {"key": "a\nb"},
        ],
    )
    def test_names_and_phones_are_refused(self, wrong):
        with pytest.raises(ValueError, match="audit trail"):
            record(Action.CHANGED, actor=None, **wrong)

    def test_it_refuses_to_be_changed_or_deleted(self):
        entry = record(Action.EXPORTED, actor=None, reason="月报用")
        for act in (
            lambda: Entry.objects.update(key="x"),
            lambda: Entry.objects.filter(pk=entry.pk).delete(),
            lambda: Reason.objects.update(body="周报用"),
            lambda: Reason.objects.filter(pk=entry.reason_id).delete(),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                act()

    def test_an_account_that_left_a_trace_stays(self):
        someone = user("leader")
        record(Action.EXPORTED, actor=someone)
        with pytest.raises(Exception, match=r"Entry\.actor|protected"):
            someone.delete()


class TestSignIns:
    def test_in_out_wrong_and_locked(self, trail, settings):
        settings.AXES_FAILURE_LIMIT = 3
        browser = Client()
        browser.post("/login/", {"username": "officer.finance", "password": PASSWORD})
        browser.post("/logout/")
        for _ in range(3):
            browser.post("/login/", {"username": "officer.finance", "password": "13800000000"})
        browser.post("/login/", {"username": "李娜 13800000000", "password": "x"})
        told = trail(Action.SIGN_IN, Action.SIGN_OUT, Action.SIGN_IN_FAILED, Action.LOCKED_OUT)
        key = str(user("officer.finance").pk)
        assert [(one.action, one.key) for one in told[:2]] == [("sign_in", key), ("sign_out", key)]
        assert {one.action for one in told[2:]} == {"sign_in_failed", "locked_out"}
        assert (told[-1].action, told[-1].key, told[-1].actor) == ("sign_in_failed", "", None)
        assert told[0].after["from"] == told[-1].after["from"]
        assert "127.0.0.1" not in f"{told[0].after}"

    def test_the_back_office_door_too(self, trail):
        Client().post("/admin/login/", {"username": "sysadmin", "password": PASSWORD})
        assert [one.actor for one in trail(Action.SIGN_IN)] == [user("sysadmin")]

    def test_a_token_issued_and_refused(self, trail, client):
        for password in (PASSWORD, "wrong"):
            body = json.dumps({"username": "officer.finance", "password": password})
            client.post("/api/v1/auth/token/", body, content_type="application/json")
        told = trail(Action.TOKEN, Action.SIGN_IN_FAILED)
        assert [one.action for one in told] == ["token", "sign_in_failed"]
        assert told[0].after["expires_at"]


@pytest.fixture
def security(client) -> Client:
    client.force_login(user("secadmin"))
    return client


class TestBackOffice:
    def test_a_grant_given_and_taken(self, security, trail):
        person, land = user("officer.finance"), Department.objects.get(code="land")
        typed = {"user": person.pk, "role": "officer", "department": land.pk, "region": ""}
        assert security.post("/admin/accounts/grant/add/", typed).status_code == 302
        grant = Grant.objects.get(user=person, department=land)
        assert security.post(f"/admin/accounts/grant/{grant.pk}/delete/", {"post": "yes"}).status_code == 302
        given, taken = trail(Action.GRANTS)
        assert given.actor == user("secadmin")
        assert given.before == {"grants": ["officer@finance"]} == taken.after
        assert given.after == {"grants": ["officer@finance", "officer@land"]} == taken.before
        assert [one.action for one in trail(Action.ADDED, Action.DELETED)] == ["added", "deleted"]

    def test_a_password_set_for_somebody(self, security, trail):
        typed = {"password1": "another-long-pass", "password2": "another-long-pass", "usable_password": "true"}
        person = user("officer.finance")
        assert security.post(f"/admin/accounts/user/{person.pk}/password/", typed).status_code == 302
        (told,) = trail(Action.PASSWORD)
        assert (told.kind, told.key) == ("accounts.user", str(person.pk))
        assert "another-long-pass" not in f"{told.after}"

    def test_a_department_switched_off(self, client, trail):
        client.force_login(user("sysadmin"))
        land = Department.objects.get(code="land")
        typed = {"name": land.name, "kind": land.kind, "region": land.region_id}
        assert client.post(f"/admin/accounts/department/{land.pk}/change/", typed).status_code == 302
        (told,) = trail(Action.CHANGED)
        assert (told.kind, told.key, told.after) == ("accounts.department", "land", {"fields": ["active"]})

    def test_rules_put_in_force(self, trail):
        current = RuleSet.objects.current()
        draft = copy_as_draft(rule_set_id=current.pk, author=user("secadmin"))
        publish(rule_set_id=draft.pk, author=user("secadmin"), at=now())
        (told,) = trail(Action.RULES)
        assert (told.before, told.after) == ({"number": current.number}, {"number": draft.number})

    def test_the_defaults_of_an_installation(self, trail):
        assert {one.action for one in Entry.objects.all()} >= {"rules", "promises", "calendar"} or not trail()
        call_command("load_defaults", verbosity=0)
        assert not trail(Action.RULES, Action.PROMISES, Action.CALENDAR)  # nothing published: nothing told


class TestErasures:
    def test_the_security_administrator_decides_in_the_back_office(self, security, cast, trail):
        ticket, other = make.closed(), make.closed()
        asked = [
            erasing.ask(ticket_id=one.pk, caller=cast.as_intake, cause="wish", reason="企业来函要求删除", at=now())
            for one in (ticket, other)
        ]
        page = security.get("/admin/tickets/erasure/")
        assert ticket.number in page.content.decode()
        assert "安捷线束" not in page.content.decode()
        for action, one in zip(("approve", "refuse"), asked, strict=True):
            security.post("/admin/tickets/erasure/", {"action": action, "_selected_action": [one.pk]})
        assert make.fresh(ticket).filing.erased_at
        assert not make.fresh(other).filing.erased_at
        assert [one.action for one in trail(Action.ERASED, Action.ERASURE_REFUSED)] == ["erased", "erasure_refused"]

    @pytest.mark.parametrize("who", ["sysadmin", "auditor", "intake", "director"])
    def test_nobody_else_has_the_list(self, client, cast, who):
        ticket = make.closed()
        erasing.ask(ticket_id=ticket.pk, caller=cast.as_intake, cause="wish", reason="企业来函要求删除", at=now())
        person = user(who)
        person.is_staff = True
        person.save()
        client.force_login(person)
        answer = client.post(
            "/admin/tickets/erasure/", {"action": "approve", "_selected_action": [Erasure.objects.get().pk]}
        )
        assert answer.status_code in {302, 403}
        assert not make.fresh(ticket).filing.erased_at
