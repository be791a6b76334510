"""The fault matrix of settlements: one payment each, killed and lied to, and paid exactly once.

    python bench/settle.py [--jobs 8]          every kill point × fault × block mode
    python bench/settle.py --sample 12         some of them, spread evenly (CI)
    python bench/settle.py --random 5000 [--seed 1]   seeded combinations of several faults
    python bench/settle.py --random 5000 --first 1200     the same, from the 1,201st on
    python bench/settle.py --lost-database     the ledger is deleted, the same payment made again
    python bench/settle.py --processes 8 --payments 25      one key, many processes
    python bench/settle.py --time              seconds for one, and payments a second
    python bench/settle.py --plant no-look --only foreign_relay    a defect, which must be seen

After each: the token's own logs show one payment of the right amount, the ledger verifies, and
books and chain agree. SIMULATED: a node on this machine with a test contract.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "chain"))

import paying  # noqa: E402
import rig  # noqa: E402
from fault_proxy import SEND, Fault, FaultProxy, relay, spend_nonce  # noqa: E402

from flux_cli.adapters.chain.arc import ArcChain  # noqa: E402
from flux_cli.adapters.signer import SignerProcess  # noqa: E402
from flux_cli.domain.intents import IntentState, PaymentIntent  # noqa: E402
from flux_cli.domain.settlements import ENDED, Attempt, Settlement, SettlementState  # noqa: E402
from flux_cli.errors import ChainUnavailable  # noqa: E402
from flux_cli.usecases import (  # noqa: E402
    propose_settlement,
    settle,
    step_settlement,
    watch_settlement,
)
from flux_cli.usecases.verify_settlement import reconcile  # noqa: E402

KILL_POINTS = ("authorized", "signed", "kept", "sent", "broadcast", "paid", "settled")
"""After the terms are fixed; after the signer signed, nothing kept; kept, not sent; sent, not
noted; noted; seen in a block, not booked; booked."""

NETWORK = ("drop_before", "drop_after", "delay", "429", "502", "garbage", "swallow", "stale")
WORLD = ("fee_spike", "foreign_nonce", "foreign_relay", "eviction", "node_restart")
FAULTS = (*NETWORK, *WORLD)
MODES: tuple[float | None, ...] = (None, 0.5)
AMOUNT = 1_000_000
MOST_SECONDS = 120.0
"""Far more than any case needs: what is not settled by then hangs, however busy the machine is."""

BUMP_SECONDS = 0.6


@dataclass(frozen=True)
class Case:
    """Where the first process is killed, what fails and how often, how blocks are made."""

    kill: str
    faults: tuple[str, ...]
    mode: float | None
    times: int = 2

    def __str__(self) -> str:
        often = "" if self.times == 2 else f" ×{self.times}"
        return f"{self.kill:<10} {'+'.join(self.faults):<14} blocks {self.mode or 'at once'}{often}"


class Template:
    """A founded economy with one approved payment, copied for every case."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "template"
        self.folder.mkdir()
        payer = paying.found(self.folder / "flux.db", ["http://127.0.0.1:1"])
        payer.wish("the payment", AMOUNT)
        payer.close()

    def copy(self, to: Path) -> Path:
        shutil.copytree(self.folder, to)  # nobody has it open
        return to / "flux.db"


def run_case(case: Case, template: Template, folder: Path) -> list[str]:
    """What is wrong after this case; nothing if it was paid exactly once."""
    ledger = template.copy(folder)
    state = folder / "chain.json" if "node_restart" in case.faults else None
    chain = rig.LocalChain(block_time=case.mode, state=state).start()
    proxy = FaultProxy(chain, faults_of(case.faults, case.times))
    try:
        chain.fund(paying.ADDRESS, 1_000_000_000)
        plan_world(case.faults, chain, proxy)
        killed = in_child(lambda: pay(ledger, proxy.url, case.kill))
        faults = (
            [] if killed in (-signal.SIGKILL, 0) else [f"the first process ended with {killed}"]
        )
        ended = in_child(lambda: pay(ledger, proxy.url, ""))
        if ended:
            faults.append(f"the second process ended with {ended}")
        return faults + judge(case, ledger, chain)
    finally:
        proxy.close()
        chain.stop(signal.SIGKILL)


