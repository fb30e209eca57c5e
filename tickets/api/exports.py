"""`/api/v1/exports/`: asking for a table with a reason, how far it is, and its file."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.accounts.models import User
from qihu.clock import now
from qihu.errors import Invalid
from qihu.served import streamed
from tickets.access import Caller
from tickets.api.described import KEY, problems, query
from tickets.api.door import Door, body_of, key_of, public_url, staff
from tickets.api.listing import filtered
from tickets.api.paging import PAGE, cursor_of, next_url
from tickets.figures import Part
from tickets.models import Export
from tickets.services.exports import asking, fetching, picking, working
from tickets.services.exports.picking import Picked
from tickets.services.exports.workbook import MIME

_S = Export.State
_NUMBER = OpenApiParameter("number", OpenApiTypes.STR, OpenApiParameter.PATH, description="导出编号")
_NEWEST = "exports"
_ASKED = OpenApiExample(
    "三月收到的诉求",
    value={
        "what": "figure_rows",
        "query": {"figure": "submitted", "since": "2026-03-01", "until": "2026-04-01"},
        "format": "xlsx",
        "reason": "三月例会材料",
    },
    request_only=True,
)


class ExportIn(serializers.Serializer[Any]):
    """What is wanted, as the address of its list says it."""

    what = serializers.ChoiceField(
        Export.What.choices,
        help_text="tickets：诉求列表；figure_rows：一个数背后的诉求；figures：指标表",
    )
    query = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=200),
        required=False,
        help_text="与相应的 GET 相同的参数：tickets/、figures/rows/、figures/",
    )
    format = serializers.ChoiceField(Export.Format.choices)
    reason = serializers.CharField(help_text="4 至 200 个字，记入审计并写在文件里", allow_blank=True, max_length=1000)


class ExportOut(serializers.Serializer[Any]):
    """One export."""

    number = serializers.CharField()
    what = serializers.ChoiceField(Export.What.choices)
    format = serializers.ChoiceField(Export.Format.choices)
    state = serializers.ChoiceField(Export.State.choices)
    words = serializers.CharField(help_text="筛选条件；过期后为空")
    reason = serializers.CharField(help_text="过期后为空")
    as_of = serializers.DateTimeField(help_text="数据截止")
    known = serializers.DateTimeField(allow_null=True, help_text="知悉截止")
    definitions = serializers.IntegerField(help_text="口径版本")
    expected = serializers.IntegerField(help_text="应有行数")
    done = serializers.IntegerField(help_text="已写行数")
    sm3 = serializers.CharField(allow_null=True, help_text="表头和各行的 SM3；完成前为 null")
    asked_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    url = serializers.CharField()
    file = serializers.CharField(allow_null=True, help_text="文件的地址；完成前、过期后为 null")


class ExportsOut(serializers.Serializer[Any]):
    """One page of one's own exports."""

    results = ExportOut(many=True)
    next = serializers.CharField(allow_null=True, help_text="下一页的地址；没有则为 null")


class Exports(Door):
    """Asking, and the list of one's own."""

    @extend_schema(
        operation_id="exports_ask",
        tags=["导出"],
        summary="导出",
        description="5,000 行以内随即生成（201），更多的由后台生成（202），完成后由 file 下载，保存 7 天。"
        "超过上限为 422，code 是 export-too-large。每次导出、每次下载都记入审计。",
        request=ExportIn,
        examples=[_ASKED],
        parameters=[KEY],
        responses={201: ExportOut, 202: ExportOut, **problems((400, 401, 403, 409, 422))},
    )
    def post(self, request: Request) -> Response:
        """201 with the file's address, or 202."""
        user, at = staff(request), now()
        said = body_of(request, ExportIn)
        picked = _picked(user, said["what"], said.get("query", {}))
        made = asking.keep(
            picked=picked,
            caller=Caller(user),
            at=at,
            form=said["format"],
            reason=said["reason"],
            key=key_of(request) or "",
        )
        if picked.at_once:
            working.work_off(export_id=made.pk, at=at)
            made.refresh_from_db()
        body = _body(request, made)
        code = status.HTTP_201_CREATED if body["file"] else status.HTTP_202_ACCEPTED
        return Response(body, status=code, headers={"Location": body["url"]})

    @extend_schema(
        operation_id="exports_list",
        tags=["导出"],
        summary="我的导出",
        description="只列出本人要求的，最新在前，每页 50 份。",
        parameters=[query("cursor", "照抄上一页的 next")],
        responses={200: ExportsOut, **problems((401, 422))},
    )
    def get(self, request: Request) -> Response:
        """One page."""
        found = Export.objects.of_user(staff(request)).select_related("asked_by")
        if place := cursor_of(request, _NEWEST):
            found = found.filter(pk__lt=place[0])
        rows = list(found[: PAGE + 1])
        done = working.done_rows(rows)
        following = next_url(request, _NEWEST, rows[PAGE - 1].pk) if len(rows) > PAGE else None
        results = [_told(request, one, done.get(one.pk, 0)) for one in rows[:PAGE]]
        return Response(ExportsOut({"results": results, "next": following}).data)


