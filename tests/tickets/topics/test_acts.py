"""The life of a topic: opened, owned, measured, published, told, closed; and who may do none of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from qihu.accounts.models import Grant, Region, User
from qihu.errors import Conflict, Forbidden, Invalid, Stale, Unknown
from tests import make
from tests.tickets.topics import stories
from tests.tickets.topics.stories import DAY, IN_STATE, MESSAGE, NEXT, caller, fresh, members
from tickets.access import Caller
from tickets.models import Event, Ticket, Topic, TopicEvent
from tickets.services.topics import dismissing, entrusting, gathering, telling
from tickets.timeline import timeline
from tickets.topic_moves import TOPIC_MOVES, TopicAct, TopicState

pytestmark = pytest.mark.django_db
A = TopicAct


def attempt(act: TopicAct, topic: Topic, who: Caller) -> Topic:
    """Each act with what it asks for."""
    key = topic.pk
    asked = entrusting.trust(department="talent", due_on=(NEXT + 9 * DAY).date(), at=NEXT)
    some = topic.members.exclude(state="removed").order_by("-pk").values_list("ticket", flat=True).first() or 0
    more = Ticket.objects.filter(topic=None, restricted=False).exclude(topics__topic=topic).first()
    calls = {
        A.OPEN: lambda: gathering.open_proposal(topic_id=key, caller=who, at=NEXT),
        A.GATHER: lambda: gathering.gather(topic_id=key, caller=who, at=NEXT, tickets=[more.pk]),
        A.REMOVE: lambda: gathering.remove(topic_id=key, caller=who, at=NEXT, ticket_id=some),
        A.MUTE: lambda: gathering.mute(topic_id=key, caller=who, at=NEXT, ticket_id=some, muted=True),
        A.ENTRUST: lambda: entrusting.entrust(topic_id=key, caller=who, at=NEXT, asked=asked),
        A.MEASURE: lambda: entrusting.measure(topic_id=key, caller=who, at=NEXT, text="新增房源"),
        A.PUBLISH: lambda: entrusting.publish_result(
            topic_id=key, caller=who, at=NEXT, text="已增加", message="已增加"
        ),
        A.CLOSE: lambda: entrusting.close(topic_id=key, caller=who, at=NEXT),
        A.DISMISS: lambda: dismissing.dismiss(topic_id=key, caller=who, at=NEXT, text="字面相近"),
    }
    return calls[act]()


ROLES = {
    "dispatcher": "dispatcher",
    "director": "director",
    "supervisor": "supervisor",
    "head": "head.talent",
    "officer": "officer.talent",
    "intake": "intake",
    "leader": "leader",
}
STRANGERS = ("head.finance", "officer.land", "officer.discipline", "auditor", "sysadmin")


@pytest.mark.parametrize("state", IN_STATE)
def test_every_act_by_every_role_from_every_state(cast, state):
    """Against the table: who may, from where it starts; everybody else is refused and nothing changes."""
    topic = IN_STATE[state]()
    for act in TOPIC_MOVES:
        attempt_by_all(act, topic, state)


def attempt_by_all(act: TopicAct, topic: Topic, state: str) -> None:
    owned = topic.department_id is not None
    move = TOPIC_MOVES[act]
    for role, username in ROLES.items():
        who = caller(username)
        sees = owned or role not in {"head", "officer"}
        before = fresh(topic)
        with transaction.atomic():
            try:
                attempt(act, topic, who)
                made: object = True
            except (Forbidden, Unknown, Conflict) as refused:
                made = type(refused)
            transaction.set_rollback(True)
        if not sees:
            assert made is Unknown, role
        elif role not in move.by:
            assert made is Forbidden, role
        elif state not in move.sources or (act in {A.REMOVE, A.MUTE} and state == "published"):
            assert made is Conflict, role  # whom it was told to stays
        else:
            assert made is True, role
        assert fresh(topic).version == before.version
    for username in STRANGERS:
        with pytest.raises(Unknown):
            attempt(act, topic, caller(username))


def test_a_dispatcher_of_one_county_has_no_say_elsewhere(cast):
    topic = stories.opened()
    county = User.objects.create_user("dispatcher.kecheng", name="郑爽")
    Grant.objects.create(user=county, role="dispatcher", region=Region.objects.get(code="330802"))
    with pytest.raises(Unknown):
        attempt(A.DISMISS, topic, Caller(county))
    with pytest.raises(Forbidden):
        gathering.open_by_hand(
            caller=Caller(county), at=NEXT, title="路灯", tickets=[make.submitted(text=stories.LAMPS).pk]
        )


def test_opening_a_proposal_takes_its_requests_in_by_ids_only(cast):
    topic = stories.opened()
    assert (topic.state, topic.opened_at) == ("open", NEXT)
    assert len(members(topic)) == 4
    joined = Event.objects.filter(kind="topic")
    assert [e.data for e in joined] == [{"topic": topic.pk, "op": "joined", "how": "proposal"}] * 4
    assert Ticket.objects.filter(topic=topic).count() == 4
    ticket = Ticket.objects.filter(topic=topic).first()
    assert any("归入专题" in one.says for one in timeline(ticket, for_firm=False))
    assert not any("专题" in one.says for one in timeline(ticket, for_firm=True))


def test_some_of_a_proposal_are_taken_and_the_others_are_free(cast):
    topic = stories.proposed()
    chosen = list(topic.members.order_by("ticket").values_list("ticket", flat=True)[:2])
    gathering.open_proposal(
        topic_id=topic.pk, caller=caller("dispatcher"), at=NEXT, tickets=chosen, title="人才公寓轮候"
    )
    assert fresh(topic).title == "人才公寓轮候"
    assert len(members(topic)) == 2
    assert len(members(topic, "removed")) == 2
    with pytest.raises(Conflict, match="已由"):
        gathering.open_proposal(topic_id=topic.pk, caller=caller("director"), at=NEXT)


def test_nothing_chosen_is_no_topic(cast):
    topic = stories.proposed()
    with pytest.raises(Invalid):
        gathering.open_proposal(topic_id=topic.pk, caller=caller("dispatcher"), at=NEXT, tickets=[])


def test_by_hand_from_requests_of_one_county(cast):
    tickets = [make.submitted(text=stories.LAMPS, region="330802", enterprise_name=f"公司{n}") for n in range(2)]
    topic = gathering.open_by_hand(
        caller=caller("director"), at=NEXT, title="园区路灯", tickets=[t.pk for t in tickets]
    )
    assert (topic.state, topic.region_id, topic.title) == ("open", "330802", "园区路灯")
    assert members(topic) == {t.number for t in tickets}
    with pytest.raises(Conflict, match="不在专题的区划内"):
        gathering.gather(
            topic_id=topic.pk, caller=caller("director"), at=NEXT, tickets=[make.submitted(region="330803").pk]
        )


@pytest.mark.parametrize("title", ["", "  ", "长" * 61, "\x00"])
def test_a_topic_needs_a_name(cast, title):
    with pytest.raises(Invalid) as refused:
        gathering.open_by_hand(caller=caller("director"), at=NEXT, title=title, tickets=[make.submitted().pk])
    assert "title" in refused.value.fields
    assert not Topic.objects.exists()


def test_a_request_is_in_one_topic_at_a_time(cast):
    topic = stories.opened()
    taken = Ticket.objects.filter(topic=topic).first()
    with pytest.raises(Conflict, match=taken.number):
        gathering.open_by_hand(caller=caller("director"), at=NEXT, title="又一个", tickets=[taken.pk])
    assert Topic.objects.count() == 1
    other = gathering.open_by_hand(caller=caller("director"), at=NEXT, title="路灯", tickets=[make.submitted().pk])
    with pytest.raises(Conflict, match="另一个专题"):
        gathering.gather(topic_id=other.pk, caller=caller("director"), at=NEXT, tickets=[taken.pk])
    gathering.remove(topic_id=topic.pk, caller=caller("dispatcher"), at=NEXT, ticket_id=taken.pk)
    gathering.gather(topic_id=other.pk, caller=caller("director"), at=NEXT, tickets=[taken.pk])
    assert make.fresh(taken).topic_id == other.pk
    said = [e.data["op"] for e in Event.objects.filter(ticket=taken, kind="topic").order_by("seq")]
    assert said == ["joined", "left", "joined"]


@pytest.mark.parametrize(
    ("barred", "why"),
    [({"restricted": True}, "限制知悉"), ({"test": True}, "测试件"), ({"status": "merged"}, "已并案")],
)
def test_what_may_not_join(cast, barred, why):
    topic = stories.opened()
    ticket = make.submitted(text=stories.LAMPS)
    Ticket.objects.filter(pk=ticket.pk).update(**barred)
    with pytest.raises(Conflict, match=why):
        gathering.gather(topic_id=topic.pk, caller=caller("supervisor"), at=NEXT, tickets=[ticket.pk])


def test_a_member_that_becomes_restricted_is_in_no_count_and_is_not_told(cast):
    topic = stories.published()
    gone = Ticket.objects.filter(topic=topic).first()
    Ticket.objects.filter(pk=gone.pk).update(restricted=True)
    assert fresh(topic).requests == 3
    assert telling.tell(topic_id=topic.pk, at=NEXT) == 3
    assert not Event.objects.filter(ticket=gone, kind="topic_reply").exists()


def test_dismissing_frees_the_requests_and_needs_a_reason(cast):
    topic = stories.opened()
    with pytest.raises(Invalid):
        dismissing.dismiss(topic_id=topic.pk, caller=caller("director"), at=NEXT, text=" ")
    dismissing.dismiss(topic_id=topic.pk, caller=caller("director"), at=NEXT, text="各有原因。")
    assert fresh(topic).state == "dismissed"
    assert not Ticket.objects.filter(topic__isnull=False).exists()
    assert len(members(topic, "removed")) == 4


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"department": "nowhere"}, "department"),
        ({"department": "rural-bank"}, "department"),
        ({"department": "discipline"}, "department"),
        ({"due_on": make.MONDAY.date() - DAY}, "due_on"),
        ({"owner": "officer.finance"}, "owner"),
        ({"owner": "nobody"}, "owner"),
    ],
)
def test_owners_that_cannot_be(cast, asked, field):
    topic = stories.opened()
    whole = {"department": "talent", "due_on": (NEXT + DAY).date(), "at": NEXT} | asked
    with pytest.raises(Invalid) as refused:
        entrusting.entrust(topic_id=topic.pk, caller=caller("dispatcher"), at=NEXT, asked=entrusting.trust(**whole))
    assert field in refused.value.fields


def test_a_county_topic_is_not_for_another_countys_department(cast):
    ticket = make.submitted(region="330802")
    topic = gathering.open_by_hand(caller=caller("director"), at=NEXT, title="路灯", tickets=[ticket.pk])
    asked = entrusting.trust(department="talent-330803", due_on=(NEXT + DAY).date(), at=NEXT)
    with pytest.raises(Invalid, match="区划"):
        entrusting.entrust(topic_id=topic.pk, caller=caller("director"), at=NEXT, asked=asked)


def test_the_log_says_who_did_what_in_codes(cast):
    topic = stories.closed()
    log = list(TopicEvent.objects.filter(topic=topic).order_by("seq"))
    assert [(e.seq, e.kind, e.role) for e in log] == [
        (1, "propose", "system"),
        (2, "open", "dispatcher"),
        (3, "entrust", "dispatcher"),
        (4, "measure", "head"),
        (5, "publish", "director"),
        (6, "sent", "system"),
        (7, "close", "dispatcher"),
    ]
    whole = " ".join(str(e.data) for e in log)
    assert "房源" not in whole
    assert log[5].data == {"told": 4}


@pytest.mark.parametrize("sql", ["UPDATE tickets_topicevent SET kind = 'open'", "DELETE FROM tickets_topicevent"])
def test_the_log_is_append_only(cast, sql):
    stories.opened()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_measure_may_be_revised_and_counts_from_the_first(cast):
    topic = stories.measured()
    entrusting.measure(topic_id=topic.pk, caller=caller("head.talent"), at=NEXT + DAY, text="新增房源300套。")
    assert fresh(topic).measured_at == NEXT
    assert fresh(topic).measure == "新增房源300套。"


def test_a_stale_page_is_told(cast):
    topic = stories.measured()
    with pytest.raises(Stale):
        entrusting.publish_result(
            topic_id=topic.pk, caller=caller("director"), at=NEXT, text="好", message="好", expected_version=1
        )


def test_overdue_until_published(cast):
    topic = stories.measured()
    late = NEXT.date() + timedelta(days=11)
    assert not topic.late(late - DAY)
    assert topic.late(late)
    assert Topic.objects.overdue(late).get() == topic
    assert not stories.fresh(topic).late(NEXT.date())
    entrusting.publish_result(topic_id=topic.pk, caller=caller("director"), at=NEXT, text="好", message=MESSAGE)
    assert not Topic.objects.overdue(late).exists()


def test_not_closed_before_every_firm_is_told(cast):
    topic = stories.published()
    with pytest.raises(Conflict, match="还没有告知"):
        entrusting.close(topic_id=topic.pk, caller=caller("dispatcher"), at=NEXT)
    telling.tell(topic_id=topic.pk, at=NEXT)
    late = make.routed(text=stories.FLATS[0], enterprise_name="迟来公司", qr="DEMO-TALENT")
    gathering.gather(topic_id=topic.pk, caller=caller("dispatcher"), at=NEXT, tickets=[late.pk])
    with pytest.raises(Conflict):
        entrusting.close(topic_id=topic.pk, caller=caller("dispatcher"), at=NEXT)
    telling.tell(topic_id=topic.pk, at=NEXT)
    entrusting.close(topic_id=topic.pk, caller=caller("dispatcher"), at=NEXT)
    assert fresh(topic).state == TopicState.CLOSED
