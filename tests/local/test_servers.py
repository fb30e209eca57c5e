"""The embedded servers: made, adopted, killed, restarted, without losing what was promised."""

import os
import signal
import socket
from pathlib import Path

import psycopg
import pytest
import redis

from qihu.local.datadir import DataDir, Refusal, port_taken
from qihu.local.postgres import Postgres
from qihu.local.process import unprivileged
from qihu.local.valkey import Valkey
from tests.local.conftest import eventually, processes_naming


@pytest.fixture
def postgres(home: DataDir):
    server = Postgres(home)
    yield server
    server.stop()


@pytest.fixture
def valkey(home: DataDir):
    server = Valkey(home)
    yield server
    server.stop()


def test_postgres_keeps_chinese_data_and_port_over_restarts_and_a_crash(home, postgres):
    postgres.start(dies_with_us=True)
    url = postgres.url
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (text text)")
        connection.execute("INSERT INTO kept VALUES ('企业融资难')")
        assert connection.execute("SELECT current_setting('is_superuser')").fetchone() == ("off",)
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")  # trusted: no superuser needed
        assert connection.execute("SELECT show_trgm('诉求')").fetchone() != ([],)
    os.kill(postgres.pid(), signal.SIGKILL)
    assert eventually(lambda: not postgres.running())

    again = Postgres(home)
    again.start(dies_with_us=True)

    assert again.url == url
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT text FROM kept").fetchone() == ("企业融资难",)
    again.stop()
    assert not again.running()
    assert processes_naming(home.root) == []


def test_a_running_postgres_is_adopted_and_stopped_by_another_object(home, postgres):
    postgres.start(dies_with_us=True)
    other = Postgres(home)
    other.start(dies_with_us=True)
    assert other.pid() == postgres.pid()
    other.stop()
    assert postgres.pid() is None


def test_postgres_takes_another_port_when_its_own_was_taken(home, postgres):
    postgres.start(dies_with_us=True)
    old = home.port("postgres")
    postgres.stop()
    with socket.create_server(("127.0.0.1", old)):
        postgres.start(dies_with_us=True)
        assert home.port("postgres") != old
        with psycopg.connect(postgres.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_postgres_asks_for_its_password_and_stays_on_this_machine(postgres, home):
    postgres.start(dies_with_us=True)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres.url.replace(home.secret("postgres"), "guessed"))
    assert port_taken("127.0.0.1", home.port("postgres"))
    assert port_taken("127.0.0.2", home.port("postgres")) is None


def test_the_log_of_postgres_holds_no_statement_and_no_value(postgres, home):
    postgres.start(dies_with_us=True)
    with psycopg.connect(postgres.url) as connection, pytest.raises(psycopg.Error):
        connection.execute("SELECT '13800000000'::integer / 0, '李娜'")
    logged = home.log("postgres").read_text(encoding="utf-8")
    assert "ERROR" in logged
    assert "李娜" not in logged


def test_a_stale_note_naming_another_process_does_not_stop_postgres(home, postgres):
    postgres.start(dies_with_us=True)
    os.kill(postgres.pid(), signal.SIGKILL)
    assert eventually(lambda: not postgres.running())
    note = home.root / "postgres" / "postmaster.pid"
    lines = note.read_text().splitlines()
    note.write_text("\n".join([str(os.getppid()), *lines[1:]]))  # the machine restarted; the id is another's now
    postgres.start(dies_with_us=True)
    assert postgres.running()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")
def test_as_root_postgres_runs_unprivileged_even_below_a_closed_directory(home):
    closed = DataDir(home.root / "closed" / "data")
    (home.root / "closed").mkdir(mode=0o700)
    server = Postgres(closed)
    server.start(dies_with_us=True)
    try:
        assert Path(f"/proc/{server.pid()}").stat().st_uid == unprivileged().uid
        assert server.running()
    finally:
        server.stop()


def test_valkey_keeps_its_queue_when_killed(home, valkey):
    valkey.start(dies_with_us=True)
    with redis.Redis.from_url(valkey.url) as client:
        client.rpush("celery", *range(500))
        assert eventually(lambda: client.info("persistence")["aof_pending_bio_fsync"] == 0)
    os.kill(valkey.pid(), signal.SIGKILL)
    assert eventually(lambda: not valkey.running())

    again = Valkey(home)
    again.start(dies_with_us=True)
    with redis.Redis.from_url(again.url) as client:
        assert client.llen("celery") == 500
    again.stop()
    assert processes_naming(home.root) == []


def test_valkey_asks_for_its_password(home, valkey):
    valkey.start(dies_with_us=True)
    url = valkey.url.replace(home.secret("valkey"), "guessed")
    with redis.Redis.from_url(url) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_secrets_are_made_once_and_private(home):
    first = home.secret("secret-key")
    assert home.secret("secret-key") == first
    assert len(first) > 40
    assert (home.root / "secrets" / "secret-key").stat().st_mode & 0o777 == 0o600


def test_a_data_directory_that_cannot_be_made_is_one_line(home):
    file = home.root / "file"
    file.write_text("in the way")
    with pytest.raises(Refusal) as refusal:
        DataDir(file / "data").secret("x")
    assert "\n" not in str(refusal.value.code)
    assert str(file / "data") in str(refusal.value.code)
