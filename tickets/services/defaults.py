"""What a new installation's requests need as rows: shares to be drawn, and what a caller reads out."""

from __future__ import annotations

from tickets.models import Draw, Script

_SHARES = {Draw.Code.CALL_BACK: 0.15, Draw.Code.REVIEW: 0.0}
_SCRIPT = (
    (
        "您好，这里是企业综合服务中心。您提交的诉求已有答复，想用两分钟听听您的意见。",
        "先报身份，再核对单位",
    ),
    ("承办部门是否联系过您？是什么时候、怎么联系的？", "与“联系企业”记录核对"),
    ("您反映的问题，现在是否已经解决？", "只记企业的原话；不引导、不代答"),
    ("对办理过程和结果，您满意吗？不满意在哪里？", "不影响企业已作的评价"),
    ("还有什么需要我们转达的吗？谢谢您。", "新的事项请另行登记"),
)


def load_defaults() -> None:
    """Idempotent; what an administrator has changed stays."""
    for code, share in _SHARES.items():
        Draw.objects.get_or_create(code=code, defaults={"share": share})
    if not Script.objects.exists():
        Script.objects.bulk_create(
            Script(position=n, line=line, hint=hint) for n, (line, hint) in enumerate(_SCRIPT, start=1)
        )
