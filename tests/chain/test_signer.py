"""The signer's process: what it refuses whoever asks, and what of its key leaves it (nothing)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import paying
import pytest

from flux_cli.adapters.chain import encoding
from flux_cli.adapters.signer import KEY_VARIABLES, SignerProcess
from flux_cli.domain.authorizations import Terms
from flux_cli.domain.canonical import canonical
from flux_cli.domain.refusals import Refusal
from flux_cli.domain.settlements import GWEI, Authorization, Fees, cart_hash
from flux_cli.errors import KeyUnavailable, SignerFailed
from flux_cli.signer import keys, keystore, messages
from flux_cli.signer.policy import MAINNET, TOKEN, Policy, Sealed, write_policy
from flux_cli.usecases.settlement_ports import Leave, Wrapped

NOW = 2_000_000_000
ACME = paying.MERCHANTS["acme"]
SMALL = Policy(merchants=paying.MERCHANTS, per_payment=100, per_day=250, budget=400)


def spend_of(units: int, payee: str = "acme", rail: str = "arc", key: str = "k") -> str:
    asset = {"code": "USDC", "exponent": 6}
    shares = [{"payee": payee, "amount": {"asset": asset, "units": units}}]
    return canonical({"key": key, "rail": rail, "shares": shares})


def asking(units: int = 100, key: str = "k", valid: int = 300, **changes: object) -> Leave:
    """What an honest engine would ask; `changes` are what an attacker makes of the terms."""
    spend = spend_of(units, key=key)
    terms = Terms(5042002, TOKEN, paying.ADDRESS, ACME, units, "00" * 32, cart_hash(spend), 0)
    terms = replace(terms, **changes)
    before = int(time.time()) + valid
    return signed_for(Leave(terms, "acme", spend, 0, before, ""))


def signed_for(leave: Leave) -> Leave:
    """With the digest of its own fields."""
    nonce = encoding.payment_nonce(leave.terms)
    digest = encoding.transfer_digest(leave.terms, nonce, leave.valid_after, leave.valid_before)
    return replace(leave, digest=digest)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "signer"
    paying.found_signer(place, SMALL)
    return place


Open = Callable[..., SignerProcess]


@pytest.fixture
def opened(folder: Path) -> Iterator[Open]:
    """Start signers on the folder; each is ended with the test."""
    started: list[SignerProcess] = []

    def start(passphrase: str = paying.PASSPHRASE) -> SignerProcess:
        started.append(SignerProcess(folder, paying.passphrase_fd(passphrase)))
        return started[-1]

    yield start
    for one in started:
        one.close()


def refused(answer: object) -> str:
    assert isinstance(answer, Refusal), answer
    return answer.code


def wrapping(leave: Leave, signed: Authorization, **changes: object) -> str:
    """The transaction an engine would have signed; `changes` are an attacker's."""
    fields = {"chain_id": 5042002, "place": 0, "gas": 220_000, "to": TOKEN}
    fields |= {"fees": Fees(GWEI, 41 * GWEI), "terms": leave.terms} | changes
    nonce = encoding.payment_nonce(leave.terms)
    data = fields.get("data") or encoding.payment_call(fields["terms"], nonce, signed)
    return encoding.unsigned_transaction(
        fields["chain_id"], fields["place"], fields["fees"], fields["gas"], fields["to"], data
    )


def test_what_the_policy_allows_is_signed_by_the_wallet(opened: Open) -> None:
    signer, leave = opened(), asking()
    signed = signer.authorize(leave)
    assert isinstance(signed, Authorization)
    assert encoding.signature_address(leave.digest, signed) == paying.ADDRESS
    unsigned = wrapping(leave, signed)
    wrapped = signer.wrap(unsigned)
    assert isinstance(wrapped, Wrapped)
    assert encoding.transaction_sender(wrapped.raw) == paying.ADDRESS
    assert encoding.unsigned_part(wrapped.raw) == unsigned
    assert encoding.transaction_hash(wrapped.raw) == wrapped.tx_hash


