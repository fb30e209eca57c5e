"""Why a request went where it went: one Chinese sentence for officials, made from the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from routing.rules.matching import Decision, Facts, RuleBook

_WHOSE = {
    "code": "企业所扫码预置“{}”",
    "firm": "企业自选“{}”",
    "staff": "研判员定为“{}”",
}


def why(book: RuleBook, facts: Facts, decision: Decision) -> str:
    """All clauses, joined by “；”."""
    clauses = (
        _tag(book, facts),
        _category(book, facts),
        _rule(decision),
        _words(decision),
        _outcome(book, decision),
        _disagreement(book, facts, decision),
        _second(book, decision),
    )
    return "；".join(clause for clause in clauses if clause)


def _tag(book: RuleBook, facts: Facts) -> str:
    if facts.chain_tag is None:
        return "未带链条标签"
    return _WHOSE.get(facts.tag_from or "", "链条为“{}”").format(book.tags.get(facts.chain_tag, facts.chain_tag))


def _category(book: RuleBook, facts: Facts) -> str:
    if facts.category is None:
        return ""
    known = book.categories.get(facts.category)
    return f"类别“{known.code} {known.name}”" if known else f"类别“{facts.category}”（未登记）"


def _rule(decision: Decision) -> str:
    if decision.rule_position is None:
        return f"规则集 v{decision.rule_set} 共 {decision.tried} 条，无一适用"
    return f"规则集 v{decision.rule_set} 第 {decision.rule_position} 条“{decision.rule_name}”"


def _words(decision: Decision) -> str:
    return f"文中提到：{'、'.join(decision.matched.words)}" if decision.matched.words else ""


def _outcome(book: RuleBook, decision: Decision) -> str:
    if decision.department:
        return _places(book, decision)
    if decision.rule_position is None:
        return "转人工研判"
    if decision.confidence < book.min_confidence:
        return f"把握 {decision.confidence:.0%}，低于 {book.min_confidence:.0%}，转人工研判"
    return "该条所指部门未设或已停用，转人工研判"


def _places(book: RuleBook, decision: Decision) -> str:
    lead = f"主办：{_name(book, decision.department or '')}"
    co = "、".join(_name(book, code) for code in decision.co_departments)
    return f"{lead}；协办：{co}" if co else lead


def _disagreement(book: RuleBook, facts: Facts, decision: Decision) -> str:
    if not decision.disagreed:
        return ""
    tag = book.tags.get(facts.chain_tag or "", facts.chain_tag or "")
    if decision.restricted:
        return f"类别与“{tag}”不一致：限阅事项以类别为准，不设协办"
    return f"类别与“{tag}”不一致：以类别的部门为主办，链条的部门协办"


def _second(book: RuleBook, decision: Decision) -> str:
    if decision.rule_position is None:
        return ""
    if decision.second is None:
        return "次选：无"
    second = decision.second
    return f"次选：{_name(book, second.department)}（第 {second.position} 条“{second.name}”）"


def _name(book: RuleBook, code: str) -> str:
    return book.names.get(code, code)
