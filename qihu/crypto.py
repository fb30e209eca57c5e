"""SM3 hashes and authenticated encryption of personal fields. Keys come from settings, never from the database."""

import os
from collections.abc import Iterable
from functools import lru_cache

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_NONCE = 12


def sm3(*parts: bytes) -> bytes:
    """SM3 digest (GB/T 32905) of the parts, concatenated: 32 bytes."""
    digest = hashes.Hash(hashes.SM3())
    for part in parts:
        digest.update(part)
    return digest.finalize()


def sm3_of(blocks: Iterable[bytes]) -> bytes:
    """As `sm3`, of what need not be in memory at once."""
    digest = hashes.Hash(hashes.SM3())
    for block in blocks:
        digest.update(block)
    return digest.finalize()


def running_sm3() -> hashes.Hash:
    """SM3 of what is still coming: `update` it, `copy` it, `finalize` it to 32 bytes."""
    return hashes.Hash(hashes.SM3())


def keyed(purpose: str, message: str) -> bytes:
    """HMAC-SM3 of `message` under the key derived for `purpose`: 32 bytes. Blind indexes and access codes."""
    mac = hmac.HMAC(_key(purpose), hashes.SM3())
    mac.update(message.encode())
    return mac.finalize()


def sealed(message: bytes) -> bytes:
    """HMAC-SM3 of `message` under the sealing key, which the database never sees: 32 bytes."""
    mac = hmac.HMAC(_derived(settings.SEAL_KEY, "seal"), hashes.SM3())
    mac.update(message)
    return mac.finalize()


def encrypt(purpose: str, plain: str) -> bytes:
    """AES-256-GCM: nonce ‖ ciphertext ‖ tag."""
    return encrypt_bytes(purpose, plain.encode())


def decrypt(purpose: str, sealed: bytes) -> str:
    """Inverse of `encrypt`; raises `cryptography.exceptions.InvalidTag` if altered or under another key."""
    return decrypt_bytes(purpose, sealed).decode()


def encrypt_bytes(purpose: str, plain: bytes) -> bytes:
    """As `encrypt`, of what is no text. `purpose` may name the place too, so that nothing can be put elsewhere."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(_key(purpose)).encrypt(nonce, plain, purpose.encode())


def decrypt_bytes(purpose: str, sealed: bytes) -> bytes:
    """Inverse of `encrypt_bytes`; raises as `decrypt`."""
    return AESGCM(_key(purpose)).decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())


def _key(purpose: str) -> bytes:
    return _derived(settings.FIELD_KEY, purpose)


@lru_cache(maxsize=32)
def _derived(secret: str, purpose: str) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=b"qihu", info=purpose.encode())
    return kdf.derive(secret.encode())
