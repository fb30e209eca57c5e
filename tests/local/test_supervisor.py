"""The supervisor: restarts what dies, gives up on what will not stay, leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qihu.local.datadir import PROJECT
from qihu.local.process import started
from qihu.local.supervisor import end_leftovers
from tests.local.conftest import eventually, processes_naming

# Runs a supervisor over the children named on its command line, each a Python program.
STAGE = """
import sys
from pathlib import Path
from qihu.local.supervisor import Child, GaveUpError, Supervisor
here, *programs = sys.argv[1:]
names = [f"child{n}" for n in range(len(programs))]
supervisor = Supervisor([*names, "up"], notes=Path(here) / "children.json")
children = [Child(name, [sys.executable, "-c", program, here], cwd=Path(here), log=supervisor.log)
            for name, program in zip(names, programs)]
try:
    supervisor.run(children, each_tick=lambda: None)
except GaveUpError as part:
    print(f"gave up on {part}")
    sys.exit(1)
finally:
    supervisor.stop(children)
"""
WAITS = "import time; print('started', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, pathlib, sys; "
    "signal.signal(signal.SIGTERM, lambda *_: pathlib.Path(sys.argv[1], 'asked').touch()); " + WAITS
)
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {WAITS!r}, sys.argv[1]]); {WAITS}"
DIES = "print('falling', flush=True); raise SystemExit(3)"


class Stage:
    def __init__(self, here: Path, *programs: str) -> None:
        self.here = here
        self._log = here / "log"
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", STAGE, str(here), *programs],
                cwd=PROJECT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def children(self) -> list[int]:
        note = self.here / "children.json"
        return [int(pid) for pid in json.loads(note.read_text())] if note.exists() else []


@pytest.fixture
def stage(tmp_path):
    stages = []

    def start(*programs: str) -> Stage:
        stages.append(Stage(tmp_path, *programs))
        return stages[-1]

    yield start
    for one in stages:
        one.process.kill()
        one.process.wait()
        end_leftovers(tmp_path / "children.json")


def test_a_child_that_dies_comes_back_and_the_others_stay(stage):
    running = stage(WAITS, WAITS)
    assert eventually(lambda: running.said.count("started") == 2)
    victim, other = running.children()
    os.kill(victim, signal.SIGKILL)
    assert eventually(lambda: running.said.count("started") == 3)
    assert "child0 | 已退出 ended (signal SIGKILL); 0.5 秒后重启" in running.said
    assert other in running.children()
    running.process.terminate()
    assert running.process.wait(timeout=10) == 0
    assert processes_naming(running.here) == []


def test_five_deaths_within_a_minute_stop_everything_and_name_the_child(stage):
    running = stage(WAITS, DIES)
    assert running.process.wait(timeout=40) == 1
    assert running.said.count("falling") == 5
    assert running.said.splitlines()[-1] == "gave up on child1"
    assert processes_naming(running.here) == []


def test_what_a_dead_child_started_dies_too(stage):
    running = stage(PARENT)
    assert eventually(lambda: running.said.count("started") == 2)
    [leader] = running.children()
    os.kill(leader, signal.SIGKILL)
    assert eventually(lambda: running.said.count("started") == 4)
    assert len([line for line in processes_naming(running.here) if "STAGE" not in line]) == 3  # with the stage
    running.process.terminate()
    running.process.wait(timeout=10)
    assert processes_naming(running.here) == []


def test_a_second_interrupt_ends_a_child_that_will_not_stop(stage):
    running = stage(STUBBORN)
    assert eventually(lambda: "started" in running.said)
    running.process.send_signal(signal.SIGINT)
    assert eventually((running.here / "asked").exists)
    assert running.process.poll() is None
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(timeout=5) == 0
    assert processes_naming(running.here) == []


def test_children_do_not_outlive_a_killed_supervisor(stage):
    running = stage(WAITS, WAITS)
    assert eventually(lambda: running.said.count("started") == 2)
    running.process.kill()
    running.process.wait()
    assert eventually(lambda: processes_naming(running.here) == [])


def test_a_stubborn_child_of_a_killed_supervisor_is_ended_by_the_next_start(stage):
    running = stage(STUBBORN)
    assert eventually(lambda: "started" in running.said)
    running.process.kill()
    running.process.wait()
    assert eventually((running.here / "asked").exists)
    end_leftovers(running.here / "children.json")
    assert eventually(lambda: processes_naming(running.here) == [])


def test_a_process_that_merely_bears_an_old_id_is_left_alone(tmp_path):
    stranger = subprocess.Popen([sys.executable, "-c", WAITS], stdout=subprocess.DEVNULL)
    note = tmp_path / "children.json"
    note.write_text(json.dumps({stranger.pid: str(int(started(stranger.pid)) - 1)}))
    end_leftovers(note)
    time.sleep(0.1)
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
