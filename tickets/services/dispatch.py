"""The dispatcher's verbs: assign, reassign, rule on a return, classify."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from qihu.accounts.models import Department, Region
from qihu.errors import Invalid
from routing.rules.models import Category, ChainTag, IndustryChain
from tickets.access import Caller
from tickets.models import Ticket
from tickets.services.intent import Done, Intent
from tickets.services.ledger import Credit
from tickets.services.transition import perform
from tickets.workflow import Action


@transaction.atomic
def assign(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    department: str,
    co_departments: Sequence[str] = (),
    expected_version: int | None = None,
    text: str = "",
) -> Done:
    """Hand a waiting request to its lead department and co-handlers (codes). Raises `Invalid` for unknown codes."""
    return _hand_over(Action.ASSIGN, ticket_id, caller, at, department, co_departments, expected_version, text)


@transaction.atomic
def reassign(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    department: str,
    co_departments: Sequence[str] = (),
    expected_version: int | None = None,
    text: str = "",
) -> Done:
    """Take a request from one lead department to another; RESOLVE runs on, so passing it round gains nothing.

    Raises `Invalid` for the department that has it: its SIGN and CONTACT would begin anew.
    """
    held = Ticket.objects.lock([ticket_id]).filter(department__code=department)
    if [ticket.pk for ticket in held]:
        raise Invalid("本件已由该部门主办。", fields={"department": "本件已由该部门主办，请选择另一个部门。"})
    return _hand_over(Action.REASSIGN, ticket_id, caller, at, department, co_departments, expected_version, text)


def _hand_over(
    action: Action,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    department: str,
    co_departments: Sequence[str],
    expected_version: int | None,
    text: str,
) -> Done:
    lead, helpers, secret = lead_and_helpers(department, co_departments)
    return perform(
        Intent(
            action=action,
            ticket_id=ticket_id,
            at=at,
            caller=caller,
            expected_version=expected_version,
            data={"department": department, "co_departments": [one.code for one in helpers], "restricted": secret},
            changes=handed_to(lead, at=at, secret=secret),
            text=text,
            helpers=helpers,
        )
    )


def lead_and_helpers(department: str, co_departments: Sequence[str]) -> tuple[Department, list[Department], bool]:
    """The lead, its helpers and whether this is the restricted path, by codes. Raises `Invalid` for unknown ones."""
    found = {d.code: d for d in Department.objects.filter(code__in=[department, *co_departments], active=True)}
    lead = found.get(department)
    if lead is None or lead.kind == Department.Kind.PARTNER:
        raise Invalid("没有这个主办部门。", fields={"department": "请从列表中选择主办部门，协办伙伴不能主办。"})
    secret = lead.kind == Department.Kind.DISCIPLINE  # the restricted path: nobody else helps, sees or is told
    helpers = [code for code in dict.fromkeys(co_departments) if code != department and not secret]
    if missing := [code for code in helpers if code not in found]:
        raise Invalid("没有这个协办部门。", fields={"co_departments": f"没有这个协办部门：{'、'.join(missing)}"})
    return lead, [found[code] for code in helpers], secret


def handed_to(lead: Department, *, at: datetime, secret: bool) -> dict[str, Any]:
    """What changes on a request that comes to another lead department."""
    changes: dict[str, Any] = {"department": lead, "assigned_at": at, "officer": None}
    return changes | ({"restricted": True} if secret else {})


@transaction.atomic
def rule_on_return(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    upheld: bool,
    text: str,
    department: str = "",
    co_departments: Sequence[str] = (),
    expected_version: int | None = None,
) -> Done:
    """Decide an objection, finally: upheld, it goes to another department and RESOLVE is credited with the time the
    wrong one had it; refused, it goes back where it was. Raises `Invalid` for the department that objects.
    """
    common: dict[str, Any] = {
        "action": Action.RULE_ON_RETURN,
        "ticket_id": ticket_id,
        "at": at,
        "caller": caller,
        "expected_version": expected_version,
        "text": text,
    }
    if not upheld:
        return perform(Intent(**common, data={"upheld": False}))
    ticket = Ticket.objects.lock([ticket_id]).filter(pk=ticket_id).select_related("region", "department").first()
    lead, helpers, secret = lead_and_helpers(department, co_departments)
    if ticket and ticket.department_id == lead.pk:
        raise Invalid("请选择另一个部门。", fields={"department": "退单部门不能再次主办，请选择另一个部门。"})
    since = ticket.assigned_at if ticket else None
    approver = caller.actor_id
    credit = [Credit(since=since, until=at, reason="退单成立，补回时间", approver_id=approver)] if since else []
    data = {"upheld": True, "department": department, "co_departments": [one.code for one in helpers]}
    return perform(
        Intent(**common, data=data, changes=handed_to(lead, at=at, secret=secret), helpers=helpers, orders=credit)
    )


def classify(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    expected_version: int | None = None,
    **wanted: Any,
) -> Done:
    """Set chain_tag, category, industry_chain, difficulty, urgent, region; running clocks are re-priced by ledger rows.

    Only what is given changes. Raises `Invalid` for an unknown code or where nothing is given.
    """
    data = {name: value for name, value in wanted.items() if value is not None}
    return perform(
        Intent(
            action=Action.CLASSIFY,
            ticket_id=ticket_id,
            at=at,
            caller=caller,
            expected_version=expected_version,
            data=data,
            changes=_attributes(data),
        )
    )


def _attributes(data: dict[str, Any]) -> dict[str, Any]:
    """Attribute → value to set. Raises `Invalid` naming each field that is wrong."""
    errors: dict[str, str] = {}
    if not data or set(data) - {"chain_tag", "category", "industry_chain", "difficulty", "urgent", "region"}:
        errors["chain_tag"] = "请至少改动一项：链、类别、产业链、难度、紧急、区划。"
    changes = _rows_of(data, errors)
    if (difficulty := data.get("difficulty")) is not None:
        changes["difficulty"] = difficulty
        if difficulty not in Ticket.Difficulty.values:
            errors["difficulty"] = "难度为 L1 至 L4。"
    if (urgent := data.get("urgent")) is not None:
        changes["urgent"] = bool(urgent)
    if errors:
        raise Invalid("归类没有保存。", fields=errors)
    return changes


def _rows_of(data: dict[str, Any], errors: dict[str, str]) -> dict[str, Any]:
    """Chain tag, category, industry chain and region by their codes; what is unknown or restricted goes to `errors`."""
    rows: dict[str, Any] = {}
    if tag := data.get("chain_tag"):
        rows["chain_tag"] = ChainTag.objects.filter(code=tag).first()
    if code := data.get("category"):
        category = Category.objects.filter(code=code, active=True).first()
        rows["category"] = category
        if category and category.restricted:
            errors["category"] = "廉政诉求不在这里归类：请直接交办或改派给纪检监察机关，之后只有其经办可见。"
    if chain := data.get("industry_chain"):
        rows["industry_chain"] = IndustryChain.objects.filter(code=chain).first()
    if region := data.get("region"):
        rows["region"] = Region.objects.filter(code=region).first()
    errors |= {name: "没有这个选项。" for name, row in rows.items() if row is None}
    return rows
