"""`manage.py verify_log`: an untouched log passes, whatever was altered behind the application's back is named."""

from __future__ import annotations

import pytest
from django.core.management import CommandError

from tests import make
from tests.seals import forge, refused, verify
from tickets.models import Event, Filing, Text, Ticket

pytestmark = pytest.mark.django_db


def test_an_untouched_log_is_counted():
    make.closed()
    make.withdrawn()
    assert verify().startswith(f"日志完好：2 件诉求，{Event.objects.count()} 条记录")


def test_an_empty_log_is_whole():
    assert verify().startswith("日志完好：0 件诉求，0 条记录")


def test_one_request_can_be_asked_for():
    ticket, other = make.closed(), make.signed()
    forge("UPDATE tickets_event SET party = 'head' WHERE ticket_id = %s AND seq = 3", other.pk)
    assert "1 件诉求" in verify(ticket=ticket.number)
    assert other.number in refused(ticket=other.number)
    with pytest.raises(CommandError, match="没有编号为 QH-0"):
        verify(ticket="QH-0")


@pytest.mark.parametrize(
    "change",
    [
        "party = 'head'",
        "kind = 'contact'",
        "happened_at = happened_at - interval '1 microsecond'",
        'data = data || \'{"department": "land"}\'',
        "from_status = 'triage'",
        "actor_id = NULL, department_id = NULL",
    ],
)
def test_a_changed_field_is_named_with_its_request_and_place(change):
    make.closed()
    victim, _later = make.closed(), make.closed()
    forge(f"UPDATE tickets_event SET {change} WHERE ticket_id = %s AND seq = 2", victim.pk)  # noqa: S608
    assert refused().startswith(f"日志被改动：{victim.number} 第 2 条，内容与哈希不符")


def test_a_missing_event_leaves_a_gap():
    victim = make.closed()
    forge("DELETE FROM tickets_event WHERE ticket_id = %s AND seq = 3", victim.pk)
    assert refused() == f"日志被改动：{victim.number} 第 3 条，序号不连续，缺第 3 条"


def test_a_truncated_log_does_not_reach_where_the_request_says():
    victim = make.closed()
    forge("DELETE FROM tickets_event WHERE ticket_id = %s AND seq = %s", victim.pk, victim.last_seq)
    assert f"诉求记为第 {victim.last_seq} 条" in refused()


def test_a_log_removed_whole_is_noticed():
    victim = make.closed()
    forge("DELETE FROM tickets_event WHERE ticket_id = %s", victim.pk)
    assert f"{victim.number} 第 1 条" in refused()


def test_a_status_set_by_hand_disagrees_with_the_log():
    victim = make.signed()
    Ticket.objects.filter(pk=victim.pk).update(status="withdrawn")
    assert "诉求状态“withdrawn”与日志“in_progress”不符" in refused()


def test_changed_words_are_found_and_emptied_ones_need_an_erasure_in_the_log():
    ticket = make.replied()
    text = Text.objects.filter(ticket=ticket).order_by("-pk").first()
    Text.objects.filter(pk=text.pk).update(body="已授信9000万元。")
    assert refused().endswith("文字与摘要不符（reply）")
    Text.objects.filter(pk=text.pk).update(body="", erased_at=make.MONDAY)
    assert refused().endswith("文字被清空，日志里没有删除记录（reply）")
    Filing.objects.filter(pk=ticket.pk).update(text="别的事")
    assert refused().endswith("文字与摘要不符（submit）")
    Filing.objects.filter(pk=ticket.pk).update(text="", erased_at=make.MONDAY)
    assert refused().endswith("文字被清空，日志里没有删除记录（submit）")
