"""The figures of domain.md §5 once more, slowly, one request after another, straight from the definitions."""

from __future__ import annotations

from datetime import timedelta

from routing.promises.book import published_calendar
from routing.promises.worktime import opening_seconds
from tickets.models import Event

MONTH = timedelta(days=30)
ENDED = ("closed", "rejected", "withdrawn", "merged")


def clocks(events):
    """{clock: [promise]}: first due, agreed due, met, when it stopped, and the stretches it ran."""
    found = {}
    for e in events:
        for c in e.data.get("clocks", []):
            mine = found.setdefault(c["clock"], [])
            if c["op"] == "started":
                mine.append({"first": c.get("promised_due_at"), "met": None, "stop": None, "void": False, "ran": []})
            p = mine[-1]
            p["due"] = c.get("due_at")
            if c["op"] in {"started", "resumed"}:
                p["since"], p["stop"] = e.happened_at, None
            elif c["op"] != "repriced":
                if p["stop"] is None:
                    ends = (
                        Event._meta.get_field("happened_at").to_python(c["met_at"])
                        if c["op"] == "met"
                        else e.happened_at
                    )
                    p["ran"].append((p["since"], ends))
                    p["stop"] = ends
                p["met"] = c.get("met_at") or p["met"]
                p["void"] |= c["op"] == "void"
    return found


def facts(events, as_of):
    """One request's place in every figure: code → None (not counted over), or whether it is counted."""
    cut, known = as_of.isoformat(), clocks(events)
    status = next(e.to_status for e in reversed(events) if e.to_status)
    closes = [i for i, e in enumerate(events) if e.to_status == "closed"]
    outcome = lambda i: next((e.data["outcome"] for e in reversed(events[:i]) if e.kind == "reply"), None)  # noqa: E731
    good = lambda i: outcome(i) == "solved" and events[i].data.get("result", 5) >= 3  # noqa: E731
    delivered = [i for i, e in enumerate(events) if e.kind == "deliver"]
    dispatched = [e for e in events if e.kind in {"route", "assign", "reassign"}]

    def agreed(p):
        return p["due"] <= cut and (p["met"] is not None or p["stop"] is None or p["stop"].isoformat() > p["due"])

    def missed(p):
        return agreed(p) and (p["met"] is None or p["met"] > p["due"])

    first = next(iter(known.get("RESOLVE", [])), None)
    done = not delivered or outcome(delivered[-1]) != "unsolved"
    original = (
        first
        and first["first"] <= cut
        and (first["met"] or not first["void"] or first["stop"].isoformat() > first["first"])
    )
    closed, contacts = status == "closed", [p for p in known.get("CONTACT", []) if agreed(p)]
    rating = events[closes[-1]].data if closed and events[closes[-1]].kind == "rate" else None
    accept = known["ACCEPT"][0]
    took = next((e for e in events if e.kind in {"route", "defer", "assign"}), None)
    return {
        "submitted": True,
        "open": None if status in ENDED else True,
        "closed": closed,
        "on_time": bool(first["met"] and first["met"] <= first["due"] and done) if first and agreed(first) else None,
        "on_time_original": bool(first["met"] and first["met"] <= first["first"] and done) if original else None,
        "solved": good(closes[-1]) if closes else None,
        "first_time": good(closes[0]) and events[closes[0]].round == 1
        if closes and events[closes[0]].happened_at + MONTH <= as_of
        else None,
        "satisfied_result": rating["result"] >= 3 if rating else None,
        "satisfied_result_strict": rating["result"] >= 4 if rating else None,
        "participation": rating is not None if closed else None,
        "rework": events[-1].round >= 2 if closed else None,
        "response": not any(map(missed, contacts)) if contacts else None,
        "acceptance": bool(took and took.happened_at.isoformat() <= accept["due"])
        if accept["due"] <= cut and (took or agreed(accept))
        else None,
        "first_dispatch": len({e.department_id for e in dispatched}) == 1
        if dispatched and dispatched[0].happened_at + MONTH <= as_of
        else None,
        "overdue": any(map(missed, known["RESOLVE"])) if dispatched else None,
        "handling_net": net(known) if closed else None,
        "handling_full": (events[closes[-1]].happened_at - events[0].happened_at).total_seconds() if closed else None,
    }


def net(known):
    calendar = published_calendar()
    return sum(opening_seconds(calendar, a, b) for p in known["RESOLVE"] if p["met"] for a, b in p["ran"])
