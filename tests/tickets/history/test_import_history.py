"""Past requests of another system: their times kept, their promises judged as the source says, nobody told."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from qihu.accounts.models import Department
from qihu.errors import Conflict, RefusedByRule
from qihu.outbox.consume import drain
from qihu.outbox.models import Message
from tests import make, see
from tests.counting import report
from tickets.figures.window import Window
from tickets.models import Alert, Deadline, Event, Notice, SavedMapping, Source, Ticket
from tickets.services import departure, erasing, handling, intake, sweep

DATA = Path(__file__).parents[2] / "data" / "history"
INCIDENTS, BOSTON = DATA / "incidents_sample.csv", DATA / "boston311_sample.csv"
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def imported(path: Path, *more: str) -> str:
    said = StringIO()
    call_command("import_history", str(path), *more, stdout=said, stderr=StringIO())
    return said.getvalue()


def ticket_of(key: str) -> Ticket:
    return Source.objects.get(channel="import", reference=key).ticket


def figures(since: datetime, until: datetime):
    return report(Window(since, until, datetime.now(UTC))).figures


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "past.csv"
    path.write_text(text, encoding="utf-8")
    return path


CHINESE = "工单编号,企业名称,联系人,联系电话,问题描述,来电时间,承办单位,承诺办结时间,办结时间,办理结果\n"


def line(
    key: str, *, what: str = "变压器容量不够", at: str = "2025-03-03 09:00", to: str = "供电公司", **more: str
) -> str:
    ends = [more.get(name, "") for name in ("due", "closed", "outcome")]
    return ",".join([key, "衢州安捷线束有限公司", "李娜", "13800000000", what, at, to, *ends]) + "\n"


ROWS = (
    line("A-1", due="2025-03-10 17:30", closed="2025-03-07 16:00", outcome="已解决")
    + line("A-2", to="城管局", due="2025-03-10 17:30", closed="2025-03-12 16:00", outcome="部分解决")
    + line("A-3", what="没有人答复过这一件")
)


def test_incidents_by_their_updates():
    assert "共 39 件，未导入 0 件；有承诺 39 件，其中超期 22 件，没有承诺 0 件；重开 4 件，改派过 25 件" in imported(
        INCIDENTS
    )
    assert Counter(Ticket.objects.values_list("status", flat=True)) == {"closed": 39}
    since, until = datetime(2016, 1, 1, tzinfo=UTC), datetime(2017, 1, 1, tzinfo=UTC)
    found = figures(since, until)
    assert (found["on_time"].numerator, found["on_time"].denominator) == (17, 39)
    assert found["overdue"].numerator == 22
    assert found["rework"].numerator == 4
    reassigned = Event.objects.filter(kind="reassign").values("ticket").distinct()
    assert reassigned.count() == 25
    call_command("verify_log", verbosity=0)


def test_one_reopened_incident_move_by_move():
    imported(INCIDENTS)
    ticket = ticket_of("incidents:INC0007226")
    assert see.kinds(ticket) == [
        *("submit", "assign", "sign", "reassign", "sign", "reassign", "sign", "breach", "reply", "deliver", "lapse"),
        *("reopen", "sign", "reply", "deliver", "lapse"),
    ]
    events = list(Event.objects.filter(ticket=ticket).order_by("seq"))
    times = [event.happened_at for event in events]
    assert times == sorted(times)
    assert all(event.data["imported"] and event.data["silent"] for event in events)
    assert events[0].happened_at == datetime(2016, 3, 15, 11, 28, tzinfo=UTC)
    assert events[0].recorded_at > datetime(2026, 1, 1, tzinfo=UTC)
    assert (ticket.round, ticket.outcome) == (2, "solved")
    assert ticket.number.startswith("QH-20160315-")
    assert [event.round for event in events][-5:] == [2] * 5


def test_a_department_of_the_past_is_given_no_work():
    imported(INCIDENTS)
    past = Department.objects.filter(code__startswith="past-incidents-")
    assert past.exists()
    assert not past.filter(active=True).exists()


def test_requests_without_a_target_have_no_promise_and_never_count_as_on_time():
    """The city's own flag calls all of them on time: the published 74.8 % would be 67.6 %."""
    said = imported(BOSTON)
    assert "共 47 件，未导入 0 件；有承诺 33 件，其中超期 25 件，没有承诺 14 件" in said
    assert Deadline.objects.count() == 33
    found = figures(datetime(2015, 5, 31, tzinfo=UTC), datetime(2015, 7, 2, tzinfo=UTC))
    assert found["submitted"].numerator == 47
    assert (found["on_time"].numerator, found["on_time"].denominator) == (8, 33)
    never = Ticket.objects.exclude(deadlines__isnull=False)
    assert never.count() == 14
    assert not Event.objects.filter(ticket__in=never, data__has_key="clocks").exists()
    assert found["solved"].numerator == 0  # the source names no outcome: nothing is claimed


