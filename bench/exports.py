"""Do beancount and hledger read the exports as Flux means them, and refuse them when changed?

    python bench/exports.py [--seed N] [--db LEDGER] [--keep FOLDER]

Exports a month of traffic made up from the seed, or the ledger at LEDGER, in every format. Then
`bean-check` and `hledger check --strict` are to accept theirs, every balance that beancount,
hledger, and the sums of the CSV and of the JSON Lines arrive at is to be Flux's own, and three
changes of one smallest unit or one entry are each to be refused. Exits with 1 where one is not.
hledger is fetched from Debian's archive, without root, where it is not on PATH.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from traffic import balances, month

from flux_cli.adapters.exports.beancount import beancount
from flux_cli.adapters.exports.csv_lines import csv_lines, unguarded
from flux_cli.adapters.exports.hledger import hledger
from flux_cli.adapters.exports.html import statement
from flux_cli.adapters.exports.json_lines import head_of, json_lines
from flux_cli.adapters.exports.plain_text import account_of
from flux_cli.domain.money import Money
from flux_cli.usecases.ports import AccountBalance, EntryRecord

Balances = dict[tuple[str, str], Decimal]
Writer = Callable[[Sequence[EntryRecord], Sequence[AccountBalance]], str]

ENVIRON = {**os.environ, "LC_ALL": "C.UTF-8", "BEANCOUNT_DISABLE_LOAD_CACHE": "1"}
AMOUNT = re.compile(r"(?m)^( {2,4}[A-Z][\w:-]*  )(-?)([0-9]+(?:\.[0-9]+)?)(?= [A-Z\"])")


def main() -> None:
    """Export, compare, change, and say what was found."""
    parser = argparse.ArgumentParser(description="Check the exports with other programs.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--db", type=Path, help="a ledger to export instead of a month made up")
    parser.add_argument("--keep", type=Path, help="where to leave the exported files")
    asked = parser.parse_args()
    entries, accounts, head = taken(asked.db) if asked.db else made(asked.seed)
    print(f"{len(entries)} entries, {len(accounts)} balances, seed {asked.seed}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        faults = [
            *judge("beancount", to_beancount, bean_check, bean_balances, entries, accounts,
                   folder / "ledger.beancount", asked.seed),
            *judge("hledger", to_hledger, Hledger(Path(scratch)).check, hledger_balances, entries,
                   accounts, folder / "ledger.journal", asked.seed),
            *judge_csv(entries, accounts, folder / "ledger.csv"),
            *judge_json(entries, accounts, head, folder / "ledger.jsonl"),
        ]  # fmt: skip
        page = statement(
            entries[-1].entry.postings[-1].account,
            Money(0, entries[-1].entry.postings[-1].amount.asset),
            entries,
            until=entries[-1].recorded_at,
            head=head_of(json_lines(entries)),
            simulated=True,
        )
        (folder / "statement.html").write_text("".join(page), encoding="utf-8")
    for fault in faults:
        print(f"FAULT {fault}")
    print("every program agrees" if not faults else f"{len(faults)} disagreements")
    sys.exit(1 if faults else 0)


def made(seed: int) -> tuple[list[EntryRecord], list[AccountBalance], None]:
    """The month of this seed, which no ledger holds."""
    entries = month(seed)
    return entries, balances(entries), None


def taken(path: Path) -> tuple[list[EntryRecord], list[AccountBalance], str]:
    """What a ledger holds, oldest first, and the hash of its last movement."""
    from flux_cli.adapters.clock import FreshIds, SystemClock
    from flux_cli.adapters.store.ledger import SqliteStore
    from flux_cli.usecases.view_entries import history

    if not path.exists():
        sys.exit(f"there is no ledger at {path}")
    with SqliteStore(path, clock=SystemClock(), ids=FreshIds()).reading() as reader:
        entries = list(history(reader, 0, reader.position()))
        if not entries:
            sys.exit(f"nothing has moved in {path}")
        return entries, reader.accounts(), reader.head()[1]


def judge(
    name: str,
    write: Writer,
    check: Callable[[Path], tuple[bool, str]],
    read: Callable[[Path], Balances],
    entries: Sequence[EntryRecord],
    accounts: Sequence[AccountBalance],
    path: Path,
    seed: int,
) -> list[str]:
    """What is wrong with one program's export: refused, other balances, or a change accepted."""
    text = write(entries, accounts)
    path.write_text(text, encoding="utf-8")
    accepted, said = check(path)
    if not accepted:
        return [f"{name} refuses the export: {said[:500]}"]
    faults = differences(name, read(path), accounts)
    changes = {
        "one amount": one_amount_changed(text, seed),
        "both sides of an entry": write(one_entry_changed(entries, seed), accounts),
        "an entry left out": write(one_entry_left_out(entries, seed), accounts),
    }
    changed = path.with_name(f"changed-{path.name}")
    for change, other in changes.items():
        assert other != text, f"nothing changed: {change}"
        changed.write_text(other, encoding="utf-8")
        accepted, said = check(changed)
        if accepted:
            faults.append(f"{name} accepts a copy with a change: {change}")
        elif not said.strip():
            faults.append(f"{name} ended badly and said nothing: {change}")
    print(f"{name:<10} accepted, {len(accounts)} balances compared, {len(changes)} changes refused"
          if not faults else f"{name:<10} {len(faults)} faults")  # fmt: skip
    changed.unlink()
    return faults


