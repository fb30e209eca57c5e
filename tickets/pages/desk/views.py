"""The list, one request, and the moves made on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qihu.doors import told_on
from qihu.errors import Conflict, DomainError, RefusedByRule, Stale, Unknown
from tickets import access
from tickets.models import Ticket
from tickets.pages.basket import brought
from tickets.pages.desk import queues
from tickets.pages.desk.act import Spoken
from tickets.pages.desk.approvals import Decided, DecideForm, asked_of
from tickets.pages.desk.asked import SORTS, Asked, asked, page
from tickets.pages.desk.buttons import DeskMove, known_move
from tickets.pages.desk.catalogue import Catalogue, catalogue
from tickets.pages.desk.forms import ClassifyForm, MoveForm
from tickets.pages.desk.forms_split import SplitForm
from tickets.pages.desk.moves import classifies
from tickets.pages.desk.rows import rows
from tickets.pages.desk.seat import AT_CENTRE, Seat, at_desk
from tickets.pages.desk.sheet import sheet
from tickets.services import approvals
from tickets.services.intent import Done
from tickets.services.sending import of_staff
from tickets.workflow import Action


@require_safe
@at_desk
def desk(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The list of a view, nothing opened."""
    wanted = asked(request, seat)
    options = catalogue(departments=False, categories=False)
    return render(request, "desk/list.html", _frame(seat, wanted, options) | _list(seat, wanted))


