"""A data analyst: tables in, a report out in which every number can be computed again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flux_cli.adapters.specialists.analyst.analysis import analyse, prepare
from flux_cli.adapters.specialists.analyst.delivery import deliver
from flux_cli.adapters.specialists.analyst.engine import Engine
from flux_cli.adapters.specialists.analyst.intake import is_data
from flux_cli.adapters.specialists.progress import say
from flux_cli.domain.work import Assignment, Check, Source, Submission
from flux_cli.errors import WorkFailed

UNITS_FULL = 1024
"""KiB of data that earn the full price."""


@dataclass(frozen=True, slots=True)
class DataAnalyst:
    """Cleans, profiles, tests and draws tables, and states nothing it did not compute."""

    name: str = "data-analyst"

    def size(self, assignment: Assignment) -> tuple[int, int]:
        """(KiB of data, the KiB that earn the full price)."""
        total = sum(_bytes(source) for source in assignment.sources if is_data(source))
        return total // 1024, UNITS_FULL

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        """Write the report, its facts, charts and data. Raises WorkFailed and StorageFailed."""
        with workroom() as (engine, scratch):
            tables = prepare(assignment, engine, scratch)
            analysis = analyse(assignment, engine, tables)
            say("writing the report")
            files = deliver(assignment, analysis, folder, scratch)
        rows = sum(part.rows.kept for made in tables for part in made.table.parts)
        named = ", ".join(made.table.name for made in tables)
        return Submission(
            tuple(files),
            f"{len(analysis.story.sheet.facts)} computations over {rows} rows of {named}, "
            f"{len(analysis.story.charts)} charts.",
        )

    def check(self, assignment: Assignment, folder: Path) -> tuple[Check, ...]:
        """Clean the sources again, compute every number again, and hold the report against it."""
        from flux_cli.adapters.specialists.analyst.judging import check_analysis

        return check_analysis(assignment, folder)


@contextmanager
def workroom() -> Iterator[tuple[Engine, Path]]:
    """A database in a private folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="analyst-") as place:
        scratch = Path(place).resolve()
        engine = Engine(scratch)
        try:
            yield engine, scratch
        finally:
            engine.close()


def _bytes(source: Source) -> int:
    if not source.path:
        return len(source.text.encode("utf-8", "surrogatepass"))
    try:
        return Path(source.path).stat().st_size
    except OSError as error:
        raise WorkFailed(f"Cannot read {source.name}: {error.strerror}") from error
