"""The doors to the outside world, as the use cases see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from flux_cli.domain.carts import Cart
from flux_cli.domain.identifiers import entry_id
from flux_cli.domain.intents import Spend
from flux_cli.domain.journal import Entry
from flux_cli.domain.marketplace import Record, Strategy
from flux_cli.domain.money import Asset, Money
from flux_cli.domain.policies import Limit
from flux_cli.domain.quorum import Bar, Rules
from flux_cli.domain.reputation import Deal
from flux_cli.domain.runs import SourceFile
from flux_cli.domain.work import Artefact, Assignment, Check, Source, Submission
from flux_cli.usecases.brain_ports import Brain, Patience
from flux_cli.usecases.card_numbers import CardNumbers
from flux_cli.usecases.scenario_ports import Scenarios

if TYPE_CHECKING:
    # Its methods speak of the records below, so it cannot be imported before them.
    from flux_cli.usecases.exports import Exports
    from flux_cli.usecases.outside_ports import Outside
    from flux_cli.usecases.shops import Shopping

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """One recorded entry with its place in the journal."""

    seq: int
    entry: Entry
    recorded_at: datetime

    @property
    def id(self) -> str:
        """It names the place and the time, so it is not kept."""
        return entry_id(self.seq, self.recorded_at)


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One recorded event; `data` is the object as it left it, as JSON."""

    seq: int
    id: str
    at: datetime
    kind: str
    subject: str
    version: int
    run_id: str | None
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """One account and what is in it."""

    name: str
    kind: str
    balance: Money
    entries: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the verifier checked: how many it looked at, and each fault it found."""

    name: str
    checked: int
    faults: tuple[str, ...]


class Reader(Protocol):
    """One consistent view of the ledger."""

    @property
    def now(self) -> datetime: ...

    @property
    def ledger_time(self) -> datetime:
        """The latest time anything was recorded."""

    def get(self, kind: type[T], object_id: str) -> T:
        """The object with this id; raises `NotFound`."""

    def lookup(self, kind: type[T], **equal: str | int) -> T | None:
        """The one object whose fields equal these, or None."""

    def find(
        self,
        kind: type[T],
        *,
        limit: int = 1000,
        before: str | None = None,
        after: str | None = None,
        oldest_first: bool = False,
        **equal: str | int,
    ) -> list[T]:
        """Objects whose fields equal these, newest first, paged by id."""

    def numbers(
        self, kind: type, since: datetime | None = None, until: datetime | None = None
    ) -> dict[str, int]:
        """How many payments, cards, runs or settlements made in [since, until) stand in each
        state.
        """

    def due(self, kind: type[T], state: str, limit: int) -> list[T]:
        """Objects in this state whose `expires_at` has come, the longest due first."""

    def resolve(self, kind: type[T], prefix: str) -> T:
        """The object whose id is, or alone begins or ends with, `prefix` (≥ 4 characters)."""

    def entry(self, key: str) -> EntryRecord | None: ...

    def entries(
        self,
        *,
        limit: int = 50,
        before: int | None = None,
        account: str | None = None,
        run_id: str | None = None,
        kind: str | None = None,
        text: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[EntryRecord]:
        """Recorded entries, newest first; `text` is looked for in memos, `until` is exclusive."""

    def entry_at(self, seq: int) -> EntryRecord | None:
        """The entry whose first movement is `seq`, if that is one."""

    def entries_of(self, reference: str) -> list[EntryRecord]:
        """Every entry that names this object, oldest first."""

    def entries_after(self, seq: int, limit: int) -> list[EntryRecord]:
        """The first `limit` entries that begin after movement `seq`, oldest first."""

    def position(self, moment: datetime | None = None, *, strictly: bool = False) -> int:
        """The last movement recorded by `moment` (or `strictly` before it); 0 for none."""

    def head(self, seq: int | None = None) -> tuple[int, str]:
        """(number, hash in hexadecimal) of the last movement, or of `seq`; (0, "") for none."""

    def events(
        self, *, run_id: str | None = None, after: int = 0, most: int = -1
    ) -> list[EventRecord]:
        """The first `most` recorded events after number `after` (all of -1), oldest first."""

    def accounts(self) -> list[AccountBalance]: ...

    def balance(self, account: str, asset: Asset) -> Money: ...

    def balance_at(self, account: str, asset: Asset, seq: int) -> Money:
        """What was in an account after movement `seq`."""

    def refunded_by(self, reference: str, account: str, asset: Asset) -> Money:
        """What `account` has given back of the payment `reference`."""

    def used(self, limit: Limit, requester: str, subject: str, asset: Asset) -> tuple[Money, int]:
        """What `limit` has counted for `subject` so far: an amount and a number of payments."""

    def costs_since(
        self, account: str, kind: str, since: datetime, asset: Asset
    ) -> tuple[Money, int]:
        """What left `account` in entries of one kind after `since`: an amount and a number."""

    def duplicates(self, spend: Spend, since: datetime) -> int:
        """How many permitted payments since then were the same as `spend`."""

    def track_record(self, provider: str) -> Record: ...

    def deals(self) -> list[Deal]:
        """Every funded contract that is over, the first ended first."""

    def listings_with(self, text: str) -> list[str]:
        """The ids of the listings that have any of the words, in any inflection."""

    def paid_to(self, payee: str, asset: Asset) -> Money: ...

    def flows(self, agent: str, asset: Asset) -> tuple[Money, Money, int]:
        """(earned, spent, movements) of an agent's wallet: spent counts what stayed gone."""


