"""Files that say themselves what is in them: JSON, Parquet and SQLite, as rows of text."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path, PurePath
from urllib.parse import quote

from flux_cli.adapters.specialists.analyst.decoding import Reading, blocks
from flux_cli.adapters.specialists.analyst.delimited import Rows
from flux_cli.adapters.specialists.analyst.engine import text
from flux_cli.errors import WorkFailed

LARGEST_JSON = 256 * 1024 * 1024
"""Bytes of one JSON document, which has to be read whole; JSON lines have no such limit."""

MOST_KEYS = 400

Described = tuple[str, tuple[str, ...], str, str, str, Rows]
"""(name, headers, SQL for its rows, form, delimiter, counts) of one table in a file."""


def read(file: str, ending: str, path: Path, stem: Path) -> list[Described]:
    """The tables in a file. Raises WorkFailed where it is not what its name says."""
    if ending == ".json":
        return [_json(file, path, stem)]
    if ending == ".parquet":
        return [_parquet(file, path, stem)]
    return list(_sqlite(path, stem))


def objects(path: Path, keys: tuple[str, ...]) -> str:
    """SQL for rows kept as (line, JSON object of texts): one column a key."""
    if len(keys) > MOST_KEYS:
        raise WorkFailed(f"The objects have {len(keys)} keys; at most {MOST_KEYS} can be read")
    cells = "".join(
        f", json_extract_string(o, {text(_pointer(key))}) AS c{number}"
        for number, key in enumerate(keys, 1)
    )
    return (
        f"SELECT source_line{cells} FROM read_csv({text(str(path))}, header=false,"
        " auto_detect=false, delim=',', quote='\"', escape='\"', max_line_size=20000000,"
        " columns={'source_line': 'BIGINT', 'o': 'VARCHAR'})"
    )


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


def flat(found: Mapping[str, object], prefix: str = "", depth: int = 0) -> dict[str, str]:
    """An object as texts: objects inside become `outer.inner`, lists stay JSON, null is absent."""
    cells: dict[str, str] = {}
    for key, value in found.items():
        if isinstance(value, dict) and depth < 3:
            cells |= flat(value, f"{prefix}{key}.", depth + 1)
        elif isinstance(value, str):
            cells[prefix + key] = value
        elif value is not None:
            cells[prefix + key] = json.dumps(value, ensure_ascii=False)
    return cells


def _json(file: str, path: Path, stem: Path) -> Described:
    if path.stat().st_size > LARGEST_JSON:
        raise WorkFailed(f"A JSON document may have {LARGEST_JSON} bytes; use JSON lines")
    rows = Rows(Reading())
    try:
        whole = "".join(blocks(path, rows.reading))
        found = json.loads(whole, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise WorkFailed(f"not JSON: {str(error)[:100]}") from error
    if isinstance(found, dict):
        lists = [value for value in found.values() if isinstance(value, list) and value]
        found = lists[0] if len(lists) == 1 else [found]
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise WorkFailed("the JSON is not a list of objects")
    return (*_objects(PurePath(file).stem, map(flat, found), stem, rows), "JSON", ",", rows)


def _objects(
    name: str, found: Iterable[Mapping[str, str]], stem: Path, rows: Rows
) -> tuple[str, tuple[str, ...], str]:
    keys: dict[str, None] = {}
    out = stem.with_suffix(".csv")
    with out.open("w", encoding="utf-8", newline="", errors="replace") as whole:
        writer = csv.writer(whole, lineterminator="\n")
        for number, cells in enumerate(found, 1):
            keys |= dict.fromkeys(cells)
            writer.writerow([number, json.dumps(cells, ensure_ascii=False)])
            rows.kept += 1
    if not rows.kept or not keys:
        raise WorkFailed("the JSON has no rows")
    return name, tuple(keys), objects(out, tuple(keys))


def _parquet(file: str, path: Path, stem: Path) -> Described:
    import duckdb

    copy = stem.with_suffix(".parquet")
    shutil.copyfile(path, copy)
    source = f"read_parquet({text(str(copy))})"
    with duckdb.connect(":memory:") as probe:
        try:
            probe.execute("SET autoinstall_known_extensions=false")
            probe.execute("SET autoload_known_extensions=false")
            probe.execute("SET memory_limit='256MiB'")
            names = [str(row[0]) for row in probe.execute(f"DESCRIBE FROM {source}").fetchall()]
            counted = probe.execute(f"SELECT count(*) FROM {source}").fetchone()
        except duckdb.Error as error:
            raise WorkFailed(f"not Parquet: {str(error)[:120]}") from error
    rows = Rows(Reading(encoding="binary", bytes=path.stat().st_size))
    rows.kept = int(counted[0]) if counted else 0
    if not rows.kept:
        raise WorkFailed("the Parquet file has no rows")
    if len(names) > MOST_KEYS:
        raise WorkFailed(f"the Parquet file has {len(names)} columns; at most {MOST_KEYS}")
    cells = ", ".join(
        f"CAST({_quoted(name)} AS VARCHAR) AS c{number}" for number, name in enumerate(names, 1)
    )
    sql = f"SELECT row_number() OVER () AS source_line, {cells} FROM {source}"
    return PurePath(file).stem, tuple(names), sql, "Parquet", "", rows


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _sqlite(path: Path, stem: Path) -> Iterator[Described]:
    """Every table of a database file, read from a copy that cannot be written."""
    copy = stem.with_suffix(".sqlite")
    shutil.copyfile(path, copy)
    address = f"file:{quote(str(copy))}?mode=ro&immutable=1"
    size = path.stat().st_size
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            database.execute("pragma trusted_schema = off")
            database.text_factory = lambda data: data.decode("utf-8", "replace")
            listed = database.execute(
                "select name from sqlite_master where type = 'table'"
                " and name not like 'sqlite!_%' escape '!' and sql not like 'create virtual%'"
                " order by name"
            ).fetchall()
            made = 0
            for (table,) in listed:
                described = _one_table(database, str(table), f"{stem}-{made}.csv", size)
                if described is not None:
                    made += 1
                    yield described
    except sqlite3.Error as error:
        raise WorkFailed(f"not a SQLite database: {error}") from error
    if not made:
        raise WorkFailed("the database has no table with rows")


def _one_table(database: sqlite3.Connection, table: str, out: str, size: int) -> Described | None:
    cursor = database.execute(f"select * from {_quoted(table)}")
    names = tuple(str(column[0]) for column in cursor.description)
    rows = Rows(Reading(encoding="binary", bytes=size))
    with Path(out).open("w", encoding="utf-8", newline="", errors="replace") as whole:
        writer = csv.writer(whole, lineterminator="\n")
        while batch := cursor.fetchmany(5000):
            for cells in batch:
                rows.kept += 1
                writer.writerow([rows.kept, *map(_cell, cells)])
    if not rows.kept:
        return None
    columns = {"source_line": "BIGINT"} | {f"c{n + 1}": "VARCHAR" for n in range(len(names))}
    sql = (
        f"SELECT * FROM read_csv({text(out)}, header=false, auto_detect=false, delim=',',"
        " quote='\"', escape='\"', max_line_size=20000000,"
        f" columns={{{', '.join(f'{text(k)}: {text(v)}' for k, v in columns.items())}}})"
    )
    return table, names, sql, "SQLite", ",", rows


def _cell(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
