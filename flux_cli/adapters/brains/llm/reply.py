"""Reading a Chat Completions answer: one message with content, and what it took."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flux_cli.adapters.brains.llm.endpoint import NoAnswer
from flux_cli.domain.quorum import BallotError

MOST_TOKENS = 10_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model wrote; tokens read and written, or None where the server does not say."""

    content: str
    used: tuple[int, int] | None


def usage_in(raw: bytes) -> tuple[int, int] | None:
    """(tokens read, tokens written) by the server's own count, or None."""
    try:
        usage = strict_json(raw.decode("utf-8"))["usage"]
        given, made = usage["prompt_tokens"], usage["completion_tokens"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    if not all(type(count) is int and 0 <= count <= MOST_TOKENS for count in (given, made)):
        return None
    return given, made


def content_of(raw: bytes) -> str:
    """The one message's text. Raises `NoAnswer`: a refusal, or not the form of an answer."""
    try:
        document = strict_json(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise NoAnswer(BallotError.SCHEMA, "the answer is not JSON") from None
    choices = document.get("choices") if isinstance(document, dict) else None
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], dict):
        raise NoAnswer(BallotError.SCHEMA, "the answer has not one choice")
    choice: Mapping[str, Any] = choices[0]
    message = choice.get("message")
    if not isinstance(message, dict):
        raise NoAnswer(BallotError.SCHEMA, "the answer has no message")
    if message.get("refusal") or choice.get("finish_reason") == "content_filter":
        raise NoAnswer(BallotError.REFUSAL, "the model declined to answer")
    if message.get("tool_calls") or message.get("function_call"):
        raise NoAnswer(BallotError.SCHEMA, "the answer calls a tool; there are none")
    if choice.get("finish_reason") == "length":
        raise NoAnswer(BallotError.SCHEMA, "the answer was cut at its longest")
    content = message.get("content")
    if not isinstance(content, str) or not content.strip():
        raise NoAnswer(BallotError.SCHEMA, "the message has no text")
    return content


def whole_object(content: str) -> dict[str, Any]:
    """The JSON object that the text is, with nothing beside it but a fence. Raises `NoAnswer`."""
    fenced = _FENCE.fullmatch(content.strip())
    try:
        value = strict_json(fenced[1] if fenced else content)
    except (ValueError, RecursionError):
        raise NoAnswer(BallotError.SCHEMA, "not one JSON object and nothing else") from None
    return _an_object(value)


def first_object(content: str) -> dict[str, Any]:
    """The first JSON object in the text, whatever is around it. Raises `NoAnswer`."""
    start = content.find("{")
    if start < 0:
        raise NoAnswer(BallotError.SCHEMA, "there is no JSON object in it")
    try:
        value, _ = _DECODER.raw_decode(content, start)
    except (ValueError, RecursionError):
        raise NoAnswer(BallotError.SCHEMA, "the first JSON object in it is broken") from None
    return _an_object(value)


def _an_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NoAnswer(BallotError.SCHEMA, "not a JSON object")
    return value


def strict_json(text: str) -> Any:
    """`text` as JSON: no name twice, no NaN. Raises `ValueError`, `RecursionError`."""
    return _DECODER.decode(text)


_FENCE = re.compile(r"```(?:json)?\n([^`]*)```")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name appears twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)
