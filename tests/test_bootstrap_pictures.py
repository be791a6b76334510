"""Who paints is what is configured: without a price, a key or the owner's wish nobody is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flux_cli.bootstrap_brains import LoadedBrain
from flux_cli.bootstrap_votes import BrainWish, open_with_brain
from flux_cli.config import Config, load_config
from flux_cli.domain.money import Money, parse_money
from flux_cli.domain.quorum import BallotError
from flux_cli.domain.work import Scene
from flux_cli.errors import InvalidConfig
from flux_cli.usecases.brain_ports import Answered, Brain, PictureQuestion
from tests.conftest import Ended
from tests.doubles.chat_server import ChatServer
from tests.doubles.pictures import paints

QUESTION = PictureQuestion("image-generator", Scene("scenery", "a tent", "Lumo", ("#123456",)))
SETTINGS = """
[providers.local]
base_url = "{url}"
key_env = "{key}"
prices = "* 1.00/1.00"
[images]
backend = "{backend}"
provider = "local"
model = "brush"
price = "{price}"
"""


def written(
    folder: Path, url: str, price: str = "0.04", key: str = "", backend: str = "api"
) -> Path:
    file = folder / "config.toml"
    file.write_text(SETTINGS.format(url=url, key=key, backend=backend, price=price))
    return file


def configured(folder: Path, chat: ChatServer, *settled: str) -> Config:
    file = written(folder, chat.base_url, *settled)
    return load_config({"ledger.path": str(folder / "f.db")}, {}, folder, user_file=file)


def asked(brain: Brain) -> Answered[object]:
    return brain.ask(QUESTION)  # type: ignore[return-value]


def test_the_configured_endpoint_is_asked_with_its_key_at_its_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRUSH_KEY", "sk-canary-51f0")
    with ChatServer({"brush": paints(b"any bytes")}) as chat:
        answered = asked(LoadedBrain(configured(tmp_path, chat, "0.04", "BRUSH_KEY")))

    assert (answered.backend, answered.model, answered.host) == ("llm", "brush", chat.host)
    assert answered.cost == parse_money("0.04")
    assert answered.value == {"scenery": "YW55IGJ5dGVz"}
    assert chat.asked[0].headers["authorization"] == "Bearer sk-canary-51f0"
    assert "canary" not in repr(answered)


@pytest.mark.parametrize(
    "settled", [("", "", "api"), ("0.04", "", "offline")], ids=["no-price", "offline"]
)
def test_without_a_price_or_the_wish_nobody_is_asked(
    settled: tuple[str, ...], tmp_path: Path
) -> None:
    with ChatServer({"brush": paints(b"x")}) as chat:
        answered = asked(LoadedBrain(configured(tmp_path, chat, *settled)))

    assert (answered.backend, answered.value, chat.asked) == ("rule", {}, [])


def test_without_a_key_nobody_is_asked_and_it_says_so(tmp_path: Path) -> None:
    with ChatServer({"brush": paints(b"x")}) as chat:
        answered = asked(LoadedBrain(configured(tmp_path, chat, "0.04", "NO_SUCH_KEY_HERE")))

    assert (answered.backend, answered.error) == ("rule_fallback", BallotError.TRANSPORT)
    assert (answered.cost, chat.asked) == (Money(0), [])


def test_a_lowered_cap_and_the_offline_brain_hold_for_pictures_too(tmp_path: Path) -> None:
    with ChatServer({"brush": paints(b"x")}) as chat:
        config = configured(tmp_path, chat)
        lowered = asked(LoadedBrain(config, parse_money("0.03")))
        deps = open_with_brain(config, BrainWish(kind="offline"))
        offline = asked(deps.brain)

    assert (lowered.error, lowered.cost) == (BallotError.COST_CAP, Money(0))
    assert (offline.backend, deps.settings.pictures, chat.asked) == ("rule", "", [])


@pytest.mark.parametrize("price", ["-0.01", "0.0000001", "a little", "4e-2"])
def test_a_price_is_an_exact_amount(price: str, tmp_path: Path) -> None:
    with ChatServer() as chat, pytest.raises(InvalidConfig, match=r"images\.price"):
        configured(tmp_path, chat, price)


def test_a_provider_has_to_be_there_and_a_project_cannot_choose_one(tmp_path: Path) -> None:
    lost = tmp_path / "lost.toml"
    lost.write_text('[images]\nbackend = "api"\nprovider = "opennai"\n')
    with pytest.raises(InvalidConfig, match="did you mean openai"):
        load_config({}, {}, tmp_path, user_file=lost)
    (tmp_path / "flux.toml").write_text('[images]\nbackend = "api"\nprice = "0.01"\n')
    with pytest.raises(InvalidConfig, match=r"images\.backend cannot be set by a project file"):
        load_config({}, {}, tmp_path)
    with pytest.raises(InvalidConfig, match="did you mean FLUX_IMAGES_PRICE"):
        load_config({}, {"FLUX_IMAGES_PRIZE": "1"}, tmp_path.parent)


def test_doctor_and_a_dry_run_say_who_paints_for_how_much_and_ask_nobody(
    flux: Callable[..., Ended], home: Path
) -> None:
    with ChatServer({"brush": paints(b"x")}) as chat:
        file = str(written(home, chat.base_url))
        doctor = flux("doctor", "--json", "--config", file)
        dry = flux("run", "marketing-campaign", "--dry-run", "--json", "--config", file)
        offline = ("--brain", "offline", "--json", "--config", file)
        without = flux("run", "marketing-campaign", "--dry-run", *offline)
        hires_none = flux("run", "data-pipeline", "--dry-run", "--json", "--config", file)
        unpriced = flux("doctor", "--json", "--config", str(written(home, chat.base_url, "")))

    told = "brush of local, $0.04 for each that is painted"
    rows = {row["name"]: row for row in doctor.json()["checks"]}
    assert rows["pictures"] == {"name": "pictures", "state": "ok", "found": told}
    assert (dry.json()["pictures"], without.json()["pictures"]) == (told, None)
    assert hires_none.json()["pictures"] is None
    rows = {row["name"]: row for row in unpriced.json()["checks"]}
    assert rows["pictures"]["state"] == "warning"
    assert rows["pictures"]["found"].startswith("drawn offline: images.price does not say")
    assert chat.asked == []
