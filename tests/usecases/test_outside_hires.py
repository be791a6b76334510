"""Work that listings have done outside Flux: hired only as the owner allows, paid only if good."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from flux_cli.adapters.specialists.outside.allowed import LIMITS, Gate, command_digest
from flux_cli.domain.contracts import Contract
from flux_cli.domain.marketplace import Listing
from flux_cli.domain.money import parse_money
from flux_cli.domain.outside import Allowed, AllowedCommand
from flux_cli.domain.runs import RunState
from flux_cli.errors import WrongState
from flux_cli.usecases.hire_directly import DirectHire, agree
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.publish_listing import NewListing, publish_listing
from flux_cli.usecases.search_market import search_market
from tests.usecases.market_economy import (
    GOOD,
    books,
    carried_out,
    faults,
    goal,
    hires,
    market,
    sold,
)

PYTHON = str(Path(sys.executable).resolve())
TEN = parse_money("10").units

WRITES = """
import json, sys
task = json.load(sys.stdin)
open("copy.md", "w").write(WORDS)
print(json.dumps({"files": [{"path": "copy.md", "media_type": "text/markdown"}]}))
"""


def program(folder: Path, code: str) -> tuple[str, ...]:
    path = folder / "quill.py"
    path.write_text(code)
    return PYTHON, "-S", "-E", str(path)


def economy(
    folder: Path, words: tuple[str, ...], *, allowed: bool = True,
    sellers: Sequence[str] = ("nib",), seconds: int = 90,
) -> Deps:  # fmt: skip
    """`quill`, whose copy is made by a program for a cent less than the others ask."""
    deps = market(folder, garbage=0, sellers=("quill", *sellers))
    digest = command_digest(words)
    assert digest is not None
    entries = (AllowedCommand(words, digest),) if allowed else ()
    deps = replace(deps, outside=Gate(Allowed(entries), replace(LIMITS, seconds=seconds)))
    with deps.store.begin() as tx:
        for one in tx.find(Listing, provider="quill"):
            price = parse_money("9.99")
            made = replace(one, command=words, price_min=price, price_max=price)
            tx.put(made, "listing.changed")
    return deps


def contracts(deps: Deps) -> list[Contract]:
    with deps.store.reading() as reader:
        return reader.find(Contract, oldest_first=True)


def test_an_allowed_program_is_hired_checked_as_anybody_and_paid(tmp_path: Path) -> None:
    deps = economy(tmp_path, program(tmp_path, WRITES.replace("WORDS", repr(GOOD.decode()))))
    run = carried_out(deps, goal(tmp_path))

    assert run.state is RunState.COMPLETED
    assert hires(deps) == [(0, "settled")]
    assert contracts(deps)[0].backend == "outside"
    assert (tmp_path / "out/copy/copy.md").read_bytes() == GOOD
    hire = json.loads((tmp_path / "out/manifest.json").read_text())["hires"][0]
    assert (hire["agent"], hire["backend"]) == ("quill", "outside")
    assert faults(deps) == []


def test_a_program_the_owner_did_not_allow_is_published_and_never_hired(tmp_path: Path) -> None:
    words = program(tmp_path, "open('/tmp/never', 'w')")
    deps = economy(tmp_path, words, allowed=False)
    run = carried_out(deps, goal(tmp_path))

    (contract,) = contracts(deps)
    assert (run.state, contract.provider) == (RunState.COMPLETED, "nib")
    refused = {one.provider: one.ineligible for one in contract.ranking}
    assert refused == {"nib": None, "quill": "not on the owner's allow-list"}
    with deps.store.reading() as reader:
        (quill,) = reader.find(Listing, provider="quill")
        found = search_market(deps, reader, "copy", deps.settings.strategy, 1)
    assert [one.ineligible for one in found if one.listing.id == quill.id] == [
        "not on the owner's allow-list"
    ]
    with pytest.raises(WrongState) as caught:
        agree(deps, DirectHire("orchestrator", quill.id, "copy"), quill)
    assert caught.value.message == "quill works outside Flux, and is not on the owner's allow-list"
    (fix,) = caught.value.fixes
    assert fix.say.endswith(f"{command_digest(words)} {shlex.join(words)}")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import time; time.sleep(3600)", "it took longer than 4 s"),
        (WRITES.replace("WORDS", "'lorem ipsum'"), "garbage"),
        ("import socket; socket.socket()", "it tried to reach the network"),
        ("print('paid?')", "its answer is not one"),
    ],
    ids=["hangs", "garbage", "network", "no answer"],
)
def test_108_109_a_program_that_does_not_deliver_is_not_paid_and_the_next_is_hired(
    code: str, said: str, tmp_path: Path
) -> None:
    seconds = 4 if "3600" in code else 90
    deps = economy(tmp_path, program(tmp_path, code), seconds=seconds)
    run = carried_out(deps, goal(tmp_path))

    assert run.state is RunState.COMPLETED
    first, second = contracts(deps)
    assert [first.provider, second.provider] == ["quill", "nib"]
    assert hires(deps) == [(0, "rejected"), (1, "settled")]
    assert said in first.checks[-1].found
    with deps.store.reading() as reader:
        earned = {
            name: reader.balance(f"wallet:{name}", first.price.asset).units
            for name in ("quill", "nib")
        }
    assert earned == {"quill": 0, "nib": TEN}
    assert faults(deps) == []


def test_108_where_nobody_else_can_all_the_money_comes_back(tmp_path: Path) -> None:
    deps = economy(tmp_path, program(tmp_path, "raise SystemExit(1)"), sellers=())
    before = books(deps)

    assert carried_out(deps, goal(tmp_path)).state is RunState.FAILED
    assert hires(deps) == [(0, "rejected")]
    assert books(deps) == before


def test_a_program_that_changed_after_it_was_allowed_does_not_run(tmp_path: Path) -> None:
    words = program(tmp_path, WRITES.replace("WORDS", repr(GOOD.decode())))
    deps = economy(tmp_path, words)
    program(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')")
    carried_out(deps, goal(tmp_path))

    assert contracts(deps)[0].provider == "nib"
    assert not (tmp_path / "ran").exists()


def test_who_does_a_listings_work_cannot_change_under_its_contracts(tmp_path: Path) -> None:
    deps = market(tmp_path, garbage=0)
    price = parse_money("5")
    new = NewListing(
        "bot", "acme", "copy", "Copy by bot", "Any.", ("text/markdown",), price, price, 5,
        url="https://agents.example/a",
    )  # fmt: skip
    first = publish_listing(deps, new)

    with pytest.raises(WrongState, match="cannot change"):
        publish_listing(deps, replace(new, url="https://agents.example/b"))
    assert publish_listing(deps, new) == first
    assert sold(deps) == [0, 0, 0]
