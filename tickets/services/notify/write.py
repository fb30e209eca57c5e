"""From events to notices: which rules match, whom they reach, one row each. A second run writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from qihu.senders.registry import sender
from tickets.models import Event, Notice, NoticeRule, RobotHook
from tickets.models.notice import Channel, State
from tickets.models.notice_rule import IN_GROUPS, Audience
from tickets.services.notify.audience import Crowd, crowd, departments, people, tells_firm

_AT_ONCE = frozenset({Channel.SMS})


def notify_all(wanted: Sequence[Mapping[str, int]], *, at: datetime) -> None:
    """Write the notices for these events (`ticket_id`, `seq` each), at the price of a few statements.

    An event that says `silent` (an import of what is long past) is told to nobody.
    """
    chosen = Q(pk__in=[])
    for one in wanted:
        chosen |= Q(ticket_id=one["ticket_id"], seq=one["seq"])
    found = Event.objects.filter(chosen).select_related("ticket__region", "ticket__department")
    events = [event for event in found.order_by("ticket_id", "seq") if not event.data.get("silent")]
    rules = _by_kind(events)
    if rules:
        everybody, robots = crowd(events), _robots(rules)
        rows = [
            row for event in events for row in _rows(event, matching(rules[event.kind], event), everybody, robots, at)
        ]
        Notice.objects.bulk_create(rows, ignore_conflicts=True)


def _by_kind(events: Sequence[Event]) -> Mapping[str, Sequence[NoticeRule]]:
    found: dict[str, list[NoticeRule]] = defaultdict(list)
    for rule in NoticeRule.objects.in_force().filter(kind__in={event.kind for event in events}):
        found[rule.kind].append(rule)
    return found


def _robots(rules: Mapping[str, Sequence[NoticeRule]]) -> Mapping[int, Sequence[RobotHook]]:
    found: dict[int, list[RobotHook]] = defaultdict(list)
    if any(rule.audience in IN_GROUPS for several in rules.values() for rule in several):
        for robot in RobotHook.objects.filter(active=True).defer("token", "secret").order_by("pk"):
            found[robot.department_id].append(robot)
    return found


def matching(rules: Sequence[NoticeRule], event: Event) -> list[NoticeRule]:
    """Rules of the event's kind that hold for it: of those on the event itself the most exact ones only, and those on
    clocks that began with it.
    """
    clock = str(event.data.get("clock", ""))
    details = {str(event.data.get("op", "")), event.to_status} - {""}
    began = {one["clock"] for one in event.data.get("clocks", ()) if one["op"] == "started"}
    fitting = [
        rule
        for rule in rules
        if rule.op != NoticeRule.STARTED and rule.clock in {"", clock} and (not rule.op or rule.op in details)
    ]
    exact = max((_exactness(rule) for rule in fitting), default=(False, False))
    starting = [rule for rule in rules if rule.op == NoticeRule.STARTED and rule.clock in began]
    return [rule for rule in fitting if _exactness(rule) == exact] + starting


def _exactness(rule: NoticeRule) -> tuple[bool, bool]:
    return bool(rule.op), bool(rule.clock)


def _rows(
    event: Event,
    rules: Sequence[NoticeRule],
    everybody: Crowd,
    robots: Mapping[int, Sequence[RobotHook]],
    at: datetime,
) -> Iterator[Notice]:
    """One row for each receiver and way; of two rules that reach the same one the first wins."""
    reached: set[tuple[object, ...]] = set()
    for rule in rules:
        for receiver, channel in _reached(event, rule, everybody, robots):
            if (key := (channel, *receiver.items())) not in reached:
                reached.add(key)
                yield _row(event, rule, channel, at, **receiver)


def _reached(
    event: Event, rule: NoticeRule, everybody: Crowd, robots: Mapping[int, Sequence[RobotHook]]
) -> Iterator[tuple[dict[str, object], Channel]]:
    if rule.audience == Audience.FIRM:
        if tells_firm(event):
            yield {"firm": True}, Channel.SMS
    elif rule.audience in IN_GROUPS:
        for department in sorted(departments(rule.audience, event, everybody)):
            for robot in robots.get(department, ()):
                yield {"robot_id": robot.pk}, Channel(robot.kind)
    else:
        found = people(rule.audience, event, everybody)
        if rule.way == NoticeRule.Way.MAIL:
            found &= {grant.user_id for grant in everybody.grants if grant.user.email}
        for user in sorted(found):
            yield {"recipient_id": user}, Channel(rule.way)


def _row(event: Event, rule: NoticeRule, channel: Channel, at: datetime, **receiver: object) -> Notice:
    """An inbox has it as soon as it is written; the rest waits to be sent, or to be gathered, where it can be."""
    state = _beginning(channel, at_once=rule.at_once)
    return Notice(
        ticket=event.ticket,
        seq=event.seq,
        channel=channel,
        kind=event.kind,
        clock=event.data.get("clock", ""),
        template_id=rule.template_id,
        state=state,
        error="no_provider" if state == State.UNSENT else "",
        due_at=at if state == State.QUEUED else None,
        created_at=at,
        **receiver,
    )


def _beginning(channel: Channel, *, at_once: bool) -> State:
    if channel == Channel.INBOX:
        return State.SENT
    if sender(channel) is None:
        return State.UNSENT
    return State.QUEUED if at_once or channel in _AT_ONCE else State.HELD