class Transaction(Reader, Protocol):
    """A `Reader` that can also write; all of it is kept, or none."""

    def post(self, entry: Entry) -> EntryRecord:
        """Append an entry, or find its key's; raises `KeyReused`, `InsufficientFunds`."""

    def post_many(self, entries: Sequence[Entry]) -> int:
        """Append entries with new keys; how many movements. Where it raises, all must be undone."""

    def put(
        self, record: object, event: str, *, run_id: str | None = None, is_new: bool = False
    ) -> None:
        """Keep an object as it now is, and record the event that made it so."""


class Store(Protocol):
    """The ledger's file."""

    path: Path

    def begin(self) -> AbstractContextManager[Transaction]:
        """One write transaction; raises `LedgerBusy`, `LedgerCorrupt`, `StorageFailed`."""

    def write(self, work: Callable[[Transaction], T]) -> T:
        """What `work` gives, once it is committed; another caller's thread may do it."""

    def reading(self) -> AbstractContextManager[Reader]: ...

    def verify(self) -> list[Finding]:
        """Recompute everything; an empty `faults` in every finding means it all agrees."""

    def accept_head(self) -> None:
        """Take the file as it is for the newest, at the owner's word after `verify`."""

    def back_up(self, target: Path) -> list[Finding]:
        """Copy the ledger, as it is at one instant, to a new file; what `verify` found in it.

        Raises `InvalidInput` where something is at `target`, `StorageFailed`, `LedgerCorrupt`.
        """

    def later_than(self, source: Path) -> tuple[int, int]:
        """How many movements and events the ledger has that the copy at `source` has not.

        Raises `NotFound`, `InvalidInput`, `NewerSchema`, `LedgerCorrupt`.
        """

    def restore(self, source: Path, giving_up: tuple[int, int]) -> None:
        """Put a copy in the ledger's place: all of it or nothing.

        Raises what `later_than` does, and `WrongState` where that is not `giving_up` any more.
        """

    def ask(
        self, sql: str, most: int, seconds: float
    ) -> tuple[list[str], list[tuple[object, ...]]]:
        """Columns and at most `most` rows of one query; raises `InvalidInput` for any other."""

    def schema(self) -> tuple[int, int]:
        """The ledger's schema as it is, and the newest that this Flux knows."""

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date; what it was, and what it is. Raises `NewerSchema`."""


class Ids(Protocol):
    """Where ids come from."""

    def new(self, kind: str) -> str:
        """A fresh id of this kind (a key of `identifiers.PREFIXES`)."""


class Owner(Protocol):
    """The owner's credential. Raises `StorageFailed` where the disk refuses."""

    path: Path

    def establish(self) -> None:
        """Make the credential unless it is there."""

    def verify(self, token: str) -> bool:
        """Whether `token` is the credential."""

    def fault(self) -> str | None:
        """What is wrong with how it is kept, or None."""


