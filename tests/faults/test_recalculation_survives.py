"""A recalculation whose workers are killed again and again ends, and every promise has moved once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from qihu.clock import now
from tests import make
from tests.faults import processes
from tests.tickets.promises.changes import done, enforce, policy_draft
from tickets.models import Deadline, Event, Recalculation, Shift, Slice
from tickets.services.repricing import work

pytestmark = pytest.mark.timeout(170)
REQUESTS = 240


def finished() -> bool:
    return Recalculation.objects.filter(finished_at__isnull=False).exists()


@pytest.mark.usefixtures("committed")
def test_workers_killed_in_the_middle_move_each_promise_once(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "SIZE", 4)  # planned here, worked off by the workers
    at = now()
    for _ in range(REQUESTS):
        make.signed(at=at - timedelta(hours=1))
    recalculation = enforce(policy_draft(("RESOLVE", "L2", "9wd")), at=now())
    work.work(recalculation_id=recalculation.pk, at=now())

    def left() -> int:
        return Slice.objects.filter(done_at=None).count()

    with processes.private_broker(tmp_path) as valkey, processes.beat(valkey.url, tmp_path):
        cut_short = 0
        for _ in range(6):
            with processes.worker(valkey.url) as process:
                before = left()
                assert processes.until(lambda: left() < before or finished(), seconds=40)  # noqa: B023 - read at once
                processes.kill(process)
                cut_short += left() > 0
            if finished():
                break
        assert cut_short >= 1, "no worker was killed while there was work left"
        with processes.worker(valkey.url):
            assert processes.until(finished)

    recalculation.refresh_from_db()
    events = Counter(Event.objects.filter(kind="policy").values_list("ticket_id", flat=True))
    assert len(events) == REQUESTS
    assert set(events.values()) == {1}
    moved = Shift.objects.filter(kind=Shift.Kind.POLICY)
    assert moved.count() == Deadline.objects.filter(clock="RESOLVE", amount=9).count() == REQUESTS
    assert recalculation.predicted == done(recalculation)
