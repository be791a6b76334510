"""Where each client keeps the servers it starts, and how such an entry is written there.

The files and their shapes are those of the clients' own documentation, November 2026.
"""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from flux_cli.errors import Fix, InvalidInput

PRINT = Fix("print the entry with --print, and add it yourself")


class Client(StrEnum):
    """Which client's configuration is meant."""

    CLAUDE_DESKTOP = "claude-desktop"
    CLAUDE_CODE = "claude-code"
    CURSOR = "cursor"
    VSCODE = "vscode"
    CODEX = "codex"
    ZED = "zed"
    GEMINI = "gemini"


OF_A_PROJECT = frozenset({Client.CLAUDE_CODE, Client.VSCODE})
"""Clients whose file is in the project, here; its folder is made if it is not there."""

SERVERS = {Client.VSCODE: "servers", Client.ZED: "context_servers", Client.CODEX: "mcp_servers"}
"""Under what the servers are; `mcpServers` for every other client."""


@dataclass(frozen=True, slots=True)
class Start:
    """The command that starts the server, whatever the client's own folder and PATH are."""

    command: str
    args: tuple[str, ...]


def place_of(
    client: Client, home: Path, cwd: Path, environ: Mapping[str, str], platform: str
) -> Path:
    """The file that a client reads its servers from."""
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    desktop = {
        "darwin": home / "Library" / "Application Support",
        "win32": Path(environ.get("APPDATA") or home / "AppData" / "Roaming"),
    }.get(platform, config)
    zed = desktop / "Zed" if platform == "win32" else home / ".config" / "zed"
    zed = config / "zed" if platform.startswith("linux") else zed
    return {
        Client.CLAUDE_DESKTOP: desktop / "Claude" / "claude_desktop_config.json",
        Client.CLAUDE_CODE: cwd / ".mcp.json",
        Client.CURSOR: home / ".cursor" / "mcp.json",
        Client.VSCODE: cwd / ".vscode" / "mcp.json",
        Client.CODEX: Path(environ.get("CODEX_HOME") or home / ".codex") / "config.toml",
        Client.ZED: zed / "settings.json",
        Client.GEMINI: home / ".gemini" / "settings.json",
    }[client]


def snippet(client: Client, name: str, start: Start) -> str:
    """The entry alone, as the client's file would hold it."""
    if client is Client.CODEX:
        return _toml_table(name, start)
    return json.dumps(_with({}, client, name, start), indent=2, ensure_ascii=False) + "\n"


def changed(client: Client, text: str, name: str, start: Start, path: str) -> str:
    """The file's text with this entry in it, and everything else as it was.

    Raises `InvalidInput` where the text cannot be read, or not changed without losing something.
    """
    if client is Client.CODEX:
        return _changed_toml(text, name, start, path)
    before = _read_json(text, path)
    after = _with(before, client, name, start)
    if after == before:
        return text
    return json.dumps(after, indent=_indent(text), ensure_ascii=False) + "\n"


def _with(before: Any, client: Client, name: str, start: Start) -> Any:
    entry: dict[str, Any] = {"command": start.command, "args": list(start.args)}
    if client in (Client.VSCODE, Client.CLAUDE_CODE):
        entry = {"type": "stdio"} | entry
    after = copy.deepcopy(before)
    after.setdefault(SERVERS.get(client, "mcpServers"), {})[name] = entry
    return after


def _read_json(text: str, path: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            f"{path} is not plain JSON (it may have comments): nothing was changed",
            subject=path,
            fixes=(PRINT,),
        ) from error
    servers = ("servers", "context_servers", "mcpServers")
    if not isinstance(found, dict) or any(
        not isinstance(found.get(one, {}), dict) for one in servers
    ):
        raise InvalidInput(f"{path} is not in the form expected", subject=path, fixes=(PRINT,))
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(word: str) -> None:
    raise ValueError(word)


def _indent(text: str) -> int | str:
    """How the file is indented now."""
    found = re.search(r'\n([ \t]+)"', text)
    return found[1] if found else 2


def _changed_toml(text: str, name: str, start: Start, path: str) -> str:
    """The tables of this name left out, the new one at the end; read again before it is used."""
    before = _read_toml(text, path)
    expected = copy.deepcopy(before)
    entry = {"command": start.command, "args": list(start.args)}
    try:
        expected.setdefault("mcp_servers", {})[name] = entry
        kept = _without_table(text, name).rstrip()
        after = f"{kept}\n\n{_toml_table(name, start)}".lstrip()
        is_right = before == expected or tomllib.loads(after) == expected
    except (tomllib.TOMLDecodeError, TypeError):
        is_right = False
    if not is_right:
        raise InvalidInput(
            f"{path} cannot be changed without touching other entries",
            subject=path,
            fixes=(PRINT,),
        )
    return text if before == expected else after


def _read_toml(text: str, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path}: {error}", subject=path, fixes=(PRINT,)) from error


def _without_table(text: str, name: str) -> str:
    ours, lines = False, []
    for line in text.splitlines(keepends=True):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line):
            ours = (
                re.fullmatch(rf'mcp_servers\."?{re.escape(name)}"?(\..*)?', header[1]) is not None
            )
        if not ours:
            lines.append(line)
    return "".join(lines)


def _toml_table(name: str, start: Start) -> str:
    command, args = (json.dumps(one, ensure_ascii=False) for one in (start.command, start.args))
    return f"[mcp_servers.{name}]\ncommand = {command}\nargs = {args}\n"
