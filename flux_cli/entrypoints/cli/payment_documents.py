"""Payments as the command line shows them, and how each way they can stand ends a command."""

from __future__ import annotations

from collections.abc import Mapping

from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import SEATS
from flux_cli.domain.refusals import Refusal as Ruling
from flux_cli.entrypoints.cli.ballots import BALLOT_COLUMNS, ballot_rows, votes_in_words
from flux_cli.entrypoints.cli.document import Column, Document
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.outcomes import exit_code_of
from flux_cli.entrypoints.cli.rulings import shown_refusals, ways_on
from flux_cli.entrypoints.cli.run_document import rows_of
from flux_cli.usecases.check_payment import Judgement, describe_judgement
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.view_payments import view_payment

COLUMNS = (
    Column("id", "id", "id"),
    Column("requester", "payer"),
    Column("purpose", "purpose"),
    Column("amount", "amount", "money"),
    Column("amount.currency", "currency"),
    Column("captured", "captured", "money"),
    Column("votes", "votes"),
    Column("state", "state", "status"),
)
"""Of a list, for programs."""

PEOPLE_COLUMNS = tuple(
    column for column in COLUMNS if column.field not in ("amount.currency", "captured")
)
TABLES = {
    "shares": (Column("payee", "payee"), Column("amount", "amount", "money")),
    "refusals": (
        Column("code", "rule"),
        Column("message", "why"),
        Column("limit", "limit", "money"),
        Column("observed", "observed", "money"),
    ),
    "ballots": BALLOT_COLUMNS,
    "rules": (
        Column("rule", "rule"),
        Column("outcome", "outcome", "status"),
        Column("limit", "limit", "money"),
        Column("observed", "observed", "money"),
    ),
}
ALWAYS = ("id", "state", "amount", "requester")
IF_SET = (
    *("purpose", "justification", "claimed_return", "category", "mandate_id", "reference"),
    *("captured", "released", "refunded", "late", "most_that_would_pass"),
    *("run_id", "card_id", "created_at", "decided_at"),
)
"""What people see of a payment where there is something to see."""

HEADINGS = {"requester": "payer", "most_that_would_pass": "most that would pass"}


def payment_document(
    whole: Mapping[str, object], *, for_people: bool, last: str = "money is simulated"
) -> Document:
    """A payment whole for programs, and what matters of it for people."""
    if not for_people:
        return Document("payment", whole)
    headings = HEADINGS
    if whole["state"] in WAITING:
        headings = HEADINGS | {"refusals": "what is missing"}
    return Document("payment", _brief(whole), tables=TABLES, headings=headings, last=last)


def _brief(whole: Mapping[str, object]) -> dict[str, object]:
    decision = whole["decision"]
    tally = decision["tally"] if isinstance(decision, Mapping) else None
    brief = {name: whole[name] for name in ALWAYS} | _payees(whole)
    brief |= {name: whole[name] for name in IF_SET if _is_set(whole[name])}
    if whole["returned"] is not None:
        brief["returned"] = whole["returned"]
    if whole["state"] in WAITING_OR_HELD:
        brief["expires_at"] = whole["expires_at"]
    if tally is not None or whole["votes"] is not None:
        brief["votes"] = votes_in_words(tally, whole["votes"])
    if isinstance(decision, Mapping) and whole["state"] not in WAITING:
        brief["decision"] = f"{decision['verdict']}, policy version {decision['policy_version']}"
    if "idempotency_key" in whole:
        brief["idempotency_key"] = whole["idempotency_key"]
    if whole["refusals"]:
        amount = whole["amount"]
        assert isinstance(amount, Money), "a payment has an amount"
        brief["refusals"] = [_in_money(rule, amount) for rule in rows_of(whole, "refusals")]
    ballots = ballot_rows(whole)
    return brief | ({"ballots": ballots} if ballots else {})


WAITING = (IntentState.DRAFT, IntentState.AWAITING_QUORUM, IntentState.AWAITING_OWNER)
WAITING_OR_HELD = (*WAITING, IntentState.APPROVED)


def _payees(whole: Mapping[str, object]) -> dict[str, object]:
    """The one payee as a line, several as a table."""
    shares = rows_of(whole, "shares")
    return {"payee": shares[0]["payee"]} if len(shares) == 1 else {"shares": shares}


def _is_set(value: object) -> bool:
    if isinstance(value, Money):
        return value.units != 0
    return value not in (None, "", False, "general")


