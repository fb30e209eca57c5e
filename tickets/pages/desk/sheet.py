"""One request as the desk shows it: heading, lights, story, people, reasons and moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.forms import Form

from tickets import access
from tickets.dues import Light, lights
from tickets.models import Deadline, Decision, Leg, Ticket
from tickets.pages.desk import telling
from tickets.pages.desk.catalogue import Catalogue, catalogue
from tickets.pages.desk.firm_side import firm_side
from tickets.pages.desk.forms import MoveForm
from tickets.pages.desk.held import held
from tickets.pages.desk.moves import DeskMove, classifies, offered
from tickets.pages.desk.outgoing import firm_was_told
from tickets.pages.desk.seat import Seat
from tickets.pages.desk.sources import sources
from tickets.pages.files import placed
from tickets.services.attachments import Shown
from tickets.timeline import Entry, events_of, timeline
from tickets.workflow import CENTRE_CLOCKS, Action, Clock, Outcome, Status

_OUTCOME_STATE = {Outcome.SOLVED: "ok", Outcome.PARTIAL: "warn", Outcome.UNSOLVED: "late"}
_TAG_FROM = {"code": "二维码", "firm": "企业自选", "staff": "研判员"}
_LEG_STATE = {Leg.Status.ASSIGNED: "warn", Leg.Status.SIGNED: "info", Leg.Status.REPLIED: "ok"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A move that was refused: its form keeps what was typed, and why."""

    move: DeskMove
    form: MoveForm | None = None


def sheet(seat: Seat, ticket: Ticket, *, spoken: Spoken | None = None) -> dict[str, object]:
    """Context of the detail pane: six queries beside the request itself, one more each for files and sources."""
    every_leg = list(Leg.objects.of_ticket(ticket))
    legs = [leg for leg in every_leg if leg.round == ticket.round]
    mine = access.parties(seat.caller, ticket)
    helping = access.co_parties(seat.user, frozenset(leg.department_id for leg in legs))
    events = events_of(ticket)
    story = timeline(ticket, for_firm=False, events=events)
    answer = _answer(ticket, story)
    hidden = access.identity_hidden(ticket, mine)
    files = placed(ticket, story, seat.caller, at=seat.at, hide_names=hidden)
    found = lights(Deadline.objects.of_round(ticket), at=seat.at)
    contacted = any(one.clock == Clock.CONTACT and one.state in {"met", "broken"} for one in found)
    offer = offered(ticket, seat, mine, contacted=contacted)
    whole = classifies(mine)
    options = catalogue(
        departments=any(m.action in {Action.ASSIGN, Action.REASSIGN} for m in offer.moves),
        categories=whole,
    )
    return {
        "ticket": ticket,
        "options": options,
        "heading": _heading(ticket),
        "pill": Status(ticket.status).label,
        "pill_state": telling.STATUS_STATE.get(Status(ticket.status), ""),
        "lights": _lights(ticket, found, seat),
        "reply": _reply(ticket, answer, seat, files),
        "story": _story(story, answer, seat, files),
        "materials": files.get(0, ()),
        "firm": firm_side(seat, ticket, mine, helping, story),
        "legs": [
            {
                "name": leg.department.name,
                "label": Leg.Status(leg.status).label,
                "state": _LEG_STATE.get(Leg.Status(leg.status), ""),
            }
            for leg in legs
        ],
        "held": held(events, every_leg, at=seat.at),
        "sources": sources(ticket, seat, mine, story),
        "why": _why(ticket),
        "told": firm_was_told(ticket, seat),
        "actions": _actions(ticket, offer.moves, options, whole=whole, spoken=spoken),
        "note": offer.note or ("您部门协办本件，主办部门牵头答复。" if helping and not mine else ""),
    }


def _heading(ticket: Ticket) -> list[str]:
    where = f"{Ticket.Channel(ticket.channel).label}（{ticket.qr_code.name}）" if ticket.qr_code else ""
    return [
        part
        for part in (
            ticket.number,
            ticket.chain_tag.name if ticket.chain_tag else "未带链条",
            ticket.category.name if ticket.category else "",
            "紧急" if ticket.urgent else Ticket.Difficulty(ticket.difficulty).label,
            ticket.region.name,
            where or Ticket.Channel(ticket.channel).label,
            f"第 {ticket.round} 轮" if ticket.round > 1 else "",
            f"{ticket.tier} 级" if ticket.tier > 1 else "",
        )
        if part
    ]


