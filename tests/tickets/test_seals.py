"""The sealer: nothing committed is passed over, and whatever a forger does to a sealed log is named."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, connections, transaction

from qihu.audit.models import Action, Entry
from qihu.audit.record import record
from tests import make
from tests.people import user
from tests.seals import forge, newest, refused, seal_all, superuser, verify
from tickets.models import Event, Seal, Ticket
from tickets.models.seal import CLOSED
from tickets.services import sealing

pytestmark = pytest.mark.usefixtures("committed")
HOUR = timedelta(hours=1)
_WHOLE = (
    "DELETE FROM tickets_alert WHERE deadline_id IN (SELECT id FROM tickets_deadline WHERE ticket_id = %s)",
    "DELETE FROM tickets_deadline WHERE ticket_id = %s",
    "DELETE FROM tickets_answer WHERE ticket_id = %s",
    "DELETE FROM tickets_filing WHERE ticket_id = %s",
    "DELETE FROM tickets_event WHERE ticket_id = %s",
    "DELETE FROM tickets_ticket WHERE id = %s",
)


@pytest.fixture(autouse=True)
def file(committed, tmp_path, settings) -> Path:
    """A file of this test's own, and nothing audited before it: what set up the database would be sealed apart."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tickets_seal, audit_entry, audit_reason")
    settings.SEAL_FILE = tmp_path / "seals" / "seals.jsonl"
    return settings.SEAL_FILE


def in_the_seals() -> dict[str, int]:
    """Request → the last sequence number that a seal names."""
    return {number: seq for seal in Seal.objects.order_by("number") for number, seq, _ in seal.request_leaves()}


def rechain(ticket: Ticket) -> None:
    """Compute a request's chain anew, as a forger who can write to the database would."""
    previous = b""
    for event in Event.objects.filter(ticket=ticket).order_by("seq"):
        digest = event.chained(previous)
        forge("UPDATE tickets_event SET hash = %s WHERE id = %s", digest, event.pk)
        previous = digest
    last = Event.objects.filter(ticket=ticket).latest("seq")
    Ticket.objects.filter(pk=ticket.pk).update(last_seq=last.seq, last_hash=previous)


class TestSealing:
    def test_a_seal_names_the_last_event_of_each_request_and_stands_in_the_file(self, file):
        one, two = make.closed(), make.signed()
        seal_all()
        make.signed()
        seal_all()
        assert in_the_seals()[one.number] == make.fresh(one).last_seq
        assert in_the_seals()[two.number] == make.fresh(two).last_seq
        assert file.read_text().splitlines() == [seal.line() for seal in Seal.objects.order_by("number")]
        assert sum(seal.event_count for seal in Seal.objects.all()) == Event.objects.count()
        assert f"封存 {Seal.objects.count()} 号" in verify()

    def test_nothing_new_makes_no_seal(self):
        make.signed()
        seal_all()
        before = Seal.objects.count()
        assert sealing.seal() == 0
        assert Seal.objects.count() == before

    def test_a_backlog_is_sealed_in_pieces_that_meet(self, monkeypatch):
        monkeypatch.setattr(sealing, "MOST", 4)
        for _ in range(5):
            make.signed()
        record(Action.EXPORTED, actor=user("leader"), kind="figures")
        seal_all()
        assert Seal.objects.count() >= 5
        assert sum(seal.event_count for seal in Seal.objects.all()) == Event.objects.count()
        assert "封存" in verify()

    def test_an_event_that_commits_late_is_not_passed_over(self):
        """Its transaction began before others that were sealed: the horizon waits for it."""
        wrote, go_on = threading.Event(), threading.Event()
        late: list[str] = []

        def dawdle() -> None:
            try:
                with transaction.atomic():
                    late.append(make.submitted().number)
                    wrote.set()
                    go_on.wait(30)
            finally:
                connections.close_all()

        thread = threading.Thread(target=dawdle)
        thread.start()
        assert wrote.wait(30)
        quick = make.submitted()
        sealing.seal()
        assert quick.number not in in_the_seals()  # it came after one that may still commit
        assert late[0] not in in_the_seals()
        go_on.set()
        thread.join(30)
        seal_all()
        assert in_the_seals() == {quick.number: 1, late[0]: 1}
        assert "封存" in verify()

    def test_many_writers_while_two_sealers_seal(self):
        """Everything exactly once, the seals gapless, whoever made them."""
        done = threading.Event()

        def write() -> None:
            try:
                for _ in range(6):
                    make.signed()
            finally:
                connections.close_all()

        def keep_sealing() -> None:
            try:
                while not done.is_set():
                    sealing.seal()
            finally:
                connections.close_all()

        writers = [threading.Thread(target=write) for _ in range(3)]
        sealers = [threading.Thread(target=keep_sealing) for _ in range(2)]
        for thread in (*writers, *sealers):
            thread.start()
        for thread in writers:
            thread.join(60)
        done.set()
        for thread in sealers:
            thread.join(60)
        seal_all()
        assert [seal.number for seal in Seal.objects.order_by("number")] == list(range(1, Seal.objects.count() + 1))
        assert sum(seal.event_count for seal in Seal.objects.all()) == Event.objects.count() == 18 * 4
        assert "18 件诉求" in verify()

    def test_seals_refuse_update_delete_and_truncate(self):
        make.submitted()
        seal_all()
        with pytest.raises(IntegrityError, match="append-only"):
            Seal.objects.update(event_count=0)
        with pytest.raises(IntegrityError, match="append-only"):
            newest().delete()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tickets_seal ENABLE TRIGGER seal_no_truncate")
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                cursor.execute("TRUNCATE tickets_seal")
            cursor.execute("ALTER TABLE tickets_seal DISABLE TRIGGER seal_no_truncate")

    def test_a_restored_dump_goes_on_under_another_server(self, file):
        """There transaction ids begin anew: what the dump brought is closed off, what follows is sealed."""
        old, older = make.signed(), make.signed()
        seal_all()
        forge("UPDATE tickets_event SET xid = xid + 1000000000")  # as if written by a server that had run for long
        for ticket in (old, older):
            rechain(ticket)
        last = newest()
        late = Event.objects.filter(ticket=old).latest("seq")
        # The seals of the old server, made with its ids; its last event was not sealed when the dump was taken.
        with superuser():
            Seal.objects.all().delete()
            sealed_then = Seal(
                number=1,
                sealed_at=last.sealed_at,
                since=0,
                until=late.xid,
                top_event=late.pk - 1,
                top_entry=last.top_entry,
                event_count=0,
                entry_count=0,
                requests=b"",
                entries=last.entries,
                previous=b"",
            )
            sealed_then.mac = sealed_then.computed()
            sealed_then.save(force_insert=True)
        file.unlink()
        fresh = make.signed()
        seal_all()
        assert Seal.objects.filter(until=CLOSED).count() == 1
        assert in_the_seals()[fresh.number] == make.fresh(fresh).last_seq
        again = make.signed()
        seal_all()
        assert in_the_seals()[again.number] == make.fresh(again).last_seq


