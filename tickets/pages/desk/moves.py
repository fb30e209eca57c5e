"""The moves as the desk offers them: form, verb, key and words; which are offered is the table's to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tickets.models import Ticket
from tickets.pages.desk import forms
from tickets.pages.desk.seat import Seat
from tickets.services import dispatch, handling, review
from tickets.services.circumstances import Looked
from tickets.services.intent import Done
from tickets.services.standing import refusal
from tickets.workflow import Action, Party, Status, open_moves


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskMove:
    """One button. `said` is told after it; `submit`, `heading`: the panel's words where the label won't do."""

    action: Action
    form: type[forms.MoveForm]
    verb: Callable[..., Done]
    key: str
    said: str
    heading: str = ""
    submit: str = ""
    hint: str = ""

    @property
    def panel(self) -> bool:
        """Whether there is something to fill in."""
        return self.form is not forms.SignForm


_A = Action
DESK_MOVES: Mapping[str, DeskMove] = {
    move.action: move
    for move in (
        DeskMove(
            action=_A.SIGN,
            form=forms.SignForm,
            verb=handling.sign,
            key="s",
            said="已签收，由您经办。请尽快联系企业。",
        ),
        DeskMove(
            action=_A.CONTACT,
            form=forms.ContactForm,
            verb=handling.contact,
            key="c",
            said="已记录联系情况。",
            submit="记下",
        ),
        DeskMove(
            action=_A.REPLY,
            form=forms.ReplyForm,
            verb=handling.reply,
            key="r",
            said="答复已提交审核。",
            heading="答复企业",
            submit="提交审核",
            hint="审核通过后发给企业",
        ),
        DeskMove(
            action=_A.DELIVER,
            form=forms.DeliverForm,
            verb=review.deliver,
            key="d",
            said="答复已送达企业，等企业评价。",
            heading="审核通过并送达",
            submit="送达企业",
        ),
        DeskMove(
            action=_A.SEND_BACK,
            form=forms.SendBackForm,
            verb=review.send_back,
            key="b",
            said="已退回重办。",
            submit="退回",
        ),
        DeskMove(
            action=_A.ASSIGN,
            form=forms.AssignForm,
            verb=dispatch.assign,
            key="a",
            said="已交办。",
            submit="交办",
        ),
        DeskMove(
            action=_A.INTERIM,
            form=forms.InterimForm,
            verb=handling.interim,
            key="i",
            said="阶段答复已发给企业。",
            submit="发给企业",
        ),
        DeskMove(
            action=_A.NOTE,
            form=forms.NoteForm,
            verb=handling.note,
            key="n",
            said="已记录进展。",
            submit="记下",
        ),
        DeskMove(
            action=_A.REASSIGN,
            form=forms.AssignForm,
            verb=dispatch.reassign,
            key="a",
            said="已改派。",
            submit="改派",
            hint="答复时限照走，不因改派重算",
        ),
        DeskMove(
            action=_A.CLASSIFY,
            form=forms.ClassifyForm,
            verb=dispatch.classify,
            key="l",
            said="归类已更新，时限已重算。",
            submit="保存",
        ),
    )
}
"""In the order of the buttons."""


@dataclass(frozen=True, slots=True)
class Offered:
    """The moves open to this person, and why one that their post allows is not."""

    moves: Sequence[DeskMove]
    note: str = ""


def offered(ticket: Ticket, seat: Seat, parties: Sequence[Party], *, contacted: bool) -> Offered:
    """Read the table of moves, then ask its guards: a refused button is not shown, the reason is.

    First comes what is to be done next: once the firm was contacted in this round, that is the reply.
    """
    theirs = set(open_moves(Status(ticket.status), parties))
    moves, notes = [], []
    looked = Looked(ticket, seat.user, seat.at)
    order = sorted(DESK_MOVES.values(), key=lambda m: contacted and m.action == Action.CONTACT)
    for move in (m for m in order if m.action in theirs):
        said = refusal(move.action, ticket, parties, user=seat.user, at=seat.at, look=looked)
        if said is None:
            moves.append(move)
        elif move.action != Action.CLASSIFY:  # nothing left to raise is no news
            notes.append(said)
    return Offered(moves, next(iter(notes), ""))


def classifies(parties: Sequence[Party]) -> bool:
    """Whether chain, category and urgency are theirs to set; a head raises the difficulty only."""
    return bool({Party.INTAKE, Party.DISPATCHER} & set(parties))


def known_move(name: str) -> DeskMove | None:
    """A move of the desk by its name in the address."""
    return DESK_MOVES.get(name)
