"""`/api/v1/uploads/`: the core of tus 1.0 (tus.io), so that a photo survives a lost network.

Creation, HEAD, PATCH, expiration, checksum, termination. An upload is gone on with by whoever began it.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import Any

from django.conf import settings
from django.utils.http import http_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.accounts.models import User
from qihu.address import address
from qihu.clock import now
from qihu.errors import DomainError, Forbidden, Invalid, Stale, Unknown
from tickets.api.described import ACCESS_CODE, header, problems
from tickets.api.door import Door, opened
from tickets.models import Attachment
from tickets.services import sending, uploads
from tickets.services.attachments import sender_of
from tickets.services.sending import Sender
from tickets.services.uploads import Checksum

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,checksum,termination"
MEDIA = "application/offset+octet-stream"
_TUS = header("Tus-Resumable", "1.0.0")
_PAGE = header("X-Upload-Key", "提交之前：页面里的上传密钥，一天内有效")
_ID = OpenApiParameter("key", OpenApiTypes.UUID, OpenApiParameter.PATH, description="上传编号")
_WHO = "提交前带页面密钥 X-Upload-Key；提交后企业带 X-Access-Code、工作人员带令牌，并在 Upload-Metadata 里写 ticket。"


class Tus(Door):
    """What all calls of the protocol share."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuses another version of the protocol, as it asks for."""
        super().initial(request, *args, **kwargs)
        if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
            raise Stale("请带上 Tus-Resumable: 1.0.0。", code="tus-version")

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Every answer says which version speaks and is kept by nobody."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Tus-Resumable"] = VERSION
        response["Cache-Control"] = "no-store"
        if response.status_code == Stale.status:
            response["Tus-Version"] = VERSION
        return response

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """What this server can do."""
        headers = {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
            "Tus-Checksum-Algorithm": ",".join(uploads.ALGORITHMS),
        }
        return Response(status=status.HTTP_204_NO_CONTENT, headers=headers)


class Uploads(Tus):
    """Beginning."""

    @extend_schema(
        operation_id="uploads_begin",
        tags=["附件"],
        summary="开始上传",
        description=f"tus 1.0 的 creation。{_WHO}得到的 Location 用于续传；一天内没有用上会被删除。",
        request=None,
        parameters=[
            _TUS,
            header("Upload-Length", "字节数，必填"),
            header("Upload-Metadata", "filename、ticket（诉求编号）的 Base64，如 filename 5pyJ,ticket UUgt"),
            _PAGE,
            ACCESS_CODE,
        ],
        responses={
            201: OpenApiResponse(description="见 Location、Upload-Expires"),
            **problems((401, 403, 404, 412, 413, 422, 429, 507)),
        },
    )
    def post(self, request: Request) -> Response:
        """201 with the address to go on at."""
        at, said = now(), _metadata(request)
        length = request.headers.get("Upload-Length", "")
        if not length.isascii() or not length.isdigit():
            raise Invalid("请用 Upload-Length 说明文件的字节数。", fields={"Upload-Length": "应为整数。"})
        row = uploads.begin(
            sender=_beginner(request, said.get("ticket", "")),
            name=said.get("filename", ""),
            size=int(length),
            at=at,
            address=address(request),
        )
        headers = {"Location": f"/api/v1/uploads/{row.key}/", "Upload-Offset": "0", **_expires(row)}
        return Response(status=status.HTTP_201_CREATED, headers=headers)