class TestForgery:
    def test_a_chain_computed_anew_is_betrayed_by_the_seal(self):
        bystander, victim = make.closed(), make.signed()
        seal_all()
        forge("UPDATE tickets_event SET actor_id = NULL WHERE ticket_id = %s AND seq = 3", victim.pk)
        rechain(victim)
        # from where, is told as closely as the seals stand: transactions of other tests may part them
        said = rf"{victim.number} 第 [123] 条，自此被整段改写并重算了哈希：与封存不符$"
        assert re.search(said, refused())
        assert "1 件诉求" in verify(ticket=bystander.number)

    def test_the_seal_between_says_from_where_it_was_computed_anew(self):
        victim = make.signed()
        seal_all()
        sealed_to = make.fresh(victim).last_seq
        make.handling.note(
            ticket_id=victim.pk, caller=make.officer_of(victim), at=make.MONDAY + HOUR, text="农商银行已受理。"
        )
        seal_all()
        forge("UPDATE tickets_event SET party = 'head' WHERE ticket_id = %s AND seq = %s", victim.pk, sealed_to + 1)
        rechain(victim)
        assert f"{victim.number} 第 {sealed_to + 1} 条，自此被整段改写" in refused()

    def test_a_tail_cut_off_with_the_request_set_back(self):
        victim = make.signed()
        seal_all()
        cut = make.fresh(victim).last_seq
        forge("DELETE FROM tickets_event WHERE ticket_id = %s AND seq = %s", victim.pk, cut)
        last = Event.objects.filter(ticket=victim).latest("seq")
        Ticket.objects.filter(pk=victim.pk).update(
            last_seq=last.seq, last_hash=bytes(last.hash), status=last.to_status or "in_progress"
        )
        assert f"{victim.number} 第 {cut} 条，日志被截断：封存时有 {cut} 条，现在只有 {cut - 1} 条" in refused()

    def test_an_event_slipped_in_under_a_sealed_transaction(self):
        victim = make.signed()
        seal_all()
        last = Event.objects.filter(ticket=victim).latest("seq")
        fake = Event.objects.get(pk=last.pk)
        fake.pk, fake.seq, fake.kind, fake.text, fake.text_hash = None, last.seq + 1, "interim", None, None
        fake.hash = fake.chained(bytes(last.hash))
        fake.save(force_insert=True)
        Ticket.objects.filter(pk=victim.pk).update(last_seq=fake.seq, last_hash=fake.hash)
        assert f"{victim.number} 第 {fake.seq} 条，封存之后插入（interim）" in refused()

    def test_a_whole_request_removed(self):
        victim, other = make.submitted(), make.submitted()
        seal_all()
        with superuser(), connection.cursor() as cursor:
            for statement in _WHOLE:
                cursor.execute(statement, [victim.pk])
        assert refused() == f"日志被改动：{victim.number}，整件诉求被删：封存时有 1 条记录"
        assert "整件诉求被删" in refused(ticket=victim.number)
        assert "1 件诉求" in verify(ticket=other.number)

    def test_a_request_under_another_number(self):
        victim = make.submitted()
        seal_all()
        Ticket.objects.filter(pk=victim.pk).update(number="QH-20260302-999999")
        assert "QH-20260302-999999 第 1 条，封存之后插入（submit）" in refused()

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ("UPDATE tickets_seal SET event_count = 0 WHERE number = 1", "第 1 号封存，内容与密钥签章不符"),
            ("UPDATE tickets_seal SET mac = '\\x00' WHERE number = 2", "第 2 号封存，内容与密钥签章不符"),
            ("DELETE FROM tickets_seal WHERE number = 2", "第 2 号封存，缺失：封存被删"),
            ("DELETE FROM tickets_seal WHERE number = 3", "第 3 号封存，封存文件里有，数据库里没有"),
        ],
    )
    def test_a_seal_altered_or_removed(self, change, said):
        for _ in range(3):
            make.submitted()
            seal_all()
        forge(change)
        assert said in refused()

    def test_another_key_seals_nothing(self, settings):
        make.submitted()
        seal_all()
        settings.SEAL_KEY = "what a forger would guess"
        assert "SEAL_KEY 不是当时的密钥" in refused()


