"""The flow between departments as a drawing: where its nodes stand and how its bands run. No counting here (pure)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tickets.figures.flows import ENDINGS, OTHERS, Band

WIDTH = 1000
_RIGHT = 110
_NODE, _GAP, _TOP = 12, 20, 8
_LAST = 4
"""The layer of the endings; the source is 0, departments 1 to 3."""
_LOOKS = {"solved": "ok", "open": "warn", "unsolved": "late", "rejected": "", "withdrawn": ""}
_Place = tuple[int, str]
_End = Callable[[Band], _Place]


@dataclass(frozen=True, slots=True)
class Node:
    """A bar with its name; x, y: its upper left corner."""

    name: str
    layer: int
    label: str
    n: int
    look: str
    x: float
    y: float
    height: float

    @property
    def middle(self) -> float:
        """Where its label stands."""
        return round(self.y + self.height / 2, 1)

    @property
    def beside(self) -> float:
        """Where its label begins."""
        return self.x + _NODE + 6


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A band as an SVG path."""

    band: Band
    label: str
    look: str
    path: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything in a box `WIDTH` wide."""

    nodes: tuple[Node, ...]
    ribbons: tuple[Ribbon, ...]
    height: int


def drawn(bands: Sequence[Band], names: Mapping[str, str]) -> Drawing:
    """`names`: what each node is called."""
    sizes, layers = _sizes(bands)
    height = max(220, *(_TOP * 2 + 46 * len(layer) for layer in layers.values()), 0) if bands else 0
    scale = min((_room(height, layer) / sum(sizes[place] for place in layer) for layer in layers.values()), default=1)
    columns = _columns(layers)
    nodes: dict[_Place, Node] = {}
    for layer, places in layers.items():
        y = float(_TOP)
        for place in places:
            tall = max(scale * sizes[place], 1.5)
            name = place[1]
            nodes[place] = Node(
                name, layer, names.get(name, name), sizes[place], _look(name), columns[layer], round(y, 1), tall
            )
            y += tall + _GAP
    return Drawing(tuple(nodes.values()), tuple(_ribbons(bands, nodes, scale, names)), height)


def _sizes(bands: Iterable[Band]) -> tuple[Counter[_Place], dict[int, list[_Place]]]:
    """How many pass each node, and the nodes of each layer from top to bottom."""
    out, into = Counter[_Place](), Counter[_Place]()
    for band in bands:
        out[_from(band)] += band.n
        into[_to(band)] += band.n
    sizes = Counter({place: max(out[place], into[place]) for place in {*out, *into}})
    layers = defaultdict[int, list[_Place]](list)
    for place in sorted(sizes, key=lambda place: _order(place, sizes)):
        layers[place[0]].append(place)
    return sizes, dict(layers)


def _order(place: _Place, sizes: Counter[_Place]) -> tuple[object, ...]:
    layer, name = place
    ending = list(ENDINGS).index(name) if name in ENDINGS else 0
    return layer, ending, name == OTHERS, -sizes[place], name


def _room(height: int, layer: Sequence[_Place]) -> float:
    return height - 2 * _TOP - _GAP * (len(layer) - 1)


def _columns(layers: Iterable[int]) -> dict[int, float]:
    """Layers that nothing passes take no room."""
    used = sorted(layers)
    step = (WIDTH - _RIGHT - _NODE) / max(1, len(used) - 1)
    return {layer: round(i * step, 1) for i, layer in enumerate(used)}


def _from(band: Band) -> _Place:
    return band.place, band.source


def _to(band: Band) -> _Place:
    return (_LAST if band.ends else band.place + 1), band.target


def _ribbons(
    bands: Iterable[Band], nodes: Mapping[_Place, Node], scale: float, names: Mapping[str, str]
) -> Iterable[Ribbon]:
    """In the order in which they leave and reach their nodes, so that those of one node do not cross there."""
    bands = list(bands)
    leaves, reaches = _offsets(bands, nodes, _from, _to), _offsets(bands, nodes, _to, _from)
    for band in bands:
        source, target, wide = nodes[_from(band)], nodes[_to(band)], max(scale * band.n, 1)
        top = source.y + scale * leaves[band]
        bottom = target.y + scale * reaches[band]
        look = target.look if band.ends else ""
        label = f"{names.get(band.source, band.source)} → {names.get(band.target, band.target)}"
        yield Ribbon(band, label, look, _path(source.x + _NODE, top, target.x, bottom, wide))


def _offsets(bands: Sequence[Band], nodes: Mapping[_Place, Node], own: _End, other: _End) -> dict[Band, int]:
    """How many requests lie above each band at its end `own`, ordered by where the `other` end is."""
    passed, found = Counter[_Place](), dict[Band, int]()
    for band in sorted(bands, key=lambda band: (own(band), nodes[other(band)].y, other(band))):
        found[band] = passed[own(band)]
        passed[own(band)] += band.n
    return found


def _path(x: float, y: float, to_x: float, to_y: float, wide: float) -> str:
    middle = (x + to_x) / 2
    points = (
        x,
        y,
        middle,
        y,
        middle,
        to_y,
        to_x,
        to_y,
        to_y + wide,
        middle,
        to_y + wide,
        middle,
        y + wide,
        x,
        y + wide,
    )
    return "M{} {}C{} {} {} {} {} {}V{}C{} {} {} {} {} {}Z".format(*(round(one, 1) for one in points))


def _look(name: str) -> str:
    return _LOOKS.get(name, "info" if name in ENDINGS else "brand")
