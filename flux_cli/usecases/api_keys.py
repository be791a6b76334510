"""API keys made, checked, rotated and revoked; and whose agents a key sees."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from hmac import compare_digest

from flux_cli.domain.agents import Agent
from flux_cli.domain.api_keys import (
    HOUSE,
    LONGEST_LABEL,
    LONGEST_OWNER,
    SECRET_LENGTH,
    AgentOwner,
    ApiKey,
    Environment,
    Scope,
    agent_owner_id,
    read_key,
    spell_key,
)
from flux_cli.domain.free_text import bounded
from flux_cli.domain.identifiers import ALPHABET
from flux_cli.domain.text import visible
from flux_cli.errors import InvalidInput, NotFound, WrongState
from flux_cli.usecases.ports import Deps, Reader, Transaction

LONGEST_LIFE = timedelta(days=3660)
LONGEST_OVERLAP = timedelta(days=30)
USE_IS_NOTED_EVERY = timedelta(minutes=10)
"""How exactly `last_used_at` is kept: a write for every request would say no more."""

NOBODY = "key_" + "0" * 26
NO_HASH = hashlib.sha256(b"").hexdigest()
"""What is looked up and compared where there is no key, so that it takes as long."""

_OWNER = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{LONGEST_OWNER - 1}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A key to be made: for whom, what it may do, and for how long (None: until revoked)."""

    owner: str = HOUSE
    scopes: frozenset[Scope] = frozenset({Scope.READ})
    agent: str | None = None
    label: str = ""
    environment: Environment = Environment.TEST
    lasts: timedelta | None = None


def create_key(deps: Deps, request: KeyRequest) -> tuple[ApiKey, str]:
    """The key, and its whole text, which nobody can be told again.

    The caller has made sure that it is the owner. Raises `InvalidInput`, and `NotFound` for an
    agent that the owner has not.
    """
    if not _OWNER.fullmatch(request.owner):
        raise InvalidInput(f"an owner is 1 to {LONGEST_OWNER} of a-z, 0-9 and -", param="--owner")
    if not request.scopes:
        raise InvalidInput("a key without a scope opens nothing", param="--scope")
    if request.lasts is not None and not timedelta(0) < request.lasts <= LONGEST_LIFE:
        raise InvalidInput("a key lasts from a second to 3660 days", param="--expires")
    with deps.store.begin() as tx:
        name = request.agent
        if name is not None and not Sight(request.owner, None).sees(tx, name):
            raise NotFound(f"{request.owner} has no agent named {name[:64]!r}", subject=name[:64])
        return _put(deps, tx, request, None)


def _put(
    deps: Deps, tx: Transaction, request: KeyRequest, replaces: str | None
) -> tuple[ApiKey, str]:
    secret = _secret()
    key = ApiKey(
        id=deps.ids.new("api_key"),
        owner=request.owner,
        agent=request.agent,
        label=bounded(visible(request.label), LONGEST_LABEL),
        environment=request.environment,
        scopes=request.scopes,
        secret_hash=_hash(secret),
        created_at=tx.now,
        expires_at=None if request.lasts is None else tx.now + request.lasts,
        revoked_at=None,
        last_used_at=None,
        replaces=replaces,
    )
    tx.put(key, "api_key.created")
    return key, spell_key(key.environment, key.id, secret)


