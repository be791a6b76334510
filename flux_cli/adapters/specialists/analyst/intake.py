"""Every data file of an assignment as raw tables of text, each row with its file and line."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TextIO

from flux_cli.adapters.specialists.analyst import containers
from flux_cli.adapters.specialists.analyst.decoding import Reading, blocks
from flux_cli.adapters.specialists.analyst.delimited import LONGEST_KEPT, Rows, cut
from flux_cli.adapters.specialists.analyst.engine import Engine, name, text
from flux_cli.domain.work import DATA_ENDINGS, Source
from flux_cli.errors import WorkFailed

DELIMITED = (".csv", ".tsv", ".psv", ".tab")
LINES = (".jsonl", ".ndjson")
LARGEST = 8 * 1024**3
"""Bytes of one data file."""

MOST_TABLES = 6
FILE, LINE = "source_file", "source_line"


@dataclass(frozen=True, slots=True)
class Part:
    """One file, or one table of a database file, as it came: `sql` selects its raw rows."""

    file: str
    stem: str
    headers: tuple[str, ...]
    sql: str
    form: str
    delimiter: str
    rows: Rows


@dataclass(frozen=True, slots=True)
class Table:
    """Parts with the same columns, stacked as the raw table `raw`; cells are c1, c2, …"""

    name: str
    raw: str
    headers: tuple[str, ...]
    keys: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(part.file for part in self.parts)


def is_data(source: Source) -> bool:
    """Whether a source is a table by its name."""
    return PurePath(source.name).suffix.lower() in DATA_ENDINGS


def take_in(sources: Sequence[Source], folder: Path, engine: Engine) -> tuple[Table, ...]:
    """Load every data file as raw tables, and `rejected_rows` and `intake` beside them.

    Raises WorkFailed where a file is empty, too large, unreadable or not what it was.
    """
    found = [source for source in sources if is_data(source)]
    if not found:
        ends = ", ".join(DATA_ENDINGS)
        raise WorkFailed(f"There is no data to analyse: no source ends in {ends}")
    parts: list[Part] = []
    with (folder / "rejected.csv").open("w", encoding="utf-8", newline="") as reject:
        for number, source in enumerate(found, 1):
            parts += _parts(source, folder / f"in{number}", reject)
    tables = _stacked(parts, engine)
    engine.run(
        "CREATE TABLE rejected_rows AS SELECT * FROM read_csv("
        f"{text(str(folder / 'rejected.csv'))}, header=false, auto_detect=false, delim=',',"
        " quote='\"', escape='\"', max_line_size=20000000, columns={'source': 'VARCHAR',"
        " 'line': 'BIGINT', 'reason': 'VARCHAR', 'content': 'VARCHAR'})"
    )
    engine.run("CREATE TABLE intake (source VARCHAR, measure VARCHAR, amount BIGINT)")
    for part in parts:
        for measure, amount in _measures(part.rows):
            engine.run("INSERT INTO intake VALUES (?, ?, ?)", (part.file, measure, amount))
    return tables


def _measures(rows: Rows) -> Iterator[tuple[str, int]]:
    reading = rows.reading
    yield "bytes", reading.bytes
    yield "rows read", rows.kept + rows.rejected
    yield "rows rejected", rows.rejected
    yield "blank lines", rows.blank
    yield "lines before the header", rows.preamble
    yield "line breaks inside cells", rows.joined
    yield "lines in Windows-1252", reading.recoded_lines
    yield "unreadable characters", reading.unreadable_characters
    yield "zero bytes removed", reading.nul_characters


def _parts(source: Source, stem: Path, reject: TextIO) -> list[Part]:
    ending = PurePath(source.name).suffix.lower()
    path = _place(source, stem)
    try:
        if ending in DELIMITED:
            made = [_delimited(source, path, stem, reject)]
        elif ending in LINES:
            made = [_json_lines(source, path, stem, reject)]
        else:
            made = [
                Part(source.name, *described)
                for described in containers.read(source.name, ending, path, stem)
            ]
    except WorkFailed as error:
        if source.name in error.message:
            raise
        raise WorkFailed(f"{source.name}: {error.message}", subject=source.name) from error
    seen = made[0].rows.reading
    if (seen.sha256 or _digest(path)) != source.sha256:
        raise WorkFailed(f"{source.name} is not the file that was agreed on", subject=source.name)
    return made


def _place(source: Source, stem: Path) -> Path:
    """Where the source's bytes are; a source that is only text is written out first."""
    path = Path(source.path) if source.path else stem.with_suffix(".given")
    try:
        if not source.path:
            path.write_bytes(source.text.encode("utf-8", "surrogatepass"))
        size = path.stat().st_size
    except OSError as error:
        raise WorkFailed(f"Cannot read {source.name}: {error.strerror}") from error
    if size == 0:
        raise WorkFailed(f"{source.name} is empty", subject=source.name)
    if size > LARGEST:
        raise WorkFailed(f"{source.name} is larger than {LARGEST} bytes", subject=source.name)
    return path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _delimited(source: Source, path: Path, stem: Path, reject: TextIO) -> Part:
    out = stem.with_suffix(".csv")
    with out.open("w", encoding="utf-8", newline="", errors="replace") as whole:
        rows = cut(path, source.name, whole, reject)
    assert rows.dialect is not None, "a file that was cut had a layout"
    mark = rows.dialect.delimiter
    columns = {LINE: "BIGINT"} | {f"c{n + 1}": "VARCHAR" for n in range(rows.dialect.width)}
    sql = (
        f"SELECT * FROM read_csv({text(str(out))}, header=false, auto_detect=false,"
        f" delim={text(mark)}, quote='\"', escape='\"', max_line_size=20000000,"
        f" columns={{{', '.join(f'{text(k)}: {text(v)}' for k, v in columns.items())}}})"
    )
    form = {"\t": "TSV"}.get(mark, "CSV")
    return Part(source.name, PurePath(source.name).stem, rows.dialect.names, sql, form, mark, rows)


