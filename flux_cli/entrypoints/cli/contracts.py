"""`flux contracts list|show|submit|accept|reject|dispute|expire|review`."""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.contracts import Contract, ContractState
from flux_cli.domain.escrows import Escrow
from flux_cli.domain.reviews import Review
from flux_cli.domain.work import Artefact
from flux_cli.entrypoints.cli import outcomes
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import LIST, MONEY
from flux_cli.entrypoints.cli.pages import filters, page
from flux_cli.entrypoints.cli.refusal import Refusal
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import Fix, InvalidInput
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.describe_run import shallow
from flux_cli.usecases.end_contract import (
    accept_contract,
    dispute_contract,
    expire_contract,
    follow,
    reject_contract,
    review_contract,
    submit_contract,
)
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.view_market import describe_contract

app = noun("Hires: what was agreed, handed in, accepted or given back.")

COLUMNS = (
    Column("id", "id", "id"),
    Column("client", "client"),
    Column("provider", "provider"),
    Column("price", "price", "money"),
    Column("state", "state", "status"),
    Column("trade", "trade"),
)
TABLES = {
    "milestones": (
        Column("name", "milestone"),
        Column("amount", "amount", "money"),
        Column("state", "state", "status"),
    ),
    "artefacts": (
        Column("path", "file"),
        Column("bytes", "bytes", "number"),
        Column("sha256", "sha-256"),
    ),
    "checks": (
        Column("name", "check"),
        Column("passed", "passed"),
        Column("wanted", "wanted"),
        Column("found", "found"),
    ),
    "ranking": (
        Column("provider", "ranked"),
        Column("score", "score", "number"),
        Column("quote", "quote", "money"),
        Column("ineligible", "why not"),
    ),
}
SHOWN = (
    *("id", "state", "client", "provider", "trade", "brief", "price", "locked", "evaluator"),
    *("run_id", "task_id", "listing_id", "escrow_id", "card_id", "summary", "dispute"),
    *("created_at", "updated_at", "deadline", "milestones", "artefacts", "checks", "ranking"),
    "review",
)
"""What people see of a contract."""

KEYED = MONEY - {"dry_run", "max_amount"}

ContractId = Annotated[str, typer.Argument(metavar="ID", help="The contract's id, or its start.")]
By = Annotated[
    str | None, typer.Option("--by", metavar="AGENT", help="Who does it, if not the usual one.")
]


