"""`flux mcp install`: one entry in a client's own file, and nothing else of it changed."""

from __future__ import annotations

import json
import stat
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flux_cli.entrypoints.mcp.clients import Client, Start, changed, place_of, snippet
from flux_cli.errors import InvalidInput

Flux = Callable[..., Any]
START = Start("/opt/flux", ("mcp", "serve", "--agent", 'o"\\\u00e9\U0001f600', "--db", "/a b/f.db"))
ENTRY = {"command": START.command, "args": list(START.args)}
WHOLE = {
    Client.CLAUDE_DESKTOP: {"mcpServers": {"flux": ENTRY}},
    Client.CLAUDE_CODE: {"mcpServers": {"flux": {"type": "stdio"} | ENTRY}},
    Client.CURSOR: {"mcpServers": {"flux": ENTRY}},
    Client.VSCODE: {"servers": {"flux": {"type": "stdio"} | ENTRY}},
    Client.CODEX: {"mcp_servers": {"flux": ENTRY}},
    Client.ZED: {"context_servers": {"flux": ENTRY}},
    Client.GEMINI: {"mcpServers": {"flux": ENTRY}},
}


def read(client: Client, text: str) -> Any:
    return tomllib.loads(text) if client is Client.CODEX else json.loads(text)


@pytest.fixture
def economy(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> Flux:
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    assert flux("init").code == 0
    return flux


@pytest.mark.parametrize("client", Client)
def test_each_client_gets_the_entry_in_its_own_form(client: Client) -> None:
    new = changed(client, "", "flux", START, "f")

    assert read(client, new) == WHOLE[client]
    assert read(client, snippet(client, "flux", START)) == WHOLE[client]
    assert changed(client, new, "flux", START, "f") == new


@pytest.mark.parametrize(
    ("client", "platform", "path"),
    [
        (Client.CLAUDE_DESKTOP, "linux", "/h/.config/Claude/claude_desktop_config.json"),
        (
            Client.CLAUDE_DESKTOP,
            "darwin",
            "/h/Library/Application Support/Claude/claude_desktop_config.json",
        ),
        (Client.CLAUDE_DESKTOP, "win32", "/h/AppData/Roaming/Claude/claude_desktop_config.json"),
        (Client.CLAUDE_CODE, "linux", "/w/.mcp.json"),
        (Client.CURSOR, "linux", "/h/.cursor/mcp.json"),
        (Client.VSCODE, "linux", "/w/.vscode/mcp.json"),
        (Client.CODEX, "linux", "/h/.codex/config.toml"),
        (Client.ZED, "linux", "/h/.config/zed/settings.json"),
        (Client.ZED, "darwin", "/h/.config/zed/settings.json"),
        (Client.GEMINI, "linux", "/h/.gemini/settings.json"),
    ],
)
def test_each_clients_file_is_where_its_documentation_says(
    client: Client, platform: str, path: str
) -> None:
    assert place_of(client, Path("/h"), Path("/w"), {}, platform) == Path(path)


def test_an_environment_that_moves_a_file_is_obeyed() -> None:
    environ = {"CODEX_HOME": "/c", "XDG_CONFIG_HOME": "/x"}
    moved = [
        str(place_of(client, Path("/h"), Path("/w"), environ, "linux"))
        for client in (Client.CODEX, Client.ZED, Client.CLAUDE_DESKTOP)
    ]

    assert moved == [
        "/c/config.toml",
        "/x/zed/settings.json",
        "/x/Claude/claude_desktop_config.json",
    ]


def test_other_entries_of_a_json_file_stay_as_they_are() -> None:
    before = {
        "theme": "dark",
        "mcpServers": {"other": {"command": "x", "env": {"A": "é"}}, "flux": {"command": "old"}},
        "n": [1, 2.5, None, 2**60],
    }
    after = changed(Client.CURSOR, json.dumps(before, indent="\t"), "flux", START, "f")

    expected = before | {"mcpServers": before["mcpServers"] | {"flux": ENTRY}}  # type: ignore[operator]
    assert json.loads(after) == expected
    assert list(json.loads(after)) == list(before)
    assert '\n\t"theme"' in after


TOML = """# mine
model = "a"

[mcp_servers.other]
command = "x" # keep

[mcp_servers.flux]
command = "old"

[mcp_servers.flux.env]
A = "1"

[mcp_servers.fluxion]
command = "y"

[profiles.p]
text = '''
[not a table]
'''
"""


def test_other_tables_and_comments_of_a_toml_file_stay_as_they_are() -> None:
    after = changed(Client.CODEX, TOML, "flux", START, "f")
    expected = tomllib.loads(TOML)
    expected["mcp_servers"]["flux"] = ENTRY

    assert tomllib.loads(after) == expected
    assert "# mine" in after
    assert "# keep" in after
    assert changed(Client.CODEX, after, "flux", START, "f") == after


@pytest.mark.parametrize(
    ("client", "text"),
    [
        (Client.ZED, '{\n  // mine\n  "theme": "x"\n}'),
        (Client.CURSOR, '{"a": 1,}'),
        (Client.CURSOR, '{"a": 1, "a": 2}'),
        (Client.CURSOR, '{"a": NaN}'),
        (Client.CURSOR, "[]"),
        (Client.CURSOR, '{"mcpServers": []}'),
        (Client.CURSOR, "[" * 100_000),
        (Client.CODEX, "a = "),
        (Client.CODEX, "mcp_servers = {x = {command = 'y'}}"),
        (Client.CODEX, "mcp_servers = 1"),
        (Client.CODEX, "[[mcp_servers]]\na = 1"),
        (Client.CODEX, "a = '''\n[mcp_servers.flux]\n'''\nb = 1"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_file_that_would_lose_something_is_left_alone(client: Client, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        changed(client, text, "flux", START, "f")

    assert "--print" in refused.value.fixes[0].say


def test_it_shows_the_change_and_without_a_yes_writes_nothing(economy: Flux, home: Path) -> None:
    (home / ".cursor").mkdir()
    refused = economy("mcp", "install", "cursor", "--agent", "researcher")

    assert refused.code == 2
    assert '"mcpServers"' in refused.err
    assert list((home / ".cursor").iterdir()) == []


def test_with_a_yes_the_entry_starts_this_ledgers_session(economy: Flux, home: Path) -> None:
    mandate = economy(
        "mandates", "create", "orchestrator", "50", "--purpose", "x", "--expires-in", "7d", "-q"
    ).out.strip()
    (home / ".cursor").mkdir()
    file = home / ".cursor" / "mcp.json"
    file.write_text('{"mcpServers": {"other": {"command": "x"}}}')

    asked = ("mcp", "install", "cursor", "--agent", "orchestrator", "--mandate", mandate, "--yes")
    done, again = economy(*asked, "--json"), economy(*asked, "--json")

    entry = json.loads(file.read_text())["mcpServers"]["flux"]
    start = ["mcp", "serve", "--agent", "orchestrator", "--mandate", mandate]
    assert entry["args"][-8:] == [*start, "--db", str(home / "flux.db")]
    assert Path(entry["command"]).parent == Path(sys.executable).parent
    assert json.loads(file.read_text())["mcpServers"]["other"] == {"command": "x"}
    assert (done.json()["changed"], again.json()["changed"]) == (True, False)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["mcp.json"]


def test_print_shows_the_entry_and_touches_no_file(economy: Flux, home: Path) -> None:
    shown = economy("mcp", "install", "codex", "--agent", "researcher", "--print")

    assert shown.code == 0
    assert list(tomllib.loads(shown.out)["mcp_servers"]) == ["flux"]
    assert not (home / ".codex").exists()


def test_a_client_that_is_not_there_is_not_made_up(economy: Flux, home: Path) -> None:
    refused = economy("mcp", "install", "cursor", "--agent", "researcher", "--yes")

    assert refused.code == 2
    assert "is the client installed?" in refused.err
    assert not (home / ".cursor").exists()


def test_a_projects_file_is_made_where_it_belongs(economy: Flux) -> None:
    done = economy("mcp", "install", "vscode", "--agent", "researcher", "--yes")

    assert done.code == 0
    assert list(json.loads(Path(".vscode/mcp.json").read_text())["servers"]) == ["flux"]


def test_an_agent_or_a_mandate_that_is_none_is_not_installed(economy: Flux) -> None:
    unknown = economy("mcp", "install", "vscode", "--agent", "nobody", "--yes")
    odd = economy("mcp", "install", "vscode", "--agent", "researcher", "--name", "a.b", "--yes")

    assert (unknown.code, odd.code) == (5, 2)
    assert not Path(".vscode").exists()


@pytest.mark.parametrize("missing", ["mcp", "uvicorn"])
@pytest.mark.parametrize(
    "argv",
    [("--agent", "researcher"), ("install", "codex", "--agent", "researcher", "--print")],
    ids=["serve", "install"],
)
def test_without_its_extra_it_says_how_to_install_it(
    economy: Flux, missing: str, argv: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    refused = economy("mcp", *argv)

    assert refused.code == 2
    assert "pip install 'flux-agents[mcp]'" in refused.err
