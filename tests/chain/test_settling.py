"""One payment over a local chain, and everything that can happen to it on the way."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import fault_proxy
import paying
import pytest
import rig
from fault_proxy import SEND, Fault, FaultProxy
from lookalikes import LOOKALIKES, on_another_chain

from flux_cli.bootstrap_chain import signer_folder
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.money import USDC, Money
from flux_cli.domain.settlements import Attempt, Outcome, Settlement, SettlementState
from flux_cli.errors import ChainUnavailable, Frozen, WrongChain, WrongState
from flux_cli.signer.policy import Sealed
from flux_cli.usecases import settle
from flux_cli.usecases.capture_payment import cancel_payment, capture_payment, expire_payments
from flux_cli.usecases.freeze import set_frozen
from flux_cli.usecases.propose_settlement import gate, propose
from flux_cli.usecases.step_settlement import step
from flux_cli.usecases.verify_settlement import reconcile, verify_settlement

ACME, GLOBEX = paying.MERCHANTS["acme"], paying.MERCHANTS["globex"]
HELD = "held:orchestrator"


def quiet(_: str, /, **__: object) -> None:
    """Nobody watches."""


def settled(payer: paying.Payer, intent: PaymentIntent) -> list[Settlement]:
    return list(settle.settle_payment(payer.settling, intent.id, seconds=20, progress=quiet))


def stepped(payer: paying.Payer, intent: PaymentIntent, until: SettlementState) -> Settlement:
    """Step its one settlement until it has come this far; what was sent is in a block first."""
    (one,) = propose(payer.settling, intent.id)
    for _ in range(10):
        if one.state is until:
            return one
        if one.state is SettlementState.BROADCAST:
            mined(payer, one)
        one = step(payer.settling, one.id)
    raise AssertionError(f"it is {one.state}: {one.reason}")


def books(payer: paying.Payer, account: str) -> int:
    with payer.deps.store.reading() as reader:
        return reader.balance(account, USDC).units


def intent_now(payer: paying.Payer, intent: PaymentIntent) -> PaymentIntent:
    with payer.deps.store.reading() as reader:
        return reader.get(PaymentIntent, intent.id)


def attempts_of(payer: paying.Payer, one: Settlement) -> list[Attempt]:
    with payer.deps.store.reading() as reader:
        return reader.find(Attempt, settlement_id=one.id, oldest_first=True)


def mined(payer: paying.Payer, one: Settlement) -> str:
    """The newest transaction of a settlement, once a block has it: that is not at once."""
    tx_hash = attempts_of(payer, one)[0].tx_hash
    return rig.mined(payer.config.chain.rpc[0], tx_hash)


def sound(payer: paying.Payer) -> bool:
    return [finding for finding in payer.deps.store.verify() if finding.faults] == []


def test_what_was_approved_stays_on_hold_until_the_chain_has_paid_it(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    intent = payer.wish("one", 2_000_000)
    assert (intent.state, books(payer, HELD)) == (IntentState.APPROVED, 2_000_000)
    for touch in (
        lambda: capture_payment(payer.deps, intent.id, None, final=True, key="x"),
        lambda: cancel_payment(payer.deps, intent.id),
    ):
        with pytest.raises(WrongState, match="only its settlement ends it"):
            touch()

    (one,) = settled(payer, intent)

    assert one.state is SettlementState.SETTLED
    assert chain.paid(ACME) == [2_000_000]
    assert intent_now(payer, intent).state is IntentState.CAPTURED
    assert one.proof is not None
    assert one.gas == Money(-(-one.proof.fee_wei // 10**12), USDC)
    assert books(payer, "gas:arc") == one.gas.units
    assert books(payer, HELD) == 0
    assert books(payer, "wallet:orchestrator") == 1_000_000_000 - 2_000_000 - one.gas.units
    assert step(payer.settling, one.id) == one
    assert sound(payer)
    found = reconcile(payer.settling, paying.ADDRESS)
    assert (found.agrees, found.checked) == (True, 1)


def test_each_share_is_a_settlement_of_its_own(payer: paying.Payer, chain: rig.LocalChain) -> None:
    intent = payer.wish("two", 1_000_000, ("acme", "globex"))
    found = settled(payer, intent)
    assert [(one.line, one.payee, one.state) for one in found] == [
        (0, "acme", SettlementState.SETTLED),
        (1, "globex", SettlementState.SETTLED),
    ]
    assert (chain.paid(ACME), chain.paid(GLOBEX)) == ([1_000_000], [1_000_000])
    assert intent_now(payer, intent).state is IntentState.CAPTURED
    assert sound(payer)


def test_61_67_the_same_payment_asked_for_again_is_the_one_that_was_settled(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    first = settled(payer, payer.wish("again"))
    assert settled(payer, payer.wish("again")) == first
    assert chain.paid(ACME) == [1_000_000]


@pytest.mark.parametrize("reached", [SettlementState.SETTLED, SettlementState.BROADCAST])
def test_73_with_its_ledger_lost_the_same_payment_is_not_paid_twice(
    payer: paying.Payer,
    chain: rig.LocalChain,
    template: Path,
    tmp_path: Path,
    reached: SettlementState,
) -> None:
    stepped(payer, payer.wish("the payment"), reached)
    (tmp_path / "new").mkdir()
    ledger = paying.copied(template, tmp_path / "new")
    old = signer_folder(payer.config)
    for name in ("signed", "policy"):
        (ledger.parent / "flux.db.signer" / name).write_bytes((old / name).read_bytes())
    again = paying.open_payer(ledger, [chain.url])
    (one,) = settled(again, again.wish("the payment"))
    assert (one.state, chain.paid(ACME)) == (SettlementState.SETTLED, [1_000_000])
    assert sound(again)
    again.close()


def test_76_a_payee_that_is_no_merchant_is_refused_with_nothing_held(payer: paying.Payer) -> None:
    Sealed(signer_folder(payer.config), paying.KEY).put_policy(
        replace_merchants({"globex": GLOBEX})
    )
    intent = payer.wish("nobody")
    assert [(one.code, one.message) for one in gate(payer.settling, intent)] == [
        ("policy_violation", "merchant_not_allowed: acme is not a whitelisted merchant")
    ]


def replace_merchants(merchants: dict[str, str], **caps: int) -> paying.Policy:
    import msgspec

    return msgspec.structs.replace(paying.PLENTY, merchants=merchants, **caps)


def test_a_merchant_taken_away_after_the_approval_is_refused_and_the_money_given_back(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    intent = payer.wish("late")
    propose(payer.settling, intent.id)
    Sealed(signer_folder(payer.config), paying.KEY).put_policy(
        replace_merchants({"globex": GLOBEX})
    )
    (one,) = settled(payer, intent)
    assert one.state is SettlementState.REFUSED
    assert one.reason == "merchant_not_allowed: acme is not a whitelisted merchant"
    assert (books(payer, HELD), books(payer, "wallet:orchestrator")) == (0, 1_000_000_000)
    assert intent_now(payer, intent).state is IntentState.CANCELLED
    assert (chain.paid(ACME), sound(payer)) == ([], True)


@pytest.mark.parametrize("cap", ["per_payment", "per_day", "budget"])
def test_the_signers_caps_stand_below_what_the_ledger_approved(
    payer: paying.Payer, chain: rig.LocalChain, cap: str
) -> None:
    Sealed(signer_folder(payer.config), paying.KEY).put_policy(
        replace_merchants(paying.MERCHANTS, **{cap: 999_999})
    )
    (refusal,) = gate(payer.settling, payer.wish("much"))
    assert (refusal.code, refusal.limit, refusal.observed) == (
        "policy_violation",
        999_999,
        1_000_000,
    )
    assert refusal.message.startswith(f"{cap}: ")
    assert chain.paid(ACME) == []


def test_a_blocked_payee_is_found_before_anything_is_signed(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    block(chain, ACME)
    (one,) = settled(payer, payer.wish("blocked"))
    assert one.state is SettlementState.REFUSED
    assert "the token would refuse it" in one.reason
    assert (books(payer, HELD), attempts_of(payer, one), sound(payer)) == (0, [], True)


def block(chain: rig.LocalChain, address: str, blocked: bool = True) -> None:
    data = "0x404e5129" + address[2:].lower().rjust(64, "0") + f"{int(blocked):064x}"
    chain.mined(chain.send_as(chain.relayer, to=rig.TOKEN, data=data))


def test_a_wallet_with_too_little_is_found_before_anything_is_signed(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    chain.fund(paying.ADDRESS, 1_000_000)
    (one,) = settled(payer, payer.wish("poor"))
    assert one.state is SettlementState.REFUSED
    assert one.reason.startswith("the wallet has too little for the payment and its gas")
    assert books(payer, HELD) == 0


def test_74_a_failed_transaction_keeps_its_money_until_it_can_never_be_sent_again(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    intent = payer.wish("reverted")
    one = stepped(payer, intent, SettlementState.SIGNED)
    block(chain, ACME)
    one = stepped(payer, intent, SettlementState.REVERTED_OPEN)
    assert (books(payer, HELD), chain.paid(ACME)) == (1_000_000, [])
    assert step(payer.settling, one.id).state is SettlementState.REVERTED_OPEN
    assert attempts_of(payer, one)[0].outcome is Outcome.REVERTED

    chain.at(one.valid_before + 1)
    (one,) = settled(payer, intent)

    assert (one.state, books(payer, HELD)) == (SettlementState.EXPIRED, 0)
    assert books(payer, "gas:arc") > 0
    assert intent_now(payer, intent).state is IntentState.EXPIRED
    assert sound(payer)


def test_74_a_failed_transaction_that_a_stranger_sends_again_is_settled(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    intent = payer.wish("reverted")
    one = stepped(payer, intent, SettlementState.SIGNED)
    block(chain, ACME)
    one = stepped(payer, intent, SettlementState.REVERTED_OPEN)
    block(chain, ACME, blocked=False)
    fault_proxy.relay(chain, attempts_of(payer, one)[0].raw)
    (one,) = settled(payer, intent)
    assert (one.state, one.reason) == (SettlementState.SETTLED, f"sent by {stranger(chain)}")
    assert (chain.paid(ACME), sound(payer)) == ([1_000_000], True)


def stranger(chain: rig.LocalChain) -> str:
    from flux_cli.adapters.chain.encoding import checksummed

    return checksummed(chain.relayer)


def test_a_cancelled_settlement_gives_back_only_when_the_chain_has_cancelled_it(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    chain("evm_setAutomine", False)
    intent = payer.wish("changed my mind")
    one = stepped(payer, intent, SettlementState.BROADCAST)
    after = settle.cancel(payer.settling, one.id)
    assert (after.state, books(payer, HELD)) == (SettlementState.BROADCAST, 1_000_000)
    chain("evm_setAutomine", True)
    chain.mine()
    (after,) = settled(payer, intent)
    assert (after.state, books(payer, HELD)) == (SettlementState.CANCELLED, 0)
    assert chain.paid(ACME) == []
    assert intent_now(payer, intent).state is IntentState.CANCELLED
    assert sound(payer)
    assert settle.cancel(payer.settling, one.id) == after


def test_cancelling_what_was_paid_in_the_meantime_finds_it_settled(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    intent = payer.wish("too late")
    one = stepped(payer, intent, SettlementState.BROADCAST)
    mined(payer, one)
    settle.cancel(payer.settling, one.id)
    (after,) = settled(payer, intent)
    assert (after.state, chain.paid(ACME)) == (SettlementState.SETTLED, [1_000_000])
    assert sound(payer)
    with pytest.raises(WrongState, match="is settled"):
        settle.cancel(payer.settling, one.id)


def test_cancelling_before_anything_was_signed_needs_no_chain(payer: paying.Payer) -> None:
    intent = payer.wish("early")
    (one,) = propose(payer.settling, intent.id)
    assert settle.cancel(payer.settling, one.id).state is SettlementState.CANCELLED
    assert books(payer, HELD) == 0


def test_74_a_stuck_transaction_offers_more_in_the_same_place(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    chain("evm_setAutomine", False)
    intent = payer.wish("stuck")
    one = stepped(payer, intent, SettlementState.BROADCAST)
    hurried = paying.with_settings(payer, bump_after_seconds=0.0)
    for _ in range(3):
        step(hurried.settling, one.id)
    chain("evm_setAutomine", True)
    chain.mine()
    (one,) = settled(payer, intent)
    tries = attempts_of(payer, one)
    assert {attempt.account_nonce for attempt in tries} == {tries[0].account_nonce}
    assert [attempt.bump for attempt in tries] == list(range(len(tries)))
    offers = [attempt.max_fee_wei for attempt in tries]
    assert all(after * 4 >= before * 5 for before, after in pairwise(offers))
    assert len(tries) >= 2
    assert (one.state, chain.paid(ACME)) == (SettlementState.SETTLED, [1_000_000])
    assert sound(payer)


def test_a_bump_stops_at_the_fee_ceiling(payer: paying.Payer, chain: rig.LocalChain) -> None:
    chain("evm_setAutomine", False)
    low = paying.with_settings(payer, bump_after_seconds=0.0, fee_ceiling_wei=45 * 10**9)
    one = stepped(low, payer.wish("capped"), SettlementState.SIGNED)
    for _ in range(4):
        one = step(low.settling, one.id)
    assert [attempt.max_fee_wei for attempt in attempts_of(payer, one)] == [41 * 10**9]
    assert one.state is SettlementState.BROADCAST


def test_a_frozen_economy_signs_nothing_new_and_sends_nothing_again(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    intent = payer.wish("frozen")
    set_frozen(payer.deps, "economy", frozen=True, reason="stop")
    with pytest.raises(Frozen):
        settled(payer, intent)
    set_frozen(payer.deps, "economy", frozen=False, reason="")
    one = stepped(payer, intent, SettlementState.SIGNED)
    set_frozen(payer.deps, "economy", frozen=True, reason="stop")
    assert step(payer.settling, one.id).state is SettlementState.SIGNED
    assert chain.paid(ACME) == []
    set_frozen(payer.deps, "economy", frozen=False, reason="")
    assert settled(payer, intent)[0].state is SettlementState.SETTLED


def test_63_an_approval_that_expired_before_signing_gives_its_money_back(
    payer: paying.Payer, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent = payer.wish("slow")
    propose(payer.settling, intent.id)
    with payer.deps.store.begin() as tx:
        tx.put(replace(intent, expires_at=tx.now), "payment.test_expires")
    assert expire_payments(payer.deps) == []
    (one,) = settled(payer, intent)
    assert one.state is SettlementState.EXPIRED
    assert one.reason == "the approval expired before anything was signed"
    assert books(payer, HELD) == 0


def test_75_a_node_of_another_chain_is_refused_before_anything_is_signed(
    template: Path, tmp_path: Path
) -> None:
    other = rig.LocalChain(chain_id=5042).start()
    payer = paying.open_payer(paying.copied(template, tmp_path), [other.url])
    try:
        with pytest.raises(WrongChain, match="the node is of chain 5042, not of 5042002"):
            settled(payer, payer.wish("elsewhere"))
        assert not (signer_folder(payer.config) / "signed").read_text().count("authorization")
    finally:
        payer.close()
        other.stop()


def test_75_the_main_network_needs_the_owners_word_twice(template: Path, tmp_path: Path) -> None:
    ledger = paying.copied(template, tmp_path)
    with pytest.raises(WrongChain, match="real money"):
        paying.open_payer(ledger, ["http://127.0.0.1:1"], chain_id=5042)
    payer = paying.open_payer(ledger, ["http://127.0.0.1:1"], chain_id=5042, allow_mainnet="true")
    refusals = gate(payer.settling, payer.wish("real"))
    assert "only 5042002 is allowed" in refusals[0].message
    payer.close()


# Proofs: what the chain must say, field by field.


@pytest.mark.parametrize("name", LOOKALIKES)
def test_66_71_a_receipt_that_only_looks_like_it_fails_with_the_fields_named(
    payer: paying.Payer, chain: rig.LocalChain, name: str
) -> None:
    make, wrong = LOOKALIKES[name]
    (one,) = settled(payer, payer.wish("real"))
    verified = verify_settlement(payer.settling, one.id)
    assert (verified.wrong, len(verified.checks)) == ((), 13)
    tx_hash = make(chain, one.amount.units)
    assert verify_settlement(payer.settling, one.id, tx_hash).wrong == wrong


def test_71_75_the_same_receipt_on_another_chain_fails_by_the_chains_number(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    (one,) = settled(payer, payer.wish("real"))
    other = on_another_chain(chain, 5042)
    try:
        elsewhere = paying.open_payer(payer.config.ledger.path, [other.url])
        assert verify_settlement(elsewhere.settling, one.id).wrong == ("chain_id",)
        elsewhere.close()
    finally:
        other.stop()


def test_71_another_payments_receipt_fails_by_its_nonce(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    (one,), (two,) = settled(payer, payer.wish("one")), settled(payer, payer.wish("two"))
    assert two.proof is not None
    assert verify_settlement(payer.settling, one.id, two.proof.tx_hash).wrong == ("nonce",)
    assert verify_settlement(payer.settling, one.id, "0x" + "00" * 32).wrong == ("receipt",)


def test_69_70_72_a_lying_nodes_receipt_is_not_believed(
    payer: paying.Payer, chain: rig.LocalChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 1 without the token's own logs needs a human; nothing is booked as paid."""
    one = stepped(payer, payer.wish("lied to"), SettlementState.BROADCAST)
    mined(payer, one)
    honest = payer.settling.chain.receipt

    def lying(tx_hash: str) -> object:
        receipt = honest(tx_hash)
        return receipt and replace(receipt, logs=tuple(receipt.logs[:1]))

    monkeypatch.setattr(payer.settling.chain, "receipt", lying, raising=False)
    one = step(payer.settling, one.id)
    assert (one.state, books(payer, HELD)) == (SettlementState.NEEDS_HUMAN, 1_000_000)
    monkeypatch.undo()
    assert step(payer.settling, one.id).state is SettlementState.SETTLED