class Upload(Tus):
    """Going on, asking how far, thinking better of it."""

    def head(self, request: Request, key: uuid.UUID) -> Response:
        """How many bytes are here."""
        row = uploads.one_of(_continuer(request, key), key, at=now())
        headers = {"Upload-Offset": str(row.received), "Upload-Length": str(row.size), **_expires(row)}
        return Response(status=status.HTTP_200_OK, headers=headers)

    @extend_schema(
        operation_id="uploads_append",
        tags=["附件"],
        summary="续传",
        description="tus 1.0 的 PATCH：从 Upload-Offset 起接着传，断开前已到的字节算数"
        "（带 Upload-Checksum 时整段才算）。断线后先用 HEAD 查询已收的字节数。"
        "最后一个字节到达时按内容核对类型，不收的类型是 422。",
        request={MEDIA: OpenApiTypes.BINARY},
        parameters=[
            _ID,
            _TUS,
            header("Upload-Offset", "从第几个字节起，必填"),
            header("Upload-Checksum", "如 sha256 加空格加摘要的 Base64"),
            _PAGE,
            ACCESS_CODE,
        ],
        responses={
            204: OpenApiResponse(description="见 Upload-Offset"),
            **problems((401, 404, 409, 410, 412, 413, 415, 422, 460)),
        },
    )
    def patch(self, request: Request, key: uuid.UUID) -> Response:
        """204 with the new offset."""
        if (request.content_type or "").partition(";")[0].strip() != MEDIA:
            raise exceptions.UnsupportedMediaType(request.content_type or "")
        offset = request.headers.get("Upload-Offset", "")
        if not offset.isascii() or not offset.isdigit():
            raise Invalid("请用 Upload-Offset 说明从第几个字节起。", fields={"Upload-Offset": "应为整数。"})
        row = uploads.append(
            sender=_continuer(request, key),
            key=key,
            offset=int(offset),
            body=request._request,  # noqa: SLF001 - DRF's own would parse it
            at=now(),
            checksum=_checksum(request),
        )
        if said := uploads.said(row):
            raise Invalid(said, code=f"file-{row.why}")
        return Response(
            status=status.HTTP_204_NO_CONTENT, headers={"Upload-Offset": str(row.received), **_expires(row)}
        )

    @extend_schema(
        operation_id="uploads_terminate",
        tags=["附件"],
        summary="取消上传",
        description="tus 1.0 的 termination：已收的字节一并删除。",
        parameters=[_ID, _TUS, _PAGE, ACCESS_CODE],
        responses={204: OpenApiResponse(description="已删除"), **problems((401, 404, 410, 412))},
    )
    def delete(self, request: Request, key: uuid.UUID) -> Response:
        """204."""
        uploads.terminate(sender=_continuer(request, key), key=key, at=now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _beginner(request: Request, number: str) -> Sender:
    """Who may begin: the holder of a form, or who sees the request that the metadata name."""
    if signed := request.headers.get("X-Upload-Key"):
        return _of_page(signed)
    if not number:
        raise exceptions.NotAuthenticated(_WHO)
    caller, ticket = opened(request, number, at=now())
    return sender_of(caller, ticket)


def _continuer(request: Request, key: uuid.UUID) -> Sender:
    """Who goes on, as they prove to be now; whether the upload is theirs is the verb's to say."""
    if signed := request.headers.get("X-Upload-Key"):
        return _of_page(signed)
    row = Attachment.objects.filter(key=key, ticket__isnull=False).select_related("ticket").first()
    if row is None or row.ticket is None or not (isinstance(request.user, User) or "X-Access-Code" in request.headers):
        raise Unknown("没有这个上传。")
    caller, ticket = opened(request, row.ticket.number, at=now())
    return sender_of(caller, ticket)


def _of_page(signed: str) -> Sender:
    sender = sending.of_key(signed)
    if sender is None:
        raise Forbidden("页面停留太久，请刷新后重新选择文件。", code="upload-key")
    return sender


def _metadata(request: Request) -> dict[str, str]:
    """`name base64,name base64`. Raises `Invalid`."""
    found = {}
    for pair in filter(None, (one.strip() for one in request.headers.get("Upload-Metadata", "").split(","))):
        name, _, coded = pair.partition(" ")
        try:
            found[name] = base64.b64decode(coded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Invalid("Upload-Metadata 应为“名称 Base64”。", fields={"Upload-Metadata": "不合规范。"}) from None
    return found


def _checksum(request: Request) -> Checksum | None:
    typed = request.headers.get("Upload-Checksum")
    if typed is None:
        return None
    algorithm, _, coded = typed.partition(" ")
    try:
        digest = base64.b64decode(coded, validate=True)
    except binascii.Error:
        digest = b""
    if algorithm not in uploads.ALGORITHMS or not digest:
        raise DomainError(f"Upload-Checksum 支持 {'、'.join(uploads.ALGORITHMS)}。", code="checksum-algorithm")
    return Checksum(algorithm, digest)


def _expires(row: Attachment) -> dict[str, str]:
    return {"Upload-Expires": http_date(row.expires_at.timestamp())}
