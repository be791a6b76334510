"""What a person reads of a decision: who said the hard NO, and what there is to do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flux_cli.usecases import run_goal

Flux = Callable[..., Any]


def test_a_hard_no_names_its_seat_and_the_way_to_more_simulated_money(flux: Flux) -> None:
    assert flux("init", FLUX_TREASURY_OPENING_GRANT="50").code == 0
    asked = ("payments", "request", "orchestrator", "45", "--to", "researcher", "--return", "400")

    denied = flux(*asked, "--purpose", "the yearly study", tty=True, NO_COLOR="1")

    assert denied.code == 3
    assert (
        "  ✗ quorum_hard_no  a seat's hard NO stands against any number of YES;"
        " cfo: $5.00 would stay free, below the floor of $10.00 (20 % of $50.00)\n"
    ) in denied.err
    assert denied.err.endswith(
        "  fix: too little is free; the wallet is simulated and takes more:"
        " flux agents fund orchestrator 90\n"
    )


def test_too_little_money_names_the_way_to_more(flux: Flux) -> None:
    assert flux("init", FLUX_TREASURY_OPENING_GRANT="20").code == 0
    error = flux("pay", "orchestrator", "researcher", "24", "--json").json()["error"]

    assert error["exit_code"] in (3, 6)
    assert error["fix"][-1]["argv"] == ["flux", "agents", "fund", "orchestrator", "48"]


def test_a_denial_for_another_reason_does_not_speak_of_money(flux: Flux) -> None:
    assert flux("init").code == 0
    error = flux("pay", "orchestrator", "nobody-here", "24", "--json").json()["error"]

    assert [fix["argv"][:3] for fix in error["fix"]] == [["flux", "payments", "show"]]


def test_a_run_within_the_threshold_says_that_nobody_had_to_vote(flux: Flux) -> None:
    shown = flux("run", "code-audit", tty=True, NO_COLOR="1")

    assert "· plan: 1 task\n" in shown.err
    assert "· approved: $20.19, within the owner's threshold, so without a vote\n" in shown.err
    assert "votes  none needed: it is within the owner's threshold\n" in shown.out
    assert "ballots" not in shown.out


def test_who_stops_a_run_is_told_that_the_work_under_way_is_finished_first(
    flux: Flux, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as while_it_works:
        while_it_works.setattr(run_goal, "wait", stopped)
        ended = flux("run", "simple-hire", tty=True, NO_COLOR="1")

    assert ended.code == 130
    assert "· stopping when what is under way is done: 1 work\n" in ended.err
    assert "resume with: flux runs resume run_" in ended.err
    assert flux("runs", "resume", "--jq", ".state").out == "completed\n"


def test_a_last_column_that_wraps_is_never_shortened(flux: Flux) -> None:
    flux("init")
    shown = flux("doctor", tty=True, columns=60, NO_COLOR="1").out

    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 60
