"""Providers on this machine, people with addresses, and a worker that does one round."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from qihu.accounts.models import User
from qihu.outbox.consume import drain
from tests.senders.conftest import aliyun, dingtalk, mailbox, wecom
from tickets import tasks
from tickets.models import NoticeTemplate
from tickets.services.notify.digest import gather
from tickets.services.notify.send import send_next

__all__ = ["aliyun", "dingtalk", "mailbox", "wecom"]


class Worker:
    """A worker that is told what time it is. Called, it does one round."""

    def __init__(self, monkeypatch) -> None:
        self._patch = monkeypatch

    def write(self, at: datetime) -> None:
        """Write the notices of everything that has happened."""
        self._patch.setattr(tasks, "now", lambda: at)
        drain()

    def __call__(self, at: datetime) -> None:
        """Write notices, gather, send until nothing is due."""
        self.write(at)
        gather(at=at)
        down: set[str] = set()
        while send_next(at=at, down=down):
            pass


@pytest.fixture
def round_at(monkeypatch) -> Worker:
    return Worker(monkeypatch)


@pytest.fixture
def approved(db) -> None:
    """The provider has approved the words of every SMS."""
    NoticeTemplate.objects.filter(code__startswith="sms-").update(sms_code="SMS_100")


@pytest.fixture
def with_mail(db) -> Callable[[str], str]:
    """Gives a person an address."""

    def give(username: str) -> str:
        User.objects.filter(username=username).update(email=f"{username}@example.org")
        return f"{username}@example.org"

    return give
