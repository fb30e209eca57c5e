"""A month is frozen once and for all; whatever is recorded later, counting it again gives the same bytes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction

from qihu.audit.models import Action, Entry
from qihu.clock import now
from qihu.errors import Conflict, Forbidden, Invalid, Unknown
from routing.promises.drafts import copy_calendar, publish_calendar
from routing.promises.models import CalendarDay, CalendarVersion
from tests import make
from tests.people import user
from tickets.access import Caller
from tickets.figures import measures, projection, rebuilding, report
from tickets.figures.counters import counters_of
from tickets.figures.frozen import (
    canonical,
    content_of,
    cut_off,
    figures_of_content,
    groups_of_content,
    month_of,
    month_window,
)
from tickets.models import FrozenMonth, FrozenPage, Restated, RestatedPage
from tickets.services import approvals, callback, centre, closing, freezing, handling, review
from tickets.services.topics import gathering
from tickets.tasks import freeze as freeze_task

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
CUT = datetime(2026, 5, 31, 15, 59, 59, 999999, tzinfo=UTC)  # the last moment of May in Shanghai
AFTER = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
simulated = pytest.mark.django_db
recorded_later = pytest.mark.usefixtures("committed")
"""Events of one transaction are recorded at one moment: what is recorded after the freeze needs real commits."""


def a_month() -> dict[str, object]:
    return {
        "solved": make.closed(),
        "partial": make.closed(qr="DEMO-TALENT", outcome="partial"),
        "basic": make.closed(qr="DEMO-TALENT", result=3, at=make.MONDAY + DAY),
        "answered": make.answered(qr="DEMO-INDUSTRY"),
        "open": make.signed(at=make.MONDAY + DAY),
        "split": make.split(),
        "triaged": make.triaged(),
        "test": make.closed(test=True),
    }


def solved(taken: FrozenMonth | Restated, place: str = "r:330800") -> tuple[int, int]:
    told = taken.pages.get(place=place).content["whole"]["solved"]
    return told["hits"], told["n"]


def today(place: str = "r:330800", known: datetime | None = None) -> bytes:
    projection.catch_up()
    return canonical(content_of(month_window(MARCH, known=known), place, measures.in_force(CUT)))


@simulated
def test_the_cut_off_is_the_end_of_the_second_month_after():
    assert cut_off(MARCH) == CUT
    assert cut_off(date(2026, 11, 1)) == datetime(2027, 1, 31, 15, 59, 59, 999999, tzinfo=UTC)


@simulated
def test_what_is_kept_gives_back_every_figure_of_the_report():
    a_month()
    frozen = freezing.freeze(month=MARCH, at=AFTER)
    page = frozen.pages.get(place="r:330800").content
    window = month_window(MARCH, known=frozen.known_at)
    told = report(window, by=["department", "category", "channel"])
    definitions = measures.in_force(CUT)
    assert figures_of_content(page["whole"], definitions) == told.figures
    assert told.figures["submitted"].hits == 7
    assert told.figures["handling_net"].median is not None
    for by in ("department", "category", "channel"):
        kept = {group.value: group.figures for group in groups_of_content(page, by, definitions)}
        assert kept == {group.value: group.figures for group in told.groups[by]}
    assert {"d:finance", "d:talent"} <= set(frozen.pages.values_list("place", flat=True))


@simulated
def test_frozen_once_with_edition_digest_and_audit():
    a_month()
    frozen = freezing.freeze(month=MARCH, at=AFTER, by=user("director"))
    assert (frozen.as_of, frozen.definitions, frozen.by) == (CUT, 1, user("director"))
    assert frozen.known_at > CUT
    entry = Entry.objects.get(action=Action.FROZEN)
    assert (entry.key, entry.after["digest"]) == ("2026-03", bytes(frozen.digest).hex("-", 4))
    with pytest.raises(Conflict, match="2026年3月已经冻结"):
        freezing.freeze(month=MARCH, at=AFTER + DAY)
    assert FrozenMonth.objects.count() == 1


@simulated
@pytest.mark.parametrize(
    ("month", "at", "said"),
    [
        (MARCH, datetime(2026, 3, 20, tzinfo=UTC), "还没有结束"),
        (MARCH, CUT, "2026年5月31日 24 时"),
        (APRIL, AFTER, "2026年6月30日 24 时"),
        (date(2026, 1, 1), AFTER, "没有可统计的诉求"),
    ],
)
def test_months_that_cannot_be_frozen(month, at, said):
    make.closed()
    with pytest.raises(Invalid, match=said):
        freezing.freeze(month=month, at=at)
    assert not FrozenMonth.objects.exists()


@simulated
@pytest.mark.parametrize("typed", ["2026-13", "2026-8", "", "2026-08-01", "八月", "1999-01", "2026-08\n"])
def test_what_is_no_month(typed):
    with pytest.raises(Unknown):
        month_of(typed)


@simulated
@pytest.mark.parametrize("username", ["leader", "dispatcher", "intake", "head.finance", "officer.finance", "auditor"])
def test_others_neither_freeze_nor_restate(username):
    make.closed()
    with pytest.raises(Forbidden):
        freezing.freeze(month=MARCH, at=AFTER, by=user(username))
    freezing.freeze(month=MARCH, at=AFTER)
    with pytest.raises(Forbidden):
        freezing.restate(month=MARCH, by=user(username), reason="补录了三月的诉求", at=AFTER)
    assert not Restated.objects.exists()


@simulated
@pytest.mark.parametrize("reason", ["", "   ", "补录", "长" * 201])
def test_a_reason_is_needed(reason):
    make.closed()
    freezing.freeze(month=MARCH, at=AFTER)
    with pytest.raises(Invalid) as refused:
        freezing.restate(month=MARCH, by=user("director"), reason=reason, at=AFTER)
    assert "4 至 200 字" in refused.value.fields["reason"]


@simulated
def test_nothing_to_restate():
    make.closed()
    with pytest.raises(Invalid, match="还没有冻结"):
        freezing.restate(month=MARCH, by=user("director"), reason="补录了三月的诉求", at=AFTER)
    freezing.freeze(month=MARCH, at=AFTER)
    with pytest.raises(Invalid, match="与冻结数据一致"):
        freezing.restate(month=MARCH, by=user("director"), reason="补录了三月的诉求", at=AFTER)


@simulated
@pytest.mark.parametrize("model", [FrozenMonth, FrozenPage])
def test_the_database_refuses_to_alter_what_is_frozen(model):
    make.closed()
    freezing.freeze(month=MARCH, at=AFTER)
    for act in (lambda: model.objects.update(digest=b"0" * 32), lambda: model.objects.all()._raw_delete("default")):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            act()


@simulated
def test_a_tampered_page_is_told():
    make.closed()
    frozen = freezing.freeze(month=MARCH, at=AFTER)
    page = frozen.pages.get(place="d:finance")
    page.content["whole"]["solved"]["hits"] += 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE tickets_frozenpage DISABLE TRIGGER frozen_page_append_only"
        )
        page.save()
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE tickets_frozenpage ENABLE TRIGGER frozen_page_append_only"
        )
    found = freezing.verify(frozen)
    assert (found.equal, found.differing, found.sealed) == (False, ("d:finance",), True)
    assert freezing.verify(frozen, places=["r:330800"]).equal
    with pytest.raises(CommandError, match="d:finance") as refused:
        call_command("freeze_month", "2026-03", verify=True)
    assert refused.value.returncode == 1


@simulated
def test_the_task_freezes_the_oldest_month_one_a_run(monkeypatch):
    make.closed()
    make.closed(at=make.MONDAY - 40 * DAY)
    projection.catch_up()
    assert freezing.next_due(at=make.MONDAY + 20 * DAY) is None
    monkeypatch.setattr("tickets.tasks.database_now", lambda: AFTER)
    months = []
    for _ in range(3):
        freeze_task()
        months.append([f"{one}" for one in FrozenMonth.objects.order_by("month")])
    assert months == [["2026-01"], ["2026-01", "2026-03"], ["2026-01", "2026-03"]]
    assert set(FrozenMonth.objects.values_list("by", flat=True)) == {None}


@simulated
def test_the_command_freezes_and_verifies(capsys):
    make.closed()
    with pytest.raises(CommandError, match="还没有冻结"):
        call_command("freeze_month", "2026-03", verify=True)
    call_command("freeze_month", "2026-03")
    call_command("freeze_month", "2026-03", verify=True)
    assert "一致" in capsys.readouterr().out
    for typed in ("2026-13", "2026-03"):
        with pytest.raises(CommandError):
            call_command("freeze_month", typed)


@recorded_later
def test_whatever_is_recorded_later_the_frozen_month_is_counted_again_bit_for_bit():
    stories = a_month()
    frozen = freezing.freeze(month=MARCH, at=AFTER)
    before = today()
    assert before == canonical(frozen.pages.get(place="r:330800").content)

    def later() -> None:
        assert freezing.verify(frozen).equal
        assert today(known=frozen.known_at) == before

    # dated back before the cut-off, recorded after the freeze
    make.closed(at=make.MONDAY + 2 * DAY)
    later()
    director, supervisor = Caller(user("director")), Caller(user("supervisor"))
    closing.rate(ticket_id=stories["answered"].pk, at=make.MONDAY + 2 * HOUR, process=1, result=1)
    later()
    closing.reopen(ticket_id=stories["solved"].pk, at=make.MONDAY + 3 * DAY, reason="钱没有到账")
    later()
    asked = centre.exclude(
        ticket_id=stories["partial"].pk, caller=supervisor, at=make.MONDAY + 4 * DAY, reason="同行恶意评价"
    )
    approvals.approve(approval_id=asked.approval.pk, caller=director, at=make.MONDAY + 4 * DAY + HOUR)
    later()
    asked = centre.mark_test(
        ticket_id=stories["triaged"].pk, caller=Caller(user("intake")), at=make.MONDAY + 4 * DAY, reason="演示用的"
    )
    approvals.approve(approval_id=asked.approval.pk, caller=director, at=make.MONDAY + 4 * DAY + HOUR)
    later()
    callback.call_back(
        ticket_id=stories["basic"].pk, caller=supervisor, at=make.MONDAY + 5 * DAY, contacted=True, solved=False
    )
    later()
    ticket = stories["open"]
    handling.reply(
        ticket_id=ticket.pk, caller=make.officer_of(ticket), at=make.MONDAY + 5 * DAY, outcome="unsolved", text="办不了"
    )
    review.deliver(ticket_id=ticket.pk, caller=make.head_of(ticket), at=make.MONDAY + 5 * DAY + HOUR)
    later()
    assert today() != before
    rebuilding.rebuild(workers=1, at=AFTER + 30 * DAY)
    later()


@recorded_later
def test_a_restatement_stands_beside_with_its_reason():
    make.closed()
    frozen = freezing.freeze(month=MARCH, at=AFTER)
    make.closed(at=make.MONDAY + DAY, outcome="unsolved", result=1)
    first = freezing.restate(month=MARCH, by=user("director"), reason=" 补录了一件三月的诉求 ", at=AFTER + DAY)
    assert (first.ordinal, first.reason, first.as_of, first.by.username) == (1, "补录了一件三月的诉求", CUT, "director")
    assert (solved(frozen), solved(first)) == ((1, 1), (1, 2))
    entry = Entry.objects.get(action=Action.RESTATED)
    assert (entry.after["ordinal"], entry.reason.body) == (1, first.reason)
    with pytest.raises(Invalid, match="与第 1 次重述一致"):
        freezing.restate(month=MARCH, by=user("supervisor"), reason="再补录一件三月的诉求", at=AFTER + DAY)
    make.closed(at=make.MONDAY + DAY)
    second = freezing.restate(month=MARCH, by=user("supervisor"), reason="再补录一件三月的诉求", at=AFTER + 2 * DAY)
    assert (second.ordinal, solved(second)) == (2, (2, 3))
    for taken in (frozen, first, second):
        assert freezing.verify(taken).equal
    for model in (Restated, RestatedPage):
        with pytest.raises(IntegrityError, match="append-only"):
            model.objects.update(digest=b"0" * 32)


@recorded_later
def test_two_at_once_freeze_once():
    make.closed()
    projection.catch_up()

    def one(_: int) -> str:
        try:
            freezing.freeze(month=MARCH, at=AFTER)
        except Conflict as error:
            return error.code
        finally:
            connections.close_all()
        return "frozen"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, range(2))) == ["frozen", "frozen-already"]
    assert FrozenMonth.objects.count() == 1


@pytest.fixture
def second_edition(tmp_path, monkeypatch):
    """A later edition in which 基本满意 is no longer solved enough."""
    first = (measures._EDITIONS / "1.toml").read_text(encoding="utf-8")
    told = first.replace("number = 1", "number = 2").replace("2026-01-01", "2026-07-01")
    told = told.replace(
        'counted = "closed and outcome_solved and not rated_low and not call_denies"', 'counted = "rated"'
    )
    (tmp_path / "1.toml").write_text(first, encoding="utf-8")
    (tmp_path / "2.toml").write_text(told, encoding="utf-8")
    monkeypatch.setattr(measures, "_EDITIONS", tmp_path)
    measures.editions.cache_clear()
    yield
    monkeypatch.undo()
    measures.editions.cache_clear()
    counters_of.cache_clear()


@recorded_later
def test_a_month_keeps_its_edition_and_is_restated_by_the_newest(second_edition):
    make.closed(result=1)
    frozen = freezing.freeze(month=MARCH, at=AFTER)
    assert (frozen.definitions, solved(frozen)) == (1, (0, 1))
    with pytest.raises(Invalid):
        freezing.restate(month=MARCH, by=user("director"), reason="仍按第一版口径", at=AFTER)
    restated = freezing.restate(month=MARCH, by=user("director"), reason="改按第二版口径", at=AFTER + 40 * DAY)
    assert (restated.definitions, solved(restated)) == (2, (1, 1))
    assert freezing.verify(frozen).equal
    assert freezing.verify(restated).equal


@recorded_later
def test_a_calendar_corrected_after_the_freeze_leaves_the_month_as_it_was():
    make.closed()
    frozen = freezing.freeze(month=MARCH, at=AFTER)
    told = frozen.pages.get(place="r:330800").content["whole"]["handling_net"]
    assert told["half_seconds"] == 2 * 30 * 60
    source = CalendarVersion.objects.filter(calendar__department=None, published_at__isnull=False).latest("number")
    version = copy_calendar(version_id=source.pk, author=None)
    CalendarDay.objects.create(version=version, on=date(2026, 3, 2), working=False, name="停办")
    publish_calendar(version_id=version.pk, author=None, at=now(), correction=True)
    make.closed(at=make.MONDAY + HOUR)
    rebuilding.rebuild(workers=1, at=AFTER + 30 * DAY)
    assert freezing.verify(frozen).equal
    assert canonical(frozen.pages.get(place="r:330800").content) != today()


@recorded_later
def test_a_member_leaving_its_topic_after_the_freeze():
    first = make.closed(contact_phone="13800000007", text="夜班员工反映园区北门的路灯坏了。")
    again = make.closed(at=make.MONDAY + DAY, contact_phone="13800000007", text="希望对接过桥资金。")
    topic = gathering.open_by_hand(
        caller=Caller(user("director")), at=make.MONDAY + 2 * DAY, title="公寓", tickets=[first.pk, again.pk]
    )
    frozen = freezing.freeze(month=MARCH, at=AFTER)
    assert frozen.pages.get(place="r:330800").content["whole"]["repeat"]["hits"] == 1
    gathering.remove(topic_id=topic.pk, caller=Caller(user("director")), at=AFTER + DAY, ticket_id=again.pk)
    projection.catch_up()
    assert freezing.verify(frozen).equal
