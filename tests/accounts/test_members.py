"""Who belongs to a firm: invitation, roles, hand-over, leaving; and claims, which grant nothing until confirmed."""

from __future__ import annotations

import pytest

from qihu.accounts import claims, members
from qihu.accounts.claims import Vouched
from qihu.accounts.models import Enterprise, FirmRole, Membership, Region
from qihu.errors import Conflict, Forbidden, Invalid, Unknown
from tests.firms import ANJIE, RIVAL, again, firm, joined, person
from tests.make import MINUTE, MONDAY
from tests.people import user

pytestmark = pytest.mark.django_db


def claimed(contact, *, uscc: str = ANJIE, name: str = "衢州安捷线束有限公司"):
    region = Region.objects.get(pk="330800")
    return claims.claim(contact=contact, name=name, uscc=uscc, region=region, evidence="行政经理", at=MONDAY)


class TestClaims:
    def test_a_claim_grants_nothing_and_makes_no_firm(self):
        claimed(person())
        assert again(person()).firms() == frozenset()
        assert not Enterprise.objects.exists()

    def test_confirmed_by_intake_it_makes_the_claimant_owner(self):
        claim = claimed(person())
        member = claims.confirm(claim_id=claim.pk, by=user("intake"), at=MONDAY + MINUTE)
        assert (member.role, member.enterprise.confirmed_by, member.enterprise.confirmed_how) == (
            FirmRole.OWNER,
            user("intake"),
            "intake",
        )
        assert again(person()).firms() == {member.enterprise_id}

    def test_refused_with_a_reason_it_stays_nothing(self):
        claim = claimed(person())
        with pytest.raises(Invalid):
            claims.refuse(claim_id=claim.pk, by=user("intake"), at=MONDAY, reason=" ")
        claims.refuse(claim_id=claim.pk, by=user("intake"), at=MONDAY, reason="电话核对不符")
        with pytest.raises(Conflict, match="未通过"):
            claims.confirm(claim_id=claim.pk, by=user("intake"), at=MONDAY)
        assert again(person()).firms() == frozenset()
        claimed(person())

    def test_a_second_owner_from_outside_needs_a_reason(self):
        there = firm(person())
        claim = claimed(person("王强"))
        with pytest.raises(Invalid) as refused:
            claims.confirm(claim_id=claim.pk, by=user("intake"), at=MONDAY)
        assert "reason" in refused.value.fields
        member = claims.confirm(claim_id=claim.pk, by=user("intake"), at=MONDAY, reason="原管理员离职，电话核对")
        assert member.enterprise == there
        assert Membership.objects.owners().filter(enterprise=there).count() == 2

    def test_the_same_firm_twice_and_too_many_at_once(self):
        claimed(person())
        with pytest.raises(Conflict, match="正在核对"):
            claimed(person())
        for n in range(4):
            claimed(person(), uscc=f"91330800MA28F001{n:02d}")
        with pytest.raises(Conflict, match="几份"):
            claimed(person(), uscc=RIVAL)

    def test_the_owner_does_not_claim_again(self):
        firm(person())
        with pytest.raises(Conflict, match="已经是"):
            claimed(again(person()))

    def test_a_platform_vouches_for_the_signed_in_phone_only(self):
        region = Region.objects.get(pk="330800")
        claim = claimed(person())
        theirs = Vouched(phone=person().phone, uscc=ANJIE, name="衢州安捷线束有限公司")
        with pytest.raises(Invalid, match="不是同一个"):
            claims.vouch(contact=person("王强"), vouched=theirs, region=region, at=MONDAY)
        member = claims.vouch(contact=person(), vouched=theirs, region=region, at=MONDAY)
        claim.refresh_from_db()
        assert (member.role, member.enterprise.confirmed_how, claim.decision) == ("owner", "platform", "confirmed")
        assert claims.vouch(contact=person(), vouched=theirs, region=region, at=MONDAY).pk == member.pk


