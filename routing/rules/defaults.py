"""Chain tags, categories, industry chains and rule set v1 (domain.md §6): data, editable afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from qihu.audit.models import Action
from qihu.audit.record import record
from routing.rules.models import Category, ChainTag, IndustryChain, Rule, RuleSet

# code, name, what firms are told, examples, glyph
TAGS = (
    ("capital", "资金链", "钱的事", "贷款、补贴兑现、账款被拖欠、税费", "资"),
    ("talent", "人才链", "人的事", "招工、人才认定、子女入学、社保", "人"),
    ("industry", "产业链", "地和厂房、上下游", "用地、报建、不动产证、环保、配套", "地"),
    ("innovation", "创新链", "技术和创新", "研发攻关、专利、高企认定、数字化", "创"),
    ("service", "服务链", "办事和服务", "水电气、证照、检查、交通、政策咨询", "服"),
)
CATEGORIES = {
    "capital": {
        "FIN-01": "融资信贷",
        "FIN-02": "惠企资金兑现",
        "FIN-03": "账款拖欠",
        "FIN-04": "税费",
    },
    "talent": {
        "TAL-01": "招工用工",
        "TAL-02": "人才认定与补贴",
        "TAL-03": "子女入学与安居",
        "TAL-04": "社保与劳动关系",
    },
    "industry": {
        "LND-01": "用地供地",
        "LND-02": "规划建设",
        "LND-03": "不动产",
        "ENV-02": "环保与排污",
        "IND-01": "产业配套与供应链",
        "IND-02": "外贸",
        "IND-03": "项目落地",
    },
    "innovation": {
        "INN-01": "研发攻关",
        "INN-02": "科技资质与税收优惠",
        "INN-03": "知识产权",
        "INN-04": "数字化与首台套",
    },
    "service": {
        "ENV-01": "水电气",
        "ENV-03": "交通与配套",
        "SRV-01": "证照",
        "SRV-02": "涉企检查与执法",
        "SRV-03": "系统数据",
        "SRV-04": "作风与廉政",
        "SRV-05": "法律与纠纷",
        "SRV-06": "政策咨询",
        "SRV-09": "其他",
    },
}
RESTRICTED = frozenset({"SRV-04"})
# code → name, and words by which a request shows its industry chain
CHAINS = {
    "new-materials": ("新材料", ("新材料", "氟硅", "电子化学品")),
    "new-energy": ("新能源", ("新能源", "锂电", "动力电池", "光伏", "储能")),
    "ic": ("集成电路", ("集成电路", "半导体", "晶圆", "芯片")),
    "equipment": ("智能装备", ("智能装备", "数控机床", "工业机器人", "空压机")),
    "health": ("生命健康", ("生命健康", "生物医药", "医疗器械", "制药")),
    "paper": ("特种纸", ("特种纸", "造纸", "纸浆")),
}

# Whole words only: a bare 水 or 气 is also in 水泥, 污水, 电气, 空气, 天气.
WATER = (
    "自来水", "用水", "供水", "停水", "断水", "缺水", "没水", "通水", "接水", "给水",
    "水费", "水价", "水压", "水表", "水管",
)  # fmt: skip
GAS = (
    "天然气", "燃气", "煤气", "管道气", "用气", "供气", "停气", "断气", "没气", "通气", "接气",
    "气费", "气价", "气源",
)  # fmt: skip
HOUSING = ("住房", "安居", "公寓")
ROADS = ("公交", "道路")
TAX_RELIEF = ("税收优惠", "加计扣除", "所得税", "减税", "免税", "退税")


@dataclass(frozen=True, slots=True)
class Line:
    """One default rule, in the order it is read."""

    name: str
    department: str
    categories: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    co: tuple[str, ...] = ()
    chain_tags: tuple[str, ...] = ()
    industry_chains: tuple[str, ...] = ()
    confidence: float = 0.95


def _supply_lines() -> tuple[Line, ...]:
    """IND-01 goes to 经信局; its chain's task force co-handles: by the chain, by words, else the office."""
    named = (
        Line(f"产业配套（{name}）→ 经信局", "economy", ("IND-01",), (), (f"chain-{code}",), (), (code,))
        for code, (name, _) in CHAINS.items()
    )
    told = (
        Line(
            f"产业配套（文涉{name}）→ 经信局",
            "economy",
            ("IND-01",),
            words,
            (f"chain-{code}",),
            confidence=0.9,
        )
        for code, (name, words) in CHAINS.items()
    )
    return (*named, *told, Line("产业配套 → 经信局", "economy", ("IND-01",), co=("chain-office",)))


