"""On-behalf entry: who may, what the log keeps, and one matter by two channels."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command

from qihu.accounts.models import User
from qihu.errors import Conflict, Forbidden, Gone, Invalid, Unknown
from qihu.outbox.consume import drain
from tests import make, see
from tests.counting import report
from tickets.access import Caller
from tickets.figures.window import Window
from tickets.models import Confirmation, Event, Notice, Source, Ticket
from tickets.services import closing, confirming, entry, intake
from tickets.services.entry import Heard, KnownSource
from tickets.timeline import timeline

HOUR = timedelta(hours=1)
AT = make.MONDAY
pytestmark = pytest.mark.django_db


def heard(channel: str = "hotline", *, reference: str = "12345-0001", **more: object) -> Heard:
    return Heard(**({"channel": channel, "reference": reference, "received_at": AT - HOUR, "detail": ""} | more))


def entered(caller: Caller, *, of: Heard | None = None, key: str = "k1", at=AT, **more: object) -> intake.Receipt:
    known = of or heard()
    filed = make.filed(channel=known.channel, **({"region": "330800"} | more))
    return entry.enter(filed=filed, heard=known, caller=caller, key=key, at=at)


def counted() -> int:
    """Requests submitted, by the figures."""
    return report(Window(AT - HOUR, AT + 3 * HOUR, AT + 3 * HOUR)).figures["submitted"].numerator


def test_the_log_tells_who_entered_it_for_whom_and_keeps_no_words(cast):
    known = heard("meeting", reference="亲清-2026-03-7", detail="三月亲清半月谈第 7 个问题，安捷线束李娜提出")
    ticket = entered(cast.as_intake, of=known).ticket
    first = Event.objects.get(ticket=ticket, seq=1)
    source = Source.objects.get(ticket=ticket)
    assert (first.kind, first.party, first.actor) == ("submit", "intake", cast.intake)
    assert first.data["on_behalf"] is True
    assert first.data["channel"] == "meeting"
    assert first.data["source"] == source.digest().hex()
    assert "李娜" not in str(first.data)
    assert "亲清-2026-03-7" not in str(first.data)
    assert (source.reference, source.entered_by, source.seq) == ("亲清-2026-03-7", cast.intake, 1)
    assert [e.says for e in timeline(ticket, for_firm=False)] == [
        f"{cast.intake.name}代企业录入（亲清半月谈）",
        f"{cast.intake.name}请企业核对代录的内容",
    ]
    assert [e.says for e in timeline(ticket, for_firm=True)] == [
        "服务中心按亲清半月谈代您录入",
        "请您核对代您录入的内容",
    ]


def test_what_was_entered_is_routed_like_any_other(cast):
    ticket = entered(cast.as_intake, chain_tag="capital").ticket
    drain()
    assert make.fresh(ticket).department.code == "finance"
    call_command("verify_log", verbosity=0)


@pytest.mark.parametrize("channel", ["hotline", "counter", "visit", "meeting", "leader"])
def test_intake_enters_for_every_channel(cast, channel):
    assert entered(cast.as_intake, of=heard(channel)).ticket.channel == channel


@pytest.mark.parametrize("who", ["officer", "head"])
def test_a_department_enters_what_it_heard_on_a_visit_and_nothing_else(cast, who):
    caller = getattr(cast, f"as_{who}")
    assert entered(caller, of=heard("visit")).ticket.channel == "visit"
    for channel in ("hotline", "counter", "meeting", "leader", "import", "qr"):
        with pytest.raises(Forbidden):
            entered(caller, of=heard(channel, reference="x"), key=channel)


@pytest.mark.parametrize("who", ["dispatcher", "director", "supervisor", "leader", "discipline", "auditor"])
def test_nobody_else_enters_for_a_firm(cast, who):
    for channel in ("hotline", "visit", "qr"):
        with pytest.raises(Forbidden):
            entered(getattr(cast, f"as_{who}"), of=heard(channel))
    assert not Ticket.objects.exists()


def test_a_county_enters_for_itself_only(cast):
    clerk = User.objects.create_user("intake.330802", name="柯城受理员")
    clerk.grants.create(role="intake", region_id="330802")
    entered(Caller(clerk), region="330802")
    for region in ("330803", "330800", None):
        with pytest.raises(Forbidden):
            entered(Caller(clerk), of=heard(reference="x"), key=str(region), region=region)


def test_the_other_systems_number_is_taken_once(cast):
    first = entered(cast.as_intake).ticket
    with pytest.raises(KnownSource) as refused:
        entered(cast.as_intake, key="k2", text="换一种说法，还是同一张工单的事。")
    assert refused.value.number == first.number
    assert Ticket.objects.count() == 1
    entered(cast.as_intake, of=heard("counter"), key="k3")  # another system may use the same number
    entered(cast.as_intake, of=heard(reference=""), key="k4")
    entered(cast.as_intake, of=heard(reference=""), key="k5")


def test_a_double_press_is_one_request_and_other_words_under_the_key_are_refused(cast):
    one, two = entered(cast.as_intake), entered(cast.as_intake)
    assert (two.ticket.pk, two.repeated) == (one.ticket.pk, True)
    assert Source.objects.count() == Confirmation.objects.count() == 1
    with pytest.raises(Invalid):
        entered(cast.as_intake, of=heard(reference="12345-0002"))


def test_what_is_to_come_cannot_have_been_heard(cast):
    with pytest.raises(Invalid) as refused:
        entered(cast.as_intake, of=heard(received_at=AT + HOUR))
    assert set(refused.value.fields) == {"received_at"}
    with pytest.raises(Invalid):
        entered(cast.as_intake, of=heard(reference="9" * 61, detail="长" * 501))


def test_the_same_matter_by_hotline_becomes_a_second_source_of_the_firms_own_request(cast):
    ticket = make.signed()
    before = make.fresh(ticket)
    entry.add_source(ticket_id=ticket.pk, heard=heard(), caller=cast.as_intake, at=AT + HOUR)
    after = make.fresh(ticket)
    assert (after.status, after.version) == (before.status, before.version + 1)
    assert (after.next_due_at, after.next_clock) == (before.next_due_at, before.next_clock)
    event = Event.objects.filter(ticket=ticket).latest("seq")
    assert (event.kind, event.from_status, event.to_status, event.actor) == ("source", "", "", cast.intake)
    assert event.data["source"] == Source.objects.get(ticket=ticket).digest().hex()
    drain()
    assert [n.recipient.username for n in Notice.objects.filter(kind="source")] == ["officer.finance"]
    assert timeline(after, for_firm=True)[-1].says == "同一件事又经12345-8收到，并入本件"
    call_command("verify_log", verbosity=0)


def test_a_matter_with_two_sources_counts_once(cast):
    ticket = make.closed()
    other = make.signed()
    entry.add_source(ticket_id=other.pk, heard=heard(), caller=cast.as_intake, at=AT + HOUR)
    assert counted() == 2
    assert make.fresh(ticket).status == "closed"


def test_a_source_is_added_by_who_could_have_entered_it(cast):
    ticket = make.signed()
    entry.add_source(ticket_id=ticket.pk, heard=heard("visit", reference="v1"), caller=cast.as_officer, at=AT)
    for caller, of in (
        (cast.as_officer, heard()),
        (cast.as_rival_officer, heard("visit")),
        (cast.as_dispatcher, heard()),
        (cast.as_leader, heard("leader")),
    ):
        with pytest.raises(Forbidden):
            entry.add_source(ticket_id=ticket.pk, heard=of, caller=caller, at=AT)
    with pytest.raises(KnownSource):
        entry.add_source(ticket_id=ticket.pk, heard=heard("visit", reference="v1"), caller=cast.as_intake, at=AT)
    assert Source.objects.count() == 1


def test_nothing_is_added_to_what_has_ended_or_is_restricted(cast):
    with pytest.raises(Conflict):
        entry.add_source(ticket_id=make.closed().pk, heard=heard(), caller=cast.as_intake, at=AT + 2 * HOUR)
    secret = make.submitted(category="SRV-04")
    with pytest.raises(Forbidden):
        entry.add_source(ticket_id=secret.pk, heard=heard(), caller=cast.as_intake, at=AT)


def test_case_56_a_withdrawn_duplicate_leaves_the_other_alone(cast):
    """peers.md §2.9, 56: the firm filed twice, once by itself and once by hotline, and withdraws one of the two."""
    kept, duplicate = make.signed(), entered(cast.as_intake).ticket
    drain()
    closing.withdraw(ticket_id=duplicate.pk, at=AT + HOUR, reason="重复了")
    with pytest.raises(Conflict):
        entry.add_source(ticket_id=duplicate.pk, heard=heard(reference="b"), caller=cast.as_intake, at=AT + HOUR)
    with pytest.raises(KnownSource) as refused:  # the hotline's number stays known: nobody enters it a third time
        entry.add_source(ticket_id=kept.pk, heard=heard(), caller=cast.as_intake, at=AT + HOUR)
    assert refused.value.number == duplicate.number
    entry.add_source(ticket_id=kept.pk, heard=heard(reference="c"), caller=cast.as_intake, at=AT + HOUR)
    assert make.fresh(kept).status == "in_progress"
    assert counted() == 2
    assert see.kinds(duplicate)[-1] == "withdraw"


# The firm's word


def link(ticket: Ticket) -> str:
    return confirming.token_of(Confirmation.objects.get(source__ticket=ticket))


def test_the_link_is_used_once(cast):
    ticket = entered(cast.as_intake).ticket
    token = link(ticket)
    assert len(token) == 26
    confirming.opened(token, at=AT)
    confirming.opened(token, at=AT)  # messengers look first
    confirming.answer(token=token, state="confirmed", at=AT + HOUR)
    for again in (
        lambda: confirming.opened(token, at=AT + HOUR),
        lambda: confirming.answer(token=token, state="denied", at=AT + HOUR),
    ):
        with pytest.raises(Gone, match="已经用过"):
            again()
    assert see.kinds(ticket)[-1] == "confirm"
    assert Confirmation.objects.get().state == "confirmed"
    call_command("verify_log", verbosity=0)


def test_the_link_ends_after_a_week_and_cannot_be_guessed(cast):
    ticket = entered(cast.as_intake).ticket
    with pytest.raises(Gone, match="已过期"):
        confirming.answer(token=link(ticket), state="confirmed", at=AT + confirming.LASTS)
    for guess in ("", "a" * 26, link(ticket)[:-1], link(ticket).upper(), "%", ticket.number):
        with pytest.raises(Unknown):
            confirming.opened(guess, at=AT)
    stored = Confirmation.objects.get()
    assert link(ticket).encode() not in bytes(stored.token_hash) + bytes(stored.salt)


def test_a_new_link_ends_the_old_one(cast):
    ticket = entered(cast.as_intake).ticket
    source, old = Source.objects.get(), link(ticket)
    confirming.renew(ticket=ticket, source_id=source.pk, caller=cast.as_intake, at=AT + 8 * confirming.LASTS)
    with pytest.raises(Unknown):
        confirming.opened(old, at=AT)
    assert confirming.opened(link(ticket), at=AT + 8 * confirming.LASTS)
    with pytest.raises(Forbidden):
        confirming.renew(ticket=ticket, source_id=source.pk, caller=cast.as_dispatcher, at=AT)
    with pytest.raises(Unknown):
        confirming.renew(ticket=ticket, source_id=source.pk + 1, caller=cast.as_intake, at=AT)
    confirming.answer(token=link(ticket), state="confirmed", at=AT + HOUR)
    with pytest.raises(Gone):
        confirming.renew(ticket=ticket, source_id=source.pk, caller=cast.as_intake, at=AT)


def test_a_correction_needs_words_and_reaches_the_handlers_and_intake(cast):
    ticket = entered(cast.as_intake, chain_tag="capital").ticket
    drain()
    for state, text in (("corrected", " "), ("waiting", ""), ("nonsense", "")):
        with pytest.raises(Invalid):
            confirming.answer(token=link(ticket), state=state, at=AT, text=text)
    confirming.answer(token=link(ticket), state="corrected", at=AT + HOUR, text="缺口是1800万元。")
    drain()
    event = Event.objects.filter(ticket=ticket, kind="confirm").get()
    assert (event.party, event.actor, event.text.body) == ("firm", None, "缺口是1800万元。")
    assert {n.recipient.username for n in Notice.objects.filter(kind="confirm")} == {"officer.finance", "intake"}
    assert timeline(ticket, for_firm=False)[-1].says == "企业更正了代录的内容"


def test_not_mine_says_the_firm_and_the_centre_hears_it(cast):
    ticket = entered(cast.as_intake).ticket
    confirming.answer(token=link(ticket), state="denied", at=AT + HOUR)
    assert timeline(ticket, for_firm=True)[-1].says == "您表示这件诉求不是您提出"
    drain()
    assert "intake" in {n.recipient.username for n in Notice.objects.filter(kind="confirm")}
    assert make.fresh(ticket).is_open
