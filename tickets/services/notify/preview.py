"""A template's words on a real request, before anybody is told anything."""

from __future__ import annotations

from qihu.accounts.models import User
from qihu.errors import Invalid
from tickets import access
from tickets.models import Notice, NoticeRule, NoticeTemplate
from tickets.models.notice import Channel
from tickets.models.notice_rule import Audience
from tickets.services.notify.words import Words, words
from tickets.wording import BadWording


def preview(template: NoticeTemplate, *, number: str, user: User) -> Words:
    """As it would read outside the house. `Unknown` for a request they may not see, `Invalid` for bad wording."""
    ticket = access.ticket_or_404(user, number)
    rule = NoticeRule.objects.in_force().filter(template__code=template.code).first()
    firm = bool(rule and rule.audience == Audience.FIRM)
    notice = Notice(
        ticket=ticket,
        seq=ticket.last_seq,
        kind=rule.kind if rule else "",
        clock=rule.clock or (ticket.next_clock if rule.kind in {"breach", "warning"} else "") if rule else "",
        channel=Channel.SMS if firm else Channel.MAIL,
        template=template,
    )
    try:
        return words(notice)
    except BadWording as wrong:
        raise Invalid(str(wrong), fields={"body": str(wrong)}) from wrong
