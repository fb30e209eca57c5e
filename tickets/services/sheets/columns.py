"""Which column means what: the fields, their usual headings, and what a value looks like. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a row can say. `needed`: no request without it; `headings`: how tables usually call it."""

    code: str
    label: str
    headings: tuple[str, ...]
    needed: bool = False


FIELDS: tuple[Field, ...] = (
    Field(
        "text",
        "诉求内容",
        ("诉求内容", "问题描述", "诉求描述", "内容", "反映内容", "诉求", "问题", "事项内容"),
        needed=True,
    ),
    Field("enterprise_name", "企业名称", ("企业名称", "单位名称", "公司名称", "企业", "公司", "单位"), needed=True),
    Field("contact_name", "联系人", ("联系人", "联系人姓名", "姓名", "反映人", "来电人"), needed=True),
    Field(
        "contact_phone",
        "联系电话",
        ("联系电话", "电话", "手机", "手机号", "联系方式", "来电号码", "电话号码"),
        needed=True,
    ),
    Field("uscc", "统一社会信用代码", ("统一社会信用代码", "信用代码", "社会信用代码", "税号")),
    Field("title", "标题", ("标题", "诉求标题", "主题", "工单标题")),
    Field("reference", "原编号", ("原编号", "工单号", "工单编号", "编号", "受理号", "受理编号", "批示号")),
    Field(
        "received_at",
        "收到时间",
        ("收到时间", "来电时间", "登记时间", "受理时间", "反映时间", "提交时间", "日期", "时间"),
    ),
    Field("channel", "渠道", ("渠道", "来源", "诉求来源", "来源渠道")),
    Field("chain_tag", "链", ("链", "五链", "链条", "所属链")),
    Field("category", "类别", ("类别", "诉求类别", "分类", "事项分类")),
    Field("region", "区划", ("区划", "属地", "县市区", "区县", "所属区县", "地区")),
    Field("urgent", "紧急", ("紧急", "是否紧急", "紧急程度")),
    Field("detail", "来源说明", ("来源说明", "备注", "说明", "会议名称", "走访单位")),
)
BY_CODE: Mapping[str, Field] = {field.code: field for field in FIELDS}
NEEDED = tuple(field.code for field in FIELDS if field.needed)
_BY_HEADING = {name: field.code for field in FIELDS for name in field.headings}
_MARKS = re.compile(r"[\s*＊:：()（）【】\[\]]|必填|选填")

_PHONE = re.compile(r"(\+?86)?1[3-9]\d{9}|0\d{2,3}-?\d{7,8}")
_USCC = re.compile(r"(?=.*\d)[0-9A-HJ-NP-RTUW-Y]{18}")
_DATE = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}.{0,12}")
_FIRM = re.compile(r".{2,40}(有限公司|责任公司|股份公司|集团|合作社|事务所|经营部)([（(].*)?")
LOOKS = {"phone": "电话", "uscc": "信用代码", "date": "日期", "firm": "企业名称"}


def plain_heading(typed: str) -> str:
    """A heading without marks, blanks and “必填”."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", typed))


def known_headings(cells: Sequence[str]) -> int:
    """How many different fields these cells name."""
    return len({_BY_HEADING[name] for cell in cells if (name := plain_heading(cell)) in _BY_HEADING})


def guess(headings: Sequence[str], saved: Mapping[str, str] | None = None) -> list[str]:
    """The field of each heading, "" for none; a saved choice first, and each field once, where it stands first."""
    found: list[str] = []
    for heading in headings:
        code = (saved or {}).get(heading, _BY_HEADING.get(plain_heading(heading), ""))
        found.append(code if code in BY_CODE and code not in found else "")
    return found


def looks(value: str) -> str:
    """What a value is by its looks: `phone`, `uscc`, `date`, `firm`, or "" for nothing certain."""
    plain = re.sub(r"[\s-]", "", value)
    if _PHONE.fullmatch(plain):
        return "phone"
    if _USCC.fullmatch(plain.upper()) and not plain.isalpha():
        return "uscc"
    if _DATE.fullmatch(value.strip()):
        return "date"
    return "firm" if _FIRM.fullmatch(value.strip()) else ""


STRANGERS: Mapping[str, frozenset[str]] = {
    "text": frozenset({"phone", "uscc", "date", "firm"}),
    "title": frozenset({"phone", "uscc", "date"}),
    "enterprise_name": frozenset({"phone", "uscc", "date"}),
    "contact_name": frozenset({"phone", "uscc", "date", "firm"}),
    "contact_phone": frozenset({"uscc", "date", "firm"}),
    "uscc": frozenset({"phone", "date", "firm"}),
    "reference": frozenset({"firm"}),
    "received_at": frozenset({"phone", "uscc", "firm"}),
    "detail": frozenset({"phone", "uscc"}),
}
"""What a field's values never look like: one that does is in the wrong column."""


def stranger(field: str, value: str) -> str:
    """In Chinese what a value looks like that has no business in this field, or ""."""
    seen = looks(value)
    return LOOKS[seen] if seen in STRANGERS.get(field, ()) else ""
