"""The link by which a firm checks what was entered for it: to its phone, once, and in the clear nowhere else."""

from __future__ import annotations

import json
import logging

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from qihu.accounts.models import User
from routing.rules.models import Category
from tests import make, see
from tests.test_logging import line_of
from tests.tickets.test_entry import AT, HOUR, entered, heard, link
from tickets.models import Filing, Notice, NoticeRule, NoticeTemplate, Source, Ticket
from tickets.services import confirming, entry
from tickets.services.notify.preview import preview
from tickets.services.notify.send import resend
from tickets.services.notify.told import told

pytestmark = pytest.mark.django_db
LATER = AT + HOUR


def to_firm(ticket: Ticket) -> list[Notice]:
    return list(Notice.objects.filter(ticket=ticket, firm=True, kind="ask_confirm").order_by("pk"))


def params(sms: dict[str, str]) -> dict[str, str]:
    return json.loads(sms["TemplateParam"])


@pytest.fixture(autouse=True)
def quiet(approved):
    """Only the link is told, so that every SMS here is one."""
    NoticeRule.objects.exclude(kind="ask_confirm").update(active=False)


def everything_stored() -> str:
    """Every text and JSON of every table, as a dump would have it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [name for (name,) in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 - names from the catalogue
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def test_the_contacts_phone_gets_the_link_at_once_and_it_opens(cast, aliyun, round_at):
    ticket = entered(cast.as_intake).ticket
    round_at(AT)
    (sms,) = aliyun.accepted
    assert sms["PhoneNumbers"] == "13800000000"
    assert params(sms) == {"number": ticket.number, "due": "3月9日 10:00", "link": link(ticket)}
    (notice,) = to_firm(ticket)
    assert (notice.state, notice.template.code) == ("sent", "sms-confirm-link")
    given = confirming.opened(params(sms)["link"], at=LATER)
    assert given.source.ticket == ticket
    assert see.kinds(ticket)[:2] == ["submit", "ask_confirm"]
    call_command("verify_log", verbosity=0)


def test_no_variable_is_an_address_or_too_long_for_the_provider(cast, aliyun, round_at, settings):
    """Aliyun: isv.PARAM_NOT_SUPPORT_URL, and 35 characters a variable; the address is in the approved words."""
    settings.PUBLIC_URL = "https://qihu.example/"
    entered(cast.as_intake)
    round_at(AT)
    for value in params(aliyun.accepted[0]).values():
        assert "/" not in value
        assert len(value) <= 35


def test_the_token_rests_nowhere_in_the_clear(cast, aliyun, round_at, caplog):
    caplog.set_level(logging.DEBUG)
    aliyun.answers = [(500, b"trouble")]
    ticket = entered(cast.as_intake).ticket
    round_at(AT)
    round_at(LATER)
    assert params(aliyun.accepted[0])["link"] == link(ticket)
    assert link(ticket) not in everything_stored()
    assert link(ticket) not in "".join(line_of(record) for record in caplog.records if record.name != "django.db")


def test_the_same_entry_again_is_one_sms(cast, aliyun, round_at):
    first = entered(cast.as_intake).ticket
    again = entered(cast.as_intake)
    assert (again.repeated, again.ticket) == (True, first)
    round_at(AT)
    round_at(LATER)
    assert len(aliyun.accepted) == 1
    assert see.kinds(first).count("ask_confirm") == 1


def test_a_failure_is_seen_and_sent_again(cast, aliyun, round_at):
    aliyun.answers = [(200, {"Code": "isv.AMOUNT_NOT_ENOUGH", "Message": "", "RequestId": "r"})] * 12
    ticket = entered(cast.as_intake).ticket
    for n in range(13):
        round_at(AT + n * 2 * HOUR)
    (one,) = told(ticket, kind="ask_confirm")
    assert (one.about, one.label, one.why) == ("请核对代录的诉求", "发送失败", "短信余额不足")
    resend(notice_id=to_firm(ticket)[0].pk, user=cast.intake, at=AT + 30 * HOUR)
    round_at(AT + 30 * HOUR)
    (sms,) = aliyun.accepted
    assert params(sms)["link"] == link(ticket)
    assert told(ticket)[0].label == "已发送"


def test_an_attempt_that_may_have_arrived_is_asked_for_and_not_repeated(cast, aliyun, round_at):
    aliyun.silent = 1
    ticket = entered(cast.as_intake).ticket
    round_at(AT)
    round_at(LATER)
    assert len(aliyun.accepted) == 1
    assert to_firm(ticket)[0].state == "sent"


def test_a_new_link_is_sent_too_and_the_old_ones_notice_is_over(cast, aliyun, round_at):
    aliyun.answers = [(200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "", "RequestId": "r"})]
    ticket = entered(cast.as_intake).ticket
    round_at(AT)
    old = link(ticket)
    confirming.renew(ticket=ticket, source_id=Source.objects.get().pk, caller=cast.as_intake, at=LATER)
    round_at(LATER)
    (sms,) = aliyun.accepted
    assert params(sms)["link"] == link(ticket) != old
    first, second = to_firm(ticket)
    assert (first.state, second.state) == ("failed", "sent")
    resend(notice_id=first.pk, user=cast.intake, at=LATER)
    round_at(LATER)
    assert len(aliyun.accepted) == 1
    assert told(ticket)[-1].why == "已有新的链接"


@pytest.mark.parametrize("ended", ["answered", "expired"])
def test_a_link_of_no_use_any_more_is_not_sent(cast, aliyun, round_at, ended):
    ticket = entered(cast.as_intake).ticket
    round_at.write(AT)
    if ended == "answered":
        confirming.answer(token=link(ticket), state="confirmed", at=AT)
    round_at(AT + (confirming.LASTS if ended == "expired" else HOUR))
    assert not aliyun.accepted
    assert (to_firm(ticket)[0].state, to_firm(ticket)[0].error) == ("skipped", ended)


def test_imports_and_second_sources_ask_nobody(cast, aliyun, round_at):
    filed = make.filed(channel="import", region="330800")
    entry.enter(filed=filed, heard=heard("import"), caller=cast.as_intake, key="sheet|1|1", at=AT, asks_firm=False)
    other = make.signed()
    entry.add_source(ticket_id=other.pk, heard=heard(reference="b"), caller=cast.as_intake, at=AT)
    round_at(AT)
    assert not aliyun.accepted
    assert not Notice.objects.filter(kind="ask_confirm").exists()


def test_without_a_phone_or_with_a_landline_it_rests_unsent_and_says_why(cast, aliyun, round_at):
    erased = entered(cast.as_intake).ticket
    Filing.objects.filter(ticket=erased).update(contact_phone=b"")
    landline = entered(cast.as_intake, of=heard(reference="b"), key="k2", contact_phone="05703080000").ticket
    round_at(AT)
    assert not aliyun.accepted
    assert [(n.state, n.error) for n in to_firm(erased) + to_firm(landline)] == [
        ("unsent", "no_phone"),
        ("unsent", "landline"),
    ]


def test_no_link_into_a_restricted_request_leaves_the_house(cast, aliyun, round_at):
    """domain.md §1: in no notice; whether it was restricted from the start or became so before the SMS went."""
    born = entered(cast.as_intake, category="SRV-04").ticket
    became = entered(cast.as_intake, of=heard(reference="b"), key="k2").ticket
    round_at.write(AT)
    assert Category.objects.get(pk="SRV-04").restricted
    assert to_firm(born) == []
    Ticket.objects.filter(pk=became.pk).update(restricted=True)
    round_at(AT)
    assert not aliyun.accepted
    assert (to_firm(became)[0].state, to_firm(became)[0].error) == ("skipped", "restricted")


def test_a_shielded_firm_is_asked_and_nothing_names_it(cast, aliyun, round_at):
    ticket = entered(cast.as_intake, shielded=True).ticket
    round_at(AT)
    (sms,) = aliyun.accepted
    assert set(params(sms)) == {"number", "due", "link"}
    assert "安捷" not in str(sms)
    assert told(ticket, kind="ask_confirm")[0].label == "已发送"


class TestWords:
    """What an administrator may make of them."""

    @pytest.fixture
    def template(self) -> NoticeTemplate:
        return NoticeTemplate.objects.get(code="sms-confirm-link")

    def test_words_edited_in_the_back_office_are_what_is_sent(self, client, cast, aliyun, round_at, template):
        backend = "django.contrib.auth.backends.ModelBackend"
        client.force_login(User.objects.get(username="sysadmin"), backend=backend)
        body = "请核对{number}：https://qihu.example/c/{link}/"
        address = reverse("admin:tickets_noticetemplate_change", args=[template.pk])
        assert client.post(address, {"title": "核对", "body": body, "sms_code": "SMS_200"}).status_code == 302
        ticket = entered(cast.as_intake).ticket
        round_at(AT)
        (sms,) = aliyun.accepted
        assert sms["TemplateCode"] == "SMS_200"
        assert params(sms) == {"number": ticket.number, "link": link(ticket)}

    def test_a_preview_shows_no_real_link(self, cast, template):
        ticket = entered(cast.as_intake).ticket
        said = preview(template, number=ticket.number, user=cast.intake)
        assert "/c/" in said.body
        assert link(ticket) not in said.body + str(said.params)

    def test_the_link_goes_into_no_other_words(self, template):
        other = NoticeTemplate.objects.get(code="handed")
        other.body = "看这里：{link}"
        with pytest.raises(ValidationError, match="核对链接"):
            other.clean()
        rule = NoticeRule(kind="sign", audience="supervisor", way="inbox", template=template)
        with pytest.raises(ValidationError, match="只发给企业"):
            rule.clean()
        NoticeRule.objects.get(kind="ask_confirm").clean()
        template.clean()
