"""All free text and personal data: erasable rows that the log refers to by id and salted hash only."""

from __future__ import annotations

import json
import os
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q

from qihu import phones
from qihu.crypto import sm3
from qihu.sealed import SealedField
from tickets.models.ticket import Ticket


class LexemesField(SearchVectorField):  # type: ignore[type-arg]
    """Search vector, written as the list of its lexemes; matched but never read back: rows stay small on the wire."""

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        """Django's hook for the column in a SELECT."""
        return "NULL", []

    def get_placeholder(self, _value: Any, _compiler: Any, _connection: Any) -> str:
        """Django's hook for the value in an INSERT: exactly these lexemes, through no parser."""
        return "array_to_tsvector(%s::text[])"


def salt() -> bytes:
    """16 random bytes, so that a hash in the log says nothing about a short text."""
    return os.urandom(16)


def search_terms(text: str) -> list[str]:
    """Characters and pairs of neighbouring characters, lower case: complete for queries of one or two characters."""
    plain = "".join(text.lower().split())
    return sorted(set(plain) | {plain[i : i + 2] for i in range(len(plain) - 1)})


def uscc_lexeme(uscc: str) -> str:
    """A firm's credit code as one lexeme: longer than any that a search asks for, so no search tells it."""
    return f"uscc:{uscc}"


def phone_lexeme(phone: str) -> str:
    """A phone as one lexeme, by the keyed hash of its blind index."""
    return f"phone:{phones.index(phone).hex()}"


FIRM_NAME = r"regexp_replace(lower(normalize({}, NFKC)), '[()\[\]【】〔〕<>《》\s]+', '', 'g')"
"""SQL of `routing.triage.alike.firm_key` of a column, to be filled in for `{}`."""


class Filing(models.Model):
    """What the firm wrote and who it is: one row a request."""

    ticket = models.OneToOneField(Ticket, models.PROTECT, primary_key=True)
    title = models.CharField("标题", max_length=120)
    text = models.TextField("内容")
    enterprise_name = models.CharField("企业名称", max_length=120)
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True, default="")
    contact_name = SealedField("联系人")
    contact_phone = SealedField("联系电话")
    phone_index = models.BinaryField(max_length=32)
    salt = models.BinaryField(max_length=16, default=salt)
    search = LexemesField()
    said_before = models.BooleanField("重复反映", null=True)  # settled when words are erased that it rests on
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "诉求内容"
        indexes = [
            GinIndex(fields=["search"], name="filing_search"),
            # who the firm is, for what it has said before (tickets.figures.repeats)
            models.Index(
                fields=["uscc", "ticket"], name="filing_uscc", condition=~Q(uscc="") & Q(erased_at__isnull=True)
            ),
            models.Index(fields=["phone_index", "ticket"], name="filing_phone", condition=Q(erased_at__isnull=True)),
            models.Index(
                models.Func(F("enterprise_name"), template=FIRM_NAME.format("%(expressions)s")),
                F("ticket"),
                name="filing_firm",
                condition=Q(erased_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def digest(self) -> bytes:
        """Salted SM3 of everything typed, kept in the submit event."""
        parts = (
            self.title,
            self.text,
            self.enterprise_name,
            self.uscc,
            self.contact_name,
            self.contact_phone,
        )
        return sm3(bytes(self.salt), "\x1f".join(parts).encode())

    def fill_indexes(self, *, number: str) -> None:
        """Sets the blind index of the phone and the search vector; call before the insert."""
        self.phone_index = phones.index(self.contact_phone)
        terms = search_terms(f"{number}\n{self.title}\n{self.enterprise_name}\n{self.text}")
        firm = [uscc_lexeme(self.uscc)] if self.uscc else []
        phone = [phone_lexeme(self.contact_phone)] if self.contact_phone else []
        self.search = [*terms, *firm, *phone]


class Text(models.Model):
    """Free text of one move: a note, a reply, a reason. Erasing blanks `body`; the log stays valid."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="texts")
    body = models.TextField("内容")
    parts = models.JSONField("分项", default=list)  # [{"ask": …, "text": …}] of a reply
    salt = models.BinaryField(max_length=16, default=salt)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "文字"

    def __str__(self) -> str:
        return self.body[:20]

    def digest(self) -> bytes:
        """Salted SM3 of the body and its parts."""
        parts = json.dumps(self.parts, ensure_ascii=False, sort_keys=True)
        return sm3(bytes(self.salt), self.body.encode(), parts.encode())
