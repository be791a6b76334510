"""Listings whose work is done outside, from the command line: told how to allow, then hired."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Flux = Callable[..., Any]
PYTHON = str(Path(sys.executable).resolve())

LISTING: dict[str, Any] = {
    "schema": "flux.listing/1",
    "provider": "bot",
    "owner": "acme",
    "trade": "content-writer",
    "title": "Copy by bot",
    "description": "Copy by a program.",
    "media_types": ["text/markdown"],
    "price_min": "3.00",
    "price_max": "4.00",
    "turnaround_hours": 4,
}


def publish(flux: Flux, **changes: Any) -> Any:
    Path("listing.json").write_text(json.dumps(LISTING | changes))
    return flux("market", "publish", "listing.json")


def test_publishing_tells_the_line_and_with_it_the_listing_is_no_longer_barred(
    flux: Flux, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert flux("init").code == 0
    Path("bot.py").write_text("")
    said = publish(flux, command=[PYTHON, str(Path("bot.py").resolve())])
    assert said.code == 0, said.err
    listing = next(
        one for one in flux("market", "list", "--json").json()["data"] if one["provider"] == "bot"
    )
    line = " ".join(said.err.partition("market.commands: ")[2].split())

    assert len(line.split()[0]) == 64

    refused = flux("market", "hire", listing["id"], "--brief", "x", "--json")
    assert refused.code == 8
    error = json.loads(refused.out or refused.err)["error"]
    assert error["message"] == "bot works outside Flux, and is not on the owner's allow-list"
    assert line in json.dumps(error["fix"])
    shown = flux("market", "show", listing["id"], "--json").json()
    assert shown["barred"] == "not on the owner's allow-list"

    monkeypatch.setenv("FLUX_MARKET_COMMANDS", line)
    shown = flux("market", "show", listing["id"], "--json").json()
    assert (shown["barred"], shown["command"][0]) == ("", PYTHON)
    dry = flux("market", "hire", listing["id"], "--brief", "x", "--dry-run", "--json")
    assert dry.code == 0, dry.err


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"command": ["bot.py"]}, "absolute path"),
        ({"command": ["/bin/sh", "a\x1bb"]}, "plain characters"),
        ({"command": ["/bin/sh"], "url": "https://a.example"}, "not both"),
        ({"url": "http://a.example"}, "https"),
        ({"url": "https://169.254.169.254/?x"}, "address"),
        ({"command": "/bin/sh"}, "command"),
    ],
)
def test_a_listing_with_no_sound_place_of_work_is_refused(
    changes: dict[str, Any], said: str, flux: Flux
) -> None:
    assert flux("init").code == 0
    done = publish(flux, **changes)
    assert done.code == 2
    assert said in done.err


def test_a_project_cannot_allow_a_command_or_an_agent(flux: Flux) -> None:
    assert flux("init").code == 0
    for key in ('commands = "' + "0" * 64 + ' /bin/sh"', 'agents = "https://a.example"'):
        Path("flux.toml").write_text(f"[market]\n{key}\n")
        done = flux("market", "list")
        assert done.code != 0
        assert "cannot be set by a project file" in done.err
