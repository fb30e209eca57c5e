"""通报: the list, one bulletin as a page, the requests behind its numbers, its files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qihu.accounts.models import User
from qihu.clock import now
from qihu.errors import Unknown
from tickets import bulletin_access as access
from tickets.figures import Part, opened
from tickets.figures.bulletin import Bars, Block, Columns, Month, Section, Table, counted_at, month_from, window_at
from tickets.figures.scope import seen_by
from tickets.figures.window import Window, zone
from tickets.models import Bulletin, BulletinSending
from tickets.models.bulletin import Format
from tickets.models.notice import STUCK, State
from tickets.pages.board.bulletin_forms import MakeForm
from tickets.pages.board.turning import page_asked, pager
from tickets.pages.board.views import frame, viewer
from tickets.services.bulletins.charts import svg
from tickets.services.bulletins.handing import handed_over
from tickets.services.bulletins.making import content_of, make
from tickets.services.bulletins.rendering import MIMES
from tickets.services.bulletins.sending import resend
from tickets.services.notify.told import COLOUR, why

_LIST = 50


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def listed(request: HttpRequest) -> HttpResponse:
    """Those that the viewer may read, the latest month first; who may, makes one here."""
    user, at = viewer(request), now()
    found = access.bulletins_of(user)
    form = MakeForm(request.POST or None, user=user, at=at)
    if request.method == "POST" and form.is_valid():
        made = form.made(lambda **asked: make(user=user, at=at, **asked))
        if made is not None:
            messages.success(request, f"{made.title}已制作。")
            return HttpResponseRedirect(reverse("board-bulletin", args=[made.pk]), status=303)
    context = {
        "form": form if form.places else None,
        "rows": list(found[:_LIST]),
        "schedules": access.schedules_of(user).filter(active=True).count() if form.places else None,
    }
    return render(request, "board/bulletins.html", _framed(user) | context, status=422 if form.errors else 200)


@require_safe
@login_required
def one(request: HttpRequest, key: int) -> HttpResponse:
    """A bulletin, as its files say it, each number a link."""
    user = viewer(request)
    bulletin = access.bulletin_or_404(user, key)
    content = content_of(bulletin)
    address = reverse("board-bulletin-rows", args=[key])
    context = {
        "bulletin": bulletin,
        "content": content,
        "sections": [_section(section, address) for section in content.sections],
        "files": [(kind.label, reverse("board-bulletin-file", args=[key, str(kind)])) for kind in Format],
        "sendings": list(_sendings(bulletin, user)),
        "made_by": bulletin.made_by or "按计划自动制作",
        "made_at": bulletin.made_at.astimezone(zone()),
        "hashes": sorted(bulletin.hashes.items()),
    }
    return render(request, "board/bulletin.html", _framed(user) | context)


def _framed(user: User) -> dict[str, Any]:
    return frame(user, "board-bulletins")


def _section(section: Section, address: str) -> dict[str, Any]:
    return {"heading": section.heading, "blocks": [_block(block, address) for block in section.blocks]}


def _block(block: Block, address: str) -> dict[str, Any]:
    if isinstance(block, Table):
        return {"kind": "table", "told": block, "address": address} | _grid(block)
    if isinstance(block, Bars):
        return {"kind": "bars", "told": block}
    if isinstance(block, Columns):
        return {"kind": "columns", "told": block, "svg": mark_safe(svg(block))}  # its words are escaped there
    return {"kind": "paragraph", "told": block}


def _grid(table: Table) -> dict[str, Any]:
    """Names and cells, each with whether it is words; `words`: the table holds nothing else."""
    worded = table.worded
    return {
        "words": all(worded),
        "columns": list(zip(table.columns, worded, strict=True)),
        "rows": [(row.tone, list(zip(row.cells, worded, strict=True))) for row in table.rows],
    }


def _sendings(bulletin: Bulletin, user: User) -> Iterator[dict[str, Any]]:
    """Who was told, and who was not and why; for those who make it."""
    if access.may_make(user, bulletin.place):
        for sending in bulletin.sendings.select_related("recipient").order_by("pk"):
            yield {
                "key": sending.pk,
                "name": sending.recipient.name,
                "label": State(sending.state).label,
                "colour": COLOUR.get(State(sending.state), ""),
                "why": why(sending.error),
                "at": sending.sent_at.astimezone(zone()) if sending.sent_at else None,
                "again": sending.state in STUCK,
            }


@require_safe
@login_required
def rows(request: HttpRequest, key: int) -> HttpResponse:
    """The requests behind one number of a bulletin, at its cut-off."""
    user, asked = viewer(request), request.GET
    bulletin = access.bulletin_or_404(user, key)
    window = _window(bulletin, asked.get("month", ""))
    found = opened(
        window,
        figure=asked.get("figure", ""),
        part=asked.get("part", Part.NUMERATOR),
        by=asked.get("by", ""),
        value=asked.get("value", ""),
        scope=counted_at(bulletin.place),
        seen=seen_by(user),
        page=page_asked(request),
    )
    context = {
        "heading": found.measure.label,
        "sentence": found.measure.sentence,
        "window": window,
        "as_of": window.as_of.astimezone(zone()),
        "total": found.total,
        "tickets": found.tickets,
        "hidden": found.hidden,
        "pager": pager(request, found.page, found.pages),
        "back": reverse("board-bulletin", args=[key]),
    }
    return render(request, "board/rows.html", _framed(user) | {"places": bulletin.place.name} | context)


def _window(bulletin: Bulletin, month: str) -> Window:
    """The bulletin's month, or the one that it compares with."""
    asked = month_from(month, at=bulletin.as_of) if month else Month(bulletin.month)
    return window_at(asked, as_of=bulletin.as_of, known=bulletin.known_at)


@require_safe
@login_required
def file(request: HttpRequest, key: int, kind: str) -> HttpResponse:
    """One file, made anew of what is kept; who took it goes on record."""
    user = viewer(request)
    bulletin = access.bulletin_or_404(user, key)
    if kind not in Format.values:
        raise Unknown("没有这种格式。")
    body = handed_over(bulletin=bulletin, kind=Format(kind), user=user)
    response = HttpResponse(body, content_type=MIMES[Format(kind)])
    response["Content-Disposition"] = f'attachment; filename="{bulletin.number}.{kind}"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@login_required
def again(request: HttpRequest, key: int) -> HttpResponse:
    """Send once more to somebody whom it did not reach."""
    user = viewer(request)
    sent: BulletinSending = resend(sending_id=key, user=user, at=now())
    messages.success(request, f"已重新发给{sent.recipient.name}。")
    return HttpResponseRedirect(reverse("board-bulletin", args=[sent.bulletin_id]), status=303)
