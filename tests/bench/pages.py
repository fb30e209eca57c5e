"""Queries a page needs, with the requests that the bench has filed in the database. Needs Django set up."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from qihu.accounts.models import User
from tests.bench.report import Figure
from tickets.models import Ticket
from tickets.services.codes import access_code

MOST = 15
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def measure() -> list[Figure]:
    """The page with most queries; the notes have every page's."""
    counts: dict[str, int] = {}
    for name, visit in _visits().items():
        visit()  # what a process keeps (rules, promises, content types) is not a page's own
        with CaptureQueriesContext(
            connection,
        ) as captured:
            visit()
        counts[name] = sum(not q["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")) for q in captured)
    worst = max(counts, key=lambda name: counts[name])
    most = Figure(
        name=f"queries, most of {len(counts)} pages ({worst})",
        value=counts[worst],
        unit="",
        target=MOST,
        notes=dict(sorted(counts.items(), key=lambda pair: -pair[1])),
    )
    return [most]


def _visits() -> dict[str, Callable[[], None]]:
    firm, ticket = Client(), Ticket.objects.filter(number__startswith="QH-", status="assigned").latest("pk")
    door = f"/t/{ticket.number}/"
    _opened(firm, "/t/", number=ticket.number, code=access_code(ticket.number))
    desks = {name: _signed_in(name) for name in (f"officer.{_lead(ticket)}", f"head.{_lead(ticket)}", "dispatcher")}
    leader = _signed_in("leader")
    visits = {
        "/": _get(firm, "/"),
        "/q/…/": _get(firm, "/q/DEMO-CAPITAL/"),
        "POST /q/…/": lambda: _filed(firm),
        "/t/": _get(firm, "/t/"),
        "/t/…/": _get(firm, door),
        "/t/…/live/": _get(firm, f"{door}live/"),
        "/login/": _get(firm, "/login/"),
        "/board/ leader": _get(leader, "/board/"),
        "/api/v1/tickets/ dispatcher": _get(desks["dispatcher"], "/api/v1/tickets/"),
    }
    for name, desk in desks.items():
        role = name.partition(".")[0]
        visits[f"/desk/ {role}"] = _get(desk, "/desk/")
        visits[f"/desk/t/…/ {role}"] = _get(desk, f"/desk/t/{ticket.number}/")
        visits[f"/desk/notices/ {role}"] = _get(desk, "/desk/notices/")
    visits["/desk/codes/ dispatcher"] = _get(desks["dispatcher"], "/desk/codes/")
    return visits


def _lead(ticket: Ticket) -> str:
    return ticket.department.code if ticket.department else ""


def _signed_in(username: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=username), backend=_BACKEND)
    return client


def _get(client: Client, address: str) -> Callable[[], None]:
    def visit() -> None:
        answer = client.get(address)
        if answer.status_code != 200:
            raise ValueError(f"{address} answered {answer.status_code}")

    return visit


def _filed(client: Client) -> None:
    _opened(
        client,
        "/q/DEMO-CAPITAL/",
        key=str(uuid.uuid4()),
        chain_tag="capital",
        text="新产线扩建，资金缺口1500万元，希望协调银行授信。",
        enterprise_name="衢州安捷线束有限公司",
        contact_name="李娜",
        contact_phone="13800000000",
    )


def _opened(client: Client, address: str, **typed: str) -> None:
    answer = client.post(address, typed)
    if answer.status_code != 303:
        raise ValueError(f"POST {address} answered {answer.status_code}")
