"""Finding the same matter again: by the firm, and by the words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from tests import make
from tickets import access
from tickets.alike import Firm, alike, of_firm
from tickets.models import Ticket

SINCE = make.MONDAY - timedelta(days=90)
LAMPS = "园区北门路灯坏了半个月，夜班员工下班看不清路，希望尽快维修。"
AGAIN = "夜班员工反映园区北门的路灯坏了，请尽快维修路灯。"
pytestmark = pytest.mark.django_db


def numbers(found) -> list[str]:
    return [one.ticket.number for one in found]


def test_one_firm_is_found_by_name_code_or_phone(cast):
    mine = make.submitted(
        enterprise_name="浙江安捷（衢州）有限公司", uscc="91330800MA28F0000X", contact_phone="13900000001"
    )
    make.submitted(enterprise_name="浙江安捷有限公司", contact_phone="13900000002", text="浙江安捷（衢州）有限公司欠款")
    seen = Ticket.objects.all()
    for firm in (
        Firm(name="浙江安捷(衢州)有限公司"),
        Firm(uscc="91330800MA28F0000X"),
        Firm(phone="13900000001"),
        Firm(name="别的名字", phone="13900000001"),
    ):
        assert numbers(of_firm(firm, "别的事", among=seen, since=SINCE)) == [mine.number]
    assert of_firm(Firm(), "别的事", among=seen, since=SINCE) == []


def test_the_firms_own_are_listed_by_likeness_and_told_apart(cast):
    other = make.submitted(text="招工难，产线缺一百多个人，希望帮忙。")
    lamps = make.submitted(text=LAMPS)
    found = of_firm(Firm(name="衢州安捷线束有限公司"), AGAIN, among=Ticket.objects.all(), since=SINCE)
    assert [(one.ticket.number, one.alike) for one in found] == [(lamps.number, True), (other.number, False)]


def test_alike_texts_of_other_firms_are_found(cast):
    lamps = make.submitted(text=LAMPS, enterprise_name="甲公司")
    make.submitted(text="技改补助公示后一直没有到账。", enterprise_name="乙公司")
    assert numbers(alike(AGAIN, among=Ticket.objects.all(), since=SINCE)) == [lamps.number]


def test_only_what_lies_in_the_region_and_is_recent_enough(cast):
    here = make.submitted(text=LAMPS, region="330802")
    seen = Ticket.objects.all()
    assert numbers(alike(AGAIN, among=seen, since=SINCE, region="330800/330802")) == [here.number]
    assert alike(AGAIN, among=seen, since=SINCE, region="330800/330803") == []
    assert alike(AGAIN, among=seen, since=make.MONDAY + timedelta(days=1)) == []
    assert alike("。", among=seen, since=SINCE) == []


def test_the_restricted_are_found_by_nobody_and_strangers_find_nothing(cast):
    make.submitted(text=LAMPS, category="SRV-04")
    everything = access.visible_to(cast.supervisor)
    assert everything.count() == 1
    assert alike(AGAIN, among=everything, since=SINCE) == []
    make.submitted(text=LAMPS)
    assert alike(AGAIN, among=access.visible_to(cast.rival_officer), since=SINCE) == []


def test_rare_pairs_are_chosen_by_the_databases_statistics(cast):
    lamps = make.submitted(text=LAMPS)
    for n in range(60):
        make.submitted(text=f"希望尽快维修厂区设备，编号{n}，请派人来看。")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tickets_filing")
    assert numbers(alike(AGAIN, among=Ticket.objects.all(), since=SINCE))[0] == lamps.number


def test_what_is_typed_is_no_operator_of_the_query(cast):
    make.submitted(text=LAMPS)
    typed = "' | ! & \\ (园区北门路灯坏了) <-> :*"
    assert len(of_firm(Firm(name=typed, uscc="'|!", phone="\\'"), typed, among=Ticket.objects.all(), since=SINCE)) == 0
    assert alike(typed, among=Ticket.objects.all(), since=SINCE, least=0.1)


def test_it_costs_one_query_by_the_firm_and_two_by_the_words(cast, django_assert_num_queries):
    for _ in range(5):
        make.submitted(text=LAMPS)
    with django_assert_num_queries(1):
        of_firm(Firm(name="衢州安捷线束有限公司"), AGAIN, among=Ticket.objects.all(), since=SINCE)
    with django_assert_num_queries(2):
        alike(AGAIN, among=Ticket.objects.all(), since=SINCE)
