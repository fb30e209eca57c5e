"""Rule sets as rows: drafts, publishing, what the database refuses, and the book that is read from them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from qihu.accounts.models import Department, User
from qihu.errors import Conflict, Invalid, Unknown
from routing.rules.book import current_rules
from routing.rules.defaults import LINES, load_defaults
from routing.rules.matching import Facts, decide
from routing.rules.models import Category, ChainTag, IndustryChain, Rule, RuleSet
from routing.rules.publishing import copy_as_draft, publish, renumber

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def nothing(db):
    """An installation without rules."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE rules_chaintag, rules_ruleset CASCADE")


@pytest.fixture
def draft(db):
    """A copy of v1, waiting."""
    return copy_as_draft(rule_set_id=RuleSet.objects.current().pk, author=None)


def test_defaults_load_once(nothing):
    load_defaults(AT)
    first = RuleSet.objects.current()
    ChainTag.objects.filter(code="capital").update(plain_name="资金的事")
    load_defaults(AT + timedelta(days=1))
    assert RuleSet.objects.count() == 1
    assert RuleSet.objects.current().published_at == first.published_at == AT
    assert (ChainTag.objects.count(), Category.objects.count(), IndustryChain.objects.count()) == (5, 28, 6)
    assert ChainTag.objects.get(code="capital").plain_name == "资金的事"
    assert Rule.objects.count() == len(LINES)
    assert list(Category.objects.filter(restricted=True).values_list("code", flat=True)) == ["SRV-04"]


def test_the_book_equals_the_rows():
    book = current_rules()
    assert (book.number, len(book.rules)) == (1, len(LINES))
    assert [rule.position for rule in book.rules] == list(range(1, len(LINES) + 1))
    assert "rural-bank" in book.partners
    assert "rural-bank" not in book.departments
    assert decide(book, Facts("capital", "FIN-02", "330800/330881")).department == "economy-330881"


def test_an_unchanged_book_costs_one_query(django_assert_num_queries):
    first = current_rules()
    with django_assert_num_queries(1):
        assert current_rules() is first


def test_without_a_published_set_everything_waits(nothing):
    book = current_rules()
    assert (book.number, book.rules) == (0, ())
    assert decide(book, Facts("capital")).department is None


def test_a_department_switched_off_shows_at_the_next_call():
    assert decide(current_rules(), Facts("capital", None, "330800/330802")).department == "finance-330802"
    Department.objects.filter(code="finance-330802").update(active=False)
    assert decide(current_rules(), Facts("capital", None, "330800/330802")).department == "finance"


def test_publishing_takes_effect_at_the_next_call(draft):
    dispatcher = User.objects.get(username="secadmin")
    draft.rules.filter(name="资金链 → 金融办").update(department="economy")
    assert decide(current_rules(), Facts("capital")).department == "finance"
    publish(rule_set_id=draft.pk, author=dispatcher, at=AT)
    decision = decide(current_rules(), Facts("capital"))
    assert (decision.department, decision.rule_set) == ("economy", 2)
    draft.refresh_from_db()
    assert (draft.published_at, draft.author) == (AT, dispatcher)


def test_every_default_rule_names_what_exists(draft):
    assert publish(rule_set_id=draft.pk, author=None, at=AT).is_published


def test_a_draft_with_unknown_codes_is_refused_line_by_line(draft):
    line = draft.rules.get(position=2)
    line.department, line.co_departments, line.categories = "rural-bank", ["nobody"], ["FIN-99"]
    line.chain_tags, line.industry_chains = ["wealth"], ["ships"]
    line.save()
    with pytest.raises(Invalid) as refusal:
        publish(rule_set_id=draft.pk, author=None, at=AT)
    for code in ("rural-bank", "nobody", "FIN-99", "wealth", "ships"):
        assert f"“{code}”" in refusal.value.message
    assert RuleSet.objects.current().number == 1


def test_an_empty_draft_is_refused():
    empty = RuleSet.objects.create(number=5)
    with pytest.raises(Invalid, match="没有一条规则"):
        publish(rule_set_id=empty.pk, author=None, at=AT)


def test_publishing_twice_or_backwards_is_refused(draft):
    older, newer = draft, copy_as_draft(rule_set_id=draft.pk, author=None)
    publish(rule_set_id=newer.pk, author=None, at=AT)
    with pytest.raises(Conflict, match="已发布"):
        publish(rule_set_id=newer.pk, author=None, at=AT)
    with pytest.raises(Conflict, match="v3 已经生效"):
        publish(rule_set_id=older.pk, author=None, at=AT)
    with pytest.raises(Unknown):
        publish(rule_set_id=0, author=None, at=AT)
    with pytest.raises(Unknown):
        copy_as_draft(rule_set_id=0, author=None)


def test_a_copy_has_the_same_lines(draft):
    names = list(RuleSet.objects.get(number=1).rules.order_by("position").values_list("name", "words"))
    assert list(draft.rules.order_by("position").values_list("name", "words")) == names
    assert (draft.number, draft.is_published) == (2, False)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: RuleSet.objects.filter(pk=s.pk).update(note="改"),
        lambda s: RuleSet.objects.filter(pk=s.pk).update(published_at=None),
        lambda s: s.delete(),
        lambda s: s.rules.filter(position=1).update(department="tax"),
        lambda s: s.rules.filter(position=1).delete(),
        lambda s: Rule.objects.create(rule_set=s, position=999, name="塞", department="tax", words=["税"]),
    ],
    ids=["note", "unpublish", "delete", "change a rule", "delete a rule", "add a rule"],
)
def test_the_database_refuses_to_alter_a_published_set(change):
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        change(RuleSet.objects.current())
    assert current_rules().rules[0].department == "discipline"


def test_a_rule_cannot_be_moved_into_a_published_set(draft):
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        draft.rules.filter(position=1).update(rule_set=RuleSet.objects.get(number=1), position=999)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({}, "rule_has_a_condition"),
        ({"words": [""]}, "rule_no_empty_word"),
        ({"words": ["税"], "department": ""}, "rule_names_a_department"),
        ({"words": ["税"], "confidence": 1.1}, "rule_confidence_share"),
        ({"words": ["税"], "position": 0}, "rule_position_from_one"),
    ],
)
def test_the_database_refuses_senseless_rules(draft, fields, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Rule.objects.create(**{"rule_set": draft, "position": 900, "name": "甲", "department": "tax", **fields})


def test_two_lines_cannot_keep_one_place(draft):
    def commit():
        draft.rules.filter(position=2).update(position=1)
        connection.check_constraints()

    with pytest.raises(IntegrityError, match="rule_position_once"), transaction.atomic():
        commit()


def test_renumbering_puts_the_edited_line_first(draft):
    moved = draft.rules.get(position=10)
    Rule.objects.filter(pk=moved.pk).update(position=3)
    renumber(rule_set_id=draft.pk, touched={moved.pk})
    lines = list(draft.rules.order_by("position").values_list("position", "name"))
    assert [place for place, _ in lines] == list(range(1, len(LINES) + 1))
    assert lines[2][1] == moved.name
    assert lines[3][1] == LINES[2].name
