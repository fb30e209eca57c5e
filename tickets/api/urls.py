"""Addresses of the API. The table of moves makes one address a move."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter
from django.urls.resolvers import URLPattern

from tickets.api import approvals
from tickets.api.anomalies import Anomalies, AnomalyReviews, AnomalyRows
from tickets.api.attachments import Materials, OneFile
from tickets.api.bulletins import BulletinFile, BulletinOne, Bulletins, BulletinScheduleOne, BulletinSchedules
from tickets.api.docs import Docs, Schema
from tickets.api.entries import Entries, Sources
from tickets.api.exports import ExportFile, Exports, OneExport
from tickets.api.figures import FigureRows, Figures, FigureSeries
from tickets.api.firms import Code, FirmToken, Share
from tickets.api.frozen import FrozenMonths, OneFrozenMonth, RestateMonth, VerifyMonth
from tickets.api.lateness import LateReason
from tickets.api.listing import List
from tickets.api.load import LoadFigures
from tickets.api.moves import WAYS, door_of
from tickets.api.process import ProcessFigures
from tickets.api.process_rows import ProcessRows
from tickets.api.qr import IMAGES, Codes
from tickets.api.read import Read
from tickets.api.reasons import Explain, Why
from tickets.api.relayed import Messages, RevealDoor
from tickets.api.submit import Submit
from tickets.api.tokens import Token
from tickets.api.topic_acts import TOPIC_WAYS, act_door
from tickets.api.topic_read import ReadTopic, TopicMembers, TopicRows
from tickets.api.topics import Topics
from tickets.api.uploads import Upload, Uploads


class NumberConverter(StringConverter):
    """A request's number as it is printed; anything else has no address."""

    regex = r"QH-\d{8}-\d{6,9}"


class Tickets(List, Submit):
    """`/tickets/`: reading and submitting."""


register_converter(NumberConverter, "api_number")
_ONE = "v1/tickets/<api_number:number>/"
_TOPIC = "v1/topics/<slug:number>/"
_MOVES: list[URLPattern] = [path(f"{_ONE}{action}/", door_of(action), name=f"api-{action}") for action in WAYS]
_IMAGES: list[URLPattern] = [
    path(f"v1/qr-codes/<slug:code>.{kind}", view, name=f"api-qr-{kind}") for kind, view in IMAGES.items()
]

urlpatterns: list[URLPattern] = [
    path("v1/tickets/", Tickets.as_view(), name="api-tickets"),
    path(_ONE, Read.as_view(), name="api-ticket"),
    path(f"{_ONE}visibility/", Share.as_view(), name="api-visibility"),
    path(f"{_ONE}decision/", Why.as_view(), name="api-decision"),
    path(f"{_ONE}deadlines/<slug:clock>/explain/", Explain.as_view(), name="api-explain"),
    path(f"{_ONE}deadlines/<slug:clock>/reason/", LateReason.as_view(), name="api-late-reason"),
    path(f"{_ONE}attachments/", Materials.as_view(), name="api-material"),
    path(f"{_ONE}sources/", Sources.as_view(), name="api-sources"),
    path(f"{_ONE}messages/", Messages.as_view(), name="api-messages"),
    path(f"{_ONE}reveal/", RevealDoor.as_view(), name="api-reveal"),
    *_MOVES,
    path("v1/topics/", Topics.as_view(), name="api-topics"),
    path(_TOPIC, ReadTopic.as_view(), name="api-topic"),
    path(f"{_TOPIC}members/", TopicMembers.as_view(), name="api-topic-members"),
    path(f"{_TOPIC}rows/", TopicRows.as_view(), name="api-topic-rows"),
    *(path(f"{_TOPIC}{act}/", act_door(act), name=f"api-topic-{act}") for act in TOPIC_WAYS),
    path("v1/entries/", Entries.as_view(), name="api-entries"),
    path("v1/uploads/", Uploads.as_view(), name="api-uploads"),
    path("v1/uploads/<uuid:key>/", Upload.as_view(), name="api-upload"),
    path("v1/files/<str:token>/", OneFile.as_view(), name="api-file"),
    path("v1/approvals/<int:approval>/approve/", approvals.approve, name="api-approve"),
    path("v1/approvals/<int:approval>/refuse/", approvals.refuse, name="api-refuse"),
    path("v1/exports/", Exports.as_view(), name="api-exports"),
    path("v1/exports/<slug:number>/", OneExport.as_view(), name="api-export"),
    path("v1/exports/<slug:number>/file/", ExportFile.as_view(), name="api-export-file"),
    path("v1/bulletins/", Bulletins.as_view(), name="api-bulletins"),
    path("v1/bulletins/schedules/", BulletinSchedules.as_view(), name="api-bulletin-schedules"),
    path("v1/bulletins/schedules/<int:key>/", BulletinScheduleOne.as_view(), name="api-bulletin-schedule"),
    path("v1/bulletins/<int:key>/", BulletinOne.as_view(), name="api-bulletin"),
    path("v1/bulletins/<int:key>/file.<str:kind>", BulletinFile.as_view(), name="api-bulletin-file"),
    path("v1/figures/", Figures.as_view(), name="api-figures"),
    path("v1/figures/series/", FigureSeries.as_view(), name="api-figure-series"),
    path("v1/figures/anomalies/", Anomalies.as_view(), name="api-anomalies"),
    path("v1/figures/anomalies/rows/", AnomalyRows.as_view(), name="api-anomaly-rows"),
    path("v1/figures/anomalies/reviews/", AnomalyReviews.as_view(), name="api-anomaly-reviews"),
    path("v1/figures/rows/", FigureRows.as_view(), name="api-figure-rows"),
    path("v1/figures/process/", ProcessFigures.as_view(), name="api-process"),
    path("v1/figures/process/rows/", ProcessRows.as_view(), name="api-process-rows"),
    path("v1/figures/load/", LoadFigures.as_view(), name="api-load"),
    path("v1/figures/frozen/", FrozenMonths.as_view(), name="api-frozen"),
    path("v1/figures/frozen/<slug:month>/", OneFrozenMonth.as_view(), name="api-frozen-month"),
    path("v1/figures/frozen/<slug:month>/restate/", RestateMonth.as_view(), name="api-restate"),
    path("v1/figures/frozen/<slug:month>/verify/", VerifyMonth.as_view(), name="api-verify-frozen"),
    path("v1/qr-codes/", Codes.as_view(), name="api-qr-codes"),
    *_IMAGES,
    path("v1/auth/token/", Token.as_view(), name="api-token"),
    path("v1/auth/code/", Code.as_view(), name="api-code"),
    path("v1/auth/firm-token/", FirmToken.as_view(), name="api-firm-token"),
    path("schema/", Schema.as_view(), name="api-schema"),
    path("docs/", Docs.as_view(), name="api-docs"),
]
