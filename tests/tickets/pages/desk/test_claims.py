"""The queue of claims: intake of the region confirms or refuses, with a reason; each decision is in the audit trail."""

from __future__ import annotations

import pytest

from qihu.accounts import claims
from qihu.accounts.models import Claim, Region
from qihu.audit.models import Entry
from tests.firms import ANJIE, again, firm, person
from tests.make import MONDAY
from tests.tickets.pages.desk.conftest import shown

pytestmark = pytest.mark.django_db


def claimed(name: str = "李娜", *, region: str = "330800") -> Claim:
    return claims.claim(
        contact=person(name),
        name="衢州安捷线束有限公司",
        uscc=ANJIE,
        region=Region.objects.get(pk=region),
        evidence="行政经理，可打公示电话核对",
        at=MONDAY,
    )


def test_intake_sees_the_evidence_and_confirms(at, cast):
    claim = claimed()
    desk = at(cast.intake)
    page = shown(desk.get("/desk/claims/"))
    assert "行政经理，可打公示电话核对" in page
    assert "13800000000" in page
    assert desk.post(f"/desk/claims/{claim.pk}/", {"decision": "confirm"}).status_code == 303
    assert again(person()).held[0].role == "owner"
    entry = Entry.objects.get(kind="claim")
    assert (entry.actor, entry.key, entry.after["decision"]) == (cast.intake, str(claim.pk), "confirmed")
    assert "已确认" in shown(desk.get("/desk/claims/"))


def test_a_refusal_needs_a_reason_and_is_told_beside_the_field(at, cast):
    claim, desk = claimed(), at(cast.intake)
    answer = desk.post(f"/desk/claims/{claim.pk}/", {"decision": "refuse", "reason": ""})
    assert answer.status_code == 422
    assert f"reason{claim.pk}_error" in answer.content.decode()
    desk.post(f"/desk/claims/{claim.pk}/", {"decision": "refuse", "reason": "电话核对不符"})
    claim.refresh_from_db()
    assert (claim.decision, claim.reason) == ("refused", "电话核对不符")
    assert desk.post(f"/desk/claims/{claim.pk}/", {"decision": "confirm"}).status_code == 409
    assert Entry.objects.get(kind="claim").reason.body == "电话核对不符"


def test_a_firm_with_an_owner_is_pointed_out(at, cast):
    firm(person("孙涛"))
    claim, desk = claimed(), at(cast.intake)
    assert "已有 1 位管理员" in shown(desk.get("/desk/claims/"))
    answer = desk.post(f"/desk/claims/{claim.pk}/", {"decision": "confirm", "reason": " "})
    assert answer.status_code == 422
    assert not again(person()).firms()


@pytest.mark.parametrize("who", ["officer", "head", "dispatcher", "director", "supervisor", "leader", "discipline"])
def test_nobody_but_intake(at, cast, who):
    claim, desk = claimed(), at(getattr(cast, who))
    assert desk.get("/desk/claims/").status_code == 403
    assert desk.post(f"/desk/claims/{claim.pk}/", {"decision": "confirm"}).status_code == 403
    assert "企业认领" not in shown(desk.get("/desk/"))
    assert not again(person()).firms()


def test_intake_of_another_region_does_not_see_it(at, cast):
    claim = claimed(region="330802")
    grant = cast.intake.grants.get()
    grant.region_id = "330803"
    grant.save()
    desk = at(cast.intake)
    assert "安捷" not in shown(desk.get("/desk/claims/"))
    assert desk.post(f"/desk/claims/{claim.pk}/", {"decision": "confirm"}).status_code == 404


def test_the_price_of_the_queue_does_not_grow(at, cast, django_assert_num_queries):
    desk = at(cast.intake)
    claimed()
    with django_assert_num_queries(6) as one:
        desk.get("/desk/claims/")
    claimed("王强")
    claimed("赵敏")
    with django_assert_num_queries(len(one.captured_queries)):
        desk.get("/desk/claims/")