def test_75_76_62_whatever_is_changed_in_the_terms_is_refused(opened: Open) -> None:
    signer, honest = opened(), asking()
    stranger = "0x" + "55" * 20
    attacks = {
        "wrong_chain": asking(chain_id=1),
        "wrong_token": asking(token="0x" + "33" * 20),
        "wrong_payer": asking(payer=stranger),
        "wrong_payee": asking(payee=stranger),
        "merchant_not_allowed": signed_for(replace(honest, merchant="mallory")),
        "digest_mismatch": replace(honest, digest=asking(99).digest),
        "spend_mismatch": signed_for(replace(honest, spend=spend_of(1))),
        "valid_too_long": asking(valid=1_100_000_000),
        "not_valid_now": asking(valid=-1),
        "per_payment": asking(101),
    }
    assert {name: refused(signer.authorize(ask)) for name, ask in attacks.items()} == {
        name: name for name in attacks
    }


def test_64_the_approved_payment_must_have_this_payee_amount_and_rail(opened: Open) -> None:
    signer = opened()
    for spend in (spend_of(99), spend_of(100, "globex"), spend_of(100, rail="simulated")):
        ask = asking(cart_hash=cart_hash(spend))
        assert refused(signer.authorize(signed_for(replace(ask, spend=spend)))) == "spend_mismatch"
    lookalike = ACME[:6] + "99" * 15 + ACME[-6:]
    ask = asking(payee=encoding.checksummed(lookalike))
    assert refused(signer.authorize(ask)) == "wrong_payee"


def test_the_main_network_is_refused_even_where_its_number_is_the_pinned_one(
    opened: Open, folder: Path
) -> None:
    Sealed(folder, paying.KEY).put_policy(replace_policy(chain_id=MAINNET))
    assert refused(opened().authorize(asking(chain_id=MAINNET))) == "mainnet_refused"


def replace_policy(**changes: object) -> Policy:
    fields = json.loads(write_policy(SMALL)) | changes
    return Policy(**fields)


def test_the_signers_own_caps_hold_over_its_restarts_and_several_at_once(opened: Open) -> None:
    first, second = opened(), opened()
    assert isinstance(first.authorize(asking(100, "a")), Authorization)
    assert isinstance(second.authorize(asking(100, "b")), Authorization)
    assert refused(first.authorize(asking(100, "c"))) == "per_day"
    first.close()
    third = opened()
    answer = third.authorize(asking(100, "c"))
    assert answer == Refusal("per_day", "authorized in 24 hours", 250, 300)
    assert isinstance(third.authorize(asking(50, "d")), Authorization)


def test_61_the_same_terms_give_the_same_signature_and_never_another(opened: Open) -> None:
    signer = opened()
    leave = asking(valid=300)
    first = signer.authorize(leave)
    assert signer.authorize(asking(valid=600)) == first
    assert opened().authorize(asking(valid=200)) == first
    assert signer.judge(leave).signed_until == leave.valid_before


def test_61_a_permit_that_has_expired_is_not_given_again(opened: Open, folder: Path) -> None:
    signer = opened()
    signer.address()
    for seconds in (1, 2, 4, 8, 16, 32):
        leave = asking(10, f"{seconds}", valid=seconds)
        if isinstance(signer.authorize(leave), Authorization):
            break  # a busy machine may be too late for the shortest
    time.sleep(max(0.0, leave.valid_before - time.time() + 0.05))
    assert refused(signer.authorize(asking(10, f"{seconds}", valid=300))) == "permit_used"


