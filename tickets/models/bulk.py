"""One statement for many rows: `update_rows` does with a join what `bulk_update` does with CASE; `insert_rows` fills
several tables in one round trip.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from django.db import connection, models

FEW = 8
"""Rows of a table up to which their values travel one by one: beyond, arrays of columns cost less."""


def insert_rows(*tables: Sequence[models.Model]) -> None:
    """`WITH … INSERT`: the rows of tables with a few each, in one round trip; more rows are cheaper by `bulk_create`.

    All rows of a table have a key, or none has; keys that the database gives need not be read back. Rows may refer
    to each other by keys known beforehand, since foreign keys are checked at the commit.
    """
    few = [rows for rows in tables if 0 < len(rows) <= FEW]
    _insert_together(few)
    for rows in tables:
        if len(rows) > FEW:
            every: models.QuerySet[models.Model] = models.QuerySet(type(rows[0]))
            every.bulk_create(rows)


def _insert_together(tables: Sequence[Sequence[models.Model]]) -> None:
    inserts, values = [], []
    for rows in tables:
        form = _form(type(rows[0]), rows[0].pk is not None)
        inserts.append(f"{form.head} VALUES {', '.join([form.row] * len(rows))}")
        values += [
            field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows for field in form.fields
        ]
    if not inserts:
        return
    *first, last = inserts
    named = ", ".join(f"i{n} AS ({insert})" for n, insert in enumerate(first))
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {named} {last}" if first else last, values)
    for row in (row for rows in tables for row in rows):
        row._state.adding, row._state.db = False, connection.alias


@dataclass(frozen=True, slots=True)
class _Form:
    """How rows of one model are inserted."""

    head: str
    row: str
    fields: tuple[Any, ...]


@lru_cache(maxsize=64)
def _form(model: type[models.Model], keyed: bool) -> _Form:  # noqa: FBT001 - part of the cache's key
    fields = tuple(_field(f) for f in model._meta.concrete_fields if keyed or not f.primary_key)
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    row = ", ".join(
        field.get_placeholder(None, None, connection) if hasattr(field, "get_placeholder") else "%s" for field in fields
    )
    return _Form(f"INSERT INTO {quote(model._meta.db_table)} ({columns})", f"({row})", fields)


class Remembered(models.Model):
    """A row that knows what was read of it, so that `update_rows` writes only columns that differ."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **more: Any) -> None:
        """As ever."""
        self.forget_read()
        super().save(*args, **more)

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **more: Any) -> Self:
        """As read."""
        row = super().from_db(db, field_names, values, **more)
        row.__dict__["_read"] = dict(zip(field_names, values, strict=True)) if len(field_names) == len(values) else {}
        return row

    def refresh_from_db(self, *args: Any, **more: Any) -> None:
        """As ever."""
        self.forget_read()
        super().refresh_from_db(*args, **more)

    def forget_read(self) -> None:
        """What was read is no longer what the database has."""
        self.__dict__.pop("_read", None)

    def differs(self, attname: str) -> bool:
        """Whether a column may differ from what was read."""
        read = self.__dict__.get("_read", {})
        return attname not in read or read[attname] != getattr(self, attname)


def update_rows(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """`UPDATE … FROM unnest(…)`: writes `fields` of every row, matched by primary key, in one round trip.

    Of `Remembered` rows only the columns that differ in at least one of them.
    """
    if not rows:
        return
    meta = rows[0]._meta
    columns = _changed(rows, [_field(meta.get_field(name)) for name in fields])
    if not columns:
        return
    key = _field(meta.pk)
    quote = connection.ops.quote_name
    wanted = [key, *columns]
    arrays = ", ".join(f"%s::{_type(field)}[]" for field in wanted)
    aliases = ", ".join(quote(field.column) for field in wanted)
    sets = ", ".join(f"{quote(field.column)} = v.{quote(field.column)}" for field in columns)
    table = quote(meta.db_table)
    values: list[list[Any]] = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows] for field in wanted
    ]
    sql = (
        f"UPDATE {table} SET {sets} FROM unnest({arrays}) AS v({aliases})"  # noqa: S608 - names from the model
        f" WHERE {table}.{quote(key.column)} = v.{quote(key.column)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    for row in rows:
        if isinstance(row, Remembered):
            row.forget_read()


def _changed(rows: Sequence[models.Model], columns: Sequence[Any]) -> Sequence[Any]:
    remembered = [row for row in rows if isinstance(row, Remembered)]
    if len(remembered) < len(rows):
        return columns
    return [field for field in columns if any(row.differs(field.attname) for row in remembered)]


def _field(field: Any) -> Any:
    if not isinstance(field, models.Field) or not field.concrete:
        raise TypeError(f"{field} is not a column of the row")
    return field


def _type(field: models.Field[Any, Any]) -> str:
    """Column type without its length: `varchar(12)` → `varchar`."""
    kind = field.rel_db_type(connection) if field.is_relation else field.db_type(connection)
    return str(kind).split("(", maxsplit=1)[0]
