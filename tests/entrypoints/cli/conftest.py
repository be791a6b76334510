"""A noun of our own under the real `flux`, so that tests go through `main()`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

import pytest
import typer

from flux_cli.entrypoints.cli import app as root
from flux_cli.entrypoints.cli import nouns
from flux_cli.entrypoints.cli.verb import noun, verb


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """The app behind `flux demo`; register verbs on it with `verb(demo, …)`."""
    app = noun("A noun for tests.")
    entry = nouns.Entry("demo", "noun", "A noun for tests.", nouns.SECTIONS[-1])
    module = ModuleType(entry.module)
    module.app = app  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, entry.module, module)
    monkeypatch.setattr(root, "ENTRIES", (*nouns.ENTRIES, entry))
    return app


@pytest.fixture
def go(demo: typer.Typer) -> Callable[..., None]:
    """Make `flux demo go` do what a function does."""

    def register(command: Callable[..., object], **settings: object) -> None:
        verb(demo, "go", **settings)(command)  # type: ignore[arg-type, type-var]

    return register
