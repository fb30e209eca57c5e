"""Facts in, decision out. Pure: no database, no clock.

The law: the chain tag decides; a category given explicitly refines it; where the two disagree the category's
department leads, the tag's co-handles, and the record says so. The first rule that fits decides, else triage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace

from routing.rules import reasons


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a request when it is routed. `region` is a path: "330800/330802".

    `tag_from` says whose word the chain tag is: "code" (the QR code's), "firm" or "staff".
    """

    chain_tag: str | None = None
    category: str | None = None
    region: str = ""
    text: str = ""
    level: str | None = None
    channel: str = ""
    urgent: bool = False
    tag_from: str | None = None
    industry_chain: str | None = None

    def record(self) -> dict[str, object]:
        """For the decision record: everything but the text, which is personal data and kept elsewhere."""
        return {name: value for name, value in asdict(self).items() if name != "text"}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One line of a rule set. An empty condition is not asked; several are all asked."""

    id: int
    position: int
    name: str
    department: str
    co_departments: tuple[str, ...] = ()
    chain_tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    industry_chains: tuple[str, ...] = ()
    region_path: str = ""
    words: tuple[str, ...] = ()
    confidence: float = 0.9


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A category with its home chain."""

    code: str
    name: str
    chain_tag: str
    restricted: bool = False


@dataclass(frozen=True)
class RuleBook:
    """A published rule set with everything needed to read it. `rules` come in order of position.

    `departments` are active codes that may lead; `partners` only ever co-handle; `names` are those of both.
    """

    number: int
    rule_set_id: int
    rules: tuple[RuleRow, ...]
    departments: frozenset[str]
    partners: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, CategoryRow] = field(default_factory=dict)
    min_confidence: float = 0.5


@dataclass(frozen=True, slots=True)
class Matched:
    """Which conditions of the rule fired, with the values they fired on."""

    chain_tag: str | None = None
    category: str | None = None
    industry_chain: str | None = None
    region: str | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule that would have decided, had the chosen one not stood before it."""

    rule_id: int
    position: int
    name: str
    department: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a request goes and why. `department` None = triage; a rule may be named even then.

    `tried`: lines read until one fitted. `disagreed`: category and tag pointed to different departments.
    """

    rule_set: int
    rule_set_id: int
    department: str | None
    co_departments: tuple[str, ...]
    reason: str
    tried: int
    confidence: float = 0.0
    rule_id: int | None = None
    rule_position: int | None = None
    rule_name: str | None = None
    matched: Matched = Matched()
    second: Candidate | None = None
    disagreed: bool = False
    restricted: bool = False

    def record(self) -> dict[str, object]:
        """JSON-ready mapping of all fields (tuples become lists in JSON)."""
        return asdict(self)


def nearest(code: str, region: str, known: frozenset[str]) -> str | None:
    """`<code>-<region>` of the deepest region in the path that has one, else the city's `code`, else None."""
    local = (f"{code}-{part}" for part in reversed(region.split("/")))
    return next((name for name in (*local, code) if name in known), None)


def decide(book: RuleBook, facts: Facts) -> Decision:
    """The first rule that fits decides; what fits next is kept as the second choice."""
    hits = _hits(book, facts)
    first = next(hits, None)
    if first is None:
        return _fallback(book, facts)
    tried, rule, matched = first
    found = nearest(rule.department, facts.region, book.departments)
    lead = found if rule.confidence >= book.min_confidence else None
    tag_lead = _tag_lead(book, facts)
    disagreed = lead is not None and tag_lead not in {None, lead}
    restricted = _restricted(book, facts)
    decision = Decision(
        rule_set=book.number,
        rule_set_id=book.rule_set_id,
        department=lead,
        co_departments=_co_handlers(book, facts, rule, tag_lead) if lead and not restricted else (),
        reason="",
        tried=tried,
        confidence=rule.confidence,
        rule_id=rule.id,
        rule_position=rule.position,
        rule_name=rule.name,
        matched=matched,
        second=_second(book, facts, hits, lead),
        disagreed=disagreed,
        restricted=restricted,
    )
    return replace(decision, reason=reasons.why(book, facts, decision))


def _fallback(book: RuleBook, facts: Facts) -> Decision:
    """No line fits: the dispatcher's list, the mandatory end of every rule set."""
    decision = Decision(
        rule_set=book.number,
        rule_set_id=book.rule_set_id,
        department=None,
        co_departments=(),
        reason="",
        tried=len(book.rules),
        restricted=_restricted(book, facts),
    )
    return replace(decision, reason=reasons.why(book, facts, decision))


def _hits(book: RuleBook, facts: Facts) -> Iterator[tuple[int, RuleRow, Matched]]:
    """Fitting rules in order, each with how many lines were read up to it."""
    for count, rule in enumerate(book.rules, 1):
        matched = _fits(rule, facts)
        if matched is not None:
            yield count, rule, matched


def _fits(rule: RuleRow, facts: Facts) -> Matched | None:
    """What fired, or None where any condition asked does not hold."""
    if rule.chain_tags and facts.chain_tag not in rule.chain_tags:
        return None
    if rule.categories and facts.category not in rule.categories:
        return None
    if rule.industry_chains and facts.industry_chain not in rule.industry_chains:
        return None
    if rule.region_path and not _within(facts.region, rule.region_path):
        return None
    words = tuple(word for word in rule.words if word in facts.text)
    if rule.words and not words:
        return None
    return Matched(
        chain_tag=facts.chain_tag if rule.chain_tags else None,
        category=facts.category if rule.categories else None,
        industry_chain=facts.industry_chain if rule.industry_chains else None,
        region=rule.region_path or None,
        words=words,
    )


def _within(path: str, prefix: str) -> bool:
    """Whether the region is `prefix` or below it; "330800/33080" holds nothing of "330800/330802"."""
    return path == prefix or path.startswith(prefix + "/")


def _tag_lead(book: RuleBook, facts: Facts) -> str | None:
    """Where the tag alone would have led, if the category is at home in another chain; else None.

    A category of the tag's own chain refines it, so there is nothing to disagree about.
    """
    category = book.categories.get(facts.category or "")
    if facts.chain_tag is None or category is None or category.chain_tag == facts.chain_tag:
        return None
    alone = next(_hits(book, replace(facts, category=None)), None)
    return nearest(alone[1].department, facts.region, book.departments) if alone else None


def _co_handlers(book: RuleBook, facts: Facts, rule: RuleRow, tag_lead: str | None) -> tuple[str, ...]:
    """The rule's co-handlers and, on disagreement, the tag's department; each once, never the lead."""
    active = book.departments | book.partners
    lead = nearest(rule.department, facts.region, book.departments)
    found = [nearest(code, facts.region, active) for code in rule.co_departments]
    return tuple(dict.fromkeys(code for code in (*found, tag_lead) if code and code != lead))


def _second(
    book: RuleBook, facts: Facts, rest: Iterator[tuple[int, RuleRow, Matched]], lead: str | None
) -> Candidate | None:
    """The next rule that fits and leads elsewhere; one that leads to the same place would tell nothing."""
    for _, rule, _matched in rest:
        department = nearest(rule.department, facts.region, book.departments)
        if department and department != lead:
            return Candidate(rule.id, rule.position, rule.name, department, rule.confidence)
    return None


def _restricted(book: RuleBook, facts: Facts) -> bool:
    """Whether the category is for 纪检监察 alone: then nobody co-handles (domain.md §1)."""
    category = book.categories.get(facts.category or "")
    return category is not None and category.restricted
