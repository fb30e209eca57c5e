"""A column whose text is encrypted at rest."""

from __future__ import annotations

from typing import Any

from django.db import models

from qihu.crypto import decrypt, encrypt


class SealedField(models.BinaryField):  # type: ignore[type-arg]
    """Text kept AES-GCM encrypted; reads and writes `str`. Not searchable: pair it with a keyed hash."""

    def get_prep_value(self, value: Any) -> Any:
        """Encrypts text on its way to the database."""
        return encrypt("field", value) if isinstance(value, str) else value

    def from_db_value(self, value: Any, *_: object) -> str:
        """Decrypts; an erased value reads as ""."""
        return decrypt("field", bytes(value)) if value else ""
