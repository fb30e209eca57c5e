"""Rows of the request."""

from tickets.models.anomaly import AnomalyReview, RatedFrom
from tickets.models.approval import Approval
from tickets.models.attachment import Attachment
from tickets.models.bulletin import Bulletin, BulletinSchedule, BulletinSending
from tickets.models.callback import CallBack, Draw, Script
from tickets.models.deadline import Alert, Deadline, Shift
from tickets.models.event import Event
from tickets.models.export import Export, ExportPart
from tickets.models.fact import Cell, Checkpoint, Fact, Stay
from tickets.models.frozen import FrozenMonth, FrozenPage, Restated, RestatedPage
from tickets.models.handling import Decision, Rating
from tickets.models.imports import SavedMapping, Sheet, SheetRow
from tickets.models.intake import Answer, QRCode, WrongCode
from tickets.models.leg import Leg
from tickets.models.notice import Digest, Notice
from tickets.models.notice_rule import NoticeRule, NoticeTemplate, RobotHook
from tickets.models.recalculation import Recalculation, Restatement, Slice
from tickets.models.seal import Seal
from tickets.models.shield import Erasure, RelayedMessage, Reveal
from tickets.models.source import Confirmation, Source
from tickets.models.text import Filing, Text
from tickets.models.ticket import Ticket
from tickets.models.topic import Topic, TopicEvent, TopicMember

__all__ = [
    "Alert",
    "AnomalyReview",
    "Answer",
    "Approval",
    "Attachment",
    "Bulletin",
    "BulletinSchedule",
    "BulletinSending",
    "CallBack",
    "Cell",
    "Checkpoint",
    "Confirmation",
    "Deadline",
    "Decision",
    "Digest",
    "Draw",
    "Erasure",
    "Event",
    "Export",
    "ExportPart",
    "Fact",
    "Filing",
    "FrozenMonth",
    "FrozenPage",
    "Leg",
    "Notice",
    "NoticeRule",
    "NoticeTemplate",
    "QRCode",
    "RatedFrom",
    "Rating",
    "Recalculation",
    "RelayedMessage",
    "Restated",
    "RestatedPage",
    "Restatement",
    "Reveal",
    "RobotHook",
    "SavedMapping",
    "Script",
    "Seal",
    "Sheet",
    "SheetRow",
    "Shift",
    "Slice",
    "Source",
    "Stay",
    "Text",
    "Ticket",
    "Topic",
    "TopicEvent",
    "TopicMember",
    "WrongCode",
]
