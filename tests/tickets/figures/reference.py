"""The figures of domain.md §5 once more, slowly, one request after another, straight from the definitions."""

from __future__ import annotations

from datetime import datetime, timedelta

from routing.promises.book import published_calendar
from routing.promises.worktime import opening_seconds
from tickets.models import Event

MONTH = timedelta(days=30)
ENDED = ("closed", "rejected", "withdrawn", "merged")
HANDS = ("route", "assign", "reassign", "rule_on_return", "split")
ACCEPTS = ("route", "defer", "assign", "reject", "request_info", "split")


def moment(text):
    return Event._meta.get_field("happened_at").to_python(text)


def first_submission(events):
    """Of a matter: its own, or that of what was merged into it."""
    joined = [datetime.fromisoformat(e.data["submitted_at"]) for e in events if e.kind == "absorb"]
    return min([events[0].happened_at, *joined])


def is_test(events):
    return events[0].data["test"] or any(e.kind == "mark_test" for e in events)


def lead(events):
    """Key of the department that leads, or None."""
    return next((e.department_id for e in reversed(events) if hands(e)), None)


def hands(e):
    return e.kind in HANDS or (e.kind == "submit" and e.to_status == "assigned")


def clocks(events):
    """{clock: [promise]}: first due, agreed due, met, when it stopped, and the stretches it ran."""
    found = {}
    for e in events:
        for c in e.data.get("clocks", []):
            mine = found.setdefault(c["clock"], [])
            if c["op"] == "started" or not mine:
                mine.append({"met": None, "stop": None, "since": e.happened_at, "void": False, "rests": False})
                mine[-1]["ran"] = []
            p = mine[-1]
            p["due"], p["first"] = c.get("due_at"), c.get("promised_due_at")
            step(p, c, e.happened_at)
    return found


def step(p, c, at):
    """What one line of the log does to a promise. Inheriting goes on with it, under the other's due times."""
    if c["op"] == "resumed":
        p["since"], p["stop"], p["rests"] = at, None, False
    elif c["op"] == "inherited":
        p["void"], p["stop"] = False, at if p["rests"] else None
        p["since"] = at
    elif c["op"] in {"paused", "met", "void"}:
        if p["stop"] is None:
            p["stop"] = moment(c["met_at"]) if c["op"] == "met" else at
            p["ran"].append((p["since"], p["stop"]))
        p["met"] = c.get("met_at") or p["met"]
        p["void"] |= c["op"] == "void"
        p["rests"] |= c["op"] == "paused"


def facts(events, as_of, submitted_at):
    """One request's place in every figure: code → None (not counted over), or whether it is counted."""
    cut, known = as_of.isoformat(), clocks(events)
    status = next(e.to_status for e in reversed(events) if e.to_status)
    closes = [i for i, e in enumerate(events) if e.to_status == "closed" and e.from_status != "closed"]
    reply = lambda i, name: next((e.data.get(name) for e in reversed(events[:i]) if e.kind == "reply"), None)  # noqa: E731
    had = lambda kind: any(e.kind == kind for e in events)  # noqa: E731
    delivered = [i for i, e in enumerate(events) if e.kind == "deliver"]
    dispatched = [e for e in events if hands(e)]
    calls = [e for e in events if e.kind == "call_back" and e.data["solved"] is not None]
    denied = bool(calls) and calls[-1].round == events[-1].round and not calls[-1].data["solved"]
    excluded = any(e.kind == "exclude" and e.round == events[-1].round for e in events)

    def good(i):
        return reply(i, "outcome") == "solved" and events[i].data.get("result", 5) >= 3

    def agreed(p):
        return p["due"] <= cut and (p["met"] is not None or p["stop"] is None or p["stop"].isoformat() > p["due"])

    def missed(p):
        return agreed(p) and (p["met"] is None or p["met"] > p["due"])

    def dropped(p):
        return p["void"] and p["met"] is None and p["stop"].isoformat() <= p["due"]

    resolves = known.get("RESOLVE", [])
    first = next((p for p in resolves if not dropped(p)), resolves[0] if resolves else None)
    done = not delivered or reply(delivered[-1], "outcome") != "unsolved"
    original = (
        first
        and first["first"] <= cut
        and (first["met"] or not first["void"] or first["stop"].isoformat() > first["first"])
    )
    on_time = bool(first and first["met"] and first["met"] <= first["due"] and done)
    rests = status == "suspended"
    closed, contacts = status == "closed", [p for p in known.get("CONTACT", []) if agreed(p)]
    rating = events[closes[-1]].data if closed and events[closes[-1]].kind == "rate" else None
    accept = next(iter(known.get("ACCEPT", [])), None)
    took = next((e for e in events if e.kind in ACCEPTS), None)
    burden = reply(closes[-1], "burden_relieved") if closed else None
    return {
        "submitted": True,
        "open": None if status in ENDED else True,
        "closed": closed,
        "on_time": on_time if first and agreed(first) and not rests else None,
        "on_time_original": bool(first["met"] and first["met"] <= first["first"] and done)
        if original and not rests
        else None,
        "on_time_suspended": on_time and not rests if first and (agreed(first) or (rests and original)) else None,
        "solved": closed and good(closes[-1]) and not denied if closes and not excluded else None,
        "excluded": True if closes and excluded else None,
        "truly_solved": calls[-1].data["solved"] if calls else None,
        "first_time": good(closes[0])
        and events[closes[0]].round == 1
        and not any(
            e.from_status == "closed" != e.to_status and e.happened_at < events[closes[0]].happened_at + MONTH
            for e in events[closes[0] + 1 :]
        )
        if closes and events[closes[0]].happened_at + MONTH <= as_of
        else None,
        "satisfied_result": rating["result"] >= 3 if rating else None,
        "satisfied_result_strict": rating["result"] >= 4 if rating else None,
        "participation": rating is not None if closed else None,
        "rework": events[-1].round >= 2 if closed else None,
        "response": not any(map(missed, contacts)) if contacts else None,
        "acceptance": bool(took and took.happened_at.isoformat() <= accept["due"])
        if accept and accept["due"] <= cut and (took or any(map(agreed, known["ACCEPT"])))
        else None,
        "first_dispatch": len({e.department_id for e in dispatched if e.kind != "split"}) <= 1
        if dispatched and dispatched[0].happened_at + MONTH <= as_of
        else None,
        "overdue": any(map(missed, resolves)) if dispatched else None,
        "extension": had("extend") if dispatched else None,
        "suspension": had("suspend") if dispatched else None,
        "returned": had("object") if dispatched else None,
        "returns_upheld": any(e.kind == "rule_on_return" and e.data["upheld"] for e in events)
        if had("object")
        else None,
        "burden": True if burden else None,
        "handling_net": net(resolves) if closed and any(p["met"] for p in resolves) else None,
        "handling_full": (events[closes[-1]].happened_at - submitted_at).total_seconds() if closed else None,
    }


def net(resolves):
    calendar = published_calendar()
    return sum(opening_seconds(calendar, a, b) for p in resolves if p["met"] for a, b in p["ran"])
