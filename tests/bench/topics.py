"""How much of known common problems clustering finds: `python -m tests.bench.topics MESSAGES.jsonl EVENTS.json`.

Messages: one JSON object a line with `id`, `title`, `text`. Events: `{"events": {name: [id, …]}}`. For each event the
cluster that holds most of it: recall (share of the event in it) and purity (share of it that is the event). Prints a
table and, as the last line, JSON. The data are read where they lie and are no part of the project.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from routing.triage.cluster import LEAST, clusters, gist, vectors


def evaluated(messages: Sequence[dict[str, Any]], events: dict[str, Sequence[str]], *, least: float) -> dict[str, Any]:
    """Recall and purity of each event, and what it took."""
    began = time.perf_counter()
    found = clusters(vectors([gist(one["title"], one["text"]) for one in messages]), least=least)
    seconds = time.perf_counter() - began
    place = {one["id"]: n for n, one in enumerate(messages)}
    rows = {name: _scored({place[key] for key in keys if key in place}, found) for name, keys in events.items()}
    return {
        "n": len(messages),
        "least": least,
        "clusters": len(found),
        "proposals": sum(len(one) >= 3 for one in found),
        "seconds": round(seconds, 1),
        "events": rows,
    }


def _scored(event: set[int], found: Sequence[Sequence[int]]) -> dict[str, float]:
    best = max(found, key=lambda one: len(event & set(one)), default=[])
    both = len(event & set(best))
    return {
        "n": len(event),
        "recall": round(both / len(event), 3) if event else 0.0,
        "purity": round(both / len(best), 3) if best else 0.0,
    }


def main() -> None:
    """Read, cluster, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages", type=Path)
    parser.add_argument("events", type=Path)
    parser.add_argument("--least", type=float, default=LEAST, help="average cosine, 1 - distance")
    asked = parser.parse_args()
    messages = [json.loads(line) for line in asked.messages.read_text(encoding="utf-8").splitlines() if line]
    events = json.loads(asked.events.read_text(encoding="utf-8"))["events"]
    report = evaluated(messages, events, least=asked.least)
    for name, row in report["events"].items():
        sys.stdout.write(f"{name}\tn={row['n']}\trecall={row['recall']:.2f}\tpurity={row['purity']:.2f}\n")
    sys.stdout.write(f"{json.dumps(report, ensure_ascii=False)}\n")


if __name__ == "__main__":
    main()
