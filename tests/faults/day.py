"""A scripted day: what becomes of each request, press by press, through the API and by nothing else.

Every press carries a key of its own and is repeated with it until there is an answer, as a careful client does.
"""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.bench.load import Address

GIVE_UP = 90.0  # seconds that one press is repeated
_PAUSE = 0.25
Body = Mapping[str, Any]
Story = Callable[["Request"], None]


class LostError(Exception):
    """A press got no answer, or one that the script does not know."""


@dataclass(slots=True)
class Day:
    """The service and everybody's tokens, and what its answers have promised so far."""

    address: Address
    tokens: Mapping[str, str]
    repeats: Counter[str] = field(default_factory=Counter)
    moves: list[tuple[str, int, str]] = field(default_factory=list)  # number, seq, kind: once per key
    accepted: list[str] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)  # number → the status its script leaves it in
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def post(self, path: str, body: Body, headers: Mapping[str, str], *, known: tuple[int, ...]) -> dict[str, Any]:
        """The answer of one press, repeated while the service is away. Raises `LostError`."""
        until, said = time.monotonic() + GIVE_UP, ""
        while time.monotonic() < until:
            status, said = self._once(path, body, headers)
            if status in known:
                return dict(json.loads(said))
            if 400 <= status < 500:
                raise LostError(f"{path} {body}: {status} {said}")
            with self._lock:
                self.repeats["no answer" if status == 0 else str(status)] += 1
            time.sleep(_PAUSE)
        raise LostError(f"{path}: no answer in {GIVE_UP:.0f} s, last {said}")

    def _once(self, path: str, body: Body, headers: Mapping[str, str]) -> tuple[int, str]:
        connection = http.client.HTTPConnection(*self.address, timeout=20)
        sent = {"Content-Type": "application/json", **headers}
        try:
            connection.request("POST", f"/api/v1/{path}", json.dumps(body), sent)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return 0, repr(error)
        finally:
            connection.close()

    def file(self, serial: int, story: Story) -> None:
        """One firm files, and its request lives."""
        body = {
            "qr_code": "DEMO-CAPITAL",
            "text": f"第 {serial} 件：新产线扩建，资金缺口1500万元，希望协调银行授信。",
            "enterprise": {"name": f"衢州第{serial}号线束有限公司"},
            "contact": {"name": "李娜", "phone": f"139{serial:08d}"},
        }
        got = self.post("tickets/", body, {"Idempotency-Key": f"day-{serial}"}, known=(200, 201))
        with self._lock:
            self.accepted.append(got["number"])
        story(Request(self, serial, got["number"], got["access_code"]))

    def note(self, number: str, answer: Body) -> None:
        """Remember what was answered: it must stand in the log, once."""
        with self._lock:
            self.moves.append((number, int(answer["seq"]), str(answer["move"])))
            self.ends[number] = str(answer["status"])


@dataclass(slots=True)
class Request:
    """One request of the day."""

    day: Day
    serial: int
    number: str
    code: str
    _steps: itertools.count[int] = field(default_factory=itertools.count)

    def does(self, who: str, move: str, body: Body | None = None) -> dict[str, Any]:
        """Somebody makes a move of the table; "firm" brings its code."""
        return self._press(who, f"tickets/{self.number}/{move}/", body)

    def decides(self, word: str, approval: int, text: str = "可以。", who: str = "director") -> None:
        """The second person's word."""
        self._press(who, f"approvals/{approval}/{word}/", {"text": text})

    def _press(self, who: str, path: str, body: Body | None) -> dict[str, Any]:
        me = {"X-Access-Code": self.code} if who == "firm" else {"Authorization": f"Bearer {self.day.tokens[who]}"}
        key = {"Idempotency-Key": f"{self.serial}-{next(self._steps)}"}
        answer = self.day.post(path, body or {}, {**me, **key}, known=(200, 202))
        self.day.note(self.number, answer)
        return answer

    def is_routed(self) -> None:
        """Wait for the rules: the worker may be dead just now."""
        until = time.monotonic() + GIVE_UP
        while time.monotonic() < until:
            connection = http.client.HTTPConnection(*self.day.address, timeout=20)
            try:
                connection.request("GET", f"/api/v1/tickets/{self.number}/", headers={"X-Access-Code": self.code})
                answer = connection.getresponse()
                if answer.status == 200 and json.loads(answer.read())["status"] != "submitted":
                    return
            except (OSError, http.client.HTTPException):
                pass  # the service is away; that is what this day is about
            finally:
                connection.close()
            time.sleep(_PAUSE)
        raise LostError(f"{self.number} was not routed in {GIVE_UP:.0f} s")


