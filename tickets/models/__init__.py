"""Rows of the request."""

from tickets.models.attachment import Attachment
from tickets.models.deadline import Alert, Deadline, Shift
from tickets.models.event import Event
from tickets.models.handling import Decision, Leg, Notice, Rating
from tickets.models.imports import SavedMapping, Sheet, SheetRow
from tickets.models.intake import Answer, QRCode, WrongCode
from tickets.models.seal import Seal
from tickets.models.shield import Erasure, RelayedMessage, Reveal
from tickets.models.source import Confirmation, Source
from tickets.models.text import Filing, Text
from tickets.models.ticket import Ticket

__all__ = [
    "Alert",
    "Answer",
    "Attachment",
    "Confirmation",
    "Deadline",
    "Decision",
    "Erasure",
    "Event",
    "Filing",
    "Leg",
    "Notice",
    "QRCode",
    "Rating",
    "RelayedMessage",
    "Reveal",
    "SavedMapping",
    "Seal",
    "Sheet",
    "SheetRow",
    "Shift",
    "Source",
    "Text",
    "Ticket",
    "WrongCode",
]
