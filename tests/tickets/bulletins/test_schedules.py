"""Once a month each, to those who may read it, by a link."""

from __future__ import annotations

import email
import email.policy
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from qihu.accounts.models import User
from qihu.errors import Conflict, Forbidden, Invalid
from tests.people import user
from tests.tickets.bulletins.stories import AT, DAY, seen_by
from tickets.figures.bulletin import month_from
from tickets.models import Bulletin, BulletinSending
from tickets.models.notice import State
from tickets.services.bulletins import making, scheduling
from tickets.services.bulletins.sending import resend
from tickets.services.notify.send import send_next

pytestmark = pytest.mark.django_db


class TestSchedule:
    def planned(self, city, **more):
        people = more.pop("people", [user("leader")])
        fields = {"day": 5, "hour": 9, "formats": ["pdf"], "user": user("director"), "at": AT - 30 * DAY}
        return scheduling.schedule(place=city, people=people, **(fields | more))

    def test_a_letter_brings_the_link_and_nothing_else(self, city, mailbox, settings):
        settings.PUBLIC_URL = "https://qihu.example.org"
        User.objects.filter(username="leader").update(email="leader@example.org")
        self.planned(city)
        scheduling.run_due(at=AT)
        assert send_next(at=AT, down=set())
        assert not send_next(at=AT, down=set())
        (letter,) = [email.message_from_bytes(one, policy=email.policy.default) for one in mailbox.letters]
        made = Bulletin.objects.get()
        assert f"https://qihu.example.org/board/bulletins/{made.pk}/" in letter.get_content()
        assert not list(letter.iter_attachments())
        assert made.sendings.get().state == State.SENT

    def test_who_loses_the_right_before_the_letter_leaves_gets_none(self, city, mailbox):
        User.objects.filter(username="leader").update(email="leader@example.org")
        self.planned(city)
        scheduling.run_due(at=AT)
        user("leader").grants.all().delete()
        send_next(at=AT, down=set())
        assert not mailbox.letters
        sending = BulletinSending.objects.get()
        assert (sending.state, sending.error) == (State.SKIPPED, "no_right")
        with pytest.raises(Conflict):
            resend(sending_id=sending.pk, user=user("director"), at=AT)

    def test_what_did_not_get_out_is_sent_again_by_who_may(self, city, mailbox):
        self.planned(city)
        scheduling.run_due(at=AT)
        sending = BulletinSending.objects.get()
        assert (sending.state, sending.error) == (State.UNSENT, "no_address")
        User.objects.filter(username="leader").update(email="leader@example.org")
        with pytest.raises(Forbidden):
            resend(sending_id=sending.pk, user=user("leader"), at=AT)
        resend(sending_id=sending.pk, user=user("director"), at=AT)
        send_next(at=AT, down=set())
        assert len(mailbox.letters) == 1

    def test_a_second_bulletin_of_a_schedule_and_month_cannot_be(self, city):
        found = self.planned(city)
        scheduling.run_due(at=AT)
        month = month_from("2026-03", at=AT)
        with pytest.raises(IntegrityError), transaction.atomic():
            making.edition_of(place=city, month=month, at=AT, known=AT, made_by=None, schedule=found)

    def test_what_was_due_before_it_was_set_is_not_made_up_for(self, city):
        found = self.planned(city, at=AT)
        assert scheduling.run_due(at=AT) == 0
        assert scheduling.run_due(at=AT + 30 * DAY) == 1
        changed = {"people": [user("leader")], "formats": ["pdf"], "user": user("director")}
        scheduling.reschedule(found=found, day=5, hour=9, active=False, at=AT + 31 * DAY, **changed)
        assert scheduling.run_due(at=AT + 60 * DAY) == 0

    def test_one_that_fails_holds_up_no_other(self, city, finance, monkeypatch):
        self.planned(city)
        other = self.planned(finance)
        real = scheduling.edition_of

        def fails_for_the_city(**asked):
            if asked["place"] == city:
                raise RuntimeError("broken")
            return real(**asked)

        monkeypatch.setattr(scheduling, "edition_of", fails_for_the_city)
        assert scheduling.run_due(at=AT) == 1
        assert Bulletin.objects.get().schedule == other

    def test_it_is_made_and_sent_once_a_month(self, city):
        found = self.planned(city)
        assert scheduling.run_due(at=AT) == 1
        assert scheduling.run_due(at=AT + timedelta(hours=1)) == 0
        made = Bulletin.objects.get(schedule=found)
        assert (made.month, made.made_by) == (date(2026, 3, 1), None)
        assert BulletinSending.objects.filter(bulletin=made).count() == 1
        assert scheduling.run_due(at=AT + 30 * DAY) == 1

    def test_who_lost_the_right_is_not_sent_and_it_shows(self, city):
        gone = user("leader")
        self.planned(city, people=[gone, user("supervisor")])
        gone.is_active = False
        gone.save(update_fields=["is_active"])
        scheduling.run_due(at=AT)
        states = {s.recipient.username: (s.state, s.error) for s in BulletinSending.objects.all()}
        assert states["leader"] == (State.SKIPPED, "no_right")
        assert states["supervisor"][1] != "no_right"
        page = seen_by("director").get(f"/board/bulletins/{Bulletin.objects.get().pk}/").content.decode()
        assert "没有" in page

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"day": 31}, "day"),
            ({"hour": 24}, "hour"),
            ({"formats": []}, "formats"),
            ({"formats": ["exe"]}, "formats"),
            ({"people": []}, "people"),
        ],
    )
    def test_bad_input_is_told_by_field(self, city, wrong, field):
        with pytest.raises(Invalid) as refused:
            self.planned(city, **wrong)
        assert field in refused.value.fields

    def test_somebody_without_the_right_cannot_be_chosen(self, city):
        with pytest.raises(Invalid, match="没有查看"):
            self.planned(city, people=[user("officer.finance")])
        with pytest.raises(Forbidden):
            self.planned(city, user=user("leader"))
