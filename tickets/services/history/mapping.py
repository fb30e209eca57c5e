"""What the columns of a file of past requests mean: given, known by its headings, or guessed from Chinese ones."""

from __future__ import annotations

import json
from collections.abc import Mapping as Lookup
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from qihu.errors import Invalid
from tickets.models import SavedMapping
from tickets.services.sheets.columns import guess, plain_heading
from tickets.workflow import Outcome

PRESETS = Path(__file__).parent / "presets"
NEEDED = ("key", "opened")
_OF_PAST: Lookup[str, tuple[str, ...]] = {
    "closed": ("办结时间", "办结日期", "答复时间", "完成时间"),
    "target": ("承诺时间", "承诺办结时间", "截止时间", "应办结时间", "到期时间", "办理时限"),
    "department": ("主办部门", "承办部门", "承办单位", "主办单位", "责任部门"),
    "outcome": ("办理结果", "办结结果", "结果"),
    "missed": ("是否超期", "超期"),
}
_OF_SHEETS = {"reference": "key", "received_at": "opened"}
_COLUMNS = frozenset(
    {
        *("key", "opened", "target", "closed", "department", "title", "text", "outcome", "missed"),
        *("at", "state", "reassigned", "reopened"),
        *("enterprise_name", "uscc", "contact_name", "contact_phone", "chain_tag", "category", "region", "channel"),
        *("urgent", "detail"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """`columns`: field → heading. With `at` and `state` the file has several rows a request, one an update.

    `states`: the other system's state → "", handled, resolved or closed. `missed_if`: values of the column `missed`
    that say a promise was broken. `outcome` stands where the file names none.
    """

    name: str
    columns: Lookup[str, str]
    zone: str = "Asia/Shanghai"
    text: Sequence[str] = ()
    states: Lookup[str, str] = field(default_factory=dict)
    missed_if: Sequence[str] = ("是", "超期", "true", "1")
    outcome: str = Outcome.EXPLAINED

    @property
    def by_updates(self) -> bool:
        """Whether a request has several rows."""
        return "at" in self.columns and "state" in self.columns

    @property
    def tz(self) -> ZoneInfo:
        """Where its clocks hang."""
        return ZoneInfo(self.zone)

    def refuse(self, headings: Sequence[str]) -> None:
        """Raises `Invalid` where a column it needs is not there."""
        missing = [name for name in NEEDED if name not in self.columns]
        absent = [h for h in (*self.columns.values(), *self.text) if h not in headings]
        said = [f"没有指定：{'、'.join(missing)}。"] if missing else []
        said += [f"表里没有：{'、'.join(absent)}。"] if absent else []
        if said:
            raise Invalid(f"栏目对应与文件不符。{''.join(said)}表头是：{'、'.join(headings)}")


def chosen(wanted: str, headings: Sequence[str]) -> Mapping:
    """By the name of a preset or of a saved mapping, by a JSON file, or, without `wanted`, by the headings.

    Raises `Invalid` for one that is not known or does not fit.
    """
    found = _named(wanted, headings) if wanted else _recognised(headings)
    found.refuse(headings)
    return found


def _named(wanted: str, headings: Sequence[str]) -> Mapping:
    if (PRESETS / f"{wanted}.json").is_file() and "/" not in wanted:
        return load(PRESETS / f"{wanted}.json")
    if Path(wanted).is_file():
        return load(Path(wanted))
    saved = SavedMapping.objects.filter(name=wanted).first()
    if saved is None:
        raise Invalid(f"没有叫“{wanted}”的栏目对应，也没有这个文件。")
    named = {heading: code for heading, code in saved.columns.items() if heading in headings}
    return Mapping(name="history", columns=_past(named) | _guessed_past(headings))


def load(path: Path) -> Mapping:
    """From JSON. Raises `Invalid`."""
    try:
        wanted: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found = Mapping(**wanted)
        found.tz  # noqa: B018 - an unknown zone raises here, not at the first row
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Invalid(f"读不了栏目对应 {path.name}：{error}") from error
    unknown = sorted(set(found.columns) - _COLUMNS)
    if unknown or found.outcome not in Outcome.values:
        raise Invalid(f"栏目对应 {path.name} 里有认不出的项：{'、'.join(unknown) or found.outcome}")
    return found


def _recognised(headings: Sequence[str]) -> Mapping:
    for path in sorted(PRESETS.glob("*.json")):
        preset = load(path)
        if set(preset.columns.values()) | set(preset.text) <= set(headings):
            return preset
    named = {heading: code for heading, code in zip(headings, guess(headings), strict=True) if code}
    return Mapping(name="history", columns=_past(named) | _guessed_past(headings))


def _past(named: Lookup[str, str]) -> dict[str, str]:
    """Heading → field of a sheet, turned round."""
    return {_OF_SHEETS.get(code, code): heading for heading, code in named.items() if code}


def _guessed_past(headings: Sequence[str]) -> dict[str, str]:
    plain = {plain_heading(heading): heading for heading in reversed(headings)}
    hits = {code: next((plain[n] for n in names if n in plain), "") for code, names in _OF_PAST.items()}
    return {code: heading for code, heading in hits.items() if heading}
