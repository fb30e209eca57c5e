"""A bulletin as PDF, and its charts as pictures, set by Typst: a wheel, no browser, nothing of the system.

The fonts are Noto Sans SC and Noto Serif SC out of a pinned package; what is used of them is embedded in the file, so
it prints the same everywhere. PDF/A-2u: made to be archived, its Chinese text can be searched and copied.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import pylopdf_fonts_zh_cn
import typst

from tickets.figures.bulletin import Bars, Columns, Content, Table
from tickets.services.bulletins.charts import svg

_TEMPLATE = (Path(__file__).parent / "bulletin.typ").read_bytes()
_PICTURE = b"""#set page(width: 160mm, height: auto, margin: 0pt)
#image(bytes(sys.inputs.svg), format: "svg", width: 100%)"""
_PPI = 200


def pdf(content: Content) -> bytes:
    """The file; the same bytes for the same content."""
    kept = content.as_json()
    for section, told in zip(kept["sections"], content.sections, strict=True):
        for one, block in zip(section["blocks"], told.blocks, strict=True):
            if isinstance(block, Bars | Columns):
                one["svg"] = svg(block)
            elif isinstance(block, Table):
                one["worded"] = block.worded
    return _one(
        typst.compile(
            _TEMPLATE,
            format="pdf",
            font_paths=_fonts(),
            sys_inputs={"content": json.dumps(kept, ensure_ascii=False)},
            pdf_standards=["a-2u"],
            timestamp=int(content.as_of.timestamp()),
        )
    )


def picture(chart: Bars | Columns) -> bytes:
    """The chart as PNG, for files that take no SVG; 160 mm wide."""
    return _one(typst.compile(_PICTURE, format="png", font_paths=_fonts(), sys_inputs={"svg": svg(chart)}, ppi=_PPI))


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Ours alone: what a machine has installed would make another file of the same content."""
    folder = Path(pylopdf_fonts_zh_cn.__file__).parent
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def _one(made: bytes | list[bytes] | None) -> bytes:
    """Typst answers a list for what has several pages as pictures; ours has one."""
    if isinstance(made, bytes):
        return made
    raise TypeError("typst made no single file")
