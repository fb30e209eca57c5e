"""What the commands share: reading a moment, and the error for one that cannot be used."""

from datetime import datetime

from django.core.management import CommandError


def moment(text: str) -> datetime:
    """An ISO 8601 time with its offset. CommandError for anything else, a time without zone too."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"看不懂的时间“{text}”，应为 ISO 8601，例如 2026-02-13T16:00:00+08:00") from error
    if at.tzinfo is None:
        raise CommandError(f"时间“{text}”缺少时区，请写明偏移，例如 {text}+08:00")
    return at
