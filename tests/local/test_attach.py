"""Every command finds its servers, starts what it needs, and leaves nothing behind."""

import signal

from tests.local.conftest import eventually, processes_naming

WORKS = """
import os, sys, time
import psycopg
from qihu.local.attach import servers_for
with servers_for(["manage.py", "migrate"]), psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    print(connection.execute("SELECT 'worked'").fetchone()[0], os.environ["DATABASE_URL"], flush=True)
    time.sleep(float(sys.argv[1]))
    connection.execute("SELECT 1")
"""


def test_commands_without_a_server_share_one_and_the_last_stops_it(program, home):
    first = program("-c", WORKS, "0.2")
    second = program("-c", WORKS, "1.5")
    assert (first.ends(), second.ends()) == (0, 0)
    assert first.said == second.said
    assert processes_naming(home.root) == []


def test_a_terminated_command_stops_its_server(program, home):
    waiting = program("-c", WORKS, "60")
    assert waiting.says("worked")
    waiting.signal(signal.SIGTERM)
    assert waiting.ends() == 128 + signal.SIGTERM
    assert processes_naming(home.root) == []


def test_a_server_left_by_a_killed_command_is_taken_over_by_the_next(program, home):
    killed = program("-c", WORKS, "60")
    assert killed.says("worked")
    killed.signal(signal.SIGKILL)
    killed.ends()
    following = program("-c", WORKS, "0")
    assert following.ends() == 0
    assert following.said == killed.said
    assert eventually(lambda: processes_naming(home.root) == [])


def test_a_command_that_needs_no_database_starts_none(program, home):
    helped = program("manage.py", "check")
    assert helped.ends() == 0
    assert "no issues" in helped.said
    assert not (home.root / "postgres").exists()


def test_a_database_url_is_used_as_it_is(program, home):
    given = program("-c", WORKS, "0", DATABASE_URL="postgresql://somebody@127.0.0.1:9/nowhere")
    assert given.ends() == 1
    assert "port 9 failed" in given.said
    assert not (home.root / "postgres").exists()
