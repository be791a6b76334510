"""Do beancount and hledger read the exports as Flux means them, and refuse them when changed?

    python bench/exports.py [--seed N] [--db LEDGER] [--keep FOLDER]

Has a month of traffic moved by Flux itself, as the seed will have it, or takes the ledger at
LEDGER, and exports it as `flux ledger export` does. Then `bean-check` and `hledger check --strict`
are to accept theirs; every balance that beancount, hledger, and the sums of the CSV and of the
JSON Lines arrive at is to be Flux's own; and three changes of one smallest unit or one entry are
each to be refused. A month made up is to have 1,000 entries and every kind of them that Flux can
make, and the ledger is to verify clean. Exits with 1 where one of this is not so. hledger is
fetched from Debian's archive, without root, where it is not on PATH.
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
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

from traffic import month, possible_kinds

from flux_cli.adapters.exports.csv_lines import unguarded
from flux_cli.adapters.exports.json_lines import head_of
from flux_cli.adapters.exports.plain_text import account_of
from flux_cli.bootstrap import open_existing
from flux_cli.config import load_config
from flux_cli.errors import NotFound
from flux_cli.usecases.export_ledger import Export, export_ledger
from flux_cli.usecases.exports import ExportForm
from flux_cli.usecases.ports import AccountBalance, Deps, EntryRecord
from flux_cli.usecases.view_entries import history

Balances = dict[tuple[str, str], Decimal]

FEWEST = 1000
"""Entries in a month made up."""

ENVIRON = {**os.environ, "LC_ALL": "C.UTF-8", "BEANCOUNT_DISABLE_LOAD_CACHE": "1"}
AMOUNT = re.compile(r"(?m)^( {2,4}[A-Z][\w:-]*  )(-?[0-9]+(?:\.[0-9]+)?)(?= ([A-Z]+))")
ENTRY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} \* (?!balances \|)")
"""How an entry begins in both formats; hledger's last transaction is none of Flux's."""


def main() -> None:
    """Export, compare, change, and say what was found."""
    parser = argparse.ArgumentParser(description="Check the exports with other programs.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--db", type=Path, help="a ledger to export instead of a month made up")
    parser.add_argument("--keep", type=Path, help="where to leave the exported files")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        folder = asked.keep or scratch / "exports"
        folder.mkdir(parents=True, exist_ok=True)
        deps = opened(asked.db, scratch) if asked.db else month(scratch, asked.seed)
        with deps.store.reading() as reader:
            entries = list(history(reader, 0, reader.position()))
            accounts = reader.accounts()
        if not entries:
            sys.exit(f"nothing has moved in {deps.store.path}")
        faults = [] if asked.db else unlike_a_month(entries)
        told(entries, accounts)
        ledger = Ledger(deps, accounts, folder, random.Random(asked.seed))
        faults += [
            *ledger.judge(ExportForm.BEANCOUNT, bean_check, bean_balances),
            *ledger.judge(ExportForm.HLEDGER, Hledger(scratch).check, hledger_balances),
            *ledger.judge_csv(entries),
            *ledger.judge_json(entries),
            *unsound(deps),
        ]
    for fault in faults:
        print(f"FAULT {fault}")
    print("every program agrees" if not faults else f"{len(faults)} disagreements")
    sys.exit(1 if faults else 0)


def opened(path: Path, scratch: Path) -> Deps:
    """The ledger at `path`, without the settings of whoever runs this."""
    settings = scratch / "config.toml"
    settings.touch()
    try:
        return open_existing(
            load_config({"ledger.path": str(path)}, {}, scratch, user_file=settings)
        )
    except NotFound as error:
        sys.exit(error.message)


def told(entries: Sequence[EntryRecord], accounts: Sequence[AccountBalance]) -> None:
    """Say what there is: entries of each kind, and assets."""
    kinds = Counter(record.entry.kind.value for record in entries)
    assets = Counter(one.balance.asset.code for one in accounts)
    print(f"{len(entries)} entries: {', '.join(f'{kinds[kind]} {kind}' for kind in sorted(kinds))}")
    print(f"{len(accounts)} balances: {', '.join(f'{n} {code}' for code, n in assets.items())}")


def unlike_a_month(entries: Sequence[EntryRecord]) -> list[str]:
    """What a month made up lacks."""
    missing = possible_kinds() - {record.entry.kind for record in entries}
    assets = {move.amount.asset for record in entries for move in record.entry.moves}
    faults = [f"the month has no entry of the kind {kind}" for kind in sorted(missing)]
    if len(entries) < FEWEST or len(assets) < 2:
        faults.append(f"the month has {len(entries)} entries in {len(assets)} assets")
    return faults


def unsound(deps: Deps) -> list[str]:
    """What the ledger's own verifier finds."""
    findings = deps.store.verify()
    faults = [f"verify: {finding.name}: {fault}" for finding in findings
              for fault in finding.faults]  # fmt: skip
    checked = sum(finding.checked for finding in findings)
    print(f"{'verify':<10} {checked} things in {len(findings)} checks, {len(faults)} faults")
    return faults