def test_68_the_transaction_is_judged_by_its_own_bytes_and_allowances_are_unknown(
    opened: Open,
) -> None:
    signer, leave = opened(), asking()
    signed = signer.authorize(leave)
    assert isinstance(signed, Authorization)
    stranger = "0x" + "55" * 20
    other = replace(leave.terms, payee=stranger)
    more = replace(leave.terms, units=101)
    drain = bytes.fromhex("a9059cbb") + bytes(12) + b"\x55" * 20 + (10**9).to_bytes(32)
    approve = bytes.fromhex("095ea7b3") + bytes(12) + b"\x55" * 20 + b"\xff" * 32
    foreign = replace(signed, r="0x" + "07" * 32)
    attacks = {
        "wrong_chain": wrapping(leave, signed, chain_id=1),
        "wrong_token": wrapping(leave, signed, to=stranger),
        "not_what_was_authorized": wrapping(leave, signed, terms=other),
        "not_what_was_authorized ": wrapping(leave, signed, terms=more),
        "unknown_call": wrapping(leave, signed, data=drain),
        "unknown_call ": wrapping(leave, signed, data=approve),
        "foreign_signature": wrapping(leave, foreign),
        "gas_cap_gas": wrapping(leave, signed, gas=220_001),
        "gas_cap_fee": wrapping(leave, signed, fees=Fees(GWEI, 501 * GWEI)),
        "gas_cap_tip": wrapping(leave, signed, fees=Fees(42 * GWEI, 41 * GWEI)),
        "unknown_authorization": wrapping(asking(50, "never asked"), signed),
    }
    assert {name: refused(signer.wrap(raw)) for name, raw in attacks.items()} == {
        name: name.strip() for name in attacks
    }


def test_what_a_day_may_cost_in_gas_is_capped(opened: Open, folder: Path) -> None:
    one = 220_000 * 41 * GWEI
    Sealed(folder, paying.KEY).put_policy(replace_policy(gas_per_day=2 * one))
    signer, leave = opened(), asking()
    signed = signer.authorize(leave)
    assert isinstance(signed, Authorization)
    for place in (0, 0, 1):
        assert isinstance(signer.wrap(wrapping(leave, signed, place=place)), Wrapped)
    assert refused(signer.wrap(wrapping(leave, signed, place=2))) == "gas_cap_gas_per_day"


def test_only_its_own_authorizations_are_cancelled(opened: Open) -> None:
    signer, leave = opened(), asking()
    nonce = encoding.payment_nonce(leave.terms)
    digest = encoding.cancel_digest(leave.terms, nonce)
    assert refused(signer.cancel(leave.terms, nonce, digest)) == "unknown_authorization"
    assert isinstance(signer.authorize(leave), Authorization)
    assert refused(signer.cancel(leave.terms, nonce, "0x" + "00" * 32)) == "digest_mismatch"
    cancelled = signer.cancel(leave.terms, nonce, digest)
    assert isinstance(cancelled, Authorization)
    assert encoding.signature_address(digest, cancelled) == paying.ADDRESS


# An attacker owns the main process: any code in it, every file of this user, the private pipe.


def test_a_policy_written_without_the_key_signs_nothing(opened: Open, folder: Path) -> None:
    mallory = write_policy(replace_policy(merchants={"acme": "0x" + "55" * 20}))
    mark = (folder / "policy").read_text().partition("\n")[0]
    signer = opened()
    assert signer.address() == paying.ADDRESS
    (folder / "policy").write_text(f"{mark}\n{mallory}")
    for one in (signer, opened()):
        with pytest.raises(SignerFailed, match="seal is broken"):
            one.authorize(asking())


@pytest.mark.parametrize(
    "attack",
    [
        lambda lines: [],
        lambda lines: lines[1:],
        lambda lines: [lines[0], lines[2]],
        lambda lines: [lines[0], lines[1].replace('"units":100', '"units":1'), *lines[2:]],
        lambda lines: [*lines, lines[-1]],
    ],
    ids=["emptied", "without its beginning", "a line left out", "an amount changed", "replayed"],
)
def test_a_record_changed_without_the_key_signs_nothing(
    opened: Open, folder: Path, attack: Callable[[list[str]], list[str]]
) -> None:
    signer = opened()
    for key in ("a", "b"):
        assert isinstance(signer.authorize(asking(100, key)), Authorization)
    lines = (folder / "signed").read_text().splitlines()
    (folder / "signed").write_text("".join(f"{line}\n" for line in attack(lines)))
    for one in (opened(), signer):
        if attack(lines)[: len(lines)] == lines and one is signer:
            continue  # what it has read already is as it was
        with pytest.raises(SignerFailed, match="record"):
            one.authorize(asking(50, "c"))


