"""The default rules and the demo departments as a book, without a database."""

from qihu.accounts.demo import CITY_ONLY, DEPARTMENTS
from qihu.accounts.models import Department
from routing.rules.defaults import CATEGORIES, LINES, RESTRICTED, TAGS
from routing.rules.matching import CategoryRow, RuleBook, RuleRow

COUNTIES = ("330802", "330803", "330822", "330824", "330825", "330881")
PARTNERS = frozenset(code for code, _, kind in CITY_ONLY if kind == Department.Kind.PARTNER)
CITY = frozenset(code for code, _, _ in (*DEPARTMENTS, *CITY_ONLY))
LOCAL = frozenset(f"{code}-{county}" for code, _, _ in DEPARTMENTS for county in COUNTIES)


def demo_book(*, without: frozenset[str] = frozenset(), min_confidence: float = 0.5) -> RuleBook:
    """Rule set v1; `without` are departments switched off."""
    return RuleBook(
        number=1,
        rule_set_id=1,
        rules=tuple(
            RuleRow(
                id=100 + place,
                position=place,
                name=line.name,
                department=line.department,
                co_departments=line.co,
                chain_tags=line.chain_tags,
                categories=line.categories,
                industry_chains=line.industry_chains,
                words=line.words,
                confidence=line.confidence,
            )
            for place, line in enumerate(LINES, 1)
        ),
        departments=(CITY | LOCAL) - PARTNERS - without,
        partners=PARTNERS - without,
        names={code: name for code, name, _ in (*DEPARTMENTS, *CITY_ONLY)},
        tags={row[0]: row[1] for row in TAGS},
        categories={
            code: CategoryRow(code, name, tag, code in RESTRICTED)
            for tag, names in CATEGORIES.items()
            for code, name in names.items()
        },
        min_confidence=min_confidence,
    )
