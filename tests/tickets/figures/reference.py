"""The figures of domain.md §5 once more, slowly, one request after another, straight from the definitions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from zoneinfo import ZoneInfo

from qihu.accounts.models import Department
from routing.promises.book import published_calendar
from routing.promises.worktime import opening_seconds
from tests.tickets.figures.pairs import repeats
from tickets.models import Event, TopicEvent

ZONE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
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


def answered(events, i, name):
    """What the last reply before an event said."""
    return next((e.data.get(name) for e in reversed(events[:i]) if e.kind == "reply"), None)


def happened(events, kind):
    return any(e.kind == kind for e in events)


def went_well(events, i):
    return answered(events, i, "outcome") == "solved" and events[i].data.get("result", 5) >= 3


def over(counted, holds):
    return bool(holds) if counted else None


def facts(events, as_of, submitted_at, repeat_at=None):
    """One request's place in every figure: code → None (not counted over), or whether (or how much) it is counted."""
    cut, known = as_of.isoformat(), clocks(events)
    status, turn = status_of(events), events[-1].round
    closes = [i for i, e in enumerate(events) if e.to_status == "closed" != e.from_status]
    dispatched, calls = [e for e in events if hands(e)], [e for e in events if is_call(e)]
    said, had, good = partial(answered, events), partial(happened, events), partial(went_well, events)
    denied = calls and calls[-1].round == turn and not calls[-1].data["solved"]
    unheard = calls and calls[-1].data["was_contacted"] is False
    excluded = any(e.kind == "exclude" and e.round == turn for e in events)

    def agreed(p):
        return p["due"] <= cut and (p["met"] is not None or p["stop"] is None or p["stop"].isoformat() > p["due"])

    def missed(p):
        return agreed(p) and (p["met"] is None or p["met"] > p["due"])

    def dropped(p):
        return p["void"] and p["met"] is None and p["stop"].isoformat() <= p["due"]

    def owed_first(p):
        return p["first"] <= cut and (p["met"] or not p["void"] or p["stop"].isoformat() > p["first"])

    resolves = known.get("RESOLVE", [])
    first = next((p for p in resolves if not dropped(p)), resolves[0] if resolves else None)
    replies = [said(i, "outcome") for i, e in enumerate(events) if e.kind == "deliver"]
    done = first and first["met"] and (not replies or replies[-1] != "unsolved")
    on_time, matured, rests = done and first["met"] <= first["due"], first and agreed(first), status == "suspended"
    original = first and owed_first(first)
    closed, contacts = status == "closed", [p for p in known.get("CONTACT", []) if agreed(p)]
    end = events[closes[-1]] if closed else None
    rated = end.data if closed and end.kind == "rate" else None
    accept, took = known.get("ACCEPT", [None])[0], next((e for e in events if e.kind in ACCEPTS), None)
    owed = accept and accept["due"] <= cut and (took or any(map(agreed, known["ACCEPT"])))
    burden = said(closes[-1], "burden_relieved") if closed else None
    ago = events[closes[0]].happened_at + MONTH if closes else None
    later = [e for e in events[closes[0] + 1 :] if e.from_status == "closed" != e.to_status] if closes else []
    at_once = closes and good(closes[0]) and events[closes[0]].round == 1 and all(e.happened_at >= ago for e in later)
    upheld = any(e.kind == "rule_on_return" and e.data["upheld"] for e in events)
    return {
        "submitted": True,
        "open": over(status not in ENDED, True),
        "closed": closed,
        "on_time": over(matured and not rests, on_time),
        "on_time_original": over(original and not rests, done and first["met"] <= first["first"]),
        "on_time_suspended": over(matured or (rests and original), on_time and not rests),
        "solved": over(closes and not excluded, closed and good(closes[-1]) and not denied),
        "excluded": over(closes and excluded, True),
        "truly_solved": over(calls, calls and calls[-1].data["solved"]),
        "first_time": over(closes and ago <= as_of, at_once),
        **{f"satisfied_{what}": {1: 0, 2: 0, 3: 0.9, 4: 1, 5: 1}[rated[what]] if rated else None for what in WORDS},
        **{f"satisfied_{what}_strict": over(rated, rated and rated[what] >= 4) for what in WORDS},
        "participation": over(closed, rated),
        "rework": over(closed, turn >= 2),
        "repeat": bool(repeat_at and repeat_at <= as_of),
        "response": over(contacts, not any(map(missed, contacts)) and not unheard),
        "acceptance": over(owed, owed and took and took.happened_at.isoformat() <= accept["due"]),
        "first_dispatch": over(
            dispatched and dispatched[0].happened_at + MONTH <= as_of,
            len({e.department_id for e in dispatched if e.kind != "split"}) <= 1,
        ),
        "overdue": over(dispatched, any(map(missed, resolves))),
        "extension": over(dispatched, had("extend")),
        "suspension": over(dispatched, had("suspend")),
        "returned": over(dispatched, had("object")),
        "returns_upheld": over(had("object"), upheld),
        "burden": burden or None,
        "handling_net": net(resolves) if closed and any(p["met"] for p in resolves) else None,
        "handling_full": (end.happened_at - submitted_at).total_seconds() if closed else None,
    }


