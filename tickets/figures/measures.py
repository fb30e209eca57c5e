"""The definitions of domain.md §5: for each figure who is counted (over what), and a sentence that says so.

Predicates are SQL over one row of facts a request (see `facts.py`); they hold no parameters but those named there.
Twins are figures of their own: each has its own denominator, so each opens its own requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """Which requests of a figure: counted, counted over, or over but not counted."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"
    REST = "rest"


class Kind(StrEnum):
    """How a figure is read: a number, a share, or a length of time."""

    COUNT = "count"
    RATE = "rate"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure's definition. `weight` is the SQL of a numerator that is not a plain count; `strict` then names
    what the interval rests on; `seconds` is the SQL of a length of time, whose n is the denominator. `among`: of which
    rows at all; `unit` is what a count counts.
    """

    code: str
    label: str
    sentence: str
    over: str
    counted: str = ""
    kind: Kind = Kind.RATE
    weight: str = ""
    strict: str = ""
    seconds: str = ""
    twin_of: str = ""
    short: str = ""
    among: str = "NOT test"
    unit: str = "件"

    @property
    def population(self) -> str:
        """SQL of the requests counted over."""
        return f"{self.among} AND ({self.over})"

    @property
    def hits(self) -> str:
        """SQL of the numerator's requests: always among those of the denominator."""
        return f"{self.population} AND ({self.counted})" if self.counted else self.population

    def where(self, part: Part) -> str:
        """SQL of the requests behind one part."""
        if part is Part.REST:
            return f"{self.population} AND NOT COALESCE(({self.counted or 'TRUE'}), FALSE)"
        return self.hits if part is Part.NUMERATOR else self.population


_CLOSED = "status = 'closed'"
_ENDED = "('closed', 'rejected', 'withdrawn', 'merged')"
_DONE = "COALESCE(delivered_outcome, '') <> 'unsolved'"
_DENIED = "called_round = round AND NOT called_solved"
_SOLVED = f"outcome = 'solved' AND COALESCE(result, 5) >= 3 AND NOT COALESCE({_DENIED}, FALSE)"
_DISPATCHED = "dispatched_at IS NOT NULL"
_NOT_SUSPENDED = "status <> 'suspended'"
_AGREED = "resolve_met_at <= resolve_due_at AND " + _DONE

