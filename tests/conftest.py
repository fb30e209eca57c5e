"""Fixtures: the demo organisation in every test database, the cast, and real commits where a test needs them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection, connections, transaction
from django.db.models import Max
from django.test.utils import setup_databases, teardown_databases

from routing.promises.models import CalendarDay, CalendarVersion, Opening, Policy, PolicySet, Rung
from tests.people import Cast

PASSWORD = "correct-horse-battery"
_REQUESTS = (
    *("tickets_confirmation", "tickets_source", "tickets_sheetrow", "tickets_sheet"),
    *("tickets_notice", "tickets_digest", "tickets_rating", "tickets_alert", "tickets_shift", "tickets_decision"),
    *("tickets_bulletinsending", "tickets_bulletin", "tickets_bulletinschedule_people", "tickets_bulletinschedule"),
    "tickets_answer",
    *("tickets_approval", "tickets_callback"),
    *("tickets_wrongcode", "tickets_event", "tickets_text", "tickets_filing", "tickets_deadline", "tickets_leg"),
    *("tickets_ticket", "tickets_relayedmessage", "tickets_reveal", "tickets_erasure", "outbox_message"),
    *("tickets_seal", "audit_entry", "audit_reason"),
    *("signin_firmsession", "signin_onetimecode", "signin_count"),
    *("accounts_claim", "accounts_membership", "accounts_enterprise", "accounts_contact"),
    *("tickets_recalculation", "tickets_slice", "tickets_restatement"),
    *("tickets_frozenmonth", "tickets_frozenpage", "tickets_restated", "tickets_restatedpage", "knox_authtoken"),
    *("tickets_fact", "tickets_stay", "tickets_cell", "tickets_checkpoint"),
    *("tickets_anomalyreview", "tickets_ratedfrom"),
    *("tickets_export", "tickets_exportpart"),
    *("tickets_attachment", "tickets_topicevent", "tickets_topicmember", "tickets_topic"),
)
_NO_TRUNCATE = {
    "tickets_event": "event_no_truncate",
    "tickets_seal": "seal_no_truncate",
    "audit_entry": "entry_no_truncate",
    "tickets_topicevent": "topic_event_no_truncate",
    "audit_reason": "reason_no_truncate",
    "tickets_anomalyreview": "anomaly_review_no_truncate",
    "tickets_frozenmonth": "frozen_month_no_truncate",
    "tickets_frozenpage": "frozen_page_no_truncate",
    "tickets_restated": "restated_no_truncate",
    "tickets_restatedpage": "restated_page_no_truncate",
}


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_keepdb, django_db_modify_db_settings):
    """The schema, with the demo organisation in it; truncating the log is allowed to tests only.

    In place of pytest-django's own, which makes a test database only if a collected test names `db` or its
    marker: `cast` and `committed` ask for it later, and would have worked on the real one.
    """
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, keepdb=django_db_keepdb)
        with connection.cursor() as cursor:
            for table, trigger in _NO_TRUNCATE.items():
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        load_organisation()
    yield
    if not django_db_keepdb:
        with django_db_blocker.unblock():
            _end_other_sessions()
            teardown_databases(made, verbosity=0)


def _end_other_sessions() -> None:
    """A thread or a killed process of some test may still hold a connection: the database is dropped all the same."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def load_organisation() -> None:
    settings.DEMO = True
    call_command("load_demo", password=PASSWORD, verbosity=0)


@pytest.fixture(autouse=True)
def _organisation(request):
    """A test marked `django_db(transaction=True)` would flush the organisation away from all after it."""
    if marker := request.node.get_closest_marker("django_db"):
        if marker.kwargs.get("transaction"):
            pytest.fail("real commits: use the `committed` fixture, which leaves the organisation", pytrace=False)
        request.getfixturevalue("db")


@pytest.fixture(autouse=True)
def _own_seals(settings, tmp_path_factory):
    """What another test has sealed is no part of this one's log."""
    settings.SEAL_FILE = tmp_path_factory.getbasetemp() / f"{uuid.uuid4().hex}.jsonl"


@pytest.fixture
def committed(django_db_setup, django_db_blocker) -> Iterator[None]:
    """Real commits, for threads, processes and on_commit; the requests go afterwards, the organisation stays."""
    with django_db_blocker.unblock():
        before = _newest_promises()
        yield
        _remove_requests()
        _remove_promises(before)
        connections.close_all()


def _newest_promises() -> tuple[int, int]:
    """Keys of the newest promise table and calendar version."""
    newest = [model.objects.aggregate(newest=Max("pk"))["newest"] or 0 for model in (PolicySet, CalendarVersion)]
    return newest[0], newest[1]


def _remove_promises(before: tuple[int, int]) -> None:
    """What a test has published would promise something else to the tests after it. Published rows are final: only
    without their triggers can they go.
    """
    if _newest_promises() == before:
        return
    policies, calendars = before
    with transaction.atomic(), connection.cursor() as cursor:
        for model in (Policy, Rung, Opening, CalendarDay, PolicySet, CalendarVersion):
            cursor.execute(f"ALTER TABLE {model._meta.db_table} DISABLE TRIGGER USER")
        PolicySet.objects.filter(pk__gt=policies).delete()
        CalendarVersion.objects.filter(pk__gt=calendars).delete()
        for model in (Policy, Rung, Opening, CalendarDay, PolicySet, CalendarVersion):
            cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE {model._meta.db_table} ENABLE TRIGGER USER")


def _remove_requests() -> None:
    """A worker of the test may still be at it and hold locks the other way round: try again, a few times."""
    for attempt in range(5):
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"TRUNCATE {', '.join(_REQUESTS)}")
        except OperationalError:
            if attempt == 4:
                raise
            time.sleep(0.5)
        else:
            return


@pytest.fixture
def cast(request) -> Cast:
    """Everybody the stories are about."""
    if "committed" not in request.fixturenames:
        request.getfixturevalue("db")
    return Cast()
