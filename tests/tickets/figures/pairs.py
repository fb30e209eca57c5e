"""Repeats once more, slowly: every pair of requests compared by the definition (domain.md §5, repeat)."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

from routing.triage.alike import SAME_FIRM, firm_key, grams, likeness
from tickets.models import Event, Filing, TopicMember

DAY, WITHIN = timedelta(days=1), timedelta(days=90)


def repeats():
    """Every pair of requests, straight from domain.md: same firm and topic, or same firm and alike text, in 90 days."""
    filings = {one.pk: one for one in Filing.objects.select_related("ticket__topic")}
    merged = dict(Event.objects.filter(kind="merge").values_list("ticket", "happened_at"))
    tested = dict(Event.objects.filter(kind="mark_test").values_list("ticket", "happened_at"))
    secret = dict(Event.objects.filter(data__restricted=True).order_by("-seq").values_list("ticket", "happened_at"))
    joined = dict(TopicMember.objects.filter(state="member").values_list("ticket", "added_at"))
    parts = {e.ticket_id: e.data["parent"] for e in Event.objects.filter(seq=1) if e.data.get("parent")}
    found = {}
    for one, two in combinations(sorted(filings.keys() - parts.keys()), 2):
        mine, its = filings[two], filings[one]
        came, before = mine.ticket.submitted_at, its.ticket.submitted_at
        counted = not mine.ticket.restricted and merged.get(one, came + DAY) > came
        if not counted or not came - WITHIN <= before <= came or not same_firm(mine, its):
            continue
        test = its.ticket.test and tested.get(one, came) <= came
        if likeness(grams(mine.text), grams(its.text)) >= SAME_FIRM and not test and secret.get(one, came + DAY) > came:
            found[two] = came
        elif mine.ticket.topic and mine.ticket.topic == its.ticket.topic and not its.ticket.restricted:
            found[two] = min(found.get(two, joined[two] + WITHIN), max(joined[one], joined[two]))
    return found | {part: found[matter] for part, matter in parts.items() if matter in found}


def same_firm(one, two):
    account = one.ticket.enterprise_id is not None and one.ticket.enterprise_id == two.ticket.enterprise_id
    code = bool(one.uscc) and one.uscc == two.uscc
    name = firm_key(one.enterprise_name) == firm_key(two.enterprise_name)
    return account or code or name or one.contact_phone == two.contact_phone
