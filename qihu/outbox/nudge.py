"""After a commit: wake a worker. Never in the request's own time, never needed for correctness (beat drains too)."""

from __future__ import annotations

import threading
import time

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)
_GATHERS = 0.02  # seconds: one wake-up, and one batch, for what commits meanwhile


class _Bell:
    """One background thread a process; presses that come while it rings are answered by one more ring."""

    def __init__(self) -> None:
        self._pressed = threading.Event()
        self._thread: threading.Thread | None = None
        self._start = threading.Lock()

    def press(self) -> None:
        self._pressed.set()
        if self._thread is None or not self._thread.is_alive():
            with self._start:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._ring, name="outbox-nudge", daemon=True)
                    self._thread.start()

    def _ring(self) -> None:
        while True:
            self._pressed.wait()
            time.sleep(_GATHERS)
            self._pressed.clear()
            try:
                current_app.send_task("outbox.drain", expires=60)
            except (OperationalError, OSError) as error:
                # The broker is away: the rows wait, and beat's next tick after its return drains them.
                log.warning("outbox.nudge_failed", error=type(error).__name__)


_bell = _Bell()
nudge = _bell.press