class Trade(Protocol):
    """The code that does one kind of work."""

    @property
    def name(self) -> str: ...

    def size(self, assignment: Assignment) -> tuple[int, int]:
        """(units, units of a full-price job): how much work the assignment is."""

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        """Write the deliverables below `folder` and list them; raises `WorkFailed`."""

    def check(self, assignment: Assignment, folder: Path) -> tuple[Check, ...]:
        """Judge the files in `folder` by reading them again; anyone can re-run it."""


class Workspace(Protocol):
    """The folder a run delivers into. Raises `StorageFailed` where the disk refuses."""

    def claim(self, out: Path, run_id: str) -> None:
        """Make the folder; raises `InvalidInput` where it holds something that is not ours."""

    def held(self, out: Path, run_id: str) -> AbstractContextManager[None]:
        """Claim it for one process at a time; raises `LedgerBusy` where another has it."""

    def stage(self, out: Path, task_id: str) -> Path:
        """A fresh, empty folder to work in."""

    def keep(self, out: Path, task_id: str) -> Path:
        """Put the staged folder in its final place, whole or not at all."""

    def folder(self, out: Path, task_id: str) -> Path: ...

    def intact(self, folder: Path, artefacts: Sequence[Artefact]) -> bool:
        """Whether every file is there with its hash."""

    def texts(self, folder: Path, artefacts: Sequence[Artefact]) -> dict[str, str]:
        """The text artefacts by file name."""

    def read_source(self, source: SourceFile) -> Source:
        """A source's text; raises `InvalidInput` if it is gone or no longer what it was."""

    def describe_source(self, path: Path) -> SourceFile:
        """Name, place and hash of a file to be read; raises `InvalidInput`."""

    def write(self, out: Path, name: str, data: bytes, media_type: str) -> Artefact: ...


class Reports(Protocol):
    """How a finished run is told to people."""

    def render(self, document: Mapping[str, object]) -> list[tuple[str, str, bytes]]:
        """(file name, media type, content) of each report of a run's document."""

    def receipt(self, cart: Cart) -> list[tuple[str, str, bytes]]:
        """(file name, media type, content) of a bought cart's receipt, in each form."""


class Progress(Protocol):
    """Who is told what is happening, as it happens."""

    def __call__(self, step: str, /, **facts: object) -> None: ...


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything a use case may reach, made in one place."""

    store: Store
    ids: Ids
    brain: Brain
    trades: Mapping[str, Trade]
    outside: Outside
    card_numbers: CardNumbers
    owner: Owner
    scenarios: Scenarios
    workspace: Workspace
    reports: Reports
    exports: Exports
    shopping: Shopping
    settings: Settings


@dataclass(frozen=True, slots=True)
class Settings:
    """What the owner configured, as the use cases need it.

    `pictures` says who paints the scenery of banners and for how much, "" where it is drawn.
    """

    opening_grant: Money
    per_payment: Money | None
    rolling_24h: Money | None
    approval_threshold: Money
    owner_threshold: Money | None
    reserve_floor_percent: int
    bar: Bar
    rules: Rules
    card_prefix: str
    card_lifetime_hours: int
    parallel: int
    strategy: Strategy
    seed: int
    trusted_payers: tuple[str, ...] = ()
    patience: Patience = Patience()  # noqa: RUF009 - immutable
    pictures: str = ""