@require_safe
@at_desk
def fragment(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The rows alone, asked for every ten seconds."""
    wanted = asked(request, seat)
    return render(request, "desk/_rows.html", _list(seat, wanted, current=request.GET.get("open", "")))


@require_safe
@at_desk
def one(request: HttpRequest, seat: Seat, number: str) -> HttpResponse:
    """One request beside its list."""
    return _opened(request, seat, access.ticket_or_404(seat.user, number))


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def make_move(request: HttpRequest, seat: Seat, number: str, name: str) -> HttpResponse:
    """GET shows the request with the move's form open; POST makes the move."""
    ticket, move = access.ticket_or_404(seat.user, number), known_move(name)
    if move is None:
        raise Unknown("没有这个操作。")
    if request.method != "POST":
        return _opened(request, seat, ticket, spoken=Spoken(move))
    form = _filled(move, request.POST, ticket, seat)
    if form.takes_files:
        form.basket = brought(request, of_staff(seat.user, ticket.pk), at=seat.at)
        form.basket.ticket = number
    if isinstance(form, SplitForm) and "more" in request.POST:
        form.grow()
        return _opened(request, seat, ticket, spoken=Spoken(move, form))
    with _refused_onto(form) as told:
        if form.is_valid() and not form.basket.stays:
            done = move.verb(ticket_id=ticket.pk, caller=seat.caller, at=seat.at, **form.arguments())
            messages.success(request, _said(move, done))
            if remark := form.remark():
                messages.warning(request, remark)
            gone = done.ticket.restricted and not access.visible_to(seat.user).filter(pk=ticket.pk).exists()
            return HttpResponseRedirect("/desk/" if gone else _back(request, number), status=303)
    return _again(request, seat, number, Spoken(move, form), told)


def _said(move: DeskMove, done: Done) -> str:
    """What is told after a move; of one that needs a second word, who has it."""
    if done.approval is None:
        return move.said
    return f"已提出申请，等待{asked_of(Action(done.approval.action), restricted=done.ticket.restricted)}审批。"


@require_POST
@at_desk
def decide(request: HttpRequest, seat: Seat, number: str, key: int) -> HttpResponse:
    """同意 or 不同意 on what somebody asked for on this request."""
    ticket, asked = access.ticket_or_404(seat.user, number), access.approval_or_404(seat.user, key)
    if asked.ticket_id != ticket.pk:
        raise Unknown("没有这项申请。")
    yes = request.POST.get("word") == "approve"
    form = DecideForm(request.POST, auto_id=f"id_approval_{key}_%s")
    with _refused_onto(form) as told:
        if form.is_valid():
            verb, given = (approvals.approve if yes else approvals.refuse), form.cleaned_data
            verb(
                approval_id=key,
                caller=seat.caller,
                at=seat.at,
                text=given["text"],
                expected_version=given["version"],
            )
            messages.success(request, f"{'已同意' if yes else '未同意'}“{Action(asked.action).label}”。")
            return HttpResponseRedirect(_back(request, number), status=303)
    ticket = access.ticket_or_404(seat.user, number)
    if told.error:
        messages.error(request, told.error.message)
        form.add_error(None, told.error.message)
        form.data = {**form.data.dict(), "version": str(ticket.version)}  # type: ignore[attr-defined]
    return _opened(request, seat, ticket, decided=(key, form), status=told.status)


@dataclass
class Told:
    """What the refusal was; a form that did not validate is a 422."""

    status: int = 422
    error: DomainError | None = None


@contextmanager
def _refused_onto(form: BaseForm) -> Iterator[Told]:
    """Within: a refusal becomes words on the form, so that nothing typed is lost. Not yours stays a 403."""
    told = Told()
    try:
        with told_on(form):
            yield told
    except (Conflict, Stale, RefusedByRule) as error:
        told.status, told.error = error.status, error


def _again(request: HttpRequest, seat: Seat, number: str, spoken: Spoken, told: Told) -> HttpResponse:
    """The page as it is now, with the refused form open and the words still in it."""
    ticket = access.ticket_or_404(seat.user, number)
    form = spoken.form
    if told.error and form:
        form.add_error(None, _explained(ticket, told.error, seat))
        form.seen(ticket.version)
        if not spoken.move.panel:
            messages.error(request, told.error.message)
    return _opened(request, seat, ticket, spoken=spoken, status=told.status)


def _explained(ticket: Ticket, error: DomainError, seat: Seat) -> str:
    return f"{error.message}您写的还在下面，核对后可以再次提交。" if isinstance(error, Stale) else error.message


def _filled(move: DeskMove, posted: QueryDict, ticket: Ticket, seat: Seat) -> MoveForm:
    options = catalogue(departments=move.form.departments_needed, categories=move.form is ClassifyForm)
    whole = classifies(access.parties(seat.caller, ticket))
    return move.form(posted, ticket=ticket, options=options, whole=whole, auto_id=f"id_{move.action}_%s")


def _back(request: HttpRequest, number: str) -> str:
    query = request.GET.urlencode()
    return f"/desk/t/{number}/{'?' + query if query else ''}"


def _opened(
    request: HttpRequest,
    seat: Seat,
    ticket: Ticket,
    *,
    spoken: Spoken | None = None,
    decided: Decided | None = None,
    status: int = 200,
) -> HttpResponse:
    wanted = asked(request, seat)
    shown = sheet(seat, ticket, spoken=spoken, decided=decided)
    context = _frame(seat, wanted, shown["options"]) | _list(seat, wanted, current=ticket.number) | shown  # type: ignore[arg-type]
    return render(request, "desk/one.html", context, status=status)


def _frame(seat: Seat, wanted: Asked, options: Catalogue) -> dict[str, object]:
    """The rail and the list's own controls."""
    return {
        "seat": seat,
        "user_title": seat.title,
        "nav": queues.nav(seat, current=wanted.queue.key),
        "tags": [
            {
                "code": code,
                "name": name,
                "url": f"/desk/?{wanted.query(tag='' if code == wanted.tag else code)}",
                "current": code == wanted.tag,
            }
            for code, name in options.tags()
        ],
        "sorts": [
            {"name": label, "url": f"/desk/?{wanted.query(sort=sort)}", "current": sort == wanted.sort}
            for sort, label in SORTS.items()
        ],
        "centre": bool(seat.roles & AT_CENTRE),
    }


def _list(seat: Seat, wanted: Asked, *, current: str = "") -> dict[str, object]:
    """The rows of this page and the way on."""
    tickets, cursor = page(seat, wanted)
    everywhere = wanted.query(queue=queues.queues_of(seat)["all"]) if wanted.queue.key != "all" else ""
    return {
        "asked": wanted,
        "rows": rows(tickets, seat, wanted, current=current),
        "live": f"/desk/rows/?{wanted.query()}&open={current}",
        "export": f"/desk/export/?{wanted.query(cursor='')}",
        "older": f"/desk/?{wanted.query(cursor=cursor)}" if cursor else "",
        "first": f"/desk/?{wanted.query(cursor='')}" if wanted.cursor else "",
        "everywhere": f"/desk/?{everywhere}" if everywhere else "",
        "query": wanted.query(),
    }