def differences(name: str, found: Balances, accounts: Sequence[AccountBalance]) -> list[str]:
    """Where a program's balances are not Flux's; what it leaves out counts as nothing."""
    own = {(one.name, one.balance.asset.code): Decimal(one.balance.decimal) for one in accounts}
    return [
        f"{name}: {account} holds {found.get((account, code), 0)} {code}, in Flux {amount}"
        for (account, code), amount in own.items()
        if found.get((account, code), Decimal(0)) != amount
    ] + [f"{name}: no such balance in Flux: {place}" for place in found.keys() - own.keys()]


def one_amount_changed(text: str, seed: int) -> str:
    """The export with the last digit of one posting's amount another."""
    found = list(AMOUNT.finditer(text))
    # The assertions of hledger's last transaction look like postings of nothing.
    match = random.Random(seed).choice([one for one in found if Decimal(one[3])])
    digits = match[3]
    other = digits[:-1] + ("1" if digits[-1] != "1" else "2")
    return text[: match.start(3)] + other + text[match.end(3) :]


def one_entry_changed(entries: Sequence[EntryRecord], seed: int) -> list[EntryRecord]:
    """The entries with one whose first move is of a unit more."""
    record = random.Random(seed).choice(entries)
    first, *rest = record.entry.moves
    more = replace(first, amount=first.amount + Money(1, first.amount.asset))
    other = replace(record, entry=replace(record.entry, moves=(more, *rest)))
    return [other if one is record else one for one in entries]


def one_entry_left_out(entries: Sequence[EntryRecord], seed: int) -> list[EntryRecord]:
    """The entries without one of them."""
    gone = random.Random(seed).randrange(len(entries))
    return [*entries[:gone], *entries[gone + 1 :]]


def to_beancount(entries: Sequence[EntryRecord], accounts: Sequence[AccountBalance]) -> str:
    """The beancount export."""
    return "".join(beancount(entries, accounts))


def to_hledger(entries: Sequence[EntryRecord], accounts: Sequence[AccountBalance]) -> str:
    """The hledger export."""
    return "".join(hledger(entries, accounts))


def ran(command: Sequence[str | Path]) -> tuple[bool, str]:
    """Whether a program ended well, and what it said."""
    done = subprocess.run(command, capture_output=True, check=False, env=ENVIRON, timeout=120)
    said = (done.stdout + done.stderr).decode(errors="replace")
    return done.returncode == 0, said


def bean_check(path: Path) -> tuple[bool, str]:
    """bean-check's verdict."""
    return ran([Path(sys.executable).with_name("bean-check"), "--no-cache", path])


def bean_balances(path: Path) -> Balances:
    """What beancount's own realization of the file holds."""
    from beancount import loader
    from beancount.core import realization

    directives, errors, _ = loader.load_file(str(path))
    assert not errors, errors
    return {
        (account_of(node.account), position.units.currency): position.units.number
        for node in realization.iter_children(realization.realize(directives))
        for position in node.balance
    }


