"""Addresses of the managers' board."""

from django.urls import path

from tickets.pages.board import ladder, process, views

urlpatterns = [
    path("", views.board, name="board"),
    path("rows/", views.rows, name="board-rows"),
    path("ladder/", ladder.climbed, name="board-ladder"),
    path("process/", process.process, name="board-process"),
    path("process/rows/", process.rows, name="board-process-rows"),
]
