"""`manage.py moves_diagram [--check]`: the README's diagram of moves, generated from the table."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tickets.workflow import LEG_MOVES, MOVES, OPEN, LegStatus, Move, Party, Status

START, END = "<!-- moves:start -->", "<!-- moves:end -->"


class Command(BaseCommand):
    """Writes the diagram between its two markers, or checks that it is fresh."""

    help = "根据流转表生成 README 中的流程图；--check 只核对。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="不写文件，不一致时以 1 退出")

    def handle(self, *_: object, **options: Any) -> None:
        readme = Path(settings.BASE_DIR) / "README.md"
        text = readme.read_text(encoding="utf-8")
        before, rest = text.split(START, 1)
        fresh = f"{before}{START}\n{diagram()}\n{END}{rest.split(END, 1)[1]}"
        if options["check"] and fresh != text:
            raise CommandError("README 的流程图已过时：运行 manage.py moves_diagram")
        if not options["check"]:
            readme.write_text(fresh, encoding="utf-8")


def diagram() -> str:
    """Mermaid state diagram: one arrow for each pair of statuses that the moves reach, labelled with moves and parties.

    Moves that leave the status, and those open to every status, are listed under it instead of drawn.
    """
    reached = [status for status in Status if any(move.target == status for move in MOVES)]
    anywhere = [move for move in MOVES if move.sources >= OPEN]
    arrows: dict[tuple[str, str], list[str]] = {}
    for move in MOVES:
        if move in anywhere:
            continue
        for source in [str(s) for s in reached if s in move.sources] or ["[*]"]:
            labels = arrows.setdefault((source, str(move.target or source)), [])
            if (label := _label(move)) not in labels:
                labels.append(label)
    lines = [f"    {status.value}: {status.label}" for status in reached]
    lines += [f"    {a} --> {b}: {'<br/>'.join(labels)}" for (a, b), labels in arrows.items() if a != b]
    stays = [f"| {Status(a).label} | {'；'.join(labels)} |" for (a, b), labels in arrows.items() if a == b]
    legs = [f"| {leg.label} | {'；'.join(_legs_from(leg))} |" for leg in LegStatus if _legs_from(leg)]
    return "\n".join(
        [
            *["```mermaid", "stateDiagram-v2", *lines, "```", ""],
            *["Moves that leave the status as it is:", "", "| From | Moves |", "|---|---|", *stays, ""],
            *["From every open status:", ""],
            *[f"- {_label(move)} → {move.target.label if move.target else '状态不变'}" for move in anywhere],
            *["", "A co-handler's leg:", "", "| From | Moves |", "|---|---|", *legs],
        ]
    )


def _legs_from(status: LegStatus) -> list[str]:
    return [
        f"{move.action.value} {move.action.label} → {move.target.label}"
        for move in LEG_MOVES.values()
        if status in move.sources
    ]


def _label(move: Move) -> str:
    parties = "、".join(party.label for party in Party if party in move.by)
    second = "、".join(party.label for party in Party if party in move.approver)
    return f"{move.action.value} {move.action.label}（{parties}{'，' + second + '批准' if second else ''}）"
