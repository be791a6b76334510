"""A client that does mixed operations with keys of its own, for the fault harnesses to kill.

    python bench/workload.py LEDGER --name a --operations 30 --seed 1 [--cli] [--plant NAME]

Beside the ledger it keeps two logs. `<name>.issued` has every operation before its first attempt,
`<name>.acked` what each attempt answered, written after it. Both are written through to the disk
with `writev` on a file opened for it, so that a fault injected into the ledger's own `pwrite64`,
`fdatasync` or `unlink` never hits a log.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path

from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.agents import Agent, AgentKind
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.journal import WORLD, Entry, EntryKind, Move, transfer, wallet
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import Urgency
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.errors import (
    FluxError,
    Frozen,
    InsufficientFunds,
    InvalidAmount,
    NotFound,
    WrongState,
)
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases import capture_payment, correct_payment, request_money
from flux_cli.usecases.found_economy import found_economy, register_agent, set_policy
from flux_cli.usecases.freeze import set_frozen
from flux_cli.usecases.fund_agent import fund_agent
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps

BUYERS, SHOPS = ("ada", "bob"), ("shop", "cafe")
DAILY_CAP = "40.00"
DONE = "done"
BECAUSE = "the workload asks"

REFUSALS = (InsufficientFunds, WrongState, Frozen, InvalidAmount, NotFound)
"""What a client is told when nothing happened; any other failure leaves the outcome unknown."""


REFUSED = (
    ExitCode.USAGE, ExitCode.DENIED, ExitCode.UNKNOWN_ID, ExitCode.FUNDS, ExitCode.CONFLICT,
)  # fmt: skip
"""The same in the numbers that a command ends with."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One operation to be done once under `key`; `of` is the key of the payment it follows."""

    key: str
    verb: str
    agent: str
    payee: str
    units: int
    of: str = ""
    final: bool = False


def scratch() -> Path:
    """A fresh folder, in memory where there is one and nothing else was asked for.

    A killed process loses no page that it wrote, so a disk would only add waiting for it.
    """
    memory = Path("/dev/shm")
    usable = "TMPDIR" not in os.environ and os.access(memory, os.W_OK)
    return Path(tempfile.mkdtemp(prefix="flux-fault-", dir=memory if usable else None))


def deps_of(ledger: Path, *, cap: str = DAILY_CAP, timeout: float = 30.0) -> Deps:
    """Flux on this ledger with default settings and a cap; no file of the user is read."""
    settings = ledger.with_suffix(".toml")
    if not settings.exists():
        settings.touch()
    flags = {"ledger.path": str(ledger), "policy.rolling_24h": cap}
    return open_flux(load_config(flags, {}, ledger.parent, user_file=settings), timeout=timeout)


def found(deps: Deps) -> None:
    """The economy with two buyers that may pay two shops; once, whoever comes first."""
    found_economy(deps)
    with deps.store.begin() as tx:
        if tx.lookup(Agent, name=SHOPS[-1]) is not None:
            return
        for name in BUYERS:
            register_agent(deps, tx, name, name.title(), AgentKind.BUYER)
            set_policy(deps, tx, name, deps.settings, frozenset(SHOPS))
        for name in SHOPS:
            register_agent(deps, tx, name, name.title(), AgentKind.MERCHANT)


