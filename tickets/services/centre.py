"""The service centre's verbs beside dispatching: ask for facts, not accept, supervise, instruct, raise the tier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from qihu.errors import Invalid
from tickets.access import Caller
from tickets.services.intent import Done
from tickets.services.transition import move
from tickets.workflow import Action, Rejection

ITEMS_MAX = 9


def request_info(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    items: Sequence[str],
    text: str = "",
    expected_version: int | None = None,
) -> Done:
    """Ask the firm, once, for missing facts, item by item; all clocks but FULL rest meanwhile."""
    asked = [" ".join(item.split()) for item in items if item.strip()]
    if not asked or len(asked) > ITEMS_MAX:
        raise Invalid("请写明要补充什么。", fields={"items": f"请逐项写明要补充的材料，1 至 {ITEMS_MAX} 项。"})
    return move(
        Action.REQUEST_INFO,
        ticket_id,
        caller,
        at,
        expected_version,
        text=text,
        parts=[{"ask": item, "text": ""} for item in asked],
        data={"items": len(asked)},
        changes={"info_asked": True},
    )


def reject(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    reason: str,
    text: str,
    expected_version: int | None = None,
) -> Done:
    """不予受理, two-step: why, by its code, and where the firm should go instead. Raises `Invalid`."""
    errors = {}
    if reason not in Rejection.values:
        errors["reason"] = "请选择不予受理的原因。"
    if not text.strip():
        errors["text"] = "请写明企业应向哪里反映。"
    if errors:
        raise Invalid("申请还不完整。", fields=errors)
    return move(Action.REJECT, ticket_id, caller, at, expected_version, text=text, data={"reason": reason})


def raise_tier(
    *, ticket_id: int, caller: Caller, at: datetime, reason: str, expected_version: int | None = None
) -> Done:
    """提级: the reply is reviewed one tier higher from now on."""
    return move(Action.RAISE_TIER, ticket_id, caller, at, expected_version, text=reason)


def supervise(*, ticket_id: int, caller: Caller, at: datetime, text: str, expected_version: int | None = None) -> Done:
    """督办: the head owes a written answer; the firm cannot withdraw meanwhile."""
    changes = {"supervised": True}
    return move(Action.SUPERVISE, ticket_id, caller, at, expected_version, text=text, changes=changes)


def instruct(*, ticket_id: int, caller: Caller, at: datetime, text: str, expected_version: int | None = None) -> Done:
    """批示: a leader's instruction; answered in writing like a 督办."""
    changes = {"supervised": True}
    return move(Action.INSTRUCT, ticket_id, caller, at, expected_version, text=text, changes=changes)


def answer_supervision(
    *, ticket_id: int, caller: Caller, at: datetime, text: str, expected_version: int | None = None
) -> Done:
    """The head's written answer to 督办 and 批示."""
    changes = {"supervised": False}
    return move(Action.ANSWER_SUPERVISION, ticket_id, caller, at, expected_version, text=text, changes=changes)


def exclude(*, ticket_id: int, caller: Caller, at: datetime, reason: str, expected_version: int | None = None) -> Done:
    """剔除, two-step: a closed request leaves the solved rate; the exclusion is shown beside it."""
    return move(Action.EXCLUDE, ticket_id, caller, at, expected_version, text=reason)


def mark_test(
    *, ticket_id: int, caller: Caller, at: datetime, reason: str, expected_version: int | None = None
) -> Done:
    """Set as a test by two people: out of all figures, shown beside them."""
    return move(Action.MARK_TEST, ticket_id, caller, at, expected_version, text=reason)
