"""Two workers at the same moment: real threads, real commits."""

from __future__ import annotations

import threading
from datetime import timedelta

from django.db import connections

from tests import make
from tickets.models import Notice, NoticeTemplate
from tickets.services.notify.send import alone, send_next
from tickets.tasks import send

AT = make.MONDAY + timedelta(minutes=30)


def test_two_workers_at_once_send_once(committed, aliyun, round_at):
    NoticeTemplate.objects.filter(code__startswith="sms-").update(sms_code="SMS_100")
    try:
        for _ in range(6):
            make.assigned()
        round_at.write(AT)
        ready = threading.Barrier(2)

        def work() -> None:
            ready.wait(timeout=10)
            while send_next(at=AT, down=set()):
                pass
            connections.close_all()

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert len(aliyun.accepted) == 6
        assert len({one["OutId"] for one in aliyun.accepted}) == 6
    finally:
        NoticeTemplate.objects.update(sms_code="")


def test_a_tick_leaves_it_to_the_one_that_is_sending(committed, aliyun, round_at):
    make.assigned()
    round_at.write(AT)
    busy, done = threading.Event(), threading.Event()

    def other() -> None:
        with alone() as mine:
            assert mine
            busy.set()
            done.wait(timeout=10)
        connections.close_all()

    thread = threading.Thread(target=other)
    thread.start()
    assert busy.wait(timeout=10)
    send()
    assert Notice.objects.to_firm().get().state == "queued"
    done.set()
    thread.join(timeout=10)
    send()
    assert Notice.objects.to_firm().get().state == "unsent"  # tried: its words have no number at the provider