class TestMembers:
    def test_an_invitation_grants_nothing_until_it_is_accepted(self):
        owner = person()
        there = firm(owner)
        asked = members.invite(enterprise_id=there.pk, by=owner, phone="13900000001", role="viewer", at=MONDAY)
        assert again(person("王强")).firms() == frozenset()
        with pytest.raises(Unknown):
            members.accept(membership_id=asked.pk, contact=person("赵敏"), at=MONDAY)
        members.accept(membership_id=asked.pk, contact=person("王强"), at=MONDAY)
        assert again(person("王强")).firms() == {there.pk}
        assert again(person("王强")).firms(writing=True) == frozenset()
        with pytest.raises(Unknown):
            members.accept(membership_id=asked.pk, contact=person("王强"), at=MONDAY)

    def test_declined_or_taken_back_it_is_gone(self):
        owner = person()
        there = firm(owner)
        for end in ("decline", "remove"):
            asked = members.invite(enterprise_id=there.pk, by=owner, phone="13900000001", role="contact", at=MONDAY)
            if end == "decline":
                members.decline(membership_id=asked.pk, contact=person("王强"), at=MONDAY)
            else:
                members.remove(membership_id=asked.pk, enterprise_id=there.pk, by=owner, at=MONDAY)
            with pytest.raises(Unknown):
                members.accept(membership_id=asked.pk, contact=person("王强"), at=MONDAY)

    def test_twice_invited_and_unknown_roles(self):
        owner = person()
        there = firm(owner)
        joined(there, owner, person("王强"))
        with pytest.raises(Conflict):
            members.invite(enterprise_id=there.pk, by=owner, phone="13900000001", role="viewer", at=MONDAY)
        with pytest.raises(Invalid):
            members.invite(enterprise_id=there.pk, by=owner, phone="13700000002", role="king", at=MONDAY)

    @pytest.mark.parametrize("role", ["contact", "viewer"])
    def test_only_owners_manage(self, role):
        owner = person()
        there = firm(owner)
        other = joined(there, owner, person("王强"), role)
        mine = other.membership(there.pk)
        theirs = again(owner).membership(there.pk)
        tries = [
            lambda: members.invite(enterprise_id=there.pk, by=other, phone="13700000002", role="viewer", at=MONDAY),
            lambda: members.give_role(membership_id=mine.pk, enterprise_id=there.pk, by=other, role="owner", at=MONDAY),
            lambda: members.remove(membership_id=theirs.pk, enterprise_id=there.pk, by=other, at=MONDAY),
            lambda: members.hand_over(enterprise_id=there.pk, by=other, to=theirs.pk, stays=True, at=MONDAY),
        ]
        for one in tries:
            with pytest.raises(Forbidden):
                one()

    def test_an_owner_of_another_firm_manages_nothing_here(self):
        owner, rival = person(), person("孙涛")
        there = firm(owner)
        elsewhere = firm(rival, uscc=RIVAL, name="衢州对手有限公司")
        mine = again(owner).membership(there.pk)
        with pytest.raises(Unknown):
            members.invite(enterprise_id=there.pk, by=rival, phone="13700000002", role="owner", at=MONDAY)
        for key in (there.pk, elsewhere.pk):
            with pytest.raises(Unknown):
                members.remove(membership_id=mine.pk, enterprise_id=key, by=rival, at=MONDAY)

    def test_the_last_owner_neither_leaves_nor_steps_down(self):
        owner = person()
        there = firm(owner)
        joined(there, owner, person("王强"))
        mine = again(owner).membership(there.pk)
        with pytest.raises(Conflict, match="交给同事"):
            members.leave(enterprise_id=there.pk, contact=owner, at=MONDAY)
        with pytest.raises(Conflict):
            members.give_role(membership_id=mine.pk, enterprise_id=there.pk, by=owner, role="viewer", at=MONDAY)
        with pytest.raises(Conflict):
            members.remove(membership_id=mine.pk, enterprise_id=there.pk, by=owner, at=MONDAY)

    @pytest.mark.parametrize("stays", [True, False])
    def test_hand_over_and_the_history_is_kept(self, stays):
        owner = person()
        there = firm(owner)
        heir = joined(there, owner, person("王强"))
        to = heir.membership(there.pk)
        members.hand_over(enterprise_id=there.pk, by=owner, to=to.pk, stays=stays, at=MONDAY + MINUTE)
        assert again(heir).membership(there.pk).role == FirmRole.OWNER
        left = again(owner).membership(there.pk)
        assert (left.role if left else None) == (FirmRole.CONTACT if stays else None)
        ended = Membership.objects.filter(enterprise=there).exclude(ended_at=None)
        assert {(m.contact_id, m.role, m.ended_by_id) for m in ended} == {
            (owner.pk, "owner", owner.pk),
            (heir.pk, "contact", owner.pk),
        }

    def test_a_hand_over_to_oneself_or_to_who_has_not_come(self):
        owner = person()
        there = firm(owner)
        asked = members.invite(enterprise_id=there.pk, by=owner, phone="13900000001", role="contact", at=MONDAY)
        for to in (again(owner).membership(there.pk).pk, asked.pk):
            with pytest.raises(Invalid):
                members.hand_over(enterprise_id=there.pk, by=owner, to=to, stays=False, at=MONDAY)
