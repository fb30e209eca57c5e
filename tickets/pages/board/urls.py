"""Addresses of the managers' board."""

from django.urls import path
from django.views.decorators.http import conditional_page

from tickets.pages.board import anomalies, exports, frozen, ladder, load, process, views

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
    path("exports/", exports.mine, name="board-exports"),
    path("exports/new/", exports.new, name="board-export"),
    path("exports/live/", conditional_page(exports.live), name="board-exports-live"),
    path("exports/<slug:number>/file/", exports.fetch, name="board-export-file"),
]
