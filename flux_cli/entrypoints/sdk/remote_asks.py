"""Agents, payments and the ledger over HTTP: what each SDK method asks, and makes of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flux_cli.domain.money import Money
from flux_cli.entrypoints.sdk.given import (
    LONGEST_MEMO,
    NAMES,
    caps_from,
    json_of,
    key_of,
    money_of,
    text_of,
)
from flux_cli.entrypoints.sdk.objects import (
    Agent,
    LedgerEntry,
    PaymentIntent,
    PaymentResult,
    PaymentStatus,
    Policy,
    Row,
    Wallet,
)
from flux_cli.entrypoints.sdk.remote_seen import (
    see_agent,
    see_payment,
    see_result,
    see_side,
    see_summary,
    see_wallet,
)
from flux_cli.entrypoints.sdk.remote_wire import Ask, Json, Talk, Told, own_key, raise_problem
from flux_cli.entrypoints.sdk.wording import KEY_REUSED, as_transaction
from flux_cli.usecases.open_agent import LONGEST_NAME, name_fault

PAGE = 100
LONGEST_HISTORY_PAGE = 1000
LONGEST_HEADER = 255


def post(path: str, body: Json, key: str | None = None, method: str = "POST") -> Ask:
    """A request that changes something, under a key of its own unless it is given one."""
    return Ask(method, path, body, own_key() if key is None else key)


def part(name: str) -> str:
    """A name as one segment of a path, whatever it holds. Raises `ValueError`."""
    if not isinstance(name, str):
        raise TypeError(f"an id is text, not {type(name).__name__}")
    found = quote(name, safe="")
    return found.replace(".", "%2E") if not found.strip(".") else found


def asked(path: str, name: str, what: str) -> Talk[Told]:
    """Ask for one thing by its name; raises `ValueError` naming it where it is not known."""
    told = yield Ask("GET", path)
    known(told, name, what)
    return told


def known(told: Told, name: str, what: str) -> None:
    """Raise what a problem means, and name what is not known."""
    if told.status == 404:
        raise ValueError(f"no {what} {name!r}")
    raise_problem(told)


def decimal(money: Money) -> str:
    """An amount as text, exactly."""
    return money.decimal


def rows(path: str, query: Mapping[str, str], name: str) -> Talk[list[Json]]:
    """Every row of a list that comes in pages."""
    found: list[Json] = []
    after: str | None = None
    while True:
        ask = dict(query) if after is None else {**query, "after": after}
        told = yield Ask("GET", path, query=ask)
        known(told, name, "agent named")
        found += told.body["data"]
        after = told.body.get("next")
        if after is None:
            return found


def agent_path(agent_id: str, rest: str = "") -> str:
    """Where an agent is; raises `ValueError` for a name that no agent can have."""
    if not isinstance(agent_id, str) or name_fault(agent_id):
        raise ValueError(f"no agent named {agent_id!r}")
    return f"/v1/agents/{part(agent_id)}{rest}"


# Agents


def register_agent(
    agent_id: str, metadata: Mapping[str, object] | None = None, policy: Policy | None = None
) -> Talk[Agent]:
    """See `AgentPaySDK.register_agent`."""
    limits = _policy(policy or Policy())
    json_of(metadata)
    if wrong := name_fault(agent_id):
        raise ValueError(f"{agent_id[:LONGEST_NAME]!r} cannot name an agent: {wrong}")
    body: Json = {"name": agent_id, "policy": limits, "metadata": dict(metadata or {}) or None}
    name = (metadata or {}).get("name")
    if isinstance(name, str) and name.strip():
        body["display_name"] = name[:LONGEST_NAME]
    told = yield post("/v1/agents", body)
    raise_problem(told)
    return see_agent(told.body)


def _policy(policy: Policy) -> Json:
    caps = caps_from(policy)
    return {
        "per_payment": None if caps.per_payment is None else decimal(caps.per_payment),
        "per_day": None if caps.per_day is None else decimal(caps.per_day),
        "owner_threshold": None if caps.owner_threshold is None else decimal(caps.owner_threshold),
        "payees": None if caps.payees is None else sorted(caps.payees),
        "paused": caps.paused,
    }


def get_agent(agent_id: str) -> Talk[Agent | None]:
    """See `AgentPaySDK.get_agent`."""
    if name_fault(agent_id):
        return None
    told = yield Ask("GET", agent_path(agent_id))
    if told.status == 404:
        return None
    raise_problem(told)
    return see_agent(told.body)


def agent_exists(agent_id: str) -> Talk[bool]:
    """See `AgentPaySDK.agent_exists`."""
    return (yield from get_agent(agent_id)) is not None


def list_agents() -> Talk[list[Agent]]:
    """See `AgentPaySDK.list_agents`."""
    found = yield from rows("/v1/agents", {"limit": str(PAGE)}, "")
    return [see_agent(one) for one in found]


def update_agent_policy(agent_id: str, policy: Policy) -> Talk[Agent]:
    """See `AgentPaySDK.update_agent_policy`; over HTTP nobody loosens a limit."""
    limits = _policy(policy)
    told = yield post(agent_path(agent_id, "/policy"), limits, method="PUT")
    if told.code == "owner_required":
        loosens = [NAMES.get(str(one), str(one)) for one in told.body.get("loosens", [])]
        what = ", ".join(loosens) or "a limit"
        raise PermissionError(f"only the owner may loosen {what}, and at a terminal, not over HTTP")
    known(told, agent_id, "agent named")
    return see_agent(told.body)


def pause_agent(agent_id: str) -> Talk[Agent]:
    """See `AgentPaySDK.pause_agent`."""
    told = yield post(agent_path(agent_id, "/pause"), {})
    known(told, agent_id, "agent named")
    return see_agent(told.body)


def unpause_agent(agent_id: str) -> Talk[Agent]:
    """See `AgentPaySDK.unpause_agent`; the key has to have the scope `admin`."""
    told = yield post(agent_path(agent_id, "/unpause"), {})
    known(told, agent_id, "agent named")
    return see_agent(told.body)


# Wallets


def fund_agent(agent_id: str, amount: int, memo: str | None = None) -> Talk[LedgerEntry]:
    """See `AgentPaySDK.fund_agent`."""
    body = {"amount": decimal(money_of(amount)), "memo": text_of(memo, "memo", LONGEST_MEMO)}
    told = yield post(agent_path(agent_id, "/fund"), body)
    known(told, agent_id, "agent named")
    return see_side(told.body)


def get_wallet(agent_id: str) -> Talk[Wallet]:
    """See `AgentPaySDK.get_wallet`."""
    told = yield from asked(agent_path(agent_id, "/wallet"), agent_id, "agent named")
    return see_wallet(told.body)


def get_balance(agent_id: str) -> Talk[int]:
    """See `AgentPaySDK.get_balance`."""
    return (yield from get_wallet(agent_id)).balance


# Payments


def header_key(key: str | None) -> str:
    """The program's key as the header carries it, or one of our own. Raises `ValueError`."""
    if key_of(key) is None:
        return own_key()
    assert key is not None, "the line above returned for none"
    sent = quote(key, safe="!#$&'()*+,/:;=?@[]")
    if len(sent) > LONGEST_HEADER:
        raise ValueError(f"idempotency_key is longer than {LONGEST_HEADER} characters over HTTP")
    return sent


