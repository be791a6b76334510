"""`flux keys create|list|revoke|rotate|verify`: what programs show to `flux serve`."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing, open_flux
from flux_cli.domain.api_keys import HOUSE, ApiKey, Environment, Scope
from flux_cli.domain.streams import parse_duration
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.ownership import TokenFile, prove_owner
from flux_cli.entrypoints.cli.pages import PAGED
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import InvalidInput
from flux_cli.usecases.api_keys import (
    KeyRequest,
    create_key,
    every_key,
    key_behind,
    known_key,
    revoke_key,
    rotate_key,
)
from flux_cli.usecases.describe_run import Document as Fields
from flux_cli.usecases.describe_run import shallow
from flux_cli.usecases.found_economy import found_economy

app = noun("Keys for programs that use `flux serve`.")

COLUMNS = (
    Column("id", "id", "id"),
    Column("state", "state", "status"),
    Column("owner", "owner"),
    Column("agent", "agent"),
    Column("scopes", "scopes"),
    Column("last_used_at", "last used", "time"),
    Column("label", "label"),
)

KeyId = Annotated[str, typer.Argument(metavar="ID", help="The key's id, or its start.")]
ONCE = "keep it now: it is kept here as a hash, and nobody can show it again"


@verb(
    app,
    "create",
    examples=(
        "flux keys create --scope read",
        "flux keys create --scope pay --scope read --agent orchestrator --expires 30d",
    ),
)
def create(
    flux: Invocation,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What it may do; repeatable. Else: read.")
    ] = None,
    owner: Annotated[
        str, typer.Option(metavar="NAME", help="Whose agents it sees; others' never.")
    ] = HOUSE,
    agent: Annotated[
        str | None, typer.Option(metavar="NAME", help="The one agent it acts for.")
    ] = None,
    label: Annotated[str, typer.Option(metavar="TEXT", help="What it is for.")] = "",
    live: Annotated[
        bool, typer.Option("--live", help="It may name rails that move real money.")
    ] = False,
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="Opens only for so long: 12h, 30d.")
    ] = None,
    owner_token_file: TokenFile = None,
) -> None:
    """Make a key for a program; it is shown once."""
    deps = open_flux(flux.config, timeout=flux.timeout)
    found_economy(deps)
    request = KeyRequest(
        owner=owner,
        scopes=frozenset(scope or [Scope.READ]),
        agent=agent,
        label=label,
        environment=Environment.LIVE if live else Environment.TEST,
        lasts=None if expires is None else _duration("--expires", expires),
    )
    admin = Scope.ADMIN in request.scopes
    may = "do all that a key can" if admin else ", ".join(sorted(request.scopes))
    what = f"A program that has this key may {may} for {agent or f'all agents of {owner}'}."
    prove_owner(flux, deps, what, owner, token_file=owner_token_file)
    _show_once(flux, *create_key(deps, request))


@verb(app, "list", options=PAGED, examples=("flux keys list",))
def list_(flux: Invocation) -> None:
    """List keys, newest first; what they open with is nowhere."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        found = every_key(reader, flux.limit + 1, flux.after)
    rows = [_fields(flux, key) for key in found[: flux.limit]]
    following = found[flux.limit - 1].id if len(found) > flux.limit else None
    empty = "no keys: `flux keys create` makes one"
    flux.show(Listing("api_key", rows, COLUMNS, following, empty=empty))


@verb(app, "revoke", examples=("flux keys revoke key_01",))
def revoke(flux: Invocation, key_id: KeyId) -> None:
    """Let nobody in with a key from now on."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    key = revoke_key(deps, key_id)
    flux.show(Document("api_key", _fields(flux, key), last=f"{key.id} opens nothing any more"))


@verb(app, "rotate", examples=("flux keys rotate key_01 --overlap 1h",))
def rotate(
    flux: Invocation,
    key_id: KeyId,
    overlap: Annotated[
        str, typer.Option(metavar="TIME", help="How long the old one goes on: 0s, 1h, 7d.")
    ] = "24h",
    owner_token_file: TokenFile = None,
) -> None:
    """Make a key in place of another, which ends after the overlap; shown once."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        old = known_key(reader, key_id)
    lasts = timedelta(0) if overlap == "0s" else _duration("--overlap", overlap)
    prove_owner(
        flux, deps, f"A new key takes the place of {old.id}.", old.owner,
        token_file=owner_token_file,
    )  # fmt: skip
    _show_once(flux, *rotate_key(deps, old.id, lasts))


@verb(app, "verify", examples=("flux keys verify < key.txt",))
def verify(flux: Invocation) -> ExitCode:
    """Say which key is on stdin, if it opens; a key in an argument would be seen by others."""
    if sys.stdin.isatty():
        raise InvalidInput("give the key on stdin: flux keys verify < key.txt", param="KEY")
    deps = open_existing(flux.config, timeout=flux.timeout)
    key = key_behind(deps, sys.stdin.read(200).strip())
    if key is None:
        flux.show(Document("api_key_check", {"valid": False}, last="this key opens nothing"))
        return ExitCode.AUTH
    fields = {"valid": True} | _fields(flux, key)
    flux.show(Document("api_key_check", fields, last=f"{key.id} opens"))
    return ExitCode.OK


def _show_once(flux: Invocation, key: ApiKey, text: str) -> None:
    fields = {"id": key.id, "key": text} | _fields(flux, key)
    flux.show(Document("api_key", fields, last=ONCE))


def _fields(flux: Invocation, key: ApiKey) -> Fields:
    """A key as it may be shown: not even the hash of its secret."""
    state = "revoked" if key.revoked_at else "active" if key.opens_at(flux.now) else "expired"
    fields = {name: value for name, value in shallow(key).items() if name != "secret_hash"}
    scopes = sorted(key.scopes)
    return fields | {"state": state, "scopes": ", ".join(scopes) if flux.for_people else scopes}


def _duration(option: str, text: str) -> timedelta:
    try:
        return timedelta(seconds=parse_duration(text))
    except InvalidInput as error:
        raise InvalidInput(error.message, param=option) from None
