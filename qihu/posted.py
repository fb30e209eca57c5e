"""Files posted with a form: measured while they arrive, so that nobody fills the disk with one request."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest


class Measured(FileUploadHandler):
    """First of the upload handlers: a file that is too large is skipped and counted, a flood is cut off."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._of_file = self._of_all = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A file begins."""
        super().new_file(*args, **kwargs)
        self._of_file = 0

    def receive_data_chunk(self, raw_data: bytes, _start: int) -> bytes:
        """Pass the bytes on to the next handler."""
        self._of_file += len(raw_data)
        self._of_all += len(raw_data)
        if self._of_all > settings.UPLOAD_MAX_BYTES * (settings.UPLOAD_MAX_FILES + 1):
            raise StopUpload(connection_reset=True)
        if self._of_file > settings.UPLOAD_MAX_BYTES:
            if self.request is not None:
                self.request.META["qihu.too_large"] = too_large(self.request) + 1
            raise SkipFile
        return raw_data

    def file_complete(self, _file_size: int) -> None:
        """The file is the next handler's."""


def too_large(request: HttpRequest) -> int:
    """How many files of this request were skipped."""
    return int(request.META.get("qihu.too_large", 0))
