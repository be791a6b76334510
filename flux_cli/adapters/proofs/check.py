"""The offline check of a proof bundle: from its bytes alone, every digest and signature again.

It reads the bundle's JSON itself and shares no code with what made it: its hashing and encoding
are the signer's own. Sources: EIP-3009, EIP-712, CHAIN's nonce, the ledger's chain of SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from flux_cli.domain.authorizations import Terms
from flux_cli.domain.evidence import CANCELLED, TRANSFER, USED, FieldCheck, Log, Receipt
from flux_cli.signer import encoding

FORMAT = "flux-proof/1"
LARGEST = 20_000_000
SPEND = (
    *("requester", "amount", "shares", "purpose", "justification", "claimed_return", "category"),
    *("rail", "mandate_id", "plan_digest", "reference", "escrowed", "key"),
)
NO_HASH = "0" * 64
Json = Mapping[str, Any]


def read_bundle(data: bytes) -> Json | None:
    """The bundle in a file's bytes, None where they are none."""
    try:
        found = json.loads(data) if len(data) <= LARGEST else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("format") == FORMAT else None


def check_bundle(bundle: Json) -> list[FieldCheck]:
    """Every field that was compared; the bundle is a proof only if all agree."""
    found: list[FieldCheck] = []
    parts = (_decided, _voted, _booked, _settled, _labelled)
    for part in parts:
        name = part.__name__.removeprefix("_")
        try:
            found += part(bundle)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            found.append(FieldCheck(f"{name} readable", "yes", f"{type(error).__name__}: {error}"))
    return found


def receipts_of(bundle: Json) -> list[Receipt]:
    """The receipts in a bundle that was checked."""
    return [_receipt(one["receipt"]) for one in bundle["settlements"] if one["receipt"] is not None]


def _same(field: str, expected: object, observed: object) -> FieldCheck:
    return FieldCheck(field, str(expected), str(observed))


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _decided(bundle: Json) -> Iterator[FieldCheck]:
    """What was approved is what was asked, to the letter."""
    intent, decision = bundle["intent"], bundle["decision"]
    spend = {name: intent[name] for name in SPEND}
    yield _same("request", _sha(_text(spend)), intent["request_digest"])
    yield _same("decision request", intent["request_digest"], decision["request_digest"])
    yield _same("decision", intent["decision_id"], decision["id"])
    yield _same("verdict", "permit", decision["verdict"])
    yield _same("decision intent", intent["id"], decision["intent_id"])
    yield _same("decision payer", intent["requester"], decision["requester"])
    yield _same("decision amount", _text(intent["amount"]), _text(decision["amount"]))
    shares = sum(share["amount"]["units"] for share in intent["shares"])
    yield _same("shares", intent["amount"]["units"], shares)


def _voted(bundle: Json) -> Iterator[FieldCheck]:
    """Each ballot is on this very request, and they add up to the count that was decided on."""
    intent, tally = bundle["intent"], bundle["decision"]["tally"]
    newest = {ballot["seat"]: ballot for ballot in bundle["ballots"]}
    for seat, ballot in newest.items():
        yield _same(f"ballot of {seat}", intent["request_digest"], ballot["request_digest"])
    if tally is None:
        yield _same("ballots", 0, len(newest))
        return
    counted = [b for b in newest.values() if b["error"] is None or b["backend"] == "rule_fallback"]
    yes = sum(ballot["vote"] == "YES" for ballot in counted)
    yield _same("votes", f"{tally['yes']} YES", f"{yes} YES")
    yield _same("quorum", "enough", "enough" if yes >= tally["needed"] else "too few")


def _booked(bundle: Json) -> Iterator[FieldCheck]:
    """Each movement hashes to what the ledger's chain has, and the money left by the decision."""
    intent, rows = bundle["intent"], bundle["movements"]
    known: dict[int, str] = {}
    leave = []
    for one in rows:
        row, before = one["row"], one["before"]
        spelled = json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode()
        hashed = hashlib.sha256(bytes.fromhex(before) + spelled).hexdigest()
        yield _same(f"movement {row[0]}", hashed, one["hash"])
        if row[0] - 1 in known:
            yield _same(f"link {row[0] - 1}-{row[0]}", known[row[0] - 1], before)
        known[row[0]] = one["hash"]
        if row[10] is not None:
            leave.append((row[10], row[5], row[7], row[8]))
    head = bundle["head"]
    if head["number"] in known:
        yield _same("head", head["hash"], known[head["number"]])
    amount = intent["amount"]
    whole = (amount["asset"]["code"], amount["units"])
    wanted = [(intent["decision_id"], f"wallet:{intent['requester']}", *whole)]
    yield _same("left the wallet", wanted, leave)


def _settled(bundle: Json) -> Iterator[FieldCheck]:
    """Each settlement is a line of the approved payment, signed by the payer, paid on the chain."""
    for one in bundle["settlements"]:
        yield from _line(bundle, one["settlement"], one["receipt"])


