"""导出 of a list of the desk: the list's own filter and order, all of its pages."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods

from tickets.pages import exporting
from tickets.pages.desk import queues
from tickets.pages.desk.asked import asked, whole
from tickets.pages.desk.seat import Seat, at_desk
from tickets.services.exports import picking


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def export(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """The form for the list that the address names."""
    wanted = asked(request, seat)
    picked = picking.of_list(whole(seat, wanted), wanted.words, user=seat.user, at=seat.at)
    frame = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current=wanted.queue.key),
        "back": f"/desk/?{wanted.query(cursor='')}",
    }
    return exporting.ask(request, picked, seat.caller, at=seat.at, template="desk/export.html", frame=frame)
