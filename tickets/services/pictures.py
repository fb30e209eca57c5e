"""Pictures are encoded anew: what is kept are the pixels, turned upright; no EXIF, no place, no tail behind them."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageCms, ImageOps
from pillow_heif import register_heif_opener

from tickets.services.sniffing import JPEG, PNG, Kind, Refused

register_heif_opener(thumbnails=False)
Image.MAX_IMAGE_PIXELS = 120_000_000
"""Of the picture as sent, told by its first bytes; a large JPEG is decoded at a fraction of its size."""
_MOST_DECODED = 64_000_000
_EDGE, _PREVIEW_EDGE = 4096, 360
_OPENERS = {
    "image/jpeg": ["JPEG", "MPO"],
    "image/png": ["PNG"],
    "image/webp": ["WEBP"],
    "image/gif": ["GIF"],
    "image/heic": ["HEIF"],
}


@dataclass(frozen=True, slots=True)
class Encoded:
    """The picture and its preview, as they are served."""

    kind: Kind
    whole: bytes
    preview: bytes


def encode_anew(kind: Kind, content: BinaryIO) -> Encoded:
    """At most 4096 pixels an edge; PNG and GIF stay lossless, the rest becomes JPEG. Raises `Refused`."""
    content.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", category=UserWarning)
            with Image.open(content, formats=_OPENERS[kind.mime]) as opened:
                picture = _upright(_decoded(opened))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Refused("pixels") from None
    except (OSError, ValueError, SyntaxError, EOFError, TypeError, IndexError, KeyError, ArithmeticError):
        raise Refused("damaged") from None
    lossless = kind.mime in {"image/png", "image/gif"}
    whole = _saved(picture, "PNG") if lossless else _saved(picture, "JPEG")
    picture.thumbnail((_PREVIEW_EDGE, _PREVIEW_EDGE))
    return Encoded(PNG if lossless else JPEG, whole, _saved(picture, "JPEG"))


def _decoded(opened: Image.Image) -> Image.Image:
    opened.draft("RGB", (_EDGE, _EDGE))
    if opened.width * opened.height > _MOST_DECODED:
        raise Refused("pixels")
    opened.load()
    return opened


def _upright(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    turned = ImageOps.exif_transpose(picture)
    turned.thumbnail((_EDGE, _EDGE))
    if turned.mode in {"RGBA", "LA", "PA"} or "transparency" in turned.info:
        behind = Image.new("RGBA", turned.size, "white")
        turned = Image.alpha_composite(behind, turned.convert("RGBA"))
    plain = _in_srgb(turned, profile) if profile and turned.mode == "RGB" else turned.convert("RGB")
    plain.info.clear()
    return plain


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """The same colours without the camera's profile; one that cannot be read is left out."""
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB")) or picture
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture


def _saved(picture: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    if form == "PNG":
        picture.save(out, "PNG")
    else:
        picture.save(out, "JPEG", quality=85, optimize=True, exif=b"")
    return out.getvalue()