def test_a_record_that_was_deleted_signs_nothing(opened: Open, folder: Path) -> None:
    (folder / "signed").unlink()
    with pytest.raises(SignerFailed, match="record of what was signed is missing"):
        opened().authorize(asking())


def test_a_line_cut_off_by_a_crash_is_no_tampering(opened: Open, folder: Path) -> None:
    with (folder / "signed").open("a") as file:
        file.write("0123abc half a li")
    assert isinstance(opened().authorize(asking()), Authorization)


def test_a_signing_process_takes_no_policy_and_ends_at_nonsense(opened: Open, folder: Path) -> None:
    signer = opened()
    assert signer.address() == paying.ADDRESS
    reply = signer._ask(messages.Setup(write_policy(paying.PLENTY)))
    assert isinstance(reply, messages.Refused)
    assert reply.rule == "owner_only"
    _, sink = signer._pipes  # type: ignore[misc]
    sink.write(b"\x00\x00\x00\x03abc")
    sink.flush()
    with pytest.raises(SignerFailed):
        signer.authorize(asking())


def test_the_key_is_nowhere_but_in_the_signer(opened: Open, folder: Path, home: Path) -> None:
    signer = opened()
    assert isinstance(signer.authorize(asking()), Authorization)
    assert signer._process is not None
    secrets = [paying.PASSPHRASE.encode()]
    spelled = [bytes(reversed(paying.KEY)), paying.KEY, paying.KEY.hex().encode()]
    other = Path(f"/proc/{signer._process.pid}")
    shown = (other / "cmdline").read_bytes() + (other / "environ").read_bytes()
    assert [one for one in spelled + secrets if one in shown] == []
    for place in (folder, home):
        files = [path for path in place.rglob("*") if path.is_file()]
        found = [p for p in files for one in spelled + secrets if one in p.read_bytes()]
        assert found == []
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}
    assert folder.stat().st_mode & 0o077 == 0


MEMORY = """
import re, sys
from pathlib import Path
from flux_cli.adapters.signer import SignerProcess

signer = SignerProcess(Path(sys.argv[1]), int(sys.argv[2]))
print(signer.address())
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        low, high, mode = re.match(r"([0-9a-f]+)-([0-9a-f]+) (....)", line).groups()
        if mode[0] == "r" and "[v" not in line:
            memory.seek(int(low, 16))
            sys.stderr.buffer.write(memory.read(int(high, 16) - int(low, 16)))
signer.close()
"""


def test_the_key_is_not_in_the_main_processs_memory(folder: Path) -> None:
    """A process that had everything signed writes all its memory out, and the test reads that."""
    fd = paying.passphrase_fd()
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(folder), str(fd)],
        capture_output=True,
        pass_fds=[fd],
        check=True,
    )
    os.close(fd)
    memory = done.stderr
    assert done.stdout.decode().strip() == paying.ADDRESS
    assert paying.ADDRESS.encode() in memory, "the dump is of the process that knows the address"
    spelled = (paying.KEY, paying.KEY[::-1], paying.KEY.hex().encode(), paying.PASSPHRASE.encode())
    assert [one for one in spelled if one in memory] == []


HARDENED = """
import ctypes, resource, signal
from flux_cli.signer.__main__ import harden
harden()
PR_GET_DUMPABLE = 3
print(ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0),
      resource.getrlimit(resource.RLIMIT_CORE), signal.getsignal(signal.SIGINT).name)
"""


