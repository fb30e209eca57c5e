"""Giving a bulletin's file out, on record."""

from __future__ import annotations

from qihu.accounts.models import User
from qihu.audit.models import Action
from qihu.audit.record import record
from tickets.models import Bulletin
from tickets.models.bulletin import Format
from tickets.services.bulletins.making import content_of
from tickets.services.bulletins.rendering import digest, rendered


def handed_over(*, bulletin: Bulletin, kind: Format, user: User) -> bytes:
    """The file, made anew of the kept content. The record says whether it is, bit by bit, what was first made: after
    an upgrade of a library it may look otherwise, and says the same.
    """
    made = rendered(content_of(bulletin), kind)
    same = digest(made) == bulletin.hashes[str(kind)]
    record(
        Action.EXPORTED,
        actor=user,
        kind="bulletin",
        key=bulletin.number,
        after={"format": str(kind), "as_made": same},
    )
    return made
