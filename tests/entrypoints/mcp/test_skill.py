"""`flux skill`: what it tells an agent to type is what there is."""

from __future__ import annotations

import re
import shlex
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.nouns import ENTRIES

Flux = Callable[..., Any]


@pytest.fixture
def text(flux: Flux) -> str:
    printed: str = flux("skill").out
    return printed


def commands(text: str) -> list[list[str]]:
    """Every command line in its shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines() if line]


def test_its_front_matter_is_what_clients_take(text: str) -> None:
    _, front, body = text.split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in front.splitlines())

    assert list(fields) == ["name", "description", "license", "compatibility"]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", fields["name"])
    assert 0 < len(fields["description"]) <= 1024
    assert len(fields["compatibility"]) <= 500
    assert len(body.splitlines()) < 500


def test_every_command_in_it_is_one_with_these_options(flux: Flux, text: str) -> None:
    words = {entry.name: entry.kind for entry in ENTRIES}
    seen = commands(text)
    assert len(seen) > 15
    for argv in seen:
        assert argv[0] == "flux"
        path = argv[1:3] if words[argv[1]] == "noun" else argv[1:2]
        helped = flux(*path, "--help")
        assert helped.code == 0, argv
        assert helped.out.startswith(f"Usage: flux {' '.join(path)} "), argv
        for option in [word for word in argv if word.startswith("-")]:
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", helped.out), argv


def test_the_commands_that_need_nothing_else_run(
    flux: Flux, text: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    assert flux("init").code == 0
    names = {"AGENT": "orchestrator", "PAYEE": "researcher", "MERCHANT": "api-hub", "KEY": "k"}
    made = ("mandates", "create", "orchestrator", "50", "--purpose", "x", "--expires-in", "7d")
    names["MANDATE"] = flux(*made, "-q").out.strip()
    ran = 0
    for argv in commands(text):
        if {"PAYMENT", "CART"} & set(argv) or "buy" in argv:
            continue
        key = names | {"KEY": f"k{ran}"}
        done = flux(*[key.get(word, word) for word in argv[1:]])
        assert done.code in {0, 10}, (argv, done)
        ran += 1
    assert ran > 10


def test_the_exit_codes_in_it_are_the_real_ones(text: str) -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}

    assert told <= {int(code) for code in ExitCode}


def test_it_is_written_into_a_folder_of_its_name_and_not_over_another(
    flux: Flux, text: str
) -> None:
    done, again = flux("skill", "-o", "skills"), flux("skill", "-o", "skills")
    path = Path("skills/flux/SKILL.md")

    assert (done.code, again.code, flux("skill", "-o", "skills", "--force").code) == (0, 2, 0)
    assert done.out.strip().endswith("skills/flux/SKILL.md")
    assert path.read_text() == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
