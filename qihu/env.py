"""Typed reads of the environment; a wrong value stops the boot and names the variable."""

import os
from pathlib import Path


class BadEnvironment(SystemExit):
    """One clear line for the operator instead of a traceback; exit code 1."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"qihu: environment variable {name}: {why}")
        self.code = f"qihu: environment variable {name}: {why}"


def text(name: str, default: str | None = None) -> str:
    """Value of `name`, or the content of the file that `name_FILE` points to (mounted secrets)."""
    if mounted := os.environ.get(f"{name}_FILE"):
        try:
            return Path(mounted).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadEnvironment(f"{name}_FILE", str(error)) from error
    value = os.environ.get(name) or default
    if value is None:
        raise BadEnvironment(name, "must be set")
    return value


def flag(name: str, *, default: bool) -> bool:
    """1/0, true/false, yes/no, on/off."""
    raw = text(name, "1" if default else "0").lower()
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise BadEnvironment(name, f"{raw!r} is neither 1 nor 0")


def number(name: str, default: int, *, low: int = 0, high: int = 2**31) -> int:
    """Whole number in [low, high]."""
    raw = text(name, str(default))
    try:
        value = int(raw)
    except ValueError as error:
        raise BadEnvironment(name, f"{raw!r} is not a whole number") from error
    if not low <= value <= high:
        raise BadEnvironment(name, f"{value} is not between {low} and {high}")
    return value


def words(name: str, default: str = "") -> list[str]:
    """Comma-separated list."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()] if text(name, default) else []


def choice(name: str, default: str, *allowed: str) -> str:
    """One of the allowed words."""
    value = text(name, default)
    if value not in allowed:
        raise BadEnvironment(name, f"{value!r} is none of {', '.join(word or 'nothing' for word in allowed)}")
    return value


def url(name: str, default: str) -> str:
    """An http or https address."""
    value = text(name, default)
    if not value.startswith(("http://", "https://")):
        raise BadEnvironment(name, f"{value!r} is not an http address")
    return value
