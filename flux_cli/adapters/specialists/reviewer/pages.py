"""A review for people: Markdown and one page of HTML, the same bytes for the same review."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from flux_cli.adapters.specialists.reviewer.findings import SEVERITIES, Finding, Kind, kinds
from flux_cli.adapters.specialists.reviewer.review import Review
from flux_cli.domain.text import visible

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"
_MARKUP = re.compile(r"([\\`*_\[\]<>|~#&])")
MOST_PLACES = 60
"""Places of one kind that a page lists; findings.json and findings.sarif have all."""


@dataclass(frozen=True, slots=True)
class Section:
    """All findings of one kind."""

    kind: Kind
    places: tuple[Finding, ...]

    @property
    def shown(self) -> tuple[Finding, ...]:
        """The places that are listed."""
        return self.places[:MOST_PLACES]


def sections(found: Sequence[Finding]) -> tuple[Section, ...]:
    """The findings by kind, the worst kind first; `found` is in order."""
    groups = groupby(found, key=lambda item: item.kind)
    return tuple(Section(kinds()[name], tuple(places)) for name, places in groups)


def markdown_page(review: Review) -> bytes:
    """review.md."""
    return _page(review, "review.md.j2", _plain)


def html_page(review: Review) -> bytes:
    """review.html, which loads nothing from elsewhere and runs no script."""
    return _page(review, "review.html.j2", None)


def _page(review: Review, name: str, finalize: object) -> bytes:
    environment = _environment(finalize, markup=name.endswith(".html.j2"))
    text = environment.get_template(name).render(
        review=review,
        sections=sections(review.findings),
        silenced=sections(review.silenced),
        severities=SEVERITIES,
        verdict=verdict(review),
        most=MOST_PLACES,
        lines=sum(lines for _, _, lines in review.files),
        count=sum(files for _, files, _ in review.files),
    )
    return (text.rstrip() + "\n").encode("utf-8", "replace")


def _environment(finalize: object, *, markup: bool) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=markup,  # noqa: S701 - Markdown has escapes of its own, see plain
        finalize=finalize if callable(finalize) else None,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = _code
    environment.filters["plural"] = plural
    return environment


def plural(number: int, word: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def verdict(review: Review) -> str:
    """One or two sentences for whoever reads nothing else."""
    counts = review.counts
    total = sum(counts.values())
    quiet = len(review.silenced)
    more = f" {quiet} more where the authors silenced analysers." if quiet else ""
    if not total:
        return f"Nothing was found by any of the analysers below.{more}"
    parts = ", ".join(f"{counts[name]} {name}" for name in SEVERITIES if counts[name])
    worst = sections(review.findings)[0].kind.title
    start = worst if worst[1].isupper() else worst[0].lower() + worst[1:]
    return f"{plural(total, 'finding')}: {parts}. Start with: {start}.{more}"


def plain(text: str) -> str:
    """Text as Markdown that means only itself."""
    return _MARKUP.sub(r"\\\1", visible(text))


def _plain(value: object) -> object:
    return plain(value) if isinstance(value, str) and not isinstance(value, _Code) else value


class _Code(str):
    """Markdown that is already a code span."""

    __slots__ = ()


def _code(value: object) -> _Code:
    """A code span that holds the text as it is, whatever backticks are in it."""
    text = visible(str(value)).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return _Code(f"{fence}{pad}{text}{pad}{fence}")