class Ledger:
    """A ledger whose exports are judged: its balances, where they go, and what is changed."""

    def __init__(
        self, deps: Deps, accounts: Sequence[AccountBalance], folder: Path, chance: random.Random
    ) -> None:
        self.deps, self.accounts, self.folder, self.chance = deps, accounts, folder, chance

    def exported(self, form: ExportForm) -> tuple[Path, str]:
        """The file, as `flux ledger export` writes it, and the hash of the last movement in it."""
        path = self.folder / f"ledger.{form}"
        with self.deps.exports.file(path, replace=True) as file:
            done = export_ledger(self.deps, Export(form), file.write)
        return path, done.head

    def judge(
        self,
        form: ExportForm,
        check: Callable[[Path], tuple[bool, str]],
        read: Callable[[Path], Balances],
    ) -> list[str]:
        """What is wrong with a program's export: refused, other balances, a change accepted."""
        path, _ = self.exported(form)
        accepted, said = check(path)
        if not accepted:
            return [f"{form} refuses the export: {said[:500]}"]
        faults = differences(form, read(path), self.accounts)
        print(f"{form:<10} accepted, said {said.strip() or 'nothing'};"
              f" {len(self.accounts)} balances compared, {len(faults)} differ")  # fmt: skip
        text = path.read_text(encoding="utf-8")
        changed = path.with_name(f"changed-{path.name}")
        for change in (one_amount_changed, one_entry_changed, one_entry_left_out):
            other = change(text, self.chance)
            assert other != text, f"nothing changed: {change.__name__}"
            changed.write_text(other, encoding="utf-8", newline="")
            accepted, said = check(changed)
            reason = " ".join(said.replace(str(changed), "").split())
            if accepted or not reason:
                faults.append(f"{form} accepts a copy with {change.__name__}, or says nothing")
            print(f"{'':<10} {change.__name__}: {'ACCEPTED' if accepted else reason[:150]}")
        changed.unlink()
        return faults

    def judge_csv(self, entries: Sequence[EntryRecord]) -> list[str]:
        """What a reader of the CSV would get wrong: a sum, or a memo."""
        path, _ = self.exported(ExportForm.CSV)
        sums: Balances = {}
        memos: dict[str, str] = {}
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                place = (unguarded(row["account"]), row["currency"])
                sums[place] = sums.get(place, Decimal(0)) + Decimal(row["amount"])
                memos[row["entry_id"]] = unguarded(row["memo"])
        faults = differences("CSV", sums, self.accounts)
        faults += [f"CSV: the memo of {record.id} is another" for record in entries
                   if memos.get(record.id) != record.entry.memo]  # fmt: skip
        print(f"{'csv':<10} {len(memos)} memos and {len(sums)} sums compared, {len(faults)} faults")
        return faults

    def judge_json(self, entries: Sequence[EntryRecord]) -> list[str]:
        """What a reader of the JSON Lines gets wrong: a sum, a memo, the end of the chain."""
        path, head = self.exported(ExportForm.JSONL)
        lines = path.read_text(encoding="ascii").splitlines(keepends=True)
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
        faults += differences("JSON Lines", sums, self.accounts)
        if (found := head_of(lines)) != head:
            faults.append(f"JSON Lines: they lead to {found}, the ledger to {head}")
        gone = self.chance.randrange(len(lines))
        if head_of([*lines[:gone], *lines[gone + 1 :]]) == head:
            faults.append(f"JSON Lines: the head is the same without line {gone + 1}")
        print(f"{'jsonl':<10} {len(lines)} memos and {len(sums)} sums compared,"
              f" {len(faults)} faults")  # fmt: skip
        return faults


def differences(name: str, found: Balances, accounts: Sequence[AccountBalance]) -> list[str]:
    """Where a program's balances are not Flux's; what it leaves out counts as nothing."""
    own = {(one.name, one.balance.asset.code): Decimal(one.balance.decimal) for one in accounts}
    return [
        f"{name}: {account} holds {found.get((account, code), 0)} {code}, in Flux {amount}"
        for (account, code), amount in own.items()
        if found.get((account, code), Decimal(0)) != amount
    ] + [f"{name}: no such balance in Flux: {place}" for place in found.keys() - own.keys()]


def one_amount_changed(text: str, chance: random.Random) -> str:
    """The export with one posting's amount a smallest unit more."""
    # The assertions of hledger's last transaction look like postings of nothing.
    return more(text, chance.choice([one for one in AMOUNT.finditer(text) if Decimal(one[2])]), 1)


def one_entry_changed(text: str, chance: random.Random) -> str:
    """The export with an entry that moves a smallest unit more or less, and still balances."""
    blocks = text.split("\n\n")
    place = chance.choice(places_of_entries(blocks))
    first = AMOUNT.search(blocks[place])
    assert first is not None, "an entry has postings"
    block = more(blocks[place], first, 1)
    other = next(one for one in [*AMOUNT.finditer(block)][1:] if one[3] == first[3])
    blocks[place] = more(block, other, -1)
    return "\n\n".join(blocks)


def one_entry_left_out(text: str, chance: random.Random) -> str:
    """The export without one of its entries."""
    blocks = text.split("\n\n")
    del blocks[chance.choice(places_of_entries(blocks))]
    return "\n\n".join(blocks)


def places_of_entries(blocks: Sequence[str]) -> list[int]:
    """Which of the paragraphs of an export are entries."""
    return [place for place, block in enumerate(blocks) if ENTRY.match(block)]


def more(text: str, match: re.Match[str], units: int) -> str:
    """The text in which the amount that matched is `units` of its last digit more."""
    amount = Decimal(match[2])
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int), "an amount is a number"
    return (
        text[: match.start(2)]
        + f"{amount + Decimal(units).scaleb(exponent)}"
        + text[match.end(2) :]
    )


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


if __name__ == "__main__":
    main()
