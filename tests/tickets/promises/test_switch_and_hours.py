"""The switch of the ladder in the back office, and a department that keeps hours of its own."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db.models.functions import Now
from django.test import Client

from qihu.audit.models import Entry
from routing.promises.models import Calendar, CalendarVersion, LadderSwitch, Opening
from tests import make
from tests.people import user
from tests.see import deadline
from tickets.services.circumstances import Looked
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db
SWITCH = "/admin/promises/ladderswitch/1/change/"


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+08:00")


def administrator(name: str) -> Client:
    client = Client()
    client.force_login(user(name), backend="django.contrib.auth.backends.ModelBackend")
    return client


class TestSwitch:
    def test_the_security_administrator_turns_it_and_it_is_on_record(self):
        client = administrator("secadmin")
        assert "只演练" in client.get(SWITCH).content.decode()
        assert client.post(SWITCH, {"rehearsal": "on"}).status_code == 302
        assert LadderSwitch.objects.get().rehearsal
        entry = Entry.objects.filter(kind="promises.ladderswitch").latest("pk")
        assert entry.actor.username == "secadmin"

    def test_the_system_administrator_may_only_look(self):
        client = administrator("sysadmin")
        client.post(SWITCH, {"rehearsal": "on"})
        assert not LadderSwitch.objects.get().rehearsal

    def test_there_is_one_and_it_stays(self):
        client = administrator("secadmin")
        assert client.get("/admin/promises/ladderswitch/add/").status_code == 403
        assert client.post("/admin/promises/ladderswitch/1/delete/", {"post": "yes"}).status_code == 403

    @pytest.mark.parametrize("name", ["officer.finance", "director", "auditor"])
    def test_others_do_not_get_there(self, name):
        assert administrator(name).get(SWITCH).status_code in {302, 403}


def never_closed(department: str) -> None:
    calendar = Calendar.objects.create(code="hotline", name="热线", department=department)
    version = CalendarVersion.objects.create(calendar=calendar, number=1)
    Opening.objects.bulk_create(Opening(version=version, weekday=day, opens=0, closes=1440) for day in range(7))
    CalendarVersion.objects.filter(pk=version.pk).update(published_at=Now())


class TestOwnHours:
    def test_clocks_on_its_desk_run_by_them_and_those_of_the_centre_do_not(self):
        never_closed("finance")
        friday = local("03-06T17:00")
        ticket = make.routed(at=friday)
        assert deadline(ticket, Clock.SIGN).due_at == local("03-06T19:00")
        other = make.submitted(at=friday)
        assert deadline(other, Clock.ACCEPT).due_at == local("03-09T10:30")

    def test_other_departments_follow_their_region(self):
        never_closed("land")
        ticket = make.routed(at=local("03-06T17:00"))
        assert deadline(ticket, Clock.SIGN).due_at > local("03-09T09:00")

    def test_a_co_handler_has_its_own(self, cast):
        never_closed("rural-bank")
        leg = make.helped(at=local("03-06T16:00"))
        owed = deadline(leg.ticket, Clock.LEG)
        assert owed.due_at == local("03-10T00:00")  # three days of 24 hours, Saturday and Sunday among them
        assert deadline(leg.ticket, Clock.RESOLVE).due_at == local("03-13T17:30")

    def test_the_window_for_returning_is_the_departments_too(self):
        never_closed("finance")
        ticket = make.signed(at=local("03-06T17:00"))
        assert Looked(ticket, None, local("03-06T18:00")).return_until == local("03-08T00:00")
