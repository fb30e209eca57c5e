"""What a move's row may ask before it is made, beyond status and party. Pure: a standing in, a refusal or None out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tickets.circumstances import Standing
from tickets.terms import Outcome, Party

REOPENABLE = timedelta(days=30)
MOST_SUSPENSIONS = 3
MOST_CALLS = 3


Guard = Callable[[Standing], str | None]
"""None, or the refusal in Chinese."""
Test = Callable[[Standing], bool]
"""A condition of a row, or of a clock that it may start."""


def not_the_author(s: Standing) -> str | None:
    """Nobody reviews their own reply (domain.md §3, closing gates)."""
    return "不能审核自己的答复，请由其他负责人审核。" if s.actor_id == s.author_id else None


def reviewer_of_the_tier(s: Standing) -> str | None:
    """Tier 1: the head; tier ≥ 2, or what the draw takes: the director, who sees nothing restricted."""
    if s.restricted or (s.tier == 1 and not s.review_drawn):
        return None if s.party == Party.HEAD else f"本件由{Party.HEAD.label}审核送达。"
    why = f"本件为 {s.tier} 级" if s.tier > 1 else "本件被抽中复审"
    return None if s.party == Party.DIRECTOR else f"{why}，由{Party.DIRECTOR.label}审核送达。"


def not_supervised(s: Standing) -> str | None:
    """A request under 督办 cannot be withdrawn."""
    return "本件正在督办，不能撤回。" if s.supervised else None


def once_a_day(s: Standing) -> str | None:
    """One urge a day (local date)."""
    return "今天已经催办过一次，明天可以再催。" if s.urged_on == s.today else None


def head_only_raises_difficulty(s: Standing) -> str | None:
    """A head may classify only to raise the difficulty; everything else is the service centre's."""
    if s.party != Party.HEAD:
        return None
    raised = str(s.payload.get("difficulty", ""))
    return None if set(s.payload) == {"difficulty"} and raised > s.difficulty else "部门负责人只能调高难度。"


def asked_once(s: Standing) -> str | None:
    """The firm is asked for missing facts once."""
    return "已经要求过一次补正，不能再退给企业；缺的情况请电话联系核实。" if s.info_asked else None


def legs_have_ended(s: Standing) -> str | None:
    """Every leg has replied or returned (closing gate)."""
    names = s.look.open_legs
    return f"协办部门还没有反馈：{'、'.join(names)}。" if names else None


def children_have_closed(s: Standing) -> str | None:
    """Every child is closed (closing gate)."""
    count = s.look.open_children
    return f"拆分出的 {count} 件还没有办结。" if count else None


def asks_are_answered(s: Standing) -> str | None:
    """Every asked item has an answer (closing gate), named by its words or its number."""
    given = s.payload.get("answered")
    answered = {str(one) for one in given} if isinstance(given, list) else set()
    left = [str(n) for n, _ in enumerate(s.look.asks, start=1) if str(n) not in answered]
    return f"企业提出的第 {'、'.join(left)} 项还没有答复。" if left else None


def no_child(s: Standing) -> str | None:
    """What has open parts is neither merged nor split again; the parts that a split is just giving birth to aside."""
    born = s.payload.get("children")
    others = s.look.open_children - (len(born) if isinstance(born, list) else 0)
    return "拆分出的诉求还没有办结，不能再并案或拆分。" if others > 0 else None


def in_return_window(s: Standing) -> str | None:
    """A department objects within the return window, once in a round."""
    until = s.look.return_until
    if s.look.objected:
        return "本轮已经退过一次，请按裁定办理。"
    return "已过退单时限，请继续办理；确有困难可申请延期或报服务中心协调。" if until and s.at > until else None


def extension_in_time(s: Standing) -> str | None:
    """Asked for by the last closing of the working day before the due day."""
    until = s.look.extend_until
    if until is None:
        return "本件没有正在计时的答复时限，不能延期。"
    return "申请太晚：延期须在到期日的前一个工作日下班前提出。" if s.at > until else None


