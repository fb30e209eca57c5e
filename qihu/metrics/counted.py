"""What every process counts while it works, and how the counts of all of them become one answer.

Under `manage.py up` the environment names a directory (`PROMETHEUS_MULTIPROC_DIR`) into which web workers, task
workers and the beat each write; whoever is scraped adds them up. Without it a process tells of itself alone.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from qihu import env

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_OWN = CollectorRegistry()

REQUESTS = Counter("qihu_http_requests", "HTTP requests answered", ["view", "method", "status"], registry=_OWN)
REQUEST_SECONDS = Histogram(
    "qihu_http_request_seconds",
    "Seconds until an HTTP request was answered",
    ["view"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=_OWN,
)
TASKS = Counter("qihu_task_runs", "Runs of background tasks", ["task", "result"], registry=_OWN)
TASK_SECONDS = Histogram(
    "qihu_task_seconds",
    "Seconds that a background task ran",
    ["task"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 15, 60, 240),
    registry=_OWN,
)


def registry() -> CollectorRegistry:
    """What is counted, of all processes that share the directory, or of this one."""
    directory = env.text(DIRECTORY, "")
    if not directory:
        return _OWN
    shared = CollectorRegistry()
    MultiProcessCollector(shared, path=directory)  # type: ignore[no-untyped-call]  # prometheus-client has no types
    return shared