def _in_money(rule: Mapping[str, object], amount: Money) -> dict[str, object]:
    """A refusal with its numbers as amounts, where they are amounts."""
    shown = dict(rule)
    for name in ("limit", "observed"):
        units = rule[name]
        if isinstance(units, int):
            money = rule["unit"] == "money"
            shown[name] = Money(units, amount.asset) if money else f"{units} {rule['unit']}"
    return shown


def tell_payment(
    flux: Invocation, deps: Deps, intent: PaymentIntent, *, key: str | None = None, last: str = ""
) -> ExitCode:
    """Show a payment as it stands and give the exit code of that; a denial ends the command."""
    with deps.store.reading() as reader:
        whole = view_payment(reader, intent)
    if key is not None:
        whole["idempotency_key"] = key
    document = payment_document(whole, for_people=flux.for_people, last=last or _in_words(intent))
    if intent.state is IntentState.DENIED:
        refuse(
            flux,
            f"{intent.requester} asked for {intent.amount}; nothing moved",
            intent.refusals,
            intent.most_that_would_pass,
            intent,
            document,
        )
    flux.show(document)
    if intent.state in WAITING or intent.state is IntentState.UNKNOWN:
        if not flux.for_people:
            flux.note(_in_words(intent))
        return ExitCode.PENDING
    ended = intent.state in (IntentState.CANCELLED, IntentState.EXPIRED)
    return ExitCode.CONFLICT if ended else ExitCode.OK


def _in_words(intent: PaymentIntent) -> str:
    """How a payment stands, in one line."""
    payees = ", ".join(share.payee for share in intent.shares)
    end = intent.id[-6:]
    match intent.state:
        case IntentState.CAPTURED if intent.late:
            return f"{intent.captured} paid to {payees}, late: the hold had expired; simulated"
        case IntentState.CAPTURED:
            return f"{intent.captured} paid to {payees}, simulated"
        case IntentState.APPROVED if intent.card_id is not None:
            return f"{intent.amount} is on a card, simulated: flux cards show {intent.card_id[-6:]}"
        case IntentState.APPROVED:
            return f"{intent.on_hold} is on hold, simulated: flux payments capture {end}"
        case IntentState.AWAITING_OWNER:
            return f"it waits for the owner: flux payments approve {end}"
        case IntentState.AWAITING_QUORUM:
            return "too few seats answered: ask again with the same idempotency key"
    return f"the payment is {intent.state}"


def refuse(
    flux: Invocation,
    message: str,
    refusals: tuple[Ruling, ...],
    most: Money | None,
    intent: PaymentIntent,
    document: Document | None = None,
) -> None:
    """End the command as denied, with every rule that refused and the most that would pass."""
    flux.deny(
        message,
        shown_refusals(refusals, intent.amount.asset.code, document),
        subject=intent.id,
        max_amount_minor=None if most is None else most.units,
        fixes=ways_on(intent, refusals, document),
        document=document,
        exit_code=exit_code_of(refusals),
    )


def show_judgement(flux: Invocation, judgement: Judgement) -> ExitCode:
    """Show what every rule said, and give the exit code that asking would end with."""
    whole = describe_judgement(judgement)
    if not flux.for_people:
        flux.show(Document("check", whole))
    else:
        flux.show(
            Document(
                "check",
                _judgement_brief(judgement, whole),
                tables=TABLES,
                headings=HEADINGS,
                last=f"{_judged(judgement)}; nothing was written",
            )
        )
    match judgement.outcome:
        case "permit":
            return ExitCode.OK
        case "denied":
            return exit_code_of(judgement.refusals)
    return ExitCode.PENDING


def _judged(judgement: Judgement) -> str:
    match judgement.outcome:
        case "permit":
            return "it would pass now"
        case "denied" if judgement.most is not None:
            return f"it would be denied; {judgement.most} would pass"
        case "denied":
            return "it would be denied, and a smaller amount too"
    quorum = f"the quorum ({judgement.votes_needed} YES of {len(SEATS)})"
    asked = [quorum] if judgement.votes_needed is not None else []
    asked += ["the owner"] if judgement.asks_owner else []
    return f"it would ask {' and then '.join(asked)}"


def _judgement_brief(judgement: Judgement, whole: Mapping[str, object]) -> dict[str, object]:
    names = ("outcome", "amount", "requester", "purpose", "category", "mandate_id")
    brief = {name: whole[name] for name in names if _is_set(whole[name])} | _payees(whole)
    amount = judgement.intent.amount
    rules = [_in_money(rule, amount) for rule in rows_of(whole, "rules")]
    refused = [rule for rule in rules if rule["outcome"] == "refused"]
    return brief | {"rules": rules} | ({"refusals": refused} if refused else {})
