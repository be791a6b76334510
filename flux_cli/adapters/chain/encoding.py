"""What goes to a chain, encoded with eth-abi and eth-account; the signer recomputes all of it.

Sources: EIP-3009, EIP-712, EIP-1559.
"""

from __future__ import annotations

from typing import Any

import rlp
from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_utils.address import is_checksum_address, to_checksum_address
from eth_utils.crypto import keccak

from flux_cli.domain.authorizations import Terms
from flux_cli.domain.canonical import canonical
from flux_cli.domain.settlements import Authorization, Fees

TRANSFER_SELECTOR = bytes.fromhex("e3ee160e")
CANCEL_SELECTOR = bytes.fromhex("5a049a70")
DOMAIN_FIELDS = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
TRANSFER_FIELDS = [
    {"name": "from", "type": "address"},
    {"name": "to", "type": "address"},
    {"name": "value", "type": "uint256"},
    {"name": "validAfter", "type": "uint256"},
    {"name": "validBefore", "type": "uint256"},
    {"name": "nonce", "type": "bytes32"},
]
CANCEL_FIELDS = [
    {"name": "authorizer", "type": "address"},
    {"name": "nonce", "type": "bytes32"},
]


def is_address(text: str) -> bool:
    """Whether `text` is an address in EIP-55's mixed case, and no other spelling of one."""
    return bool(is_checksum_address(text))


def checksummed(text: str) -> str:
    """An address as EIP-55 spells it; raises ValueError for what is none."""
    return str(to_checksum_address(text))


def hash_of(text: str) -> bytes:
    """32 bytes from 64 hexadecimal digits; raises ValueError."""
    raw = bytes.fromhex(text.removeprefix("0x"))
    if len(raw) != 32:
        raise ValueError("a hash has 32 bytes")
    return raw


def payment_nonce(terms: Terms) -> str:
    """keccak256(abi.encode("flux/v1", …)), CHAIN's derivation of an authorization's nonce."""
    kinds = ("string", "uint256", "address", "address", "address", "uint256")
    fields = ("flux/v1", terms.chain_id, terms.token, terms.payer, terms.payee, terms.units)
    hashes = (hash_of(terms.mandate_hash), hash_of(terms.cart_hash))
    encoded = encode((*kinds, "bytes32", "bytes32", "uint256"), (*fields, *hashes, terms.line))
    return "0x" + keccak(encoded).hex()


def charge_nonce(challenge: str, realm: str, method: str, intent: str, request: bytes) -> str:
    """The nonce of a Machine Payments charge in USDC (draft-usdc-charge-00, its credential).

    keccak256 of the JCS object of these and the hash of the exact `request` bytes. Every value is
    text without characters that JSON escapes in two ways, for which sorted compact JSON is JCS.
    """
    fields = {
        "id": challenge,
        "intent": intent,
        "method": method,
        "realm": realm,
        "requestHash": "0x" + keccak(request).hex(),
    }
    return "0x" + keccak(canonical(fields).encode()).hex()


def domain_separator(chain_id: int, token: str) -> str:
    """The EIP-712 domain of USDC, hashed."""
    kinds = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    parts = (keccak(kinds), keccak(b"USDC"), keccak(b"2"), chain_id, token)
    return "0x" + keccak(encode(("bytes32",) * 3 + ("uint256", "address"), parts)).hex()


def transfer_digest(terms: Terms, nonce: str, valid_after: int, valid_before: int) -> str:
    """The EIP-712 digest of a transferWithAuthorization."""
    message = {
        "from": terms.payer,
        "to": terms.payee,
        "value": terms.units,
        "validAfter": valid_after,
        "validBefore": valid_before,
        "nonce": hash_of(nonce),
    }
    return _typed(terms, "TransferWithAuthorization", TRANSFER_FIELDS, message)


def cancel_digest(terms: Terms, nonce: str) -> str:
    """The EIP-712 digest of a cancelAuthorization."""
    message = {"authorizer": terms.payer, "nonce": hash_of(nonce)}
    return _typed(terms, "CancelAuthorization", CANCEL_FIELDS, message)


def _typed(terms: Terms, name: str, fields: list[dict[str, str]], message: dict[str, Any]) -> str:
    signable = encode_typed_data(
        full_message={
            "types": {"EIP712Domain": DOMAIN_FIELDS, name: fields},
            "primaryType": name,
            "domain": {
                "name": "USDC",
                "version": "2",
                "chainId": terms.chain_id,
                "verifyingContract": terms.token,
            },
            "message": message,
        }
    )
    return "0x" + bytes(_hash_eip191_message(signable)).hex()


def payment_call(terms: Terms, nonce: str, signed: Authorization) -> bytes:
    """The calldata of transferWithAuthorization, v, r, s."""
    kinds = ("address", "address", "uint256", "uint256", "uint256", "bytes32")
    fields = (terms.payer, terms.payee, terms.units, signed.valid_after, signed.valid_before)
    signature = (hash_of(nonce), signed.v, hash_of(signed.r), hash_of(signed.s))
    return TRANSFER_SELECTOR + encode(
        (*kinds, "uint8", "bytes32", "bytes32"), (*fields, *signature)
    )


def cancel_call(terms: Terms, nonce: str, signed: Authorization) -> bytes:
    """The calldata of cancelAuthorization."""
    fields = (terms.payer, hash_of(nonce), signed.v, hash_of(signed.r), hash_of(signed.s))
    return CANCEL_SELECTOR + encode(("address", "bytes32", "uint8", "bytes32", "bytes32"), fields)


def unsigned_transaction(
    chain_id: int, place: int, fees: Fees, gas: int, to: str, data: bytes
) -> str:
    """An EIP-1559 transaction that calls a contract and sends no money along, to be signed."""
    recipient = bytes.fromhex(to.removeprefix("0x"))
    fields = [chain_id, place, fees.tip_wei, fees.max_fee_wei, gas, recipient, 0, data, []]
    return f"0x02{rlp.encode(fields).hex()}"


def signature_address(digest: str, signed: Authorization) -> str:
    """Whose signature over a digest this is."""
    vrs = (signed.v, int(signed.r, 16), int(signed.s, 16))
    return str(Account._recover_hash(hash_of(digest), vrs=vrs))


def transaction_sender(raw: str) -> str:
    """Whose signature a raw transaction carries."""
    return str(Account.recover_transaction(raw))


def unsigned_part(raw: str) -> str:
    """A signed transaction's bytes without its signature, as it was before."""
    body = bytes.fromhex(raw.removeprefix("0x"))
    return f"0x02{rlp.encode(rlp.decode(body[1:])[:9]).hex()}"


def transaction_hash(raw: str) -> str:
    """The hash a node knows a raw transaction by."""
    return "0x" + keccak(bytes.fromhex(raw.removeprefix("0x"))).hex()
