"""Editors of promise tables and calendars (a door): drafts are edited, published versions read and copied only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from qihu.audit.back_office import RecordedAdmin
from qihu.errors import Invalid
from routing.promises.amount import PromiseError
from routing.promises.book import read_calendar
from routing.promises.drafts import copy_calendar, copy_policies
from routing.promises.models import (
    Calendar,
    CalendarDay,
    CalendarVersion,
    LadderSwitch,
    Opening,
    Policy,
    PolicySet,
    Rung,
)
from tickets.admin_calendar_forms import CalendarDayForm, CalendarVersionForm, OpeningForm, OpeningFormSet
from tickets.admin_promise_fields import DASH, written
from tickets.admin_promise_forms import (
    ROWS,
    PolicyForm,
    PolicySetForm,
    RungForm,
)
from tickets.admin_versions import DraftInline, ReadOnlyAdmin, VersionAdmin, person
from tickets.models import Recalculation, Restatement

_GRADES = Policy.Grade.choices


class PolicyInline(DraftInline):
    """Rows for some region, channel or category: the more specific one decides."""

    model = Policy
    form = PolicyForm
    per_page = 5
    verbose_name_plural = "按区划、渠道、类别另定的时限"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Policy]:
        """The general ones are the table above."""
        found: QuerySet[Policy] = super().get_queryset(request)
        return found.exclude(region="", channel="", category="").order_by("pk")


class RungInline(DraftInline):
    """The supervision ladder of this version."""

    model = Rung
    form = RungForm
    per_page = 6
    ordering = ("clock", "position")


@admin.register(PolicySet)
class PolicySetAdmin(VersionAdmin):
    """The promise table."""

    form = PolicySetForm
    change_form_template = "admin/promises/table_form.html"
    list_display = ("number", "state", "published_at", "note", "try_out")
    ordering = ("-number",)
    inlines = (PolicyInline, RungInline)
    readonly_fields = ("number", "published_at", "try_out", "table")

    def get_fieldsets(self, request: HttpRequest, obj: PolicySet | None = None) -> Any:
        """The table as text for whoever may not edit; the cells of a draft stand in a table of their own."""
        head = (None, {"fields": ("number", "note", "published_at", "try_out")})
        if not self.has_change_permission(request, obj):
            return (head, ("时限表", {"fields": ("table",)}))
        return (head,)

    @admin.display(description="")
    def table(self, obj: PolicySet) -> SafeString:
        """Clock by grade, for reading."""
        rows = {
            (p.clock, p.grade, p.rework, p.repeat): p for p in obj.policies.filter(region="", channel="", category="")
        }
        head = format_html_join("", '<th class="p-2 text-left">{}</th>', ((label,) for _, label in _GRADES))
        body = format_html_join(
            "",
            '<tr><th class="p-2 text-left">{}</th>{}</tr>',
            (
                (
                    row.label,
                    format_html_join(
                        "",
                        '<td class="p-2">{}</td>',
                        (
                            (written(found.amount(), found.times) if found else DASH,)
                            for found in (rows.get((row.clock, g, row.rework, row.repeat)) for g, _ in _GRADES)
                        ),
                    ),
                )
                for row in ROWS
            ),
        )
        return format_html("<table><thead><tr><th></th>{}</tr></thead><tbody>{}</tbody></table>", head, body)

    @admin.action(description="拟稿（由所选版本）", permissions=["draw_up"])
    def draw_up(self, request: HttpRequest, chosen: QuerySet[PolicySet]) -> None:
        """One draft for each."""
        for source in chosen.order_by("number"):
            draft = copy_policies(set_id=source.pk, author=person(request))
            self.message_user(request, f"已由第 {source.number} 版拟出第 {draft.number} 版草稿", messages.SUCCESS)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """The cells, then the lines below."""
        request.was_and_is = form.write_cells()  # type: ignore[attr-defined]
        super().save_related(request, form, formsets, change)


@admin.register(Calendar)
class CalendarAdmin(RecordedAdmin):
    """Calendars; what they say is in their versions."""

    actions = ("draw_up",)
    list_display = ("code", "name", "zone", "region", "department")
    ordering = ("code",)
    fields = ("code", "name", "zone", "region", "department")

    def get_readonly_fields(self, _request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Due times rest on code and zone; the calendar for everywhere stays that."""
        if not isinstance(obj, Calendar) or not obj.versions.filter(published_at__isnull=False).exists():
            return ()
        return ("code", "zone", "region") if obj.region == "" else ("code", "zone")

    @admin.action(description="拟稿（照现行版；新日历照默认日历）", permissions=["change"])
    def draw_up(self, request: HttpRequest, chosen: QuerySet[Calendar]) -> None:
        """One draft for each, from what is in force there or everywhere."""
        published = CalendarVersion.objects.filter(published_at__isnull=False).order_by("-number")
        for calendar in chosen.order_by("pk"):
            source = published.filter(calendar=calendar).first() or published.filter(calendar__region="").first()
            if source is None:
                self.message_user(request, "还没有已启用的默认日历", messages.ERROR)
                continue
            draft = copy_calendar(version_id=source.pk, author=person(request), into=calendar)
            self.message_user(request, f"已拟出{draft}草稿", messages.SUCCESS)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Only one that was never used."""
        unused = not isinstance(obj, Calendar) or not obj.versions.exists()
        return unused and bool(super().has_delete_permission(request, obj))


class OpeningInline(DraftInline):
    """The weekly pattern."""

    model = Opening
    form = OpeningForm
    formset = OpeningFormSet
    ordering = ("weekday", "opens", "pk")
    per_page = 14


class CalendarDayInline(DraftInline):
    """Dates of their own, the latest first."""

    model = CalendarDay
    form = CalendarDayForm
    ordering = ("-on",)


@admin.register(CalendarVersion)
class CalendarVersionAdmin(VersionAdmin):
    """Openings, holidays and make-up days of a calendar."""

    form = CalendarVersionForm
    list_display = ("calendar", "number", "state", "published_at", "coverage_last", "note", "try_out")
    list_select_related = ("calendar",)
    list_filter = ("calendar",)
    ordering = ("calendar", "-number")
    inlines = (OpeningInline, CalendarDayInline)
    readonly_fields = ("calendar", "number", "published_at", "try_out", "fixed_days")

    def get_fieldsets(self, request: HttpRequest, obj: CalendarVersion | None = None) -> Any:
        """The fixed days as lines where they may be edited."""
        fixed = "fixed" if self.has_change_permission(request, obj) else "fixed_days"
        fields = ("calendar", "number", "note", "coverage_first", "coverage_last", fixed, "published_at", "try_out")
        return ((None, {"fields": fields}),)

    @admin.action(description="拟稿（由所选版本）", permissions=["draw_up"])
    def draw_up(self, request: HttpRequest, chosen: QuerySet[CalendarVersion]) -> None:
        """One draft for each."""
        for source in chosen.order_by("pk"):
            draft = copy_calendar(version_id=source.pk, author=person(request))
            self.message_user(request, f"已由{source}拟出第 {draft.number} 版草稿", messages.SUCCESS)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """What the lines make together must be a calendar: else nothing is stored."""
        super().save_related(request, form, formsets, change)
        try:
            read_calendar(CalendarVersion.objects.select_related("calendar").get(pk=form.instance.pk))
        except PromiseError as wrong:
            raise Invalid(str(wrong)) from wrong


@admin.register(Recalculation)
class RecalculationAdmin(ReadOnlyAdmin):
    """Which versions were carried over to running promises."""

    list_display = ("__str__", "scope", "author", "asked_at", "finished_at", "reason")
    list_select_related = ("author", "policy_set", "calendar_version__calendar")
    ordering = ("-pk",)
    fields = ("kind", "scope", "policy_set", "former_set", "calendar_version", "former_version", "effective_on")
    fields += ("correction", "reason", "author", "asked_at", "planned_at", "finished_at")  # type: ignore[assignment]


@admin.register(LadderSwitch)
class LadderSwitchAdmin(RecordedAdmin):
    """Whether the supervision ladder acts or only rehearses; the board shows what would have lit."""

    list_display = ("__str__", "rehearsal")
    fields = ("rehearsal",)

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """There is one, made with the tables."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        """It stays."""
        return False


@admin.register(Restatement)
class RestatementAdmin(ReadOnlyAdmin):
    """Ended promises that a corrected calendar would have judged otherwise."""

    list_display = ("deadline", "was_late", "would_be_late", "due_at", "would_be_due_at", "reason")
    list_select_related = ("deadline",)
    list_filter = ("recalculation",)
    ordering = ("-pk",)
