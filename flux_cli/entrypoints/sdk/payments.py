"""Paying and being approved: the engine's `request_money`, told as the SDK's results."""

from __future__ import annotations

from collections.abc import Mapping

from flux_cli.domain.agents import Agent
from flux_cli.domain.canonical import digest
from flux_cli.domain.intents import CaptureMethod, Share
from flux_cli.domain.intents import PaymentIntent as Intent
from flux_cli.domain.quorum import Urgency
from flux_cli.entrypoints.sdk.given import LONGEST_MEMO, json_of, key_of, money_of, text_of
from flux_cli.entrypoints.sdk.objects import PaymentIntent, PaymentResult
from flux_cli.entrypoints.sdk.seen import KEYED, UNKEYED, see_payment, see_result
from flux_cli.entrypoints.sdk.wording import KEY_REUSED, as_transaction
from flux_cli.errors import KeyReused, NotFound
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.notes import keep_note
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money

NO_POLICY = "NO_POLICY"
"""An agent that nobody gave a policy spends nothing: the economy's specialists, at first."""


def quietly(_step: str, /, **_facts: object) -> None:
    """Nobody is told how a request gets on: the caller waits for its result."""


def pay(
    deps: Deps,
    from_agent: str,
    to_agent: str,
    cents: int,
    memo: str | None,
    key: str | None,
    metadata: Mapping[str, object] | None,
) -> PaymentResult:
    """Pay at once if the payer's policy allows it; see `AgentPaySDK.pay`."""
    amount, purpose = money_of(cents), text_of(memo, "memo", LONGEST_MEMO)
    text, key = json_of(metadata), key_of(key)
    if missing := absent(deps, from_agent, to_agent):
        return PaymentResult(False, None, *missing)
    request = MoneyRequest(
        requester=from_agent,
        amount=amount,
        shares=(Share(to_agent, amount),),
        purpose=purpose,
        justification="",
        claimed_return=None,
        urgency=Urgency.MEDIUM,
        # What the metadata says is part of the payment: its key names no other.
        plan_digest="" if text is None else digest(text),
        reference="",
        escrowed=False,
        budget=None,
        capture_method=CaptureMethod.AUTOMATIC,
    )
    engine_key = UNKEYED + deps.ids.new("event") if key is None else KEYED + key
    try:
        intent = request_money(deps, request, key=engine_key, progress=quietly)
    except KeyReused:
        message = f"idempotency key {key!r} already names another payment"
        return PaymentResult(False, None, KEY_REUSED, message)
    except NotFound as error:
        # Both agents are there: what is missing is the payer's policy.
        return PaymentResult(False, None, NO_POLICY, error.message)
    if text is not None:
        keep_note(deps, intent.id, text)
    return result_of(deps, intent)


def absent(deps: Deps, from_agent: str, to_agent: str) -> tuple[str, str] | None:
    """(error code, message) of the payer or payee that is not registered, or None."""
    with deps.store.reading() as reader:
        for code, name in (("PAYER_NOT_FOUND", from_agent), ("PAYEE_NOT_FOUND", to_agent)):
            if reader.lookup(Agent, name=name) is None:
                return code, f"no agent named {name[:64]!r}"
    return None


def result_of(deps: Deps, intent: Intent) -> PaymentResult:
    """What became of a payment."""
    with deps.store.reading() as reader:
        return see_result(reader, intent)


def payment_of(deps: Deps, intent_id: str) -> PaymentIntent | None:
    """The payment of this id, or None."""
    with deps.store.reading() as reader:
        intent = reader.lookup(Intent, id=intent_id)
        return None if intent is None else see_payment(reader, intent)


def transfer(
    deps: Deps,
    from_agent: str,
    to_agent: str,
    cents: int,
    purpose: str,
    metadata: Mapping[str, object] | None,
) -> dict[str, object]:
    """A payment told as a transaction; see `AgentPaySDK.transfer_to_agent`."""
    result = pay(deps, from_agent, to_agent, cents, purpose, None, metadata)
    return as_transaction(result, from_agent, to_agent, cents, purpose)
