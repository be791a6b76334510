"""The bytes that are signed, computed from their fields and decoded back: ABI, EIP-712, RLP.

Written apart from the libraries the rest of Flux encodes with, so that one checks the other.
Sources: EIP-3009, EIP-712, EIP-1559, EIP-2718, the yellow paper's appendix B (RLP).
"""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.domain.authorizations import Terms

TRANSFER_SELECTOR = bytes.fromhex("e3ee160e")
CANCEL_SELECTOR = bytes.fromhex("5a049a70")
WORD = 32
DYNAMIC_FEE = 2
"""The type byte of an EIP-1559 transaction."""


class Malformed(ValueError):
    """Bytes or a field that are not what they should be."""


@dataclass(frozen=True, slots=True)
class Call:
    """A transaction as its own bytes say: `authorization` is the EIP-3009 calldata's words."""

    chain_id: int
    account_nonce: int
    tip_wei: int
    max_fee_wei: int
    gas: int
    to: str
    selector: bytes
    words: tuple[bytes, ...]


def keccak(data: bytes) -> bytes:
    """Keccak-256, Ethereum's."""
    from eth_hash.auto import keccak as hashed  # 15 ms: only what signs or proves pays it

    return bytes(hashed(data))


def checksum(address: bytes) -> str:
    """An address in EIP-55's mixed case."""
    if len(address) != 20:
        raise Malformed("an address has 20 bytes")
    digits = address.hex()
    hashed = keccak(digits.encode()).hex()
    pairs = zip(digits, hashed, strict=False)
    return "0x" + "".join(digit.upper() if int(mark, 16) > 7 else digit for digit, mark in pairs)


def address_bytes(address: str) -> bytes:
    """The 20 bytes of a checksummed address; raises `Malformed` for any other spelling."""
    try:
        raw = bytes.fromhex(address.removeprefix("0x"))
    except ValueError:
        raise Malformed(f"{address[:50]!r} is no address") from None
    if len(raw) != 20 or checksum(raw) != address:
        raise Malformed(f"{address[:50]!r} is not a checksummed address")
    return raw


def number(value: int) -> bytes:
    """An unsigned 256-bit word."""
    if type(value) is not int or not 0 <= value < 1 << 256:
        raise Malformed("a number is from 0 to 2^256 - 1")
    return value.to_bytes(WORD)


def hash_bytes(text: str) -> bytes:
    """32 bytes from exactly 64 hexadecimal digits, `0x` or not."""
    digits = text.removeprefix("0x")
    if len(digits) != 2 * WORD:
        raise Malformed("a hash has 64 hexadecimal digits")
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise Malformed("a hash has 64 hexadecimal digits") from None


def _address_word(address: str) -> bytes:
    return address_bytes(address).rjust(WORD, b"\0")


def payment_nonce(terms: Terms) -> str:
    """keccak256(abi.encode("flux/v1", chainId, token, payer, payee, units, mandateHash, cartHash,
    lineIndex)): the token itself then refuses to pay the same line twice."""
    label = b"flux/v1"
    head = (
        number(9 * WORD),
        number(terms.chain_id),
        _address_word(terms.token),
        _address_word(terms.payer),
        _address_word(terms.payee),
        number(terms.units),
        hash_bytes(terms.mandate_hash),
        hash_bytes(terms.cart_hash),
        number(terms.line),
    )
    tail = number(len(label)) + label.ljust(WORD, b"\0")
    return "0x" + keccak(b"".join(head) + tail).hex()


_DOMAIN = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_TRANSFER = (
    b"TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
    b"uint256 validBefore,bytes32 nonce)"
)
_CANCEL = b"CancelAuthorization(address authorizer,bytes32 nonce)"


def domain_separator(chain_id: int, token: str) -> bytes:
    """USDC's EIP-712 domain: name `USDC`, version `2`."""
    parts = (keccak(_DOMAIN), keccak(b"USDC"), keccak(b"2"), number(chain_id))
    return keccak(b"".join(parts) + _address_word(token))


def transfer_digest(terms: Terms, valid_after: int, valid_before: int) -> str:
    """What is signed to let `terms` be paid between the two times (seconds since 1970)."""
    head = (terms.chain_id, terms.token, terms.payer, terms.payee, terms.units)
    return spelled_digest(*head, valid_after, valid_before, payment_nonce(terms))


