"""`/api/v1/bulletins/`: making, reading and fetching bulletins, and their schedules."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.accounts.models import User
from qihu.clock import now
from qihu.errors import Unknown
from tickets import bulletin_access as access
from tickets.api.described import problems, query
from tickets.api.door import Door, body_of, public_url, staff
from tickets.figures.bulletin import month_from
from tickets.models import Bulletin, BulletinSchedule
from tickets.models.bulletin import Format
from tickets.services.bulletins.handing import handed_over
from tickets.services.bulletins.making import make
from tickets.services.bulletins.rendering import MIMES
from tickets.services.bulletins.scheduling import reschedule, schedule

_MOST = 100
_KEY = OpenApiParameter("key", OpenApiTypes.INT, OpenApiParameter.PATH, description="通报或计划的序号")
_KIND = OpenApiParameter("kind", OpenApiTypes.STR, OpenApiParameter.PATH, enum=Format.values, description="格式")
_PLANNED = {"day": 5, "hour": 9, "formats": ["pdf", "xlsx"], "people": ["leader"]}
_MADE = OpenApiExample("全市三月", value={"place": "r:330800", "month": "2026-03"}, request_only=True)
_NEW = OpenApiExample("每月 5 日 9 点", value={"place": "r:330800"} | _PLANNED, request_only=True)
_STOPPED = OpenApiExample("停用", value=_PLANNED | {"active": False}, request_only=True)


class BulletinIn(serializers.Serializer[Any]):
    """Of what, for which month."""

    place = serializers.CharField(max_length=50, help_text="r:330800（区划）或 d:finance（部门）")
    month = serializers.CharField(max_length=20, help_text="2026-02；须已结束")


class BulletinOut(serializers.Serializer[Any]):
    """One edition."""

    key = serializers.IntegerField()
    number = serializers.CharField()
    title = serializers.CharField()
    place = serializers.CharField()
    month = serializers.CharField()
    edition = serializers.IntegerField()
    as_of = serializers.DateTimeField()
    definitions = serializers.CharField()
    made_at = serializers.DateTimeField()
    sha256 = serializers.DictField(child=serializers.CharField(), help_text="三种文件首次制作时的 SHA-256")
    files = serializers.DictField(child=serializers.CharField())


class BulletinPageOut(serializers.Serializer[Any]):
    """The latest months first."""

    results = BulletinOut(many=True)


class BulletinWholeOut(BulletinOut):
    """One with all it says; in each cell with a number `rows` opens its requests (`figure=…&part=…`)."""

    rows = serializers.CharField(help_text="数背后的诉求清单（页面），后接单元格的 rows")
    content = serializers.DictField(help_text="标题、各节、表和图，与三种文件相同")


class ScheduleIn(serializers.Serializer[Any]):
    """When, as what, to whom."""

    day = serializers.IntegerField(help_text="每月几日，1 至 28")
    hour = serializers.IntegerField(help_text="几点，0 至 23")
    formats = serializers.ListField(child=serializers.ChoiceField(Format.choices))
    people = serializers.ListField(child=serializers.CharField(max_length=80), help_text="账号")


class ScheduleNewIn(ScheduleIn):
    """A new one, of a place."""

    place = serializers.CharField(max_length=50, help_text="r:330800 或 d:finance")


class ScheduleChangeIn(ScheduleIn):
    """A change."""

    active = serializers.BooleanField(help_text="停用填 false")


class ScheduleOut(serializers.Serializer[Any]):
    """One schedule."""

    key = serializers.IntegerField()
    place = serializers.CharField()
    day = serializers.IntegerField()
    hour = serializers.IntegerField()
    formats = serializers.ListField(child=serializers.CharField())
    people = serializers.ListField(child=serializers.CharField())
    active = serializers.BooleanField()


class Schedules(serializers.Serializer[Any]):
    """Those that the caller may change."""

    results = ScheduleOut(many=True)


class Bulletins(Door):
    """The list, and making one."""

    @extend_schema(
        operation_id="bulletins",
        tags=["通报"],
        summary="通报列表",
        parameters=[query("month", "只要这个月的，2026-02")],
        responses={200: BulletinPageOut, **problems((401, 403, 422))},
    )
    def get(self, request: Request) -> Response:
        """What the caller may read, newest first."""
        found = access.bulletins_of(staff(request))
        if month := request.GET.get("month", ""):
            found = found.filter(month=month_from(month, at=now()).first)
        return Response({"results": [_told(request, one) for one in found[:_MOST]]})

    @extend_schema(
        operation_id="bulletin_make",
        tags=["通报"],
        summary="制作通报",
        description="按此刻的数制作；再做一次就是下一版，原来的不变。已冻结的月份引用冻结的数。",
        request=BulletinIn,
        examples=[_MADE],
        responses={201: BulletinOut, **problems((401, 403, 404, 409, 422))},
    )
    def post(self, request: Request) -> Response:
        """A further edition."""
        user = staff(request)
        typed = body_of(request, BulletinIn)
        place = access.place_or_404(user, typed["place"])
        made = make(place=place, month=typed["month"], user=user, at=now())
        return Response(_told(request, made), status=status.HTTP_201_CREATED)


class BulletinOne(Door):
    """One bulletin."""

    @extend_schema(
        operation_id="bulletin",
        tags=["通报"],
        summary="一份通报的全部内容",
        parameters=[_KEY],
        responses={200: BulletinWholeOut, **problems((401, 403, 404))},
    )
    def get(self, request: Request, key: int) -> Response:
        """With its content."""
        found = access.bulletin_or_404(staff(request), key)
        rows = public_url(request, f"/board/bulletins/{found.pk}/rows/?")
        return Response(_told(request, found) | {"rows": rows, "content": found.content})


class AnyFile(DefaultContentNegotiation):
    """The address says what the file is; what the client would rather have does not matter."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        """The first one: it is used for problems alone."""
        return renderers[0], renderers[0].media_type


class BulletinFile(Door):
    """One of its files."""

    content_negotiation_class = AnyFile

    @extend_schema(
        operation_id="bulletin_file",
        tags=["通报"],
        summary="下载通报（记入审计）",
        parameters=[_KEY, _KIND],
        responses={
            (200, mime): OpenApiResponse(OpenApiTypes.BINARY, description=kind.label) for kind, mime in MIMES.items()
        }
        | problems((401, 403, 404)),
    )
    def get(self, request: Request, key: int, kind: str) -> HttpResponse:
        """The file, made of what is kept."""
        user = staff(request)
        found = access.bulletin_or_404(user, key)
        if kind not in Format.values:
            raise Unknown("没有这种格式。")
        answer = HttpResponse(
            handed_over(bulletin=found, kind=Format(kind), user=user), content_type=MIMES[Format(kind)]
        )
        answer["Content-Disposition"] = f'attachment; filename="{found.number}.{kind}"'
        answer["Cache-Control"] = "private, no-store"
        return answer


class BulletinSchedules(Door):
    """Schedules."""

    @extend_schema(
        operation_id="bulletin_schedules",
        tags=["通报"],
        summary="通报计划",
        responses={200: Schedules, **problems((401, 403))},
    )
    def get(self, request: Request) -> Response:
        """Those that the caller may change."""
        return Response({"results": [_planned(one) for one in access.schedules_of(staff(request))]})

    @extend_schema(
        operation_id="bulletin_schedule_new",
        tags=["通报"],
        summary="设定通报计划",
        request=ScheduleNewIn,
        examples=[_NEW],
        responses={201: ScheduleOut, **problems((401, 403, 404, 422))},
    )
    def post(self, request: Request) -> Response:
        """From now on, every month."""
        user = staff(request)
        typed = body_of(request, ScheduleNewIn)
        place = access.place_or_404(user, typed.pop("place"))
        made = schedule(place=place, user=user, at=now(), **_named(typed))
        return Response(_planned(made), status=status.HTTP_201_CREATED)


class BulletinScheduleOne(Door):
    """One schedule."""

    @extend_schema(
        operation_id="bulletin_schedule_change",
        tags=["通报"],
        summary="修改或停用通报计划",
        parameters=[_KEY],
        request=ScheduleChangeIn,
        examples=[_STOPPED],
        responses={200: ScheduleOut, **problems((401, 403, 404, 422))},
    )
    def post(self, request: Request, key: int) -> Response:
        """Everything anew."""
        user = staff(request)
        found = access.schedule_or_404(user, key)
        typed = body_of(request, ScheduleChangeIn)
        return Response(_planned(reschedule(found=found, user=user, at=now(), **_named(typed))))


def _named(typed: dict[str, Any]) -> dict[str, Any]:
    """Accounts as people. Raises `Unknown` for one that is none."""
    wanted = typed.pop("people")
    found = list(User.objects.filter(username__in=wanted).order_by("pk"))
    if len(found) != len(set(wanted)):
        raise Unknown("没有这个账号。")
    return typed | {"people": found}


def _told(request: Request, one: Bulletin) -> dict[str, Any]:
    address = f"/api/v1/bulletins/{one.pk}/file."
    return {
        "key": one.pk,
        "number": one.number,
        "title": one.title,
        "place": access.key_of(one.place),
        "month": f"{one.month:%Y-%m}",
        "edition": one.edition,
        "as_of": one.as_of,
        "definitions": one.definitions,
        "made_at": one.made_at,
        "sha256": one.hashes,
        "files": {str(kind): public_url(request, f"{address}{kind}") for kind in Format},
    }


def _planned(one: BulletinSchedule) -> dict[str, Any]:
    return {
        "key": one.pk,
        "place": access.key_of(one.place),
        "day": one.day,
        "hour": one.hour,
        "formats": one.formats,
        "people": [person.username for person in one.people.order_by("pk")],
        "active": one.active,
    }
