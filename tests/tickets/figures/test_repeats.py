"""Repeats: against every pair of requests compared by the definition; four statements, each served by indexes."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from routing.triage.alike import firm_key
from tests import make
from tests.bench.crowd import copied
from tests.firms import firm, person
from tests.tickets.figures import pairs
from tests.tickets.topics.stories import FLATS, LAMPS, NOISE
from tickets.figures import projection, rebuilding, report, window_from
from tickets.figures.repeats import repeats_of
from tickets.models import Ticket, Topic
from tickets.models.text import FIRM_NAME
from tickets.services import approvals, centre, dispatch, erasing, joining
from tickets.services.topics import gathering

pytestmark = pytest.mark.django_db
DAY, WITHIN = timedelta(days=1), timedelta(days=90)
WORDS = (*FLATS, *NOISE, "夜班员工反映园区北门的路灯坏了，请尽快维修路灯。", "流动资金贷款到期，希望对接过桥资金。", "")
NAMES = (
    *("浙江安捷（衢州）有限公司", "浙江安捷(衢州)有限公司", "衢州 安捷有限公司"),
    *("衢州五洲特纸有限公司", "开化ＡＢＣ公司", "开化abc公司"),
)
CODES = ("", "", "91330800MA28F0000X", "913308001477200033")
PHONES = ("13900000001", "13900000002", "13900000003", "13900000004", "13900000005")


def text(dice: random.Random) -> str:
    """Some sentence, sometimes with pieces of another."""
    said, other = dice.choice(WORDS), dice.choice(WORDS)
    cut = dice.randrange(len(other) + 1)
    return dice.choice((said, said + other[:cut], other[cut:] + said[: len(said) // 2])) or "。"


def come_in(dice: random.Random, n: int) -> list[Ticket]:
    account = firm(person(), uscc="91330800MA28F00001", name="衢州安捷线束有限公司")
    found = []
    for _ in range(n):
        who = {"enterprise_name": dice.choice(NAMES), "uscc": dice.choice(CODES), "contact_phone": dice.choice(PHONES)}
        more = {"enterprise": dice.choice((None, None, account.pk)), "test": dice.random() < 0.05}
        found.append(make.submitted(text=text(dice), at=make.MONDAY + 200 * DAY * dice.random(), **who, **more))
    found.append(make.submitted(category="SRV-04", qr="DEMO-SERVICE", at=make.MONDAY, enterprise_name=NAMES[0]))
    return found


def happen(dice: random.Random, tickets: list[Ticket], cast) -> None:
    """Merges, splits, tests and topics; what the table refuses is avoided."""
    at = make.MONDAY + 201 * DAY
    spare = [one for one in tickets if not (one.test or one.restricted)]
    dice.shuffle(spare)
    for one, other in zip(spare[:4], spare[4:8], strict=True):
        when = dice.choice((at, max(one.submitted_at, other.submitted_at)))
        joining.merge(ticket_id=one.pk, caller=cast.as_intake, at=when, into=other.number)
    for one in spare[8:11]:
        parts = [{"text": one.filing.text, "department": "finance"}, {"text": LAMPS, "department": "land"}]
        joining.split(ticket_id=one.pk, caller=cast.as_dispatcher, at=at, parts=parts)
    for one in spare[11:13]:
        when = dice.choice((at, one.submitted_at))
        asked = centre.mark_test(ticket_id=one.pk, caller=cast.as_intake, at=when, reason="演练")
        approvals.approve(approval_id=asked.approval.pk, caller=cast.as_director, at=when)
    gathered(spare[13:35], at, cast, out=spare[20].pk)


def gathered(tickets: list[Ticket], at: datetime, cast, *, out: int) -> Topic:
    """Half of them at once, the others a day later; one is taken out again."""
    keys = [one.pk for one in tickets]
    topic = gathering.open_by_hand(caller=cast.as_director, at=at, title="公寓", tickets=keys[::2])
    gathering.gather(topic_id=topic.pk, caller=cast.as_director, at=at + DAY, tickets=keys[1::2])
    return gathering.remove(topic_id=topic.pk, caller=cast.as_director, at=at + 2 * DAY, ticket_id=out)


@pytest.mark.parametrize("seed", [1, 2, pytest.param(3, marks=pytest.mark.full)])
def test_repeats_are_those_that_comparing_every_pair_finds(seed, cast):
    dice = random.Random(seed)
    happen(dice, come_in(dice, 60), cast)
    keys = list(Ticket.objects.values_list("pk", flat=True))
    expected = pairs.repeats()
    assert 10 < len(expected) < len(keys) - 10
    assert any(at > make.MONDAY + 200 * DAY for at in expected.values())  # by topic alone
    assert repeats_of(keys) == expected
    for some in (keys[::3], keys[:1]):
        assert repeats_of(some) == {key: at for key, at in expected.items() if key in some}
    assert repeats_of([]) == {}


def test_a_request_is_one_from_its_own_submission_and_the_first_is_none(cast):
    first = make.routed(text=LAMPS)
    again = make.routed(text="夜班员工反映园区北门的路灯坏了，请尽快维修路灯。", at=make.MONDAY + WITHIN)
    make.routed(text=LAMPS, at=make.MONDAY + 200 * DAY)
    make.routed(text=LAMPS, enterprise_name="别的公司", contact_phone="13900000009", at=make.MONDAY + DAY)
    assert repeats_of([first.pk, again.pk]) == {again.pk: again.submitted_at}
    projection.catch_up()
    figure = report(window_from("2026-01-01", "2027-01-01", at=make.MONDAY + 300 * DAY)).figures["repeat"]
    assert (figure.hits, figure.denominator) == (1, 4)


def test_what_was_merged_before_counts_no_more_and_what_is_merged_later_did(cast):
    parent = make.routed(text=NOISE[0])
    gone = make.routed(text=LAMPS)
    joining.merge(ticket_id=gone.pk, caller=cast.as_intake, at=make.MONDAY + DAY, into=parent.number)
    before, after = make.routed(text=LAMPS, at=make.MONDAY + DAY / 2), make.routed(text=LAMPS, at=make.MONDAY + 2 * DAY)
    assert repeats_of([before.pk, after.pk]) == {one.pk: one.submitted_at for one in (before, after)}
    joining.merge(ticket_id=before.pk, caller=cast.as_intake, at=make.MONDAY + 3 * DAY, into=parent.number)
    assert repeats_of([after.pk]) == {after.pk: after.submitted_at}
    later = make.routed(text=LAMPS, at=make.MONDAY + 2 * DAY + WITHIN + make.MINUTE)
    assert repeats_of([later.pk]) == {}


def test_what_was_restricted_before_counts_no_more_and_what_is_restricted_later_did(cast):
    year = window_from("2026-01-01", "2027-01-01", at=make.MONDAY + 300 * DAY)
    other = {"enterprise_name": "别的公司", "contact_phone": "13900000009"}
    first, of_other = make.routed(text=LAMPS), make.routed(text=LAMPS, **other)
    again = make.routed(text=LAMPS, at=make.MONDAY + DAY)
    projection.catch_up()
    for one in (first, of_other):
        at = make.MONDAY + 2 * DAY
        dispatch.reassign(ticket_id=one.pk, caller=cast.as_dispatcher, at=at, department="discipline", text="涉纪检")
    later = make.routed(text=LAMPS, at=make.MONDAY + 3 * DAY, **other)
    assert repeats_of([again.pk, later.pk]) == {again.pk: again.submitted_at}
    projection.catch_up()
    kept = report(year).figures["repeat"]
    assert (kept.hits, kept.denominator) == (1, 2)
    rebuilding.rebuild(at=make.MONDAY + 300 * DAY, workers=1)
    assert report(year).figures["repeat"] == kept


def test_one_becomes_a_repeat_when_what_came_before_it_joins_its_topic(cast):
    year = window_from("2026-01-01", "2027-01-01", at=make.MONDAY + 300 * DAY)
    first = make.routed(text=LAMPS)
    again = make.routed(text=NOISE[0], at=make.MONDAY + DAY)
    by = {"caller": cast.as_director}
    topic = gathering.open_by_hand(at=make.MONDAY + 2 * DAY, title="园区", tickets=[again.pk], **by)
    counted = []
    for act in (gathering.gather, gathering.remove):
        projection.catch_up()
        counted.append(report(year).figures["repeat"].hits)
        more = {"tickets": [first.pk]} if act is gathering.gather else {"ticket_id": first.pk}
        act(topic_id=topic.pk, at=make.MONDAY + 3 * DAY, **more, **by)
    assert repeats_of([first.pk, again.pk]) == {}
    projection.catch_up()
    assert [*counted, report(year).figures["repeat"].hits] == [0, 1, 0]


def test_by_its_topic_one_is_a_repeat_until_what_came_before_it_is_restricted(cast):
    first, again = make.routed(text=LAMPS), make.routed(text=NOISE[0], at=make.MONDAY + DAY)
    by = {"caller": cast.as_director, "at": make.MONDAY + 2 * DAY}
    gathering.open_by_hand(title="园区", tickets=[first.pk, again.pk], **by)
    dispatch.reassign(
        ticket_id=first.pk, caller=cast.as_dispatcher, at=make.MONDAY + 4 * DAY, department="discipline", text="涉纪检"
    )
    projection.catch_up()

    def counted(days: int) -> int:
        as_of = make.MONDAY + days * DAY
        return report(window_from("2026-03-01", "2026-04-01", as_of=as_of.isoformat(), at=as_of)).figures["repeat"].hits

    kept = [counted(days) for days in (1, 3, 5)]
    assert kept == [0, 1, 0]
    rebuilding.rebuild(at=make.MONDAY + 300 * DAY, workers=1)
    assert [counted(days) for days in (1, 3, 5)] == kept


def test_erasing_words_changes_nothing_that_rested_on_them():
    first, alone = (
        make.closed(text=LAMPS),
        make.closed(text="别的事", enterprise_name="甲公司", contact_phone="13900000008"),
    )
    again = make.withdrawn(text=LAMPS, at=make.MONDAY + DAY)
    last = make.routed(text=LAMPS, at=make.MONDAY + 2 * DAY)
    keys = [one.pk for one in (first, alone, again, last)]
    before = repeats_of(keys)
    assert before == {one.pk: one.submitted_at for one in (again, last)}
    for one in (first, again, alone):
        erasing.erase(ticket_id=one.pk, cause="wish", at=make.MONDAY + 9 * DAY)
        assert repeats_of(keys) == before
    new = make.routed(text=LAMPS, at=make.MONDAY + 10 * DAY)
    assert new.pk in repeats_of([new.pk])  # the last one can still be read


def test_the_database_reads_a_firms_name_as_python_does():
    names = [
        "浙江安捷（衢州）有限公司",
        "ＡＢＣ【衢州】〔集团〕",
        "a <b> 《c》\u3000d\te",
        "Ünïcode ÉCOLE",
        "①号厂",
        "",
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {FIRM_NAME.format('name')} FROM unnest(%s::text[]) AS name", [names])  # noqa: S608
        assert [key for (key,) in cursor.fetchall()] == [firm_key(name) for name in names]


def test_four_statements_however_many_and_each_by_an_index(cast, django_assert_num_queries):
    keys = [one.pk for one in come_in(random.Random(1), 20)]
    crowd_of_firms(like=keys[0], count=3000)
    with django_assert_num_queries(4), CaptureQueriesContext(connection) as made:
        assert repeats_of(keys)
    assert repeats_of(keys[:2]) is not None
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        read = set()
        for query in made.captured_queries:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {query['sql']}")
            read |= scans(cursor.fetchone()[0])
    assert {"filing_uscc", "filing_phone", "filing_firm", "ticket_enterprise_newest"} <= read
    assert not [one for one in read if one.startswith("Seq Scan")]


def crowd_of_firms(*, like: int, count: int) -> None:
    """So many more, each of another firm, that an index is worth its while."""
    first = like + 100_000
    fresh = {"id": "%(first)s + g", "number": "'QX-' || %(first)s + g", "enterprise_id": "NULL"}
    own = {
        "ticket_id": "%(first)s + g",
        "uscc": "'U' || g",
        "phone_index": "decode(md5(g::text), 'hex')",
        "enterprise_name": "'衢州第' || g || '机械厂'",
    }
    with connection.cursor() as cursor:
        copied(cursor, "tickets_ticket", fresh, "t.id = %(like)s", like, first, count)
        copied(cursor, "tickets_filing", own, "t.ticket_id = %(like)s", like, first, count)
        cursor.execute("ANALYZE tickets_ticket, tickets_filing")


def scans(plan: object) -> set[str]:
    """Indexes used, and "Seq Scan on …" for each table that is read whole."""
    if isinstance(plan, list):
        return set().union(*map(scans, plan)) if plan else set()
    if not isinstance(plan, dict):
        return set()
    found = {plan["Index Name"]} if "Index Name" in plan else set()
    if plan.get("Node Type") == "Seq Scan":
        found.add(f"Seq Scan on {plan['Relation Name']}")
    return found.union(*map(scans, plan.values()))
