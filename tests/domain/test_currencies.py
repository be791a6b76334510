"""The currency table is the official one, and an asset is found by its exact code only."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import iso4217
import pytest

from flux_cli.domain import currencies
from flux_cli.domain.currencies import EXPONENTS, UNITLESS, WITHDRAWN
from flux_cli.domain.money import ASSETS, CREDIT, USDC, Asset, find_asset
from flux_cli.errors import Fix, InvalidInput

SCRIPT = Path(__file__).resolve().parents[2] / "bench/currencies.py"
ROWS = [row for row in iso4217.raw_xml.iter("CcyNtry") if row.find("Ccy") is not None]
PLANTED = [
    ('"KWD": 3', '"KWD": 2'),
    ('"USD": 2, ', ""),
    ('"ZWG": 2,', '"ZWG": 2, "ZZZ": 2,'),
    ('"XAU", ', ""),
    ('"DEM", ', ""),
]


@pytest.fixture
def script() -> ModuleType:
    """`bench/currencies.py` as a module."""
    spec = importlib.util.spec_from_file_location("bench_currencies", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_44_the_table_is_the_official_list_in_every_row() -> None:
    official = {row.findtext("Ccy"): row.findtext("CcyMnrUnts") for row in ROWS}
    assert len(ROWS) > 270
    assert {code: unit for code, unit in official.items() if unit != "N.A."} == {
        code: str(exponent) for code, exponent in EXPONENTS.items()
    }
    assert {code for code, unit in official.items() if unit == "N.A."} == UNITLESS


def test_the_three_kinds_of_code_do_not_overlap() -> None:
    assert not EXPONENTS.keys() & UNITLESS
    assert not EXPONENTS.keys() & WITHDRAWN
    assert not UNITLESS & WITHDRAWN
    assert {"DEM", "FRF", "ITL", "HRK", "ZWL", "BGN"} <= WITHDRAWN


def test_the_committed_module_is_what_its_generator_writes(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["currencies.py"])
    with pytest.raises(SystemExit) as ended:
        script.main()
    assert (ended.value.code, capsys.readouterr().out) == (
        0,
        "currencies.py is the official list\n",
    )


@pytest.mark.parametrize(("right", "wrong"), PLANTED)
def test_a_changed_module_is_seen_and_written_back(
    right: str, wrong: str, script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    committed = script.MODULE.read_text(encoding="utf-8")
    changed = tmp_path / "currencies.py"
    changed.write_text(committed.replace(right, wrong, 1), encoding="utf-8")
    assert changed.read_text(encoding="utf-8") != committed
    monkeypatch.setattr(script, "MODULE", changed)
    monkeypatch.setattr(sys, "argv", ["currencies.py"])
    with pytest.raises(SystemExit) as ended:
        script.main()
    assert ended.value.code == 1
    assert "@@" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["currencies.py", "--write"])
    script.main()
    assert changed.read_text(encoding="utf-8") == committed


def test_a_currency_that_leaves_the_list_can_still_be_read_but_not_paid(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(currencies, "EXPONENTS", {**EXPONENTS, "QQQ": 3})
    written: dict[str, object] = {}
    exec(script.module(), written)
    assert (written["EXPONENTS"], written["WITHDRAWN"]) == (
        {**EXPONENTS, "QQQ": 3},
        WITHDRAWN | {"QQQ"},
    )
    monkeypatch.setitem(ASSETS, "QQQ", Asset("QQQ", 3))
    monkeypatch.setattr("flux_cli.domain.money.WITHDRAWN", written["WITHDRAWN"])
    with pytest.raises(InvalidInput, match="'QQQ' is a withdrawn currency"):
        find_asset("QQQ")


def test_every_asset_is_found_by_its_code() -> None:
    listed = {code: Asset(code, exponent) for code, exponent in EXPONENTS.items()}
    assert {code: find_asset(code) for code in ASSETS} == listed | {"CREDIT": CREDIT, "USDC": USDC}
    assert [find_asset(code).exponent for code in ("JPY", "EUR", "KWD", "CLF", "USDC")] == [
        0, 2, 3, 4, 6,
    ]  # fmt: skip


USE = "use CREDIT, USDC or the code of a currency in use, such as EUR"
NO_ASSET = [
    ("DEM", "'DEM' is a withdrawn currency: nothing can be paid in it", USE),
    ("dem", "'dem' is a withdrawn currency: nothing can be paid in it", USE),
    ("XAU", "'XAU' has no smallest unit, so no amount of it can be counted", USE),
    ("XXX", "'XXX' has no smallest unit, so no amount of it can be counted", USE),
    ("XTS", "'XTS' has no smallest unit, so no amount of it can be counted", USE),
    ("eur", "'eur' is not a code: codes are upper case", "write EUR"),
    ("Usdc", "'Usdc' is not a code: codes are upper case", "write USDC"),
    ("credit", "'credit' is not a code: codes are upper case", "write CREDIT"),
    ("EURC", "'EURC' is no asset flux knows", USE),
    ("USDC.e", "'USDC.e' is no asset flux knows", USE),
    ("EUR ", "'EUR ' is no asset flux knows", USE),
    ("ＥＵＲ", "'ＥＵＲ' is no asset flux knows", USE),
    ("ЕUR", "'ЕUR' is no asset flux knows", USE),
    ("978", "'978' is no asset flux knows", USE),
    ("€", "'€' is no asset flux knows", USE),
    ("", "'' is no asset flux knows", USE),
    ("\x1b[2J", "'\\x1b[2J' is no asset flux knows", USE),
    ("E" * 5000, f"'{'E' * 40}…' is no asset flux knows", USE),
]


@pytest.mark.parametrize(("code", "message", "say"), NO_ASSET, ids=lambda text: ascii(text)[:20])
def test_47_any_other_code_is_refused_with_why_and_what_to_write(
    code: str, message: str, say: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        find_asset(code)
    assert (caught.value.message, caught.value.fixes) == (message, (Fix(say),))


@pytest.mark.parametrize("code", sorted(WITHDRAWN | UNITLESS))
def test_47_no_withdrawn_or_unitless_code_is_found(code: str) -> None:
    assert code not in ASSETS
    with pytest.raises(InvalidInput):
        find_asset(code)
