"""Topics by the real acts, and the requests that they gather."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests import make
from tests.people import user
from tickets.access import Caller
from tickets.models import Ticket, Topic, TopicMember
from tickets.services.topics import dismissing, entrusting, finding, gathering, telling

NEXT = make.MONDAY + timedelta(hours=2)
DAY = timedelta(days=1)
FLATS = (
    "人才公寓申请排队太久，员工等了半年还没有轮到，希望增加房源。",
    "我公司引进的工程师申请人才公寓，排队半年没有轮到，请增加房源。",
    "人才公寓排队时间太长，新来的员工半年轮不到，能否增加人才公寓房源？",
    "申请人才公寓排队太久，员工半年没有轮到，建议增加房源、公布轮候顺序。",
)
LAMPS = "园区北门路灯坏了半个月，夜班员工下班看不清路，希望尽快维修。"
NOISE = ("技改补助公示后一直没有到账。", "出口退税的系统登录不上，报错代码看不懂。", LAMPS)
FIRMS = ("衢州安捷线束有限公司", "衢州华友新材有限公司", "浙江开山轴承有限公司", "衢州五洲特纸有限公司")


def caller(username: str) -> Caller:
    return Caller(user(username))


def queueing(*, at: datetime = make.MONDAY, firms: tuple[str, ...] = FIRMS, **more: object) -> list[Ticket]:
    """Four firms, one problem; each a day after the other."""
    return [
        make.routed(text=text, enterprise_name=firm, qr="DEMO-TALENT", at=at + n * make.MINUTE, **more)
        for n, (text, firm) in enumerate(zip(FLATS, firms, strict=False))
    ]


def proposed(*, at: datetime = NEXT) -> Topic:
    queueing()
    for n, text in enumerate(NOISE):
        make.routed(text=text, enterprise_name=f"旁观{n}公司")
    finding.find(at=at)
    return Topic.objects.get()


def opened(*, at: datetime = NEXT) -> Topic:
    return gathering.open_proposal(topic_id=proposed(at=at).pk, caller=caller("dispatcher"), at=at)


def entrusted(*, at: datetime = NEXT, department: str = "talent") -> Topic:
    asked = entrusting.trust(department=department, due_on=(at + 10 * DAY).date(), at=at)
    return entrusting.entrust(topic_id=opened(at=at).pk, caller=caller("dispatcher"), at=at, asked=asked)


def measured(*, at: datetime = NEXT) -> Topic:
    topic = entrusted(at=at)
    return entrusting.measure(
        topic_id=topic.pk, caller=caller("head.talent"), at=at, text="新增房源200套，按月公布轮候顺序。"
    )


MESSAGE = "市人才公寓已新增房源200套，轮候顺序按月公布，排到的企业会收到短信。"


def published(*, at: datetime = NEXT) -> Topic:
    topic = measured(at=at)
    return entrusting.publish_result(
        topic_id=topic.pk, caller=caller("director"), at=at, text="房源已增加。", message=MESSAGE
    )


def sent_back(*, at: datetime = NEXT) -> Topic:
    topic = published(at=at)
    telling.tell(topic_id=topic.pk, at=at)
    return fresh(topic)


def closed(*, at: datetime = NEXT) -> Topic:
    return gathering_close(sent_back(at=at), at=at)


def gathering_close(topic: Topic, *, at: datetime) -> Topic:
    return entrusting.close(topic_id=topic.pk, caller=caller("dispatcher"), at=at)


def dismissed(*, at: datetime = NEXT) -> Topic:
    return dismissing.dismiss(topic_id=proposed(at=at).pk, caller=caller("director"), at=at, text="只是字面相近。")


def fresh(topic: Topic) -> Topic:
    return Topic.objects.for_lists().get(pk=topic.pk)


def members(topic: Topic, state: str = "member") -> set[str]:
    rows = TopicMember.objects.filter(topic=topic, state=state)
    return set(rows.values_list("ticket__number", flat=True))


IN_STATE = {
    "proposed": proposed,
    "open": entrusted,
    "measured": measured,
    "published": sent_back,
    "closed": closed,
    "dismissed": dismissed,
}
