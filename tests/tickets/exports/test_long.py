"""Long exports: made slice by slice, resumed wherever they were cut, and given to whoever may still have them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag

from qihu.accounts.models import Department, Grant, Role
from qihu.audit.models import Action, Entry
from qihu.errors import Conflict, Forbidden, Gone, Unknown
from qihu.outbox.consume import drain
from qihu.outbox.models import Message
from tests import make
from tests.people import user
from tests.tickets.exports.taken import AT, MARCH, WHY, Csv, Xlsx, a_month, all_of, kept, plain, sent
from tickets.access import Caller, visible_to
from tickets.models import Export, ExportPart, Ticket
from tickets.services.exports import asking, fetching, picking, pieces, working

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Seven requests are four slices and a long export."""
    monkeypatch.setattr(picking, "AT_ONCE", 6)
    monkeypatch.setattr(asking, "SIZE", 2)


def asked(who: str = "leader", **more: str) -> Export:
    made = asking.export(picked=all_of(who), caller=Caller(user(who)), at=AT, **({"form": "csv", "reason": WHY} | more))
    assert isinstance(made, Export)
    return made


def content(export: Export, who: str = "leader") -> bytes:
    return b"".join(fetching.fetch(number=export.number, caller=Caller(user(who)), at=AT))


def states() -> list[str]:
    return [entry.after["state"] for entry in Entry.objects.filter(action=Action.EXPORTED).order_by("pk")]


def test_a_long_one_is_made_by_the_outbox_and_equals_the_list():
    a_month()
    export = asked()
    assert export.state == "waiting"
    assert Message.objects.filter(topic="tickets.export").count() == 1
    drain()
    export.refresh_from_db()
    assert (export.state, export.rows, export.expected) == ("ready", 7, 7)
    file = Csv(content(export))
    assert file.column("编号") == [t.number for t in visible_to(user("leader")).newest_first()]
    assert plain(file.said["SM3"]) == file.hash == bytes(export.digest).hex()
    assert states() == ["asked", "ready", "fetched", "sent"]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_it_is_the_file_that_a_short_one_would_have_been(monkeypatch, form):
    a_month()
    export = kept(all_of("leader"), "leader", form=form)
    monkeypatch.setattr(picking, "AT_ONCE", 100)
    short, _ = sent(all_of("leader"), "leader", form=form)
    read = Csv if form == "csv" else Xlsx
    one, other = read(content(export)), read(short)
    assert (one.heading, one.rows, one.hash) == (other.heading, other.rows, other.hash)


def test_progress_is_told_and_every_slice_takes_its_turn():
    a_month()
    export = asked()
    seen = []
    while Export.objects.in_work().exists():
        working.work(export_id=export.pk, at=AT)
        export.refresh_from_db()
        seen.append((export.state, working.done_rows([export]).get(export.pk, 0)))
    assert seen == [("working", 2), ("working", 4), ("working", 6), ("working", 7), ("ready", 0)]
    working.work(export_id=export.pk, at=AT)  # a message that came twice
    assert states() == ["asked", "ready"]


@pytest.mark.parametrize("turn", range(5))  # the last dies while it finishes
def test_killed_in_the_middle_of_a_slice_it_goes_on_without_a_row_doubled_or_missing(monkeypatch, turn):
    a_month()
    export, turns = asked(), [0]
    target, name, dies = (working, "sealed", turn + 1) if turn < 4 else (working.tracks, "leave", 1)
    whole = getattr(target, name)

    def killed(*args: object, **more: object) -> object:
        turns[0] += 1
        if turns[0] == dies:
            raise SystemExit  # the worker is gone, and its transaction with it
        return whole(*args, **more)

    monkeypatch.setattr(target, name, killed)
    for _ in range(20):
        try:
            working.work(export_id=export.pk, at=AT)
        except SystemExit:
            continue
    export.refresh_from_db()
    assert turns[0] > 1
    assert (export.state, export.rows) == ("ready", 7)
    file = Csv(content(export))
    assert sorted(file.column("编号")) == sorted(Ticket.objects.values_list("number", flat=True))


def test_what_is_kept_can_be_read_by_nobody_else():
    a_month()
    export = kept(all_of("leader"), "leader")
    first, second = export.parts.all().in_order()[:2]
    assert Ticket.objects.latest("pk").number.encode() not in bytes(first.body)
    first.number, second.number = second.number, first.number  # exchanged in the database
    with pytest.raises(InvalidTag):
        pieces.opened(first)


def test_a_second_tap_is_the_same_export_and_nobody_has_more_than_three_in_work():
    a_month()
    first = asked(key="form-1")
    assert asked(key="form-1").pk == first.pk
    assert asked("supervisor", key="form-1").pk != first.pk
    asked(key="form-2"), asked(key="form-3")
    with pytest.raises(Conflict) as refused:
        asked(key="form-4")
    assert refused.value.code == "too-many-exports"
    drain()
    asked(key="form-4")


def test_nothing_is_given_before_it_is_ready_or_after_its_time():
    a_month()
    export = asked()
    with pytest.raises(Conflict):
        content(export)
    drain()
    assert content(export)
    late = AT + asking.KEPT
    with pytest.raises(Gone):
        fetching.fetch(number=export.number, caller=Caller(user("leader")), at=late)
    assert fetching.forget(at=late) == 1
    assert fetching.forget(at=late) == 0
    export.refresh_from_db()
    assert (export.state, export.reason, export.words) == ("expired", "", "")
    assert not ExportPart.objects.exists()
    with pytest.raises(Gone):
        content(export)


