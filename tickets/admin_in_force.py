"""The page of one version: what it would move, putting it in force, how far the recalculation has come (a door)."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from qihu.accounts.models import Role, User
from qihu.clock import now
from qihu.errors import DomainError
from routing.promises.amount import PromiseError
from routing.promises.models import CalendarVersion, PolicySet
from tickets.models import Recalculation
from tickets.services.repricing import publish
from tickets.services.repricing.change import Change, foresee
from tickets.services.repricing.tally import Line, duration, named, summed, total, words

Version = PolicySet | CalendarVersion
_Scope = Recalculation.Scope


class PolicyInForce(forms.Form):
    """For whom the table is, and why."""

    running = forms.ChoiceField(
        label="适用于",
        choices=[("", "只用于新的承诺"), ("1", "新的承诺和正在计时的承诺")],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    reason = forms.CharField(label="理由", max_length=200, widget=UnfoldAdminTextInputWidget)


class CalendarInForce(forms.Form):
    """Which promises follow, from which day, and why."""

    scope = forms.ChoiceField(
        label="适用于",
        choices=[
            (_Scope.PROVISIONAL, "新的承诺和暂定的到期时间"),
            (_Scope.RUNNING, "新的承诺和生效日期之后到期的所有承诺"),
        ],
        initial=_Scope.PROVISIONAL,
        widget=UnfoldAdminSelectWidget,
    )
    effective_on = forms.DateField(
        label="生效日期",
        required=False,
        widget=UnfoldAdminDateWidget,
        help_text="例如 2026-12-31；留空为今天，之前的日期沿用现行版",
    )
    correction = forms.ChoiceField(
        label="过去的日期",
        choices=[("", "沿用现行版"), ("1", "更正过去：改判的已结束承诺留下更正记录，承诺本身不改")],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    reason = forms.CharField(label="理由", max_length=200, widget=UnfoldAdminTextInputWidget)


def page(request: HttpRequest, version: Version, *, context: dict[str, Any], address: str) -> HttpResponse:
    """Try out (GET) or put in force (POST); `address`: of this page."""
    kind = PolicyInForce if isinstance(version, PolicySet) else CalendarInForce
    draft = version.published_at is None
    asked = request.method == "POST" or "try" in request.GET
    form = kind(request.POST if request.method == "POST" else request.GET) if asked else kind()
    form.is_valid()
    if request.method == "POST" and draft and form.is_valid() and _published(request, version, form):
        return HttpResponseRedirect(address)
    context |= _standing(version) if not draft else _foreseen(version, form)
    context |= {
        "version": version,
        "title": str(version),
        "published": not draft,
        "form": form if draft else None,
        "calendar": isinstance(version, CalendarVersion),
        "method": "post" if may_publish(request) else "get",
        "may_publish": may_publish(request),
    }
    if request.method != "POST" and asked:
        form.errors.pop("reason", None)  # trying out needs none
    return TemplateResponse(request, "admin/promises/in_force.html", context)


def may_publish(request: HttpRequest) -> bool:
    """Who sees the button; the verb asks again."""
    return isinstance(request.user, User) and Role.SECADMIN in request.user.roles()


def _published(request: HttpRequest, version: Version, form: forms.Form) -> bool:
    """Whether it is in force now; else the refusal stands on the form."""
    author, reason, at = cast("User", request.user), form.cleaned_data["reason"], now()
    try:
        if isinstance(version, PolicySet):
            running = bool(form.cleaned_data["running"])
            publish.put_policies_in_force(set_id=version.pk, author=author, at=at, reason=reason, running=running)
        else:
            chosen = _asked(form)
            publish.put_calendar_in_force(version_id=version.pk, author=author, at=at, reason=reason, **chosen)
    except DomainError as refusal:  # this page is the place to say it
        for name, words_ in (getattr(refusal, "fields", None) or {"": refusal.message}).items():
            form.add_error(name if name in form.fields else None, words_)
        return False
    messages.success(request, f"{version}已启用")
    return True


def _asked(form: forms.Form) -> dict[str, Any]:
    """Scope, effective date and correction, as far as they could be read."""
    data = getattr(form, "cleaned_data", {})
    return {
        "scope": _Scope(data.get("scope") or _Scope.PROVISIONAL),
        "effective_on": data.get("effective_on"),
        "correction": bool(data.get("correction")),
    }


def _foreseen(version: Version, form: forms.Form) -> dict[str, Any]:
    if isinstance(version, PolicySet):
        change = Change(at=now(), policy_set=version)
    else:
        change = Change(at=now(), version=version, **_asked(form))
    try:
        lines = foresee(change)
    except (DomainError, PromiseError) as wrong:  # this page is the place to say it
        return {"problem": getattr(wrong, "message", str(wrong))}
    return {"tables": [_table("试算：正在计时的承诺", lines)]}


def _standing(version: Version) -> dict[str, Any]:
    found = Recalculation.objects.with_versions().filter(
        **{"policy_set" if isinstance(version, PolicySet) else "calendar_version": version.pk}
    )
    recalculation = found.first()
    if recalculation is None:
        return {}
    done = list(recalculation.slices.order_by("pk").values_list("done_at", "counts", "failed"))
    counted = summed(line for _, counts, _ in done for line in counts)
    return {
        "recalculation": recalculation,
        "slices": len(done),
        "slices_done": sum(at is not None for at, _, _ in done),
        "failed": sum(len(keys) for *_, keys in done),
        "restatements": recalculation.restatements.count(),
        "tables": [_table("预计", recalculation.predicted), _table("已重算", counted)],
    }


def _table(title: str, lines: list[Line]) -> tuple[str, list[Line], str]:
    rows = [
        {
            **line,
            "furthest_earlier": duration(line["most_earlier"]),
            "furthest_later": duration(line["most_later"]),
        }
        for line in named(lines)
    ]
    return title, rows, words(total(lines))
