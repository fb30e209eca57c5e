"""Who gets a desk at all."""

from __future__ import annotations

import pytest

from tests import make
from tests.people import user

PAGES = ["/desk/", "/desk/rows/", "/desk/notices/", "/desk/codes/", "/desk/t/QH-20260302-000001/"]


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_signs_in_and_comes_back(client, db, path):
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"/login/?next={path}"


@pytest.mark.parametrize("name", ["sysadmin", "secadmin", "auditor"])
def test_the_three_officers_are_told_kindly_that_they_have_no_desk(at, name):
    answer = at(user(name)).get("/desk/")
    assert answer.status_code == 403
    assert "您的账号没有工作台" in answer.content.decode()


def test_an_officer_of_another_department_gets_404_on_the_request_and_every_move(at, cast):
    ticket = make.signed()
    rival = at(cast.rival_officer)
    paths = ["", "deadlines/RESOLVE/", *(f"{name}/" for name in MOVES)]
    for path in paths:
        assert rival.get(f"/desk/t/{ticket.number}/{path}").status_code == 404, path
    for name in MOVES:
        assert rival.move(ticket.number, name, text="越权", outcome="solved").status_code == 404, name
    assert make.fresh(ticket).version == ticket.version


MOVES = ["sign", "contact", "interim", "note", "reply", "deliver", "send_back", "assign", "reassign", "classify"]


def test_a_leader_reads_and_instructs_but_every_other_move_is_refused(at, cast):
    ticket = make.signed()
    leader = at(cast.leader)
    page = leader.get(f"/desk/t/{ticket.number}/")
    assert page.status_code == 200
    assert [one["move"].action for one in page.context["actions"]] == ["instruct"]
    assert leader.move(ticket.number, "note", text="代为记录").status_code == 403
    assert make.fresh(ticket).version == ticket.version


def test_an_unknown_move_is_404(at, cast):
    ticket = make.signed()
    assert at(cast.officer).move(ticket.number, "delete").status_code == 404


def test_only_the_centre_manages_codes(at, cast):
    assert at(cast.officer).get("/desk/codes/").status_code == 403
    assert at(cast.officer).post("/desk/codes/DEMO/revoke/").status_code == 403
