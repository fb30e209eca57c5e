"""Where requests go by the default rules: each row of domain.md §6, then the law's corners."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from routing.rules.defaults import CATEGORIES, TAGS
from routing.rules.matching import Facts, Matched, RuleRow, decide, nearest
from tests.routing.rules.demo_book import demo_book

BOOK = demo_book()
REQUESTS = json.loads((Path(__file__).parents[2] / "data" / "requests_dev.json").read_text(encoding="utf-8"))
TAG_OF = {name: code for code, name, *_ in TAGS}
HOME = {code: tag for tag, names in CATEGORIES.items() for code in names}

TABLE = [
    # chain tag alone
    ("capital", None, "", "finance", ()),
    ("talent", None, "", "talent", ()),
    ("industry", None, "", "land", ()),
    ("innovation", None, "", "science", ()),
    ("service", None, "", "service-centre", ()),
    # refinements by category
    ("capital", "FIN-01", "", "finance", ()),
    ("capital", "FIN-02", "", "economy", ("treasury",)),
    ("capital", "FIN-03", "", "economy", ()),
    ("capital", "FIN-04", "", "tax", ()),
    ("talent", "TAL-01", "", "talent", ()),
    ("talent", "TAL-02", "", "talent", ("talent-office",)),
    ("talent", "TAL-03", "孩子上小学", "education", ()),
    ("talent", "TAL-03", "想申请人才公寓", "housing", ()),
    ("talent", "TAL-03", "外地员工的住房", "housing", ()),
    ("talent", "TAL-03", "高管安居", "housing", ()),
    ("talent", "TAL-04", "", "talent", ()),
    ("industry", "LND-01", "", "land", ()),
    ("industry", "LND-02", "", "land", ("housing",)),
    ("industry", "LND-03", "", "land", ()),
    ("industry", "ENV-02", "", "ecology", ()),
    ("industry", "IND-01", "找上下游", "economy", ("chain-office",)),
    ("industry", "IND-01", "下游晶圆厂", "economy", ("chain-ic",)),
    ("industry", "IND-01", "特种纸原料", "economy", ("chain-paper",)),
    ("industry", "IND-02", "", "commerce", ()),
    ("industry", "IND-03", "", "development", ()),
    ("innovation", "INN-01", "", "science", ()),
    ("innovation", "INN-02", "高企认定", "science", ()),
    ("innovation", "INN-02", "研发费用加计扣除", "science", ("tax",)),
    ("innovation", "INN-02", "税收优惠怎么享受", "science", ("tax",)),
    ("innovation", "INN-03", "", "market", ()),
    ("innovation", "INN-04", "", "economy", ()),
    ("service", "ENV-01", "变压器增容", "power", ()),
    ("service", "ENV-01", "自来水压力不够", "water", ()),
    ("service", "ENV-01", "园区停水两天", "water", ()),
    ("service", "ENV-01", "天然气管道何时接通", "gas", ()),
    ("service", "ENV-01", "燃气价格", "gas", ()),
    ("service", "ENV-01", "新厂房水电气都没通", "power", ("water", "gas")),
    ("service", "ENV-01", "电气柜改造要停电", "power", ()),
    ("service", "ENV-01", "水泥厂的供电不稳，天气一热就跳闸", "power", ()),
    ("service", "ENV-03", "路口没有红绿灯", "police", ()),
    ("service", "ENV-03", "末班公交太早", "transport", ()),
    ("service", "ENV-03", "门前道路坑洼", "transport", ()),
    ("service", "SRV-01", "", "market", ()),
    ("service", "SRV-02", "", "justice", ()),
    ("service", "SRV-03", "", "data", ()),
    ("service", "SRV-04", "", "discipline", ()),
    ("service", "SRV-05", "", "justice", ()),
    ("service", "SRV-06", "", "service-centre", ()),
    ("service", "SRV-09", "", "service-centre", ()),
]


@pytest.mark.parametrize(("tag", "category", "text", "lead", "co"), TABLE)
def test_each_row_of_the_table(tag, category, text, lead, co):
    decision = decide(BOOK, Facts(tag, category, "330800", text))
    assert (decision.department, decision.co_departments) == (lead, co)
    assert not decision.disagreed


def test_every_category_is_in_the_table():
    assert {row[1] for row in TABLE} - {None} == set(HOME)


@pytest.mark.parametrize("category", sorted(HOME))
def test_a_category_alone_is_enough(category):
    with_tag = decide(BOOK, Facts(HOME[category], category, "330800"))
    alone = decide(BOOK, Facts(None, category, "330800"))
    assert alone.department == with_tag.department is not None


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda r: r["id"])
def test_requests_of_the_file_go_to_an_acceptable_department(request_):
    facts = Facts(TAG_OF.get(request_["chain_tag"]), request_["category"].split()[0], "330800", request_["text"])
    decision = decide(BOOK, facts)
    # 企服中心 and 产业链专班 are the short names of 企业综合服务中心 and of any chain's task force.
    name = BOOK.names[decision.department].replace("企业综合服务中心", "企服中心")
    assert name in request_["acceptable_departments"]


def test_a_supply_problem_that_names_its_chain_reaches_that_task_force():
    decision = decide(BOOK, Facts("industry", "IND-01", "330800", "晶圆厂", industry_chain="health"))
    assert decision.co_departments == ("chain-health",)
    assert decision.matched == Matched(category="IND-01", industry_chain="health")


class TestLevel:
    def test_a_county_has_its_own_department(self):
        decision = decide(BOOK, Facts("capital", "FIN-02", "330800/330802"))
        assert (decision.department, decision.co_departments) == ("economy-330802", ("treasury-330802",))

    def test_a_town_is_served_by_its_county(self):
        assert decide(BOOK, Facts("capital", None, "330800/330802/330802005")).department == "finance-330802"

    def test_the_citys_stands_in_where_the_county_has_none(self):
        book = demo_book(without=frozenset({"finance-330802"}))
        assert decide(book, Facts("capital", None, "330800/330802")).department == "finance"

    def test_a_task_force_is_the_citys_everywhere(self):
        decision = decide(BOOK, Facts("industry", "IND-01", "330800/330881", "造纸"))
        assert (decision.department, decision.co_departments) == ("economy-330881", ("chain-paper",))

    def test_nearest_of_nothing_known_is_nothing(self):
        assert nearest("finance", "330800/330802", frozenset({"tax"})) is None

    def test_without_a_region_the_citys(self):
        assert nearest("finance", "", frozenset({"finance"})) == "finance"


class TestDisagreement:
    def test_the_categorys_department_leads_and_the_tags_co_handles(self):
        decision = decide(BOOK, Facts("service", "FIN-03", "330800/330802", tag_from="code"))
        assert decision.department == "economy-330802"
        assert decision.co_departments == ("service-centre-330802",)
        assert decision.disagreed
        assert "不一致" in decision.reason

    def test_the_rules_own_co_handlers_stay(self):
        decision = decide(BOOK, Facts("service", "FIN-02", "330800"))
        assert decision.co_departments == ("treasury", "service-centre")

    def test_no_disagreement_where_both_lead_to_one_place(self):
        decision = decide(BOOK, Facts("talent", "FIN-01", "330800"))
        assert decision.disagreed
        same = decide(BOOK, Facts("capital", "FIN-01", "330800"))
        assert (same.disagreed, same.co_departments) == (False, ())
        centre = decide(BOOK, Facts("innovation", "INN-01", "330800"))
        assert not centre.disagreed

    def test_a_restricted_matter_has_no_co_handlers_whatever_the_tag(self):
        decision = decide(BOOK, Facts("capital", "SRV-04", "330800"))
        assert (decision.department, decision.co_departments) == ("discipline", ())
        assert decision.restricted
        assert "限阅" in decision.reason

    def test_an_unregistered_category_changes_nothing(self):
        decision = decide(BOOK, Facts("capital", "XXX-99", "330800"))
        assert (decision.department, decision.disagreed) == ("finance", False)
        assert "未登记" in decision.reason


class TestFallback:
    def test_nothing_known_goes_to_triage(self):
        decision = decide(BOOK, Facts(region="330800", text="营商环境不行，希望领导重视。"))
        assert decision.department is None
        assert decision.rule_id is None
        assert decision.tried == len(BOOK.rules)
        assert "转人工研判" in decision.reason

    def test_an_empty_book_sends_everything_to_triage(self):
        assert decide(replace(BOOK, rules=()), Facts("capital")).department is None

    def test_low_confidence_goes_to_triage_and_names_the_rule(self):
        decision = decide(demo_book(min_confidence=0.9), Facts("capital", None, "330800"))
        assert decision.department is None
        assert decision.rule_name == "资金链 → 金融办"
        assert "低于 90%" in decision.reason

    def test_a_closed_department_goes_to_triage_not_to_the_next_rule(self):
        decision = decide(demo_book(without=frozenset({"tax"})), Facts("capital", "FIN-04", "330800"))
        assert decision.department is None
        assert decision.second.department == "finance"
        assert "停用" in decision.reason

    def test_a_partner_never_leads_but_co_handles(self):
        rule = RuleRow(1, 1, "转贷", "rural-bank", words=("转贷",))
        assert decide(replace(BOOK, rules=(rule,)), Facts(text="需要转贷")).department is None
        helped = replace(rule, department="finance", co_departments=("rural-bank", "nobody", "finance"))
        decision = decide(replace(BOOK, rules=(helped,)), Facts(text="需要转贷"))
        assert (decision.department, decision.co_departments) == ("finance", ("rural-bank",))


class TestRecord:
    def test_the_second_choice_leads_elsewhere(self):
        decision = decide(BOOK, Facts("service", "ENV-01", "330800", "停水"))
        assert decision.second.department == "power"
        assert decision.second.position > decision.rule_position

    def test_a_rule_to_the_same_place_is_no_second_choice(self):
        assert decide(BOOK, Facts("capital", "FIN-01", "330800")).second is None

    def test_it_says_what_fired(self):
        decision = decide(BOOK, Facts("service", "ENV-01", "330800", "停水，自来水水费"))
        assert decision.matched == Matched(category="ENV-01", words=("自来水", "停水", "水费"))
        assert decision.tried == decision.rule_position

    def test_the_sentence_for_officials(self):
        decision = decide(BOOK, Facts("capital", "FIN-03", "330800", tag_from="code"))
        place, last = decision.rule_position, len(BOOK.rules) - 4
        assert decision.reason == (
            f"企业所扫码预置“资金链”；类别“FIN-03 账款拖欠”；规则集 v1 第 {place} 条“账款拖欠 → 经信局”；"
            f"主办：经信局；次选：金融办（第 {last} 条“资金链 → 金融办”）"
        )

    @pytest.mark.parametrize(("tag_from", "phrase"), [("firm", "企业自选"), ("staff", "研判员定为"), (None, "链条为")])
    def test_it_says_whose_word_the_tag_is(self, tag_from, phrase):
        assert decide(BOOK, Facts("capital", tag_from=tag_from)).reason.startswith(phrase)

    def test_it_is_json_and_keeps_no_text(self):
        facts = Facts("service", "ENV-01", "330800", "王工 13800000000 停水")
        record = json.dumps([facts.record(), decide(BOOK, facts).record()], ensure_ascii=False)
        assert "13800000000" not in record
        assert "停水" in record


class TestConditions:
    def test_all_conditions_must_hold(self):
        rule = RuleRow(1, 1, "柯城用地", "land", chain_tags=("industry",), region_path="330800/330802", words=("厂房",))
        book = replace(BOOK, rules=(rule,))
        fits = Facts("industry", None, "330800/330802/330802005", "扩建厂房")
        assert decide(book, fits).rule_id == 1
        assert decide(book, replace(fits, chain_tag="talent")).rule_id is None
        assert decide(book, replace(fits, region="330800/330803")).rule_id is None
        assert decide(book, replace(fits, text="扩建")).rule_id is None

    def test_a_region_is_a_whole_step_of_the_path(self):
        rule = RuleRow(1, 1, "市本级", "land", region_path="330800/33080")
        assert decide(replace(BOOK, rules=(rule,)), Facts(region="330800/330802")).rule_id is None
        assert decide(replace(BOOK, rules=(rule,)), Facts(region="330800/33080")).rule_id == 1

    def test_the_first_that_fits_decides(self):
        first, second = RuleRow(1, 1, "甲", "tax", words=("税",)), RuleRow(2, 2, "乙", "land", words=("地",))
        both = Facts(text="土地使用税")
        assert decide(replace(BOOK, rules=(first, second)), both).department == "tax"
        assert decide(replace(BOOK, rules=(second, first)), both).department == "land"