def faults_of(names: Sequence[str], times: int) -> list[Fault]:
    """The proxy's faults: the first broadcasts, and some reads after them."""
    found: list[Fault] = []
    for name in names:
        if name == "stale":
            found.append(Fault("stale", 6 * times, None))
        elif name in NETWORK:
            found.append(Fault(name, times, SEND))
        if name in ("drop_before", "429", "502", "garbage", "delay"):
            found.append(Fault(name, times, "eth_getTransactionReceipt"))
            found.append(Fault(name, 1, "eth_call"))
    return found


def plan_world(names: Sequence[str], chain: rig.LocalChain, proxy: FaultProxy) -> None:
    """What happens on the chain itself around the first broadcast."""
    before: list[Callable[[str], None]] = []
    after: list[Callable[[str], None]] = []
    for name in names:
        if name == "fee_spike":
            before.append(lambda _: chain("anvil_setNextBlockBaseFeePerGas", hex(60 * 10**9)))
        if name == "foreign_nonce":
            before.append(lambda _: spend_nonce(chain, paying.ADDRESS))
        if name == "foreign_relay":
            before.append(lambda raw: relay(chain, raw))
        if name == "eviction":
            before.append(lambda _: stop_mining(chain))
            after.append(lambda _: evict(chain))
        if name == "node_restart":
            after.append(lambda _: restart(chain))
    proxy.on_send, proxy.after_send = in_turn(before), in_turn(after)


def in_turn(acts: Sequence[Callable[[str], None]]) -> Callable[[str], None]:
    """All of them, one after the other."""

    def run(raw: str) -> None:
        for act in acts:
            act(raw)

    return run


def stop_mining(chain: rig.LocalChain) -> None:
    chain("evm_setAutomine", False)
    chain("evm_setIntervalMining", 0)


def evict(chain: rig.LocalChain) -> None:
    """Forget what waits, as a node that needs room does."""
    chain("anvil_dropAllTransactions")
    if chain.block_time is None:
        chain("evm_setAutomine", True)
    else:
        chain("evm_setIntervalMining", 1)


def restart(chain: rig.LocalChain) -> None:
    """The node ends, forgets what waited, and comes back with its blocks.

    This node writes half a block where it is ended while it makes one: it is stopped from making
    any, what waits is forgotten already, and a block of ours comes after the one under way.
    """
    deadline = time.monotonic() + 1
    while chain.block_time is None and time.monotonic() < deadline:
        if chain("txpool_status")["pending"] == "0x0":
            break
        time.sleep(0.01)
    stop_mining(chain)
    chain("anvil_dropAllTransactions")
    chain.mine()
    time.sleep(0.05)
    chain.stop()
    chain.start()


def in_child(work: Callable[[], None]) -> int:
    """The exit code of `work` in a process of its own."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def pay(ledger: Path, url: str, kill: str) -> None:
    """Settle what is approved, killed at a point, or to its end."""
    payer = hurried(paying.open_payer(ledger, [url], timeout_seconds=5))
    payer_chain[:] = [payer.settling.chain]
    if kill:
        arm(kill)
        payer = paying.Payer(payer.config, payer.deps, armed(payer, kill))
    deadline = time.monotonic() + MOST_SECONDS
    while True:
        try:
            found = settle.drain(payer.settling, seconds=2.0, progress=quiet)
            if all(one.state in ENDED for one in found):
                break
        except ChainUnavailable:
            pass  # as a person would: the same command again
        if time.monotonic() > deadline:
            with payer.deps.store.reading() as reader:
                print([(s.state, s.reason, s.attempts) for s in reader.find(Settlement)])
            raise TimeoutError("it was not settled in time")
    payer.close()


def hurried(payer: paying.Payer) -> paying.Payer:
    return paying.with_settings(payer, bump_after_seconds=BUMP_SECONDS)


def quiet(_: str, /, **__: object) -> None:
    """Nobody watches."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(kill: str) -> None:
    """Die after a state was kept, or before the end is booked."""
    reached = {
        "authorized": SettlementState.AUTHORIZED,
        "kept": SettlementState.SIGNED,
        "broadcast": SettlementState.BROADCAST,
        "settled": SettlementState.SETTLED,
    }.get(kill)
    stepped = settle.step

    def step(deps: Any, settlement_id: str) -> Settlement:
        after = stepped(deps, settlement_id)
        if after.state is reached:
            die()
        return after

    def before_booking(*_: object, **__: object) -> Settlement:
        die()
        raise AssertionError("dead")

    settle.step = step
    if kill == "paid":
        step_settlement.end_settled = before_booking
        watch_settlement.end_settled = before_booking