class Hledger:
    """hledger from PATH, or from Debian's archive."""

    program = "hledger"

    def __init__(self, folder: Path) -> None:
        found = shutil.which("hledger")
        Hledger.program = found or fetched(folder)
        version = ran([Hledger.program, "--version"])[1].strip()
        print(f"{version}, {'on PATH' if found else 'fetched from Debian with apt-get download'}")

    def check(self, path: Path) -> tuple[bool, str]:
        """The verdict of the strict checks and of those on payees and the order of dates."""
        strict = ran([Hledger.program, "-f", path, "check", "--strict"])
        more = ran([Hledger.program, "-f", path, "check", "payees", "ordereddates"])
        return strict[0] and more[0], strict[1] + more[1]


def fetched(folder: Path) -> str:
    """hledger unpacked below `folder`; ends the program where that cannot be done."""
    home = folder / "hledger"
    home.mkdir()
    try:
        subprocess.run(["apt-get", "download", "hledger"], cwd=home, check=True,
                       capture_output=True, timeout=300)  # fmt: skip
        package = next(home.glob("hledger_*.deb"))
        subprocess.run(["dpkg", "-x", package, home], check=True, capture_output=True)
    except (OSError, subprocess.SubprocessError, StopIteration) as error:
        sys.exit(f"hledger is not on PATH and apt-get cannot fetch it ({error}): install it")
    return str(home / "usr/bin/hledger")


def hledger_balances(path: Path) -> Balances:
    """What `hledger balance` shows."""
    command = ["balance", "--empty", "--no-total", "--flat", "-O", "csv", "--layout", "bare"]
    well, said = ran([Hledger.program, "-f", path, *command])
    assert well, said
    return {
        (account_of(row["account"]), row["commodity"]): Decimal(row["balance"])
        for row in csv.DictReader(io.StringIO(said))
        if row["commodity"]
    }


def judge_csv(
    entries: Sequence[EntryRecord], accounts: Sequence[AccountBalance], path: Path
) -> list[str]:
    """What a reader of the CSV would get wrong: a sum, or a memo."""
    path.write_text("".join(csv_lines(entries)), encoding="utf-8", newline="")
    sums: Balances = {}
    memos: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            place = (unguarded(row["account"]), row["currency"])
            sums[place] = sums.get(place, Decimal(0)) + Decimal(row["amount"])
            memos[row["entry_id"]] = unguarded(row["memo"])
    faults = differences("CSV", sums, accounts)
    faults += [f"CSV: the memo of {record.id} is another" for record in entries
               if memos.get(record.id) != record.entry.memo]  # fmt: skip
    print(f"{'CSV':<10} {len(memos)} memos and {len(sums)} sums compared, {len(faults)} faults")
    return faults


def judge_json(
    entries: Sequence[EntryRecord],
    accounts: Sequence[AccountBalance],
    head: str | None,
    path: Path,
) -> list[str]:
    """What a reader of the JSON Lines would get wrong: a sum, a memo, or the end of the chain."""
    path.write_text("".join(json_lines(entries)), encoding="ascii", newline="")
    lines = path.read_text(encoding="ascii").splitlines()
    sums: Balances = {}
    faults = []
    for line, record in zip(lines, entries, strict=True):
        document = json.loads(line)
        if document["memo"] != record.entry.memo:
            faults.append(f"JSON Lines: the memo of {record.id} is another")
        for move in document["moves"]:
            amount, code = Decimal(move["amount"]["decimal"]), move["amount"]["currency"]
            for account, change in ((move["source"], -amount), (move["target"], amount)):
                sums[account, code] = sums.get((account, code), Decimal(0)) + change
    faults += differences("JSON Lines", sums, accounts)
    found = head_of(json_lines(entries))
    if head not in (None, found):
        faults.append(f"JSON Lines: they lead to {found}, the ledger to {head}")
    for altered in (one_entry_changed, one_entry_left_out):
        if head_of(json_lines(altered(entries, 1))) == found:
            faults.append(f"JSON Lines: the head is the same after {altered.__name__}")
    print(f"{'JSON Lines':<10} {len(lines)} memos and {len(sums)} sums compared,"
          f" {len(faults)} faults")  # fmt: skip
    return faults


if __name__ == "__main__":
    main()
