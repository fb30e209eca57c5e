"""The product's settings with nothing between Granian and the floor's view."""

from qihu.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.floor"
MIDDLEWARE: list[str] = []
