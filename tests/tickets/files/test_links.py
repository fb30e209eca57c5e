"""Who may open which file, for how long, and as what it is served."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.test import Client

from qihu.accounts.models import Grant
from qihu.clock import now
from tests import make
from tests.people import user
from tests.tickets.api.conftest import Api, firm_of, here, staff  # noqa: F401 - a fixture
from tests.tickets.files import samples
from tests.tickets.files.conftest import inspected, sent
from tickets.access import FIRM, Caller
from tickets.models import Attachment, Ticket
from tickets.pages import files
from tickets.services import attachments, handling, links, review, sending
from tickets.services.attachments import Files
from tickets.services.codes import access_code

pytestmark = pytest.mark.django_db
FORM = sending.Sender(b"f" * 32)


@pytest.fixture
def request_with(cast):
    """`request_with(content, name)`: routed to the finance office, its one file inspected."""

    def made(content: bytes | None = None, name: str = "李娜的厂房.jpg", **more: object) -> tuple[Ticket, Attachment]:
        row = sent(FORM, content, name, at=now())
        ticket = make.routed(at=now(), files=Files(FORM.owner, (row.key,)), **more)
        return ticket, inspected(row, now())

    return made


def phone_of(ticket: Ticket) -> Client:
    client = Client()
    assert client.post("/t/", {"number": ticket.number, "code": access_code(ticket.number)}).status_code == 303
    return client


def desk_of(name: str) -> Client:
    client = Client()
    client.force_login(user(name))
    return client


def link_for(ticket: Ticket, viewer: Caller, *, at=None, preview: bool = False) -> str:
    (one,) = attachments.attachments_of(ticket, viewer, at=at or now())
    return one.preview if preview else one.url


def body(answer) -> bytes:
    return b"".join(answer.streaming_content)


def saved_as(client: Client, url: str) -> str:
    answer = client.get(url)
    body(answer)
    return unquote(answer["Content-Disposition"])


def status(client: Client, url: str) -> int:
    answer = client.get(url)
    if answer.streaming:
        body(answer)  # to its end, which closes the file
    return answer.status_code


def test_a_photo_is_shown_as_we_encoded_it_and_can_do_nothing(request_with):
    ticket, _ = request_with(samples.photo_with_place())
    for url in (link_for(ticket, FIRM), link_for(ticket, FIRM, preview=True)):
        assert "李娜" not in unquote(url)
        answer = phone_of(ticket).get(url)
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
        assert answer["Content-Disposition"].startswith("inline")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert "private" in answer["Cache-Control"]
        assert b"SECRET" not in body(answer)


def test_a_document_is_saved_never_shown(request_with):
    ticket, _ = request_with(samples.pdf(), "贷款合同.pdf")
    answer = desk_of("officer.finance").get(link_for(ticket, Caller(user("officer.finance"))))
    assert answer["Content-Disposition"].startswith("attachment")
    assert "贷款合同.pdf" in unquote(answer["Content-Disposition"])
    assert answer["Content-Type"] == "application/pdf"
    assert body(answer) == samples.pdf()


def test_a_link_is_its_viewers_alone(request_with):
    ticket, _ = request_with()
    other = here(make.routed)
    officer = link_for(ticket, Caller(user("officer.finance")))
    firm = link_for(ticket, FIRM)
    assert status(desk_of("officer.finance"), officer) == 200
    assert status(phone_of(ticket), firm) == 200
    for client in (Client(), desk_of("head.finance"), desk_of("officer.land"), phone_of(ticket), phone_of(other)):
        assert status(client, officer) == 404
    for client in (Client(), desk_of("officer.finance"), phone_of(other)):
        assert status(client, firm) == 404


def test_a_link_ends_within_the_hour(request_with, monkeypatch):
    ticket, _ = request_with()
    client, url = phone_of(ticket), link_for(ticket, FIRM)
    start = now()
    monkeypatch.setattr(files, "now", lambda: start + timedelta(minutes=29))
    assert status(client, url) == 200
    monkeypatch.setattr(files, "now", lambda: start + timedelta(minutes=61))
    refused = client.get(url)
    assert refused.status_code == 403
    assert "链接已过期" in refused.content.decode()


def test_a_link_cannot_be_made_up(request_with):
    ticket, row = request_with()
    url = link_for(ticket, FIRM)
    forged = url.replace(row.key.hex, "0" * 32)
    for bad in (forged, url[:-3] + "xx/", "/files/x/", "/files/a.b.c.d:e/", f"/media/{row.path}", f"/files/{row.key}/"):
        assert status(phone_of(ticket), bad) == 404


def test_the_right_is_asked_again_when_a_file_is_opened(request_with):
    ticket, _ = request_with()
    officer = user("officer.finance")
    client, url = desk_of("officer.finance"), link_for(ticket, Caller(officer))
    assert status(client, url) == 200
    Grant.objects.filter(user=officer).delete()
    assert status(client, url) == 404


def test_files_of_a_restricted_request_are_for_those_who_see_it(request_with):
    ticket, _ = request_with(category="SRV-04", qr="DEMO")
    assert ticket.restricted
    for name in ("officer.discipline", "supervisor"):
        assert status(desk_of(name), link_for(ticket, Caller(user(name)))) == 200
    for name in ("officer.finance", "director", "intake", "leader"):
        assert status(desk_of(name), link_for(ticket, Caller(user(name)))) == 404


def test_a_shielded_firms_file_names_do_not_give_it_away(request_with):
    ticket, _ = request_with(samples.pdf(), "安捷线束有限公司合同.pdf", shielded=True)
    officer = Caller(user("officer.finance"))
    (shown,) = attachments.attachments_of(ticket, officer, at=now(), hide_names=True)
    assert shown.name == "附件1.pdf"
    assert "安捷" not in saved_as(desk_of("officer.finance"), shown.url)
    assert "安捷" in saved_as(phone_of(ticket), link_for(ticket, FIRM))


def test_the_firm_sees_a_replys_file_when_the_reply_is_delivered():
    ticket = here(make.signed)
    officer, head = make.officer_of(ticket), make.head_of(ticket)
    mine = sending.of_staff(officer.user, ticket.pk)
    first, second = (
        sent(mine, samples.pdf(), "初稿.pdf", at=now()),
        sent(mine, samples.pdf(b"/A 1"), "定稿.pdf", at=now()),
    )
    inspected(first, now())

    def reply(row: Attachment) -> None:
        handling.reply(
            ticket_id=ticket.pk, caller=officer, at=now(), outcome="solved", text="见附件。", files=[row.key]
        )

    def seen_by_firm() -> list[str]:
        return [one.name for one in attachments.attachments_of(ticket, FIRM, at=now())]

    reply(first)
    staff_link = next(one.url for one in attachments.attachments_of(ticket, officer, at=now()))
    first.refresh_from_db()
    firm_link = links.sign(first, links.viewer_of(FIRM, ticket), at=now())
    assert seen_by_firm() == []
    assert status(phone_of(ticket), firm_link) == 404, "not even with a good signature"
    assert status(desk_of(officer.user.username), staff_link) == 200
    review.send_back(ticket_id=ticket.pk, caller=head, at=now(), text="请补批复日期。")
    reply(second)
    review.deliver(ticket_id=ticket.pk, caller=head, at=now())
    assert seen_by_firm() == ["定稿.pdf"], "the draft that was sent back stays inside"


def test_a_program_opens_files_with_its_token_or_code(request_with, staff):  # noqa: F811
    ticket, _ = request_with()
    officer, head, firm = staff("officer.finance"), staff("head.finance"), firm_of(ticket)
    (theirs,), (own,) = officer.read(ticket)["attachments"], firm.read(ticket)["attachments"]
    assert theirs["state"] == "unscanned"
    assert status(officer.client, theirs["url"]) == 200
    assert status(officer.client, theirs["preview"]) == 200
    assert status(firm.client, own["url"]) == 200
    for caller, url in ((head, theirs["url"]), (firm, theirs["url"]), (officer, own["url"]), (Api(), own["url"])):
        assert caller.get(url).status_code == 404


def test_an_erased_file_is_gone_but_the_log_stays_valid(request_with, disk):
    ticket, row = request_with()
    client, url = phone_of(ticket), link_for(ticket, FIRM)
    assert attachments.erase([row], at=now()) == 1
    assert status(client, url) == 404
    (shown,) = attachments.attachments_of(ticket, FIRM, at=now())
    assert (shown.name, shown.state, shown.url) == ("附件1.jpg", "erased", "")
    assert attachments.erase([Attachment.objects.get()], at=now()) == 0
