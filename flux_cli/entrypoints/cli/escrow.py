"""`flux escrow create|list|show|submit|release|refund|dispute|resolve`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.escrows import Escrow, EscrowState
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.money import CREDIT, Asset, Money, find_asset, parse_money
from flux_cli.entrypoints.cli import outcomes
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import LIST, MONEY
from flux_cli.entrypoints.cli.ownership import TokenFile, prove_owner
from flux_cli.entrypoints.cli.pages import filters, page
from flux_cli.entrypoints.cli.refusal import Refusal
from flux_cli.entrypoints.cli.run_document import rows_of
from flux_cli.entrypoints.cli.run_progress import run_progress
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import Fix, InvalidAmount, InvalidInput
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.end_escrow import (
    Part,
    dispute_escrow,
    refund_escrow,
    release_escrow,
    resolve_escrow,
    submit_work,
)
from flux_cli.usecases.open_escrow import EscrowRequest, create_escrow
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.view_agents import agent_named
from flux_cli.usecases.view_escrows import describe_escrow, view_escrow
from flux_cli.usecases.view_payments import view_payment

app = noun("Money locked until work is accepted.")

COLUMNS = (
    Column("id", "id", "id"),
    Column("payer", "payer"),
    Column("payee", "payee"),
    Column("amount", "amount", "money"),
    Column("locked", "locked", "money"),
    Column("state", "state", "status"),
    Column("expires_at", "expires", "time"),
)
TABLES = {
    "milestones": (
        Column("name", "milestone"),
        Column("amount", "amount", "money"),
        Column("state", "state", "status"),
    ),
    "entries": (
        Column("recorded_at", "when", "time"),
        Column("kind", "kind"),
        Column("amount", "amount", "money"),
        Column("memo", "memo"),
    ),
}
SHOWN = (
    *("id", "state", "payer", "payee", "evaluator", "amount", "released", "refunded", "locked"),
    *("memo", "deliverable_hash", "dispute", "created_at", "expires_at", "milestones"),
)
"""What people see of an escrow."""

KEYED = MONEY - {"dry_run", "max_amount"}

EscrowId = Annotated[str, typer.Argument(metavar="ID", help="The escrow's id, or its start.")]
By = Annotated[
    str | None, typer.Option("--by", metavar="AGENT", help="Who does it, if not the usual one.")
]


@verb(
    app,
    "create",
    options=MONEY - {"dry_run"},
    examples=(
        "flux escrow create orchestrator researcher 20 --memo 'Market study' --expires-in 7d",
        "flux escrow create orchestrator researcher 20 --memo Study --milestone draft=5"
        " --milestone final=15",
    ),
)
def create(
    flux: Invocation,
    payer: Annotated[str, typer.Argument(metavar="PAYER", help="Whose money it is.")],
    payee: Annotated[str, typer.Argument(metavar="PAYEE", help="Who is to earn it.")],
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much, e.g. 20.00.")],
    memo: Annotated[str, typer.Option(help="What it is for.")],
    expires_in: Annotated[
        str, typer.Option(metavar="TIME", help="When it goes back: 90m, 12h, 7d or 2w from now.")
    ] = "7d",
    milestone: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=AMOUNT", help="A part of it; all parts add up to AMOUNT."),
    ] = None,
    evaluator: Annotated[
        str | None, typer.Option(metavar="AGENT", help="Who accepts the work (the payer).")
    ] = None,
    justification: Annotated[str, typer.Option(help="Why it is worth its price.")] = "",
    expected_return: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="What the payer expects back.")
    ] = None,
    asset: Annotated[
        str, typer.Option(metavar="CODE", help="CREDIT, USDC or a currency, e.g. EUR.")
    ] = CREDIT.code,
) -> ExitCode:
    """Lock money for an agent until its work is accepted; kernel and quorum decide first."""
    money = _amount(amount, _asset(asset), "AMOUNT")
    _at_most(flux, money)
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        names = [agent_named(reader, one).name for one in (payer, payee, evaluator or payer)]
    request = EscrowRequest(
        payer=names[0],
        payee=names[1],
        amount=money,
        memo=memo,
        evaluator=names[2],
        expires_in=lifetime(expires_in),
        milestones=tuple(_milestone(one, money.asset) for one in milestone or ()),
        justification=justification,
        claimed_return=None
        if expected_return is None
        else _amount(expected_return, money.asset, "--expected-return"),
    )
    key = _key(flux, deps)
    flux.resume_with(*_again(request, expires_in, key))
    return _created(
        flux, deps, create_escrow(deps, request, key=key, progress=run_progress(flux)), key
    )


def _created(flux: Invocation, deps: Deps, outcome: Escrow | PaymentIntent, key: str) -> ExitCode:
    if isinstance(outcome, Escrow):
        _tell(flux, outcome, f"locked for {outcome.payee}")
        return ExitCode.OK
    with deps.store.reading() as reader:
        document = Document("payment", view_payment(reader, outcome) | {"escrow_key": key})
    if outcome.state is IntentState.DENIED:
        outcomes.refuse(flux, outcome, document)
    flux.show(document)
    first = (
        ""
        if outcome.state is IntentState.AWAITING_QUORUM
        else (f"`flux payments approve {outcome.id}`, then ")
    )
    flux.note(f"it waits: {outcome.state}; {first}the same again with --idempotency-key {key}")
    return ExitCode.PENDING


@verb(app, "list", options=LIST - {"run"}, examples=("flux escrow list --status disputed",))
def list_(
    flux: Invocation,
    payee: Annotated[
        str | None, typer.Option(metavar="AGENT", help="Only for this payee; --agent is the payer.")
    ] = None,
) -> None:
    """List escrows, newest first."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        equal = filters(flux, reader, EscrowState, "payer")
        if payee is not None:
            equal["payee"] = agent_named(reader, payee).name
        escrows, following = page(flux, reader, Escrow, equal)
    rows = [describe_escrow(escrow) for escrow in escrows]
    empty = "no escrows: `flux escrow create` locks money until work is accepted"
    last = "money is simulated" if rows else ""
    flux.show(Listing("escrow", rows, COLUMNS, following, empty=empty, last=last))


