"""`manage.py demo --requests FILE`: real requests through the real intake, and where each went and why."""

from __future__ import annotations

import json
import time
import uuid
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from qihu import clock
from qihu.outbox.consume import drain
from routing.rules.models import Category, ChainTag
from tickets.models import Decision, Ticket
from tickets.services import intake

_CHANNELS = {
    "浙里办": Ticket.Channel.APP,
    "企业码": Ticket.Channel.APP,
    "12345": Ticket.Channel.HOTLINE,
    "代报": Ticket.Channel.VISIT,
    "走访": Ticket.Channel.VISIT,
    "座谈": Ticket.Channel.MEETING,
    "线下": Ticket.Channel.COUNTER,
}
_PATIENCE = 30.0


class Command(BaseCommand):
    """Submits every request of a JSON array, waits until the rules have decided, prints a table."""

    help = "把一批诉求（JSON 数组）按真实流程提交，并列出各自交办去向和理由。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--requests", required=True, metavar="FILE", help="JSON 数组，字段见 README")

    def handle(self, *_: object, **options: Any) -> None:
        items = _read(Path(options["requests"]))
        tags = {name: code for code, name in ChainTag.objects.values_list("code", "name")}
        categories = set(Category.objects.values_list("code", flat=True))
        filed = [_filed(item, tags, categories) for item in items]
        keys = [
            intake.submit(filed=one, qr=None, key=f"demo-{uuid.uuid4()}", at=clock.now()).ticket.pk for one in filed
        ]
        _until_decided(keys)
        for item, key in zip(items, keys, strict=True):
            self.stdout.write(_row(item, Ticket.objects.select_related("department", "chain_tag").get(pk=key)))


def _read(path: Path) -> list[Mapping[str, Any]]:
    try:
        items = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"读不了 {path}：{error}") from error
    if not isinstance(items, list) or not all(isinstance(one, dict) and one.get("text") for one in items):
        raise CommandError(f"{path} 应是 JSON 数组，每项至少有 text。")
    return items


def _filed(item: Mapping[str, Any], tags: Mapping[str, str], categories: set[str]) -> intake.Filed:
    """Fields as in `requests_dev.json`; a tag or category that the organisation does not have is left open."""
    company = item.get("company") or {}
    category = str(item.get("category") or "").split(" ")[0]
    labels = {label: code for code, label in Ticket.Difficulty.choices}
    return intake.Filed(
        text=item["text"],
        enterprise_name=company.get("name") or f"演示企业（{company.get('industry') or '未填'}）",
        contact_name="演示联系人",
        contact_phone="13800000000",
        chain_tag=tags.get(item.get("chain_tag") or ""),
        category=category if category in categories else None,
        channel=next((c for word, c in _CHANNELS.items() if word in item.get("channel", "")), Ticket.Channel.QR),
        difficulty=labels.get(item.get("difficulty", ""), Ticket.Difficulty.L2),
        urgent=bool(item.get("urgent")),
        shielded=any("匿名" in flag for flag in item.get("flags", [])),
    )


def _until_decided(keys: Sequence[int]) -> None:
    """Work the outbox off here; a running worker may be doing the same, which is harmless."""
    give_up = time.monotonic() + _PATIENCE
    while Ticket.objects.filter(pk__in=keys, status="submitted").exists():
        drain()
        if time.monotonic() > give_up:
            raise CommandError("30 秒内没有全部交办，请看待发事项页面。")
        time.sleep(0.05)


def _row(item: Mapping[str, Any], ticket: Ticket) -> str:
    decision = Decision.objects.filter(ticket=ticket).order_by("-seq").first()
    return "  ".join(
        [
            str(item.get("id", "")),
            ticket.number,
            ticket.chain_tag.name if ticket.chain_tag else "（未选链）",
            ticket.department.name if ticket.department else "待研判",
            decision.reason if decision else "",
        ]
    )
