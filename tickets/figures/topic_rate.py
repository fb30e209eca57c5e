"""举一反三率: topics with a measure adopted and sent back ÷ topics opened, counted from the topics' log."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from tickets.figures.figure import Figure
from tickets.figures.interval import wilson
from tickets.figures.measures import Kind, Part
from tickets.figures.window import Window
from tickets.models import TopicEvent
from tickets.models.topic import TopicQuerySet
from tickets.topic_moves import TopicAct

CODE, LABEL = "topic_rate", "举一反三率"
SENTENCE = (
    "时段内立的专题中，至截止时点已定措施并已告知全部企业的比例；立后又决定不办的仍在分母。"
    "点数字列出的是专题，不是诉求。"
)


def topic_rate(window: Window, *, scope: TopicQuerySet) -> Figure:
    """Of the topics opened in the window, among those of `scope`. Two counts."""
    n = topics_behind(window, Part.DENOMINATOR, scope=scope).count()
    hits = topics_behind(window, Part.NUMERATOR, scope=scope).count()
    return Figure(
        code=CODE,
        label=LABEL,
        sentence=SENTENCE,
        kind=Kind.RATE,
        hits=hits,
        denominator=n,
        numerator=float(hits),
        rate=hits / n if n else None,
        interval=wilson(hits, n),
    )


def topics_behind(window: Window, part: Part, *, scope: TopicQuerySet) -> TopicQuerySet:
    """Exactly the topics behind one part of the number."""
    log = TopicEvent.objects.filter(topic=OuterRef("pk"), happened_at__lte=window.as_of)
    opened = log.filter(kind=TopicAct.OPEN, happened_at__gte=window.since, happened_at__lt=window.until)
    found = scope.filter(Exists(opened))
    done = Exists(log.filter(kind=TopicAct.MEASURE)) & Exists(log.filter(kind=TopicAct.SENT))
    if part is Part.DENOMINATOR:
        return found
    return found.filter(done) if part is Part.NUMERATOR else found.exclude(done)
