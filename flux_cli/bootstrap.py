"""The one place that names adapters and joins them to the use cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from flux_cli.adapters.clock import FreshIds, SystemClock
from flux_cli.adapters.keychain import CardSecret
from flux_cli.adapters.keychain.owner import OwnerFile
from flux_cli.adapters.scenario_files import ScenarioFolders
from flux_cli.adapters.specialists.artefacts import write_artefact
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.adapters.store.place import Mode, current_mode, file_system
from flux_cli.adapters.workspace import Folders
from flux_cli.bootstrap_brains import LoadedBrain, patience_of
from flux_cli.config import Config
from flux_cli.domain.cart_problem import Aim, Answer, CartProblem
from flux_cli.domain.carts import Cart
from flux_cli.domain.lineage import lineage_of
from flux_cli.domain.marketplace import Listing, Strategy
from flux_cli.domain.money import Money
from flux_cli.domain.offers import Offer, Retailer
from flux_cli.domain.outside import Allowed
from flux_cli.domain.quorum import Band, Bar, Rules, SeatRule, Split
from flux_cli.errors import Fix, NotFound
from flux_cli.usecases.exports import ExportForm
from flux_cli.usecases.outside_ports import Outside
from flux_cli.usecases.ports import (
    AccountBalance,
    Deps,
    EntryRecord,
    Settings,
    Trade,
)
from flux_cli.usecases.shops import OfferIndex, Shop, Shopping, Shops

if TYPE_CHECKING:
    from flux_cli.adapters.specialists.sandbox import Craft
    from flux_cli.usecases.dashboard_ports import Watch


class Trades(Mapping[str, Trade]):
    """The trades by name, each loaded when its work is first called for.

    Each works in a bounded process of its own; `hear`, if any, gets (trade, what it is doing).
    """

    NAMES = (
        "researcher", "content-writer", "image-generator", "code-reviewer", "data-analyst",
    )  # fmt: skip

    hear: Callable[[str, str], None] | None = None

    def __getitem__(self, name: str) -> Trade:
        from flux_cli.adapters.specialists.sandbox import Bounded, unheard
        from flux_cli.adapters.specialists.sandbox_child import Limits

        craft, hear = self._craft(name), self.hear
        # Its analysers are programs of their own, with a thread or two each.
        limits = Limits(programs=4) if name == "code-reviewer" else Limits()
        if name == "data-analyst":
            # A table may be far larger than memory; what is sorted or spilt lies on the disk.
            limits = Limits(1800, 1800, file_bytes=24 << 30, folder_bytes=48 << 30)
        return Bounded(craft, limits, unheard if hear is None else partial(hear, name))

    def _craft(self, name: str) -> Craft:
        if name == "researcher":
            from flux_cli.adapters.specialists.researcher import Researcher

            return Researcher()
        if name == "content-writer":
            from flux_cli.adapters.specialists.writer import ContentWriter

            return ContentWriter()
        if name == "image-generator":
            from flux_cli.adapters.specialists.illustrator import ImageGenerator

            return ImageGenerator()
        if name == "code-reviewer":
            from flux_cli.adapters.specialists.reviewer.code_reviewer import CodeReviewer

            return CodeReviewer()
        if name == "data-analyst":
            from flux_cli.adapters.specialists.analyst.trade import DataAnalyst

            return DataAnalyst()
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return name in self.NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(self.NAMES)

    def __len__(self) -> int:
        return len(self.NAMES)


class LoadedGate:
    """The allow-list of programs and agents outside, loaded when a listing names one."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed

    def barred(self, listing: Listing) -> str | None:
        """Why this listing's own command or agent may not work now, or None."""
        return self._gate().barred(listing)

    def allowance(self, listing: Listing) -> Fix:
        """What the owner would write to let it work."""
        return self._gate().allowance(listing)

    def worker(self, listing: Listing, inside: Trade) -> Trade:
        """The listing's command or agent at `inside`'s work."""
        return self._gate().worker(listing, inside)

    def _gate(self) -> Outside:
        from flux_cli.adapters.specialists.outside.allowed import Gate

        return Gate(self._allowed)


