"""Selective disclosure (RFC 9901): what a digest hides, and putting it back, strictly."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from flux_cli.adapters.ap2.faults import Fault
from flux_cli.adapters.ap2.strict_json import Json, from_b64url, from_json, to_b64url, to_json

LONGEST_TOKEN = 200_000
MOST_DISCLOSURES = 500
DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Parts:
    """A token and the disclosures sent with it."""

    token: str
    disclosures: tuple[str, ...]

    @property
    def whole(self) -> str:
        """What a key binding's `sd_hash` is over: the token, each disclosure, a last tilde."""
        return "~".join((self.token, *self.disclosures, ""))


def hashed(text: str) -> str:
    """Base64url of the SHA-256 of ASCII text."""
    return to_b64url(hashlib.sha256(text.encode("ascii")).digest())


def hidden(value: object) -> tuple[str, Json]:
    """(disclosure, array element that stands for it) of a value that is shown apart."""
    disclosure = to_b64url(to_json([to_b64url(secrets.token_bytes(16)), value]))
    return disclosure, {"...": hashed(disclosure)}


def split(text: str, field: str) -> Parts:
    """One segment of a chain: a token and its disclosures. Raises `Fault`."""
    if not text.isascii() or len(text) > LONGEST_TOKEN:
        raise Fault("malformed", field, f"a token is ASCII of at most {LONGEST_TOKEN} characters")
    token, *disclosures = text.removesuffix("~").split("~")
    if not all(disclosures) or len(disclosures) > MOST_DISCLOSURES:
        raise Fault("disclosure", f"{field}.disclosures", f"at most {MOST_DISCLOSURES}, none empty")
    if any("." in one for one in disclosures):
        raise Fault("malformed", f"{field}.disclosures", "a key binding ends no segment of AP2")
    return Parts(token, tuple(disclosures))


def disclosed(payload: Json, parts: Parts, field: str) -> Json:
    """The payload with every disclosure in its place. Raises `Fault`.

    Each must be asked for by exactly one digest, and no digest may be there twice.
    """
    if payload.get("_sd_alg", "sha-256") != "sha-256":
        raise Fault("algorithm", f"{field}._sd_alg", "sha-256 is the one hash")
    where = f"{field}.disclosures"
    if len(set(parts.disclosures)) != len(parts.disclosures):
        raise Fault("disclosure", where, "one is there twice")
    waiting = {hashed(one): one for one in parts.disclosures}
    found = _Opening(waiting, where).opened(payload, 0)
    if waiting:
        raise Fault("disclosure", where, "one belongs to no digest of the token")
    assert isinstance(found, dict), "a payload is an object"
    return found


class _Opening:
    """One token's disclosures, each taken once; `seen` are all digests met."""

    def __init__(self, waiting: dict[str, str], where: str) -> None:
        self._waiting = waiting
        self._where = where
        self._seen = set[str]()

    def opened(self, value: object, depth: int) -> object:
        if depth > DEEPEST:
            raise Fault("malformed", self._where, f"more than {DEEPEST} levels")
        if isinstance(value, list):
            return [
                self.opened(one, depth + 1) for element in value for one in self._element(element)
            ]
        if isinstance(value, dict):
            return self._object(value, depth)
        return value

    def _element(self, element: object) -> list[object]:
        """What is in an array for one element of it: nothing, where it is not disclosed."""
        if not isinstance(element, dict) or "..." not in element:
            return [element]
        if len(element) != 1:
            raise Fault("disclosure", self._where, "a hidden element has nothing beside its digest")
        taken = self._take(element["..."], 2)
        return [] if taken is None else [taken[1]]

    def _object(self, value: Json, depth: int) -> Json:
        opened = {
            name: self.opened(one, depth + 1)
            for name, one in value.items()
            if name not in ("_sd", "_sd_alg")
        }
        digests = value.get("_sd", [])
        if not isinstance(digests, list):
            raise Fault("disclosure", self._where, "_sd is a list of digests")
        for digest in digests:
            taken = self._take(digest, 3)
            if taken is None:
                continue
            name = taken[1]
            if not isinstance(name, str) or name in ("_sd", "_sd_alg", "...") or name in opened:
                raise Fault("disclosure", self._where, f"{str(name)[:40]!r} is there already")
            opened[name] = self.opened(taken[2], depth + 1)
        return opened

    def _take(self, digest: object, length: int) -> list[Any] | None:
        if not isinstance(digest, str):
            raise Fault("disclosure", self._where, "a digest is text")
        if digest in self._seen:
            raise Fault("disclosure", self._where, "a digest is there twice")
        self._seen.add(digest)
        disclosure = self._waiting.pop(digest, None)
        if disclosure is None:
            return None
        found = from_json(from_b64url(disclosure, self._where), self._where)
        if not isinstance(found, list) or len(found) != length or not isinstance(found[0], str):
            raise Fault("disclosure", self._where, "it is no [salt, name, value] or [salt, value]")
        return found