def test_the_signer_leaves_no_core_and_lets_nobody_attach() -> None:
    done = subprocess.run([sys.executable, "-c", HARDENED], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "0 (0, 0) SIG_IGN"


@pytest.mark.parametrize("kind", ["scrypt", "pbkdf2"])
def test_keystores_are_those_of_everybody_else(kind: str) -> None:
    from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json

    work = 2 if kind == "scrypt" else 10
    theirs = create_keyfile_json(paying.KEY, b"p\xc3\xa4ss", kdf=kind, iterations=work)
    assert keystore.unlock(json.dumps(theirs), "päss") == paying.KEY
    ours = json.loads(keystore.lock(paying.KEY, "päss", n=2))
    assert bytes(decode_keyfile_json(ours, b"p\xc3\xa4ss")) == paying.KEY
    for spoiled in ("", "[]", "{}", json.dumps(ours | {"version": 4}), json.dumps(ours)):
        with pytest.raises(keystore.Unopened if spoiled != "" else ValueError):
            keystore.unlock(spoiled, "pass")


def test_77_a_wrong_passphrase_opens_nothing(opened: Open) -> None:
    with pytest.raises(KeyUnavailable, match="does not open the keystore") as caught:
        opened("a guess").address()
    assert caught.value.subject == "wrong_passphrase"


def test_77_without_a_key_the_fix_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable, match="no wallet key is set") as caught:
        SignerProcess(tmp_path / "none", paying.passphrase_fd()).address()
    assert caught.value.fixes[0].argv == ("flux", "wallet-key", "set")


@pytest.mark.parametrize("name", KEY_VARIABLES)
def test_77_a_key_in_the_environment_is_refused_with_the_reason(
    opened: Open, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "00" * 32)
    with pytest.raises(KeyUnavailable, match=f"{name} is set: .* read by every program"):
        opened().address()


def test_77_no_keyring_is_said_so_and_nothing_is_kept(tmp_path: Path) -> None:
    signer = SignerProcess(tmp_path / "signer")
    with pytest.raises(KeyUnavailable, match="no OS keyring works here") as caught:
        signer.own("new")
    assert caught.value.fixes[0].argv[-1] == "--keystore"
    assert not (tmp_path / "signer" / "key").exists()


def test_77_a_keyring_that_hangs_is_left_alone_after_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys, "KEYRING_SECONDS", 0.01)
    waiting = threading.Event()
    with pytest.raises(keys.NoKey, match="locked or does not answer"):
        keys._watched(waiting.wait)
    waiting.set()


@pytest.mark.parametrize(
    ("raised", "code"), [("KeyringLocked", "keyring_locked"), ("Surprise", "keyring_failed")]
)
def test_77_what_a_keyring_raises_is_told_by_its_kind_and_not_by_its_text(
    raised: str, code: str
) -> None:
    def fails() -> str:
        raise type(raised, (Exception,), {})("the secret itself")

    with pytest.raises(keys.NoKey) as caught:
        keys._watched(fails)
    assert (caught.value.code, "secret" in caught.value.reason) == (code, False)


def test_77_a_keyring_that_forgets_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forgets:
        def set_password(self, *_: str) -> None: ...

        def get_password(self, *_: str) -> None: ...

    monkeypatch.setattr(keys, "_keyring", Forgets)
    with pytest.raises(keys.NoKey, match="does not give it back"):
        keys.keep(tmp_path, keys.Secret(paying.KEY), "keyring", lambda: "")
    assert not (tmp_path / "key").exists()


def test_77_a_keystore_of_another_key_is_not_the_wallets(opened: Open, folder: Path) -> None:
    place = json.loads((folder / "key").read_text())
    (folder / "key").write_text(json.dumps(place | {"address": ACME}))
    with pytest.raises(KeyUnavailable, match="is not the key of"):
        opened().address()


def test_the_owner_changes_the_policy_only_with_the_key_unlocked_for_that(
    folder: Path, opened: Open
) -> None:
    locked = SignerProcess(folder, paying.passphrase_fd("a guess"))
    with pytest.raises(KeyUnavailable):
        locked.change_policy(lambda policy: replace(policy, per_payment=1_000))
    owner = SignerProcess(folder, paying.passphrase_fd())
    after = owner.change_policy(lambda policy: replace(policy, per_payment=1_000, per_day=1_000))
    assert (after.per_payment, after.per_day) == (1_000, 1_000)
    assert opened().authorize(asking(400)) != Refusal("per_payment", "one payment", 100, 400)
