"""The back office of rule sets: the security administrator copies, edits and publishes drafts."""

import pytest
from django.urls import reverse

from qihu.accounts.models import User
from routing.rules.defaults import LINES
from routing.rules.forms import ListField
from routing.rules.models import Rule, RuleSet
from routing.rules.publishing import copy_as_draft

pytestmark = pytest.mark.django_db
LIST = reverse("admin:rules_ruleset_changelist")


@pytest.fixture
def secadmin(client):
    """Signed in as the demo's security administrator."""
    client.force_login(User.objects.get(username="secadmin"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def act(client, action, rule_set):
    return client.post(LIST, {"action": action, "_selected_action": [rule_set.pk]}, follow=True)


def page_of(rule_set):
    return reverse("admin:rules_ruleset_change", args=[rule_set.pk])


def filled(client, rule_set, page=1, **changes):
    """The form of one page of lines as a browser would send it, with `changes` by field name."""
    response = client.get(page_of(rule_set), {"rules-page": page})
    context = response.context
    data = {}
    for form in (context["adminform"].form, *(s.formset for s in context["inline_admin_formsets"])):
        for bound in [*(form.management_form if hasattr(form, "management_form") else ())]:
            data[bound.html_name] = bound.value()
        for one in form.forms if hasattr(form, "forms") else [form]:
            for bound in one:
                value = bound.field.prepare_value(bound.value()) if bound.value() is not None else ""
                data[bound.html_name] = bound.field.widget.format_value(value) or ""
    return {**data, "rules-page": page, **changes}


def test_the_list_says_which_set_is_in_force(secadmin):
    copy_as_draft(rule_set_id=RuleSet.objects.current().pk, author=None)
    page = secadmin.get(LIST).content.decode()
    assert "生效中" in page
    assert "草稿" in page


def test_a_published_set_is_shown_but_has_no_fields(secadmin):
    response = secadmin.get(page_of(RuleSet.objects.current()))
    assert response.status_code == 200
    assert "作风与廉政" in response.content.decode()
    assert 'name="rules-0-department"' not in response.content.decode()
    assert secadmin.post(page_of(RuleSet.objects.current()), {"note": "改"}).status_code == 403


def test_copy_edit_publish(secadmin):
    act(secadmin, "copy", RuleSet.objects.current())
    draft = RuleSet.objects.get(number=2)
    assert draft.author.username == "secadmin"
    changes = {"note": "住房词语", "rules-7-words": "住房、安居，公寓;宿舍", "rules-7-position": "1"}
    response = secadmin.post(page_of(draft), filled(secadmin, draft, **changes))
    assert response.status_code == 302, response.context["errors"]
    draft.refresh_from_db()
    first = draft.rules.get(position=1)
    assert (draft.note, first.name, first.words) == (
        "住房词语",
        "安居住房 → 住建局",
        ["住房", "安居", "公寓", "宿舍"],
    )
    assert sorted(draft.rules.values_list("position", flat=True)) == list(range(1, len(LINES) + 1))
    act(secadmin, "put_in_force", draft)
    assert RuleSet.objects.current() == draft


def test_the_second_page_of_lines_is_saved_too(secadmin):
    draft = copy_as_draft(rule_set_id=RuleSet.objects.current().pk, author=None)
    line = draft.rules.get(position=11)
    data = filled(secadmin, draft, page=2, **{"rules-0-confidence": "0.66"})
    assert len(data) < 200  # the limit of fields in one form
    assert secadmin.post(page_of(draft), data).status_code == 302
    assert Rule.objects.get(pk=line.pk).confidence == 0.66


def test_a_line_without_conditions_is_told_in_chinese(secadmin):
    draft = copy_as_draft(rule_set_id=RuleSet.objects.current().pk, author=None)
    response = secadmin.post(page_of(draft), filled(secadmin, draft, **{"rules-0-categories": ""}))
    assert response.status_code == 200
    assert "至少要有一个条件" in response.content.decode()


def test_publishing_what_is_wrong_says_why_and_changes_nothing(secadmin):
    draft = copy_as_draft(rule_set_id=RuleSet.objects.current().pk, author=None)
    draft.rules.filter(position=1).update(department="nobody")
    page = act(secadmin, "put_in_force", draft).content.decode()
    assert "nobody" in page
    assert "未设、停用或只能协办" in page
    assert RuleSet.objects.current().number == 1


def test_a_new_draft_takes_the_next_number(secadmin):
    data = {"note": "从头写", "min_confidence": "0.5", "rules-TOTAL_FORMS": "0", "rules-INITIAL_FORMS": "0"}
    assert secadmin.post(reverse("admin:rules_ruleset_add"), data).status_code == 302
    assert RuleSet.objects.get(number=2).note == "从头写"


@pytest.mark.parametrize("model", ["chaintag", "category", "industrychain"])
def test_a_code_is_fixed_once_it_exists(secadmin, model):
    row = {"chaintag": "capital", "category": "FIN-01", "industrychain": "ic"}[model]
    assert secadmin.get(reverse(f"admin:rules_{model}_changelist")).status_code == 200
    change = reverse(f"admin:rules_{model}_change", args=[row.replace("-", "_2D")])
    assert 'name="code"' not in secadmin.get(change).content.decode()
    assert 'name="code"' in secadmin.get(reverse(f"admin:rules_{model}_add")).content.decode()


def test_an_officer_has_no_back_office(secadmin):
    officer = User.objects.get(username="officer.finance")
    secadmin.force_login(officer, backend="django.contrib.auth.backends.ModelBackend")
    assert secadmin.get(LIST).status_code == 302


def test_lists_are_typed_with_any_separator():
    field = ListField()
    assert field.clean(" 天然气、燃气，煤气; 气费 ") == ["天然气", "燃气", "煤气", "气费"]
    assert field.clean("") == []