def _lights(ticket: Ticket, found: Sequence[Light], seat: Seat) -> list[dict[str, object]]:
    """Promises of the round, the newest turn of each clock, in the order of the domain's table.

    What the centre kept in time is no news to the department.
    """
    newest = {light.clock: light for light in found if light.clock not in CENTRE_CLOCKS or light.state != "met"}
    order = list(Clock)
    return [
        {
            "label": light.label,
            "state": {"met": "ok", "broken": "late", "paused": ""}.get(light.state, light.state),
            "words": light.words,
            "due": telling.moment(light.due_at, seat.at) if light.state in {"ok", "warn", "late"} else "",
            "provisional": light.provisional,
            "url": f"/desk/t/{ticket.number}/deadlines/{light.clock}/",
        }
        for light in sorted(newest.values(), key=lambda one: order.index(Clock(one.clock)))
    ]


def _answer(ticket: Ticket, story: Sequence[Entry]) -> Entry | None:
    """The reply that is under review or with the firm."""
    if not ticket.outcome:
        return None
    return next((entry for entry in reversed(story) if entry.kind == Action.REPLY), None)


def _reply(
    ticket: Ticket, said: Entry | None, seat: Seat, files: Mapping[int, Sequence[Shown]]
) -> dict[str, object] | None:
    if said is None:
        return None
    outcome = Outcome(ticket.outcome)
    return {
        "title": "拟答复" if ticket.status == Status.REVIEWING else "答复",
        "outcome": outcome.label,
        "state": _OUTCOME_STATE.get(outcome, "info"),
        "text": said.text,
        "parts": said.parts,
        "files": files.get(said.seq, ()),
        "by": said.actor,
        "when": telling.moment(said.at, seat.at),
    }


def _story(
    story: Sequence[Entry], answer: Entry | None, seat: Seat, files: Mapping[int, Sequence[Shown]]
) -> list[dict[str, object]]:
    """Newest first: what happened last is what the reader wants to know. The answer has a card of its own."""
    return [
        {
            "when": telling.moment(entry.at, seat.at),
            "iso": entry.at.isoformat(),
            "says": entry.says.partition(entry.actor),
            "text": "" if entry is answer else entry.text,
            "parts": entry.parts,
            "files": () if entry is answer else files.get(entry.seq, ()),
            "bad": entry.bad,
        }
        for entry in reversed(story)
    ]


def _why(ticket: Ticket) -> dict[str, object] | None:
    """The routing decision with the facts it saw."""
    decision = Decision.objects.latest_of(ticket)
    if decision is None:
        return None
    seen = decision.facts.get("seen", {})
    shown = (
        ("链条", seen.get("chain_tag")),
        (
            "链条来自",
            {"code": "二维码", "firm": "企业自选", "staff": "研判员"}.get(str(seen.get("tag_from"))),
        ),
        ("类别", seen.get("category")),
        ("区划", seen.get("region")),
        ("紧急", "是" if seen.get("urgent") else "否"),
    )
    return {
        "reason": decision.reason,
        "rule_set": decision.rule_set.number,
        "second": decision.second,
        "seen": [(label, value) for label, value in shown if value],
        "moved": decision.department_id != ticket.department_id,
    }


def _actions(
    ticket: Ticket,
    moves: Sequence[DeskMove],
    options: Catalogue,
    *,
    whole: bool,
    spoken: Spoken | None,
) -> list[dict[str, object]]:
    """Buttons with their forms; a refused one stays open with its words, offered still or not."""
    shown = list(moves)
    if spoken and spoken.form and spoken.move.panel and spoken.move not in shown:
        shown.append(spoken.move)
    return [
        {
            "move": move,
            "label": move.action.label,
            "url": f"/desk/t/{ticket.number}/{move.action}/",
            "primary": place == 0 and move in moves and move.action not in {Action.CLASSIFY, Action.REASSIGN},
            "open": bool(spoken and spoken.move is move and move.panel),
            "form": (spoken.form if spoken and spoken.move is move else None)
            or blank(move, ticket, options, whole=whole),
        }
        for place, move in enumerate(shown)
    ]


def blank(move: DeskMove, ticket: Ticket, options: Catalogue, *, whole: bool) -> Form:
    """The move's form, nothing typed yet."""
    return move.form(ticket=ticket, options=options, whole=whole, auto_id=f"id_{move.action}_%s")
