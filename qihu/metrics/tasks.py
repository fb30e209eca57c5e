"""Counts every run of a background task."""

from __future__ import annotations

import time
from typing import Any

from celery import Task

from qihu.metrics.counted import TASK_SECONDS, TASKS


class Measured(Task):  # type: ignore[type-arg]  # generic in the stubs only
    """A task whose runs are counted by its name and how they ended."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it; an error goes on to Celery, counted."""
        began, result = time.perf_counter(), "failed"
        try:
            answer = super().__call__(*args, **kwargs)
            result = "done"
        finally:
            TASKS.labels(self.name, result).inc()
            TASK_SECONDS.labels(self.name).observe(time.perf_counter() - began)
        return answer
