"""导出: asking for the requests behind a number or for the figures, and one's own exports with their files."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from qihu.accounts.models import OF_DEPARTMENT, OF_REGION, User
from qihu.clock import now
from qihu.errors import Forbidden
from qihu.served import streamed
from tickets.access import Caller
from tickets.figures.window import zone
from tickets.models import Export
from tickets.pages import exporting
from tickets.pages.board.views import frame, viewer
from tickets.services.exports import asking, fetching, picking, working

SHOWN = 50
_S = Export.State
_LIGHT = {_S.READY: "ok", _S.SENT: "ok", _S.WORKING: "info", _S.WAITING: "", _S.BROKEN: "warn", _S.STOPPED: "late"}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: HttpRequest) -> HttpResponseBase:
    """The form for what the address names, as the page that led here shows it."""
    user, at = viewer(request), now()
    asked = request.GET.dict()
    pick = picking.of_figures if asked.get("what") == Export.What.FIGURES else picking.of_number
    picked = pick(user, asked, at=at)
    back = f"{reverse('board-rows')}?{_without(request, 'what')}"
    context = frame(user, "board-exports") | {"back": back if pick is picking.of_number else reverse("board")}
    return exporting.ask(request, picked, Caller(user), at=at, template="board/export.html", frame=context)


def _without(request: HttpRequest, name: str) -> str:
    kept = request.GET.copy()
    kept.pop(name, None)
    return kept.urlencode()


@require_safe
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """One's own exports, latest first."""
    user = _exporter(request)
    return render(request, "board/exports.html", frame(user, "board-exports") | _listed(user))


@require_safe
@login_required
def live(request: HttpRequest) -> HttpResponse:
    """How far they are: the fragment that is asked for again and again."""
    return render(request, "board/_exports.html", _listed(_exporter(request)))


@require_safe
@login_required
def fetch(request: HttpRequest, number: str) -> StreamingHttpResponse:
    """The file of one that is ready."""
    way = fetching.fetch(number=number, caller=Caller(_exporter(request)), at=now())
    return streamed(way, name=way.name, mime=way.mime)


def _exporter(request: HttpRequest) -> User:
    """Who may have exports at all. Raises `Forbidden`; whose a file is, is looked at when it is asked for."""
    user = viewer(request)
    if not user.roles() & (OF_DEPARTMENT | OF_REGION):
        raise Forbidden("您的账号没有可以导出的内容。")
    return user


def _listed(user: User) -> dict[str, Any]:
    found = list(Export.objects.of_user(user).select_related("asked_by")[:SHOWN])
    done = working.done_rows(found)
    return {"exports": [_line(one, done.get(one.pk, 0)) for one in found], "kept": asking.KEPT.days}


def _line(export: Export, done: int) -> dict[str, Any]:
    state = _S(export.state)
    ready = state == _S.READY
    return {
        "number": export.number,
        "what": Export.What(export.what).label,
        "words": export.words,
        "reason": export.reason,
        "format": Export.Format(export.format).label,
        "rows": export.rows if export.digest else export.expected,
        "state": state.label,
        "light": _LIGHT.get(state, ""),
        "busy": state in {_S.WAITING, _S.WORKING},
        "done": done,
        "when": export.asked_at.astimezone(zone()),
        "until": export.expires_at.astimezone(zone()) if ready else None,
        "hash": export.fingerprint,
        "url": reverse("board-export-file", args=[export.number]) if ready else "",
    }
