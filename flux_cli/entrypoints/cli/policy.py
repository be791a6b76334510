"""`flux policy`: the owner's limits, written, tried, put in force and taken back."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.money import CREDIT
from flux_cli.domain.policies import EVERYBODY, Policy
from flux_cli.domain.policy_changes import Remark, lint
from flux_cli.domain.policy_document import document_of, policy_from
from flux_cli.domain.policy_drafts import PolicyDraft
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.ownership import TokenFile, prove_owner
from flux_cli.entrypoints.cli.payment_documents import show_judgement
from flux_cli.entrypoints.cli.payment_requests import (
    AmountText,
    Category,
    ClaimedReturn,
    Justification,
    MandateId,
    Purpose,
    Reference,
    Wording,
    amount_of,
    asset_of,
    read_request,
    shares_of,
)
from flux_cli.entrypoints.cli.policy_files import (
    CHANGE_COLUMNS,
    change_rows,
    counted_in,
    policy_document,
    policy_shown,
    read_document,
    version_row,
)
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import InvalidInput
from flux_cli.usecases.backtest_policy import backtest_policy
from flux_cli.usecases.check_payment import check_payment
from flux_cli.usecases.policy_versions import (
    Revision,
    draft_policy,
    history,
    promote,
    promotion,
    put_in_force,
    revise,
    rolled_back,
)
from flux_cli.usecases.ports import Deps, Reader
from flux_cli.usecases.view_agents import every_agent

app = noun("The owner's limits: written, tried, put in force, taken back.")

Subject = Annotated[
    str, typer.Argument(metavar="AGENT", help="The agent, or '*' for all of them together.")
]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The policy in TOML; - reads stdin.")]
Where = Annotated[
    str, typer.Argument(metavar="FILE|DRAFT", help="A policy in TOML, or a draft's id.")
]
To = Annotated[list[str], typer.Option("--to", metavar="PAYEE[=AMOUNT]", help="Who is paid.")]
LOOSER = "This allows what was not allowed before."

HISTORY_COLUMNS = (
    Column("number", "number", "number"),
    Column("asset", "asset"),
    Column("per_payment", "per payment", "money"),
    Column("limits", "limits"),
    Column("note", "note"),
    Column("set_at", "set", "time"),
)
REMARK_COLUMNS = (
    Column("severity", "severity", "status"),
    Column("code", "remark"),
    Column("key", "where"),
    Column("message", "why"),
)
BACKTEST_COLUMNS = (
    Column("at", "decided", "time"),
    Column("amount", "amount", "money"),
    Column("payees", "payees"),
    Column("before", "was", "status"),
    Column("after", "would be", "status"),
    Column("rule", "rule"),
)


@verb(app, "show", examples=("flux policy show orchestrator", "flux policy show '*' --json"))
def show(
    flux: Invocation,
    agent: Subject,
    number: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="That version, and not what is in force."),
    ] = None,
    asset: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Its policy for this asset, where it has several."),
    ] = None,
    toml: Annotated[bool, typer.Option("--toml", help="As a file to edit and set.")] = False,
) -> None:
    """Show an agent's policy, version by version; `--toml` writes a file to start from."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        policy, others = _version(reader, agent, number, asset)
    if toml:
        flux.terminal.write(policy_shown(policy))
        return
    flux.show(policy_document(policy, "only the owner changes it"))
    if number is None and asset is None and others:
        name = shlex.quote(agent)
        flux.note(f"for {', '.join(others)} too: flux policy show {name} --asset {others[0]}")


@verb(app, "history", examples=("flux policy history orchestrator",))
def history_(flux: Invocation, agent: Subject) -> None:
    """List every version an agent's policy has had, newest first."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        rows = [version_row(policy) for policy in history(reader, agent)]
    flux.show(Listing("policy", rows, HISTORY_COLUMNS, empty=f"{agent} has no policy"))


@verb(app, "lint", examples=("flux policy lint policy.toml", "flux policy lint orchestrator"))
def lint_(
    flux: Invocation,
    subject: Annotated[
        str, typer.Argument(metavar="FILE|AGENT", help="A policy in TOML, or an agent.")
    ],
) -> ExitCode:
    """Find what contradicts itself, never refuses, or is hidden; an error exits 2."""
    remarks = _lint(flux, subject)
    rows = [
        {"severity": one.severity, "code": one.code, "key": one.key, "message": one.message}
        for one in remarks
    ]
    flux.show(Listing("remark", rows, REMARK_COLUMNS, empty="nothing to remark"))
    return ExitCode.USAGE if any(one.severity == "error" for one in remarks) else ExitCode.OK


@verb(app, "diff", examples=("flux policy diff orchestrator policy.toml",))
def diff(flux: Invocation, agent: Subject, candidate: Where) -> None:
    """Compare what is in force with a file or a draft, and say what would loosen."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        revision = _candidate(deps, reader, agent, candidate)
    _show_changes(flux, revision, "nothing is changed yet")


