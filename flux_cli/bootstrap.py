"""The one place that names adapters and joins them to the use cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TextIO, TypeVar

from flux_cli.adapters.clock import FreshIds, SystemClock
from flux_cli.adapters.keychain import CardSecretFile
from flux_cli.adapters.keychain.owner import OwnerFile
from flux_cli.adapters.scenario_files import ScenarioFolders
from flux_cli.adapters.specialists.artefacts import write_artefact
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.adapters.store.place import Mode, current_mode, file_system
from flux_cli.adapters.workspace import Folders
from flux_cli.config import Config
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import Bar
from flux_cli.errors import Fix, NotFound
from flux_cli.usecases.exports import ExportForm
from flux_cli.usecases.ports import (
    AccountBalance,
    Answered,
    Deps,
    EntryRecord,
    Question,
    Settings,
    Trade,
)

A = TypeVar("A")


class Trades(Mapping[str, Trade]):
    """The trades by name, each loaded when its work is first called for."""

    NAMES = ("researcher", "content-writer", "image-generator")

    def __getitem__(self, name: str) -> Trade:
        if name == "researcher":
            from flux_cli.adapters.specialists.researcher import Researcher

            return Researcher()
        if name == "content-writer":
            from flux_cli.adapters.specialists.writer import ContentWriter

            return ContentWriter()
        if name == "image-generator":
            from flux_cli.adapters.specialists.illustrator import ImageGenerator

            return ImageGenerator()
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return name in self.NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(self.NAMES)

    def __len__(self) -> int:
        return len(self.NAMES)


class LoadedBrain:
    """The offline brain, loaded at its first question."""

    def ask(self, question: Question[A]) -> Answered[A]:
        """Raises `CannotPlan` for a goal no template fits."""
        from flux_cli.adapters.brains.offline import OfflineBrain

        return OfflineBrain().ask(question)


class LoadedReports:
    """The run's reports, their templates loaded when a run is told."""

    def render(self, document: Mapping[str, object]) -> list[tuple[str, str, bytes]]:
        """(file name, media type, content) of each report."""
        from flux_cli.adapters.reports.run_report import RunReports

        return RunReports().render(document)


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
        brain=LoadedBrain(),
        trades=trades,
        card_numbers=CardSecretFile(ledger, config.cards.prefix),
        owner=OwnerFile(ledger),
        scenarios=ScenarioFolders(scenario_folders(), frozenset(trades)),
        workspace=Folders(write_artefact),
        reports=LoadedReports(),
        exports=LoadedExports(),
        settings=_settings(config),
    )


def open_existing(config: Config, *, timeout: float | None = None) -> Deps:
    """`open_flux` for a ledger that is there; raises `NotFound` where it is not."""
    if not config.ledger.path.exists():
        raise NotFound(
            f"there is no ledger at {config.ledger.path}",
            subject=str(config.ledger.path),
            fixes=(Fix("make one", ("flux", "init")),),
        )
    return open_flux(config, timeout=timeout)


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
        ),
        card_prefix=config.cards.prefix,
        card_lifetime_hours=config.cards.lifetime_hours,
        parallel=config.run.parallel,
        strategy=Strategy(config.market.strategy),
        seed=config.run.seed,
    )
