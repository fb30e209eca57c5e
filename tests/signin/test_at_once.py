"""Two at the same time: one code sent, one sign-in, one owner left."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection

from qihu.accounts import members
from qihu.accounts.models import Membership
from qihu.errors import DomainError, Locked
from qihu.signin import codes
from tests.firms import code_for, firm, joined, person
from tests.make import MONDAY

PHONE = "13800000000"


def at_once(*calls: Callable[[], object]) -> list[object]:
    """What each came to: its value, or the code of its refusal."""
    got: list[object] = []

    def run(call: Callable[[], object]) -> None:
        try:
            got.append(call())
        except DomainError as refusal:
            got.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def test_two_tries_at_once_use_a_code_once(committed):
    code = code_for(PHONE, at=MONDAY)
    use = lambda: codes.redeem(phone=PHONE, code=code, address="10.1.1.1", at=MONDAY).pk  # noqa: E731
    got = at_once(use, use, use, use)
    assert got.count("wrong-code") == 3


def test_two_requests_at_once_send_one_code(committed):
    got = at_once(*[lambda: code_for(PHONE, at=MONDAY)] * 4)
    assert got.count(Locked.code) == 3


def test_two_owners_who_leave_at_once_leave_one(committed):
    owner = person()
    there = firm(owner)
    second = joined(there, owner, person("王强"), "owner")
    got = at_once(
        lambda: members.leave(enterprise_id=there.pk, contact=owner, at=MONDAY),
        lambda: members.leave(enterprise_id=there.pk, contact=second, at=MONDAY),
    )
    assert sorted(got, key=str) == [None, "last-owner"]
    assert Membership.objects.owners().filter(enterprise=there).count() == 1