def pay(
    from_agent: str,
    to_agent: str,
    amount: int,
    memo: str | None = None,
    idempotency_key: str | None = None,
    metadata: Mapping[str, object] | None = None,
) -> Talk[PaymentResult]:
    """See `AgentPaySDK.pay`."""
    body: Json = {
        "from_agent": from_agent,
        "to_agent": to_agent,
        "amount": decimal(money_of(amount)),
        "memo": text_of(memo, "memo", LONGEST_MEMO),
    }
    if json_of(metadata) is not None:
        body["metadata"] = dict(metadata or {})
    key = header_key(idempotency_key)
    if missing := nobody(from_agent, to_agent):
        return PaymentResult(False, None, *missing)
    told = yield post("/v1/payments", body, key)
    if told.code in REFUSED:
        return PaymentResult(False, None, REFUSED[told.code], told.detail)
    return (yield from outcome(told))


REFUSED = {
    "payer_not_found": "PAYER_NOT_FOUND",
    "payee_not_found": "PAYEE_NOT_FOUND",
    "no_policy": "NO_POLICY",
    "idempotency_conflict": KEY_REUSED,
}
"""What a payment or an escrow is not even begun for."""


def nobody(from_agent: str, to_agent: str) -> tuple[str, str] | None:
    """(error code, message) of a payer or payee whose name no agent can have, or None."""
    for code, name in (("PAYER_NOT_FOUND", from_agent), ("PAYEE_NOT_FOUND", to_agent)):
        if not isinstance(name, str) or name_fault(name):
            return code, f"no agent named {name!r}"
    return None


