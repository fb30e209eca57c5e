"""/metrics after real requests and tasks: what an operator needs, of all processes, and nothing about anybody."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.db import DatabaseError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from qihu.celery import app
from qihu.clock import now
from qihu.metrics import standing
from qihu.metrics.counted import DIRECTORY
from qihu.outbox.publish import publish
from tests import make
from tests.people import user
from tickets import tasks
from tickets.models import Checkpoint, Deadline
from tickets.services.codes import access_code

pytestmark = pytest.mark.django_db
DASHBOARDS = Path(settings.BASE_DIR) / "deploy" / "dashboards"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(client: Client | None = None) -> Samples:
    answer = (client or Client()).get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((name, tuple(sorted(labels.items()))), 0.0)


class TestRequests:
    def test_counted_by_view_and_status_with_how_long_they_took(self):
        ticket, client = make.submitted(at=now()), Client(raise_request_exception=False)
        before = scraped()
        client.post("/t/", {"number": ticket.number, "code": access_code(ticket.number)})
        for _ in range(2):
            assert client.get(f"/t/{ticket.number}/").status_code == 200
        client.get(f"/t/{ticket.number[:-1]}x/")
        client.get("/no/such/page")
        client.generic("BREW", "/healthz")
        after = scraped()

        def more(name: str, **labels: str) -> float:
            return value(after, name, **labels) - value(before, name, **labels)

        assert more("qihu_http_requests_total", view="find", method="POST", status="303") == 1
        assert more("qihu_http_requests_total", view="receipt", method="GET", status="200") == 2
        assert more("qihu_http_requests_total", view="receipt", method="GET", status="404") == 1
        assert more("qihu_http_requests_total", view="unmatched", method="GET", status="404") == 1
        assert more("qihu_http_requests_total", view="qihu.health.healthz", method="OTHER", status="200") == 1
        assert more("qihu_http_request_seconds_count", view="receipt") == 3
        assert more("qihu_http_request_seconds_bucket", view="receipt", le="+Inf") == 3
        assert 0 < more("qihu_http_request_seconds_sum", view="receipt") < 30

    def test_the_back_office_is_one_view(self):
        client = Client()
        client.force_login(user("sysadmin"), backend="django.contrib.auth.backends.ModelBackend")
        client.get("/admin/")
        assert value(scraped(), "qihu_http_requests_total", view="admin", method="GET", status="200") >= 1

    def test_no_label_tells_of_anybody(self):
        ticket, client = make.submitted(at=now()), Client()
        client.post("/t/", {"number": ticket.number, "code": access_code(ticket.number)})
        client.get(f"/t/{ticket.number}/")
        told = client.get("/metrics").content.decode()
        for private in (ticket.number, access_code(ticket.number), "13800000000", "李娜", "officer.finance"):
            assert private not in told
        labels = {name for _, pairs in scraped() for name, _ in pairs}
        assert labels <= {"view", "method", "status", "le", "task", "result", "state", "build", "django", "python"}


class TestTasks:
    def test_runs_and_failures_are_counted(self, monkeypatch):
        before = scraped()
        tasks.seal()
        tasks.seal.apply(throw=True)

        def fail() -> None:
            raise RuntimeError("the seal's file is full")

        monkeypatch.setattr(tasks.sealing, "seal", fail)
        with pytest.raises(RuntimeError):
            tasks.seal()
        assert tasks.seal.apply().failed()
        after = scraped()
        for result in ("done", "failed"):
            labels = {"task": "tickets.seal", "result": result}
            assert value(after, "qihu_task_runs_total", **labels) - value(before, "qihu_task_runs_total", **labels) == 2
        counted = [value(one, "qihu_task_seconds_count", task="tickets.seal") for one in (before, after)]
        assert counted[1] - counted[0] == 4

    def test_every_task_of_the_timetable_is_measured(self):
        app.loader.import_default_modules()
        for entry in app.conf.beat_schedule.values():
            assert type(app.tasks[entry["task"]]).__mro__[1].__module__ == "qihu.metrics.tasks"


class TestStanding:
    def test_queues_and_lags(self):
        ticket = make.signed()
        publish("nobody.listens", n=1)
        Deadline.objects.filter(ticket=ticket, clock="RESOLVE").update(fires_at=now() - timedelta(minutes=90))
        Checkpoint.objects.update_or_create(pk=1, defaults={"as_of": now() - timedelta(minutes=7)})
        found = scraped()
        assert value(found, "qihu_outbox_waiting") >= 1
        assert value(found, "qihu_outbox_oldest_seconds") >= 0
        assert value(found, "qihu_sweep_lag_seconds") >= 5400
        assert 420 <= value(found, "qihu_projection_lag_seconds") < 480
        assert value(found, "qihu_database_up") == 1
        assert sum(v for (name, _), v in found.items() if name == "qihu_database_connections") >= 1
        assert {pairs for name, pairs in found if name == "qihu_notices"} == {
            (("state", state),) for state in ("queued", "failed", "unsent")
        }
        assert [v for (name, _), v in found.items() if name == "qihu_build_info"] == [1]

    def test_nothing_waits(self):
        Checkpoint.objects.all().delete()
        found = scraped()
        assert value(found, "qihu_sweep_lag_seconds") == value(found, "qihu_projection_lag_seconds") == 0

    def test_a_dead_broker_and_a_dead_database_are_told(self, settings, monkeypatch):
        settings.REDIS_URL = "redis://127.0.0.1:9/0"

        def away() -> int:
            raise DatabaseError("away")

        monkeypatch.setattr(standing.watch, "waiting", away)
        found = scraped()
        assert value(found, "qihu_broker_up") == value(found, "qihu_database_up") == 0
        assert ("qihu_database_up", ()) in found
        assert ("qihu_outbox_waiting", ()) not in found

    def test_queries_are_few(self, django_assert_max_num_queries):
        with django_assert_max_num_queries(10):
            scraped()


def test_processes_are_added_up(tmp_path, monkeypatch):
    counts = "from qihu.metrics.counted import REQUESTS, TASKS; REQUESTS.labels('board', 'GET', '200').inc(3);"
    counts += "TASKS.labels('tickets.sweep', 'done').inc(2)"
    for _ in range(2):
        surroundings = os.environ | {DIRECTORY: str(tmp_path)}
        subprocess.run([sys.executable, "-c", counts], env=surroundings, cwd=settings.BASE_DIR, check=True)
    monkeypatch.setenv(DIRECTORY, str(tmp_path))
    found = scraped()
    assert value(found, "qihu_http_requests_total", view="board", method="GET", status="200") == 6
    assert value(found, "qihu_task_runs_total", task="tickets.sweep", result="done") == 4
    assert value(found, "qihu_database_up") == 1


class TestDashboards:
    NAME = re.compile(r"\bqihu_[a-z_]+")

    def known(self) -> set[str]:
        tasks.seal()
        scraped()
        return {name for name, _ in scraped()}

    def test_every_panel_and_alert_asks_for_what_there_is(self):
        board = json.loads((DASHBOARDS / "operations.json").read_text(encoding="utf-8"))
        asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        (group,) = yaml.safe_load((DASHBOARDS / "alerts.yml").read_text(encoding="utf-8"))["groups"]
        asked += [rule["expr"] for rule in group["rules"]]
        assert len(asked) > 20
        assert {name for one in asked for name in self.NAME.findall(one)} <= self.known()

    def test_alerts_say_what_is_wrong(self):
        (group,) = yaml.safe_load((DASHBOARDS / "alerts.yml").read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in {"warning", "critical"}
            assert rule["annotations"]["summary"]
            assert rule["for"]
        assert len({rule["alert"] for rule in group["rules"]}) == len(group["rules"])
