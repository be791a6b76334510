"""The scenery of a banner: asked of an images endpoint; what comes back is read, never trusted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flux_cli.adapters.brains.llm.endpoint import NoAnswer
from flux_cli.adapters.brains.llm.prompts import Rung, instructions
from flux_cli.adapters.brains.llm.reply import strict_json
from flux_cli.domain.free_text import bounded
from flux_cli.domain.quorum import BallotError
from flux_cli.domain.work import Scene

PATH = "images/generations"
SIZE = "1024x1024"
"""A square, which every server paints; each banner cuts its own part out of it."""

MOST_ANSWER = 12 << 20
"""Bytes of an answer: a picture of at most 8 MiB in base64, and what is around it."""

LONGEST_SUBJECT = 90


@dataclass(frozen=True, slots=True)
class PicturePrompt:
    """One picture to paint. Servers differ in what they may be told beside the words of it.

    What is no picture is not asked for here again: whoever judges pictures does, once for all.
    """

    words: str
    mended: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 of our own words; what the client said is not in it."""
        return hashlib.sha256(instructions("scenery.v1").encode()).hexdigest()

    def body(self, model: str, rung: Rung, fault: str) -> dict[str, Any]:
        """The request; a rung lower without the one or the other of what some servers refuse."""
        assert not fault, "a picture is not mended in words"
        body: dict[str, Any] = {"model": model, "prompt": self.words, "n": 1}
        if rung is not Rung.TEXT:
            body["size"] = SIZE
        if rung is not Rung.OBJECT:
            body["response_format"] = "b64_json"
        return body

    def form(self, raw: bytes, rung: Rung) -> dict[str, Any]:  # noqa: ARG002 - one form on all
        """The one picture among the data of an answer. Raises `NoAnswer`."""
        try:
            document = strict_json(raw.decode("utf-8"))
        except (ValueError, RecursionError):
            raise NoAnswer(BallotError.SCHEMA, "the answer is not JSON") from None
        data = document.get("data") if isinstance(document, dict) else None
        if not isinstance(data, list) or len(data) != 1 or not isinstance(data[0], dict):
            raise NoAnswer(BallotError.SCHEMA, "the answer has not one picture")
        return data[0]


def picture_prompt(scene: Scene) -> PicturePrompt:
    """Our own words for the scene; the client's are a few plain ones between quotation marks."""
    # No sign that could end the quotation or begin another line is left.
    subject = " ".join(re.sub(r"[^\w ,.-]", " ", bounded(scene.subject, LONGEST_SUBJECT)).split())
    told = instructions("scenery.v1").strip()
    told = told.replace("{shows}", scene.shows).replace("{colours}", ", ".join(scene.colours))
    return PicturePrompt(told.replace("{subject}", subject))


def read_picture(form: Mapping[str, object]) -> str:
    """The file in base64, not yet decoded; an address is followed nowhere. Raises `NoAnswer`."""
    found = form.get("b64_json")
    if not isinstance(found, str) or not found:
        raise NoAnswer(BallotError.SCHEMA, "the answer holds no picture")
    if not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", found, re.ASCII):
        raise NoAnswer(BallotError.SCHEMA, "the picture is not in base64")
    return found
