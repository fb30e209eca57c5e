"""Schedules of bulletins: list, set, change, stop."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from qihu.clock import now
from qihu.doors import told_on
from tickets import bulletin_access as access
from tickets.models.bulletin import Format
from tickets.pages.board.bulletin_forms import ScheduleForm, place_choices, titled
from tickets.pages.board.views import frame, viewer
from tickets.services.bulletins.scheduling import reschedule, schedule


@require_safe
@login_required
def listed(request: HttpRequest) -> HttpResponse:
    """Those that the viewer may change, and for which place to set a new one."""
    user = viewer(request)
    rows = [
        {
            "found": found,
            "title": titled(found.place),
            "formats": "、".join(Format(kind).label for kind in found.formats),
            "people": [(person.name, access.may_read(person, found.place)) for person in found.people.all()],
        }
        for found in access.schedules_of(user)
    ]
    context = {"rows": rows, "places": place_choices(user)}
    return render(request, "board/bulletin_schedules.html", frame(user, "board-bulletins") | context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: HttpRequest) -> HttpResponse:
    """`?place=r:330800`: the form for that place."""
    user = viewer(request)
    access.permit_board(user)
    place = access.place_or_404(user, request.GET.get("place", ""))
    form = ScheduleForm(request.POST or None, place=place)
    if request.method == "POST" and form.is_valid():
        with told_on(form):
            schedule(place=place, user=user, at=now(), **form.arguments())
            return _done(request, f"{place.name}的通报计划已设定。")
    context = frame(user, "board-bulletins") | {"form": form, "title": titled(place), "fresh": True}
    return render(request, "board/bulletin_schedule.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change(request: HttpRequest, key: int) -> HttpResponse:
    """Change one, or stop it."""
    user = viewer(request)
    found = access.schedule_or_404(user, key)
    form = ScheduleForm(request.POST or None, place=found.place, found=found)
    if request.method == "POST" and form.is_valid():
        with told_on(form):
            reschedule(found=found, user=user, at=now(), active=form.cleaned_data["active"], **form.arguments())
            return _done(request, f"{found.place.name}的通报计划已修改。")
    context = frame(user, "board-bulletins") | {"form": form, "title": titled(found.place), "found": found}
    return render(request, "board/bulletin_schedule.html", context, status=422 if form.errors else 200)


def _done(request: HttpRequest, said: str) -> HttpResponse:
    messages.success(request, said)
    return HttpResponseRedirect(reverse("board-bulletin-schedules"), status=303)
