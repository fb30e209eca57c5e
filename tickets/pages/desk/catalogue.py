"""What the desk's forms and filters choose from: chains, categories, departments and so on. One query for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast

from qihu.accounts.models import Department
from routing.rules.models import Category, ChainTag, IndustryChain

Choices = list[tuple[str, str]]
Grouped = list[tuple[str, Choices]]
_LEADS_NEVER = frozenset({Department.Kind.PARTNER})


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose. `group`: a category's chain or a department's region; the rest: a department's."""

    what: str
    code: str
    name: str
    group: str
    path: str
    kind: str
    place: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All options, in the order in which they are shown."""

    options: Sequence[Option]

    def tags(self) -> Choices:
        """The chains, as (code, name)."""
        return [(o.code, o.name) for o in self.options if o.what == "tag"]

    def categories(self) -> Grouped:
        """Categories under the name of their chain."""
        return _grouped([o for o in self.options if o.what == "category"])

    def industry_chains(self) -> Choices:
        """The flagship industry chains, as (code, name)."""
        return [(o.code, o.name) for o in self.options if o.what == "industry"]

    def leads(self, path: str) -> Grouped:
        """Departments that may lead a request of that region: its own, those above, those below."""
        near = [o for o in self._near(path) if o.kind not in _LEADS_NEVER]
        return _grouped(sorted(near, key=lambda o: (not path.startswith(o.path), -len(o.path), o.path, o.place)))

    def helpers(self, path: str) -> Choices:
        """Departments and partners of the request's own region and those above it."""
        return [
            (o.code, o.name)
            for o in self._near(path)
            if path.startswith(o.path) and o.kind != Department.Kind.DISCIPLINE
        ]

    def _near(self, path: str) -> list[Option]:
        return [
            o for o in self.options if o.what == "department" and (path.startswith(o.path) or o.path.startswith(path))
        ]


def _grouped(options: Sequence[Option]) -> Grouped:
    found: dict[str, Choices] = {}
    for option in options:
        found.setdefault(option.group, []).append((option.code, option.name))
    return list(found.items())


def catalogue(*, departments: bool, categories: bool) -> Catalogue:
    """The chains always; departments, and categories with industry chains, where a form needs them."""
    none = Value("")
    parts = [ChainTag.objects.values_list(Value("tag"), _text("code"), "name", none, none, none, F("position"))]
    if categories:
        listed = Category.objects.filter(active=True, restricted=False)
        parts.append(
            listed.values_list(
                Value("category"),
                _text("code"),
                "name",
                "chain_tag__name",
                none,
                none,
                F("chain_tag__position"),
            )  # type: ignore[arg-type]
        )
        chains = IndustryChain.objects.values_list(Value("industry"), _text("code"), "name", none, none, none, Value(0))
        parts.append(chains)  # type: ignore[arg-type]
    if departments:
        standing = Department.objects.filter(active=True)
        parts.append(
            standing.values_list(
                Value("department"), _text("code"), "name", "region__name", "region__path", "kind", F("id")
            )  # type: ignore[arg-type]
        )
    first, *others = parts
    found = [Option(*row) for row in first.union(*others, all=True)]
    return Catalogue(sorted(found, key=attrgetter("what", "place", "code")))


def _text(column: str) -> Cast:
    """The tables' codes as one type, which a union needs."""
    return Cast(column, CharField())