@verb(app, "set", options=frozenset({"dry_run"}), examples=("flux policy set writer policy.toml",))
def set_(flux: Invocation, agent: Subject, file: File, owner_token_file: TokenFile = None) -> None:
    """Put a policy in force. The owner alone may; to loosen it takes a terminal."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        revision = revise(deps, reader, agent, read_document(file))
    _enforce(flux, deps, revision, owner_token_file)


@verb(app, "rollback", options=frozenset({"dry_run"}), examples=("flux policy rollback writer 3",))
def rollback(
    flux: Invocation,
    agent: Subject,
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="The version to go to.")],
    owner_token_file: TokenFile = None,
) -> None:
    """Go back to an earlier version, as the next one. The owner alone may."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        revision = rolled_back(deps, reader, agent, number)
    _enforce(flux, deps, revision, owner_token_file)


@verb(app, "draft", examples=("flux policy draft writer policy.toml",))
def draft(flux: Invocation, agent: Subject, file: File) -> None:
    """Keep a policy to be tried and promoted later; anybody may."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    kept = draft_policy(deps, agent, read_document(file))
    fields = {"id": kept.id, "agent": kept.agent, "base": kept.base, "created_at": kept.created_at}
    flux.show(Document("policy_draft", fields, last=f"`flux policy promote {kept.id}` enforces it"))


@verb(app, "promote", examples=("flux policy promote draft_01",))
def promote_draft(
    flux: Invocation,
    draft_id: Annotated[str, typer.Argument(metavar="DRAFT", help="The draft's id.")],
    owner_token_file: TokenFile = None,
) -> None:
    """Put a draft in force. The owner alone may; to loosen takes a terminal."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        kept = reader.resolve(PolicyDraft, draft_id)
        revision = promotion(reader, kept)
    _prove(flux, deps, revision, owner_token_file)
    policy = promote(deps, kept.id)
    flux.show(policy_document(policy, f"policy {policy.number} of {policy.agent} is in force"))


@verb(app, "check", examples=("flux policy check orchestrator 25 --to researcher",))
def check(
    flux: Invocation, agent: Subject, amount: AmountText, to: To, asset: str = "CREDIT"
) -> ExitCode:
    """Ask whether a payment would pass now: every rule, and the most that would."""
    return _judge(flux, agent, amount, to, asset, Wording(), None)


@verb(app, "simulate", examples=("flux policy simulate new.toml orchestrator 25 --to researcher",))
def simulate(
    flux: Invocation,
    candidate: Where,
    agent: Subject,
    amount: AmountText,
    to: To,
    asset: Annotated[str, typer.Option(metavar="CODE", help="CREDIT, USDC, EUR …")] = "CREDIT",
    purpose: Purpose = "",
    justification: Justification = "",
    claimed_return: ClaimedReturn = None,
    category: Category = "general",
    mandate: MandateId = None,
    reference: Reference = "",
) -> ExitCode:
    """Ask whether a payment would pass under another policy; nothing is written."""
    said = Wording(
        purpose,
        justification,
        claimed_return,
        category=category,
        mandate=mandate,
        reference=reference,
    )
    return _judge(flux, agent, amount, to, asset, said, candidate)


@verb(
    app,
    "backtest",
    options=frozenset({"since"}),
    examples=("flux policy backtest orchestrator new.toml --since 30d",),
)
def backtest(flux: Invocation, agent: Subject, candidate: Where) -> None:
    """Judge real payments again under another policy, and list each that ends otherwise."""
    if agent == EVERYBODY:
        raise InvalidInput(
            "payments are judged again under an agent's own policy; name the agent", param="AGENT"
        )
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        policy = _candidate(deps, reader, agent, candidate).new
        found = backtest_policy(reader, policy, flux.since)
    rows = [
        {
            "id": one.intent.id,
            "at": one.at,
            "amount": one.intent.amount,
            "payees": ", ".join(share.payee for share in one.intent.shares),
            "before": one.before,
            "after": one.after,
            "rule": one.refusals[0].code if one.refusals else "",
            "refusals": [refusal.code for refusal in one.refusals],
        }
        for one in found.changed
    ]
    told = f"{found.judged} payments judged again, {len(rows)} would end otherwise"
    flux.show(Listing("rejudged_payment", rows, BACKTEST_COLUMNS, empty=told, last=told))