def test_74_a_chain_that_took_a_block_back_is_reported(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    """Arc's blocks are final; should one go all the same, the proof no longer holds and says so."""
    (one,) = settled(payer, payer.wish("taken back"))
    chain("anvil_reorg", 1, [])
    assert verify_settlement(payer.settling, one.id).wrong == ("receipt",)
    found = reconcile(payer.settling, paying.ADDRESS)
    assert (found.agrees, found.faults) == (False, (f"{one.id}: receipt not as agreed",))


# Nodes that fail.


@pytest.mark.parametrize("name", ["drop_before", "drop_after", "429", "502", "garbage", "swallow"])
def test_72_a_broadcast_without_an_answer_is_unknown_and_never_failed(
    payer: paying.Payer, chain: rig.LocalChain, name: str
) -> None:
    proxy = FaultProxy(chain, [Fault(name, 1, SEND), Fault(name, 1, "eth_getTransactionReceipt")])
    lied = paying.open_payer(payer.config.ledger.path, [proxy.url])
    (one,) = settled(lied, lied.wish("unknown"))
    assert (one.state, chain.paid(ACME)) == (SettlementState.SETTLED, [1_000_000])
    assert ("eth_sendRawTransaction", name) in proxy.log
    assert sound(lied)
    lied.close()
    proxy.close()


def test_another_node_answers_where_the_first_does_not(
    chain: rig.LocalChain, template: Path, tmp_path: Path
) -> None:
    dead = f"http://127.0.0.1:{rig.free_port()}"
    payer = paying.open_payer(paying.copied(template, tmp_path), [dead, chain.url])
    (one,) = settled(payer, payer.wish("failover"))
    assert (one.state, chain.paid(ACME)) == (SettlementState.SETTLED, [1_000_000])
    payer.close()


def test_71_72_a_forged_receipt_is_not_believed_while_another_node_knows_nothing_of_it(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    one = stepped(payer, payer.wish("forged"), SettlementState.BROADCAST)
    tx_hash = mined(payer, one)
    proxy = FaultProxy(chain)
    two = paying.open_payer(payer.config.ledger.path, [chain.url, proxy.url])
    assert two.settling.chain.receipt(tx_hash) is not None
    proxy.stale_block = chain.head() - 1
    proxy.faults = [Fault("stale", 99, None)]
    assert two.settling.chain.receipt(tx_hash) is None
    # One node that says it was used is enough not to give the money back.
    assert two.settling.chain.is_used(paying.ADDRESS, one.nonce)
    two.close()
    proxy.close()


def test_without_any_node_it_says_so_and_the_money_waits(template: Path, tmp_path: Path) -> None:
    dead = f"http://127.0.0.1:{rig.free_port()}"
    payer = paying.open_payer(paying.copied(template, tmp_path), [dead])
    intent = payer.wish("alone")
    with pytest.raises(ChainUnavailable):
        settled(payer, intent)
    assert books(payer, HELD) == 1_000_000
    payer.close()


def test_a_nodes_own_key_is_not_in_what_is_said(template: Path, tmp_path: Path) -> None:
    dead = f"http://127.0.0.1:{rig.free_port()}/v2/s3cret-key?token=0ther"
    payer = paying.open_payer(paying.copied(template, tmp_path), [dead])
    with pytest.raises(ChainUnavailable) as caught:
        settled(payer, payer.wish("alone"))
    assert "s3cret" not in caught.value.message
    assert "0ther" not in caught.value.message
    payer.close()


def test_what_ran_out_of_time_before_it_was_signed_gets_another(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    intent = payer.wish("patient")
    one = stepped(payer, intent, SettlementState.AUTHORIZED)
    with payer.deps.store.begin() as tx:
        tx.put(replace(one, valid_before=1_000_000_000), "settlement.test_old")
    (one,) = settled(payer, intent)
    assert (one.state, chain.paid(ACME)) == (SettlementState.SETTLED, [1_000_000])
    assert one.valid_before > 1_000_000_000


def test_a_chain_without_the_token_is_refused(payer: paying.Payer, chain: rig.LocalChain) -> None:
    code = chain("eth_getCode", rig.TOKEN, "latest")
    chain("anvil_setCode", rig.TOKEN, "0x")
    (one,) = settled(payer, payer.wish("no token"))
    assert (one.state, one.reason) == (
        SettlementState.REFUSED,
        f"there is no contract at {rig.TOKEN}",
    )
    chain("anvil_setCode", rig.TOKEN, rig.COMPILED["SystemLog"]["runtime"])
    with pytest.raises(ChainUnavailable, match="the token did not answer"):
        settled(payer, payer.wish("another contract"))
    chain("anvil_setCode", rig.TOKEN, code)


def test_nodes_that_are_not_on_this_machine_are_asked_slowly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from flux_cli.adapters.chain import rpc

    waited: list[float] = []
    monkeypatch.setattr(rpc.time, "sleep", waited.append)
    monkeypatch.setattr(rpc.time, "monotonic", lambda: 100.0 + sum(waited))
    nodes = rpc.Nodes(["https://node.example"], 1.1, 5)
    nodes._nodes[0]._asked = lambda method, params: {"result": "0x1"}
    for _ in range(3):
        nodes.ask("eth_chainId", [], str)
    assert [round(one, 3) for one in waited] == [1.1, 1.1]


def test_no_more_than_sixteen_are_under_way_from_one_wallet(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    chain("evm_setAutomine", False)
    few = replace(payer.settling, settings=replace(payer.settling.settings, most_in_flight=2))
    found = []
    for number in range(3):
        (one,) = propose(few, payer.wish(f"many {number}").id)
        found.append([step(few, one.id).state for _ in range(2)][-1])
    signed, waits = SettlementState.SIGNED, SettlementState.AUTHORIZED
    assert found == [signed, signed, waits]


def test_a_place_given_to_what_ended_is_given_again(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    """An expired settlement's transaction never came into a block: its place is not a gap."""
    chain("evm_setAutomine", False)
    one = stepped(payer, payer.wish("expires"), SettlementState.SIGNED)
    chain.at(one.valid_before)
    assert step(payer.settling, one.id).state is SettlementState.BROADCAST
    chain("anvil_dropAllTransactions")
    chain.at(one.valid_before + 1)
    assert step(payer.settling, one.id).state is SettlementState.EXPIRED
    chain("evm_setAutomine", True)
    (two,) = settled(payer, payer.wish("next"))
    places = [attempts_of(payer, each)[-1].account_nonce for each in (one, two)]
    assert (two.state, places[0]) == (SettlementState.SETTLED, places[1])
    assert sound(payer)


def test_raw_sql_cannot_settle_twice_or_take_a_place_twice(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    import sqlite3

    (one,) = settled(payer, payer.wish("once"))
    payer.close()
    connection = sqlite3.connect(payer.config.ledger.path)
    for change in (
        f"update settlements set state = 'signed' where id = '{one.id}'",
        f"update settlements set state = 'expired', proof = null where id = '{one.id}'",
        "delete from settlements",
        "insert into attempts select 'att_2', settlement_id, purpose, chain_id, address,"
        " account_nonce, bump, tip_wei, max_fee_wei, raw, tx_hash, outcome, signed_at, sent_at, 1"
        " from attempts",
        "delete from attempts",
    ):
        with pytest.raises(sqlite3.DatabaseError):
            connection.execute(change)
        connection.rollback()
    connection.close()


def test_web3_is_loaded_only_where_a_chain_is_asked(payer: paying.Payer) -> None:
    import subprocess
    import sys

    probe = (
        "import sys; from flux_cli.entrypoints.cli.app import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print([n for n in ('web3', 'eth_account', 'keyring', 'coincurve') if n in sys.modules])"
    )
    environ = {**os.environ, "FLUX_DB": str(payer.config.ledger.path)}
    for argv in (["settle", "status"], ["payments", "list"], ["wallet-key", "address"]):
        done = subprocess.run(
            [sys.executable, "-c", probe, *argv], env=environ, capture_output=True, text=True
        )
        assert done.stdout.splitlines()[-1] == "[]", (argv, done.stdout, done.stderr)