def test_local_times_are_read_in_the_zone_of_the_source():
    imported(BOSTON)
    assert ticket_of("boston311:101001399360").submitted_at == datetime(2015, 6, 1, 4, 28, tzinfo=UTC)


def test_case_61_an_import_with_past_dates_fires_no_old_alert():
    """peers.md §2.9, 61: neither when it is imported nor at the next sweep, nor by what waits in the outbox."""
    imported(BOSTON)
    imported(INCIDENTS)
    assert not Message.objects.exists()
    before = Event.objects.count()
    while sweep.sweep(at=datetime.now(UTC)):
        pass
    drain()
    assert Event.objects.count() == before
    assert not Alert.objects.exists()
    assert not Notice.objects.exists()
    assert Event.objects.filter(kind="breach").count() == 22 + 25
    for breach in Event.objects.filter(kind="breach"):
        assert breach.happened_at < datetime(2018, 1, 1, tzinfo=UTC)


def test_a_promise_that_is_still_to_come_is_swept_like_any_other(tmp_path):
    path = written(tmp_path, CHINESE + line("B-1", due="2099-01-01 17:30"))
    imported(path)
    deadline = Deadline.objects.get()
    assert (deadline.state, deadline.fires_at) == ("running", deadline.due_at)
    assert ticket_of("history:B-1").next_due_at == deadline.due_at
    assert sweep.sweep(at=deadline.due_at + timedelta(seconds=1)) == 1
    assert Alert.objects.count() == 1


def test_a_chinese_table_is_known_by_its_headings(tmp_path):
    said = imported(written(tmp_path, CHINESE + ROWS))
    assert "共 3 件，未导入 0 件；有承诺 2 件，其中超期 1 件，没有承诺 1 件" in said
    one, two, three = (ticket_of(f"history:A-{n}") for n in (1, 2, 3))
    assert (one.status, one.outcome, one.department.code) == ("closed", "solved", "power")
    assert (two.outcome, two.department.code.startswith("past-history-")) == ("partial", True)
    assert (three.status, three.outcome) == ("assigned", "")
    assert one.filing.contact_phone == "13800000000"
    assert one.submitted_at == datetime(2025, 3, 3, 1, 0, tzinfo=UTC)
    deadline = Deadline.objects.get(ticket=two)
    assert deadline.breached_at == deadline.due_at == datetime(2025, 3, 10, 9, 30, tzinfo=UTC)
    assert Event.objects.get(ticket=two, kind="breach").happened_at == deadline.due_at
    handling.sign(ticket_id=three.pk, caller=make.officer_of(three), at=NOW)  # it goes on here
    call_command("verify_log", verbosity=0)


def test_run_again_it_writes_nothing_twice_and_a_longer_file_only_what_is_new(tmp_path):
    imported(written(tmp_path, CHINESE + ROWS))
    assert "新导入 0 件，先前已导入 3 件" in imported(written(tmp_path, CHINESE + ROWS))
    longer = ROWS + line("A-4")
    assert "新导入 1 件，先前已导入 3 件" in imported(written(tmp_path, CHINESE + longer))
    assert Ticket.objects.count() == Source.objects.count() == 4


def test_a_dry_run_writes_nothing(tmp_path):
    said = imported(BOSTON, "--dry-run", "--report", str(tmp_path / "report.xlsx"))
    assert "可导入 47 件" in said
    assert not Ticket.objects.exists()
    assert not Department.objects.filter(code__startswith="past-").exists()
    page = load_workbook(tmp_path / "report.xlsx").active
    assert page.max_row == 48
    assert "按同时记" in str([row[4].value for row in page.iter_rows()])


def test_what_cannot_be_is_told_row_by_row_and_the_rest_goes_in(tmp_path):
    bad = [
        line("A-1", what="同一个编号两次"),
        line("A-5", closed="2025-03-01 09:00"),
        line("A-6", at=""),
        line("A-7", at="上周三"),
        line(""),
        line("K" * 41),
        line("A-8", closed="2025-03-04 09:00", outcome="办好了"),
    ]
    errors, path = StringIO(), written(tmp_path, CHINESE + ROWS + "".join(bad))
    with pytest.raises(CommandError) as refused:
        call_command(
            "import_history", str(path), "--report", str(tmp_path / "r.xlsx"), stdout=StringIO(), stderr=errors
        )
    assert refused.value.returncode == 1
    for says in (
        "编号相同",
        "办结早于收到",
        "没有收到时间",
        "认不出是什么时间",
        "没有编号",
        "编号太长",
        "按“解释说明”记",
    ):
        assert says in errors.getvalue()
    assert Ticket.objects.count() == 4
    assert ticket_of("history:A-8").outcome == "explained"


