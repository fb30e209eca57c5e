"""待我审批: who has the list, the second person's word, and what is refused beside what was typed."""

from __future__ import annotations

import pytest

from tests import make
from tickets.models import Approval

pytestmark = pytest.mark.django_db
LIST = "/desk/approvals/"


def test_the_director_reads_why_and_says_yes(at, cast):
    asked = make.asked_to_rest()
    desk = at(cast.director)
    page = desk.get(LIST).content.decode()
    assert asked.ticket.number in page
    assert "待资金额度" in page
    done = desk.post(f"{LIST}{asked.pk}/approve/", {"text": "同意。"})
    assert (done.status_code, done["Location"]) == (303, LIST)
    assert make.fresh(asked.ticket).status == "suspended"
    assert asked.ticket.number not in desk.get(LIST).content.decode()


def test_no_without_a_reason_keeps_the_page_and_what_was_typed(at, cast):
    asked = make.asked_to_rest()
    refused = at(cast.director).post(f"{LIST}{asked.pk}/refuse/", {"text": "  "})
    assert refused.status_code == 422
    assert "请写明不同意的理由" in refused.content.decode()
    assert Approval.objects.get(pk=asked.pk).state == "pending"
    assert at(cast.director).post(f"{LIST}{asked.pk}/refuse/", {"text": "额度已到。"}).status_code == 303
    assert make.fresh(asked.ticket).status == "in_progress"


def test_who_was_second_is_told_and_nothing_happens_twice(at, cast):
    asked = make.asked_to_rest()
    desk = at(cast.director)
    desk.post(f"{LIST}{asked.pk}/approve/", {})
    again = desk.post(f"{LIST}{asked.pk}/refuse/", {"text": "不行。"}, follow=True)
    assert "已同意，不能再审批" in again.content.decode()
    assert make.fresh(asked.ticket).status == "suspended"


@pytest.mark.parametrize("who", ["officer", "head", "rival_head", "intake", "leader"])
def test_others_have_neither_list_nor_word(at, cast, who):
    asked = make.asked_to_rest()
    desk = at(getattr(cast, who))
    assert desk.get(LIST).status_code == 403
    assert desk.post(f"{LIST}{asked.pk}/approve/", {}).status_code in {403, 404}
    assert Approval.objects.get(pk=asked.pk).state == "pending"


def test_a_dispatcher_decides_on_rejections_alone(at, cast):
    rest, reject = make.asked_to_rest(), make.asked_to_reject()
    page = at(cast.dispatcher).get(LIST).content.decode()
    assert reject.ticket.number in page
    assert rest.ticket.number not in page


def test_the_list_costs_the_same_with_many(at, cast, django_assert_max_num_queries):
    for _ in range(5):
        make.asked_to_rest()
    desk = at(cast.director)
    desk.get(LIST)
    with django_assert_max_num_queries(8):
        assert desk.get(LIST).content.decode().count('class="card claim"') == 5


def test_the_lists_of_the_full_life_hold_what_their_names_say(at, cast):
    disputed, asked, rests, closed = make.disputed(), make.info_needed(), make.suspended(), make.closed(result=1)
    for view, ticket in (("disputed", disputed), ("completing", asked), ("suspended", rests)):
        rows = at(cast.dispatcher).get(f"/desk/?view={view}").content.decode()
        assert f"/desk/t/{ticket.number}/" in rows
        assert f"/desk/t/{closed.number}/" not in rows
    assert f"/desk/t/{closed.number}/" in at(cast.intake).get("/desk/?view=callback").content.decode()
