"""From flags to groups: departments (and for a head their officers) that stand out, or clusters as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from qihu.accounts.models import Department, User
from tickets.figures.anomalies.kind import Flag, Found, Group, Kind, Whose
from tickets.figures.anomalies.unusual import base_rate, stands_out
from tickets.figures.anomalies.watched import Watched

DEPARTMENT, OFFICER = "department", "officer"
Names = Mapping[int, tuple[str, str]]
"""Key → code and name."""


def departments() -> Names:
    """Every department, one query; there are some hundreds."""
    return {
        key: (code, name) for key, code, name in Department.objects.order_by("pk").values_list("pk", "code", "name")
    }


def groups_of(kind: Kind, found: Found, watched: Watched, names: Names) -> tuple[Group, ...]:
    """The groups of one kind, those with most flags first. One query where officers are named."""
    groups = [*_clusters(kind, found), *_standing_out(kind, found, watched, names)]
    return tuple(sorted(groups, key=lambda group: (-group.observed, group.value)))


def _clusters(kind: Kind, found: Found) -> Iterator[Group]:
    members: dict[str, list[Flag]] = defaultdict(list)
    for flag in found.flags:
        members[flag.cluster].append(flag)
    for value, cluster in found.clusters.items():
        yield Group(
            kind=kind,
            value=value,
            label=cluster.label,
            why=cluster.why,
            flags=tuple(members[value]),
            among=cluster.among,
            expected=cluster.expected,
        )


def _standing_out(kind: Kind, found: Found, watched: Watched, names: Names) -> Iterator[Group]:
    if not found.among:
        return
    for key, share, flags in _more_than_others(found, lambda whose: whose[0]):
        code, name = names[key]
        yield _group(kind, f"{DEPARTMENT}:{code}", name, share, flags)
    own = {whose: n for whose, n in found.among.items() if whose[0] in watched.named}
    if not own:
        return
    mine = tuple(flag for flag in found.flags if flag.department_id in watched.named)
    officers = list(_more_than_others(Found(flags=mine, among=own), lambda whose: whose[1]))
    people = User.objects.in_bulk([key for key, _, _ in officers])
    for key, share, flags in officers:
        yield _group(kind, f"{OFFICER}:{key}", people[key].name, share, flags)


Share = tuple[int, float]
"""How many were looked at, and the share among the others."""


def _more_than_others(found: Found, of: Callable[[Whose], int | None]) -> Iterator[tuple[int, Share, tuple[Flag, ...]]]:
    counted: dict[int, int] = defaultdict(int)
    flagged: dict[int, list[Flag]] = defaultdict(list)
    for whose, n in found.among.items():
        if (key := of(whose)) is not None:
            counted[key] += n
    for flag in found.flags:
        if (key := of((flag.department_id, flag.officer_id))) is not None:
            flagged[key].append(flag)
    hits, whole = sum(map(len, flagged.values())), sum(counted.values())
    for key, flags in flagged.items():
        base = base_rate(hits - len(flags), whole - counted[key])
        if stands_out(len(flags), counted[key], base):
            yield key, (counted[key], base), tuple(flags)


def _group(kind: Kind, value: str, label: str, share: Share, flags: Iterable[Flag]) -> Group:
    among, base = share
    kept = tuple(flags)
    expected = among * base
    why = f"{kind.over} {among} 件中有 {len(kept)} 件；按其他的占比 {base:.1%}，约 {expected:.1f} 件属平常。"
    return Group(kind=kind, value=value, label=label, why=why, flags=kept, among=among, expected=expected, base=base)