LEAD, HEAD, HELPER = "officer.finance", "head.finance", "officer.rural-bank"
SOLVED = {"outcome": "solved", "text": "已协调农商银行授信1500万元。"}


def _taken(r: Request) -> None:
    r.is_routed()
    r.does(LEAD, "sign")
    r.does(LEAD, "contact", {"text": "已电话联系。"})


def _answered(r: Request) -> None:
    r.does(LEAD, "reply", SOLVED)
    r.does(HEAD, "deliver")


def filed_only(r: Request) -> None:
    """Nothing more happens; the rules send it on."""


def rated(r: Request) -> None:
    """The ordinary life."""
    _taken(r)
    r.does(LEAD, "interim", {"text": "本周对接银行。"})
    _answered(r)
    r.does("firm", "rate", {"process": 5, "result": 5})


def helped(r: Request) -> None:
    """With a co-handler."""
    _taken(r)
    r.does(HEAD, "assign_leg", {"departments": ["rural-bank"], "text": "请提供授信方案。"})
    r.does(HELPER, "leg_sign")
    r.does(HELPER, "leg_reply", {"text": "可授信1500万元。"})
    _answered(r)


def objected(r: Request) -> None:
    """Sent back by its department, which must keep it."""
    _taken(r)
    said = {"reason": "not_our_duty", "basis": "“三定”规定第四条", "suggested_department": "economy"}
    r.does(HEAD, "object", said)
    r.does("dispatcher", "rule_on_return", {"upheld": False, "text": "属金融事项。"})
    _answered(r)
    r.does("firm", "rate", {"process": 4, "result": 3})


def supplemented(r: Request) -> None:
    """Asked for facts."""
    r.is_routed()
    r.does("intake", "request_info", {"items": ["近三年纳税证明"]})
    r.does("firm", "supplement", {"text": "近三年纳税合计320万元。"})
    r.does(LEAD, "sign")


def rested(r: Request) -> None:
    """Suspended by two people and resumed."""
    _taken(r)
    asked = r.does(HEAD, "suspend", {"reason": "quota", "text": "待下月专项额度。"})
    r.decides("approve", asked["approval"])
    r.does(LEAD, "resume")


def not_rested(r: Request) -> None:
    """The second person says no."""
    _taken(r)
    asked = r.does(HEAD, "suspend", {"reason": "season"})
    r.decides("refuse", asked["approval"], "额度已到。")


def turned_away(r: Request) -> None:
    """Rejected with guidance."""
    r.is_routed()
    asked = r.does("intake", "reject", {"reason": "litigation", "text": "请向承办法官反映。"})
    r.decides("approve", asked["approval"], who="dispatcher")


def called_back(r: Request) -> None:
    """Closed, but the firm says on the phone that nothing is solved: reopened by the system."""
    _taken(r)
    _answered(r)
    r.does("firm", "rate", {"process": 2, "result": 1})
    r.does("intake", "call_back", {"contacted": True, "solved": False, "satisfied": False})
    r.day.ends[r.number] = "assigned"  # the reopening follows the record


def reworked(r: Request) -> None:
    """Sent back by the firm and answered again."""
    _taken(r)
    _answered(r)
    r.does("firm", "rework", {"reason": "款项还没有到账。"})
    r.does(LEAD, "sign")
    _answered(r)


def withdrawn(r: Request) -> None:
    """The firm helps itself."""
    r.does("firm", "withdraw", {"reason": "已自行解决"})


STORIES: tuple[Story, ...] = (
    *(rated, helped, objected, supplemented, rested, not_rested),
    *(turned_away, called_back, reworked, withdrawn, filed_only),
)
