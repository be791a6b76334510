"""`flux auth`: the providers' secrets, taken from a terminal, stdin or a file; never from argv."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from flux_cli.bootstrap_votes import forget_key, keep_key, key_place, key_source, probe
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import Fix, InvalidInput

app = noun("The secrets of the models' providers.")

LONGEST_SECRET = 4096

Provider = Annotated[
    str, typer.Argument(metavar="PROVIDER", help="Its name in the configuration, e.g. openai.")
]
COLUMNS = (
    Column("provider", "provider"),
    Column("key", "key", "status"),
    Column("variable", "variable"),
    Column("used_by", "used by"),
    Column("host", "host"),
)


@verb(app, "status", examples=("flux auth status",))
def status(flux: Invocation) -> None:
    """List the providers and where each key comes from; no key is ever shown."""
    rows = [_row(flux, name) for name in flux.config.providers]
    last = "an environment variable, VARIABLE_FILE, then the keyring; the first that is there"
    flux.show(Listing("provider", rows, COLUMNS, last=last))


def _row(flux: Invocation, name: str) -> dict[str, object]:
    provider = flux.config.providers[name]
    seats = [seat.name for seat in flux.config.quorum.seats if seat.provider == name]
    asked = [
        seat.name
        for seat in flux.config.quorum.seats
        if seat.provider == name and seat.backend == "llm"
    ]
    return {
        "provider": name,
        "key": key_source(flux.config, name, flux.environ),
        "variable": provider.key_env or None,
        "host": urlsplit(provider.base_url).netloc,
        "seats": seats,
        "asked_for": asked,
        "used_by": ", ".join(asked) or ("rules stand in" if seats else "no seat"),
    }


@verb(
    app,
    "set",
    examples=("flux auth set openai", "flux auth set openai --from-file key.txt"),
)
def set_(
    flux: Invocation,
    provider: Provider,
    from_file: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Read the key from this file; - reads stdin."),
    ] = None,
) -> None:
    """Keep a provider's key in the system's keyring.

    It is typed at the terminal without being shown, or read from stdin or a file.
    """
    key_place(flux.config, provider)
    keep_key(flux.config, provider, _secret(flux, provider, from_file))
    kept = {"provider": provider, "key": key_source(flux.config, provider, flux.environ)}
    last = "kept in the keyring"
    if kept["key"] != "keyring":
        last = f"kept in the keyring; the one from the {kept['key']} goes before it"
    flux.show(Document("provider", kept, last=last))


@verb(app, "test", examples=("flux auth test openai",))
def test(flux: Invocation, provider: Provider) -> ExitCode:
    """Ask a provider for one word; ends with 4 for a bad key, 7 where it does not answer.

    It costs a handful of tokens.
    """
    key_place(flux.config, provider)
    found = probe(flux.config, provider)
    fields = {
        "provider": provider,
        "ok": found.ok,
        "detail": found.detail,
        "model": found.model,
        "host": found.host,
        "latency_ms": found.latency_ms,
        "key": key_source(flux.config, provider, flux.environ),
    }
    flux.show(Document("provider_test", fields, last=f"{provider}: {found.detail}"))
    if found.ok:
        return ExitCode.OK
    return ExitCode.AUTH if is_about_the_key(found.detail) else ExitCode.TEMPORARY


@verb(app, "rm", examples=("flux auth rm openai",))
def rm(flux: Invocation, provider: Provider) -> None:
    """Take a provider's key out of the keyring."""
    gone = forget_key(flux.config, provider)
    last = "removed" if gone else "the keyring held none"
    left = key_source(flux.config, provider, flux.environ)
    if left not in ("none", "not needed"):
        last += f"; one from the {left} is still used"
    flux.show(Document("provider", {"provider": provider, "removed": gone, "key": left}, last=last))


def is_about_the_key(detail: str) -> bool:
    """Whether a provider's fault is one of the key: none, or one it does not take."""
    return detail.startswith("no key") or detail in ("status 401", "status 403")


def _secret(flux: Invocation, provider: str, path: Path | None) -> str:
    """The key as it was typed or read; raises `InvalidInput` where there is none."""
    if path is not None and str(path) != "-":
        try:
            with path.open("rb") as file:
                return _one_line(file.read(LONGEST_SECRET + 1), "--from-file")
        except OSError as error:
            raise InvalidInput(
                f"cannot read the key: {error.strerror}", subject=str(path), param="--from-file"
            ) from error
    if path is not None or not sys.stdin.isatty():
        return _one_line(sys.stdin.buffer.read(LONGEST_SECRET + 1), "stdin")
    if flux.no_input or flux.environ.get("CI"):
        raise InvalidInput(
            "nobody is here to type the key",
            param="--from-file",
            fixes=(Fix("pipe it in, or name a file with --from-file PATH"),),
        )
    return getpass.getpass(f"Key for {provider} (not shown): ")


def _one_line(raw: bytes, place: str) -> str:
    text = raw.decode("ascii", "replace").strip()
    if not text:
        raise InvalidInput(f"{place} holds no key", param=place)
    if len(raw) > LONGEST_SECRET or "\n" in text:
        raise InvalidInput(f"{place} holds more than a key", param=place)
    return text
