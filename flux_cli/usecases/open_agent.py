"""Entering an agent at a program's request, with its limits and what the program notes of it."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from flux_cli.domain.agents import ECONOMY, Agent, AgentKind, AgentStatus
from flux_cli.domain.free_text import bounded
from flux_cli.domain.notes import Note, note_id
from flux_cli.domain.policies import EVERYBODY
from flux_cli.domain.text import HIDDEN
from flux_cli.errors import InvalidInput, WrongState
from flux_cli.usecases.caps import Caps, first_policy
from flux_cli.usecases.found_economy import register_agent
from flux_cli.usecases.ports import Deps

LONGEST_NAME = 64
RESERVED = (ECONOMY, EVERYBODY)
"""Names that mean all agents where an agent's name could stand."""


def open_agent(
    deps: Deps,
    name: str,
    caps: Caps | None,
    *,
    display_name: str,
    kind: AgentKind = AgentKind.BUYER,
    note: str | None = None,
) -> Agent:
    """Enter an agent under its exact name; `note` is the program's own JSON text about it.

    Without `caps` it has no policy, so it spends nothing until the owner gives it one.

    Raises `InvalidInput` for a name that no agent can have, `WrongState` for one that has one.
    """
    if wrong := name_fault(name):
        raise InvalidInput(f"{name[:LONGEST_NAME]!r} cannot name an agent: {wrong}")
    with deps.store.begin() as tx:
        if tx.lookup(Agent, name=name) is not None:
            raise WrongState(f"agent {name!r} already exists", subject=name)
        agent = register_agent(deps, tx, name, bounded(display_name, LONGEST_NAME), kind)
        if caps is not None:
            if caps.paused:
                agent = replace(agent, status=AgentStatus.PAUSED)
                tx.put(agent, "agent.paused")
            tx.put(first_policy(deps.ids.new("policy"), name, caps, tx.now), "policy.set")
        if note is not None:
            tx.put(Note(note_id(agent.id), agent.id, note), "note.kept")
    return agent


def name_fault(name: str) -> str | None:
    """What is wrong with an agent's name, or None.

    It is an exact id, so what looks the same must be the same: one spelling, nothing hidden.
    """
    if not 0 < len(name) <= LONGEST_NAME:
        return f"it has 1 to {LONGEST_NAME} characters"
    if HIDDEN.search(name) or name != name.strip():
        return "a character in it cannot be seen"
    if name != unicodedata.normalize("NFC", name):
        return "it is not in Unicode's NFC form"
    if name in RESERVED or name.endswith(":"):
        return "it has another meaning"
    return None
