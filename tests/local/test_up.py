"""`manage.py up`, the real thing: one installation through first start, refusals, stop, kill and restart."""

import json
import os
import runpy
import signal
import socket
import sys
import urllib.error
import urllib.request
from contextlib import closing

import pytest

from qihu.local.datadir import PROJECT
from qihu.local.postgres import Postgres
from qihu.local.valkey import Valkey
from tests.local.conftest import eventually, processes_naming

READY = "Ctrl-C stops"


@pytest.fixture
def port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return probe.getsockname()[1]


def answer(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
            return response.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


@pytest.mark.timeout(240)
def test_first_start_refused_second_stop_restart_and_kill(program, home, port):
    first = program("manage.py", "up", QIHU_PORT=str(port))
    assert first.says(READY, seconds=120), first.said
    assert answer(port, "/readyz") == 200
    assert answer(port, "/login/") == 200
    password = home.demo_password.read_text()
    assert f"口令 password: {password}" in first.said
    assert home.demo_password.stat().st_mode & 0o777 == 0o600

    second = program("manage.py", "up", QIHU_PORT=str(port))
    assert second.ends() == 1
    assert second.said.splitlines() == [
        f"qihu: 已在运行 already running with the data directory {home.root}: http://127.0.0.1:{port}/"
    ]

    count = "from qihu.accounts.models import User; print(User.objects.count())"
    attached = program("manage.py", "shell", "-v0", "-c", count)
    assert attached.ends() == 0
    accounts = int(attached.said.splitlines()[-1])
    assert accounts > 50

    first.signal(signal.SIGTERM)
    assert first.ends(seconds=40) == 0
    assert processes_naming(home.root) == []

    again = program("manage.py", "up", QIHU_PORT=str(port))
    assert again.says(READY), again.said
    assert password not in again.said
    attached = program("manage.py", "shell", "-v0", "-c", count)
    assert attached.ends() == 0
    assert int(attached.said.splitlines()[-1]) == accounts
    again.signal(signal.SIGKILL)
    again.ends()
    assert eventually(lambda: processes_naming(home.root) == [], seconds=20), processes_naming(home.root)


@pytest.mark.fault
@pytest.mark.timeout(300)
def test_whatever_is_killed_comes_back(program, home, port):
    running = program("manage.py", "up", QIHU_PORT=str(port))
    assert running.says(READY, seconds=120), running.said
    for victim in ("valkey", "postgres", "beat", "worker", "web"):
        killed = _pid(home, victim)
        os.kill(killed, signal.SIGKILL)
        assert running.says(f"{victim.ljust(8)} | 已退出 ended", seconds=10), running.said
        assert eventually(lambda: _pid(home, victim) not in {killed, None}, seconds=20), running.said  # noqa: B023
        assert eventually(lambda: answer(port, "/readyz") == 200, seconds=40), running.said
    running.signal(signal.SIGINT)
    assert running.ends(seconds=60) == 0
    assert processes_naming(home.root) == []


def _pid(home, victim: str) -> int | None:
    servers = {"postgres": Postgres(home), "valkey": Valkey(home)}
    if victim in servers:
        return servers[victim].pid()
    pids = list(json.loads((home.root / "run" / "children.json").read_text()))
    order = ["web", "worker", "beat"]
    return int(pids[order.index(victim)]) if len(pids) == 3 else None


def test_a_port_in_use_is_one_line(program, home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = program("manage.py", "up", QIHU_PORT=str(port))
        assert refused.ends() == 1
    [line] = refused.said.splitlines()
    assert f"127.0.0.1:{port}" in line
    assert "QIHU_PORT" in line
    assert processes_naming(home.root) == []


def test_a_data_directory_that_cannot_be_written_is_one_line(program):
    refused = program("manage.py", "up", QIHU_DATA_DIR="/proc/qihu")
    assert refused.ends() == 1
    [line] = refused.said.splitlines()
    assert "QIHU_DATA_DIR" in line


def test_a_wrong_number_in_the_environment_is_one_line(program):
    refused = program("manage.py", "up", QIHU_PORT="eighty")
    assert refused.ends() == 1
    assert refused.said.splitlines() == ["qihu: environment variable QIHU_PORT: 'eighty' is not a whole number"]


def test_an_old_python_is_told_so(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 12, "final", 0))
    with pytest.raises(SystemExit) as refusal:
        runpy.run_path(str(PROJECT / "manage.py"), run_name="__main__")
    assert "Python >= 3.11" in str(refusal.value.code)
