"""The desk's buttons: for every move its form, verb, key and words, in the order in which they are offered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tickets.pages.desk import forms
from tickets.pages.desk import forms_centre as centre_forms
from tickets.pages.desk import forms_department as department_forms
from tickets.pages.desk.forms_split import SplitForm
from tickets.services import callback, centre, closing, departure, dispatch, handling, joining, legs, review
from tickets.services.intent import Done
from tickets.workflow import Action, LegAction


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskMove:
    """One button. `said` is told after it; `submit`, `heading`: the panel's words where the label won't do.

    `rare`: under 更多, where a link opens the form; `calm`: never the page's one primary button.
    """

    action: Action | LegAction
    form: type[forms.MoveForm]
    verb: Callable[..., Done]
    key: str
    said: str
    heading: str = ""
    submit: str = ""
    hint: str = ""
    rare: bool = False
    calm: bool = False

    @property
    def panel(self) -> bool:
        """Whether there is something to fill in."""
        return self.form not in {forms.SignForm, department_forms.LegSignForm}


_A, _L, _C, _D = Action, LegAction, centre_forms, department_forms


def _button(
    action: Action | LegAction,
    key: str,
    form: type[forms.MoveForm],
    verb: Callable[..., Done],
    said: str,
    **more: object,
) -> DeskMove:
    return DeskMove(action=action, key=key, form=form, verb=verb, said=said, **more)  # type: ignore[arg-type]


# fmt: off
_BUTTONS = (
    _button(_A.ANSWER_SUPERVISION, "z", _D.AnswerSupervisionForm, centre.answer_supervision, "督办答复已提交。",
            heading="答复督办或批示", submit="提交"),
    _button(_A.SIGN, "s", forms.SignForm, handling.sign, "已签收，由您经办。请尽快联系企业。"),
    _button(_A.CONTACT, "c", forms.ContactForm, handling.contact, "已记录联系情况。", submit="记下"),
    _button(_A.RULE_ON_RETURN, "u", _C.RuleForm, dispatch.rule_on_return, "已裁定，双方都会收到通知。", submit="裁定"),
    _button(_A.RESUME, "u", _D.ResumeForm, departure.resume, "已恢复办理，时限继续计算。"),
    _button(_A.CALL_BACK, "c", _C.CallBackForm, callback.call_back, "已记录回访。", heading="电话回访", submit="记下"),
    _button(_A.FOLLOW_UP, "f", _C.FollowUpForm, handling.follow_up, "已记录计划进展。", submit="记下"),
    _button(_A.SUPPLEMENT, "m", _C.SupplementForm, closing.supplement, "已补充，恢复计时。", submit="补充"),
    _button(_A.REPLY, "r", forms.ReplyForm, handling.reply, "答复已提交审核。", heading="答复企业", submit="提交审核",
            hint="审核通过后发给企业"),
    _button(_A.DELIVER, "d", forms.DeliverForm, review.deliver, "答复已送达企业，等企业评价。",
            heading="审核通过并送达", submit="送达企业"),
    _button(_A.SEND_BACK, "b", forms.SendBackForm, review.send_back, "已退回重办。", submit="退回"),
    _button(_A.ASSIGN, "a", forms.AssignForm, dispatch.assign, "已交办。", submit="交办"),
    _button(_A.INTERIM, "i", forms.InterimForm, handling.interim, "阶段答复已发给企业。", submit="发给企业"),
    _button(_A.NOTE, "n", forms.NoteForm, handling.note, "已记录进展。", submit="记下"),
    _button(_A.SUPERVISE, "w", _C.SuperviseForm, centre.supervise, "已督办，负责人须书面答复。", calm=True),
    _button(_A.INSTRUCT, "y", _C.InstructForm, centre.instruct, "批示已下达。", submit="下达", calm=True),
    _button(_A.REASSIGN, "a", forms.AssignForm, dispatch.reassign, "已改派。", submit="改派",
            hint="答复时限照走，不因改派重算", calm=True),
    _button(_A.CLASSIFY, "l", forms.ClassifyForm, dispatch.classify, "归类已更新，时限已重算。", submit="保存",
            calm=True),
    _button(_A.REQUEST_INFO, "q", _C.RequestInfoForm, centre.request_info, "已请企业补正，时限暂停。",
            submit="发给企业", calm=True),
    _button(_A.EXTEND, "e", _D.ExtendForm, departure.extend, "", submit="提出申请", rare=True),
    _button(_A.SUSPEND, "p", _D.SuspendForm, departure.suspend, "", submit="提出申请", rare=True),
    _button(_A.OBJECT, "o", _D.ObjectForm, departure.object_to, "已退单，等待裁定。", heading="退单", rare=True),
    _button(_A.ASSIGN_LEG, "h", _C.AssignLegForm, legs.assign_leg, "已请协办部门办理。", submit="交协办", rare=True),
    _button(_A.SPLIT, "v", SplitForm, joining.split, "已拆分，各件已交办。", heading="拆成几件分别办理", rare=True,
            hint="全部办结后由服务中心汇总答复"),
    _button(_A.MERGE, "g", _C.MergeForm, joining.merge, "已并入主件。", heading="并入主件", rare=True),
    _button(_A.REJECT, "x", _C.RejectForm, centre.reject, "", submit="提出申请", hint="需审批：由研判交办员或主任决定",
            rare=True),
    _button(_A.RAISE_TIER, "t", _C.TierForm, centre.raise_tier, "已提级。", rare=True),
    _button(_A.REOPEN, "o", _C.ReopenForm, closing.reopen, "已重开，回到主办部门。", rare=True),
    _button(_A.EXCLUDE, "x", _C.ExcludeForm, centre.exclude, "", submit="提出申请", rare=True),
    _button(_A.MARK_TEST, "", _C.TestForm, centre.mark_test, "", submit="提出申请", rare=True),
)
_LEG_BUTTONS = (
    _button(_L.LEG_SIGN, "s", _D.LegSignForm, legs.leg_sign, "协办已签收，由您经办。"),
    _button(_L.LEG_REPLY, "r", _D.LegReplyForm, legs.leg_reply, "协办意见已交主办部门。", submit="交主办部门"),
    _button(_L.LEG_RETURN, "b", _D.LegReturnForm, legs.leg_return, "协办已退回。", submit="退回", calm=True),
)
# fmt: on
DESK_MOVES: Mapping[str, DeskMove] = {move.action: move for move in _BUTTONS}
"""In the order of the buttons: what is owed first, then what is done daily, then what is rare."""
LEG_DESK_MOVES: Mapping[str, DeskMove] = {move.action: move for move in _LEG_BUTTONS}


def known_move(name: str) -> DeskMove | None:
    """A move of the desk by its name in the address."""
    return DESK_MOVES.get(name) or LEG_DESK_MOVES.get(name)