def armed(payer: paying.Payer, kill: str) -> Any:
    """The doors, one of which kills after it was used."""

    class Deadly:
        def __init__(self, door: Any, method: str) -> None:
            self._door, self._method = door, method

        def __getattr__(self, name: str) -> Any:
            found = getattr(self._door, name)
            if name != self._method:
                return found

            def last(*argv: Any) -> None:
                found(*argv)
                die()

            return last

    settling = payer.settling
    if kill == "signed":
        return replace(settling, signer=Deadly(settling.signer, "wrap"))
    if kill == "sent":
        return replace(settling, chain=Deadly(settling.chain, "send"))
    return settling


def judge(case: Case, ledger: Path, chain: rig.LocalChain) -> list[str]:
    """The oracle: what the chain, the ledger, and both together say is wrong."""
    payer = paying.open_payer(ledger, [chain.url])
    faults = []
    paid = chain.paid(paying.MERCHANTS["acme"])
    if paid != [AMOUNT]:
        faults.append(f"paid {paid}")
    with payer.deps.store.reading() as reader:
        (settlement,) = reader.find(Settlement)
        intent = reader.get(PaymentIntent, settlement.intent_id)
    if settlement.state is not SettlementState.SETTLED:
        faults.append(f"the settlement is {settlement.state}: {settlement.reason}")
    if (intent.state, intent.captured.units) != (IntentState.CAPTURED, AMOUNT):
        faults.append(f"the payment is {intent.state}")
    faults += [f"{one.name}: {one.faults}" for one in payer.deps.store.verify() if one.faults]
    chain.mine()
    settle.sweep(payer.settling)
    found = reconcile(payer.settling, paying.ADDRESS)
    faults += found.faults
    if not found.agrees and "foreign_nonce" not in case.faults:
        # A foreign transaction's gas is in nobody's books; nothing else may differ.
        faults.append(f"books and chain differ by {found.drift}")
    payer.deps.store.close()  # type: ignore[attr-defined]
    return faults


PLANTS = ("fresh-nonce", "no-look", "send-first")
"""A nonce that is new each time; the token never asked; sent before it is kept."""


def plant(name: str) -> None:
    """Put a defect in, for this process and its children."""
    if name == "fresh-nonce":
        propose_settlement.mandate_hash = lambda _: os.urandom(32).hex()
    if name == "no-look":
        ArcChain.is_used = lambda *_: False  # type: ignore[method-assign]
    if name == "send-first":
        wrap = SignerProcess.wrap

        def sends(signer: SignerProcess, unsigned: str) -> Any:
            wrapped = wrap(signer, unsigned)
            payer_chain[0].send(wrapped.raw)
            return wrapped

        SignerProcess.wrap = sends  # type: ignore[method-assign]


payer_chain: list[Any] = []
"""The chain of the process that pays, for the plant that sends too early."""


def every_case() -> list[Case]:
    return [Case(k, (f,), m) for k, f, m in itertools.product(KILL_POINTS, FAULTS, MODES)]


def random_cases(count: int, seed: int) -> list[Case]:
    """This many different ones, always the same of one seed."""
    draw = random.Random(seed)
    found: dict[Case, None] = {}
    while len(found) < count:
        names = sorted(draw.sample(FAULTS, draw.randint(1, 3)))
        case = Case(draw.choice(KILL_POINTS), tuple(names), draw.choice(MODES), draw.randint(1, 4))
        found[case] = None
    return list(found)


