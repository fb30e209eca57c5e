"""Verbs on rule sets: put a draft in force, copy a set into a new draft."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max

from qihu.accounts.models import Department
from qihu.audit.models import Action
from qihu.audit.record import record
from qihu.errors import Conflict, Invalid, Unknown
from routing.rules.models import Category, ChainTag, IndustryChain, Rule, RuleSet

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from qihu.accounts.models import User


@transaction.atomic
def publish(*, rule_set_id: int, author: User | None, at: datetime) -> RuleSet:
    """Put a draft in force. Conflict: published, or older than the one in force. Invalid: `problems`."""
    rule_set = RuleSet.objects.select_for_update().filter(pk=rule_set_id).first()
    if rule_set is None:
        raise Unknown("没有这个规则集")
    if rule_set.is_published:
        raise Conflict(f"规则集 v{rule_set.number} 已发布，不能再改")
    current = RuleSet.objects.current()
    if current and current.number > rule_set.number:
        raise Conflict(f"规则集 v{current.number} 已经生效，请从它复制草稿再发布")
    if found := problems(rule_set_id=rule_set_id):
        raise Invalid("；".join(found[:10]))
    rule_set.published_at = at
    rule_set.author = author or rule_set.author
    rule_set.save(update_fields=["published_at", "author"])
    before = {"number": current.number} if current else None
    after = {"number": rule_set.number}
    record(Action.RULES, actor=author, kind="rules.ruleset", key=rule_set.number, before=before, after=after, at=at)
    return rule_set


@transaction.atomic
def copy_as_draft(*, rule_set_id: int, author: User | None) -> RuleSet:
    """A new draft with the next free number and the same lines."""
    source = RuleSet.objects.filter(pk=rule_set_id).first()
    if source is None:
        raise Unknown("没有这个规则集")
    draft = RuleSet.objects.create(
        number=next_number(),
        author=author,
        note=f"由 v{source.number} 复制",
        min_confidence=source.min_confidence,
    )
    rules = list(source.rules.order_by("position"))
    for rule in rules:
        rule.pk, rule.rule_set = None, draft
    Rule.objects.bulk_create(rules)
    return draft


def next_number() -> int:
    """The next free number; two who ask at once collide on the unique column."""
    return (RuleSet.objects.aggregate(top=Max("number"))["top"] or 0) + 1


def renumber(*, rule_set_id: int, touched: Collection[int] = ()) -> None:
    """Number a draft's lines 1, 2, 3 … by their places; of two in one place the `touched` key comes first.

    Runs in the transaction that wrote the places: their uniqueness is checked at its end.
    """
    rules = sorted(Rule.objects.filter(rule_set_id=rule_set_id), key=lambda r: (r.position, r.pk not in touched, r.pk))
    moved = [(place, rule) for place, rule in enumerate(rules, 1) if rule.position != place]
    for place, rule in moved:
        rule.position = place
    Rule.objects.bulk_update([rule for _, rule in moved], ["position"])


def problems(*, rule_set_id: int) -> list[str]:
    """What speaks against publishing, line by line, in Chinese: codes that no active row bears."""
    rules = list(Rule.objects.filter(rule_set_id=rule_set_id).order_by("position"))
    if not rules:
        return ["规则集没有一条规则"]
    return [f"第 {rule.position} 条：{what}" for check in _checks() for rule in rules for what in check(rule)]


def _checks() -> tuple[Callable[[Rule], list[str]], ...]:
    """One check per column that holds codes; each reads its known codes once."""
    active = dict(Department.objects.filter(active=True).values_list("code", "kind"))
    leads = {code for code, kind in active.items() if kind != Department.Kind.PARTNER}
    tags = set(ChainTag.objects.values_list("code", flat=True))
    categories = set(Category.objects.values_list("code", flat=True))
    chains = set(IndustryChain.objects.values_list("code", flat=True))
    return (
        lambda rule: [] if rule.department in leads else [f"主办部门“{rule.department}”未设、停用或只能协办"],
        lambda rule: [f"协办部门“{code}”未设或停用" for code in rule.co_departments if code not in active],
        lambda rule: [f"没有链条标签“{code}”" for code in rule.chain_tags if code not in tags],
        lambda rule: [f"没有类别“{code}”" for code in rule.categories if code not in categories],
        lambda rule: [f"没有产业链“{code}”" for code in rule.industry_chains if code not in chains],
    )
