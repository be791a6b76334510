"""Pictures as a model might paint them, and answers of an images endpoint, good and bad."""

from __future__ import annotations

import base64
import io
import json
import random
import struct
import zlib
from typing import Any

from tests.doubles.chat_server import Asked, Behaviour, Handler


def photograph(width: int = 512, height: int = 512, seed: int = 1) -> Any:
    """A drawn scene with a dark and a bright half, blurred, with grain on all of it."""
    from PIL import Image, ImageDraw, ImageFilter

    rng = random.Random(seed)
    scene = Image.new("RGB", (width, height), (40, 60, 110))
    draw = ImageDraw.Draw(scene)
    draw.rectangle((width // 2, 0, width, height), fill=(240, 238, 225))
    for _ in range(40):
        x, y, size = rng.randrange(width), rng.randrange(height), rng.randrange(20, width // 4)
        colour = (rng.randrange(256), rng.randrange(256), rng.randrange(256))
        draw.ellipse((x, y, x + size, y + size), fill=colour)
    scene = scene.filter(ImageFilter.GaussianBlur(4))
    grain = Image.frombytes("L", (width, height), rng.randbytes(width * height))
    return Image.blend(scene, grain.convert("RGB"), 0.15)


def encoded(picture: Any, kind: str = "PNG", **options: Any) -> bytes:
    """A picture as a file."""
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def bomb(side: int) -> bytes:
    """A small PNG whose header says it has `side` × `side` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 100_000, 9)
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def paints(file: bytes) -> Behaviour:
    """Answer with this file in base64."""
    return answers({"created": 1, "data": [{"b64_json": base64.b64encode(file).decode()}]})


def answers(document: object) -> Behaviour:
    """Answer with this document."""

    def answer(handler: Handler, asked: Asked) -> None:
        handler.reply(200, json.dumps(document).encode())

    return answer


def wants(*refused: str, then: Behaviour) -> Behaviour:
    """Refuse a request that says any of these beside its words, as some servers do."""

    def answer(handler: Handler, asked: Asked) -> None:
        if any(name in asked.body for name in refused):
            handler.reply(400, b'{"error": {"message": "unknown parameter"}}')
        else:
            then(handler, asked)

    return answer