def _json_lines(source: Source, path: Path, stem: Path, reject: TextIO) -> Part:
    """One object a line; a line that is not one is set aside."""
    rows = Rows(Reading())
    keys: dict[str, int] = {}
    out = stem.with_suffix(".csv")
    refuse = csv.writer(reject, lineterminator="\n")
    with out.open("w", encoding="utf-8", newline="", errors="replace") as whole:
        writer = csv.writer(whole, lineterminator="\n")
        for block in blocks(path, rows.reading):
            for line in block[:-1].split("\n"):
                rows.lines += 1
                if not line.strip():
                    rows.blank += 1
                    continue
                cells = _object(line)
                if cells is None:
                    rows.rejected += 1
                    kept = line[:LONGEST_KEPT]
                    refuse.writerow((source.name, rows.lines, "not a JSON object", kept))
                    continue
                rows.kept += 1
                for key in cells:
                    keys.setdefault(key, len(keys))
                writer.writerow([rows.lines, json.dumps(cells, ensure_ascii=False)])
    if rows.kept == 0 or rows.rejected > rows.kept:
        raise WorkFailed(f"{source.name} does not hold a JSON object a line", subject=source.name)
    sql = containers.objects(out, tuple(keys))
    stem_name = PurePath(source.name).stem
    return Part(source.name, stem_name, tuple(keys), sql, "JSON lines", ",", rows)


def _object(line: str) -> dict[str, str] | None:
    """A line's object with every value as text, numbers as they were written."""
    try:
        found = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return containers.flat(found) if isinstance(found, dict) else None


def _stacked(parts: Sequence[Part], engine: Engine) -> tuple[Table, ...]:
    groups: dict[tuple[str, ...], list[Part]] = {}
    for part in parts:
        groups.setdefault(keys_of(part.headers), []).append(part)
    if len(groups) > MOST_TABLES:
        raise WorkFailed(f"There are {len(groups)} different tables; at most {MOST_TABLES}")
    tables: list[Table] = []
    names: list[str] = []
    for number, (keys, members) in enumerate(groups.items(), 1):
        raw = f"raw_{number}"
        cells = ", ".join(f"c{n + 1}" for n in range(len(keys)))
        union = " UNION ALL ".join(
            f"SELECT {text(part.file)} AS {FILE}, {LINE}, {cells} FROM ({part.sql})"
            for part in members
        )
        engine.run(f"CREATE TABLE {raw} AS {union}")
        held = engine.run(f"SELECT count(*) FROM {raw}")[0][0]
        wanted = sum(part.rows.kept for part in members)
        assert held == wanted, f"{held} rows were loaded of {wanted} that are whole"
        names.append(_unused(_common(members) or "data", names))
        tables.append(Table(names[-1], raw, members[0].headers, keys, tuple(members)))
    return tuple(tables)


def _common(members: Sequence[Part]) -> str:
    """A table's name: the file's, or what the names of its files begin with."""
    first = identifier(members[0].stem)
    names = [identifier(part.stem) for part in members]
    alike = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    shared = "".join(letters[0] for letters in alike)
    whole = shared if shared == first else shared.rstrip("0123456789").rstrip("_")
    return whole or first


def identifier(words: str) -> str:
    """A header or file name as a plain identifier: lower case, words joined by `_`."""
    joined = re.sub(r"[^\w]+", "_", words.strip().lower()).strip("_")[:48].strip("_")
    return f"n_{joined}" if joined[:1].isdigit() else joined


def keys_of(headers: Sequence[str]) -> tuple[str, ...]:
    """The identifiers of a file's columns, each different."""
    used: list[str] = [FILE, LINE]
    for number, header in enumerate(headers, 1):
        used.append(_unused(identifier(header) or f"column_{number}", used))
    return tuple(used[2:])


def _unused(wanted: str, used: Sequence[str]) -> str:
    taken = {*used, "rejected_rows", "intake", "cell_issues"}
    candidate, number = wanted, 2
    while candidate in taken:
        candidate, number = f"{wanted}_{number}", number + 1
    return candidate


def drop(engine: Engine, table: Table) -> None:
    """Give back the room of a raw table that has been cleaned."""
    engine.run(f"DROP TABLE {name(table.raw)}")