LINES = (
    Line("作风与廉政 → 纪检监察机关", "discipline", ("SRV-04",), confidence=1.0),
    Line("融资信贷 → 金融办", "finance", ("FIN-01",)),
    Line("惠企资金兑现 → 经信局", "economy", ("FIN-02",), co=("treasury",)),
    Line("账款拖欠 → 经信局", "economy", ("FIN-03",)),
    Line("税费 → 税务局", "tax", ("FIN-04",)),
    Line("招工用工、社保劳动 → 人社局", "talent", ("TAL-01", "TAL-04")),
    Line("人才认定与补贴 → 人社局", "talent", ("TAL-02",), co=("talent-office",)),
    Line("安居住房 → 住建局", "housing", ("TAL-03",), HOUSING, confidence=0.9),
    Line("子女入学 → 教育局", "education", ("TAL-03",)),
    Line("用地供地、不动产 → 自然资源局", "land", ("LND-01", "LND-03")),
    Line("规划建设 → 自然资源局", "land", ("LND-02",), co=("housing",)),
    Line("环保与排污 → 生态环境局", "ecology", ("ENV-02",)),
    *_supply_lines(),
    Line("外贸 → 商务局", "commerce", ("IND-02",)),
    Line("项目落地 → 发改局", "development", ("IND-03",)),
    Line("研发攻关 → 科技局", "science", ("INN-01",)),
    Line("科技税收优惠 → 科技局", "science", ("INN-02",), TAX_RELIEF, ("tax",), confidence=0.9),
    Line("科技资质 → 科技局", "science", ("INN-02",)),
    Line("知识产权 → 市场监管局", "market", ("INN-03",)),
    Line("数字化与首台套 → 经信局", "economy", ("INN-04",)),
    Line("用水 → 水务公司", "water", ("ENV-01",), WATER, confidence=0.9),
    Line("用气 → 燃气公司", "gas", ("ENV-01",), GAS, confidence=0.9),
    # “水电气都没通”: nothing above tells which one burns, so the utility named by default leads both others.
    Line("水电气一并 → 供电公司", "power", ("ENV-01",), ("水电", "水、电"), ("water", "gas"), confidence=0.8),
    Line("用电 → 供电公司", "power", ("ENV-01",)),
    Line("公交道路 → 交通运输局", "transport", ("ENV-03",), ROADS, confidence=0.9),
    Line("交通与配套 → 公安局", "police", ("ENV-03",)),
    Line("证照 → 市场监管局", "market", ("SRV-01",)),
    Line("检查执法、法律纠纷 → 司法局", "justice", ("SRV-02", "SRV-05")),
    Line("系统数据 → 数据局", "data", ("SRV-03",)),
    Line("政策咨询、其他 → 企业综合服务中心", "service-centre", ("SRV-06", "SRV-09")),
    # The chain tag alone.
    Line("资金链 → 金融办", "finance", chain_tags=("capital",), confidence=0.85),
    Line("人才链 → 人社局", "talent", chain_tags=("talent",), confidence=0.85),
    Line("产业链 → 自然资源局", "land", chain_tags=("industry",), confidence=0.85),
    Line("创新链 → 科技局", "science", chain_tags=("innovation",), confidence=0.85),
    Line("服务链 → 企业综合服务中心", "service-centre", chain_tags=("service",), confidence=0.85),
)


@transaction.atomic
def load_defaults(at: datetime) -> None:
    """Add what is missing; what an administrator has changed or published since stays. Safe to run again."""
    ChainTag.objects.bulk_create(
        [
            ChainTag(code=code, name=name, plain_name=plain, examples=examples, glyph=glyph, position=position)
            for position, (code, name, plain, examples, glyph) in enumerate(TAGS, 1)
        ],
        ignore_conflicts=True,
    )
    Category.objects.bulk_create(
        [
            Category(code=code, name=name, chain_tag_id=tag, restricted=code in RESTRICTED)
            for tag, names in CATEGORIES.items()
            for code, name in names.items()
        ],
        ignore_conflicts=True,
    )
    IndustryChain.objects.bulk_create(
        [IndustryChain(code, name) for code, (name, _) in CHAINS.items()], ignore_conflicts=True
    )
    if not RuleSet.objects.exists():
        _first_set(at)


def _first_set(at: datetime) -> None:
    """Version 1. Not `publish`: departments may come later; till then what names them goes to triage."""
    rule_set = RuleSet.objects.create(number=1, note="默认规则")
    Rule.objects.bulk_create(
        [
            Rule(
                rule_set=rule_set,
                position=position,
                name=line.name,
                chain_tags=list(line.chain_tags),
                categories=list(line.categories),
                industry_chains=list(line.industry_chains),
                words=list(line.words),
                department=line.department,
                co_departments=list(line.co),
                confidence=line.confidence,
            )
            for position, line in enumerate(LINES, 1)
        ]
    )
    rule_set.published_at = at
    rule_set.save(update_fields=["published_at"])
    record(Action.RULES, actor=None, kind="rules.ruleset", key=rule_set.number, at=at)
