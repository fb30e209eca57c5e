"""Reading figures that are not behind: a short backlog is worked off on the spot, whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import connection

from tickets.figures.projection import advance
from tickets.figures.window import Window, live_or

STALE = timedelta(seconds=5)
"""How old the projection may be; its task runs more often."""
_MOST = 200
"""Events read by who asks: a few milliseconds. More is left to the task."""
_STATE = "SELECT as_of, (SELECT max(id) FROM tickets_event) - newest FROM tickets_checkpoint WHERE id = 1"


def freshen(at: datetime) -> None:
    """One statement where nothing is new; a pass where little is, or where nothing has passed over it for `STALE`."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        row = cursor.fetchone()
    as_of, waiting = row or (None, 0)
    if as_of is None or 0 < (waiting or 0) <= _MOST or not at - STALE <= as_of <= at:
        advance(at=at, most=_MOST)


_NAMES = ("since", "until", "as_of", "known")


def fresh_window(asked: Mapping[str, str], *, at: datetime) -> Window:
    """The window that an address asks for, with nothing short waiting. Raises `Invalid` as `window_from`."""
    freshen(at)
    # a "+" of an offset that was not escaped came as a space
    typed = {name: asked.get(name, "").replace(" ", "+") for name in _NAMES}
    return live_or(**typed, at=at)
