"""Addresses of the managers' board."""

from django.urls import path

from tickets.pages.board import anomalies, frozen, ladder, load, process, views

urlpatterns = [
    path("", views.board, name="board"),
    path("rows/", views.rows, name="board-rows"),
    path("anomalies/", anomalies.overview, name="board-anomalies"),
    path("anomalies/<slug:kind>/", anomalies.group, name="board-anomaly"),
    path("ladder/", ladder.climbed, name="board-ladder"),
    path("process/", process.process, name="board-process"),
    path("load/", load.loaded, name="board-load"),
    path("process/rows/", process.rows, name="board-process-rows"),
    path("frozen/", frozen.listed, name="board-frozen"),
    path("frozen/<slug:month>/", frozen.month, name="board-frozen-month"),
]
