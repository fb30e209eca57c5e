"""Which texts tell of the same problem: average-link clustering over runs of two and three characters. Pure.

Exact, without any library: pairwise cosines by an inverted index, then chains of nearest neighbours, which find the
same clusters as merging the closest pair again and again (average link never brings two clusters closer by a merge).
Cost grows with the square of the texts, so callers bound them by a window of time: `MOST`.

A cluster is a proposal. Measured by tests/bench/topics.py on 4,277 citizens' messages with five events that people had
agreed on, on which how much of a text is compared was chosen, too: of a mixing plant beside a housing estate 94 % are
found and nothing else, of parking spaces tied to flats 93 % in a cluster that is 88 % right; of questions about a
housing subsidy, asked in everybody's own words, 46 %.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from routing.triage.alike import COMMON, plain

Vector = Mapping[str, float]
"""Weights of runs of characters; of length 1, or empty where a text has none."""

LEAST = 0.15
"""Average cosine from which on texts are proposed as one problem: distance 0.85."""
MOST = 2000
"""Texts clustered at once: about two seconds on one core."""
_TITLE_COUNTS, _OPENING = 2, 80
_BACKGROUND = 500
"""Texts about anything else that are imagined beside the given ones: of a handful, what they share is not common."""
_LONGEST, _SHOWN = 8, 5


def gist(title: str, text: str) -> str:
    """What is compared of a request: its title, which counts twice, and how its text begins.

    Whole texts find half as much: what surrounds the matter differs from writer to writer.
    """
    return "\n".join([title] * _TITLE_COUNTS + [text.strip()[:_OPENING]])


def vectors(texts: Sequence[str], *, rarity: Mapping[str, float] | None = None) -> list[Vector]:
    """A vector for each text, weighted by how rare its runs are (default: among these very texts)."""
    counted = [_runs(text) for text in texts]
    weights = rarity if rarity is not None else _rarity(counted)
    unseen = max(weights.values(), default=1.0)
    return [_of_length_one({run: n * weights.get(run, unseen) for run, n in one.items()}) for one in counted]


def rarity(texts: Iterable[str]) -> dict[str, float]:
    """How telling each run of characters is, learned from many texts: rarer is more."""
    return _rarity([_runs(text) for text in texts])


def middle(of: Sequence[Vector]) -> Vector:
    """The mean of vectors: the average cosine of a text to all of them is its `closeness` to this."""
    total: Counter[str] = Counter()
    for vector in of:
        for run, weight in vector.items():
            total[run] += weight  # type: ignore[assignment]
    return {run: weight / len(of) for run, weight in total.items()} if of else {}


def closeness(one: Vector, other: Vector) -> float:
    """Dot product: of two texts their cosine, of a text and a `middle` its average cosine to those."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    return sum(weight * large.get(run, 0.0) for run, weight in small.items())


def clusters(of: Sequence[Vector], *, least: float = LEAST) -> list[list[int]]:
    """Places of the texts in each cluster of two or more, the largest first; no text is in two.

    Two clusters become one while the average cosine between their texts is at least `least`.
    """
    groups = [members for members in _Linkage(_cosines(of), least).groups() if len(members) > 1]
    return sorted(groups, key=lambda members: (-len(members), members))


def shared_words(texts: Sequence[str], *, most: int = _SHOWN) -> list[str]:
    """What at least half of the texts say, in their own words: the longest runs that so many share, no two alike."""
    wanted = max(2, -(-len(texts) // 2))
    found: Counter[str] = Counter()
    for text in texts:
        whole = plain(text)
        found.update(
            {
                whole[at : at + size]
                for size in range(2, _LONGEST + 1)
                for at in range(len(whole) - size + 1)
                if whole[at] not in COMMON and whole[at + size - 1] not in COMMON
            }
        )
    often = [run for run, n in found.items() if n >= wanted and not run.isdigit()]
    chosen: list[str] = []
    for run in sorted(often, key=lambda run: (-(len(run) - 1) * found[run], run)):
        if len(chosen) == most:
            break
        if not any(_overlap(run, other) for other in chosen):
            chosen.append(run)
    return chosen


def _overlap(one: str, other: str) -> bool:
    return any(one[at : at + 2] in other for at in range(len(one) - 1))


def _runs(text: str) -> Counter[str]:
    whole = plain(text)
    return Counter(whole[at : at + size] for size in (2, 3) for at in range(len(whole) - size + 1))


def _rarity(counted: Sequence[Counter[str]]) -> dict[str, float]:
    texts_with: Counter[str] = Counter()
    for one in counted:
        texts_with.update(one.keys())
    return {run: math.log((1 + _BACKGROUND + len(counted)) / (1 + n)) + 1 for run, n in texts_with.items()}


def _of_length_one(weights: Mapping[str, float]) -> Vector:
    length = math.sqrt(sum(weight * weight for weight in weights.values()))
    return {run: weight / length for run, weight in weights.items()} if length else {}


def _cosines(of: Sequence[Vector]) -> list[array[float]]:
    """The full table; a text is not its own neighbour."""
    having: dict[str, list[tuple[int, float]]] = {}
    table = []
    for place, vector in enumerate(of):
        row = array("d", bytes(8 * len(of)))
        for run, weight in vector.items():
            earlier = having.setdefault(run, [])
            for other, its in earlier:
                row[other] += weight * its
            earlier.append((place, weight))
        table.append(row)
    for place, row in enumerate(table):
        for other in range(place):
            table[other][place] = row[other]
        row[place] = -1.0
    return table


class _Linkage:
    """Average link by chains of nearest neighbours."""

    def __init__(self, table: list[array[float]], least: float) -> None:
        self._table, self._least = table, least
        self._members = [[place] for place in range(len(table))]
        self._ended = [False] * len(table)

    def groups(self) -> list[list[int]]:
        """Every cluster, those of one text too."""
        for start in range(len(self._table)):
            while not self._ended[start]:  # merged, it begins another chain
                chain = [start]
                while chain:
                    self._step(chain)
        return [sorted(members) for members in self._members if members]

    def _step(self, chain: list[int]) -> None:
        """Go on to the nearest neighbour; merge two that are nearest to each other; let go what has none near."""
        top = chain[-1]
        row = self._table[top]
        near = max(row)
        if near < self._least:
            self._end(top)
            chain.pop()
        elif len(chain) > 1 and row[chain[-2]] == near:
            self._merge(chain[-2], top)
            del chain[-2:]
        else:
            chain.append(row.index(near))

    def _merge(self, kept: int, gone: int) -> None:
        one, other = self._table[kept], self._table[gone]
        n, m = len(self._members[kept]), len(self._members[gone])
        for place, (a, b) in enumerate(zip(one, other, strict=True)):
            if a >= 0.0 and b >= 0.0:
                one[place] = self._table[place][kept] = (n * a + m * b) / (n + m)
        self._members[kept] += self._members[gone]
        self._members[gone] = []
        self._end(gone)

    def _end(self, place: int) -> None:
        """Nobody's neighbour any more."""
        self._ended[place] = True
        for row in self._table:
            row[place] = -1.0
        self._table[place] = array("d", [-1.0]) * len(self._table)