def test_a_mapping_from_a_file_and_a_saved_one(tmp_path, cast):
    mapping = {
        "name": "old",
        "zone": "Asia/Urumqi",
        "columns": {"key": "id", "opened": "t0", "closed": "t1", "missed": "late", "text": "what"},
        "missed_if": ["Y"],
        "outcome": "solved",
    }
    (tmp_path / "old.json").write_text(json.dumps(mapping), encoding="utf-8")
    day = "2025-01-02 03:04,2025-01-03 03:04"
    path = written(tmp_path, f"id,t0,t1,late,what\n1,{day},Y,旧事一件\n2,{day},N,旧事两件\n")
    assert "有承诺 2 件，其中超期 1 件" in imported(path, "--mapping", str(tmp_path / "old.json"))
    assert ticket_of("old:1").submitted_at == datetime(2025, 1, 1, 21, 4, tzinfo=UTC)
    assert Deadline.objects.get(ticket=ticket_of("old:1")).provisional  # the source said only that it was missed
    SavedMapping.objects.create(
        name="旧表", columns={"id": "reference", "t0": "received_at", "what": "text"}, saved_at=NOW
    )
    assert "新导入 2 件" in imported(path, "--mapping", "旧表")


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ("nobody", "没有叫“nobody”的栏目对应"),
        ("incidents", "栏目对应与文件不符"),
        ({"name": "x", "columns": {"key": "工单编号"}}, "没有指定：opened"),
        ({"name": "x", "columns": {"key": "工单编号", "opened": "来电时间", "colour": "红"}}, "认不出的项：colour"),
        ({"name": "x", "columns": {}, "zone": "Mars/Base"}, "读不了栏目对应"),
        ({"name": "x", "columns": {}, "outcome": "fine"}, "认不出的项：fine"),
        ({"surprise": 1}, "读不了栏目对应"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_before_anything_is_written(tmp_path, mapping, says):
    if isinstance(mapping, dict):
        (tmp_path / "m.json").write_text(json.dumps(mapping), encoding="utf-8")
        mapping = str(tmp_path / "m.json")
    with pytest.raises(CommandError, match=says):
        imported(written(tmp_path, CHINESE + ROWS), "--mapping", mapping)
    assert not Ticket.objects.exists()


def test_files_and_regions_that_are_not_there(tmp_path):
    with pytest.raises(CommandError, match="读不了"):
        imported(tmp_path / "none.csv")
    with pytest.raises(CommandError, match="没有代码为 1 的区划"):
        imported(BOSTON, "--region", "1")
    with pytest.raises(CommandError, match="没有指定：key、opened"):
        imported(written(tmp_path, "a,b\n1,2\n"))


def test_a_past_request_is_read_like_any_other_and_routed_by_nobody(tmp_path, cast):
    imported(written(tmp_path, CHINESE + ROWS))
    ticket = ticket_of("history:A-1")
    assert intake.route_all(ticket_ids=[ticket.pk], at=NOW) == []
    with pytest.raises(Conflict):
        handling.sign(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=NOW)
    assert ticket.deadlines.get().met_at == datetime(2025, 3, 7, 8, 0, tzinfo=UTC)


def test_what_was_erased_does_not_come_back_with_the_next_run(tmp_path):
    imported(written(tmp_path, CHINESE + ROWS))
    ticket = ticket_of("history:A-1")
    erasing.erase(ticket_id=ticket.pk, cause="expired", at=NOW)
    assert "新导入 0 件，先前已导入 3 件" in imported(written(tmp_path, CHINESE + ROWS))
    assert Source.objects.get(ticket=ticket).reference == ""
    call_command("verify_log", verbosity=0)


def test_what_was_promised_nothing_is_not_given_more_time(tmp_path):
    imported(written(tmp_path, CHINESE + ROWS))
    ticket = ticket_of("history:A-3")
    handling.sign(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=NOW)
    with pytest.raises(RefusedByRule, match="本件没有正在计时的答复时限，不能延期。"):
        departure.extend(
            ticket_id=ticket.pk,
            caller=make.head_of(ticket),
            at=NOW,
            reason="等待批复",
            until=(NOW + timedelta(days=3)).date(),
        )