@verb(app, "list", options=LIST, examples=("flux contracts list --status submitted",))
def list_(
    flux: Invocation,
    provider: Annotated[
        str | None, typer.Option(metavar="AGENT", help="Only by this one; --agent is the client.")
    ] = None,
) -> None:
    """List contracts, newest first, those of runs too."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        equal = filters(flux, reader, ContractState, "client")
        equal |= {} if provider is None else {"provider": provider}
        found, following = page(flux, reader, Contract, equal)
    rows = [describe_contract(one) for one in found]
    empty = "no contracts: `flux market hire` makes one"
    flux.show(Listing("contract", rows, COLUMNS, following, empty=empty))


@verb(app, "show", examples=("flux contracts show ct_01",))
def show(flux: Invocation, contract_id: ContractId) -> None:
    """Show a contract: its terms, its files, its checks, its milestones and its review."""
    deps, contract = _found(flux, contract_id)
    flux.show(contract_document(flux, deps, follow(deps, contract.id), "money is simulated"))


@verb(app, "submit", examples=("flux contracts submit ct_01 ads.md",))
def submit(
    flux: Invocation,
    contract_id: ContractId,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The work.")],
    by: By = None,
) -> None:
    """Hand in work, as the provider; the files stay where they are, their hashes are kept."""
    deps, contract = _found(flux, contract_id)
    made = tuple(_artefact(path) for path in files)
    if len({one.path for one in made}) < len(made):
        raise InvalidInput("two of the files have the same name", param="FILE")
    outcome = submit_contract(deps, contract.id, made, by=by or contract.provider)
    _answer(flux, deps, outcome, "handed in; the evaluator accepts or rejects it")


@verb(
    app,
    "accept",
    options=KEYED,
    examples=("flux contracts accept ct_01", "flux contracts accept ct_01 --milestone draft"),
)
def accept(
    flux: Invocation,
    contract_id: ContractId,
    milestone: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this milestone.")
    ] = None,
    by: By = None,
) -> None:
    """Accept the work, as the evaluator: the provider is paid."""
    deps, contract = _found(flux, contract_id)
    key = flux.idempotency_key or f"accept:{milestone or ''}"
    who = by or _evaluator(deps, contract)
    outcome = accept_contract(deps, contract.id, milestone, by=who, key=key)
    _answer(flux, deps, outcome, f"{contract.provider} was paid")


@verb(app, "reject", options=KEYED, examples=("flux contracts reject ct_01",))
def reject(flux: Invocation, contract_id: ContractId, by: By = None) -> None:
    """Reject the work, as the evaluator: the client has its money back."""
    deps, contract = _found(flux, contract_id)
    key, who = flux.idempotency_key or "reject", by or _evaluator(deps, contract)
    outcome = reject_contract(deps, contract.id, by=who, key=key)
    _answer(flux, deps, outcome, f"{contract.client} has its money back")


@verb(app, "expire", examples=("flux contracts expire ct_01",))
def expire(flux: Invocation, contract_id: ContractId, by: By = None) -> None:
    """Give the money back once the time is over; anyone may."""
    deps, contract = _found(flux, contract_id)
    outcome = expire_contract(deps, contract.id, by=by or contract.client)
    _answer(flux, deps, outcome, f"{contract.client} has its money back")


@verb(
    app, "dispute", examples=("flux contracts dispute ct_01 --by researcher --reason 'It is done'",)
)
def dispute(
    flux: Invocation,
    contract_id: ContractId,
    by: Annotated[str, typer.Option(metavar="AGENT", help="Who objects: client or provider.")],
    reason: Annotated[str, typer.Option(help="What is wrong.")],
) -> None:
    """Stop everything until the owner decides."""
    deps, contract = _found(flux, contract_id)
    outcome = dispute_contract(deps, contract.id, by=by, reason=reason)
    last = f"disputed; `flux escrow resolve {contract.escrow_id}` is the owner's decision"
    _answer(flux, deps, outcome, last)


@verb(app, "review", examples=("flux contracts review ct_01 5 --text 'On time, on brief'",))
def review(
    flux: Invocation,
    contract_id: ContractId,
    stars: Annotated[int, typer.Argument(metavar="STARS", min=1, max=5, help="1 to 5.")],
    text: Annotated[str, typer.Option(help="What to say of it.")] = "",
    by: By = None,
) -> None:
    """Review a contract that is over, as its client; rankings do not read reviews."""
    deps, contract = _found(flux, contract_id)
    follow(deps, contract.id)
    written = review_contract(deps, contract.id, stars, text, by=by or contract.client)
    flux.show(Document("review", shallow(written), last="`flux market show` shows it"))


def contract_document(flux: Invocation, deps: Deps, contract: Contract, last: str) -> Document:
    """A contract as a command answers with it."""
    whole = describe_contract(contract)
    with deps.store.reading() as reader:
        if contract.escrow_id is not None:
            escrow = reader.get(Escrow, contract.escrow_id)
            whole |= {"brief": escrow.memo, "evaluator": escrow.evaluator, "locked": escrow.locked}
            whole |= {"dispute": escrow.dispute and shallow(escrow.dispute)}
            whole |= {"milestones": [shallow(one) for one in escrow.milestones]}
        found = reader.lookup(Review, contract_id=contract.id)
        whole["review"] = None if found is None else shallow(found)
    if flux.for_people:
        whole = {name: whole[name] for name in SHOWN if whole.get(name) not in (None, "", [], ())}
    return Document("contract", whole, tables=TABLES, last=last)


def _found(flux: Invocation, contract_id: str) -> tuple[Deps, Contract]:
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        return deps, reader.resolve(Contract, contract_id)


def _evaluator(deps: Deps, contract: Contract) -> str:
    if contract.escrow_id is None:
        return contract.client
    with deps.store.reading() as reader:
        return reader.get(Escrow, contract.escrow_id).evaluator


def _answer(flux: Invocation, deps: Deps, outcome: Contract | Denied, last: str) -> None:
    """Show the contract as it now is, or end as denied."""
    if isinstance(outcome, Denied):
        refusals = tuple(Refusal(rule.code, rule.message) for rule in outcome.refusals)
        code = outcomes.exit_code_of(outcome.refusals)
        fix = Fix("say who does it with --by AGENT")
        flux.deny("nothing was changed", refusals, fixes=(fix,), exit_code=code)
    flux.show(contract_document(flux, deps, outcome, f"{last}, simulated"))


def _artefact(path: Path) -> Artefact:
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}", param="FILE") from error
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Artefact(path.name, kind, size, sha256)
