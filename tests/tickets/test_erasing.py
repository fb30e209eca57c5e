"""Forgetting a request: its words and its people go, its log and every figure stay (peers.md §2.9, case 62)."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models

from qihu.audit.models import Action, Entry, Reason
from qihu.errors import Conflict, Forbidden, Invalid
from qihu.sealed import SealedField
from tests import make
from tests.counting import report
from tests.people import user
from tests.seals import verify
from tickets.access import named_to, visible_to
from tickets.figures import window_from
from tickets.models import Erasure, Event, Filing, Text, Ticket
from tickets.services import erasing
from tickets.timeline import timeline

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PRIVATE = ("李娜", "13800000000", "安捷线束", "授信", "91330800MA28FABC1X", "款项", "回单")
# Text columns that hold codes, numbers or the words of our own rules: nothing anybody typed.
CODED = {
    "tickets.TopicMember": {"firm"},  # a keyed hash
    "tickets.Fact": {
        *("state", "department", "region", "chain_tag", "industry_chain", "category", "channel", "difficulty"),
    },
    "tickets.Stay": {"department", "came_from", "region"},
    "tickets.Approval": {"action", "asked_party", "data"},
    "tickets.Ticket": {
        "number",
        "status",
        "outcome",
        "level",
        "difficulty",
        "channel",
        "next_clock",
        "visibility",
        "came_from",
    },
    "tickets.Event": {"kind", "party", "from_status", "to_status", "data"},
    "tickets.Decision": {"facts", "second", "reason"},
    "tickets.Deadline": {"clock", "state", "unit"},
    "tickets.Leg": {"status"},
    "tickets.Notice": {"channel", "kind", "clock", "error", "provider_id"},
    "tickets.Erasure": {"cause", "state"},
    "tickets.Attachment": {"why", "mime", "kept_mime"},
}


def erased(ticket: Ticket, **more: object) -> Ticket:
    erasing.erase(ticket_id=ticket.pk, cause="wish", at=make.MONDAY + DAY, **more)
    return make.fresh(ticket)


def everything_stored() -> str:
    """Every row of every table of requests, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE tablename ~ '^(tickets|audit|outbox)_'")
        tables = [name for (name,) in cursor.fetchall()]
        return "".join(
            f"{row}"
            for table in tables
            for row in _rows(cursor, f"SELECT t::text FROM {table} t")  # noqa: S608
        )


def _rows(cursor, sql: str) -> list[object]:
    cursor.execute(sql)
    return cursor.fetchall()


def counted() -> object:
    return report(window_from("2026-03-01", "2026-04-01", at=make.MONDAY + 60 * DAY), by=["department"])


class TestErase:
    def test_62_anonymising_keeps_every_rate_and_the_log(self):
        gone = [make.closed(uscc="91330800MA28FABC1X"), make.withdrawn(), make.closed(process=2, result=1)]
        make.signed()
        before = counted()
        for ticket in gone:
            erased(ticket)
        assert counted() == before
        assert verify().startswith("日志完好：4 件诉求")

    def test_nothing_that_anybody_typed_is_left(self):
        ticket = make.closed()
        erasing.erase(ticket_id=ticket.pk, cause="wish", at=make.MONDAY + DAY, reason="企业来函")
        stored = everything_stored()
        for private in PRIVATE:
            assert private not in stored
        filing = Filing.objects.get(pk=ticket.pk)
        assert (filing.contact_name, filing.contact_phone, bytes(filing.phone_index), bytes(filing.salt)) == (
            "",
            "",
            b"",
            b"",
        )
        assert not Text.objects.exclude(body="", parts=[], salt=b"").exists()
        assert "企业来函" in stored  # why it was erased stays

    def test_it_is_found_by_no_search_any_more(self, cast):
        ticket = make.closed()
        seen = visible_to(cast.officer)
        assert seen.matching("授信", named=named_to(cast.officer)).exists()
        erased(ticket)
        for word in ("授信", "安捷", ticket.number):
            assert not seen.matching(word, named=named_to(cast.officer)).exists()

    def test_the_story_says_so_and_keeps_its_steps(self):
        ticket = make.closed()
        steps = len(timeline(ticket, for_firm=False))
        erased(ticket)
        told = timeline(ticket, for_firm=True)
        assert told[-1].says == "个人信息和文字已删除，办理记录保留"
        assert not any(entry.text or entry.parts for entry in told)
        assert len(timeline(ticket, for_firm=False)) == steps + 1

    def test_every_text_column_that_hangs_on_a_request_is_erased_or_holds_codes(self):
        """Whoever adds a column for free text finds this test: put it into `erasing`, or say here that it is coded."""
        blanked = {model._meta.label: set(blank) for model, blank in erasing._GOES}
        blanked["tickets.Attachment"] = {"name", "path", "preview", "parts"}  # with their bytes: `attachments.erase`
        for model in _hanging_on_requests():
            name = model._meta.label
            typed = {
                field.name
                for field in model._meta.concrete_fields
                if isinstance(field, (models.CharField, models.TextField, models.JSONField, SealedField))
            }
            left = typed - blanked.get(name, set()) - CODED.get(name, set()) - _coded_by_choices(model)
            assert not left, f"{name}: {left}"

    def test_refused_while_open_twice_and_unknown(self):
        ticket = make.signed()
        with pytest.raises(Conflict, match="还在办理"):
            erased(ticket)
        done = erased(make.closed())
        with pytest.raises(Conflict, match="已经删除"):
            erased(done)

    def test_the_command(self):
        ticket = make.closed()
        out = StringIO()
        call_command("erase_ticket", number=ticket.number, reason="企业申请，主任张三同意", stdout=out)
        assert ticket.number in out.getvalue()
        entry = Entry.objects.get(action=Action.ERASED)
        assert (entry.key, entry.after) == (ticket.number, {"cause": "wish"})
        assert entry.reason.body == "企业申请，主任张三同意"
        for wrong, said in (("QH-1", "没有编号为"), (ticket.number, "已经删除")):
            with pytest.raises(CommandError, match=said):
                call_command("erase_ticket", number=wrong, reason="再来一次")


