"""Sessions of firms: their own cookie, a new key at each sign-in, ended everywhere, and never a staff session."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qihu.audit.models import Entry
from qihu.signin import sessions
from qihu.signin.models import FirmSession
from tests.firms import person
from tests.make import MONDAY

pytestmark = pytest.mark.django_db


def test_a_token_opens_its_session_until_it_ends():
    opened = sessions.open_session(contact=person(), at=MONDAY)
    assert sessions.session_of(opened.token, at=MONDAY).contact == person()
    assert sessions.session_of(opened.token, at=MONDAY + sessions.SHORT) is None
    assert sessions.session_of(opened.token + "x", at=MONDAY) is None


def test_a_browsers_token_is_no_programs_token_and_the_other_way_round():
    browser = sessions.open_session(contact=person(), at=MONDAY)
    program = sessions.open_session(contact=person(), at=MONDAY, program=True)
    assert sessions.session_of(browser.token, at=MONDAY, program=True) is None
    assert sessions.session_of(program.token, at=MONDAY) is None


def test_what_cannot_be_a_token_costs_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert sessions.session_of("", at=MONDAY) is None
        assert sessions.session_of("anything", at=MONDAY) is None
        assert sessions.session_of(sessions.BEARER + "x" * 200, at=MONDAY) is None


def test_the_database_has_no_token():
    opened = sessions.open_session(contact=person(), at=MONDAY)
    assert opened.token.encode() not in bytes(FirmSession.objects.get().digest)


def test_sign_out_everywhere_ends_browsers_and_programs():
    tokens = [sessions.open_session(contact=person(), at=MONDAY, program=p).token for p in (False, True)]
    other = sessions.open_session(contact=person("王强"), at=MONDAY).token
    sessions.end_all(contact=person(), at=MONDAY)
    assert not any(sessions.session_of(t, at=MONDAY, program=p) for t, p in zip(tokens, (False, True), strict=True))
    assert sessions.session_of(other, at=MONDAY)


def test_what_ended_is_swept_at_the_next_sign_in():
    sessions.open_session(contact=person(), at=MONDAY)
    sessions.open_session(contact=person(), at=MONDAY + timedelta(days=2))
    assert FirmSession.objects.count() == 1


def test_the_audit_trail_has_every_sign_in_and_no_person():
    sessions.open_session(contact=person(), at=MONDAY)
    sessions.open_session(contact=person(), at=MONDAY, program=True)
    sessions.end_all(contact=person(), at=MONDAY)
    entries = Entry.objects.filter(kind="contact").order_by("pk")
    assert [(e.action, e.key) for e in entries] == [(a, str(person().pk)) for a in ("sign_in", "token", "sign_out")]
