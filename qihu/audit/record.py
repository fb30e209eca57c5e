"""The one way to write the audit trail, in the transaction of what it records."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from qihu.audit.models import Action, Entry, Reason

_CODE = re.compile(r"[\x20-\x7e]{0,200}")
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


@transaction.atomic
def record(
    action: Action,
    *,
    actor: AbstractBaseUser | None,
    kind: str = "",
    key: object = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    at: datetime | None = None,
) -> Entry:
    """Append one entry: who (`None`: the system, or nobody who could be named) did what to which object.

    `kind` and `key` name the object by table and number or code; `before` and `after` hold codes; `reason` is free
    text and goes to an erasable row. `at` None: the database's clock. Raises `ValueError` for what is no code, so
    that a name or a phone cannot slip in.
    """
    _refuse_words(kind, str(key), json.dumps([before, after], ensure_ascii=False, cls=DjangoJSONEncoder))
    now, xid = _stamp()
    why = Reason.objects.create(body=reason) if reason else None
    entry = Entry(
        at=at or now,
        recorded_at=now,
        xid=xid,
        actor_id=actor.pk if actor else None,
        action=action,
        kind=kind,
        key=str(key),
        before=before,
        after=after,
        reason=why,
        reason_hash=why.digest() if why else None,
    )
    entry.hash = entry.digest()
    entry.save(force_insert=True)
    return entry


def _refuse_words(kind: str, key: str, codes: str) -> None:
    for value in (kind, key, codes):
        if not value.isascii() or (value is not codes and not _CODE.fullmatch(value)):
            raise ValueError("the audit trail holds codes: free text goes to `reason`")
        if _MOBILE.search(value):
            raise ValueError("this looks like a phone number: the audit trail holds none")


def _stamp() -> tuple[datetime, int]:
    """Moment and id of this transaction, as the database knows them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now(), pg_current_xact_id()::text::bigint")
        at, xid = cursor.fetchone()
    return at, xid