def rotate_key(deps: Deps, key_id: str, overlap: timedelta) -> tuple[ApiKey, str]:
    """A new key in place of another, which goes on opening for `overlap` and no longer.

    Raises `NotFound`, `InvalidInput`, and `WrongState` for a key that opens nothing any more.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidInput("the overlap is from nothing to 30 days", param="--overlap")
    with deps.store.begin() as tx:
        old = tx.resolve(ApiKey, key_id)
        if not old.opens_at(tx.now):
            raise WrongState(f"{old.id} is revoked or has expired", subject=old.id)
        lasts = None if old.expires_at is None else old.expires_at - old.created_at
        request = KeyRequest(old.owner, old.scopes, old.agent, old.label, old.environment, lasts)
        made = _put(deps, tx, request, old.id)
        ends = tx.now + overlap
        if old.expires_at is None or ends < old.expires_at:
            tx.put(replace(old, expires_at=ends), "api_key.rotated")
        return made


def revoke_key(deps: Deps, key_id: str) -> ApiKey:
    """Let nobody in with this key from now on; repeats change nothing. Raises `NotFound`."""
    with deps.store.begin() as tx:
        key = tx.resolve(ApiKey, key_id)
        if key.revoked_at is not None:
            return key
        revoked = replace(key, revoked_at=tx.now)
        tx.put(revoked, "api_key.revoked")
    return revoked


def key_behind(deps: Deps, text: str) -> ApiKey | None:
    """The key whose whole text this is, if it opens; None for every other text.

    Each text costs one look-up, one hash and one comparison, whatever is wrong with it.
    """
    parts = read_key(text)
    key_id, environment, secret = parts or (NOBODY, Environment.TEST, "0" * SECRET_LENGTH)
    with deps.store.reading() as reader:
        key = reader.lookup(ApiKey, id=key_id)
        now = max(reader.now, reader.ledger_time)
    kept = NO_HASH if key is None else key.secret_hash
    matches = compare_digest(_hash(secret), kept)
    if key is None or not matches or key.environment is not environment:
        return None
    return key if key.opens_at(now) else None


def note_use(deps: Deps, key: ApiKey) -> None:
    """Keep when a key was last used, to `USE_IS_NOTED_EVERY`."""
    with deps.store.begin() as tx:
        known = tx.get(ApiKey, key.id)
        if _use_is_noted(known, tx):
            return
        tx.put(replace(known, last_used_at=tx.now), "api_key.used")


def is_use_noted(deps: Deps, key: ApiKey) -> bool:
    """Whether what is kept of the key's last use is exact enough."""
    with deps.store.reading() as reader:
        return _use_is_noted(key, reader)


def _use_is_noted(key: ApiKey, reader: Reader) -> bool:
    return key.last_used_at is not None and reader.now < key.last_used_at + USE_IS_NOTED_EVERY


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose agents are seen: those of `owner`, or of them only `agent` where that is named."""

    owner: str
    agent: str | None

    def sees(self, reader: Reader, name: str) -> bool:
        """Whether the agent of this name is there, and is one of those."""
        return self.agent in (None, name) and self.knows(reader, name)

    def knows(self, reader: Reader, name: str) -> bool:
        """Whether the agent of this name is there and of the same owner: it may be paid."""
        if reader.lookup(Agent, name=name) is None:
            return False
        return owner_of(reader, name) == self.owner

    def sees_any(self, reader: Reader, names: Iterable[str]) -> bool:
        """Whether one of these is seen."""
        return any(self.sees(reader, name) for name in names)


def sight_of(key: ApiKey) -> Sight:
    """What a key sees."""
    return Sight(key.owner, key.agent)


def owner_of(reader: Reader, agent: str) -> str:
    """Whose an agent is: the ledger's own owner's where nobody else asked for it."""
    found = reader.lookup(AgentOwner, agent=agent)
    return HOUSE if found is None else found.owner


def claim_agent(deps: Deps, name: str, owner: str, claim: str) -> None:
    """Take an agent's name for an owner, before the agent is entered under it.

    The same claim may be made again. Raises `WrongState` where the name is taken.
    """
    with deps.store.begin() as tx:
        found = tx.lookup(AgentOwner, agent=name)
        if found is not None and (found.owner, found.claim) == (owner, claim):
            return
        if found is not None or tx.lookup(Agent, name=name) is not None:
            raise WrongState(f"agent {name!r} already exists", subject=name)
        tx.put(AgentOwner(agent_owner_id(name), name, owner, claim, tx.now), "agent.claimed")


def known_key(reader: Reader, text: str) -> ApiKey:
    """The key of this id or of a unique beginning or end of it. Raises `NotFound`."""
    return reader.resolve(ApiKey, text)


def every_key(reader: Reader, limit: int, before: str | None) -> list[ApiKey]:
    """Keys, newest first."""
    return reader.find(ApiKey, limit=limit, before=before)


def _secret() -> str:
    number = int.from_bytes(secrets.token_bytes(32))
    return "".join(ALPHABET[number >> shift & 31] for shift in range(255, -1, -5))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()