@verb(app, "show", examples=("flux escrow show esc_01",))
def show(flux: Invocation, escrow_id: EscrowId) -> None:
    """Show an escrow: its terms, its milestones, and every movement of its money."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        whole = view_escrow(reader, reader.resolve(Escrow, escrow_id))
    shown = _brief(whole) if flux.for_people else whole
    flux.show(Document("escrow", shown, tables=TABLES, last="money is simulated"))


@verb(app, "submit", examples=("flux escrow submit esc_01 --file report.pdf",))
def submit(
    flux: Invocation,
    escrow_id: EscrowId,
    file: Annotated[
        Path | None, typer.Option(metavar="PATH", help="The work; only its SHA-256 is kept.")
    ] = None,
    hash_: Annotated[
        str | None, typer.Option("--hash", metavar="HEX", help="Its SHA-256, instead of the file.")
    ] = None,
    by: By = None,
) -> None:
    """Hand in work, as the payee."""
    if (file is None) == (hash_ is None):
        raise InvalidInput("name the work by --file or by --hash", param="--file")
    digest = hash_ if file is None else _sha256(file)
    assert digest is not None, "one of the two was given"
    deps, escrow = _found(flux, escrow_id)
    outcome = submit_work(deps, escrow.id, digest, by=by or escrow.payee)
    _answer(flux, outcome, f"handed in; {escrow.evaluator} accepts or rejects it")


@verb(
    app,
    "release",
    options=KEYED,
    examples=("flux escrow release esc_01", "flux escrow release esc_01 --milestone draft"),
)
def release(
    flux: Invocation,
    escrow_id: EscrowId,
    milestone: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this milestone.")
    ] = None,
    amount: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="Only so much of it.")
    ] = None,
    by: By = None,
) -> None:
    """Accept the work, as the evaluator: the payee is paid."""
    deps, escrow = _found(flux, escrow_id)
    money = None if amount is None else _amount(amount, escrow.amount.asset, "--amount")
    part, key = Part(milestone, money), _key(flux, deps)
    outcome = release_escrow(deps, escrow.id, part, by=by or escrow.evaluator, key=key)
    _answer(flux, outcome, f"{escrow.payee} was paid")


@verb(app, "refund", options=KEYED, examples=("flux escrow refund esc_01",))
def refund(flux: Invocation, escrow_id: EscrowId, by: By = None) -> None:
    """Reject the work, as the evaluator; or, once it has expired, take the money back."""
    deps, escrow = _found(flux, escrow_id)
    outcome = refund_escrow(deps, escrow.id, by=by or escrow.evaluator, key=_key(flux, deps))
    _answer(flux, outcome, f"{escrow.payer} has the rest back")


@verb(
    app,
    "dispute",
    examples=("flux escrow dispute esc_01 --by researcher --reason 'Accepted by mail'",),
)
def dispute(
    flux: Invocation,
    escrow_id: EscrowId,
    by: Annotated[str, typer.Option(metavar="AGENT", help="Who objects: payer or payee.")],
    reason: Annotated[str, typer.Option(help="What is wrong.")],
) -> None:
    """Stop an escrow until the owner decides."""
    deps, escrow = _found(flux, escrow_id)
    outcome = dispute_escrow(deps, escrow.id, by=by, reason=reason)
    _answer(
        flux,
        outcome,
        f"disputed; `flux escrow resolve {escrow.id} --to-payee AMOUNT` is the owner's decision",
    )


@verb(app, "resolve", options=KEYED, examples=("flux escrow resolve esc_01 --to-payee 12.50",))
def resolve(
    flux: Invocation,
    escrow_id: EscrowId,
    to_payee: Annotated[
        str, typer.Option(metavar="AMOUNT", help="What the payee gets; the payer the rest.")
    ],
    owner_token_file: TokenFile = None,
) -> None:
    """Decide a dispute, as the owner."""
    deps, escrow = _found(flux, escrow_id)
    money = _amount(to_payee, escrow.amount.asset, "--to-payee")
    what = f"Give {money} of {escrow.locked} to {escrow.payee}, the rest to {escrow.payer}."
    prove_owner(flux, deps, what, money.decimal, token_file=owner_token_file)
    outcome = resolve_escrow(deps, escrow.id, money, key=_key(flux, deps))
    _answer(flux, outcome, f"decided: {escrow.payee} got {money}")


def _found(flux: Invocation, escrow_id: str) -> tuple[Deps, Escrow]:
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        return deps, reader.resolve(Escrow, escrow_id)


def _key(flux: Invocation, deps: Deps) -> str:
    return deps.ids.new("event") if flux.idempotency_key is None else flux.idempotency_key


def _answer(flux: Invocation, outcome: Escrow | Denied, last: str) -> None:
    """Show the escrow as it now is, or end as denied."""
    if isinstance(outcome, Denied):
        refusals = tuple(Refusal(rule.code, rule.message) for rule in outcome.refusals)
        code = outcomes.exit_code_of(outcome.refusals)
        fix = Fix("say who does it with --by AGENT")
        flux.deny("nothing was changed", refusals, fixes=(fix,), exit_code=code)
    _tell(flux, outcome, last)


def _tell(flux: Invocation, escrow: Escrow, last: str) -> None:
    whole = describe_escrow(escrow)
    shown = _brief(whole) if flux.for_people else whole
    locked = f"; {escrow.locked} is in escrow" if escrow.locked.units else ""
    tables = {"milestones": TABLES["milestones"]}
    flux.show(Document("escrow", shown, tables=tables, last=f"{last}{locked}, simulated"))


def _brief(whole: Mapping[str, object]) -> dict[str, object]:
    """What people read: no keys, no empty parts, a dispute in words."""
    shown = {name: whole[name] for name in SHOWN if whole[name] not in (None, [])}
    said = whole["dispute"]
    if isinstance(said, Mapping):
        shown["dispute"] = f"{said['by']}: {said['reason']}"
    if "entries" in whole:
        shown["entries"] = [
            {**entry, "amount": rows_of(entry, "postings")[-1]["amount"]}
            for entry in rows_of(whole, "entries")
        ]
    return shown


def _at_most(flux: Invocation, money: Money) -> None:
    """End as denied where more is asked than `--max-amount`."""
    cap = flux.max_amount
    if cap is None:
        return
    if cap.asset != money.asset:
        raise InvalidInput(f"--max-amount counts {cap.asset.code}", param="--max-amount")
    if money > cap:
        rule = Refusal("max_amount", "asked", cap.units, money.units, money.asset.code)
        flux.deny("nothing was locked", (rule,), max_amount_minor=cap.units)


def _again(request: EscrowRequest, expires_in: str, key: str) -> list[str]:
    """The command that goes on where this one stopped."""
    argv = ["flux", "escrow", "create", request.payer, request.payee, request.amount.decimal]
    argv += ["--memo", request.memo, "--expires-in", expires_in]
    argv += ["--evaluator", request.evaluator, "--asset", request.amount.asset.code]
    for name, amount in request.milestones:
        argv += ["--milestone", f"{name}={amount.decimal}"]
    if request.justification:
        argv += ["--justification", request.justification]
    if request.claimed_return is not None:
        argv += ["--expected-return", request.claimed_return.decimal]
    return [*argv, "--idempotency-key", key]


_LIFETIME = re.compile(r"([0-9]{1,5})([mhdw])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def lifetime(text: str) -> timedelta:
    """A time such as 12h or 7d. Raises `InvalidInput`."""
    found = _LIFETIME.fullmatch(text)
    if found is None:
        raise InvalidInput(
            f"{text[:40]!r} is not a time: write 90m, 12h, 7d or 2w", param="--expires-in"
        )
    return timedelta(**{_UNITS[found.group(2)]: int(found.group(1))})


def _milestone(text: str, asset: Asset) -> tuple[str, Money]:
    name, equals, amount = text.rpartition("=")
    if not equals:
        raise InvalidInput(f"{text[:64]!r} is not NAME=AMOUNT", param="--milestone")
    return name.strip(), _amount(amount, asset, "--milestone")


def _amount(text: str, asset: Asset, param: str) -> Money:
    try:
        return parse_money(text, asset)
    except InvalidAmount as error:
        raise InvalidAmount(error.message, param=param) from None


def _asset(code: str) -> Asset:
    try:
        return find_asset(code)
    except InvalidInput as error:
        raise InvalidInput(error.message, param="--asset", fixes=error.fixes) from None


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}", param="--file") from error
