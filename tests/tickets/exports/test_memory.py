"""Ten times the rows take no more memory: one block of them is there at a time."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from tests import make
from tests.people import user
from tests.tickets.exports.taken import AT, WHY
from tickets.access import Caller
from tickets.models import Export
from tickets.services.exports import asking, columns, picking

pytestmark = pytest.mark.django_db
FEW, MANY = 2_000, 20_000


@pytest.fixture
def peak(monkeypatch) -> Callable[[str, int], int]:
    """Bytes at the highest while so many rows, all of one real request, leave."""
    ticket = make.closed()
    row = columns.found([ticket.pk], user("leader"))[0]
    monkeypatch.setattr(picking, "AT_ONCE", MANY)
    monkeypatch.setattr(columns, "found", lambda keys, _: [row] * len(keys))

    def of(form: str, count: int) -> int:
        picked = picking.Picked(
            what=Export.What.TICKETS, words="全部", total=count, as_of=AT, definitions=1, keys=range(count)
        )
        way = asking.export(picked=picked, caller=Caller(user("leader")), at=AT, form=form, reason=WHY)
        tracemalloc.start()
        for _ in way:
            pass
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert Export.objects.latest("pk").rows == count
        return highest

    return of


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_rows(peak, form):
    peak(form, 10)  # what is loaded once
    assert peak(form, MANY) < 1.5 * peak(form, FEW)
