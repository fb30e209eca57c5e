"""Addresses of the managers' board."""

from django.urls import path
from django.views.decorators.http import conditional_page

from tickets.pages.board import anomalies, bulletin_schedules, bulletins, exports, frozen, ladder, load, process, views

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
    path("bulletins/", bulletins.listed, name="board-bulletins"),
    path("bulletins/<int:key>/", bulletins.one, name="board-bulletin"),
    path("bulletins/<int:key>/rows/", bulletins.rows, name="board-bulletin-rows"),
    path("bulletins/<int:key>/file.<str:kind>", bulletins.file, name="board-bulletin-file"),
    path("bulletins/sendings/<int:key>/again/", bulletins.again, name="board-bulletin-again"),
    path("bulletins/schedules/", bulletin_schedules.listed, name="board-bulletin-schedules"),
    path("bulletins/schedules/new/", bulletin_schedules.new, name="board-bulletin-schedule-new"),
    path("bulletins/schedules/<int:key>/", bulletin_schedules.change, name="board-bulletin-schedule"),
]
