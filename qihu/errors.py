"""Refusals. A verb raises one; `qihu.doors` turns it, once, into a page, a fragment or problem JSON (RFC 9457)."""

from collections.abc import Mapping


class DomainError(Exception):
    """A rule said no. `message` is Chinese and shown as it is; `code` is for machines."""

    status = 400
    code = "refused"
    title = "无法办理"

    def __init__(self, message: str, *, code: str | None = None, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.fields = dict(fields or {})


class Forbidden(DomainError):
    """The caller may see the request but this move is not theirs."""

    status, code, title = 403, "forbidden", "无权办理"


class Unknown(DomainError):
    """No such thing, or not for this caller: the two are never told apart."""

    status, code, title = 404, "not-found", "没有找到"


class Conflict(DomainError):
    """The request is no longer where the move starts from."""

    status, code, title = 409, "conflict", "状态已变"


class RefusedByRule(DomainError):
    """A guard of the table of moves said no."""

    status, code, title = 409, "refused-by-rule", "暂不能办理"


class Gone(DomainError):
    """It existed and has ended: a revoked or expired QR code."""

    status, code, title = 410, "gone", "已失效"


class Stale(DomainError):
    """The version the caller saw is not the present one."""

    status, code, title = 412, "stale", "内容已更新"


class Invalid(DomainError):
    """Bad input; `fields` names each field and what is wrong with it."""

    status, code, title = 422, "invalid", "填写有误"


class Locked(DomainError):
    """Too many wrong tries; `retry_after` seconds."""

    status, code, title = 429, "locked", "尝试过多"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
