"""The projection that figures read: what the log says of each request at each moment, and the sums of it.

Nothing here is a source: every row comes from the log (`tickets.figures.folding`) and can be made again by
`manage.py rebuild_figures`. Rows hold codes, never personal data or free text.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least

from tickets.models.ticket import Ticket
from tickets.workflow import Status


class Fact(models.Model):
    """One stretch of a request's life during which no figure about it changes.

    Two times run in it (architecture.md §5: `happened_at` and `recorded_at` of the log):

    - it was true in `[since, until)`, by all that is known today;
    - it was known from `known_at` on; the event that ended it was known at `replaced_at`. Who knew only what was
      known before that took it to be true until `lasts_until`, when a due time passes.

    So at the cut-off `as_of`, as known at `known`: `since <= as_of`, `known_at <= known`, and either `as_of < until`,
    or `known < replaced_at` and `as_of < lasts_until`. Rows of the future are kept, too: what a request becomes when
    a due time passes without anything happening is known beforehand.
    """

    class State(models.TextChoices):
        """Where the row stands to the checkpoint's cut-off."""

        PAST = "past", "已过"
        NOW = "now", "当前"
        AHEAD = "ahead", "将来"

    # no constraint in the database: rows are written by the million, from a log that has one
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="facts", db_index=False, db_constraint=False)
    submitted_at = models.DateTimeField()
    submitted_on = models.DateField()
    month = models.DateField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    lasts_until = models.DateTimeField()
    known_at = models.DateTimeField()
    replaced_at = models.DateTimeField()
    state = models.CharField(max_length=5, choices=State)
    flags = models.BigIntegerField()
    department = models.CharField(max_length=40)
    officer = models.BigIntegerField(null=True)
    region = models.CharField(max_length=12)
    chain_tag = models.CharField(max_length=40)
    industry_chain = models.CharField(max_length=40)
    category = models.CharField(max_length=40)
    channel = models.CharField(max_length=8)
    difficulty = models.CharField(max_length=2)
    closed_at = models.DateTimeField(null=True)
    net_seconds = models.BigIntegerField(null=True)
    full_seconds = models.BigIntegerField(null=True)
    burden = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "统计事实"
        indexes = [
            models.Index(fields=["ticket"], name="fact_ticket"),
            models.Index(fields=["submitted_at", "ticket"], name="fact_submitted"),
            models.Index(fields=["-submitted_at", "-ticket"], name="fact_now", condition=Q(state="now")),
            models.Index(F("closed_at"), name="fact_closed", condition=Q(state="now", closed_at__isnull=False)),
            models.Index(
                fields=["month", "net_seconds"], name="fact_net", condition=Q(state="now", net_seconds__isnull=False)
            ),
            models.Index(
                fields=["month", "full_seconds"], name="fact_full", condition=Q(state="now", full_seconds__isnull=False)
            ),
            models.Index(
                Greatest(F("until"), Least(F("replaced_at"), F("lasts_until"))),
                name="fact_gone",
                condition=Q(state="past"),
            ),
            models.Index(fields=["since"], name="fact_ahead", condition=Q(state="ahead")),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.since}"


class Stay(models.Model):
    """One step of a request: it was `status` with `department` from `since` until `until` (null: it still is).

    `came_from`: the lead department before this one, where it changed hands. `work_seconds`: opening time of the
    region's calendar within it, null while it lasts.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="stays", db_index=False, db_constraint=False)
    nth = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=12, choices=Status)
    department = models.CharField(max_length=40)
    came_from = models.CharField(max_length=40)
    region = models.CharField(max_length=12)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    work_seconds = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "停留"
        constraints = [models.UniqueConstraint(fields=["ticket", "nth"], name="stay_nth")]
        indexes = [models.Index(fields=["since"], name="stay_since")]

    def __str__(self) -> str:
        return f"{self.ticket_id}#{self.nth} {self.status}"


class Cell(models.Model):
    """Sums of the facts of one month (by first submission), place and group, under one set of definitions.

    `place`: a region with everything below it (`r:330800`) or a lead department (`d:finance`). `dimension` and
    `value`: the group, both "" for the whole. `counts`: the counters of the definitions, in their order.
    """

    definitions = models.PositiveSmallIntegerField()
    month = models.DateField()
    place = models.CharField(max_length=42)
    dimension = models.CharField(max_length=16)
    value = models.CharField(max_length=40)
    counts = ArrayField(models.BigIntegerField())

    class Meta:
        verbose_name = verbose_name_plural = "汇总"
        constraints = [
            models.UniqueConstraint(
                fields=["definitions", "place", "dimension", "month", "value"], name="cell_of_month"
            )
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.place} {self.dimension}={self.value}"


class Checkpoint(models.Model):
    """How far the projection has come: one row, key 1.

    Every event up to (`xid`, `event`) is in it: its transaction's id and its key, in this order. `known_at`: every
    event recorded by then is in it. The rows in state `now` are those true at `as_of`. `behind`: more is waiting.
    `newest`: the highest key of an event read so far; beyond the settled ones some lower key may still come.
    """

    xid = models.BigIntegerField(default=0)
    event = models.BigIntegerField(default=0)
    newest = models.BigIntegerField(default=0, db_default=0)
    as_of = models.DateTimeField(null=True)
    known_at = models.DateTimeField(null=True)
    definitions = models.PositiveSmallIntegerField(default=0)
    behind = models.BooleanField(default=True)

    class Meta:
        verbose_name = verbose_name_plural = "统计进度"
        constraints = [models.CheckConstraint(name="checkpoint_is_one", condition=Q(pk=1))]

    def __str__(self) -> str:
        return f"{self.as_of}"
