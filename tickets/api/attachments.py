"""Files of a request in the API: how they read, how uploads become material, how one is opened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.clock import now
from qihu.served import served
from tickets.access import identity_hidden, parties
from tickets.api.described import ACCESS_CODE, NUMBER, problems
from tickets.api.door import Door, body_of, opened
from tickets.models import Attachment
from tickets.services import attachments, links, material
from tickets.services.attachments import Shown


class AttachmentOut(serializers.Serializer[Any]):
    """One file. `url` and `preview` are the caller's alone and end within the hour; null while it may not be opened."""

    id = serializers.UUIDField()
    seq = serializers.IntegerField(help_text="随附的事件")
    kind = serializers.ChoiceField(Attachment.Kind.choices, help_text="随附于什么")
    name = serializers.CharField(help_text="文件名；身份保密企业的为代称")
    type = serializers.CharField()
    size = serializers.IntegerField()
    state = serializers.CharField(help_text="quarantined、clean、unscanned、infected、refused 或 erased")
    state_label = serializers.CharField()
    url = serializers.CharField(allow_null=True)
    preview = serializers.CharField(allow_null=True)


def rows(shown: Iterable[Shown]) -> list[dict[str, Any]]:
    """As `AttachmentOut` reads them."""
    return [
        {
            "id": one.key,
            "seq": one.seq,
            "kind": one.kind,
            "name": one.name,
            "type": one.mime,
            "size": one.size,
            "state": one.state,
            "state_label": one.state_label,
            "url": f"/api/v1{one.url}" if one.url else None,
            "preview": f"/api/v1{one.preview}" if one.preview else None,
        }
        for one in shown
    ]


def files_field() -> serializers.ListField:
    """Keys of complete uploads, in the body of a move."""
    return serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=settings.UPLOAD_MAX_FILES,
        help_text="已传完的上传编号（/api/v1/uploads/）",
    )


class MaterialIn(serializers.Serializer[Any]):
    """Files to add to a request."""

    files = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=settings.UPLOAD_MAX_FILES)


class MaterialOut(serializers.Serializer[Any]):
    """The event that records it."""

    number = serializers.CharField()
    seq = serializers.IntegerField()
    at = serializers.DateTimeField()


class Materials(Door):
    """`POST /api/v1/tickets/{number}/attachments/`."""

    @extend_schema(
        operation_id="tickets_add_material",
        tags=["附件"],
        summary="补充材料",
        description="企业或受理员把已传完的文件加到在办的诉求上。同一文件只能用一次。",
        request=MaterialIn,
        parameters=[NUMBER, ACCESS_CODE],
        responses={201: MaterialOut, **problems((400, 401, 403, 404, 409, 415, 422, 429))},
        examples=[OpenApiExample("补充", {"files": ["6f1c1c1e-58e5-4b3e-9a57-3f6d1f0f3c11"]}, request_only=True)],
    )
    def post(self, request: Request, number: str) -> Response:
        """201; the files can be read when they have been looked into."""
        at = now()
        caller, ticket = opened(request, number, at=at)
        done = material.add_material(ticket_id=ticket.pk, caller=caller, at=at, **body_of(request, MaterialIn))
        body = {"number": number, "seq": done.event.seq, "at": done.event.happened_at}
        return Response(MaterialOut(body).data, status=status.HTTP_201_CREATED)


class OneFile(Door):
    """`GET /api/v1/files/{token}/`."""

    @extend_schema(
        operation_id="files_open",
        tags=["附件"],
        summary="打开附件",
        description="地址来自诉求的 attachments，只给读取它的人用，一小时内失效；打开时重新核对权限。",
        parameters=[OpenApiParameter("token", OpenApiTypes.STR, OpenApiParameter.PATH), ACCESS_CODE],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, **problems((401, 403, 404, 429))},
    )
    def get(self, request: Request, token: str) -> FileResponse:
        """The bytes."""
        at = now()
        link = links.read(token, at=at)
        caller, ticket = opened(request, attachments.request_of(link), at=at)
        hidden = identity_hidden(ticket, parties(caller, ticket))
        found = attachments.open_file(link, ticket=ticket, viewer=caller, hide_name=hidden)
        return served(found.content, name=found.name, mime=found.mime, inline=found.inline)
