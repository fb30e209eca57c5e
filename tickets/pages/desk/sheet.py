"""One request as the desk shows it: heading, lights, story, people, reasons and moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tickets import access
from tickets.asks import vague
from tickets.dues import Light, lights
from tickets.models import Deadline, Decision, Leg, Ticket
from tickets.pages.desk import telling
from tickets.pages.desk.act import Spoken, actions, more, with_forms
from tickets.pages.desk.approvals import Decided, waiting
from tickets.pages.desk.beside import calls, likely
from tickets.pages.desk.catalogue import catalogue
from tickets.pages.desk.firm_side import firm_side
from tickets.pages.desk.held import held
from tickets.pages.desk.legs import leg_rows
from tickets.pages.desk.moves import classifies, offered
from tickets.pages.desk.outgoing import firm_was_told
from tickets.pages.desk.seat import Seat
from tickets.pages.desk.sources import sources
from tickets.pages.desk.topic_join import topic_line
from tickets.pages.files import placed
from tickets.services.attachments import Shown
from tickets.timeline import Entry, events_of, timeline
from tickets.workflow import CENTRE_CLOCKS, Action, Clock, Outcome, Status

_OUTCOME_STATE = {Outcome.SOLVED: "ok", Outcome.PARTIAL: "warn", Outcome.UNSOLVED: "late"}
_TAG_FROM = {"code": "二维码", "firm": "企业自选", "staff": "研判员"}


def sheet(
    seat: Seat, ticket: Ticket, *, spoken: Spoken | None = None, decided: Decided | None = None
) -> dict[str, object]:
    """Context of the detail pane: six queries beside the request itself, one more each for files and sources.

    `decided`: a word on an approval that was refused, with what was typed.
    """
    every_leg = list(Leg.objects.of_ticket(ticket))
    legs = [leg for leg in every_leg if leg.round == ticket.round]
    mine = access.parties(seat.caller, ticket)
    helping = access.co_parties(seat.user, frozenset(leg.department_id for leg in legs))
    events = events_of(ticket)
    story = timeline(ticket, for_firm=False, events=events)
    answer = _answer(ticket, story)
    hidden = access.identity_hidden(ticket, mine)
    files = placed(ticket, story, seat.caller, at=seat.at, hide_names=hidden)
    deadlines = list(Deadline.objects.of_round(ticket))
    found = lights((one for one in deadlines if one.leg_id is None), at=seat.at)
    contacted = any(one.clock == Clock.CONTACT and one.state in {"met", "broken"} for one in found)
    offer = offered(ticket, seat, mine, contacted=contacted, legs=legs, deadlines=deadlines)
    whole = classifies(mine)
    options = catalogue(
        departments=any(move.form.departments_needed for move in with_forms(offer, spoken)),
        categories=whole,
    )
    shown = actions(ticket, offer, options, whole=whole, spoken=spoken)
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
        "legs": leg_rows(every_leg, deadlines, seat, turn=ticket.round),
        "held": held(events, every_leg, at=seat.at),
        "sources": sources(ticket, seat, mine, story),
        "why": _why(ticket),
        "topic_line": topic_line(seat, ticket),
        "told": firm_was_told(ticket, seat),
        "actions": shown,
        "more": more(ticket, offer, shown),
        "approvals": waiting(ticket, seat, mine, story, decided),
        "calls": calls(ticket, seat) if Action.CALL_BACK in offer.every else None,
        "likely": likely(ticket, seat) if spoken and spoken.move.action == Action.MERGE else (),
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
    outcome, reviewing = Outcome(ticket.outcome), ticket.status == Status.REVIEWING
    return {
        "title": "拟答复" if reviewing else "答复",
        "outcome": outcome.label,
        "state": _OUTCOME_STATE.get(outcome, "info"),
        "text": said.text,
        "parts": said.parts,
        "vague": vague("\n".join([said.text, *(text for _, text in said.parts)])) if reviewing else (),
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
