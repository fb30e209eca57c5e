"""Addresses of the API. The table of moves makes one address a move."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter
from django.urls.resolvers import URLPattern

from tickets.api.moves import WAYS, door_of
from tickets.api.read import Read
from tickets.api.submit import Submit


class NumberConverter(StringConverter):
    """A request's number as it is printed; anything else has no address."""

    regex = r"QH-\d{8}-\d{6,9}"


register_converter(NumberConverter, "api_number")
_ONE = "v1/tickets/<api_number:number>/"
_MOVES: list[URLPattern] = [
    path(f"{_ONE}{action}/", door_of(action), name=f"api-{action}") for action in WAYS
]

urlpatterns: list[URLPattern] = [
    path("v1/tickets/", Submit.as_view(), name="api-tickets"),
    path(_ONE, Read.as_view(), name="api-ticket"),
    *_MOVES,
]