MEASURES: tuple[Measure, ...] = (
    Measure(
        code="submitted", label="收到", kind=Kind.COUNT, over="TRUE",
        sentence="首次提交落在时段内的诉求；并案的随主件按最早一次提交计一件，拆分的按整件计（按部门看时按拆分出的各件计）；"
        "测试和限制知悉的不计，企业撤回的计入。",
    ),
    Measure(
        code="tests", label="测试件", short="另有测试", kind=Kind.COUNT, twin_of="submitted", over="TRUE", among="test",
        sentence="经两人确认标为测试、不进入任何指标的诉求，只列在旁边。",
    ),
    Measure(
        code="open", label="在办", short="在办", kind=Kind.COUNT, over=f"status NOT IN {_ENDED}",
        sentence="时段内收到、至截止时点还没有办结、撤回或不予受理的诉求。",
    ),
    Measure(
        code="on_time", label="按期办结率（承诺）", short="按期",
        over=f"resolve_agreed_matured AND {_NOT_SUSPENDED}", counted=_AGREED,
        sentence="首个答复时限（含批准的顺延）已到期的诉求中，送达的那次答复在期限内作出、结果不是“未解决”的比例；挂起的不计入。",
    ),
    Measure(
        code="on_time_original", label="按期办结率（原定期限）", short="原定期限", twin_of="on_time",
        over=f"resolve_original_matured AND {_NOT_SUSPENDED}",
        counted="resolve_met_at <= resolve_promised_at AND " + _DONE,
        sentence="只认第一次承诺的期限：审核、暂停、延期都不顺延；答复还没送达的算未办结。",
    ),
    Measure(
        code="on_time_suspended", label="按期办结率（含挂起）", short="含挂起", twin_of="on_time",
        over="resolve_agreed_matured OR (status = 'suspended' AND resolve_original_matured)",
        counted=f"{_NOT_SUSPENDED} AND {_AGREED}",
        sentence="同承诺口径，但把挂起的诉求计入分母并算作没有办结。",
    ),
    Measure(
        code="solved", label="解决率", over="first_closed_at IS NOT NULL AND NOT excluded",
        counted=f"{_CLOSED} AND {_SOLVED}",
        sentence="办结过的诉求中，答复结果为“已解决”、企业对结果的评价不低于“基本满意”（未评价的不扣）、最后一轮回访没有否认解决"
        "的比例；重开后未再办结的算未解决；经两人批准剔除的不计，件数列在旁边。",
    ),
    Measure(
        code="excluded", label="剔除评价", short="剔除", kind=Kind.COUNT, twin_of="solved",
        over="first_closed_at IS NOT NULL AND excluded",
        sentence="经督办员申请、中心主任批准，不计入解决率的诉求；重开后重新计入。",
    ),
    Measure(
        code="truly_solved", label="真实解决率", short="回访解决", over="called_solved IS NOT NULL",
        counted="called_solved",
        sentence="回访接通、企业作出回答的诉求中，最后一次回答“已解决”的比例。",
    ),
    Measure(
        code="first_time", label="首次办成率", over="first_closed_at + interval '30 days' <= %(as_of)s",
        counted="first_close_round = 1 AND first_outcome = 'solved' AND COALESCE(first_result, 5) >= 3"
        " AND (reopened_at IS NULL OR reopened_at >= first_closed_at + interval '30 days')",
        sentence="首次办结满 30 天的诉求中，第一轮就解决、30 天内没有重开的比例。",
    ),
    Measure(
        code="satisfied_result", label="满意率（结果）", over="rated", counted="result >= 3", strict="result >= 4",
        weight="CASE WHEN result >= 4 THEN 1.0 WHEN result = 3 THEN 0.9 ELSE 0 END",
        sentence="企业已评价的诉求中，非常满意、满意各计 1，基本满意计 0.9；没有评价的不算满意。区间按从严口径。",
    ),
    Measure(
        code="satisfied_result_strict", label="满意率（结果，从严）", short="从严", twin_of="satisfied_result",
        over="rated", counted="result >= 4", sentence="只算非常满意和满意，基本满意计 0。",
    ),
    Measure(
        code="satisfied_process", label="满意率（过程）", short="过程",
        over="rated", counted="process >= 3", strict="process >= 4",
        weight="CASE WHEN process >= 4 THEN 1.0 WHEN process = 3 THEN 0.9 ELSE 0 END",
        sentence="企业已评价的诉求中，对办理过程非常满意、满意各计 1，基本满意计 0.9。",
    ),
    Measure(
        code="satisfied_process_strict", label="满意率（过程，从严）", short="从严", twin_of="satisfied_process",
        over="rated", counted="process >= 4", sentence="只算非常满意和满意，基本满意计 0。",
    ),
    Measure(
        code="participation", label="参评率", short="参评", over=_CLOSED, counted="rated",
        sentence="已办结的诉求中，由企业评价后办结的比例。",
    ),
    Measure(
        code="response", label="响应率", over="contact_due", counted="NOT contact_missed",
        sentence="已交办、联系时限已到期的诉求中，到期的联系时限全部按时完成的比例。",
    ),
    Measure(
        code="acceptance", label="受理率", short="受理率", over="accept_due", counted="accepted_at <= accept_due_at",
        sentence="受理时限已到期的诉求中，在时限内交办、转研判、告知补正或说明理由不予受理的比例。",
    ),
    Measure(
        code="first_dispatch", label="首派准确率", short="首派准确",
        over="dispatched_at + interval '30 days' <= %(as_of)s",
        counted="departments <= 1",
        sentence="首次交办满 30 天的诉求中，没有成立的退单、主办部门一直没有变的比例；拆分不算变更。",
    ),
    Measure(
        code="rework", label="二次交办率", short="二次交办", over=_CLOSED, counted="round >= 2",
        sentence="已办结的诉求中，企业退回过、经过第二轮办理的比例。",
    ),
    Measure(
        code="overdue", label="超期率", short="超期", over=_DISPATCHED, counted="resolve_broken",
        sentence="已交办的诉求中，答复时限（含批准的顺延）曾被突破的比例，突破后补办的也算。",
    ),
    Measure(
        code="extension", label="延期率", short="延期", over=_DISPATCHED, counted="extended",
        sentence="已交办的诉求中，经批准延期过的比例。",
    ),
    Measure(
        code="suspension", label="挂起率", short="挂起", over=_DISPATCHED, counted="rested",
        sentence="已交办的诉求中，经批准挂起过的比例。",
    ),
    Measure(
        code="returned", label="退单率", short="退单", over=_DISPATCHED, counted="returned",
        sentence="已交办的诉求中，被主办部门退过单的比例（按件，不按次）；按部门看时归现在的主办部门。",
    ),
    Measure(
        code="returns_upheld", label="退单成立率", short="退单成立", over="returned", counted="upheld",
        sentence="被退过单的诉求中，至少一次裁定成立的比例；还没有裁定的算不成立。",
    ),
    Measure(
        code="closed", label="办结率", short="办结率", over="TRUE", counted=_CLOSED,
        sentence="收到的诉求中，至截止时点状态为已办结的比例；办结不等于解决，须与解决率同看。",
    ),
    Measure(
        code="burden", label="减负金额", short="减负", kind=Kind.COUNT, unit="元",
        over=f"{_CLOSED} AND burden > 0", weight="burden",
        sentence="已办结的诉求在最后一次答复中填报的为企业减负金额之和；没有填报的不计。",
    ),
    Measure(
        code="handling_net", label="办理时长（净）", kind=Kind.TIME, over=f"{_CLOSED} AND net_seconds IS NOT NULL",
        seconds="net_seconds",
        sentence="已办结的诉求从交办到送达的那次答复，只计工作时间，扣除暂停；二次交办各轮相加。P90 按最近秩。",
    ),
    Measure(
        code="handling_full", label="全程时长", short="全程", kind=Kind.TIME, over=_CLOSED,
        seconds="extract(epoch FROM closed_at - submitted_at)",
        sentence="已办结的诉求从提交到办结的钟表时间，含夜间、假日和企业评价的时间，不扣除任何暂停。",
    ),
    Measure(
        code="closings", label="办结件次", kind=Kind.COUNT, over=f"{_CLOSED} AND in_window",
        sentence="最近一次办结落在时段内的诉求，不论何时收到。",
    ),
)  # fmt: skip

BY_CODE: Mapping[str, Measure] = {measure.code: measure for measure in MEASURES}
BY_CLOSING = frozenset({"closings"})
"""Figures whose window is about the closing, not the first submission: the flow chart's second line."""
DIMENSIONS: Mapping[str, str] = {
    "department": "部门",
    "chain_tag": "链",
    "region": "区划",
    "category": "类别",
    "channel": "渠道",
}