class LoadedReports:
    """The run's reports, their templates loaded when a run is told."""

    def render(self, document: Mapping[str, object]) -> list[tuple[str, str, bytes]]:
        """(file name, media type, content) of each report."""
        from flux_cli.adapters.reports.run_report import RunReports

        return RunReports().render(document)

    def receipt(self, cart: Cart) -> list[tuple[str, str, bytes]]:
        """(file name, media type, content) of a receipt, in each form."""
        from flux_cli.adapters.reports.cart_receipt import receipt_markdown, receipt_page

        return [
            ("receipt.md", "text/markdown", receipt_markdown(cart).encode()),
            ("receipt.html", "text/html", receipt_page(cart).encode()),
        ]


class LoadedShops:
    """The shops, loaded when one is first asked for."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._address = address

    def open(self, added: Sequence[Retailer]) -> list[Shop]:
        """The shops that come with Flux, then those added from feeds."""
        return self._shops().open(added)

    def keep_feed(self, path: Path, name: str, days: int) -> tuple[str, int, int]:
        """Keep a product feed for a shop."""
        return self._shops().keep_feed(path, name, days)

    def _shops(self) -> Shops:
        from flux_cli.adapters.retailers.directory import ShopFolder

        return ShopFolder(self._folder, SystemClock().now, self._address)


def brief_text(path: Path) -> str:
    """The text of a brief file; raises `InvalidInput` for one that cannot be read."""
    from flux_cli.adapters.briefs import read_brief

    return read_brief(path)


def source_text(path: Path, data: bytes) -> str:
    """The text of a document that research reads; raises `InvalidInput`."""
    from flux_cli.adapters.briefs.documents import document_text

    return document_text(path, data)


def loaded_index(offers: Sequence[Offer]) -> OfferIndex:
    """Full-text search over offers."""
    from flux_cli.adapters.retailers.catalogue_search import CatalogueIndex

    return CatalogueIndex(offers)


class LoadedSolver:
    """The cart solver, loaded at its first cart."""

    def solve(self, problem: CartProblem, aim: Aim) -> Answer:
        """Raises `WorkFailed` where the answer does not add up."""
        from flux_cli.adapters.solver import HighsSolver

        return HighsSolver().solve(problem, aim)


class LoadedExports:
    """The ledger's exports, each loaded when it is first asked for."""

    def journal(
        self,
        form: ExportForm,
        entries: Iterable[EntryRecord],
        accounts: Sequence[AccountBalance],
    ) -> Iterator[str]:
        """Every entry in a form that holds them all; HTML is of one account only."""
        match form:
            case ExportForm.BEANCOUNT:
                from flux_cli.adapters.exports.beancount import beancount

                return beancount(entries, accounts)
            case ExportForm.HLEDGER:
                from flux_cli.adapters.exports.hledger import hledger

                return hledger(entries, accounts)
            case ExportForm.CSV:
                from flux_cli.adapters.exports.csv_lines import csv_lines

                return csv_lines(entries)
            case ExportForm.JSONL:
                from flux_cli.adapters.exports.json_lines import json_lines

                return json_lines(entries)
            case ExportForm.HTML:
                raise ValueError("a page is of one account")

    def statement(
        self,
        account: str,
        opening: Money,
        entries: Iterable[EntryRecord],
        *,
        until: datetime,
        head: str,
        simulated: bool,
    ) -> Iterator[str]:
        """An account's page."""
        from flux_cli.adapters.exports.html import statement

        return statement(account, opening, entries, until=until, head=head, simulated=simulated)

    def file(self, path: Path, *, replace: bool) -> AbstractContextManager[TextIO]:
        """A private file, in its place when it is whole and not before."""
        from flux_cli.adapters.exports.private_file import private_file

        return private_file(path, replace=replace)


def open_flux(config: Config, *, timeout: float | None = None) -> Deps:
    """Everything the use cases need; the ledger's file is made when it is first written.

    `timeout` is how many seconds to wait for another process to let go of the ledger.
    """
    trades = Trades()
    ids = FreshIds()
    ledger = config.ledger.path
    return Deps(
        store=SqliteStore(
            ledger,
            clock=SystemClock(),
            busy_timeout_seconds=timeout or config.ledger.busy_timeout_seconds,
        ),
        ids=ids,
        brain=LoadedBrain(config),
        trades=trades,
        outside=LoadedGate(config.market.allowed),
        card_numbers=CardSecret(ledger, config.cards.prefix),
        owner=OwnerFile(ledger),
        scenarios=ScenarioFolders(scenario_folders(), frozenset(trades)),
        workspace=Folders(write_artefact, source_text),
        reports=LoadedReports(),
        exports=LoadedExports(),
        shopping=Shopping(
            shops=LoadedShops(shop_folder(config), config.shopping.address),
            index=loaded_index,
            solver=LoadedSolver(),
            trust_floor=config.shopping.trust_floor,
        ),
        settings=_settings(config),
    )


