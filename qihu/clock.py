"""The one place where doors read the clock; everything below them takes `at=`."""

from datetime import UTC, datetime


def now() -> datetime:
    """Present moment, aware, UTC."""
    return datetime.now(UTC)
