"""The OpenAPI document, its page, and what is told where there is nothing to call."""

from __future__ import annotations

import re
from io import StringIO

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from tests.tickets.api.conftest import Api, here
from tickets.api.moves import WAYS


@pytest.fixture(scope="module")
def document() -> dict:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    return yaml.safe_load(out.getvalue())


def operations(document: dict) -> list[tuple[str, str, dict]]:
    return [(path, verb, one) for path, verbs in document["paths"].items() for verb, one in verbs.items()]


def test_the_document_is_valid_and_knows_every_call(document):
    paths = set(document["paths"])
    ticket = "/api/v1/tickets/{number}/"
    assert {f"{ticket}{action}/" for action in WAYS} <= paths
    assert {ticket, f"{ticket}decision/", f"{ticket}deadlines/{{clock}}/explain/"} <= paths
    assert {"/api/v1/tickets/", "/api/v1/figures/", "/api/v1/qr-codes/", "/api/v1/auth/token/"} <= paths
    assert {f"/api/v1/qr-codes/{{code}}.{kind}" for kind in ("svg", "png", "pdf")} <= paths


def test_every_call_is_described_in_chinese_with_its_problems(document):
    for path, verb, operation in operations(document):
        assert re.search(r"[一-鿿]", operation["summary"]), path
        problems = [code for code in operation["responses"] if code >= "400"]
        assert problems, (path, verb)
        for code in problems:
            assert list(operation["responses"][code]["content"]) == ["application/problem+json"]
        if verb == "post":
            body = operation["requestBody"]["content"]["application/json"] if "requestBody" in operation else {}
            assert body.get("examples") or path.endswith(("sign/", "close/", "uploads/")), path


def test_security_schemes_have_names_that_openapi_allows(document):
    assert set(document["components"]["securitySchemes"]) == {"firm", "token", "cookieAuth"}


def test_the_page_needs_nothing_inline_and_no_other_host(db):
    page = Client().get("/api/docs/")
    assert page.status_code == 200
    html = page.content.decode()
    assert "<style" not in html
    assert " style=" not in html
    assert not re.search(r"<script>|<script [^>]*>[^<]", html)
    assert not re.search(r'(src|href)="https?:', html)
    assert "'unsafe-inline'" not in page["Content-Security-Policy"]
    assert Client().get("/api/docs/?script=").headers["Content-Type"].startswith("application/javascript")
    assert Client().get("/api/schema/?format=json").status_code == 200


@pytest.mark.parametrize("path", ["nothing/", "tickets/QH-1/", "tickets/QH-20261122-00000%00/", "tickets/..%2f/"])
def test_addresses_that_do_not_exist_are_problems(anybody, path):
    assert anybody.get(path).status_code == 404


def test_the_wrong_verb_is_405_and_names_the_right_ones(anybody, staff):
    refused = anybody.get(f"tickets/{here().number}/sign/")
    assert refused.status_code == 405
    assert "POST" in refused["Allow"]
    assert staff("dispatcher").post("figures/").status_code == 405


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[" * 100_000, 400),
        ('{"text": NaN}', 400),
        (b"\xff\xfe", 400),
        ("[]", 422),
        ("7", 422),
        ('"text"', 422),
        ("null", 422),
        ('{"text": "\\ud800 lone surrogate"}', 422),
        ('{"text": "' + "a" * 1_100_000 + '"}', 413),
    ],
)
def test_bodies_that_are_no_requests(anybody, body, status):
    assert anybody.post("tickets/", body).status_code == status


@pytest.mark.parametrize(
    "media", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
def test_only_json_is_read(db, media):
    refused = Client().post("/api/v1/tickets/", "text=1", content_type=media)
    assert (refused.status_code, refused["Content-Type"]) == (415, "application/problem+json")


def test_only_json_is_written(db):
    assert Api(Accept="text/csv").get("tickets/").status_code in {401, 406}