def _judge(
    flux: Invocation,
    agent: str,
    amount: str,
    to: list[str],
    asset: str,
    said: Wording,
    candidate: str | None,
) -> ExitCode:
    money = amount_of(amount, asset_of(asset))
    deps = open_existing(flux.config, timeout=flux.timeout)
    policy = None
    if candidate is not None:
        with deps.store.reading() as reader:
            policy = _candidate(deps, reader, agent, candidate).new
    request = read_request(deps, agent, money, shares_of(to, money), said)
    return show_judgement(flux, check_payment(deps, request, policy=policy))


def _version(
    reader: Reader, agent: str, number: int | None, asset: str | None = None
) -> tuple[Policy, list[str]]:
    """What is in force, CREDIT's before other assets', or that version; and for what else one is.

    Raises `InvalidInput` where there is none.
    """
    versions = history(reader, agent)
    code = None if asset is None else asset_of(asset).code
    found = [
        policy
        for policy in versions
        if number in (None, policy.number) and code in (None, counted_in(policy))
    ]
    if not found:
        what = "no policy" if number is None else f"no policy number {number}"
        what += "" if code is None else f" for {code}"
        raise InvalidInput(f"{agent} has {what}", param="AGENT" if number is None else "--number")
    in_credit = (policy for policy in found if counted_in(policy) == CREDIT.code)
    shown = next(in_credit, found[0])
    return shown, sorted({counted_in(policy) for policy in versions} - {counted_in(shown)})


def _candidate(deps: Deps, reader: Reader, agent: str, text: str) -> Revision:
    """The revision that a file, or a draft's own, would make of what is in force."""
    if text.startswith("draft_"):
        kept = reader.resolve(PolicyDraft, text)
        if kept.agent != agent:
            raise InvalidInput(f"{kept.id} is {kept.agent}'s", param="DRAFT")
        return revise(deps, reader, agent, document_of(kept.policy))
    return revise(deps, reader, agent, read_document(Path(text)))


def _lint(flux: Invocation, subject: str) -> tuple[Remark, ...]:
    is_file = subject == "-" or "/" in subject or subject.endswith(".toml")
    if subject == EVERYBODY or not (is_file or Path(subject).exists()):
        deps = open_existing(flux.config, timeout=flux.timeout)
        with deps.store.reading() as reader:
            names = frozenset(agent.name for agent in every_agent(reader))
            first, others = _version(reader, subject, None)
            rest = [_version(reader, subject, None, asset)[0] for asset in others]
            return tuple(remark for policy in (first, *rest) for remark in lint(policy, names))
    read = read_document(Path(subject))
    return lint(policy_from(read, "", id="", number=1, set_at=flux.now))


def _enforce(flux: Invocation, deps: Deps, revision: Revision, token_file: Path | None) -> None:
    if flux.dry_run:
        _show_changes(flux, revision, "a dry run: nothing was changed")
        return
    if revision.old is not None and not revision.changes:
        flux.show(policy_document(revision.old, "that is in force already"))
        return
    _prove(flux, deps, revision, token_file)
    policy = put_in_force(deps, revision)
    flux.show(policy_document(policy, f"policy {policy.number} of {policy.agent} is in force"))


def _prove(flux: Invocation, deps: Deps, revision: Revision, token_file: Path | None) -> None:
    """Return only if the owner wants it: by the credential, or at a terminal if it loosens."""
    agent = revision.new.agent
    if not revision.loosens:
        prove_owner(flux, deps, "This changes a policy.", agent, token_file=token_file)
        return
    for row in change_rows(revision):
        if row["loosens"] or revision.old is None:
            before, after = (row[side] or "none" for side in ("before", "after"))
            flux.note(f"{row['key']}: {before} → {after}")
    prove_owner(flux, deps, LOOSER, agent, terminal_only=True)


def _show_changes(flux: Invocation, revision: Revision, last: str) -> None:
    rows = change_rows(revision)
    flux.show(Listing("policy_change", rows, CHANGE_COLUMNS, empty="nothing differs", last=last))
