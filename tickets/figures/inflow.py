"""Whether a topic's measure helped: how many requests of its problem came in each week before it and after.

Counted alike on both sides: requests that belong to the topic and those whose texts are as close to it, by when they
were first submitted; without merged, restricted and test requests. Only whole weeks are compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from qihu.accounts.models import lies_in
from tickets.figures.interval import wilson
from tickets.figures.window import Window, midnight, zone
from tickets.models import Ticket, Topic, TopicMember
from tickets.models.topic import TopicMemberQuerySet
from tickets.topic_moves import LIVE, TopicState

WEEKS = 12
"""Looked at on each side of the measure, at most."""
FEWEST = 2
"""Whole weeks on each side below which nothing is compared."""
WEEK_PARTS = {"all": "全部", "joined": "已加入专题", "alike": "内容相近"}
"""The numbers of one week."""
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Week:
    """Seven local days [since, until); `whole`: they have all passed, and the system was there all the time."""

    since: date
    until: date
    joined: int
    alike: int
    after: bool
    whole: bool

    @property
    def all(self) -> int:
        """Both kinds."""
        return self.joined + self.alike


@dataclass(frozen=True, slots=True)
class Side:
    """Whole weeks on one side of the measure and the requests in them."""

    weeks: int
    n: int

    @property
    def weekly(self) -> float | None:
        """Requests a week, None without a whole week."""
        return self.n / self.weeks if self.weeks else None


@dataclass(frozen=True, slots=True)
class Inflow:
    """Weeks, oldest first. `low`, `high`: 95 % interval of the ratio after ÷ before, None where it cannot be told."""

    weeks: tuple[Week, ...]
    before: Side
    after: Side
    ratio: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def fewer(self) -> bool:
        """Surely fewer than before."""
        return self.high is not None and self.high < 1

    @property
    def more(self) -> bool:
        """Surely more than before."""
        return self.low is not None and self.low > 1


def inflow(topic: Topic, *, at: datetime) -> Inflow:
    """Weeks around the local day of the measure, which is the first one after; without one, weeks up to today."""
    today = at.astimezone(zone()).date()
    turn = topic.measured_at.astimezone(zone()).date() if topic.measured_at else today + timedelta(days=1)
    counted = TopicMember.objects.inflow(topic).filter(ticket__submitted_at__gte=midnight(turn - WEEKS * _WEEK))
    rows = counted.values_list("ticket__submitted_at", "state")
    came = [(when.astimezone(zone()).date(), state == TopicMember.State.MEMBER) for when, state in rows]
    first = _first_day(topic)
    weeks = [_week(turn + step * _WEEK, came, turn=turn, today=today, first=first) for step in range(-WEEKS, WEEKS)]
    shown = tuple(week for week in weeks if week.since <= today and week.until > (first or today))
    return _compared(shown)


def _first_day(topic: Topic) -> date | None:
    """The day of the first request of the topic's region: before it nothing could come in."""
    near = Ticket.objects.filter(lies_in(topic.region.path)).order_by("submitted_at", "pk")
    found = near.values_list("submitted_at", flat=True).first()
    return found.astimezone(zone()).date() if found else None


def _week(since: date, came: list[tuple[date, bool]], *, turn: date, today: date, first: date | None) -> Week:
    until = since + _WEEK
    inside = [joined for day, joined in came if since <= day < until]
    return Week(
        since=since,
        until=until,
        joined=sum(inside),
        alike=len(inside) - sum(inside),
        after=since >= turn,
        whole=until <= today and first is not None and first <= since,
    )


def _compared(weeks: tuple[Week, ...]) -> Inflow:
    before, after = _side(weeks, after=False), _side(weeks, after=True)
    both = before.n + after.n
    if min(before.weeks, after.weeks) < FEWEST or not before.n:
        return Inflow(weeks, before, after)
    times = before.weeks / after.weeks
    share = wilson(after.n, both)
    return Inflow(
        weeks,
        before,
        after,
        ratio=after.n / before.n * times,
        low=_odds(share.low) * times if share else None,
        high=_odds(share.high) * times if share else None,
    )


def _odds(share: float) -> float:
    """After to before, from the share that came after: given their sum, the counts of two rates are binomial."""
    return share / (1 - share) if share < 1 else float("inf")


def _side(weeks: tuple[Week, ...], *, after: bool) -> Side:
    mine = [week for week in weeks if week.whole and week.after is after]
    return Side(len(mine), sum(week.all for week in mine))


def counted_of(topic: Topic) -> bool:
    """Whether its weeks are counted: neither of a proposal nor of what came to nothing."""
    return topic.state in LIVE | {TopicState.CLOSED}


def members_behind(topic: Topic, window: Window, part: str) -> TopicMemberQuerySet:
    """Exactly the requests behind one number of `WEEK_PARTS`, newest first."""
    inside = Q(ticket__submitted_at__gte=window.since, ticket__submitted_at__lt=window.until)
    found = TopicMember.objects.inflow(topic).filter(inside)
    if part != "all":
        state = TopicMember.State.MEMBER if part == "joined" else TopicMember.State.CANDIDATE
        found = found.filter(state=state)
    return found.order_by("-ticket")


def window_of(since: date, until: date, *, at: datetime) -> Window:
    """The moments of local days [since, until)."""
    return Window(midnight(since), midnight(until), at)
