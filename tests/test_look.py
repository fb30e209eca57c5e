"""The look keeps its own laws: the strict CSP, readable colours, pinned vendor files, no missing fragment."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import get_template, render_to_string

QIHU = Path(__file__).resolve().parent.parent / "qihu"
TEMPLATES = sorted(p for app in ("qihu", "tickets") for p in (QIHU.parent / app).rglob("templates/**/*.html"))
TOKENS = (QIHU / "static/qihu/css/tokens.css").read_text()
DARK_AT = TOKENS.index("@media (prefers-color-scheme: dark)")
BACKGROUNDS = ("paper", "card", "sunk")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path).rpartition("/templates/")[2])
def test_no_template_needs_what_the_csp_forbids(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=", text), "inline style: use a class or an SVG attribute"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "inline handler: use a data- attribute"
    assert not re.search(r"<script(?![^>]*\ssrc=)(?![^>]*application/json)", text), "inline script"
    assert not re.search(r"(src|href|action)=[\"']\s*(https?:)?//", text), "another host"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path).rpartition("/templates/")[2])
def test_what_a_template_names_exists(path: Path) -> None:
    text = path.read_text()
    for name in re.findall(r"{%\s*(?:include|extends)\s+\"([^\"]+)\"", text):
        get_template(name)
    for name in re.findall(r"{%\s*static\s+'([^']+)'", text):
        assert finders.find(name), name


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_an_error_page_needs_no_context(status: int) -> None:
    page = render_to_string(f"{status}.html")
    assert f">{status}<" in page
    assert 'href="/"' in page


def test_the_vendored_chart_library_is_the_recorded_one() -> None:
    folder = QIHU / "static/qihu/vendor/echarts"
    for line in (folder / "echarts.common.min.js.sha256").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def _luminance(colour: str) -> float:
    """WCAG 2.2 relative luminance of `#rgb` or `#rrggbb`."""
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    """From 1 (alike) to 21 (black on white)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _colours(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{3,6})\b", css))


def _pairs() -> Iterator[tuple[str, str]]:
    """Text colour, background: each pair the parts use."""
    texts = ("ink", "ink-2", "ink-3", "brand", "ok", "warn", "late", "info")
    chains = ("capital", "talent", "industry", "innovation", "service")
    yield from ((text, back) for text in texts + chains for back in BACKGROUNDS)
    yield from ((state, f"{state}-wash") for state in ("ok", "warn", "late", "info"))
    yield from (("brand-ink", "wash"), ("ink", "wash"), ("ink-2", "wash"), ("late", "wash"), ("warn", "wash"))
    yield from (
        ("on-brand", "brand"),
        ("on-brand", "brand-2"),
        ("on-top", "top"),
        ("on-top-2", "top"),
        ("ink-2", "line-2"),
    )


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_text_colour_is_readable(mode: str) -> None:
    light = _colours(TOKENS[:DARK_AT])
    colours = light if mode == "light" else {**light, **_colours(TOKENS[DARK_AT:])}
    poor = {pair: round(_contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in _pairs()}
    assert not {pair: ratio for pair, ratio in poor.items() if ratio < 4.5}


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_edge_of_a_control_can_be_seen(mode: str) -> None:
    """WCAG 1.4.11: 3 : 1 for what marks a field."""
    colours = _colours(TOKENS[:DARK_AT] if mode == "light" else TOKENS[DARK_AT:])
    assert min(_contrast(colours["edge"], colours[back]) for back in BACKGROUNDS) >= 3
