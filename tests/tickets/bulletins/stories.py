"""What the tests of bulletins share: a month of requests, a reader, the moment of making."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from django.test import Client

from tests import make
from tests.people import user
from tickets.figures import report
from tickets.figures.bulletin import counted_at, month_from
from tickets.models import Bulletin

AT = datetime(2026, 4, 10, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def a_month():
    """Three departments' worth; one late, one suspended, one excluded word, one a test."""
    for result in (5, 4, 3, 1):
        make.closed(result=result)
    make.closed(qr="DEMO-INDUSTRY", outcome="partial")
    make.signed(qr="DEMO-TALENT")
    make.suspended()
    make.closed(test=True)


def text_of(bulletin: Bulletin) -> str:
    return json.dumps(bulletin.content, ensure_ascii=False)


def seen_by(username: str) -> Client:
    client = Client()
    client.force_login(user(username), backend="django.contrib.auth.backends.ModelBackend")
    return client


def counted(code, place):
    return report(month_from("2026-03", at=AT).window(AT), scope=counted_at(place)).figures[code]
