"""Rules: which of them hold for an event, whom they reach, and what an administrator may write."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from qihu.accounts.models import Department, User
from qihu.errors import Invalid, Unknown
from tests import make
from tickets.models import Event, Leg, Notice, NoticeRule, NoticeTemplate
from tickets.models.notice_rule import KINDS
from tickets.services.notify.defaults import load_defaults
from tickets.services.notify.preview import preview
from tickets.services.notify.words import words
from tickets.services.notify.write import matching, notify_all
from tickets.terms import Remark
from tickets.wording import AT_HAND, PLACEHOLDERS, check
from tickets.workflow import Action, LegAction

pytestmark = pytest.mark.django_db


def everything(ticket) -> None:
    seqs = range(1, make.fresh(ticket).last_seq + 1)
    notify_all([{"ticket_id": ticket.pk, "seq": seq} for seq in seqs], at=make.MONDAY)


def test_every_default_is_sound_and_loading_again_changes_nothing():
    before = NoticeRule.objects.count()
    NoticeTemplate.objects.filter(code="urged").update(title="我们自己的话")
    load_defaults()
    assert NoticeRule.objects.count() == before
    assert NoticeTemplate.objects.get(code="urged").title == "我们自己的话"
    for rule in NoticeRule.objects.select_related("template"):
        rule.full_clean()
        assert rule.kind in KINDS
    for template in NoticeTemplate.objects.all():
        template.full_clean()
        check(template.title, allowed=AT_HAND)
        check(template.body, allowed=frozenset(PLACEHOLDERS))


def test_everything_that_the_log_can_hold_has_a_name_for_administrators():
    log = {*Action, *LegAction, *Remark, "approval", "absorb", "breach", "warning"}
    assert set(KINDS) == {str(kind) for kind in log}
    assert all(name != kind and name for kind, name in KINDS.items())


def test_a_rule_that_names_the_clock_beats_those_that_do_not():
    rules = list(NoticeRule.objects.in_force().filter(kind="breach", way="inbox"))
    resolve = matching(rules, Event(kind="breach", data={"clock": "RESOLVE"}))
    note = matching(rules, Event(kind="breach", data={"clock": "NOTE"}))
    assert {rule.audience for rule in resolve} == {"holder", "head", "director"}
    assert {rule.audience for rule in note} == {"holder", "director"}


def test_a_rule_on_a_clock_that_begins_holds_beside_the_others():
    rules = list(NoticeRule.objects.in_force().filter(kind="rate", way="inbox"))
    begun = {"clocks": [{"clock": "CALL_BACK", "op": "started"}]}
    assert {rule.audience for rule in matching(rules, Event(kind="rate", data=begun))} == {"officer", "intake"}
    assert {rule.audience for rule in matching(rules, Event(kind="rate", data={}))} == {"officer"}


def test_where_the_status_led_to_chooses_the_words():
    rules = list(NoticeRule.objects.in_force().filter(kind="lapse", way="sms").select_related("template"))
    codes = {
        status: [rule.template.code for rule in matching(rules, Event(kind="lapse", to_status=status))]
        for status in ("closed", "withdrawn")
    }
    assert codes == {"closed": ["sms-closed"], "withdrawn": ["sms-lapsed"]}


def test_a_rule_switched_off_is_silent():
    NoticeRule.objects.filter(kind="route").update(active=False)
    ticket = make.assigned()
    everything(ticket)
    assert not Notice.objects.filter(ticket=ticket).exists()


def test_two_rules_that_reach_one_person_make_one_notice():
    head = User.objects.get(username="head.finance")
    head.grants.create(role="officer", department=Department.objects.get(code="finance"))
    ticket = make.signed()
    make.closing.urge(ticket_id=ticket.pk, at=make.MONDAY + make.MINUTE * 20)
    everything(ticket)
    assert Notice.objects.filter(ticket=ticket, kind="urge", recipient=head, channel="inbox").count() == 1


def test_co_handlers_hear_of_their_leg_and_only_then(cast):
    ticket = make.triaged()
    make.dispatch.assign(
        ticket_id=ticket.pk,
        caller=cast.as_dispatcher,
        at=make.MONDAY + make.MINUTE,
        department="finance",
        co_departments=["economy"],
    )
    make.handling.sign(ticket_id=ticket.pk, caller=cast.as_officer, at=make.MONDAY + 2 * make.MINUTE)
    everything(ticket)
    assert Leg.objects.filter(ticket=ticket).count() == 1
    heard = Notice.objects.filter(ticket=ticket, recipient__username="officer.economy")
    assert [notice.template.code for notice in heard] == ["leg"]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("body", "您的诉求{firm}", "{firm}"),
        ("body", "您的诉求{number", "花括号"),
        ("title", "请在 {due} 前", "到期时间"),
    ],
)
def test_wrong_words_are_refused_beside_the_field(field, typed, said):
    template = NoticeTemplate(code="mine", **({"title": "标题", "body": "正文"} | {field: typed}))
    with pytest.raises(ValidationError) as refused:
        template.full_clean()
    assert said in refused.value.message_dict[field][0]


def test_what_a_firm_typed_never_goes_into_an_sms():
    with pytest.raises(ValidationError, match="title"):
        NoticeTemplate(code="mine", body="您的诉求“{title}”", sms_code="SMS_1").full_clean()
    typed = NoticeTemplate.objects.create(code="mine", body="您的诉求“{title}”")
    with pytest.raises(ValidationError, match="不带企业所写"):
        NoticeRule(kind="sign", audience="firm", way="sms", template=typed).full_clean()


@pytest.mark.parametrize(
    ("audience", "way"), [("firm", "mail"), ("officer", "sms"), ("group", "inbox"), ("head", "robot")]
)
def test_each_audience_is_reached_its_own_way(audience, way):
    words_of = NoticeTemplate.objects.get(code="urged")
    with pytest.raises(ValidationError):
        NoticeRule(kind="sign", audience=audience, way=way, template=words_of).full_clean()


class TestPreview:
    def test_it_reads_as_it_would_be_sent(self, cast):
        ticket = make.assigned(title="贷款的事")
        said = preview(NoticeTemplate.objects.get(code="handed"), number=ticket.number, user=cast.director)
        assert "贷款的事" in said.body
        assert "3月9日 17:30" in said.body or "以查询页所示为准" in said.body
        sms = preview(NoticeTemplate.objects.get(code="sms-assigned"), number=ticket.number, user=cast.director)
        assert set(sms.params) == {"number", "department", "due"}

    def test_only_on_a_request_that_the_viewer_sees(self, cast):
        ticket = make.routed(qr="DEMO-SERVICE", category="SRV-04")
        with pytest.raises(Unknown):
            preview(NoticeTemplate.objects.get(code="handed"), number=ticket.number, user=cast.director)

    def test_wrong_words_are_a_clear_error(self, cast):
        ticket = make.assigned()
        with pytest.raises(Invalid, match="花括号"):
            preview(NoticeTemplate(code="x", body="{number"), number=ticket.number, user=cast.director)


def test_outside_the_house_a_restricted_request_has_no_title_and_no_names():
    ticket = make.routed(qr="DEMO-SERVICE", category="SRV-04", title="窗口人员吃拿卡要")
    everything(ticket)
    notice = Notice.objects.with_words().filter(ticket=ticket, channel="inbox").first()
    assert "窗口人员吃拿卡要" in words(notice).body
    notice.channel = "mail"
    said = words(notice)
    assert "窗口人员" not in said.body
    assert "纪检" not in said.body
