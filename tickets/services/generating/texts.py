"""What made-up firms ask and what they are called."""

from __future__ import annotations

from random import Random

ASKED: dict[str, tuple[str, ...]] = {
    "DEMO-CAPITAL": (
        "新产线投产需要流动资金，银行要求增加抵押，希望协调授信{n}万元。",
        "贷款{n}万元下月到期，希望帮助办理续贷，转贷期间不断流。",
        "订单增加，应收账款账期长，希望对接供应链金融，额度约{n}万元。",
        "企业债务利率偏高，希望了解贴息政策，涉及贷款{n}万元。",
    ),
    "DEMO-TALENT": (
        "需要招聘数控操作工{n}名，本地招不到，希望对接职业院校。",
        "引进工程师{n}名，咨询人才公寓和子女入学如何办理。",
        "季节性用工缺口{n}人，希望组织一次专场招聘。",
        "高级技师补贴申报卡在社保年限，涉及职工{n}人。",
    ),
    "DEMO-INDUSTRY": (
        "扩建厂房需要用地约{n}亩，询问供地计划和流程。",
        "园区道路破损，货车通行困难，每天进出车辆{n}余辆。",
        "变压器容量不足，申请增容{n}千伏安，希望加快。",
        "下游配套厂家不足，希望介绍本地供应商，年采购约{n}万元。",
    ),
    "DEMO-INNOVATION": (
        "申报高新技术企业材料被退回，不清楚研发费用归集口径，涉及{n}万元。",
        "与高校合作的中试项目缺场地，需要约{n}平方米。",
        "专利质押评估周期过长，已等{n}天。",
        "首台套认定在哪里申请，产品已销售{n}台。",
    ),
    "DEMO-SERVICE": (
        "办理环评变更，窗口要求补充材料，已跑{n}趟。",
        "食品经营许可到期换证，系统提示错误，编号末位{n}。",
        "出口退税进度缓慢，涉及金额{n}万元。",
        "员工班车临时停靠点希望设在厂区门口，涉及{n}人。",
    ),
    "DEMO": (
        "企业门口积水，影响出货，希望有人来看看，已持续{n}天。",
        "想咨询有哪些政策适合我们这样的小企业，员工{n}人。",
    ),
}
"""By QR code."""
ANSWERED = (
    "已与企业对接，问题已办妥。",
    "已协调有关单位，现已落实。",
    "政策已逐条说明，企业表示清楚。",
    "方案已商定，企业认可。",
)
_PLACES = ("衢州", "三衢", "柯城", "江郎", "信安", "龙游", "常山", "开化")
_NAMES = (
    "恒",
    "瑞",
    "安",
    "捷",
    "华",
    "盛",
    "通",
    "达",
    "新",
    "源",
    "金",
    "科",
    "立",
    "信",
    "宏",
    "远",
    "正",
    "明",
    "成",
    "泰",
)
_TRADES = ("机械", "电子", "新材料", "食品", "纺织", "化工", "物流", "轴承", "纸业", "光电", "农业")
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"


def firm(dice: Random) -> str:
    """A name of a firm: some forty thousand."""
    words = dice.choice(_NAMES) + dice.choice(_NAMES)
    return f"{dice.choice(_PLACES)}{words}{dice.choice(_TRADES)}有限公司"


def person(dice: Random) -> str:
    """Whom to call there."""
    return dice.choice(_SURNAMES) + dice.choice(("先生", "女士", "经理"))


def phone(dice: Random) -> str:
    """A number that no carrier has given out."""
    return f"1990000{dice.randrange(10_000):04d}"


def asked(dice: Random, code: str) -> str:
    """What somebody who scanned this code says."""
    return dice.choice(ASKED[code]).format(n=dice.randint(2, 900))
