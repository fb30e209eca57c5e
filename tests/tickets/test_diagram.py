"""The README's diagram of moves is generated from the table and fresh."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from tickets.management.commands import moves_diagram
from tickets.workflow import Action


def test_the_readme_shows_the_table_as_it_is():
    call_command("moves_diagram", check=True)


def test_every_move_is_in_it():
    drawn = moves_diagram.diagram()
    for action in Action:
        assert f"{action.value} {action.label}" in drawn


def test_a_stale_diagram_is_refused(monkeypatch):
    monkeypatch.setattr(moves_diagram, "diagram", lambda: "something else")
    with pytest.raises(CommandError, match="过时"):
        call_command("moves_diagram", check=True)
