"""Servers of the test run: a pytest plugin named in `addopts`: settings are read before any conftest.

Where the environment names servers (`DATABASE_URL`, `REDIS_URL`) they are used. Otherwise a private
PostgreSQL and Valkey in a temporary directory serve this run alone; pytest-xdist's workers inherit them.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from qihu.local.attach import export, given
from qihu.local.datadir import DataDir
from qihu.local.postgres import Postgres
from qihu.local.valkey import Valkey

# Nothing here survives the run, so nothing needs to reach the disk.
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


def _start() -> None:
    """Start what the environment does not name, and stop it when the run ends, however it ends."""
    postgres = valkey = None
    home = DataDir(Path(tempfile.mkdtemp(prefix="qihu-test-")))
    home.root.chmod(0o711)
    home.folder("static")
    atexit.register(shutil.rmtree, home.root, ignore_errors=True)
    if not given("DATABASE_URL"):
        postgres = Postgres(home, settings=_QUICK)
        atexit.register(postgres.stop)
        postgres.start(dies_with_us=True)
    if not given("REDIS_URL", "CELERY_BROKER_URL"):
        valkey = Valkey(home)
        atexit.register(valkey.stop)
        valkey.start(dies_with_us=True)
    export(home, postgres=postgres, valkey=valkey)
    os.environ.setdefault("SECURE_COOKIES", "0")


if "PYTEST_XDIST_WORKER" not in os.environ:
    _start()
