"""One message back to all firms: the same words on every request's receipt, and each firm notified once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from qihu.outbox.publish import publish
from tickets.access import SYSTEM
from tickets.models import Ticket, Topic, TopicMember
from tickets.services.intent import Aside
from tickets.services.topics.acting import finish
from tickets.services.topics.gathering import TELL
from tickets.services.transition import perform_all
from tickets.terms import Party, Remark, Status
from tickets.topic_moves import TopicAct, TopicRole

SIZE = 100
"""Requests told in one transaction."""


@transaction.atomic
def tell(*, topic_id: int, at: datetime) -> int:
    """Tell the next batch of members and ask for another one until none is left; how many were told.

    Run twice, or stopped half-way and run again, it tells nobody twice: a member that was told says so, and the
    database lets one firm be notified once (`topic_firm_notified_once`). A withdrawn request gets the words on its
    receipt and nothing more.
    """
    keys = list(TopicMember.objects.untold(topic_id).order_by("ticket").values_list("ticket", flat=True)[:SIZE])
    tickets = {ticket.pk: ticket for ticket in Ticket.objects.lock(keys)}
    topic = Topic.objects.lock(topic_id)
    if topic is None or topic.published_at is None:
        return 0
    waiting = TopicMember.objects.untold(topic_id).of_tickets(tickets)
    members = list(waiting.order_by("ticket"))
    _tell(topic, members, tickets, at)
    if TopicMember.objects.untold(topic_id).exists():
        publish(TELL, topic_id=topic_id)
    elif topic.sent_back_at is None:
        topic.sent_back_at = at
        told = {"told": TopicMember.objects.told(topic).count()}
        changed = ("sent_back_at",)
        finish(TopicAct.SENT, topic, role=TopicRole.SYSTEM, caller=SYSTEM, at=at, changed=changed, data=told)
    return len(members)


def _tell(topic: Topic, members: list[TopicMember], tickets: dict[int, Ticket], at: datetime) -> None:
    if not members:
        return
    notified = set(topic.members.filter(loud=True).values_list("firm", flat=True))
    for member in members:
        ticket = tickets[member.ticket_id]
        member.loud = member.firm not in notified and ticket.status != Status.WITHDRAWN
        if member.loud:
            notified.add(member.firm)
    asides = [_aside(topic, member, at) for member in members]
    for member, done in zip(members, perform_all(asides, locked=tickets), strict=True):
        member.told_seq, member.told_at = done.event.seq, at
    TopicMember.objects.bulk_update(members, ["told_seq", "told_at", "loud"])


def _aside(topic: Topic, member: TopicMember, at: datetime) -> Aside:
    """The answer on one request; a firm that was told already, or that withdrew, is not rung up for it."""
    return Aside(
        kind=Remark.TOPIC_REPLY,
        ticket_id=member.ticket_id,
        at=at,
        party=Party.SYSTEM,
        data={"topic": topic.pk} if member.loud else {"topic": topic.pk, "silent": True},
        text=topic.message,
        then=("tickets.notify",) if member.loud else (),
        turns_version=False,
    )
