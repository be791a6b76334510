"""What a dashboard shows: panels of tiles, tables, bars and lines, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from flux_cli.domain.money import Money


class Period(StrEnum):
    """How far back the figures look; rolling, up to now."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"

    @property
    def length(self) -> timedelta:
        """Its length."""
        return {"24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}[self]


class Tone(StrEnum):
    """What a word means beside its letters; never the only thing that says it."""

    PLAIN = ""
    STRONG = "strong"
    DIM = "dim"
    GOOD = "good"
    BAD = "bad"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Ref:
    """An object that can be opened; `command` is what shows it on the command line."""

    kind: str
    id: str
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """One piece of text. It may be anybody's: what shows it makes it harmless."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `flex` ones share the room that is left, the highest `drop` goes first."""

    title: str
    right: bool = False
    flex: bool = False
    drop: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A row and what it is of; `agent`, `state` and `amount` are what filters look at."""

    cells: tuple[Cell, ...]
    ref: Ref | None = None
    agent: str = ""
    state: str = ""
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; `empty` says what to do where there are none, `note` stands below."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: str = "nothing here yet"
    note: str = ""
    more: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with its detail; `brief` is its title where there is little room."""

    title: str
    value: str
    detail: str = ""
    tone: Tone = Tone.PLAIN
    brief: str = ""


@dataclass(frozen=True, slots=True)
class Tiles:
    """Figures side by side."""

    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One labelled length, and what it is in words."""

    label: str
    units: int
    told: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Lengths beside each other."""

    title: str
    bars: tuple[Bar, ...]
    empty: str = "nothing here yet"


@dataclass(frozen=True, slots=True)
class Plot:
    """A quantity over time, oldest first; `told` stands beside it."""

    title: str
    points: tuple[int, ...]
    most: str
    told: str
    empty: str = "nothing here yet"


@dataclass(frozen=True, slots=True)
class Prose:
    """Lines of text, each of pieces."""

    title: str
    lines: tuple[tuple[Cell, ...], ...]
    empty: str = "nothing here yet"


Panel = Tiles | Table | Bars | Plot | Prose


@dataclass(frozen=True, slots=True)
class View:
    """One screen: figures on top, the main panels, those beside them, what stands at the foot."""

    title: str
    main: tuple[Panel, ...]
    top: Tiles | None = None
    side: tuple[Panel, ...] = ()
    foot: tuple[Panel, ...] = ()
    ref: Ref | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """What rows must be: parsed from `agent:writer state:denied >50 word`. Amounts are CREDIT."""

    words: tuple[str, ...] = ()
    agent: str = ""
    state: str = ""
    above: Money | None = None
    below: Money | None = None

    def passes(self, row: Row) -> bool:
        """Whether a row is one of those asked for."""
        if self.agent and self.agent not in row.agent.lower():
            return False
        if self.state and self.state not in row.state.lower():
            return False
        if not _between(row.amount, self.above, self.below):
            return False
        text = " ".join([*(cell.text for cell in row.cells), row.ref.id if row.ref else ""]).lower()
        return all(word in text for word in self.words)


def _between(amount: Money | None, above: Money | None, below: Money | None) -> bool:
    for bound, is_low in ((above, True), (below, False)):
        if bound is None:
            continue
        if amount is None or amount.asset != bound.asset:
            return False
        if amount <= bound if is_low else amount >= bound:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be shown: a screen by name, or one object; how far back; which rows.

    A `hasty` view leaves out what is summed over many rows, and says so: it is a first glance.
    """

    screen: str
    ref: Ref | None = None
    period: Period = Period.DAY
    filter: Filter = field(default_factory=Filter)
    limit: int = 200
    hasty: bool = False


GLYPHS: dict[str, tuple[str, Tone]] = {
    "captured": ("✓", Tone.GOOD),
    "approved": ("•", Tone.GOOD),
    "delivered": ("✓", Tone.GOOD),
    "settled": ("✓", Tone.GOOD),
    "completed": ("✓", Tone.GOOD),
    "bought": ("✓", Tone.GOOD),
    "used": ("✓", Tone.GOOD),
    "active": ("●", Tone.GOOD),
    "YES": ("✓", Tone.GOOD),
    "permit": ("✓", Tone.GOOD),
    "passed": ("✓", Tone.GOOD),
    "denied": ("✗", Tone.BAD),
    "refused": ("✗", Tone.BAD),
    "failed": ("✗", Tone.BAD),
    "rejected": ("✗", Tone.BAD),
    "frozen": ("✗", Tone.BAD),
    "NO": ("✗", Tone.BAD),
    "needs_human": ("!", Tone.WARN),
    "unknown": ("?", Tone.WARN),
    "disputed": ("!", Tone.WARN),
    "paused": ("‖", Tone.WARN),
    "mined": ("✓", Tone.GOOD),
    "reverted": ("✗", Tone.BAD),
    "lost": ("-", Tone.DIM),
    "reversed": ("-", Tone.DIM),
    "checked": ("✓", Tone.DIM),
    "disabled": ("‖", Tone.WARN),
    "revoked": ("-", Tone.DIM),
    "removed": ("-", Tone.DIM),
    "expired": ("-", Tone.DIM),
    "cancelled": ("-", Tone.DIM),
    "ABSTAIN": ("-", Tone.DIM),
}
"""Each state's sign and tone; one that is not here is under way."""


def state_cell(state: str) -> Cell:
    """A state as sign and word."""
    glyph, tone = GLYPHS.get(state, ("…", Tone.WARN))
    return Cell(f"{glyph} {state.replace('_', ' ')}", tone)


def short(object_id: str) -> str:
    """An id by its kind and its last six characters, which name it."""
    prefix, _, body = object_id.partition("_")
    return f"{prefix}_…{body[-6:]}" if len(body) > 7 else object_id


def facts(title: str, *pairs: tuple[str, str | Cell]) -> Prose:
    """Named facts, a line each; those without anything to say are left out."""
    width = max(len(name) for name, _ in pairs) + 2
    lines = []
    for name, said in pairs:
        cell = Cell(said) if isinstance(said, str) else said
        if cell.text:
            lines.append((Cell(name.ljust(width), Tone.DIM), cell))
    return Prose(title, tuple(lines))
