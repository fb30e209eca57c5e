"""The rules in force, read once and kept until something they depend on changes."""

from __future__ import annotations

from functools import lru_cache

from django.db import connection

from qihu.accounts.models import Department
from routing.rules.matching import CategoryRow, RuleBook, RuleRow
from routing.rules.models import Category, ChainTag, Rule, RuleSet

# One round trip: the set in force, and a stamp over everything else a book is made of.
_STAMP = """
SELECT (SELECT id FROM rules_ruleset WHERE published_at IS NOT NULL ORDER BY number DESC LIMIT 1),
       md5(concat_ws('|',
         (SELECT max(published_at) FROM rules_ruleset),
         (SELECT string_agg(concat_ws(',', code, name, kind, active), ';' ORDER BY code)
            FROM accounts_department),
         (SELECT string_agg(concat_ws(',', code, name, chain_tag_id, restricted), ';' ORDER BY code)
            FROM rules_category),
         (SELECT string_agg(concat_ws(',', code, name), ';' ORDER BY code)
            FROM rules_chaintag)))
"""


def current_rules() -> RuleBook:
    """The book in force. One query when nothing changed; a change shows at the next call.

    With no set published, an empty book of number 0: everything goes to triage.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAMP)
        rule_set_id, stamp = cursor.fetchone()
    return _book(rule_set_id, stamp)


@lru_cache(maxsize=4)
def _book(rule_set_id: int | None, stamp: str) -> RuleBook:
    """Read one set. Published sets never change, so id and `stamp` (only a key) name the content."""
    rule_set = RuleSet.objects.get(pk=rule_set_id) if rule_set_id else None
    departments = list(Department.objects.filter(active=True).values_list("code", "name", "kind"))
    partners = frozenset(code for code, _, kind in departments if kind == Department.Kind.PARTNER)
    return RuleBook(
        number=rule_set.number if rule_set else 0,
        rule_set_id=rule_set.pk if rule_set else 0,
        rules=tuple(_row(rule) for rule in Rule.objects.filter(rule_set=rule_set).order_by("position"))
        if rule_set
        else (),
        departments=frozenset(code for code, _, _ in departments) - partners,
        partners=partners,
        names={code: name for code, name, _ in departments},
        tags=dict(ChainTag.objects.values_list("code", "name")),
        categories={row.code: row for row in _categories()},
        min_confidence=rule_set.min_confidence if rule_set else 0.5,
    )


def _categories() -> list[CategoryRow]:
    """Inactive ones too: a request may still carry one."""
    rows = Category.objects.values_list("code", "name", "chain_tag_id", "restricted")
    return [CategoryRow(*row) for row in rows]


def _row(rule: Rule) -> RuleRow:
    return RuleRow(
        id=rule.pk,
        position=rule.position,
        name=rule.name,
        department=rule.department,
        co_departments=tuple(rule.co_departments),
        chain_tags=tuple(rule.chain_tags),
        categories=tuple(rule.categories),
        industry_chains=tuple(rule.industry_chains),
        region_path=rule.region_path,
        words=tuple(rule.words),
        confidence=rule.confidence,
    )