class OneExport(Door):
    """How far one is."""

    @extend_schema(
        operation_id="exports_read",
        tags=["导出"],
        summary="一份导出的进度",
        description="done 与 expected 相比即进度；state 为 ready 后可以下载。",
        parameters=[_NUMBER],
        responses={200: ExportOut, **problems((401, 404))},
    )
    def get(self, request: Request, number: str) -> Response:
        """As it stands."""
        return Response(_body(request, fetching.one_of(Caller(staff(request)), number)))


class _AnyType(DefaultContentNegotiation):
    """A file is what it is, whatever the caller would rather have; refusals are JSON."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        """The only renderer."""
        return renderers[0], renderers[0].media_type


class ExportFile(Door):
    """The file of one."""

    content_negotiation_class = _AnyType

    @extend_schema(
        operation_id="exports_file",
        tags=["导出"],
        summary="下载导出的文件",
        description="只给要求导出的本人，且下载时仍有原来的权限；否则 403。还没有完成是 409，过期是 410。",
        parameters=[_NUMBER],
        responses={
            (200, MIME): OpenApiResponse(OpenApiTypes.BINARY, "XLSX"),
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY, "CSV，UTF-8，带文件头标记"),
            **problems((401, 403, 404, 409, 410)),
        },
    )
    def get(self, request: Request, number: str) -> StreamingHttpResponse:
        """The bytes as they come."""
        way = fetching.fetch(number=number, caller=Caller(staff(request)), at=now())
        return streamed(way, name=way.name, mime=way.mime)


def _picked(user: User, what: str, asked: dict[str, str]) -> Picked:
    at = now()
    if what == Export.What.FIGURES:
        return picking.of_figures(user, asked, at=at)
    if what == Export.What.FIGURE_ROWS:
        return picking.of_number(user, {"part": str(Part.DENOMINATOR), "value": ""} | asked, at=at)
    picking.may_export(user, what)
    typed = QueryDict(mutable=True)
    typed.update(asked)
    return picking.of_list(filtered(Caller(user), typed), _words(asked), user=user, at=at)


_NAMES = {
    "status": "状态",
    "department": "主办部门",
    "chain_tag": "链",
    "q": "搜索",
    "due_before": "最近到期早于",
}


def _words(asked: dict[str, str]) -> str:
    """Raises `Invalid` for what the list does not know: an export must not be wider than was meant."""
    if unknown := sorted(set(asked) - set(_NAMES)):
        said = f"诉求列表没有这些条件：{'、'.join(unknown)[:60]}。可用：{'、'.join(_NAMES)}。"
        raise Invalid(said, fields={"query": said})
    return "；".join(f"{_NAMES[name]}：{said}" for name, said in asked.items() if said) or "全部看得到的诉求"


def _body(request: Request, export: Export) -> dict[str, Any]:
    done = working.done_rows([export]).get(export.pk, 0)
    return dict(ExportOut(_told(request, export, done)).data)


def _told(request: Request, export: Export, done: int) -> dict[str, Any]:
    url = public_url(request, f"/api/v1/exports/{export.number}/")
    stored = ("number", "what", "format", "state", "words", "reason", "as_of", "definitions", "expected")
    return {name: getattr(export, name) for name in (*stored, "asked_at", "expires_at")} | {
        "known": export.known_at,
        "done": export.rows if export.digest else done,
        "sm3": bytes(export.digest).hex() if export.digest else None,
        "url": url,
        "file": f"{url}file/" if export.state == _S.READY else None,
    }
