"""Two workers at the same moment: real threads, real commits."""

from __future__ import annotations

import threading
from datetime import timedelta

from django.db import connections

from tests import make
from tickets.models import NoticeTemplate
from tickets.services.notify.send import send_next

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
