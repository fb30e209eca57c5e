"""Spreadsheets as people make them, good and bad."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from openpyxl import Workbook

HEADINGS = ("工单编号", "企业名称", "联系人", "联系电话", "问题描述", "来电时间")
LAMPS = "园区北门路灯坏了半个月，夜班员工下班看不清路，希望尽快维修。"


def row(n: int = 1, **more: Any) -> list[Any]:
    cells = {
        "reference": f"GD-{n:04d}",
        "firm": f"衢州第{n}机械有限公司",
        "person": "王芳",
        "phone": f"1390000{n:04d}",
        "text": f"第{n}车间变压器容量不够，想增容又不知道找谁，请帮助协调。",
        "at": "2026-03-02 08:30",
    } | more
    return list(cells.values())


def xlsx(
    rows: Iterable[Sequence[Any]], *, headings: Sequence[Any] = HEADINGS, then: Callable[[Any], None] = id
) -> bytes:
    book = Workbook()
    for cells in (headings, *rows):
        book.active.append(list(cells))
    then(book)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def csv_of(rows: Iterable[Sequence[Any]], *, headings: Sequence[str] = HEADINGS, encoding: str = "utf-8-sig") -> bytes:
    return "\r\n".join(",".join(f'"{cell}"' for cell in cells) for cells in (headings, *rows)).encode(encoding)


def with_part(content: bytes, name: str, body: bytes) -> bytes:
    """The workbook with one more part, or with one replaced."""
    old, new = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in old.infolist():
            if part.filename != name:
                archive.writestr(part, old.read(part))
        archive.writestr(name, body)
    return new.getvalue()