ShopDesk = Callable[[str, str, str, dict[str, Any]], tuple[int, dict[str, Any], Mapping[str, str]]]
"""(method, path, idempotency key, body) to (status, body, headers)."""


def shop_desks(config: Config, retailers: Sequence[Retailer]) -> dict[str, ShopDesk]:
    """The simulated shops' checkout desks by name, to be put on the network."""
    from flux_cli.adapters.retailers.desk import Desk
    from flux_cli.adapters.retailers.directory import ShopFolder

    folder = ShopFolder(shop_folder(config), SystemClock().now)

    def of(desk: Desk) -> ShopDesk:
        def handle(
            method: str, path: str, key: str, body: dict[str, Any]
        ) -> tuple[int, dict[str, Any], Mapping[str, str]]:
            reply = desk.handle(method, path, key, body)
            return reply.status, reply.body, reply.headers

        return handle

    return {retailer.name: of(folder.desk(retailer)) for retailer in retailers}


def shop_folder(config: Config) -> Path:
    """Where the simulated shops keep what they know: beside the ledger, and no part of it."""
    ledger = config.ledger.path
    return ledger.with_name(ledger.name + ".shops")


def listen(deps: Deps, hear: Callable[[str, str], None]) -> None:
    """Have `hear` told (trade, what it is doing) while specialists work."""
    assert isinstance(deps.trades, Trades), "it was opened here"
    deps.trades.hear = hear


def open_existing(config: Config, *, timeout: float | None = None) -> Deps:
    """`open_flux` for a ledger that is there; raises `NotFound` where it is not."""
    if not config.ledger.path.exists():
        raise NotFound(
            f"there is no ledger at {config.ledger.path}",
            subject=str(config.ledger.path),
            fixes=(Fix("make one", ("flux", "init")),),
        )
    return open_flux(config, timeout=timeout)


def open_watch(config: Config) -> Watch:
    """The ledger opened read-only; raises `NotFound` where there is none."""
    from flux_cli.adapters.store.watch import SqliteWatch

    return SqliteWatch(open_existing(config).store.path, SystemClock())


def close_flux(deps: Deps) -> None:
    """Close this thread's connection to the ledger, and the one that writes."""
    assert isinstance(deps.store, SqliteStore), "it was opened here"
    deps.store.close()


def ledger_mode(config: Config) -> tuple[Mode, str]:
    """How this machine's SQLite keeps the ledger durable, and the file system it is on."""
    place = config.ledger.path.parent
    while not place.exists():
        place = place.parent
    return current_mode(), file_system(place.resolve())


def scenario_folders() -> tuple[Path, ...]:
    """Where scenarios are: beside the package in a checkout, else as they were installed."""
    package = Path(__file__).resolve().parent
    beside = package.parent / "scenarios"
    return (beside, package.parent / "flux_data" / "scenarios")


def _settings(config: Config) -> Settings:
    policy, quorum = config.policy, config.quorum
    return Settings(
        opening_grant=config.treasury.opening_grant.money,
        per_payment=policy.per_payment.money,
        rolling_24h=policy.rolling_24h.money,
        approval_threshold=policy.approval_threshold.money,
        owner_threshold=policy.owner_threshold.money,
        reserve_floor_percent=policy.reserve_floor_percent,
        bar=Bar(
            quorum.yes_needed,
            quorum.yes_needed_large,
            quorum.large_amount.money,
            quorum.large_percent_of_free_cash,
            tuple(Band(above, yes) for above, yes in quorum.bands),
        ),
        rules=Rules(
            tuple(
                SeatRule(
                    seat.name,
                    seat.weight,
                    seat.veto,
                    seat.required,
                    seat.lineage and lineage_of(seat.lineage),
                )
                for seat in quorum.seats
            ),
            Split(quorum.split),
            quorum.exclude_lineage and lineage_of(quorum.exclude_lineage),
        ),
        card_prefix=config.cards.prefix,
        card_lifetime_hours=config.cards.lifetime_hours,
        parallel=config.run.parallel,
        strategy=Strategy(config.market.strategy),
        seed=config.run.seed,
        trusted_payers=config.market.trusted_payers,
        patience=patience_of(config),
        pictures=config.images.told,
    )
