"""A share of tier-1 replies is reviewed by the director: drawn when the reply is made, and on their list."""

from __future__ import annotations

import pytest

from qihu.errors import RefusedByRule
from tests import make
from tickets.models import Draw, Event, Notice, Ticket
from tickets.services import review
from tickets.services.notify import notify_all

pytestmark = pytest.mark.django_db
LATER = make.MONDAY + 60 * make.MINUTE


def lists(head, director) -> tuple[bool, bool]:
    """Whether the reply waits for the head, and for the director."""
    return (
        Ticket.objects.waiting_for_review(head.actor_id, tier_one=True).exists(),
        Ticket.objects.waiting_for_review(director.actor_id, tier_one=False).exists(),
    )


@pytest.mark.parametrize(("share", "who"), [(0.0, "head"), (1.0, "director")])
def test_what_is_drawn_waits_for_the_director_alone(cast, share, who):
    Draw.objects.filter(code=Draw.Code.REVIEW).update(share=share)
    ticket = make.replied()
    head, director = make.head_of(ticket), cast.as_director
    assert lists(head, director) == (who == "head", who == "director")
    reply = Event.objects.get(ticket=ticket, kind="reply")
    notify_all([{"ticket_id": ticket.pk, "seq": reply.seq}], at=LATER)
    told = set(Notice.objects.filter(seq=reply.seq, recipient__isnull=False).values_list("recipient", flat=True))
    assert told == {head.actor_id if who == "head" else director.actor_id}
    wrong, right = (director, head) if who == "head" else (head, director)
    with pytest.raises(RefusedByRule, match="审核送达"):
        review.deliver(ticket_id=ticket.pk, caller=wrong, at=LATER)
    review.deliver(ticket_id=ticket.pk, caller=right, at=LATER)
    assert make.fresh(ticket).status == "answered"


def test_a_share_changed_afterwards_draws_nothing_anew(cast):
    Draw.objects.filter(code=Draw.Code.REVIEW).update(share=1.0)
    ticket = make.replied()
    Draw.objects.filter(code=Draw.Code.REVIEW).update(share=0.0)
    review.deliver(ticket_id=ticket.pk, caller=cast.as_director, at=LATER)
    assert make.fresh(ticket).status == "answered"
