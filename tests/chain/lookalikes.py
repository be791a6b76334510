"""Transactions that look like a settlement's and are not: what a proof must tell apart by name."""

from __future__ import annotations

from collections.abc import Callable

import paying
import rig

from flux_cli.signer.encoding import keccak

ACME, GLOBEX = paying.MERCHANTS["acme"], paying.MERCHANTS["globex"]
SYSTEM_CODE = rig.COMPILED["SystemLog"]["runtime"]


def words(*values: int | str) -> str:
    """Arguments of a call, each a word."""
    numbers = [value if isinstance(value, int) else int(value, 16) for value in values]
    return "".join(f"{number:064x}" for number in numbers)


def plain_transfer(chain: rig.LocalChain, units: int, payee: str = ACME) -> str:
    """A plain transfer of the wallet: equal in every look but its authorization."""
    call = "0xa9059cbb" + words(payee, units)
    return chain.mined(chain.send_as(paying.ADDRESS, to=rig.TOKEN, data=call))


def inflated(chain: rig.LocalChain, units: int) -> str:
    """The token moved the 18-decimal count of what was owed, which is 10^12 times as much."""
    chain.fund(paying.ADDRESS, 2 * units * rig.SCALE)
    return plain_transfer(chain, units * rig.SCALE)


def native_only(chain: rig.LocalChain, units: int) -> str:
    """The system's address alone has logged it: native money moved, the token knows of nothing."""
    caller = paying.ADDRESS[2:].lower()
    chain("anvil_setCode", rig.SYSTEM, SYSTEM_CODE.replace("36" + "00" * 19, caller))
    call = MOVED + words(paying.ADDRESS, ACME, units * rig.SCALE)
    return chain.mined(chain.send_as(paying.ADDRESS, to=rig.SYSTEM, data=call))


def foreign_token(chain: rig.LocalChain, units: int) -> str:
    """The same call to a contract that is a copy of the token at another address."""
    copy = "0x" + "77" * 20
    chain("anvil_setCode", copy, rig.COMPILED["UsdcOnArc"]["runtime"])
    chain("anvil_setCode", rig.SYSTEM, SYSTEM_CODE.replace("36" + "00" * 19, "77" * 20))
    call = "0xa9059cbb" + words(ACME, units)
    return chain.mined(chain.send_as(paying.ADDRESS, to=copy, data=call))


MOVED = "0x" + keccak(b"moved(address,address,uint256)")[:4].hex()
UNSIGNED = ("authorizer", "nonce")
NOTHING = ("payer", "payee", "amount", *UNSIGNED)
LOOKALIKES: dict[str, tuple[Callable[[rig.LocalChain, int], str], tuple[str, ...]]] = {
    "an equal plain transfer": (plain_transfer, UNSIGNED),
    "another amount": (
        lambda chain, units: plain_transfer(chain, units + 1),
        ("amount", *UNSIGNED),
    ),
    "an amount times 10^12": (inflated, ("amount", *UNSIGNED)),
    "another payee": (
        lambda chain, units: plain_transfer(chain, units, GLOBEX),
        ("payee", *UNSIGNED),
    ),
    "another token": (foreign_token, ("token", *NOTHING)),
    "a native-only log": (native_only, ("token", *NOTHING)),
}
"""How each is made, of how many millionths, and the fields by which it must fail."""


def on_another_chain(chain: rig.LocalChain, chain_id: int) -> rig.LocalChain:
    """A running chain with the very same blocks and receipts under another number."""
    other = rig.LocalChain(chain_id=chain_id).start()
    assert other("anvil_loadState", chain("anvil_dumpState"))
    return other