def wishes(draw: random.Random, name: str, *, first: bool) -> Iterator[Wish]:
    """Operations without end; what follows a payment names an earlier one of this client's.

    The first client begins by giving the buyers money.
    """
    held: list[str] = []
    paid: list[str] = []
    number = 0
    while True:
        number += 1
        key, units = f"{name}-{number}", draw.randint(1, 3_000_000)
        agent, payee = draw.choice(BUYERS), draw.choice(SHOPS)
        verb = draw.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
        if first and number <= len(BUYERS):
            verb, agent, units = "fund", BUYERS[number - 1], 20_000_000
        following = {"capture": held, "cancel": held, "refund": paid}.get(verb)
        if following == []:
            verb, following = "hold", None
        of = draw.choice(following) if following else ""
        if verb == "cancel":
            held.remove(of)
        elif verb == "capture":
            units, final = max(1, units // 3), draw.random() < 0.5
            if final:
                held.remove(of)
            yield Wish(key, verb, agent, payee, units, of, final)
            continue
        {"hold": held, "pay": paid}.get(verb, []).append(key)
        yield Wish(key, verb, agent, payee, units, of)


WEIGHTS = {
    "fund": 10, "post": 10, "take": 5, "split": 8, "undone": 5, "pay": 22, "share": 5,
    "hold": 14, "capture": 10, "cancel": 4, "refund": 5, "freeze": 3, "thaw": 7,
}  # fmt: skip
"""How often each is drawn; a thaw follows soon on a freeze, so that payments go on."""


def raw_entry(wish: Wish) -> Entry:
    """The entry that a wish posted past the use cases makes."""
    amount = Money(wish.units)
    if wish.verb == "take":
        return transfer(wish.key, EntryKind.WITHDRAWAL, wallet(wish.agent), WORLD, amount)
    if wish.verb == "split":
        moves = tuple(Move(WORLD, wallet(name), amount) for name in (*BUYERS, *SHOPS))
        return Entry(wish.key, EntryKind.TOP_UP, moves, "to all")
    return transfer(wish.key, EntryKind.TOP_UP, WORLD, wallet(wish.agent), amount, memo=wish.key)


def _fund(deps: Deps, wish: Wish) -> str:
    fund_agent(deps, wish.agent, Money(wish.units), key=wish.key)
    return DONE


def _post(deps: Deps, wish: Wish) -> str:
    with deps.store.begin() as tx:
        tx.post(raw_entry(wish))
    return DONE


def _undone(deps: Deps, wish: Wish) -> str:
    """Posts, and then asks for more than there is: nothing of it may stay."""
    with deps.store.begin() as tx:
        tx.post(raw_entry(wish))
        too_much = Money(10**14)
        tx.post(transfer(f"{wish.key}!", EntryKind.WITHDRAWAL, wallet(wish.agent), WORLD, too_much))
    raise AssertionError("more was withdrawn than there was")


def request_of(wish: Wish, capture: CaptureMethod) -> MoneyRequest:
    """The request for money that a wish makes."""
    other = SHOPS[1 - SHOPS.index(wish.payee)]
    shares: tuple[Share, ...] = (Share(wish.payee, Money(wish.units)),)
    if wish.verb == "share":
        shares = (*shares, Share(other, Money(wish.units)))
    return MoneyRequest(
        requester=wish.agent,
        amount=Money(sum(share.amount.units for share in shares)),
        shares=shares,
        purpose=wish.key,
        justification=BECAUSE,
        claimed_return=None,
        urgency=Urgency.LOW,
        plan_digest="",
        reference=wish.key,
        escrowed=False,
        budget=None,
        capture_method=capture,
    )


def _request(deps: Deps, wish: Wish) -> str:
    method = CaptureMethod.MANUAL if wish.verb == "hold" else CaptureMethod.AUTOMATIC
    request = request_of(wish, method)
    intent = request_money.request_money(deps, request, key=wish.key, progress=_silent)
    return DONE if intent.decision_id is not None else str(intent.state)


def _silent(_step: str, /, **_facts: object) -> None:
    """Progress that nobody follows."""


def _follow(deps: Deps, wish: Wish) -> str:
    with deps.store.reading() as reader:
        intent = reader.lookup(PaymentIntent, key=wish.of)
    if intent is None:
        return NotFound.code
    if wish.verb == "cancel":
        capture_payment.cancel_payment(deps, intent.id)
        return DONE
    amount = Money(wish.units)
    if wish.verb == "refund":
        answer = correct_payment.refund_payment(deps, intent.id, amount, key=wish.key)
    else:
        answer = capture_payment.capture_payment(
            deps, intent.id, amount, final=wish.final, key=wish.key
        )
    return str(IntentState.DENIED) if isinstance(answer, Denied) else DONE


def _switch(deps: Deps, wish: Wish) -> str:
    set_frozen(deps, wish.agent, frozen=wish.verb == "freeze", reason=wish.key)
    return DONE


VERBS: dict[str, Callable[[Deps, Wish], str]] = {
    "fund": _fund, "post": _post, "take": _post, "split": _post, "undone": _undone,
    "pay": _request, "share": _request, "hold": _request, "capture": _follow, "cancel": _follow,
    "refund": _follow, "freeze": _switch, "thaw": _switch,
}  # fmt: skip


def attempt(deps: Deps, wish: Wish) -> str:
    """`done`, now or before, or why nothing was. Other failures leave the outcome unknown."""
    try:
        return VERBS[wish.verb](deps, wish)
    except REFUSALS as refusal:
        return refusal.code


def by_cli(deps: Deps, wish: Wish) -> str:
    """The same through the command line, for the verbs it has; the others through the use case."""
    from flux_cli.entrypoints.cli.app import main

    words = _words(deps, wish)
    if words is None:
        return attempt(deps, wish)
    settings = str(deps.store.path.with_suffix(".toml"))
    line = (*words, "--db", str(deps.store.path), "--config", settings, "--json")
    said = io.StringIO()
    code = 0
    with redirect_stdout(said), redirect_stderr(io.StringIO()):
        try:
            main(line)
        except SystemExit as stop:
            code = int(stop.code or 0)
    if not code:
        return DONE
    known = (
        ExitCode.USAGE,
        ExitCode.DENIED,
        ExitCode.UNKNOWN_ID,
        ExitCode.FUNDS,
        ExitCode.CONFLICT,
    )
    return f"exit {code}" if code in known else f"bug: exit {code}: {said.getvalue()[:200]}"


def _words(deps: Deps, wish: Wish) -> tuple[str, ...] | None:
    """The command that does a wish, or None where there is none or nothing to name."""
    amount, key = Money(wish.units).decimal, ("--idempotency-key", wish.key)
    why = ("--purpose", wish.key, "--reference", wish.key, "--justification", BECAUSE)
    if wish.verb == "fund":
        return ("agents", "fund", wish.agent, amount, *key)
    if wish.verb == "pay":
        return ("pay", wish.agent, wish.payee, amount, *why, *key)
    if wish.verb == "hold":
        return ("payments", "request", wish.agent, amount, "--to", wish.payee, *why, *key)
    if wish.verb == "freeze":
        return ("freeze", wish.agent, "--reason", wish.key)
    if wish.verb not in ("capture", "refund", "cancel"):
        return None
    with deps.store.reading() as reader:
        intent = reader.lookup(PaymentIntent, key=wish.of)
    if intent is None:
        return None
    if wish.verb == "cancel":
        return ("payments", "cancel", intent.id)
    final = ("--final",) if wish.final else ()
    return ("payments", wish.verb, intent.id, "--amount", amount, *final, *key)


class Log:
    """A file of JSON lines of which each is on the disk before `add` returns."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_DSYNC, 0o600)

    def add(self, *items: object) -> None:
        """Write one line."""
        line = json.dumps(items).encode() + b"\n"
        assert os.writev(self._file, [line]) == len(line), "a log's disk is full"


def read_log(path: Path) -> list[list[object]]:
    """The whole lines of a log; the last may have been cut off by the kill."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def issued_in(folder: Path) -> list[Wish]:
    """Every operation that any client in this folder was about to attempt, in order."""
    logs = sorted(folder.glob("*.issued"))
    return [Wish(*line) for log in logs for line in read_log(log)]  # type: ignore[arg-type]


def acked_in(folder: Path) -> dict[str, str]:
    """What each attempt that ended told its client, by key."""
    logs = sorted(folder.glob("*.acked"))
    return {str(key): str(answer) for log in logs for key, answer in read_log(log)}


def run(
    deps: Deps,
    name: str,
    seed: str,
    operations: int,
    do: Callable[[Deps, Wish], str],
    *,
    logs: Path | None = None,
) -> None:
    """Do `operations` wishes, each logged before and after; a failure is logged as what it is."""
    folder = logs or deps.store.path.parent
    first = not any(folder.glob("*.issued"))
    issued, acked = Log(folder / f"{name}.issued"), Log(folder / f"{name}.acked")
    stream = wishes(random.Random(seed), name, first=first)
    for wish in (next(stream) for _ in range(operations)):
        issued.add(*asdict(wish).values())
        answer = _answer(deps, wish, do)
        acked.add(wish.key, answer)


def _answer(deps: Deps, wish: Wish, do: Callable[[Deps, Wish], str]) -> str:
    try:
        return do(deps, wish)
    except FluxError as failure:
        return f"failed: {failure.code}"
    except Exception as bug:
        return f"bug: {type(bug).__name__}: {bug}"


def main(argv: Sequence[str] | None = None) -> int:
    """Found the economy and work until killed, or to the end."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--name", default="a")
    parser.add_argument("--operations", type=int, default=30)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--cli", action="store_true", help="through the command line")
    parser.add_argument("--plant", help="a planted defect")
    options = parser.parse_args(argv)
    if options.plant:
        from plants import plant

        plant(options.plant)
    deps = deps_of(options.ledger)
    try:
        found(deps)
    except FluxError as failure:
        print(f"founding failed: {failure.code}", file=sys.stderr)
        return 3
    run(deps, options.name, options.seed, options.operations, by_cli if options.cli else attempt)
    return 0


if __name__ == "__main__":
    import workload  # the module that `plants` breaks, not this copy of it

    sys.exit(workload.main())