def run_all(cases: Sequence[Case], jobs: int, first: int = 0) -> int:
    """Run those after the `first`, several at a time, each on a chain of its own; how many failed.

    They are told in their order, so the last number that is printed is where to go on.
    """
    import web3.providers  # noqa: F401 - once, for every process that is forked from this one

    started, failed, left = time.monotonic(), 0, cases[first:]
    with tempfile.TemporaryDirectory(prefix="flux-settle-", dir=memory()) as name:
        folder = Path(name)
        template = Template(folder)
        fork = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(jobs, mp_context=fork) as pool:
            places = [folder / f"case-{number}" for number in range(len(left))]
            every = pool.map(in_a_place, left, itertools.repeat(template), places)
            for number, (case, faults) in enumerate(zip(left, every, strict=True), first + 1):
                failed += bool(faults)
                if faults:
                    print(f"FAILED {number} {case}: {'; '.join(faults)}", flush=True)
                if number % 20 == 0:
                    print(f"{number} of {len(cases)}, {failed} failed", flush=True)
    took = time.monotonic() - started
    good = len(left) - failed
    print(f"{good} of {len(left)} paid exactly once, in {took:.0f} s", flush=True)
    return failed


def in_a_place(case: Case, template: Template, place: Path) -> list[str]:
    """What is wrong after a case, in a folder that is gone afterwards."""
    try:
        return run_case(case, template, place)
    except Exception:
        return ["the rig failed: " + traceback.format_exc(limit=-3)]
    finally:
        shutil.rmtree(place, ignore_errors=True)


def memory() -> str | None:
    """Where a killed process loses nothing and no disk is waited for."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def lost_database(modes: Sequence[float | None]) -> int:
    """Pay, delete the ledger, make the same payment again: one payment, in both modes."""
    failed = 0
    for mode, at_once in itertools.product(modes, (True, False)):
        with tempfile.TemporaryDirectory(dir=memory()) as name:
            ledger = Path(name) / "flux.db"
            chain = rig.LocalChain(block_time=mode).start()
            try:
                payer = paying.found(ledger, [chain.url])
                chain.fund(paying.ADDRESS, 100_000_000)
                intent = payer.wish("the payment", AMOUNT)
                if at_once:
                    settle.settle_payment(payer.settling, intent.id, seconds=20, progress=quiet)
                else:
                    # Only as far as the broadcast: the second time finds it under way.
                    (one,) = settle.propose(payer.settling, intent.id)
                    for _ in range(3):
                        step_settlement.step(payer.settling, one.id)
                payer.close()
                for left in Path(name).glob("flux.db*"):
                    if left.is_file():
                        left.unlink()
                payer = paying.found(ledger, [chain.url])
                intent = payer.wish("the payment", AMOUNT)
                (again,) = settle.settle_payment(
                    payer.settling, intent.id, seconds=20, progress=quiet
                )
                payer.close()
                paid = chain.paid(paying.MERCHANTS["acme"])
                good = paid == [AMOUNT] and again.state is SettlementState.SETTLED
                failed += not good
                print(f"{'ok' if good else 'FAILED'}: paid {paid}, {again.state}", flush=True)
            finally:
                chain.stop(signal.SIGKILL)
    return failed


def many(processes: int, payments: int, mode: float | None) -> int:
    """All of them pay from one key at the same time: each once, and the account's order gapless."""
    with tempfile.TemporaryDirectory(dir=memory()) as name:
        ledger = Path(name) / "flux.db"
        chain = rig.LocalChain(block_time=mode).start()
        try:
            paying.found(ledger, [chain.url]).close()
            chain.fund(paying.ADDRESS, 1_000_000_000)
            started = time.monotonic()
            children = [
                spawn(lambda n=n: pays(ledger, chain.url, n, payments)) for n in range(processes)
            ]
            codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
            took = time.monotonic() - started
            faults = judge_many(ledger, chain, processes * payments)
            if any(codes):
                faults.append(f"processes ended with {codes}")
            total = processes * payments
            print(
                f"{processes} processes × {payments} payments on one key: {total} in {took:.1f} s,"
            )
            print("  " + ("; ".join(faults) or "each settled once, the account's order gapless"))
            return bool(faults)
        finally:
            chain.stop(signal.SIGKILL)


