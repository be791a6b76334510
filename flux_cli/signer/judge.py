"""May this be signed? Rules on the decoded bytes, the sealed policy and what was signed before."""

from __future__ import annotations

import hashlib
import json

from flux_cli.signer import encoding
from flux_cli.signer.encoding import Call, Malformed
from flux_cli.signer.messages import Cancel, Judge, Refused
from flux_cli.signer.policy import MAINNET, Policy
from flux_cli.signer.record import DAY, Line, Record

MOST_WRAPS = 64
"""How many transactions may carry one authorization: fee bumps and lost slots, not a drain."""


def judge_payment(
    ask: Judge, policy: Policy, address: str, record: Record, now: int
) -> Refused | None:
    """Why this may not be authorized, or None. Raises `Malformed` for fields that are no fields."""
    terms = ask.terms
    wrong = _place(policy, terms.chain_id, terms.token)
    if wrong is None and terms.payer != address:
        wrong = Refused("wrong_payer", f"this wallet is {address}")
    allowed = policy.merchants.get(ask.merchant)
    if wrong is None and allowed is None:
        wrong = Refused(
            "merchant_not_allowed", f"{ask.merchant[:64]} is not a whitelisted merchant"
        )
    if wrong is None and allowed != terms.payee:
        wrong = Refused("wrong_payee", f"{ask.merchant[:64]} is paid at {allowed} only")
    if (
        wrong is None
        and encoding.transfer_digest(terms, ask.valid_after, ask.valid_before) != ask.digest
    ):
        wrong = Refused("digest_mismatch", "the digest is not of these fields")
    wrong = wrong or _approved(ask) or _valid(ask, policy, now)
    earlier = record.authorizations.get(encoding.payment_nonce(terms))
    if wrong is not None or earlier is not None:
        return wrong or _again(earlier, now)
    return _within_caps(terms.units, policy, record, now)


def _place(policy: Policy, chain_id: int, token: str) -> Refused | None:
    if chain_id != policy.chain_id:
        said = f"only chain {policy.chain_id} is allowed"
        return Refused("wrong_chain", said, policy.chain_id, chain_id)
    if chain_id == MAINNET and not policy.mainnet:
        return Refused("mainnet_refused", "the owner has not allowed the main network")
    if token != policy.token:
        return Refused("wrong_token", f"only the token {policy.token} is allowed")
    return None


def _approved(ask: Judge) -> Refused | None:
    """The terms are a line of what was approved, and that is what the cart's hash is of."""
    if hashlib.sha256(ask.spend.encode()).hexdigest() != ask.terms.cart_hash:
        return Refused("spend_mismatch", "the approved payment is not the one that is hashed")
    try:
        spend = json.loads(ask.spend)
        share = spend["shares"][ask.terms.line]
        said = (spend["rail"], share["payee"], share["amount"]["units"])
        asset = share["amount"]["asset"]["code"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise Malformed("the approved payment cannot be read") from None
    if (*said, asset) != ("arc", ask.merchant, ask.terms.units, "USDC") or ask.terms.line < 0:
        return Refused("spend_mismatch", "the approved payment has another payee, amount or rail")
    return None


def _valid(ask: Judge, policy: Policy, now: int) -> Refused | None:
    length = ask.valid_before - now
    if length <= 0 or ask.valid_after > now:
        return Refused("not_valid_now", "the authorization would not be valid now")
    if length > policy.longest_validity:
        said = "seconds that an authorization may be valid"
        return Refused("valid_too_long", said, policy.longest_validity, length)
    return None


def _again(earlier: Line | None, now: int) -> Refused | None:
    if earlier is not None and earlier.valid_before <= now:
        said = "this payment was authorized before, and that has expired"
        return Refused("permit_used", said, now, earlier.valid_before)
    return None


def _within_caps(units: int, policy: Policy, record: Record, now: int) -> Refused | None:
    day, ever = record.spent(now - DAY) + units, record.spent(0) + units
    rules = (
        ("amount_is_nothing", "an amount is more than nothing", units, 1),
        ("per_payment", "one payment", policy.per_payment, units),
        ("per_day", "authorized in 24 hours", policy.per_day, day),
        ("budget", "authorized in all", policy.budget, ever),
    )
    for rule, said, limit, observed in rules:
        if observed > limit:
            return Refused(rule, said, limit, observed)
    return None


def judge_cancel(ask: Cancel, policy: Policy, address: str, record: Record) -> Refused | None:
    """Why this may not be cancelled, or None."""
    if wrong := _place(policy, ask.chain_id, ask.token):
        return wrong
    if ask.nonce not in record.authorizations:
        return Refused("unknown_authorization", "this signer has authorized no such payment")
    if encoding.cancel_digest(ask.chain_id, ask.token, address, ask.nonce) != ask.digest:
        return Refused("digest_mismatch", "the digest is not of these fields")
    return None


def judge_call(
    call: Call, policy: Policy, address: str, record: Record, now: int
) -> Refused | tuple[str, str, tuple[bytes, ...]]:
    """Why a transaction may not be signed; else its nonce, the digest it must carry, and v, r, s.

    What it calls is read from its own bytes, and must be what this signer has authorized.
    """
    if wrong := _place(policy, call.chain_id, call.to) or _affordable(call, policy, record, now):
        return wrong
    names = {encoding.TRANSFER_SELECTOR: 9, encoding.CANCEL_SELECTOR: 5}
    if names.get(call.selector) != len(call.words):
        return Refused("unknown_call", "only a transfer or a cancellation of its own is signed")
    words = call.words
    nonce = "0x" + words[-4].hex()
    line = record.authorizations.get(nonce)
    if line is None:
        return Refused("unknown_authorization", "this signer has authorized no such payment")
    if record.wraps.get(nonce, 0) >= MOST_WRAPS:
        said = "transactions for one payment"
        return Refused("too_many_attempts", said, MOST_WRAPS, MOST_WRAPS + 1)
    if encoding.word_address(words[0]) != address:
        return Refused("wrong_payer", f"this wallet is {address}")
    if call.selector == encoding.CANCEL_SELECTOR:
        digest = encoding.cancel_digest(call.chain_id, call.to, address, nonce)
        return nonce, digest, words[-3:]
    payee = encoding.word_address(words[1])
    units, after, before = (int.from_bytes(word) for word in words[2:5])
    if (payee, units, after, before) != (
        line.payee,
        line.units,
        line.valid_after,
        line.valid_before,
    ):
        return Refused("not_what_was_authorized", "the call's fields are not the authorization's")
    head = (call.chain_id, call.to, address, payee)
    return nonce, encoding.spelled_digest(*head, units, after, before, nonce), words[-3:]


def _affordable(call: Call, policy: Policy, record: Record, now: int) -> Refused | None:
    day = record.gas_spent(now - DAY, call.account_nonce) + call.gas * call.max_fee_wei
    rules = (
        ("gas", "gas of one transaction", policy.most_gas, call.gas),
        ("fee", "wei for one gas", policy.most_fee_per_gas, call.max_fee_wei),
        ("tip", "wei of tip for one gas", call.max_fee_wei, call.tip_wei),
        ("gas_per_day", "wei that 24 hours may cost in gas", policy.gas_per_day, day),
    )
    for rule, said, limit, observed in rules:
        if observed > limit:
            return Refused(f"gas_cap_{rule}", said, limit, observed)
    return None
