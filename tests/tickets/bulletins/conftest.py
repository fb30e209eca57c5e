"""Places that bulletins are about, and a mail server on this machine."""

import pytest

from qihu.accounts.models import Department, Region
from tests.senders.conftest import mailbox

__all__ = ["mailbox"]


@pytest.fixture
def city(db):
    return Region.objects.get(pk="330800")


@pytest.fixture
def finance(db):
    return Department.objects.select_related("region").get(code="finance")
