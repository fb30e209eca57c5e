"""Amounts, times of day and hours as people type them in the back office, each refused in its own words."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from routing.promises.amount import Amount, PromiseError, Unit, parse_amount

DASH = "–"
_TIME = re.compile(r"(次日)?\s*(\d{1,2})[:：](\d{2})")
_MOST_MINUTES = 10 * 366 * 24 * 60
_MINUTES = {Unit.MIN: 1, Unit.H: 60, Unit.WH: 60 * 3, Unit.D: 24 * 60, Unit.WD: 24 * 60}
_DAY = 24 * 60


class AmountField(forms.CharField):
    """`5wd`, or a dash for no promise; `15wd×2` where `counted`: at most twice. Cleans to (Amount or None, times)."""

    def __init__(self, *, counted: bool = False, **kwargs: Any) -> None:
        self.counted = counted
        widget = UnfoldAdminTextInputWidget(attrs={"size": "8", "aria-label": kwargs.get("label", "")})
        super().__init__(required=False, max_length=16, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        """Raises ValidationError in the words of the promise."""
        text = str(super().clean(value) or "").strip().replace("*", "×").replace("x", "×")
        if text in {"", "-", "—", DASH}:
            return None, 1
        written, _, times = text.partition("×")
        if times and not (self.counted and times.strip().isdigit() and 1 <= int(times) <= 9):
            raise forms.ValidationError("次数应为 1 到 9，只用于延期，例如 15wd×2")
        return _amount(written), int(times or 1)


def _amount(written: str) -> Amount:
    try:
        amount = parse_amount(written)
    except PromiseError as wrong:
        raise forms.ValidationError(str(wrong)) from wrong
    if amount.value * _MINUTES[amount.unit] > _MOST_MINUTES:
        raise forms.ValidationError("时限不能超过十年")
    return amount


def written(amount: Amount | None, times: int = 1) -> str:
    """What `AmountField` shows and reads."""
    return DASH if amount is None else f"{amount}×{times}" if times > 1 else str(amount)


class ClockField(forms.CharField):
    """`09:00`, `24:00`, `次日 02:00`. Cleans to minutes from midnight."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=12, widget=UnfoldAdminTextInputWidget(attrs={"size": "8"}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Minutes as a time of day."""
        return clock(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        """Minutes; the empty value stays empty."""
        text = super().clean(value)
        return minutes(text) if text else None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """By what is shown."""
        return bool(super().has_changed(self.prepare_value(initial), data))


class HoursField(forms.CharField):
    """`09:00-12:00、14:00-18:00` or nothing. Cleans to `[[540, 720], [840, 1080]]` or None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=120, widget=UnfoldAdminTextInputWidget(), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Minutes as times of day."""
        if isinstance(value, list):
            return "、".join(f"{clock(opens)}-{clock(closes)}" for opens, closes in value)
        return value or ""

    def clean(self, value: Any) -> Any:
        """Pairs of minutes."""
        text = super().clean(value)
        pieces = [piece for piece in re.split(r"[，、；;,]+", text or "") if piece.strip()]
        return [_pair(piece) for piece in pieces] or None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """By what is shown."""
        return bool(super().has_changed(self.prepare_value(initial), data))


def _pair(piece: str) -> list[int]:
    ends = re.split(r"[-–—~～至]", piece.strip(), maxsplit=1)
    if len(ends) != 2:
        raise forms.ValidationError(f"看不懂的时段“{piece.strip()}”，例如 09:00-12:00")
    opens, closes = (minutes(end) for end in ends)
    if closes <= opens:
        raise forms.ValidationError(f"“{piece.strip()}”的结束时间不晚于开始时间")
    return [opens, closes]


def minutes(text: str) -> int:
    """Minutes from midnight; 24:00 and times of the next day lie beyond. Raises ValidationError."""
    found = _TIME.fullmatch(text.strip())
    if found is None or int(found[2]) > 24 or int(found[3]) > 59 or (int(found[2]) == 24 and found[3] != "00"):
        raise forms.ValidationError(f"看不懂的时间“{text.strip()}”，例如 09:00、24:00、次日 02:00")
    return int(found[2]) * 60 + int(found[3]) + (_DAY if found[1] else 0)


def clock(at: int) -> str:
    """The other way round."""
    hours, rest = divmod(at - _DAY if at > _DAY else at, 60)
    return f"{'次日 ' if at > _DAY else ''}{hours:02}:{rest:02}"
