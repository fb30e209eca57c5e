"""Numbers of requests."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings


def number_of(serial: int, at: datetime) -> str:
    """QH-<local date>-<six digits>."""
    return f"QH-{at.astimezone(ZoneInfo(settings.TIME_ZONE)):%Y%m%d}-{serial:06d}"