def spawn(work: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def pays(ledger: Path, url: str, number: int, payments: int) -> None:
    payer = paying.open_payer(ledger, [url])
    ids = []
    for one in range(payments):
        intent = payer.wish(f"payment {number}-{one}", 10_000 + one)
        ids += [settlement.id for settlement in settle.propose(payer.settling, intent.id)]
    found = settle.settle_all(payer.settling, ids, seconds=240, progress=quiet)
    states = {one.state for one in found}
    assert states == {SettlementState.SETTLED}, states
    payer.close()


def judge_many(ledger: Path, chain: rig.LocalChain, count: int) -> list[str]:
    payer = paying.open_payer(ledger, [chain.url])
    faults = []
    paid = chain.paid(paying.MERCHANTS["acme"])
    if len(paid) != count:
        faults.append(f"{len(paid)} payments on the chain")
    with payer.deps.store.reading() as reader:
        attempts = [a for a in reader.find(Attempt, limit=1000) if a.outcome != "lost"]
        places = sorted({attempt.account_nonce for attempt in attempts})
    mined = payer.settling.chain.account_nonce(paying.ADDRESS)
    if places != list(range(mined)) or mined != count:
        faults.append(f"places {places[:3]}…{places[-3:]}, {mined} transactions in blocks")
    faults += [f"{one.name}: {one.faults}" for one in payer.deps.store.verify() if one.faults]
    found = reconcile(payer.settling, paying.ADDRESS)
    if not found.agrees:
        faults.append(f"books and chain differ by {found.drift} ({found.faults})")
    return faults


def timed(count: int = 20) -> int:
    """How long one takes from approval to proof, alone, and how many a second in a row."""
    for mode in MODES:
        with tempfile.TemporaryDirectory(dir=memory()) as name:
            chain = rig.LocalChain(block_time=mode).start()
            payer = paying.found(Path(name) / "flux.db", [chain.url])
            chain.fund(paying.ADDRESS, 900_000_000)
            took = []
            for number in range(count):
                intent = payer.wish(f"payment {number}", 10_000)
                started = time.monotonic()
                settle.settle_payment(payer.settling, intent.id, seconds=20, progress=quiet)
                took.append(time.monotonic() - started)
            payer.close()
            chain.stop(signal.SIGKILL)
            rest = took[1:]
            print(
                f"blocks {mode or 'at once'}: first {took[0]:.2f} s, then median"
                f" {statistics.median(rest) * 1000:.0f} ms, {len(rest) / sum(rest):.1f} a second"
            )
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", type=int, metavar="N")
    parser.add_argument("--random", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, metavar="N", help="without the first N")
    parser.add_argument("--jobs", type=int, default=4, metavar="N", help="chains at a time")
    parser.add_argument("--lost-database", action="store_true")
    parser.add_argument("--processes", type=int, metavar="N")
    parser.add_argument("--payments", type=int, default=25)
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--at-once", action="store_true", help="only with a block for each")
    parser.add_argument("--plant", choices=PLANTS)
    parser.add_argument("--only", metavar="TEXT", help="cases whose words contain this")
    asked = parser.parse_args()
    modes = MODES[:1] if asked.at_once else MODES
    if asked.plant:
        plant(asked.plant)
    if asked.lost_database:
        return int(lost_database(modes) > 0)
    if asked.processes:
        return int(sum(many(asked.processes, asked.payments, mode) for mode in modes) > 0)
    if asked.time:
        return timed()
    cases = random_cases(asked.random, asked.seed) if asked.random else every_case()
    if asked.only:
        cases = [case for case in cases if asked.only in str(case)]
    if asked.sample:
        # A stride that shares no factor with the three lists visits all of each.
        cases = [cases[(number * 37) % len(cases)] for number in range(asked.sample)]
    cases = list(dict.fromkeys(cases))
    return int(run_all(cases, asked.jobs, asked.first) > 0)


if __name__ == "__main__":
    sys.exit(main())
