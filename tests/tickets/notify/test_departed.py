"""Messages to a firm follow who is still there; of what is only mine the firm's owner hears nothing."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from qihu.accounts import members
from tests import make
from tests.firms import again, firm, joined, person
from tickets.services import intake
from tickets.services.belonging import belonging

pytestmark = pytest.mark.django_db
AT = make.MONDAY + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("visibility", "leaves", "told"),
    [
        ("firm", False, "13900000001"),
        ("firm", True, "13800000000"),
        ("shielded", True, "13800000000"),
        ("me", False, "13900000001"),
        ("me", True, "13900000001"),
    ],
)
def test_whom_an_sms_reaches(aliyun, approved, round_at, visibility, leaves, told):
    owner = person()
    there = firm(owner)
    colleague = joined(there, owner, person("王强"))
    typed = make.filed(contact_phone=colleague.phone, chain_tag="capital")
    said = belonging(typed, contact=colleague, visibility=visibility, enterprise_id=there.pk)
    ticket = intake.submit(filed=said, qr=None, key=str(uuid.uuid4()), at=make.MONDAY).ticket
    intake.route_all(ticket_ids=[ticket.pk], at=make.MONDAY)
    if leaves:
        members.leave(enterprise_id=there.pk, contact=again(colleague), at=make.MONDAY)
    round_at(AT)
    assert {sms["PhoneNumbers"] for sms in aliyun.accepted} == {told}
