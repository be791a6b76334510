"""Every screen as it was last looked at and found good; a change shows in the kept text."""

from __future__ import annotations

import pytest
from shown_ledger import ShownLedger
from shown_screens import KEPT, SCENES, small_or_wide, text_at


@pytest.fixture(scope="module")
def ledger(tmp_path_factory) -> ShownLedger:
    return ShownLedger(tmp_path_factory.mktemp("shown"))


@pytest.mark.parametrize("scene", SCENES)
def test_the_screen_is_the_kept_one(ledger, scene):
    again = "python tests/entrypoints/tui/shown_screens.py"
    kept = (KEPT / f"{scene}.txt").read_text(encoding="utf-8")
    assert text_at(ledger, scene, small_or_wide(scene)) == kept, f"if it is meant: {again}"


def test_nothing_else_is_kept():
    assert {path.stem for path in KEPT.glob("*")} == set(SCENES)
