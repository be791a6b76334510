"""What the README shows of the command line is there, and prints what the README says it prints."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from flux_cli.entrypoints.cli.app import app

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
SHELL = "\n".join(re.findall(r"(?s)```sh\n(.*?)```", README)).replace("\\\n", " ")


def shown() -> list[list[str]]:
    """The words of each `flux …` in the README's shell blocks."""
    commands: list[list[str]] = []
    for line in SHELL.splitlines():
        marks = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
        marks.whitespace_split = True
        words = list(marks) if re.search(r"\bflux ", line.partition("#")[0]) else []
        for number, word in enumerate(words):
            if word == "flux" and (number == 0 or set(words[number - 1]) <= set("(;|&")):
                rest = words[number + 1 :]
                end = (at for at, one in enumerate(rest) if set(one) <= set("();<>|&"))
                commands.append(rest[: next(end, len(rest))])
    return commands


def test_the_readme_shows_most_of_what_there_is() -> None:
    assert len(shown()) >= 100
    assert ["run", "marketing-campaign", "--budget", "100"] in shown()


@pytest.mark.parametrize("words", shown(), ids=" ".join)
def test_a_command_in_the_readme_is_one_that_can_be_typed(words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    context = command.make_context("flux", list(words))
    while hasattr(command, "resolve_command"):
        rest = [*context._protected_args, *context.args]
        _, command, rest = command.resolve_command(context, rest)
        context = command.make_context(command.name, rest, parent=context)

    assert context.args == []


def masked(text: str) -> list[str]:
    """Lines in any order, for two agents work at once; what is new in each run is left out."""
    text = re.sub(r"run_[0-9a-z]{26}", "run_…", text)
    return sorted(re.sub(r"••••••[0-9]{4}", "••••••", text).splitlines())


def test_the_main_job_prints_what_the_readme_shows(flux: Callable[..., Any]) -> None:
    block = README.split("$ flux run marketing-campaign\n")[1].split("```")[0]

    ended = flux("run", "marketing-campaign", tty=True, NO_COLOR="1", CI="")

    assert ended.code == 0
    assert masked(ended.err + ended.out) == masked(block)
