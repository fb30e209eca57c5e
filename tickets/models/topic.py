"""Topics (举一反三): requests alike, gathered under one owner with one measure and one answer to all firms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Case, Count, F, IntegerField, Q, Value, When
from django.db.models.functions import Now

from qihu.accounts.models import Department, Region
from routing.rules.models import ChainTag, IndustryChain
from tickets.models.ticket import Ticket
from tickets.topic_moves import DUE, ENDED, LIVE, TopicAct, TopicRole, TopicState
from tickets.workflow import Status

TITLE_MAX, WORDS_MAX = 60, 2000
_NUMBER = re.compile(r"ZT-(\d{6,9})")


def topic_key(number: str) -> int:
    """`ZT-000012` → 12; 0, which no topic has, for anything else."""
    found = _NUMBER.fullmatch(number)
    return int(found[1]) if found else 0


class TopicQuerySet(models.QuerySet["Topic"]):
    """Named queries."""

    def lock(self, key: int) -> Topic | None:
        """The row, locked; always after the requests that the same transaction locks."""
        rows = self.filter(pk=key).select_related("region", "department")
        return rows.select_for_update(of=("self",), no_key=True).first()

    def standing(self, *states: TopicState) -> TopicQuerySet:
        """In one of these states."""
        return self.filter(state__in=states)

    def live(self) -> TopicQuerySet:
        """Requests may join."""
        return self.filter(state__in=sorted(LIVE))

    def overdue(self, today: date) -> TopicQuerySet:
        """Without a published result although the day for it has passed."""
        return self.filter(state__in=sorted(DUE), due_on__lt=today)

    def for_lists(self) -> TopicQuerySet:
        """With everything a row shows, counts included: one query."""
        shown = Q(members__ticket__restricted=False, members__ticket__test=False)
        joined = shown & (
            Q(members__state=TopicMember.State.MEMBER)
            | Q(state=TopicState.PROPOSED, members__state=TopicMember.State.CANDIDATE)
        )
        return self.select_related("region", "department", "owner", "chain_tag", "industry_chain").annotate(
            requests=Count("members", filter=joined, distinct=True),
            firms=Count("members__firm", filter=joined, distinct=True),
            first_at=models.Min("members__ticket__submitted_at", filter=joined),
            last_at=models.Max("members__ticket__submitted_at", filter=joined),
        )

    def ranked(self) -> TopicQuerySet:
        """Proposals first, then those that run, then those that have ended; the newest first in each."""
        rank = Case(
            When(state=TopicState.PROPOSED, then=Value(0)),
            When(state__in=sorted(ENDED), then=Value(2)),
            default=Value(1),
            output_field=IntegerField(),
        )
        return self.annotate(rank=rank).order_by("rank", "-pk")

    def after(self, rank: int, key: int) -> TopicQuerySet:
        """What follows that row in `ranked`."""
        return self.filter(Q(rank__gt=rank) | Q(rank=rank, pk__lt=key))


class Topic(models.Model):
    """One common problem. Its words are officials' own; requests' texts stay with the requests."""

    title = models.CharField("专题", max_length=TITLE_MAX)
    state = models.CharField("状态", max_length=10, choices=TopicState)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="区划", related_name="+")
    chain_tag = models.ForeignKey(ChainTag, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="链")
    industry_chain = models.ForeignKey(
        IndustryChain, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="产业链"
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="牵头部门"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="责任人"
    )
    words = models.JSONField("共同的词", default=list)
    due_on = models.DateField("期限", null=True, blank=True)
    measure = models.TextField("措施", blank=True, default="")
    result = models.TextField("结果", blank=True, default="")
    message = models.TextField("告知企业的话", blank=True, default="")
    reason = models.CharField("不立专题的理由", max_length=300, blank=True, default="")
    proposed_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    measured_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    sent_back_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    last_seq = models.PositiveIntegerField(default=0)
    seen_key = models.BigIntegerField(default=0)

    objects: ClassVar[TopicQuerySet] = TopicQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "专题"
        constraints = [
            models.CheckConstraint(name="topic_state_known", condition=Q(state__in=TopicState.values)),
            models.CheckConstraint(
                name="topic_measured_has_measure",
                condition=~Q(state__in=["measured", "published", "closed"])
                | (Q(measured_at__isnull=False) & ~Q(measure="")),
            ),
            models.CheckConstraint(
                name="topic_closed_was_sent_back", condition=~Q(state="closed") | Q(sent_back_at__isnull=False)
            ),
            models.CheckConstraint(name="topic_dismissed_says_why", condition=~Q(state="dismissed") | ~Q(reason="")),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="topic_state"),
            models.Index(fields=["department", "-id"], name="topic_department", condition=Q(department__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def number(self) -> str:
        """Its public name."""
        return f"ZT-{self.pk:06d}"

    @property
    def is_live(self) -> bool:
        """Requests may join."""
        return self.state in LIVE

    def late(self, today: date) -> bool:
        """The day for its result has passed."""
        return self.state in DUE and self.due_on is not None and self.due_on < today


class TopicMemberQuerySet(models.QuerySet["TopicMember"]):
    """Named queries. Restricted and test requests are in none of them."""

    def shown(self) -> TopicMemberQuerySet:
        """Whatever a restricted or a test request was before, here it is no more."""
        return self.filter(ticket__restricted=False, ticket__test=False)

    def joined(self, topic: Topic) -> TopicMemberQuerySet:
        """Its requests: of a proposal those proposed."""
        state = TopicMember.State.CANDIDATE if topic.state == TopicState.PROPOSED else TopicMember.State.MEMBER
        return self.filter(topic=topic, state=state).shown()

    def alike(self, topic: Topic) -> TopicMemberQuerySet:
        """Requests whose texts are like its own and that nobody has taken in or turned down, the closest first."""
        return self.filter(topic=topic, state=TopicMember.State.CANDIDATE).shown().order_by("-score", "-ticket")

    def inflow(self, topic: Topic) -> TopicMemberQuerySet:
        """Its requests and those alike, without merged ones: what counts as the same problem coming in."""
        counted = [TopicMember.State.MEMBER, TopicMember.State.CANDIDATE]
        return self.filter(topic=topic, state__in=counted).shown().exclude(ticket__status=Status.MERGED)

    def told(self, topic: Topic) -> TopicMemberQuerySet:
        """Who has the message."""
        return self.filter(topic=topic, told_at__isnull=False)

    def untold(self, topic_id: int) -> TopicMemberQuerySet:
        """Members who are still to get the message: none who declined it, none whose data were erased."""
        waiting = self.filter(topic=topic_id, state=TopicMember.State.MEMBER, told_at=None, muted=False)
        return waiting.filter(ticket__filing__erased_at=None).shown()

    def with_rows(self) -> TopicMemberQuerySet:
        """With everything a row of the request shows."""
        return self.select_related("ticket__filing", "ticket__department", "ticket__region", "added_by")

    def of_tickets(self, keys: Iterable[int]) -> TopicMemberQuerySet:
        """Of these requests."""
        return self.filter(ticket__in=list(keys))


class TopicMember(models.Model):
    """One request and one topic. Who joined and left, and when, stays in both logs.

    `firm` is a keyed hash of who the firm is, so that firms are counted and told once without their names.
    `loud`: the firm was notified, not only its receipt.
    """

    class State(models.TextChoices):
        CANDIDATE = "candidate", "相似"
        MEMBER = "member", "已加入"
        REMOVED = "removed", "已移出"

    class How(models.TextChoices):
        HAND = "hand", "人工加入"
        PROPOSAL = "proposal", "系统发现"

    topic = models.ForeignKey(Topic, models.PROTECT, related_name="members", db_index=False)
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="topics")
    state = models.CharField(max_length=10, choices=State)
    how = models.CharField(max_length=8, choices=How)
    score = models.FloatField(null=True)
    firm = models.CharField(max_length=32)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    muted = models.BooleanField(default=False)
    loud = models.BooleanField(default=False)
    told_seq = models.PositiveIntegerField(null=True)
    told_at = models.DateTimeField(null=True)

    objects: ClassVar[TopicMemberQuerySet] = TopicMemberQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "专题中的诉求"
        constraints = [
            models.UniqueConstraint(fields=["topic", "ticket"], name="topic_member_once"),
            models.UniqueConstraint(fields=["ticket"], name="topic_member_of_one", condition=Q(state="member")),
            models.UniqueConstraint(fields=["topic", "firm"], name="topic_firm_notified_once", condition=Q(loud=True)),
            models.CheckConstraint(
                name="topic_told_has_event", condition=Q(told_at__isnull=True) | Q(told_seq__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic_id} ← {self.ticket_id}"


class TopicEvent(models.Model):
    """The topic's log, append-only by trigger: who did what when, in ids, codes and hashes."""

    topic = models.ForeignKey(Topic, models.PROTECT, related_name="log", db_index=False)
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=TopicAct)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    role = models.CharField(max_length=12, choices=TopicRole)
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = verbose_name_plural = "专题日志"
        constraints = [models.UniqueConstraint(fields=["topic", "seq"], name="topic_event_seq")]
        indexes = [models.Index(F("kind"), F("happened_at"), F("topic"), name="topic_event_kind_time")]

    def __str__(self) -> str:
        return f"{self.topic_id}#{self.seq} {self.kind}"
