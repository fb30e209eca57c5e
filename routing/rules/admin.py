"""Editors of chain tags, categories and rule sets (a door). A published set is read and copied only."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import admin, messages
from unfold.admin import TabularInline

from qihu import clock
from qihu.audit.back_office import RecordedAdmin
from qihu.errors import DomainError
from routing.rules.forms import RuleForm, RuleFormSet
from routing.rules.models import Category, ChainTag, IndustryChain, Rule, RuleSet
from routing.rules.publishing import copy_as_draft, next_number, publish, renumber

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.forms import ModelForm
    from django.http import HttpRequest

    from qihu.accounts.models import User


class CodedAdmin(RecordedAdmin):
    """Rules and requests point to these rows by code, so a code stays."""

    search_fields = ("code", "name")

    def get_readonly_fields(self, _request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """The code, once the row exists."""
        return ("code",) if obj else ()


@admin.register(ChainTag)
class ChainTagAdmin(CodedAdmin):
    """The five chains and how firms are told of them."""

    list_display = ("position", "code", "name", "plain_name", "examples", "glyph")
    list_display_links = ("code",)
    ordering = ("position",)


@admin.register(Category)
class CategoryAdmin(CodedAdmin):
    """Kinds of matters; switched off rather than deleted."""

    list_display = ("code", "name", "chain_tag", "restricted", "active")
    list_filter = ("chain_tag", "restricted", "active")
    list_select_related = ("chain_tag",)
    ordering = ("code",)


@admin.register(IndustryChain)
class IndustryChainAdmin(CodedAdmin):
    """The flagship industry chains."""

    list_display = ("code", "name")
    ordering = ("code",)


class RuleInline(TabularInline):  # type: ignore[misc]
    """The lines of a set, in the order they are read."""

    model = Rule
    form = RuleForm
    formset = RuleFormSet
    ordering = ("position",)
    extra = 0
    per_page = 10  # a page of lines stays well below the limit of fields in one form

    def has_add_permission(self, request: HttpRequest, obj: RuleSet | None = None) -> bool:
        """Drafts only."""
        return _is_draft(obj) and bool(super().has_add_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: RuleSet | None = None) -> bool:
        """Drafts only."""
        return _is_draft(obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: RuleSet | None = None) -> bool:
        """Drafts only."""
        return _is_draft(obj) and bool(super().has_delete_permission(request, obj))


@admin.register(RuleSet)
class RuleSetAdmin(RecordedAdmin):
    """Versions: copy one, edit the draft, publish it."""

    list_display = ("number", "state", "published_at", "author", "note")
    list_select_related = ("author",)
    ordering = ("-number",)
    fields = ("number", "note", "min_confidence", "published_at", "author")
    readonly_fields = ("number", "published_at", "author")
    inlines = (RuleInline,)
    actions = ("copy", "put_in_force")

    @admin.display(description="状态")
    def state(self, obj: RuleSet) -> str:
        """草稿, 生效中 or 历史."""
        if not obj.is_published:
            return "草稿"
        current = RuleSet.objects.current()
        return "生效中" if current and current.pk == obj.pk else "历史"

    @admin.action(description="复制为草稿", permissions=["add"])
    def copy(self, request: HttpRequest, chosen: QuerySet[RuleSet]) -> None:
        """One draft for each chosen set."""
        for rule_set in chosen:
            draft = copy_as_draft(rule_set_id=rule_set.pk, author=_person(request))
            self.message_user(request, f"已由 v{rule_set.number} 复制出草稿 v{draft.number}")

    @admin.action(description="发布", permissions=["change"])
    def put_in_force(self, request: HttpRequest, chosen: QuerySet[RuleSet]) -> None:
        """In the order of their numbers; a refusal is told in its own words and the rest goes on."""
        for rule_set in chosen.order_by("number"):
            try:
                publish(rule_set_id=rule_set.pk, author=_person(request), at=clock.now())
            except DomainError as refusal:  # the list is the page to say it on
                self.message_user(request, f"v{rule_set.number}：{refusal.message}", messages.ERROR)
            else:
                self.message_user(request, f"规则集 v{rule_set.number} 已生效")

    def has_change_permission(self, request: HttpRequest, obj: RuleSet | None = None) -> bool:
        """A published set is read only."""
        return _is_draft(obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: RuleSet | None = None) -> bool:
        """A published set stays: decisions point to it."""
        return _is_draft(obj) and bool(super().has_delete_permission(request, obj))

    def get_actions(self, request: HttpRequest) -> dict[str, tuple[object, str, str]]:
        """Without Django's bulk deletion, which would ask no single row."""
        actions: dict[str, tuple[object, str, str]] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def save_model(
        self,
        request: HttpRequest,
        obj: RuleSet,
        form: ModelForm[RuleSet],
        change: bool,  # noqa: FBT001
    ) -> None:
        """A new draft gets the next number and its author."""
        if not change:
            obj.number, obj.author = next_number(), _person(request)
        super().save_model(request, obj, form, change)

    def save_related(
        self,
        request: HttpRequest,
        form: ModelForm[RuleSet],
        formsets: list[RuleFormSet],
        change: bool,  # noqa: FBT001
    ) -> None:
        """Lines may be given any place; then they are numbered 1, 2, 3 …, the edited one first on a tie."""
        super().save_related(request, form, formsets, change)
        touched = {line.pk for lines in formsets for line in lines.touched()}
        renumber(rule_set_id=form.instance.pk, touched=touched)


def _person(request: HttpRequest) -> User:
    """Whoever is signed in; the back office lets nobody else this far."""
    return cast("User", request.user)


def _is_draft(rule_set: RuleSet | None) -> bool:
    return rule_set is None or not rule_set.is_published
