"""Is it alive, is it ready, how is it doing: for supervisors and Prometheus; no business figures."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from qihu.accounts.models import Department
from qihu.clock import now
from qihu.metrics.counted import registry
from qihu.metrics.standing import Standing
from qihu.outbox import watch
from routing.promises.amount import PromiseError
from routing.promises.coverage import coverage_warnings
from tickets.services.inspection import stuck
from tickets.services.sealing import oldest_unsealed

SEAL_LATE = 300
"""Seconds an event may wait for its seal before `/readyz` says so."""


def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when requests can be accepted; 503 without a database or promises, or while messages rest unhandled.

    A dead broker does not matter here: requests are accepted and routed when it returns.
    """
    body: dict[str, object] = {"database": "ok", "outbox": "ok", "warnings": []}
    status = 200
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if resting := watch.resting():
            body["outbox"], status = f"{resting} resting", 503
        body["warnings"] = [
            *coverage_warnings(now()),
            *_nobody_for_discipline(),
            *_sealer_stands_still(),
            *_files_wait(),
        ]
    except DatabaseError:
        body["database"], status = "unreachable", 503
    except PromiseError:
        body["promises"], status = "none published: run manage.py load_defaults", 503
    return JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})


def _nobody_for_discipline() -> list[str]:
    """A restricted request with nowhere to go is seen by supervisors only, who cannot assign it."""
    if Department.objects.filter(kind=Department.Kind.DISCIPLINE, active=True).exists():
        return []
    return ["没有启用的纪检监察机关：廉政诉求无处可交，请在配置后台添加部门。"]


def _sealer_stands_still() -> list[str]:
    """What no seal covers yet could still be altered unnoticed."""
    age = oldest_unsealed()
    return [f"日志封存停滞：最早一条未封存的记录已有 {age:,.0f} 秒。"] if age > SEAL_LATE else []


def _files_wait() -> list[str]:
    """A scanner that is down loses nothing, but nobody can open what firms send."""
    waiting = stuck(at=now())
    return [f"有 {waiting} 个附件等待检查超过一刻钟：请查看病毒扫描服务和后台进程。"] if waiting else []


def metrics(_request: HttpRequest) -> HttpResponse:
    """Prometheus text format: what all processes have counted, and what stands now."""
    now_standing = CollectorRegistry()
    now_standing.register(Standing())
    told = generate_latest(registry()) + generate_latest(now_standing)
    return HttpResponse(told, content_type=CONTENT_TYPE_LATEST)
