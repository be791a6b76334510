"""A report before it is written: sections of sentences, tables and charts, each tied to facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flux_cli.adapters.specialists.analyst.facts import Fact, FactSheet, Ref


@dataclass(frozen=True, slots=True)
class Label:
    """A name from the data or the brief, which is allowed its digits: a column, a file."""

    text: str


Piece = str | Ref | Label
Sentence = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences in a row."""

    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """Sentences, one below the other."""

    items: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class TableOf:
    """A fact's values under these headings."""

    fact: Fact
    headings: tuple[str, ...]
    caption: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of a fact: one of the kinds that `drawing` knows, with its axes' titles.

    `x` and `y` are columns of the fact; `mark`, where given, is a column whose value stresses.
    """

    name: str
    kind: str
    title: str
    fact: Fact
    x: str
    y: str
    x_title: str
    y_title: str
    alt: str
    mark: str = ""


Block = Paragraph | Bullets | TableOf | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report under its heading; `depth` 1 is a chapter."""

    title: str
    blocks: tuple[Block, ...]
    depth: int = 2


@dataclass(frozen=True, slots=True)
class Headline:
    """Something a busy reader should know: heavier ones come first.

    `about` has the columns and the words a question would use for it.
    """

    weight: float
    sentence: Sentence
    about: frozenset[str]


@dataclass(slots=True)
class Story:
    """The report as it grows."""

    sheet: FactSheet
    sections: list[Section] = field(default_factory=list)
    headlines: list[Headline] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)

    def section(self, title: str, blocks: Sequence[Block], depth: int = 2) -> None:
        """Add a section, unless it is empty."""
        if blocks:
            self.sections.append(Section(title, tuple(blocks), depth))

    def headline(self, weight: float, sentence: Sentence, *about: str) -> None:
        """Add something for the summary, and for whoever asked about it."""
        self.headlines.append(Headline(weight, sentence, frozenset(about)))

    def chart(self, chart: Chart) -> Chart:
        """Add a chart to those that are drawn, and give it back to be put into a section."""
        self.charts.append(chart)
        return chart


def listed(items: Sequence[Sentence]) -> Sentence:
    """`a, b and c` as one run of pieces."""
    run: list[Piece] = []
    for number, item in enumerate(items):
        if number:
            run.append(" and " if number == len(items) - 1 else ", ")
        run += item
    return tuple(run)