def is_call(e):
    """A call in which the firm was reached and said whether its matter is solved."""
    return e.kind == "call_back" and e.data["solved"] is not None


def status_of(events):
    return next(e.to_status for e in reversed(events) if e.to_status)


def net(resolves):
    calendar = published_calendar()
    return sum(opening_seconds(calendar, a, b) for p in resolves if p["met"] for a, b in p["ran"])


@dataclass(frozen=True)
class Unit:
    """A request that counts: what it is in each figure, and in which group of each dimension and period."""

    key: int
    facts: dict[str, object]
    groups: dict[str, str]
    part: bool
    divided: bool
    closed_at: datetime | None


def units(logs, as_of, known=None):
    """Every request that counts, as its log stood (and was known): neither merged nor restricted."""
    codes, again = dict(Department.objects.values_list("pk", "code")), repeats()
    seen = {key: stood(events, as_of, known) for key, events in logs.items()}
    for key, events in seen.items():
        parent = events[0].data.get("parent") if events else None
        if not events or status_of(events) == "merged" or any(e.data.get("restricted") for e in events):
            continue
        matter = seen[parent or key]
        submitted_at = first_submission(matter)
        test = is_test(events) or is_test(matter)
        found = {"tests": True} if test else facts(events, as_of, submitted_at, again.get(key))
        groups = groups_of(events, codes) | periods(submitted_at)
        ended = [e.happened_at for e in events if e.to_status == "closed" != e.from_status]
        closed_at = ended[-1] if status_of(events) == "closed" and not test else None
        yield (
            submitted_at,
            Unit(key, found, groups, parent is not None, any(e.kind == "split" for e in events), closed_at),
        )


def stood(events, as_of, known):
    """The log up to a moment; what is dated before its predecessor counts from that."""
    found, latest = [], events[0].happened_at
    for e in events:
        latest = max(latest, e.happened_at)
        if latest > as_of or (known and e.recorded_at > known):
            break
        found.append(e)
    return found


def groups_of(events, codes):
    born = events[0].data
    tags = dict.fromkeys(("chain_tag", "category", "region", "difficulty", "industry_chain"), "")
    for e in events:
        if e.kind in {"submit", "classify"}:
            tags |= {name: e.data[name] for name in tags if e.data.get(name) is not None}
    led = [e for e in events if hands(e)]
    others = max((e.seq for e in led if e.department_id != led[-1].department_id), default=0)
    since = min((e.seq for e in led if e.seq > others), default=0)
    signed = [e for e in events if e.kind == "sign" and e.seq > since]
    officer = str(signed[-1].actor_id) if signed else ""
    department = codes[led[-1].department_id] if led else ""
    return tags | {"channel": born["channel"], "department": department, "officer": officer}


def periods(at):
    on = at.astimezone(ZONE).date()
    first = {
        "day": on,
        "week": on - on.weekday() * DAY,
        "month": on.replace(day=1),
        "quarter": on.replace(month=(on.month - 1) // 3 * 3 + 1, day=1),
        "year": on.replace(month=1, day=1),
    }
    return {name: day.isoformat() for name, day in first.items()}


def counted(found):
    """Of some requests, by figure: who is counted over and how, n, hits, the sum; lengths of time as median and P90."""
    members = defaultdict(dict)
    for unit in found:
        for code, value in unit.facts.items():
            if value is not None:
                members[code][unit.key] = value
    return members


def index_of(members):
    """综合指数: none where one of the three has none."""
    rates = [(rate(members.get(code, {})), weight) for code, weight in INDEX.items()]
    return sum(one * weight for one, weight in rates) if all(one is not None for one, _ in rates) else None


def rate(members):
    return sum(members.values()) / len(members) if members else None


def lengths(members):
    """Median, and P90 by nearest rank."""
    known = sorted(members.values())
    return (median(known), known[-(-9 * len(known) // 10) - 1]) if known else (None, None)


INDEX = {"response": 0.1, "truly_solved": 0.5, "satisfied_result": 0.4}
WORDS = ("process", "result")


def topic_rate(window):
    """Topics opened in the window; of them those with a measure whose firms have all been told."""
    log = [e for e in TopicEvent.objects.all() if e.happened_at <= window.as_of]
    opened = {e.topic_id for e in log if e.kind == "open" and window.since <= e.happened_at < window.until}
    done = [{e.topic_id for e in log if e.kind == kind} for kind in ("measure", "sent")]
    return len(opened & done[0] & done[1]), len(opened)