def _line(bundle: Json, settlement: Json, receipt: Json | None) -> Iterator[FieldCheck]:
    intent, line = bundle["intent"], settlement["line"]
    at = f"line {line} "
    share, terms = intent["shares"][line], Terms(**settlement["terms"])
    spend = {name: intent[name] for name in SPEND} | {"mandate_id": None}
    yield _same(at + "intent", intent["id"], settlement["intent_id"])
    yield _same(at + "payee", share["payee"], settlement["payee"])
    yield _same(at + "amount", _text(share["amount"]), _text(settlement["amount"]))
    yield _same(at + "units", share["amount"]["units"], terms.units)
    yield _same(at + "number", line, terms.line)
    yield _same(at + "cart hash", _sha(_text(spend)), terms.cart_hash)
    yield _same(at + "mandate hash", _mandate_hash(bundle["mandate"]), terms.mandate_hash)
    yield _same(at + "nonce", encoding.payment_nonce(terms), settlement["nonce"])
    web = bundle["web"]
    signed = settlement["authorization"] or (web and web["authorization"])
    if signed is not None:
        digest = encoding.transfer_digest(terms, signed["valid_after"], signed["valid_before"])
        yield _same(at + "signature", terms.payer, _signer(digest, signed))
    yield _same(at + "state", settlement["state"] == "settled", settlement["proof"] is not None)
    if settlement["proof"] is None:
        return
    yield _same(at + "receipt", "there", "missing" if receipt is None else "there")
    if receipt is not None:
        yield from _paid(at, terms, settlement, _receipt(receipt))
        yield from _entered(at, bundle, settlement)


def _paid(at: str, terms: Terms, settlement: Json, receipt: Receipt) -> Iterator[FieldCheck]:
    """The token's own logs say that exactly this was paid, by this authorization."""
    proof = settlement["proof"]
    yield _same(at + "transaction", proof["tx_hash"], receipt.tx_hash)
    yield _same(at + "block", proof["block_hash"], receipt.block_hash)
    yield _same(at + "chain", terms.chain_id, receipt.chain_id)
    yield _same(at + "status", "succeeded", "succeeded" if receipt.succeeded else "failed")
    payer, payee = _word(terms.payer), _word(terms.payee)
    own = [log for log in receipt.logs if log.address == terms.token]
    transfer = ((TRANSFER, payer, payee), terms.units)
    paid = [log for log in own if len(log.data) == 66]
    moved = [(log.topics, int(log.data, 16)) for log in paid if log.topics[:1] == (TRANSFER,)]
    yield _same(at + "transfer log", "1 of it", f"{moved.count(transfer)} of it")
    if transfer not in moved:
        yield from _differing(at, terms, receipt)
    used = (USED, payer, settlement["nonce"])
    count = sum(log.topics == used for log in own)
    yield _same(at + "authorization log", "1 of it", f"{count} of it")
    gone = sum(log.topics[:1] == (CANCELLED,) and log.topics[1:] == used[1:] for log in own)
    yield _same(at + "cancelled", 0, gone)


def _differing(at: str, terms: Terms, receipt: Receipt) -> Iterator[FieldCheck]:
    """What the transfer that is most like it has otherwise, field by field."""
    wanted = (terms.token, _word(terms.payer), _word(terms.payee), str(terms.units))
    found = [
        (log.address, *log.topics[1:], str(int(log.data, 16)))
        for log in receipt.logs
        if log.topics[:1] == (TRANSFER,) and len(log.topics) == 3 and len(log.data) == 66
    ]
    same = [sum(map(str.__eq__, one, wanted)) for one in found]
    best = found[same.index(max(same))] if found else ("", "", "", "")
    for name, expected, observed in zip(
        ("token", "payer", "payee", "amount"), wanted, best, strict=True
    ):
        yield _same(f"{at}transfer {name}", expected, observed)


def _entered(at: str, bundle: Json, settlement: Json) -> Iterator[FieldCheck]:
    key = f"settle:{settlement['id']}"
    amount = settlement["amount"]
    found = [one["row"][4:9] for one in bundle["movements"] if one["row"][3] == key]
    route = [f"held:{settlement['requester']}", "world"]
    wanted = ["settlement", *route, amount["asset"]["code"], amount["units"]]
    yield _same(at + "ledger entry", [wanted], found)


def _labelled(bundle: Json) -> Iterator[FieldCheck]:
    """What moved nothing real says so."""
    settlements = bundle["settlements"]
    yield _same("simulated", not settlements, bundle["simulated"])
    yield _same("rail", bool(settlements), bundle["intent"]["rail"] == "arc")
    local = any(one["settlement"]["local"] for one in settlements)
    yield _same("local", local, bundle["local"])


def _mandate_hash(mandate: Json | None) -> str:
    if mandate is None:
        return NO_HASH
    named = [mandate[name] for name in ("key", "holder", "purpose", "total")]
    return _sha(_text(named))


def _signer(digest: str, signed: Json) -> str:
    """Whose signature this is."""
    from coincurve import PublicKey

    r, s = encoding.hash_bytes(signed["r"]), encoding.hash_bytes(signed["s"])
    if signed["v"] not in (27, 28):
        raise ValueError("v is 27 or 28")
    signature = r + s + bytes([signed["v"] - 27])
    key = PublicKey.from_signature_and_message(
        signature, encoding.hash_bytes(digest), hasher=None
    ).format(compressed=False)
    return encoding.checksum(encoding.keccak(key[1:])[-20:])


def _word(address: str) -> str:
    return "0x" + encoding.address_bytes(address).hex().rjust(64, "0")


def _receipt(found: Json) -> Receipt:
    logs = tuple(
        Log(log["index"], log["address"], tuple(log["topics"]), log["data"])
        for log in found["logs"]
    )
    return Receipt(**{**found, "logs": logs})
