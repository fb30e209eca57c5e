"""One topic as the desk shows it: why its requests are alike, who they are, what is done, whether it helped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from tickets.access import identity_hidden, parties
from tickets.figures.inflow import Inflow, Side, Week, counted_of, inflow
from tickets.figures.window import zone
from tickets.models import Topic, TopicMember
from tickets.pages.desk import telling
from tickets.pages.desk.catalogue import catalogue
from tickets.pages.desk.rows import pill
from tickets.pages.desk.seat import Seat
from tickets.pages.desk.topic_acts import ACTS, ActForm
from tickets.topic_access import acts_open, seen_by
from tickets.topic_moves import TopicAct, TopicState
from tickets.topic_story import story, told
from tickets.workflow import Status

MEMBERS, SUGGESTED = 100, 20
_A, _S = TopicAct, TopicState
STATE_COLOUR = {_S.PROPOSED: "warn", _S.OPEN: "info", _S.MEASURED: "info", _S.PUBLISHED: "ok", _S.CLOSED: "ok"}


def sheet(seat: Seat, topic: Topic, *, spoken: tuple[str, ActForm] | None = None, after: int = 0) -> dict[str, Any]:
    """Context of the page. `spoken`: the act that was refused, and its form with what was typed."""
    acts = acts_open(seat.user, topic)
    rows = TopicMember.objects.joined(topic).order_by("-ticket")
    seen = seen_by(seat.user, rows, limit=MEMBERS + 1, after=after)
    more = len(seen.members) > MEMBERS
    alike = seen_by(seat.user, TopicMember.objects.alike(topic), limit=SUGGESTED) if topic.is_live else None
    return {
        "topic": topic,
        "pill": {"label": TopicState(topic.state).label, "state": STATE_COLOUR.get(TopicState(topic.state), "")},
        "facts": _facts(topic, seat),
        "due": due(topic, seat),
        "members": [_member(one, seat, acts, topic) for one in seen.members[:MEMBERS]],
        "hidden": seen.hidden,
        "older": f"?after={seen.members[MEMBERS - 1].ticket_id}" if more else "",
        "alike": [_member(one, seat, acts, topic) for one in alike.members] if alike else [],
        "alike_hidden": alike.hidden if alike else 0,
        "may_gather": _A.GATHER in acts,
        "story": _story(topic, seat),
        "told": told(topic) if topic.published_at else None,
        "actions": _actions(topic, seat, acts, spoken),
        "picking": _A.OPEN in acts,
    } | _effect(topic, seat)


def due(topic: Topic, seat: Seat) -> dict[str, str] | None:
    """The day for the result, and how it stands."""
    if topic.due_on is None or topic.state not in {_S.OPEN, _S.MEASURED}:
        return None
    left = (topic.due_on - seat.today).days
    words = f"逾期 {-left} 天" if left < 0 else "今天到期" if left == 0 else f"还剩 {left} 天"
    return {"state": "late" if left < 0 else "warn" if left <= 3 else "ok", "words": words, "on": f"{topic.due_on}"}


def _facts(topic: Topic, seat: Seat) -> list[tuple[str, str]]:
    pairs = (
        ("区划", topic.region.name),
        ("链", topic.chain_tag.name if topic.chain_tag else ""),
        ("产业链", topic.industry_chain.name if topic.industry_chain else ""),
        ("牵头部门", topic.department.name if topic.department else "未定"),
        ("责任人", topic.owner.name if topic.owner else "未定"),
        ("期限", f"{topic.due_on}" if topic.due_on else "未定"),
        ("措施定于", telling.moment(topic.measured_at, seat.at)),
        ("公布于", telling.moment(topic.published_at, seat.at)),
        ("告知完成", telling.moment(topic.sent_back_at, seat.at)),
    )
    return [(label, value) for label, value in pairs if value]


def _member(one: TopicMember, seat: Seat, acts: Sequence[TopicAct], topic: Topic) -> dict[str, Any]:
    ticket = one.ticket
    hidden = identity_hidden(ticket, parties(seat.caller, ticket))
    joined = one.state == TopicMember.State.MEMBER
    return {
        "number": ticket.number,
        "url": reverse("desk-ticket", args=[ticket.number]),
        "title": ticket.filing.title,
        "enterprise": telling.enterprise(ticket, hidden=hidden),
        "department": ticket.department.name if ticket.department else "未交办",
        "pill": pill(ticket),
        "pill_state": telling.STATUS_STATE.get(Status(ticket.status), ""),
        "when": telling.moment(ticket.submitted_at, seat.at),
        "how": TopicMember.How(one.how).label if joined else "",
        "by": one.added_by.name if one.added_by and joined else "",
        "told": telling.moment(one.told_at, seat.at),
        "muted": one.muted,
        "removable": _A.REMOVE in acts and not one.told_at,
        "mutable": _A.MUTE in acts and joined and not one.told_at,
    }


def _story(topic: Topic, seat: Seat) -> list[dict[str, str]]:
    return [
        {"when": telling.moment(line.at, seat.at), "iso": line.at.isoformat(), "who": line.actor, "says": line.says}
        for line in story(topic)
    ]


def _actions(
    topic: Topic, seat: Seat, acts: Sequence[TopicAct], spoken: tuple[str, ActForm] | None
) -> list[dict[str, Any]]:
    """Buttons with their forms; a refused one stays open with its words."""
    refused = spoken[0] if spoken else ""
    shown = [one for name, one in ACTS.items() if (one.act in acts or name == refused) and one.act not in _ON_ROWS]
    options = catalogue(departments=any(one.act in {_A.OPEN, _A.ENTRUST} for one in shown), categories=False)
    return [
        {
            "name": str(one.act),
            "label": one.act.label,
            "url": reverse("desk-topic-act", args=[topic.number, str(one.act)]),
            "panel": one.panel,
            "primary": one.primary,
            "open": str(one.act) == refused,
            "form": spoken[1]
            if spoken and str(one.act) == refused
            else one.form(topic=topic, seat=seat, options=options, auto_id=f"id_{one.act}_%s"),
        }
        for one in shown
    ]


_ON_ROWS = frozenset({_A.REMOVE, _A.MUTE})


def _effect(topic: Topic, seat: Seat) -> dict[str, Any]:
    """The weeks as chart and table, and what they say: two queries."""
    if not counted_of(topic):
        return {"chart": None}
    found = inflow(topic, at=seat.at)
    return {
        "chart": {
            "id": "inflow",
            "data": {
                "kind": "bar",
                "x": [f"{week.since:%m-%d}" for week in found.weeks],
                "series": [
                    {"name": name, "colour": colour, "data": _heights(found, after=after)}
                    for name, colour, after in _SIDES
                    if not after or topic.measured_at
                ],
                "unit": "件",
            },
            "weeks": [_line(topic, week) for week in found.weeks],
            "note": f"以 {topic.measured_at.astimezone(zone()):%Y-%m-%d} 定措施为界"
            if topic.measured_at
            else "尚未定措施",
        },
        "verdict": _verdict(found) if topic.measured_at else "",
    }


_SIDES = (("措施前", "info", False), ("措施后", "brand", True))


def _heights(found: Inflow, *, after: bool) -> list[int | None]:
    return [week.all if week.after is after else None for week in found.weeks]


def _line(topic: Topic, week: Week) -> dict[str, Any]:
    last = f"{week.until.fromordinal(week.until.toordinal() - 1):%m-%d}"
    return {
        "label": f"{week.since:%m-%d} 至 {last}" + ("" if week.whole else "（未满）"),
        "side": "措施后" if week.after else "措施前",
        "cells": [
            {"n": n, "url": rows_url(topic, week, part)}
            for part, n in (("joined", week.joined), ("alike", week.alike), ("all", week.all))
        ],
    }


def rows_url(topic: Topic, week: Week, part: str) -> str:
    """The requests behind one number."""
    asked = urlencode({"since": week.since, "until": week.until, "part": part})
    return f"{reverse('desk-topic-rows', args=[topic.number])}?{asked}"


def _side(name: str, side: Side) -> str:
    return f"措施{name} {side.weeks} 周 {side.n} 件（每周 {side.weekly or 0:.1f}）"


def _verdict(found: Inflow) -> str:
    """What can be said, and no more: with n, weeks and interval."""
    before, after = found.before, found.after
    if found.ratio is None or found.low is None or found.high is None:
        return "措施前后至少各满两周、且之前有诉求，才作比较。"
    low, high = f"{found.low:.2f}", "∞" if found.high == float("inf") else f"{found.high:.2f}"
    sums = f"{_side('前', before)}，{_side('后', after)}；后÷前 = {found.ratio:.2f}，95 % 区间 {low}–{high}"
    said = "减少了" if found.fewer else "反而多了" if found.more else "还看不出变化"
    return f"{said}：{sums}。专题多在诉求集中时立，回落不全是措施的作用。"
