"""Exports by the API: asked for with a reason, followed, fetched; refusals as problems."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from qihu.audit.models import Action, Entry
from qihu.clock import now
from qihu.outbox.consume import drain
from tests import make
from tests.people import user
from tests.tickets.api.conftest import here
from tests.tickets.exports.taken import WHY, Csv, Xlsx
from tickets.models import Export
from tickets.services.exports import asking, picking


def period() -> dict[str, str]:
    today = now().date()
    return {"since": str(today - timedelta(days=2)), "until": str(today + timedelta(days=2))}


def asked(what: str = "tickets", query: dict[str, str] | None = None, **more: object) -> dict[str, object]:
    return {"what": what, "query": query or {}, "format": "csv", "reason": WHY} | more


def taken(api, made) -> bytes:
    response = api.get(made.json()["file"])
    assert response.status_code == 200
    return b"".join(response.streaming_content)


@pytest.mark.parametrize("query", [{}, {"chain_tag": "capital"}, {"status": "assigned,in_progress"}, {"q": "授信"}])
@pytest.mark.parametrize("who", ["leader", "officer.finance"])
def test_a_short_list_is_ready_at_once_and_has_the_lists_rows(staff, who, query):
    here(), here(make.signed), here(make.triaged)
    api = staff(who)
    made = api.post("exports/", asked(query=query))
    assert made.status_code == 201
    body = made.json()
    assert made["Location"] == body["url"]
    listed = [one["number"] for one in api.get(f"tickets/?{urlencode(query)}").json()["results"]]
    file = Csv(taken(api, made))
    assert file.column("编号") == listed
    assert (body["state"], body["done"], body["expected"]) == ("ready", len(listed), len(listed))
    assert body["sm3"] == file.hash
    assert api.get(body["url"]).json() == body


def test_rows_behind_a_number_and_the_figures(staff):
    here(), here(make.signed)
    api = staff("leader")
    figures = {one["code"]: one for one in api.get(f"figures/?{urlencode(period())}").json()["figures"]}
    made = api.post("exports/", asked("figure_rows", period() | {"figure": "submitted", "part": "numerator"}))
    assert len(Csv(taken(api, made)).rows) == figures["submitted"]["hits"] == 2
    table = api.post("exports/", asked("figures", period() | {"by": "department"}, format="xlsx"))
    book = Xlsx(taken(api, table))
    hits = {row[0]: row[book.heading.index("件数")] for row in book.rows if row[2] == "全部"}
    assert hits["submitted"] == 2
    assert table.json()["definitions"] == 1


def test_a_long_one_is_202_and_followed_until_it_is_ready(staff, monkeypatch):
    monkeypatch.setattr(picking, "AT_ONCE", 2)
    monkeypatch.setattr(asking, "SIZE", 2)
    for _ in range(3):
        here()
    api = staff("leader")
    made = api.post("exports/", asked())
    assert made.status_code == 202
    body = made.json()
    assert (body["state"], body["file"], body["done"], body["sm3"]) == ("waiting", None, 0, None)
    assert api.get(f"{body['url']}file/").status_code == 409
    drain()
    ready = api.get(body["url"]).json()
    assert (ready["state"], ready["done"]) == ("ready", 3)
    assert len(Csv(b"".join(api.get(ready["file"]).streaming_content)).rows) == 3


def test_the_same_key_is_the_same_export(staff):
    here()
    api = staff("leader")
    first, second = (api.post("exports/", asked(), Idempotency_Key="7") for _ in range(2))
    assert first.json()["number"] == second.json()["number"]
    assert api.post("exports/", asked()).json()["number"] != first.json()["number"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "月报"}, "reason"),
        ({"reason": "长" * 201}, "reason"),
        ({"reason": None}, "reason"),
        ({"format": "pdf"}, "format"),
        ({"what": "everything"}, "what"),
        ({"query": {"region": "330800"}}, "query"),
        ({"query": {"status": "horoscope"}}, "status"),
        ({"query": {"q": "字" * 61}}, "q"),
        ({"query": ["status"]}, "query"),
        ({"what": "figures"}, "since"),
        ({"what": "figure_rows"}, "since"),
    ],
)
def test_bad_input_is_422_and_names_the_field(staff, wrong, field):
    refused = staff("leader").post("exports/", asked() | wrong)
    assert refused.status_code == 422
    assert field in str(refused.json()["errors"])
    assert not Export.objects.exists()


def test_without_a_reason_at_all(staff):
    body = asked()
    del body["reason"]
    assert staff("leader").post("exports/", body).status_code == 422


def test_too_much_is_422_with_the_count(staff, settings):
    here(), here()
    settings.EXPORT_LIMIT = 1
    refused = staff("leader").post("exports/", asked())
    assert (refused.status_code, refused.json()["code"]) == (422, "export-too-large")
    assert "共 2 行" in refused.json()["detail"]


OWNER = "head.finance"


@pytest.mark.parametrize("who", ["leader", "supervisor", "head.land", "officer.finance", "auditor", "secadmin"])
def test_exports_are_their_askers_alone(staff, who):
    here()
    made = staff(OWNER).post("exports/", asked())
    other = staff(who)
    for address in (made.json()["url"], made.json()["file"]):
        assert other.get(address).status_code == 404
    assert other.get("exports/").json() == {"results": [], "next": None}
    assert [one["number"] for one in staff(OWNER).get("exports/").json()["results"]] == [made.json()["number"]]


@pytest.mark.parametrize(
    ("who", "statuses"),
    {
        "leader": (201, 201, 201),
        "head.finance": (201, 201, 201),
        "officer.finance": (201, 403, 403),
        "auditor": (403, 403, 403),
        "sysadmin": (403, 403, 403),
    }.items(),
)
def test_each_role_asks_for_what_it_sees(staff, who, statuses):
    here()
    api = staff(who)
    bodies = (asked(), asked("figure_rows", period() | {"figure": "submitted"}), asked("figures", period()))
    assert tuple(api.post("exports/", body).status_code for body in bodies) == statuses


def test_nobody_asks_without_signing_in(anybody):
    for answer in (anybody.post("exports/", asked()), anybody.get("exports/"), anybody.get("exports/DC-1/file/")):
        assert answer.status_code == 401


def test_who_lost_the_right_is_403_at_the_file(staff):
    here()
    api = staff(OWNER)
    made = api.post("exports/", asked())
    user(OWNER).grants.all().delete()
    refused = api.get(made.json()["file"])
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_every_step_is_on_record_with_reason_rows_and_hash(staff):
    here()
    api = staff("leader")
    made = api.post("exports/", asked(query={"chain_tag": "capital"}))
    file = Csv(taken(api, made))
    found = list(Entry.objects.filter(action=Action.EXPORTED).order_by("pk"))
    assert [one.after["state"] for one in found] == ["asked", "ready", "fetched", "sent"]
    assert {one.key for one in found} == {made.json()["number"]}
    assert found[0].reason.body == f"{WHY}（筛选：链：capital）"
    assert {one.after["rows"] for one in found} == {1}
    assert {one.after["sm3"].replace(" ", "") for one in found[1:]} == {file.hash}


def test_ones_own_are_paged(staff, monkeypatch):
    monkeypatch.setattr("tickets.api.exports.PAGE", 2)
    api = staff("leader")
    numbers = [api.post("exports/", asked()).json()["number"] for _ in range(5)]
    found, address = [], "exports/"
    while address:
        page = api.get(address).json()
        found += [one["number"] for one in page["results"]]
        address = page["next"]
    assert found == numbers[::-1]
    assert api.get("exports/?cursor=x").status_code == 422
