"""The database the analyst counts with: it sees one private folder, and nothing else.

DuckDB can read files, load extensions, look at Python's variables and be reconfigured from SQL.
All of that is shut before the first query, because some of the SQL it runs is a stranger's.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flux_cli.errors import WorkFailed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "1000MiB"
"""What the database may keep in memory; the rest of its work goes to the private folder."""

SPILL = "64GiB"
THREADS = 2
QUERY_SECONDS = 900.0

Row = tuple[Any, ...]


class Engine:
    """A database in `folder`, closed to everything outside it; not shared between threads."""

    def __init__(self, folder: Path) -> None:
        import duckdb

        self._folder = folder
        self._connection: DuckDBPyConnection = duckdb.connect(str(folder / "work.duckdb"))
        place = str(folder).replace("'", "''")
        for setting in (
            f"memory_limit='{MEMORY}'",
            f"threads={THREADS}",
            f"temp_directory='{place}/spill'",
            f"max_temp_directory_size='{SPILL}'",
            "autoinstall_known_extensions=false",
            "autoload_known_extensions=false",
            "allow_community_extensions=false",
            "python_enable_replacements=false",
            "enable_progress_bar=false",
            f"allowed_directories=['{place}/']",
            "enable_external_access=false",
            "lock_configuration=true",
        ):
            self._connection.execute(f"SET {setting}")

    def run(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """The rows of our own statement; raises WorkFailed when it takes too long."""
        import duckdb

        clock = threading.Timer(QUERY_SECONDS, self._connection.interrupt)
        clock.start()
        try:
            return self._connection.execute(sql, list(parameters)).fetchall()
        except duckdb.InterruptException as error:
            raise WorkFailed(
                f"A query took longer than {QUERY_SECONDS:.0f} seconds", subject=sql[:80]
            ) from error
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            raise WorkFailed(f"The data does not fit: {str(error)[:200]}") from error
        except (duckdb.OutOfRangeException, duckdb.ConversionException) as error:
            raise WorkFailed(f"A number is too large to count with: {str(error)[:200]}") from error
        finally:
            clock.cancel()

    def columns(self, sql: str) -> tuple[str, ...]:
        """The names of a query's columns."""
        return tuple(str(row[0]) for row in self.run(f"DESCRIBE {sql}"))

    def ask(self, sql: str, most: int = 10_000) -> list[Row]:
        """The first `most` rows of a stranger's query, which may only read.

        Raises WorkFailed where it is not one SELECT, or does not run.
        """
        import duckdb

        try:
            statements = duckdb.extract_statements(sql)
        except duckdb.Error as error:
            raise WorkFailed(f"Not SQL: {str(error)[:120]}") from error
        kinds = [statement.type for statement in statements]
        if kinds != [duckdb.StatementType.SELECT]:
            raise WorkFailed("A computation has to be one SELECT")
        try:
            return self.run(f"SELECT * FROM ({sql.rstrip().rstrip(';')}\n) LIMIT {int(most)}")
        except duckdb.Error as error:
            raise WorkFailed(f"A computation does not run: {str(error)[:160]}") from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def name(identifier: str) -> str:
    """An identifier as SQL writes it, whatever it contains."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """A string as an SQL literal."""
    return "'" + value.replace("'", "''").replace("\x00", "") + "'"
