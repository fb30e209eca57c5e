"""How far the official calendar reaches: a warning stands when it ends soon (domain.md, appendix)."""

from datetime import date, datetime

from routing.promises.book import published_calendar

WARNED_DAYS = 60


def coverage_warnings(at: datetime) -> list[str]:
    """One sentence when the official calendar ends in under 60 days, or has ended; else nothing."""
    calendar = published_calendar()
    if calendar.coverage is None:
        return []
    last = date(calendar.coverage[1], 12, 31)
    left = (last - at.astimezone(calendar.zone).date()).days
    if left >= WARNED_DAYS:
        return []
    when = f"还有 {left} 天" if left >= 0 else f"已过 {-left} 天"
    return [f"工作日历只到 {last:%Y年%m月%d日}，{when}；请载入下一年的放假通知。"]