class TestFile:
    @pytest.fixture(autouse=True)
    def _three(self, committed, file):
        for _ in range(3):
            make.submitted()
            seal_all()
        self.lines = file.read_text().splitlines(keepends=True)
        assert len(self.lines) == 3

    def test_a_line_altered(self, file):
        file.write_text(self.lines[0] + self.lines[1].replace("[2,", "[2 ,") + self.lines[2])
        assert "第 2 号封存，封存文件与数据库不一致" in refused()

    def test_a_file_cut_short_is_told_and_the_sealer_mends_it_from_the_table(self, file):
        file.write_text(self.lines[0])
        assert "第 2 号封存，数据库里有，封存文件里没有" in refused()
        assert sealing.copy_to_file() == 2
        assert file.read_text() == "".join(self.lines)

    def test_a_file_gone(self, file):
        file.unlink()
        assert "第 1 号封存，数据库里有，封存文件里没有" in refused()
        assert "封存 3 号" in verify(no_file=True)

    def test_a_write_that_a_crash_cut_short_is_made_anew(self, file):
        file.write_text(self.lines[0] + self.lines[1] + self.lines[2][:40])
        assert sealing.copy_to_file() == 1
        assert file.read_text().splitlines()[-1] == self.lines[2].strip()
        assert "封存 3 号" in verify()

    def test_a_copy_kept_elsewhere_betrays_seals_removed_from_table_and_file(self, file, tmp_path):
        """Who holds both may cut both; the copy on another machine, or a seal written down, still knows."""
        copy = tmp_path / "elsewhere.jsonl"
        copy.write_text("".join(self.lines))
        last = newest()
        victim = next(last.request_leaves())[0]
        forge("DELETE FROM tickets_seal WHERE number = 3")
        file.write_text("".join(self.lines[:2]))
        assert victim
        assert "封存 2 号" in verify()
        assert "第 3 号封存，封存文件里有，数据库里没有" in refused(seal_file=copy)


class TestAuditTrail:
    @pytest.fixture(autouse=True)
    def _told(self, committed):
        for key in (1, 2, 3):
            record(Action.EXPORTED, actor=user("leader"), kind="figures", key=key, reason="月报")
        seal_all()

    def test_it_is_counted(self):
        assert f"审计记录 {Entry.objects.count()} 条" in verify()

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ("UPDATE audit_entry SET key = '9' WHERE id = %s", "内容与哈希不符（exported）"),
            ("DELETE FROM audit_entry WHERE id = %s", "已封存，现在没有了：记录被删"),
        ],
    )
    def test_an_entry_altered_or_removed(self, change, said):
        key = Entry.objects.order_by("pk")[1].pk
        forge(change, key)
        assert refused() == f"日志被改动：审计记录第 {key} 条，{said}"

    def test_an_entry_with_its_hash_computed_anew(self):
        entry = Entry.objects.order_by("pk")[1]
        entry.key = "9"
        forge("UPDATE audit_entry SET key = '9', hash = %s WHERE id = %s", entry.digest(), entry.pk)
        assert refused().endswith("被改写并重算了哈希：与封存不符（exported）")

    def test_an_entry_slipped_in(self):
        entry = Entry.objects.latest("pk")
        entry.pk, entry.reason, entry.reason_hash = None, None, None
        entry.hash = entry.digest()
        entry.save(force_insert=True)
        assert refused().endswith("封存之后插入（exported）")

    def test_a_reason_rewritten_by_force(self):
        forge("UPDATE audit_reason SET body = '周报' WHERE id = (SELECT min(id) FROM audit_reason)")
        assert refused().endswith("理由与摘要不符（exported）")
