"""API keys: what a program shows to be let in, what it may do, and whose agents it sees."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flux_cli.domain.identifiers import ALPHABET

HOUSE = "owner"
"""The ledger's own owner: whoever has agents that belong to no other."""

SECRET_LENGTH = 52
"""Characters of the secret part: 256 random bits and four zeros, in base 32."""

ID_LENGTH = 26
CHECK_LENGTH = 7
LONGEST_OWNER = 16
LONGEST_LABEL = 64


class Scope(StrEnum):
    """What a key may do; `admin` may do all of it."""

    READ = "read"
    PROPOSE = "propose"
    PAY = "pay"
    CARDS = "cards"
    ADMIN = "admin"


class Environment(StrEnum):
    """Whether payments over rails that leave the ledger may be asked for: only with a live key."""

    TEST = "test"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept: the hash of its secret, never the secret.

    It acts for `owner`, and of the owner's agents only for `agent` where that is named.
    """

    id: str
    owner: str
    agent: str | None
    label: str
    environment: Environment
    scopes: frozenset[Scope]
    secret_hash: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    replaces: str | None

    def opens_at(self, now: datetime) -> bool:
        """Whether the key lets anybody in."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def allows(self, scope: Scope) -> bool:
        """Whether the key may do what `scope` names."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


@dataclass(frozen=True, slots=True)
class AgentOwner:
    """Whose an agent is. `claim` names the request that asked for the name, so it may ask again."""

    id: str
    agent: str
    owner: str
    claim: str
    at: datetime


def agent_owner_id(agent: str) -> str:
    """The id of the record that says whose an agent is."""
    return f"owner:{agent}"


@dataclass(frozen=True, slots=True)
class ApiReply:
    """What a request with an idempotency key was answered; the same request gets it again."""

    id: str
    request_digest: str
    status: int
    body: str
    at: datetime


def spell_key(environment: Environment, key_id: str, secret: str) -> str:
    """The whole key as its holder keeps it: `flux_test_` + id + secret + checksum."""
    body = key_id.removeprefix("key_") + secret
    return f"flux_{environment}_{body}{_checksum(body)}"


def read_key(text: str) -> tuple[str, Environment, str] | None:
    """(id, environment, secret) of a whole key; None for what is none, as a mistyped one is."""
    name, _, rest = text.partition("_")
    environment, _, body = rest.partition("_")
    if name != "flux" or environment not in set(Environment):
        return None
    if len(body) != ID_LENGTH + SECRET_LENGTH + CHECK_LENGTH or not set(body) <= set(ALPHABET):
        return None
    if _checksum(body[:-CHECK_LENGTH]) != body[-CHECK_LENGTH:]:
        return None
    key_id, secret = body[:ID_LENGTH], body[ID_LENGTH:-CHECK_LENGTH]
    return f"key_{key_id}", Environment(environment), secret


def _checksum(body: str) -> str:
    """CRC-32 in base 32: a slip of the hand is seen without asking the ledger."""
    number = zlib.crc32(body.encode("ascii"))
    return "".join(ALPHABET[number >> shift & 31] for shift in range(30, -1, -5))