def spelled_digest(
    chain_id: int,
    token: str,
    payer: str,
    payee: str,
    units: int,
    valid_after: int,
    valid_before: int,
    nonce: str,
) -> str:
    """The digest of an authorization from the very fields its calldata has."""
    struct = (
        keccak(_TRANSFER),
        _address_word(payer),
        _address_word(payee),
        number(units),
        number(valid_after),
        number(valid_before),
        hash_bytes(nonce),
    )
    return _typed(domain_separator(chain_id, token), b"".join(struct))


def cancel_digest(chain_id: int, token: str, payer: str, nonce: str) -> str:
    """What is signed to make an authorization worthless."""
    struct = keccak(_CANCEL) + _address_word(payer) + hash_bytes(nonce)
    return _typed(domain_separator(chain_id, token), struct)


def _typed(domain: bytes, struct: bytes) -> str:
    return "0x" + keccak(b"\x19\x01" + domain + keccak(struct)).hex()


Item = bytes | list["Item"]


def rlp(item: Item) -> bytes:
    """An item in RLP."""
    if isinstance(item, list):
        body = b"".join(rlp(part) for part in item)
        return _length(len(body), 0xC0) + body
    if len(item) == 1 and item[0] < 0x80:
        return item
    return _length(len(item), 0x80) + item


def _length(size: int, offset: int) -> bytes:
    if size < 56:
        return bytes([offset + size])
    spelled = minimal(size)
    return bytes([offset + 55 + len(spelled)]) + spelled


def minimal(value: int) -> bytes:
    """A number without leading zeros, as RLP has it; 0 is empty."""
    return value.to_bytes((value.bit_length() + 7) // 8)


def unrlp(data: bytes) -> Item:
    """The one item that `data` is, in its one canonical spelling. Raises `Malformed`."""
    try:
        item, rest = _item(data, 0)
    except IndexError:
        raise Malformed("RLP ends too early") from None
    if rest or rlp(item) != data:
        raise Malformed("RLP that is not canonical")
    return item


def _item(data: bytes, depth: int) -> tuple[Item, bytes]:
    first = data[0]
    if depth > 4:
        raise Malformed("RLP nested too deep")
    if first < 0x80:
        return data[:1], data[1:]
    base, body = (0x80, data[1:]) if first < 0xC0 else (0xC0, data[1:])
    size = first - base
    if size > 55:
        digits = size - 55
        size, body = int.from_bytes(body[:digits]), body[digits:]
    content, rest = body[:size], body[size:]
    if len(content) != size:
        raise Malformed("RLP ends too early")
    if base == 0x80:
        return content, rest
    parts: list[Item] = []
    while content:
        part, content = _item(content, depth + 1)
        parts.append(part)
    return parts, rest


def unsigned_fields(unsigned: bytes) -> list[Item]:
    """The nine fields of an unsigned EIP-1559 transaction. Raises `Malformed`."""
    if not unsigned or unsigned[0] != DYNAMIC_FEE:
        raise Malformed("not an EIP-1559 transaction")
    fields = unrlp(unsigned[1:])
    if not isinstance(fields, list) or len(fields) != 9:
        raise Malformed("an unsigned transaction has nine fields")
    return fields


def decode_call(unsigned: bytes) -> Call:
    """What the bytes of an unsigned transaction would do. Raises `Malformed`.

    Money sent along, an access list, a contract to be made and calldata that is not whole words
    are refused: nothing Flux signs has them.
    """
    fields = unsigned_fields(unsigned)
    plain = [part for part in fields[:8] if isinstance(part, bytes)]
    if len(plain) != 8 or fields[8] != []:
        raise Malformed("a transaction with an access list")
    if any(part[:1] == b"\0" for part in (*plain[:5], plain[6])):
        raise Malformed("a number with leading zeros")
    chain_id, account_nonce, tip, most, gas = (int.from_bytes(part) for part in plain[:5])
    to, value, data = plain[5:]
    if value:
        raise Malformed("a transaction that sends money along")
    words = tuple(data[at : at + WORD] for at in range(4, len(data), WORD))
    if len(data) < 4 or any(len(word) != WORD for word in words):
        raise Malformed("calldata that is not a call")
    return Call(chain_id, account_nonce, tip, most, gas, checksum(to), data[:4], words)


def signed_transaction(unsigned: bytes, v: int, r: int, s: int) -> bytes:
    """The transaction with its signature; `v` is the parity, 0 or 1."""
    fields = [*unsigned_fields(unsigned), minimal(v), minimal(r), minimal(s)]
    return bytes([DYNAMIC_FEE]) + rlp(fields)


def word_address(word: bytes) -> str:
    """The checksummed address in a word. Raises `Malformed`."""
    if any(word[:12]):
        raise Malformed("a word that holds no address")
    return checksum(word[12:])
