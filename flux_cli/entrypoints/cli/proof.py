"""`flux proof export|verify`: what proves a payment, for somebody who has not this ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.bootstrap_chain import open_chain
from flux_cli.bootstrap_web import check_proof
from flux_cli.domain.evidence import FieldCheck
from flux_cli.domain.text import visible
from flux_cli.entrypoints.cli.document import Column, Document
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.settlement_documents import LOCAL
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import InvalidInput, NotFound, StorageFailed
from flux_cli.usecases.proof_bundle import compare_online, proof_bundle
from flux_cli.usecases.view_payments import find_payment

app = noun("What proves a payment, checked by anybody without this ledger.")
SIMULATED = "SIMULATED: no real money moved"
UNASKED = "the receipts are the exporter's word until a node is asked: --online"
CHECK_COLUMNS = (
    Column("field", "field"),
    Column("agrees", "agrees", "status"),
    Column("expected", "expected"),
    Column("observed", "found"),
)
LONGEST_SHOWN = 20


@verb(app, "export", examples=("flux proof export pi_01 proof.json",))
def export(
    flux: Invocation,
    payment: Annotated[str, typer.Argument(metavar="ID", help="The payment.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file for the bundle.")],
) -> None:
    """Put a payment's proof into FILE: request, votes, decision, entries, the chain's logs."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        intent = find_payment(reader, payment)
    chain = open_chain(flux.config) if flux.config.chain.rpc else None
    bundle = proof_bundle(deps.store, intent.id, chain)
    text = json.dumps(bundle, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    try:
        with (flux.cwd / file).open("x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError:
        raise InvalidInput(f"{file} is there already", param="FILE") from None
    except OSError as error:
        said = f"{file} cannot be written: {error.strerror}"
        raise StorageFailed(said, subject=str(file)) from None
    fields = {
        "id": intent.id,
        "file": str(file),
        "amount": intent.amount,
        "simulated": bundle["simulated"],
        "local": bundle["local"],
    }
    said = f"check it anywhere: flux proof verify {file}{_label(bundle)}"
    flux.show(Document("proof_bundle", fields, last=said))


@verb(
    app,
    "verify",
    examples=("flux proof verify proof.json", "flux proof verify proof.json --online"),
)
def verify(
    flux: Invocation,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The bundle.")],
    online: Annotated[
        bool, typer.Option("--online", help="Ask the configured node for each receipt too.")
    ] = False,
) -> ExitCode:
    """Compute everything in a bundle again; no ledger is opened, and only --online asks a node."""
    try:
        data = (flux.cwd / file).read_bytes()
    except FileNotFoundError:
        raise NotFound(f"there is no file {file}", subject=str(file)) from None
    except OSError as error:
        raise StorageFailed(f"{file} cannot be read: {error.strerror}") from None
    bundle, checks, receipts = check_proof(data)
    if bundle is None:
        raise InvalidInput(f"{file} is no proof bundle of this version", param="FILE")
    wrong = [check for check in checks if not check.agrees]
    if online and not wrong:
        checks = [*checks, *compare_online(open_chain(flux.config), receipts)]
        wrong = [check for check in checks if not check.agrees]
    flux.show(_document(flux, bundle, checks, wrong, online=online))
    return ExitCode.INTEGRITY if wrong else ExitCode.OK


def _document(
    flux: Invocation,
    bundle: dict[str, object],
    checks: list[FieldCheck],
    wrong: list[FieldCheck],
    *,
    online: bool,
) -> Document:
    shown = wrong if flux.for_people and wrong else checks
    fields: dict[str, object] = {
        "proved": not wrong,
        "online": online,
        "simulated": bool(bundle.get("simulated")),
        "local": bool(bundle.get("local")),
        "checked": len(checks),
        "wrong": [check.field for check in wrong],
        "checks": [
            {
                "field": check.field,
                "agrees": "yes" if check.agrees else "NO",
                "expected": _short(check.expected) if flux.for_people else check.expected,
                "observed": _short(check.observed) if flux.for_people else check.observed,
            }
            for check in shown
        ],
    }
    said = f"{len(checks)} checks agree" if not wrong else f"NOT proved: {len(wrong)} disagree"
    last = f"{said}{_label(bundle)}"
    if not (wrong or online or bundle.get("simulated")):
        last = f"{last}; {UNASKED}"
    if flux.for_people and not wrong:
        del fields["wrong"]
    return Document("proof", fields, tables={"checks": CHECK_COLUMNS}, last=last)


def _label(bundle: dict[str, object]) -> str:
    if bundle.get("simulated"):
        return f"; {SIMULATED}"
    return f"; {LOCAL}" if bundle.get("local") else ""


def _short(text: str) -> str:
    text = visible(text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:11]}…{text[-8:]}"
