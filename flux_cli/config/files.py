"""Configuration files: where they are, and what they say key by key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flux_cli.config.keys import KEYS, SEATS
from flux_cli.config.providers import NAME, PARTS
from flux_cli.domain.text import visible
from flux_cli.errors import InvalidConfig

BIGGEST_FILE = 64 * 1024
MOST_DOTS = 8
PROJECT_FILE = "flux.toml"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key as a file sets it, and the line, where the line could be found."""

    name: str
    raw: object
    place: str


def default_user_file() -> Path:
    """Where this platform keeps a user's configuration."""
    from platformdirs import user_config_path  # 4 ms: only commands that read it pay

    return user_config_path("flux", appauthor=False) / "config.toml"


def project_file(cwd: Path) -> Path | None:
    """The nearest `flux.toml` from `cwd` upward to its repository's root.

    Outside a repository only `cwd` itself counts: a file left in /tmp configures nobody.
    """
    folders = [cwd, *cwd.parents]
    root = next((folder for folder in folders if (folder / ".git").exists()), cwd)
    for folder in folders[: folders.index(root) + 1]:
        if (folder / PROJECT_FILE).is_file():
            return folder / PROJECT_FILE
    return None


def settings_in(path: Path) -> tuple[Setting, ...]:
    """What the file sets, each key known. Raises `InvalidConfig` naming file, key and line."""
    text = _text_of(path)
    return tuple(_flattened(_parsed(text, path), path, _Lines(text)))


def _text_of(path: Path) -> str:
    if not path.is_file():
        raise InvalidConfig(f"{path} is not a file", subject=str(path))
    try:
        with path.open("rb") as file:
            content = file.read(BIGGEST_FILE + 1)
    except OSError as error:
        raise InvalidConfig(f"{path} cannot be read", subject=str(path)) from error
    if len(content) > BIGGEST_FILE:
        raise InvalidConfig(f"{path} is larger than {BIGGEST_FILE} bytes", subject=str(path))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidConfig(f"{path} is not UTF-8 text", subject=str(path)) from None


def _parsed(text: str, path: Path) -> Mapping[str, object]:
    import tomllib  # 3 ms that a home without files does not pay

    # tomllib walks dotted names and nested brackets without a bound of its own.
    # What stands in quotes nests nothing: prices are full of dots.
    bare = re.sub(r'"[^"\\\n]*"', '""', text)
    deep = re.search(rf"(?:\.[^.\n=]*){{{MOST_DOTS},}}|[\[{{](?:\s*[\[{{]){{{MOST_DOTS},}}", bare)
    too_deep = InvalidConfig(f"{path} is nested deeper than any setting", subject=str(path))
    if deep:
        raise too_deep
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidConfig(f"{path} is not TOML: {error}", subject=str(path)) from None
    except RecursionError:
        raise too_deep from None


class _Lines:
    """Finds the line a key stands on; TOML's parser does not say."""

    def __init__(self, text: str) -> None:
        self._places: dict[tuple[str, int, str], int] = {}
        table, count = "", {"": 0}
        for number, line in enumerate(text.splitlines(), 1):
            if header := re.match(r"\s*\[{1,2}\s*([\w.\- ]+?)\s*\]{1,2}", line):
                table = header.group(1)
                count[table] = count.get(table, -1) + 1
                self._places.setdefault((table, count[table], ""), number)
            elif key := re.match(r"""\s*["']?([\w\-]+)["']?\s*=""", line):
                self._places.setdefault((table, count[table], key.group(1)), number)

    def place(self, path: Path, table: str, key: str, nth: int = 0) -> str:
        """`flux.toml:12`, or the file alone where the key is written another way."""
        number = self._places.get((table, nth, key))
        return f"{path}:{number}" if number else str(path)


def _flattened(document: Mapping[str, object], path: Path, lines: _Lines) -> Iterator[Setting]:
    sections = dict.fromkeys(key.name.partition(".")[0] for key in KEYS)
    for section, values in document.items():
        if section not in sections:
            raise _unknown(lines.place(path, section, ""), section, sections)
        if not isinstance(values, dict):
            place = lines.place(path, "", section)
            raise InvalidConfig(f"{place}: {section} is a table: [{section}]", param=section)
        if section == "providers":
            yield from _providers(values, path, lines)
            continue
        known = [key.name.removeprefix(f"{section}.") for key in KEYS if _in(key.name, section)]
        for key, raw in values.items():
            place = lines.place(path, section, key)
            if (section, key) == ("quorum", "seats"):
                yield from _seats(raw, path, lines)
            elif key in known and "." not in key:
                yield Setting(f"{section}.{key}", raw, place)
            else:
                names = [name.partition(".")[0] for name in known]
                raise _unknown(place, f"{section}.{key}", [f"{section}.{name}" for name in names])


def _in(name: str, section: str) -> bool:
    return name.startswith(f"{section}.")


def _providers(tables: Mapping[str, object], path: Path, lines: _Lines) -> Iterator[Setting]:
    for name, table in tables.items():
        where = f"providers.{name}"
        place = lines.place(path, where, "")
        if not NAME.fullmatch(name) or not isinstance(table, dict):
            raise InvalidConfig(
                f"{place}: write each provider as [providers.NAME], in small letters, digits and -",
                param="providers",
            )
        for key, raw in table.items():
            place = lines.place(path, where, key)
            if key not in PARTS:
                raise _unknown(place, f"{where}.{key}", [f"{where}.{part}" for part in PARTS])
            yield Setting(f"{where}.{key}", raw, place)


def _seats(raw: object, path: Path, lines: _Lines) -> Iterator[Setting]:
    if not isinstance(raw, list) or not all(isinstance(seat, dict) for seat in raw):
        place = lines.place(path, "quorum", "seats")
        raise InvalidConfig(f"{place}: write each seat as [[quorum.seats]]", param="quorum.seats")
    names = [name for name, *_ in SEATS]
    fields = ["title", "provider", "model", "backend", "timeout_seconds", "lineage", "weight"]
    fields += ["veto", "required"]
    seen: set[object] = set()
    for nth, seat in enumerate(raw):
        name = seat.get("name")
        if not isinstance(name, str) or name not in names:
            place = lines.place(path, "quorum.seats", "name", nth)
            raise _unknown(place, f"seat {name!r}", [f"seat {known!r}" for known in names])
        if name in seen:
            place = lines.place(path, "quorum.seats", "name", nth)
            raise InvalidConfig(f"{place}: seat {name!r} is set twice", param="quorum.seats")
        seen.add(name)
        for key, value in seat.items():
            place = lines.place(path, "quorum.seats", key, nth)
            if key == "name":
                continue
            if key not in fields:
                raise _unknown(place, f"quorum.seats.{key}", [f"quorum.seats.{f}" for f in fields])
            yield Setting(f"quorum.seats.{name}.{key}", value, place)


def _unknown(place: str, name: str, known: Iterable[str]) -> InvalidConfig:
    options = list(dict.fromkeys(known))
    near = nearest(name, options)
    hint = f"did you mean {near}?" if near else f"there are {', '.join(options)}"
    return InvalidConfig(f"{place}: no setting {visible(name)}: {hint}", param=name)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was most likely meant to be."""
    # The section they share says nothing about which of them was meant.
    tails = {option.rpartition(".")[2]: option for option in known}
    near = difflib.get_close_matches(name.rpartition(".")[2], list(tails), n=1)
    return tails[near[0]] if near else None