def outcome(told: Told) -> Talk[PaymentResult]:
    """What became of a payment; of a repeated one, what has become of it since."""
    payment = payment_in(told)
    if payment is None:
        raise_problem(told)
        raise AssertionError("what is no payment is a problem")
    if told.replayed:
        told = yield Ask("GET", f"/v1/payments/{part(payment['id'])}")
        raise_problem(told)
        payment = told.body
    return see_result(payment)


def payment_in(told: Told) -> Json | None:
    """The payment that was told, or that was denied; None where there is another problem."""
    if told.code == "denied" and isinstance(told.body.get("payment"), dict):
        found: Json = told.body["payment"]
        return found
    return told.body if told.status < 400 and told.body.get("object") == "payment" else None


def get_payment(intent_id: str) -> Talk[PaymentIntent | None]:
    """See `AgentPaySDK.get_payment`."""
    told = yield Ask("GET", f"/v1/payments/{part(intent_id)}")
    if told.status in (404, 422):
        return None
    raise_problem(told)
    return see_payment(told.body)


def get_payment_status(intent_id: str) -> Talk[PaymentStatus | None]:
    """See `AgentPaySDK.get_payment_status`."""
    payment = yield from get_payment(intent_id)
    return None if payment is None else payment.status


def approve_payment(intent_id: str) -> Talk[PaymentResult]:
    """See `AgentPaySDK.approve_payment`; the key has to have the scope `admin`."""
    return (yield from _decided(intent_id, "approve", {}))


def deny_payment(intent_id: str, reason: str = "") -> Talk[PaymentResult]:
    """See `AgentPaySDK.deny_payment`; the key has to have the scope `admin`."""
    body = {"reason": text_of(reason, "reason", LONGEST_MEMO)}
    return (yield from _decided(intent_id, "deny", body))


def _decided(intent_id: str, what: str, body: Json) -> Talk[PaymentResult]:
    told = yield post(f"/v1/payments/{part(intent_id)}/{what}", body)
    if told.status == 404:
        raise ValueError(f"no payment {intent_id!r}")
    return (yield from outcome(told))


def transfer_to_agent(
    from_agent_id: str,
    to_agent_id: str,
    amount: int,
    purpose: str,
    metadata: Mapping[str, object] | None = None,
) -> Talk[dict[str, object]]:
    """See `AgentPaySDK.transfer_to_agent`."""
    result = yield from pay(from_agent_id, to_agent_id, amount, purpose, None, metadata)
    return as_transaction(result, from_agent_id, to_agent_id, amount, purpose)


# The ledger


def get_transaction_history(agent_id: str, limit: int = 100) -> Talk[list[LedgerEntry]]:
    """See `AgentPaySDK.get_transaction_history`."""
    if type(limit) is not int or limit < 0:
        raise ValueError("limit is a whole number, 0 or more")
    path, found = agent_path(agent_id, "/history"), list[LedgerEntry]()
    query: dict[str, str] = {}
    while len(found) < limit:
        query["limit"] = str(min(limit - len(found), LONGEST_HISTORY_PAGE))
        told = yield Ask("GET", path, query=dict(query))
        known(told, agent_id, "agent named")
        found += [see_side(one) for one in told.body["data"]]
        if told.body.get("next") is None:
            break
        query["after"] = str(told.body["next"])
    if not limit:
        yield from get_wallet(agent_id)
    return found


def get_transaction_by_reference(reference_id: str) -> Talk[list[LedgerEntry]]:
    """See `AgentPaySDK.get_transaction_by_reference`."""
    told = yield Ask("GET", f"/v1/ledger/references/{part(reference_id)}")
    if told.status in (404, 422):
        return []
    raise_problem(told)
    return [see_side(one) for one in told.body["data"]]


def get_agent_earnings(agent_id: str) -> Talk[Row]:
    """See `AgentPaySDK.get_agent_earnings`."""
    return (yield from _summary(agent_id, "earnings"))


def get_agent_expenses(agent_id: str) -> Talk[Row]:
    """See `AgentPaySDK.get_agent_expenses`."""
    return (yield from _summary(agent_id, "expenses"))


def get_agent_balance_summary(agent_id: str) -> Talk[Row]:
    """See `AgentPaySDK.get_agent_balance_summary`."""
    return (yield from _summary(agent_id, "summary"))


def get_agent_stats(agent_id: str) -> Talk[Row]:
    """See `AgentPaySDK.get_agent_stats`."""
    return (yield from _summary(agent_id, "stats"))


def _summary(agent_id: str, what: str) -> Talk[dict[str, Any]]:
    told = yield from asked(agent_path(agent_id, f"/{what}"), agent_id, "agent named")
    return dict(see_summary(told.body))