def extension_left(s: Standing) -> str | None:
    """As many extensions as the table allows."""
    most = s.look.extension_times
    if not most:
        return "这类诉求不能延期。"
    return f"最多延期 {most} 次，已经用完。" if s.extensions >= most else None


def may_rest(s: Standing) -> str | None:
    """Never urgent or L1; at most three times."""
    if s.urgent or s.difficulty == "L1":
        return "紧急和即时类诉求不能挂起。"
    return f"最多挂起 {MOST_SUSPENSIONS} 次，已经用完。" if s.suspensions >= MOST_SUSPENSIONS else None


def tier_left(s: Standing) -> str | None:
    """Three tiers."""
    return "已是最高层级。" if s.tier >= 3 else None


def within_thirty_days(s: Standing) -> str | None:
    """A firm reopens within thirty days of the end; the supervisor at any time (domain.md §3)."""
    if s.party in {Party.SUPERVISOR, Party.SYSTEM} or s.closed_on is None:
        return None
    return "办结已超过 30 天，不能重开，请作为新的诉求提交。" if s.today - s.closed_on > REOPENABLE else None


def from_outside(s: Standing) -> str | None:
    """A call-back is made by somebody outside the handling department."""
    return None if s.look.outside else "回访须由承办部门以外的人员进行。"


def answer_owed(s: Standing) -> str | None:
    """An answer to 督办 presupposes one."""
    return None if s.look.supervision_runs else "本件没有待答复的督办或批示。"


def plan_followed(s: Standing) -> str | None:
    """Only a promised plan is followed up, until it is done."""
    return None if s.look.follow_up_runs else "本件没有在跟踪的计划。"


def not_excluded(s: Standing) -> str | None:
    """Once is enough."""
    return "本件已剔除。" if s.excluded else None


def not_a_test(s: Standing) -> str | None:
    """Once is enough."""
    return "本件已是测试件。" if s.test else None


# conditions of rows and clocks


def second_send_back(s: Standing) -> bool:
    """After the second send-back in a round the tier rises."""
    return s.send_backs + 1 == 2


def beyond_round_two(s: Standing) -> bool:
    """A rework after round 2 raises the tier."""
    return s.round >= 2


def always(_: Standing) -> bool:
    """Unconditionally."""
    return True


def came_from(status: str) -> Test:
    """The request left this status for the present one."""
    return lambda s: s.came_from == status


def upheld(s: Standing) -> bool:
    """The dispatcher rules for the department."""
    return bool(s.payload.get("upheld"))


def refused_to(status: str) -> Test:
    """The dispatcher rules against it: back where it was."""
    return lambda s: not s.payload.get("upheld") and s.came_from == status


def reached(s: Standing) -> bool:
    """The firm was reached, or three calls have not reached it."""
    return bool(s.payload.get("contacted")) or s.look.missed_calls + 1 >= MOST_CALLS


def picked(s: Standing) -> tuple[str, ...]:
    """Why a request that closes is called back (domain.md §4): codes, or () where it is not."""
    result, process = s.payload.get("result"), s.payload.get("process")
    scores = [one for one in (result, process) if isinstance(one, int)]
    why = {
        "unrated": not scores,
        "unsatisfied": any(score < 3 for score in scores),
        "urgent": s.urgent,
        "hard": s.difficulty in {"L3", "L4"},
    }
    found = tuple(code for code, holds in why.items() if holds)
    return found or (("drawn",) if s.look.called_back_by_draw else ())


def is_picked(s: Standing) -> bool:
    """Whether it is called back at all."""
    return bool(picked(s))


def is_planned(s: Standing) -> bool:
    """It closes with a promise still to be kept."""
    return s.outcome == Outcome.PLANNED


def not_done(s: Standing) -> bool:
    """The plan goes on."""
    return not s.payload.get("done")
