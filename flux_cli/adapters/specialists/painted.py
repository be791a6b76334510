"""A picture from outside: bounded before it is decoded, and nothing of its file is kept."""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import dataclass
from typing import Any

from flux_cli.errors import WorkFailed

KINDS = ("PNG", "JPEG", "WEBP")
"""What a picture may be, by its content."""

MOST_BYTES = 8 << 20
MOST_PIXELS = 24_000_000
LEAST_SIDE = 256
LEAST_SPREAD = 3
"""The standard deviation of a channel, of 255; a picture with less in each shows nothing."""

QUALITY = 86


def read_painted(text: str) -> Painted:
    """The picture in a file in base64. Raises `WorkFailed` where it is none to use."""
    from PIL import Image, ImageStat

    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise WorkFailed("the picture is not in base64") from None
    if len(data) > MOST_BYTES:
        raise WorkFailed(f"the picture has more than {MOST_BYTES} bytes")
    try:
        with Image.open(io.BytesIO(data), formats=KINDS) as file:
            # The header is looked at first: a small file can claim a picture of gigabytes.
            width, height = file.size
            if width * height > MOST_PIXELS:
                raise WorkFailed(f"the picture has more than {MOST_PIXELS} pixels")
            if min(width, height) < LEAST_SIDE:
                raise WorkFailed(f"the picture has {width} × {height} pixels, too few")
            seen = file.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise WorkFailed("what came is no PNG, JPEG or WebP picture") from None
    whole = Image.new("RGB", seen.size, "white")
    whole.paste(seen, mask=seen.getchannel("A"))
    if max(ImageStat.Stat(whole).stddev) < LEAST_SPREAD:
        raise WorkFailed("the picture shows nothing: it is one plain colour")
    return Painted(whole)


@dataclass(frozen=True, slots=True)
class Painted:
    """A picture as RGB, and at what `share` of a banner's own pixels it is shown."""

    picture: Any
    share: float = 1.0

    def cut(self, width: float, height: float) -> bytes:
        """Its middle in this shape, as a JPEG without metadata."""
        from PIL import Image, ImageOps

        size = (max(1, round(width * self.share)), max(1, round(height * self.share)))
        fitted = ImageOps.fit(self.picture, size, Image.Resampling.LANCZOS)
        written = io.BytesIO()
        fitted.save(written, "JPEG", quality=QUALITY)
        return written.getvalue()
