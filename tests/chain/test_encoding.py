"""What is signed, encoded twice: by eth-abi and eth-account, and by the signer's own code."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_cli.adapters.chain import encoding as libraries
from flux_cli.domain.authorizations import Terms
from flux_cli.domain.evidence import CANCELLED, TRANSFER, USED
from flux_cli.domain.settlements import GWEI, Authorization, Fees, bumped, first_fees, gas_units
from flux_cli.signer import encoding as own
from flux_cli.signer.keys import Secret

TOKEN = "0x3600000000000000000000000000000000000000"
numbers = st.integers(0, 2**256 - 1)
addresses = st.binary(min_size=20, max_size=20).map(own.checksum)
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
terms = st.builds(Terms, numbers, addresses, addresses, addresses, numbers, hashes, hashes, numbers)
ONE = Terms(5042002, TOKEN, "0x" + "11" * 20, "0x" + "22" * 20, 1, "00" * 32, "ab" * 32, 0)


@given(terms, numbers, numbers)
@settings(max_examples=150, deadline=None)
def test_both_derive_the_same_nonce_and_the_same_digests(
    terms: Terms, after: int, before: int
) -> None:
    nonce = libraries.payment_nonce(terms)
    assert nonce == own.payment_nonce(terms)
    assert libraries.transfer_digest(terms, nonce, after, before) == own.transfer_digest(
        terms, after, before
    )
    assert libraries.cancel_digest(terms, nonce) == own.cancel_digest(
        terms.chain_id, terms.token, terms.payer, nonce
    )


@pytest.mark.parametrize(
    "change",
    [
        {"chain_id": 5042},
        {"token": "0x" + "33" * 20},
        {"payer": "0x" + "33" * 20},
        {"payee": "0x" + "33" * 20},
        {"units": 2},
        {"mandate_hash": "01" * 32},
        {"cart_hash": "01" * 32},
        {"line": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_62_every_field_of_the_terms_is_in_the_nonce(change: dict[str, object]) -> None:
    assert own.payment_nonce(replace(ONE, **change)) != own.payment_nonce(ONE)


def test_the_published_constants_come_out() -> None:
    hashed = {
        "Transfer(address,address,uint256)": TRANSFER,
        "AuthorizationUsed(address,bytes32)": USED,
        "AuthorizationCanceled(address,bytes32)": CANCELLED,
        own._TRANSFER.decode(): "0x7c7c6cdb67a18743f49ec6fa9b35f50d"
        "52ed05cbed4cc592e13b44501c1a2267",
    }
    assert {text: "0x" + own.keccak(text.encode()).hex() for text in hashed} == hashed
    domains = [own.domain_separator(chain, TOKEN).hex() for chain in (5042002, 5042)]
    assert domains == [
        "361191522483d32a83e70ae7183b4b9629442c13a78bc9921d6f707911c8c6b0",
        "940506929bba468048a19b567f4f0d534714bc06604b5c3017e5d16785ccdf84",
    ]
    assert libraries.domain_separator(5042, TOKEN) == "0x" + domains[1]


def test_a_machine_payments_charge_has_the_nonce_of_the_drafts_own_vector() -> None:
    request = base64.urlsafe_b64decode(
        "eyJhbW91bnQiOiIxMDAwMDAwIiwiY3VycmVuY3kiOiIweDM2MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"
        "MDAwMDAwMDAiLCJkZXNjcmlwdGlvbiI6IkFyYyBUZXN0bmV0IFVTREMgY2hhcmdlIiwiZXh0ZXJuYWxJZCI6Imlu"
        "dm9pY2UtZXZtLTAwMSIsIm1ldGhvZERldGFpbHMiOnsiZXZtIjp7ImNoYWluSWQiOjUwNDIwMDIsImNyZWRlbnRp"
        "YWxUeXBlcyI6WyJhdXRob3JpemF0aW9uIl0sImRlY2ltYWxzIjo2fSwidHlwZSI6ImV2bSJ9LCJyZWNpcGllbnQi"
        "OiIweGMwNDE5M0M1MGNEMkU2YTFDNzk1OTNlNDYzNjQ0OTZGZTVmY2Q5YjYifQ=="
    )
    assert (
        own.keccak(request).hex()
        == "2b549014d94b95669538f36d4f1c6e007b581362191d8ca8ed60f2892fddb0eb"
    )
    nonce = libraries.charge_nonce(
        "usdc_evm_direct_001", "api.example.com", "usdc", "charge", request
    )
    assert nonce == "0x03e1d1aa38e2c56a0bb12e2d4562082c1c26496553f838064f3e6b4c3db9d2c2"


@given(st.integers(0, 2**63), st.integers(0, 10**13), st.integers(0, 10**13))
@settings(max_examples=50, deadline=None)
def test_the_signer_reads_from_the_bytes_what_was_put_in(place: int, tip: int, most: int) -> None:
    signed = Authorization(27, "0x" + "01" * 32, "0x" + "02" * 32, 0, 99)
    nonce = own.payment_nonce(ONE)
    data = libraries.payment_call(ONE, nonce, signed)
    unsigned = libraries.unsigned_transaction(5042002, place, Fees(tip, most), 220_000, TOKEN, data)
    call = own.decode_call(bytes.fromhex(unsigned[2:]))
    assert (call.chain_id, call.account_nonce, call.tip_wei, call.max_fee_wei) == (
        5042002,
        place,
        tip,
        most,
    )
    assert (call.gas, call.to, call.selector) == (220_000, TOKEN, own.TRANSFER_SELECTOR)
    assert own.word_address(call.words[1]) == ONE.payee
    assert "0x" + call.words[5].hex() == nonce


def test_a_signed_transaction_is_one_that_libraries_read_as_the_wallets() -> None:
    secret = Secret(b"\x07" * 32)
    data = libraries.cancel_call(
        ONE, own.payment_nonce(ONE), Authorization(27, "0x" + "01" * 32, "0x" + "02" * 32, 0, 0)
    )
    unsigned = libraries.unsigned_transaction(5042002, 3, Fees(1, 2), 21_000, TOKEN, data)
    body = bytes.fromhex(unsigned[2:])
    raw = "0x" + own.signed_transaction(body, *secret.sign(own.keccak(body))).hex()
    assert libraries.transaction_sender(raw) == secret.address
    assert libraries.unsigned_part(raw) == unsigned


@pytest.mark.parametrize(
    "spoiled",
    [
        "",
        "01c0",
        "02",
        "02c0",
        "02ff",
        "02f8ff",
        "02b800",
        "02" + "c1" * 3000,
        "02ca808080808080808080c0",
        "02c980808080808001808080",
    ],
)
def test_bytes_that_are_no_transaction_of_ours_are_refused(spoiled: str) -> None:
    with pytest.raises(own.Malformed):
        own.decode_call(bytes.fromhex(spoiled))


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        item = own.unrlp(data)
    except own.Malformed:
        return
    assert own.rlp(item) == data


@pytest.mark.parametrize(
    "text",
    [
        "0xabcdef0000000000000000000000000000000001",
        "0xABCDEF0000000000000000000000000000000001",
        "0xaBCdEf000000000000000000000000000000001",
        "aBCdEf0000000000000000000000000000000001x",
        "",
        "0x",
        "0xaBCdEf00000000000000000000000000000000 1",
    ],
)
def test_76_an_address_has_one_spelling(text: str) -> None:
    with pytest.raises(own.Malformed):
        own.address_bytes(text)
    assert not libraries.is_address(text)


def test_fees_begin_at_forty_gwei_and_rise_by_a_quarter_up_to_the_ceiling() -> None:
    ceiling = 100 * GWEI
    first = first_fees(20 * GWEI, GWEI, ceiling)
    assert first == Fees(GWEI, 41 * GWEI)
    assert first_fees(30 * GWEI, GWEI, ceiling) == Fees(GWEI, 61 * GWEI)
    assert bumped(first, 20 * GWEI, ceiling) == Fees(1_250_000_000, 51_250_000_000)
    assert bumped(Fees(GWEI, 90 * GWEI), 20 * GWEI, ceiling) == Fees(1_250_000_000, ceiling)
    assert bumped(Fees(GWEI, 95 * GWEI), 20 * GWEI, ceiling) is None


def test_gas_is_rounded_up_to_a_millionth() -> None:
    assert [gas_units(wei) for wei in (0, 1, 10**12, 10**12 + 1)] == [0, 1, 1, 2]