def _hanging_on_requests() -> list[type[models.Model]]:
    found = {f.related_model for f in Ticket._meta.get_fields(include_hidden=True) if f.auto_created and f.is_relation}
    return sorted(found | {Ticket}, key=lambda model: model._meta.label)


def _coded_by_choices(model: type[models.Model]) -> set[str]:
    return {field.name for field in model._meta.concrete_fields if field.choices}


class TestTwoPeople:
    def test_the_centre_asks_and_the_security_administrator_decides(self, cast):
        ticket = make.closed()
        asked = erasing.ask(
            ticket_id=ticket.pk, caller=cast.as_intake, cause="wish", reason="企业来函要求删除", at=make.MONDAY + DAY
        )
        done = erasing.decide(erasure_id=asked.pk, user=user("secadmin"), approve=True, at=make.MONDAY + DAY)
        assert done.state == "done"
        assert make.fresh(ticket).filing.erased_at
        assert [e.action for e in Entry.objects.filter(kind="ticket").order_by("pk")] == ["erasure_asked", "erased"]
        assert (
            not Reason.objects.filter(entry__kind="ticket").exclude(body="").exists()
        )  # the wish quoted the firm's letter

    def test_refusing_changes_nothing(self, cast):
        ticket = make.closed()
        asked = erasing.ask(
            ticket_id=ticket.pk, caller=cast.as_director, cause="law", reason="保存期未到，试一试", at=make.MONDAY + DAY
        )
        erasing.decide(erasure_id=asked.pk, user=user("secadmin"), approve=False, at=make.MONDAY + DAY)
        assert not make.fresh(ticket).filing.erased_at
        with pytest.raises(Conflict):
            erasing.decide(erasure_id=asked.pk, user=user("secadmin"), approve=True, at=make.MONDAY + DAY)

    @pytest.mark.parametrize(
        "who", ["officer", "head", "dispatcher", "supervisor", "leader", "discipline", "auditor", "rival_officer"]
    )
    def test_who_may_not_ask(self, cast, who):
        ticket = make.closed()
        with pytest.raises(Forbidden):
            erasing.ask(
                ticket_id=ticket.pk,
                caller=getattr(cast, f"as_{who}"),
                cause="wish",
                reason="企业来函要求删除",
                at=make.MONDAY + DAY,
            )

    @pytest.mark.parametrize(
        "who", ["intake", "director", "officer", "head", "supervisor", "leader", "auditor", "dispatcher"]
    )
    def test_who_may_not_decide(self, cast, who):
        ticket = make.closed()
        asked = erasing.ask(
            ticket_id=ticket.pk, caller=cast.as_intake, cause="wish", reason="企业来函要求删除", at=make.MONDAY + DAY
        )
        with pytest.raises(Forbidden):
            erasing.decide(erasure_id=asked.pk, user=getattr(cast, who), approve=True, at=make.MONDAY + DAY)
        assert Erasure.objects.pending().exists()

    def test_bad_input(self, cast):
        ticket = make.closed()
        with pytest.raises(Invalid) as refused:
            erasing.ask(ticket_id=ticket.pk, caller=cast.as_intake, cause="whim", reason=" 删 ", at=make.MONDAY + DAY)
        assert set(refused.value.fields) == {"cause", "reason"}
        good = {"caller": cast.as_intake, "cause": "wish", "reason": "企业来函要求删除", "at": make.MONDAY + DAY}
        erasing.ask(ticket_id=ticket.pk, **good)
        with pytest.raises(Conflict, match="已经有人提出"):
            erasing.ask(ticket_id=ticket.pk, **good)


class TestRetention:
    def test_a_dry_run_lists_what_the_real_one_erases(self):
        old, later = make.closed(), make.closed(at=make.MONDAY + 30 * DAY)
        make.signed()  # open: never
        before = (make.MONDAY + 10 * DAY).date().isoformat()
        out = StringIO()
        call_command("erase_expired", before=before, dry_run=True, stdout=out)
        assert out.getvalue().splitlines() == [old.number, "将删除 1 件诉求的个人信息和文字"]
        assert not make.fresh(old).filing.erased_at
        out = StringIO()
        call_command("erase_expired", before=before, stdout=out)
        assert out.getvalue().splitlines() == [old.number, "已删除 1 件诉求的个人信息和文字"]
        assert make.fresh(old).filing.erased_at
        assert not make.fresh(later).filing.erased_at
        out = StringIO()
        call_command("erase_expired", before=before, stdout=out)
        assert "已删除 0 件" in out.getvalue()
        assert Event.objects.filter(kind="erase").count() == 1

    def test_a_day_to_come_is_refused(self):
        with pytest.raises(CommandError, match="今天之后"):
            call_command("erase_expired", before="2999-01-01", dry_run=True)
        with pytest.raises(CommandError, match="YYYY-MM-DD"):
            call_command("erase_expired", before="下月", dry_run=True)