def test_a_short_one_was_never_kept():
    make.closed()
    _, export = sent(all_of("leader"), "leader")
    with pytest.raises(Gone) as refused:
        content(export)
    assert "直接下载" in refused.value.message


WHOS = ["leader", "supervisor", "director", "dispatcher", "intake", "head.finance", "officer.finance", "auditor"]


@pytest.mark.parametrize("who", WHOS)
@pytest.mark.parametrize("owner", ["leader", "head.finance"])
def test_a_file_is_for_the_person_who_asked_alone(owner, who):
    a_month()
    export = kept(all_of(owner), owner)
    if who == owner:
        assert content(export, who)
        return
    with pytest.raises(Unknown):
        content(export, who)
    assert export not in Export.objects.of_user(user(who))


@pytest.mark.parametrize("number", ["DC-20260331-000000", "DC-1", "x", "DC-20260331-99999999999999999999", "DC-１"])
def test_numbers_that_are_none_are_unknown(number):
    with pytest.raises(Unknown):
        fetching.one_of(Caller(user("leader")), number)


def test_another_date_before_the_serial_is_another_number():
    make.closed()
    export = kept(all_of("leader"), "leader")
    with pytest.raises(Unknown):
        fetching.one_of(Caller(user("leader")), export.number.replace("20260331", "20260330"))


def moved(who: str, department: str) -> None:
    grant = Grant.objects.get(user=user(who), role=Role.HEAD)
    grant.department = Department.objects.get(code=department)
    grant.save(update_fields=["department"])


@pytest.mark.parametrize("what", ["tickets", "figure_rows", "figures"])
def test_who_lost_the_right_between_asking_and_downloading_gets_nothing(what):
    a_month()
    head = user("head.finance")
    picked = {
        "tickets": lambda: all_of("head.finance"),
        "figure_rows": lambda: picking.of_number(head, MARCH | {"figure": "submitted"}, at=AT),
        "figures": lambda: picking.of_figures(head, MARCH, at=AT),
    }[what]()
    export = kept(picked, "head.finance")
    assert content(export, "head.finance")
    moved("head.finance", "land")
    with pytest.raises(Forbidden) as refused:
        content(export, "head.finance")
    assert refused.value.code == "right-lost"
    Grant.objects.filter(user=head).delete()
    with pytest.raises(Forbidden):
        content(export, "head.finance")


def test_who_lost_the_right_while_it_was_made_gets_nothing_made():
    a_month()
    export = asking.keep(
        picked=all_of("head.finance"), caller=Caller(user("head.finance")), at=AT, form="csv", reason=WHY
    )
    working.work(export_id=export.pk, at=AT)
    moved("head.finance", "land")
    drain()
    export.refresh_from_db()
    assert export.state == "stopped"
    assert not export.parts.exists()
    assert states() == ["asked", "stopped"]
    with pytest.raises(Gone) as refused:
        content(export, "head.finance")
    assert "授权有变" in refused.value.message


def test_who_was_switched_off_gets_nothing():
    a_month()
    export = kept(all_of("leader"), "leader")
    person = user("leader")
    person.is_active = False
    person.save(update_fields=["is_active"])
    with pytest.raises(Forbidden):
        content(export)


def test_what_went_to_others_became_restricted_or_was_shielded_does_not_leave_with_an_old_file():
    a_month()
    mine = kept(all_of("head.finance"), "head.finance")
    ours = kept(all_of("leader"), "leader")
    one = visible_to(user("head.finance")).earliest("pk")
    Ticket.objects.filter(pk=one.pk).update(department=Department.objects.get(code="land"))
    with pytest.raises(Forbidden) as refused:
        content(mine, "head.finance")
    assert refused.value.code == "rows-lost"
    assert content(ours)
    Ticket.objects.filter(pk=one.pk).update(shielded=True)
    with pytest.raises(Forbidden) as refused:
        content(ours)
    assert refused.value.code == "rows-shielded"
    Ticket.objects.filter(pk=one.pk).update(shielded=False, restricted=True)
    with pytest.raises(Forbidden) as refused:
        content(ours)
    assert refused.value.code == "rows-lost"


def test_a_firm_that_was_hidden_in_it_may_stay_hidden():
    make.routed(shielded=True)
    assert Csv(content(kept(all_of("leader"), "leader"))).column("企业") == ["身份保密企业"]


def test_requests_that_left_sight_while_it_was_made_are_left_out_and_told():
    a_month()
    export = asked()
    working.work(export_id=export.pk, at=AT)
    Ticket.objects.filter(pk=Ticket.objects.earliest("pk").pk).update(restricted=True)
    drain()
    export.refresh_from_db()
    assert (export.state, export.rows, export.expected) == ("ready", 6, 7)
    assert Csv(content(export)).said["未列出"].startswith("1 件")


def test_every_download_is_on_record_whole_or_broken_off():
    a_month()
    export = kept(all_of("leader"), "leader")
    content(export)
    way = fetching.fetch(number=export.number, caller=Caller(user("leader")), at=AT + timedelta(hours=1))
    next(way)
    way.close()
    assert states() == ["asked", "ready", "fetched", "sent", "fetched", "broken_off"]
    export.refresh_from_db()
    assert export.state == "ready"


def test_requests_that_come_after_the_asking_are_not_in_it():
    a_month()
    export = asked()
    make.closed()
    drain()
    export.refresh_from_db()
    assert export.rows == 7


def test_the_limit_holds_for_long_ones_too(settings):
    a_month()
    settings.EXPORT_LIMIT = 6
    with pytest.raises(Exception, match="上限 6 行"):
        asked()
    assert not Message.objects.filter(topic="tickets.export").exists()
