"""Past requests told by their updates, as the real incidents do not show them."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests import see
from tests.tickets.history.test_import_history import imported, ticket_of, written
from tickets.models import Event, Ticket

pytestmark = pytest.mark.django_db
UPDATES = (
    "number,incident_state,reassignment_count,reopen_count,made_sla,opened_at,sys_updated_at,"
    "category,subcategory,u_symptom,assignment_group,closed_code,resolved_at,closed_at\n"
)


def update(key: str, state: str, at: str, *, handed: int = 0, again: int = 0, opened: str = "2016-03-01T09:00") -> str:
    """One row of the incidents: the state after an update."""
    moment = f"2016-03-{at}" if at else ""
    return f"{key},{state},{handed},{again},true,{opened},{moment},53,127,470,54,10,,\n"


class TestUpdates:
    """What the real incidents do not show."""

    def story(self, tmp_path, key: str, rows: str) -> list[str]:
        imported(written(tmp_path, UPDATES + rows), "--mapping", "incidents")
        return see.kinds(ticket_of(f"incidents:{key}"))

    def test_nothing_but_work_is_still_in_progress(self, tmp_path):
        kinds = self.story(tmp_path, "A", update("A", "Active", "01T10:00") + update("A", "Active", "02T10:00"))
        assert kinds == ["submit", "assign", "sign"]
        assert ticket_of("incidents:A").outcome == ""

    def test_handed_on_before_the_first_update_nobody_knows_who_had_it(self, tmp_path):
        kinds = self.story(tmp_path, "B", update("B", "Active", "01T10:00", handed=1))
        assert kinds == ["submit", "assign", "reassign", "sign"]
        first = Event.objects.get(ticket=ticket_of("incidents:B"), kind="assign")
        assert first.data["department"] != ticket_of("incidents:B").department.code

    def test_resolved_to_the_end_is_answered_by_the_first(self, tmp_path):
        kinds = self.story(tmp_path, "C", update("C", "Resolved", "02T10:00") + update("C", "Resolved", "03T10:00"))
        assert kinds == ["submit", "assign", "sign", "reply", "deliver"]
        assert ticket_of("incidents:C").replied_at == datetime(2016, 3, 2, 10, 0, tzinfo=UTC)

    def test_reopened_after_it_was_closed(self, tmp_path):
        rows = update("D", "Closed", "02T10:00") + update("D", "Active", "03T10:00", again=1)
        kinds = self.story(tmp_path, "D", rows)
        assert kinds == [*("submit", "assign", "sign", "reply", "deliver", "lapse"), "reopen", "sign"]
        assert ticket_of("incidents:D").round == 2

    def test_a_reopening_of_what_was_never_answered_changes_nothing(self, tmp_path):
        rows = update("E", "Active", "02T10:00") + update("E", "Active", "03T10:00", again=1)
        assert self.story(tmp_path, "E", rows) == ["submit", "assign", "sign"]
        assert ticket_of("incidents:E").round == 1

    @pytest.mark.parametrize(
        ("rows", "says"),
        [
            (update("F", "Active", "02T10:00", opened=""), "没有收到时间。"),
            (update("F", "Active", ""), "第 2 行的时间缺失或早于前一次更新。"),
            (
                update("F", "Active", "02T10:00") + update("F", "Closed", "01T10:00"),
                "第 3 行的时间缺失或早于前一次更新。",
            ),
        ],
    )
    def test_updates_out_of_time_are_told(self, tmp_path, rows, says):
        errors, path = StringIO(), written(tmp_path, UPDATES + rows)
        with pytest.raises(CommandError):
            call_command("import_history", str(path), "--mapping", "incidents", stdout=StringIO(), stderr=errors)
        assert says in errors.getvalue()
        assert not Ticket.objects.exists()
