"""已核对: by a supervisor, with a reason, for exactly the events that were there; never altered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from qihu.errors import Conflict, Forbidden, Invalid, Unknown
from tests.tickets.figures.anomalies.plant import AT, MARCH, WEEKDAYS, answered, only, ordinary
from tickets.models import AnomalyReview
from tickets.services.checking import check

pytestmark = pytest.mark.django_db
FOUR = timedelta(minutes=4)
SAID = "已电话核实，三家企业都是当场办成的。"
OF_FINANCE = {"window": MARCH, "kind": "quick_reply", "value": "department:finance"}


@pytest.fixture
def fast():
    ordinary(8, qr="DEMO-INDUSTRY")
    return [answered(30 + n, at=day, took=FOUR) for n, day in enumerate(WEEKDAYS[:3])]


def test_a_supervisor_checks_exactly_what_is_there(cast, fast):
    group = only("quick_reply", cast.supervisor)
    review = check(user=cast.supervisor, reason=SAID, at=AT, **OF_FINANCE)
    assert review.covers == sorted(flag.mark for flag in group.flags)
    with pytest.raises(Conflict, match="已经核对过"):
        check(user=cast.supervisor, reason=SAID, at=AT + FOUR, **OF_FINANCE)
    answered(40, at=WEEKDAYS[4], took=FOUR)
    assert len(check(user=cast.supervisor, reason=SAID, at=AT, **OF_FINANCE).covers) == 4


@pytest.mark.parametrize("who", ["director", "leader", "head", "officer", "auditor"])
def test_nobody_else_does(cast, fast, who):
    with pytest.raises(Forbidden):
        check(user=getattr(cast, who), reason=SAID, at=AT, **OF_FINANCE)
    assert not AnomalyReview.objects.exists()


@pytest.mark.parametrize("reason", ["", "  好的  ", "字" * 301, "第一行\n第二行\n第三行"])
def test_a_reason_is_needed(cast, fast, reason):
    with pytest.raises(Invalid) as told:
        check(user=cast.supervisor, reason=reason, at=AT, **OF_FINANCE)
    assert "reason" in told.value.fields


def test_what_is_not_there_cannot_be_checked(cast, fast):
    with pytest.raises(Unknown):
        check(user=cast.supervisor, reason=SAID, at=AT, **(OF_FINANCE | {"value": "department:land"}))
    with pytest.raises(Invalid):
        check(user=cast.supervisor, reason=SAID, at=AT, **(OF_FINANCE | {"kind": "guilty"}))


def test_a_review_is_never_altered(cast, fast):
    review = check(user=cast.supervisor, reason=SAID, at=AT, **OF_FINANCE)
    for statement in ("UPDATE tickets_anomalyreview SET reason = 'x'", "DELETE FROM tickets_anomalyreview"):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert AnomalyReview.objects.get(pk=review.pk).reason == SAID
