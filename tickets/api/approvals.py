"""`/api/v1/approvals/`: what waits for the caller's word, and the word itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.clock import now
from tickets.access import Caller, approval_or_404
from tickets.api.bodies import DecideIn
from tickets.api.described import IF_MATCH, KEY, problems
from tickets.api.door import Door, body_of, key_of, staff, version_of
from tickets.api.moves import MovedOut, moved
from tickets.services import approvals
from tickets.services.answered import Press, once
from tickets.services.intent import Done


class Decide(Door):
    """One of the two words on one asked move."""

    word: ClassVar[str]
    verb: ClassVar[Callable[..., Done]]

    def post(self, request: Request, approval: int) -> Response:
        """Who may see the request, then one verb; the same key gets the first answer."""
        at, caller = now(), Caller(staff(request))
        found = approval_or_404(staff(request), approval)
        body: dict[str, Any] = body_of(request, DecideIn)
        action = f"{self.word} {found.pk}"
        press = Press(action=action, ticket=found.ticket, caller=caller, body=body, key=key_of(request))
        say = partial(type(self).verb, approval_id=found.pk, caller=caller, at=at, **body)
        answered = once(press, at=at, make=partial(say, expected_version=version_of(request)))
        return moved(found.ticket.number, answered.event, version=answered.version)


def _door(word: str, label: str, verb: Callable[..., Done]) -> Callable[..., Any]:
    described = extend_schema(
        operation_id=f"approvals_{word}",
        tags=["审批"],
        summary=label,
        description="申请人之外、表中所列的审批人办理。",
        request=DecideIn,
        parameters=[KEY, IF_MATCH],
        responses={200: MovedOut, **problems((400, 401, 403, 404, 409, 412, 415, 422))},
        examples=[OpenApiExample(label, {"text": "理由充分。"}, request_only=True)],
    )
    view: type[Decide] = type(
        f"{word.title()}Door", (Decide,), {"word": word, "verb": staticmethod(verb), "__doc__": label}
    )
    return extend_schema_view(post=described)(view).as_view()


approve = _door("approve", "同意", approvals.approve)
refuse = _door("refuse", "不同意", approvals.refuse)
