"""The identity shield: who sees an alias, who may lift it, what the firm and the auditor read of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qihu.accounts.models import Role, User
from qihu.audit.models import Action, Entry
from qihu.errors import Conflict, Forbidden, Invalid
from tests import make
from tests.people import user
from tests.seals import verify
from tests.see import kinds
from tickets import access
from tickets.access import FIRM, Caller
from tickets.api.identity import ALIAS, firm_name, identity
from tickets.models import Event, Notice, RelayedMessage, Reveal, Ticket
from tickets.services import notify, relay, shield
from tickets.timeline import timeline

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = make.MONDAY + HOUR
WHY = "兑付奖补资金须核对开户名称。"
EVERYBODY = (
    *("officer.finance", "head.finance", "officer.rural-bank", "head.rural-bank", "officer.land", "head.land"),
    *("dispatcher", "intake", "director", "supervisor", "leader", "officer.discipline", "head.discipline"),
    *("auditor", "sysadmin", "secadmin"),
)


def shielded(**more: object) -> Ticket:
    """Led by finance, helped by the rural bank."""
    ticket = make.triaged(shielded=True, **more)
    make.dispatch.assign(
        ticket_id=ticket.pk,
        caller=Caller(user("dispatcher")),
        at=make.MONDAY + make.MINUTE,
        department="finance",
        co_departments=["rural-bank"],
    )
    return make.fresh(ticket)


def secret() -> Ticket:
    return make.routed(qr="DEMO-SERVICE", category="SRV-04", shielded=True, text="窗口人员暗示找指定的测绘公司。")


class TestWhoSees:
    @pytest.mark.parametrize("who", EVERYBODY)
    def test_only_intake_and_supervisors_know_the_firm(self, who):
        ticket = shielded()
        knows = identity(ticket, access.parties(Caller(user(who)), ticket)).name != ALIAS
        assert knows == (who in {"intake", "supervisor"})
        assert (firm_name(ticket, access.parties(Caller(user(who)), ticket)) == ALIAS) is not knows

    def test_a_search_by_its_name_finds_nothing_for_those(self, cast):
        shielded()
        for who in ("officer", "head", "dispatcher", "director", "leader"):
            person = getattr(cast, who)
            assert not access.visible_to(person).matching("安捷线束", named=access.named_to(person)).exists()


class TestReveal:
    def test_the_head_sees_for_a_day_and_the_firm_reads_why(self, cast):
        ticket = shielded()
        shield.reveal(ticket_id=ticket.pk, caller=cast.as_head, at=NOW, reason=WHY)
        assert shield.look(cast.as_head, ticket, at=NOW + 23 * HOUR)
        assert shield.look(cast.as_head, ticket, at=NOW + 24 * HOUR) is None
        assert shield.look(cast.as_officer, ticket, at=NOW) is None
        assert shield.look(cast.as_director, ticket, at=NOW) is None
        told = timeline(ticket, for_firm=True)[-1]
        assert told.says.startswith("您的身份信息被查看：金融办 周敏（主办负责人），可见至 03月03日")
        assert told.text == WHY
        entry = Entry.objects.get(action=Action.REVEALED)
        assert (entry.actor, entry.key, entry.reason.body) == (cast.head, ticket.number, WHY)
        assert Entry.objects.filter(action=Action.REVEALED_READ, actor=cast.head).count() == 1
        assert verify().startswith("日志完好")

    @pytest.mark.parametrize("who", EVERYBODY)
    @pytest.mark.parametrize("make_one", [shielded, secret])
    def test_who_may_and_who_may_not(self, who, make_one):
        ticket = make_one()
        may = {shielded: {"head.finance", "director"}, secret: {"head.discipline"}}[make_one]
        caller = Caller(user(who))
        assert (shield.may_reveal(caller, ticket) is not None) == (who in may)
        if who in may:
            shield.reveal(ticket_id=ticket.pk, caller=caller, at=NOW, reason=WHY)
            return
        with pytest.raises((Forbidden, Conflict)):
            shield.reveal(ticket_id=ticket.pk, caller=caller, at=NOW, reason=WHY)
        assert not Reveal.objects.exists()
        assert "reveal" not in kinds(ticket)
        assert not Entry.objects.filter(action=Action.REVEALED).exists()

    def test_every_role_of_the_house_is_in_the_matrix(self):
        assert {g.role for name in EVERYBODY for g in user(name).held} == set(Role.values)

    def test_the_firm_has_nothing_to_reveal(self):
        with pytest.raises(Conflict):
            shield.reveal(ticket_id=shielded().pk, caller=FIRM, at=NOW, reason=WHY)

    def test_bad_input(self, cast):
        ticket = shielded()
        for reason in ("", "  ", "要看", "理" * 301):
            with pytest.raises(Invalid) as refused:
                shield.reveal(ticket_id=ticket.pk, caller=cast.as_head, at=NOW, reason=reason)
            assert "reason" in refused.value.fields
        shield.reveal(ticket_id=ticket.pk, caller=cast.as_head, at=NOW, reason=WHY)
        with pytest.raises(Conflict, match="已经可以查看，到 03月03日 11:00 为止"):
            shield.reveal(ticket_id=ticket.pk, caller=cast.as_head, at=NOW + HOUR, reason=WHY)
        with pytest.raises(Conflict, match="本来就看得到"):
            shield.reveal(ticket_id=make.assigned().pk, caller=cast.as_head, at=NOW, reason=WHY)

    def test_reveals_are_final(self, cast):
        shield.reveal(ticket_id=shielded().pk, caller=cast.as_head, at=NOW, reason=WHY)
        with pytest.raises(Exception, match="append-only"):
            Reveal.objects.update(until=NOW + 99 * DAY)


class TestMessages:
    def test_officer_and_firm_write_through_the_shield(self, cast):
        ticket = shielded()
        relay.send(ticket_id=ticket.pk, caller=cast.as_officer, at=NOW, text="请补一份设备清单。")
        relay.answer(ticket_id=ticket.pk, at=NOW + HOUR, text="清单已放到前台。")
        told = timeline(ticket, for_firm=True)
        assert [entry.says for entry in told[-2:]] == ["金融办 陈伟给您留言", "您留言"]
        assert [entry.text for entry in told[-2:]] == ["请补一份设备清单。", "清单已放到前台。"]
        assert [entry.says for entry in timeline(ticket, for_firm=False)[-2:]] == ["金融办 陈伟给企业留言", "企业留言"]
        assert not any("清单" in f"{event.data}" for event in Event.objects.all())
        assert verify().startswith("日志完好")

    @pytest.mark.parametrize("who", EVERYBODY)
    def test_who_may_write(self, who):
        ticket = shielded()
        writers = {"officer.finance", "head.finance", "officer.rural-bank", "head.rural-bank", "intake"}
        caller = Caller(user(who))
        if who in writers:
            relay.send(ticket_id=ticket.pk, caller=caller, at=NOW, text="您好")
            assert RelayedMessage.objects.count() == 1
            return
        with pytest.raises(Forbidden):
            relay.send(ticket_id=ticket.pk, caller=caller, at=NOW, text="您好")
        assert not RelayedMessage.objects.exists()

    def test_status_clocks_and_version_stay(self, cast):
        ticket = shielded()
        before = (ticket.status, ticket.version, ticket.next_due_at)
        relay.send(ticket_id=ticket.pk, caller=cast.as_officer, at=NOW, text="您好")
        after = make.fresh(ticket)
        assert (after.status, after.version, after.next_due_at) == before
        assert after.last_seq == ticket.last_seq + 1

    def test_a_double_tap_sends_one(self, cast):
        ticket = shielded()
        for after in (0, 1, 9):
            relay.answer(ticket_id=ticket.pk, at=NOW + after * make.MINUTE, text="收到 ")
        assert RelayedMessage.objects.count() == 1
        relay.send(ticket_id=ticket.pk, caller=cast.as_officer, at=NOW + 9 * make.MINUTE, text="收到")
        relay.answer(ticket_id=ticket.pk, at=NOW + 10 * make.MINUTE, text="收到")
        assert RelayedMessage.objects.count() == 3

    def test_the_other_side_is_known_to_have_read(self, cast):
        ticket = shielded()
        relay.send(ticket_id=ticket.pk, caller=cast.as_officer, at=NOW, text="您好")
        relay.answer(ticket_id=ticket.pk, at=NOW + HOUR, text="您好")
        assert relay.seen(ticket, by_firm=True, at=NOW + 2 * HOUR) == 1
        assert relay.seen(ticket, by_firm=True, at=NOW + 3 * HOUR) == 0
        assert RelayedMessage.objects.get(from_firm=False).read_at == NOW + 2 * HOUR
        assert RelayedMessage.objects.get(from_firm=True).read_at is None

    def test_bad_input(self, cast):
        ticket = shielded()
        for text in ("", "   ", "字" * 2001):
            with pytest.raises(Invalid):
                relay.answer(ticket_id=ticket.pk, at=NOW, text=text)
        with pytest.raises(Conflict, match="已经结束"):
            relay.send(ticket_id=make.closed().pk, caller=cast.as_officer, at=NOW, text="还有一事")

    def test_the_officer_hears_of_the_firms_word_and_before_assignment_the_dispatcher(self, cast):
        ticket, waiting = shielded(), make.triaged()
        for one in (ticket, waiting):
            event = relay.answer(ticket_id=one.pk, at=NOW, text="补充一句")
            notify.notify_all([{"ticket_id": one.pk, "seq": event.seq}], at=NOW)
        told = {(n.ticket_id, n.recipient.username) for n in Notice.objects.filter(kind="message")}
        assert (ticket.pk, "officer.finance") in told
        assert (waiting.pk, "dispatcher") in told


class TestRestricted:
    def test_each_reading_is_on_record(self, cast):
        ticket = secret()
        access.ticket_or_404(cast.discipline, ticket.number)
        access.ticket_or_404(cast.supervisor, ticket.number)
        read = Entry.objects.filter(action=Action.RESTRICTED_READ, kind="ticket", key=ticket.number)
        assert {entry.actor for entry in read} == {cast.discipline, cast.supervisor}

    def test_reading_an_ordinary_request_is_not(self, cast):
        access.ticket_or_404(cast.officer, make.assigned().number)
        assert not Entry.objects.filter(kind="ticket").exists()

    def test_whoever_may_not_read_leaves_no_entry_but_gets_none(self):
        ticket = secret()
        for who in set(EVERYBODY) - {"supervisor", "officer.discipline", "head.discipline"}:
            person: User = user(who)
            assert not access.visible_to(person).filter(pk=ticket.pk).exists()
