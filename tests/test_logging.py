"""What log lines leave out."""

from __future__ import annotations

import json
import logging

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client

from qihu.logging import drop_personal_data


def line_of(record: logging.LogRecord) -> str:
    """The record as the service writes it."""
    made = settings.LOGGING["formatters"]["line"]
    return made["()"](**{name: value for name, value in made.items() if name != "()"}).format(record)


@pytest.mark.django_db
def test_what_people_searched_for_is_not_in_the_log(caplog):
    Client(raise_request_exception=False).get("/api/v1/tickets/?q=13800000000")
    lines = "".join(line_of(record) for record in caplog.records)
    assert "GET /api/v1/tickets/" in lines
    assert "13800000000" not in lines


def test_values_under_telling_names_are_withheld():
    line = drop_personal_data(None, "", {"contact_phone": "13800000000", "ticket_id": 7})
    assert line == {"contact_phone": "[withheld]", "ticket_id": 7}


@pytest.mark.django_db
def test_a_traceback_does_not_quote_the_row(caplog):
    typed = "\n".join(("李娜", "1380000" + "0000"))  # put together, since a traceback quotes its source
    with pytest.raises(IntegrityError) as told, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO tickets_text (body, parts, salt) VALUES (%s, '[]', '')", [typed])
    logging.getLogger("tests").error("failed", exc_info=told.value)
    line = line_of(caplog.records[-1])
    assert "null value in column" in json.loads(line)["exception"]
    assert typed in str(told.value)
    assert "13800000000" not in line
    assert line.count("[withheld]") == 2
