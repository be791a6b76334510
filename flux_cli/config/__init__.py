"""The configuration: flag > environment > project file > user file > default.

A project file (`flux.toml`) arrives with a cloned repository, so it may only tighten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeVar

from flux_cli.config.chain import ChainConfig, chain_config
from flux_cli.config.files import (
    Setting,
    default_user_file,
    nearest,
    project_file,
    settings_in,
)
from flux_cli.config.images import ImagesConfig, price_in
from flux_cli.config.keys import (
    KEYS,
    Amount,
    Key,
    Value,
    provider_keys,
    refused_to_project,
)
from flux_cli.config.providers import PARTS, ProviderConfig
from flux_cli.config.quorum import QuorumConfig, SeatConfig, quorum_config
from flux_cli.config.unusable import Unusable
from flux_cli.domain.outside import Allowed, commands_in, urls_in
from flux_cli.domain.text import visible
from flux_cli.errors import InvalidConfig

Source = Literal["default", "user", "project", "env", "flag"]
T = TypeVar("T", Amount, Path, str, int, bool)


@dataclass(frozen=True, slots=True)
class LedgerConfig:
    """Where the ledger is, and how long to wait for another process to let go of it."""

    path: Path
    busy_timeout_seconds: int


@dataclass(frozen=True, slots=True)
class TreasuryConfig:
    """What `flux init` credits to the orchestrator, in simulated money."""

    opening_grant: Amount


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """The caps a new agent starts under."""

    per_payment: Amount
    rolling_24h: Amount
    approval_threshold: Amount
    owner_threshold: Amount
    reserve_floor_percent: int
    paused: bool


@dataclass(frozen=True, slots=True)
class BrainConfig:
    """Which model plans, whether it writes for specialists, and the most one command may spend."""

    backend: str
    provider: str
    model: str
    timeout_seconds: int
    max_cost: Amount
    specialists: str


@dataclass(frozen=True, slots=True)
class CardsConfig:
    """How new cards are numbered and how long they live."""

    prefix: str
    lifetime_hours: int


@dataclass(frozen=True, slots=True)
class RunConfig:
    """How `flux run` works where its options do not say."""

    out: Path
    parallel: int
    seed: int


@dataclass(frozen=True, slots=True)
class MarketConfig:
    """How specialists are chosen, whose verdicts begin a reputation, who may work from outside."""

    strategy: str
    trusted_payers: tuple[str, ...]
    allowed: Allowed


@dataclass(frozen=True, slots=True)
class ShoppingConfig:
    """Which shops are trusted enough, and where their servers are, "" for in this process."""

    trust_floor: int
    address: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Who set a value: the kind of source, and the file and line, variable or option."""

    source: Source
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting with its value.

    `values` and `origins` have every dotted key, in the order of `config.example.toml`.
    """

    ledger: LedgerConfig
    treasury: TreasuryConfig
    policy: PolicyConfig
    quorum: QuorumConfig
    brain: BrainConfig
    images: ImagesConfig
    providers: Mapping[str, ProviderConfig]
    cards: CardsConfig
    run: RunConfig
    market: MarketConfig
    chain: ChainConfig
    shopping: ShoppingConfig
    values: Mapping[str, Value]
    origins: Mapping[str, Origin]


def load_config(
    flags: Mapping[str, str],
    environ: Mapping[str, str],
    cwd: Path,
    *,
    user_file: Path | None = None,
) -> Config:
    """Every setting from all its sources; `flags` maps dotted keys to what was typed.

    `user_file` is what `--config` named. Raises `InvalidConfig` for anything unknown, of the
    wrong type, or loosened by a project file, naming the place and the key.
    """
    values: dict[str, Value] = {key.name: key.read(key.default) for key in KEYS}
    origins = {key.name: Origin("default") for key in KEYS}
    keys = {key.name: key for key in KEYS}
    for source, setting in _settings(flags, environ, cwd, user_file):
        if setting.name not in keys:
            for new in provider_keys(setting.name.split(".")[1]):
                keys[new.name] = new
                values[new.name], origins[new.name] = new.default, Origin("default")
        key = keys[setting.name]
        value = _read(key, setting)
        if source == "project" and (why := refused_to_project(key, values[key.name], value)):
            raise InvalidConfig(f"{setting.place}: {key.name} {why}", param=key.name)
        values[key.name] = value
        origins[key.name] = Origin(source, setting.place)
    if values["ledger.path"] == Path():
        values["ledger.path"] = default_ledger()
    return _built(values, origins)


def default_ledger() -> Path:
    """Where this platform keeps a program's data."""
    from platformdirs import user_data_path  # 4 ms: only commands that need a ledger pay

    return user_data_path("flux", appauthor=False) / "flux.db"


def user_file_of(environ: Mapping[str, str], named: Path | None) -> tuple[Path, bool]:
    """The user's file, and whether somebody named it, so that it has to exist."""
    if named is not None:
        return named, True
    if environ.get("FLUX_CONFIG"):
        return Path(environ["FLUX_CONFIG"]).expanduser(), True
    return default_user_file(), False


def _settings(
    flags: Mapping[str, str], environ: Mapping[str, str], cwd: Path, named: Path | None
) -> Iterator[tuple[Source, Setting]]:
    """Every setting of every source, the weakest first."""
    user, must_exist = user_file_of(environ, named)
    if must_exist or user.is_file():
        for setting in settings_in(user):
            yield "user", _beside(setting, user.parent)
    if project := project_file(cwd):
        for setting in settings_in(project):
            yield "project", setting
    for setting in _from_environment(environ):
        yield "env", _beside(setting, cwd)
    for name, text in flags.items():
        raw = next(key for key in KEYS if key.name == name).from_text(text)
        yield "flag", _beside(Setting(name, raw, f"--{name}"), cwd)


def _beside(setting: Setting, folder: Path) -> Setting:
    """A relative ledger path counts from where it was written."""
    if setting.name != "ledger.path" or not isinstance(setting.raw, str) or not setting.raw:
        return setting
    place = "--db" if setting.place == "--ledger.path" else setting.place
    return Setting(setting.name, str(folder / Path(setting.raw).expanduser()), place)


GUARDED = ("FLUX_POLICY_", "FLUX_QUORUM_", "FLUX_TREASURY_", "FLUX_BRAIN_", "FLUX_PROVIDERS_",
           "FLUX_IMAGES_")  # fmt: skip


def _from_environment(environ: Mapping[str, str]) -> Iterator[Setting]:
    variables = {key.variable: key for key in KEYS}
    for name, text in environ.items():
        # A misspelt cap must not be a cap that silently is not there.
        guarded = name.startswith(GUARDED)
        if guarded and name not in variables:
            near = nearest(name, variables)
            hint = f"; did you mean {near}?" if near else ""
            raise InvalidConfig(f"{visible(name)} sets nothing{hint}", param=visible(name))
        if name in variables and text:
            key = variables[name]
            yield Setting(key.name, key.from_text(text), name)


def _read(key: Key, setting: Setting) -> Value:
    try:
        return key.read(setting.raw)
    except Unusable as why:
        raise InvalidConfig(f"{setting.place}: {key.name} {why}", param=key.name) from None


def _built(values: dict[str, Value], origins: dict[str, Origin]) -> Config:
    def get(name: str, kind: type[T]) -> T:
        value = values[name]
        assert isinstance(value, kind), name
        return value

    config = Config(
        ledger=LedgerConfig(get("ledger.path", Path), get("ledger.busy_timeout_seconds", int)),
        treasury=TreasuryConfig(get("treasury.opening_grant", Amount)),
        policy=PolicyConfig(
            per_payment=get("policy.per_payment", Amount),
            rolling_24h=get("policy.rolling_24h", Amount),
            approval_threshold=get("policy.approval_threshold", Amount),
            owner_threshold=get("policy.owner_threshold", Amount),
            reserve_floor_percent=get("policy.reserve_floor_percent", int),
            paused=get("policy.paused", bool),
        ),
        quorum=quorum_config(get),
        brain=BrainConfig(
            get("brain.backend", str),
            get("brain.provider", str),
            get("brain.model", str),
            get("brain.timeout_seconds", int),
            get("brain.max_cost", Amount),
            get("brain.specialists", str),
        ),
        images=ImagesConfig(
            get("images.backend", str),
            get("images.provider", str),
            get("images.model", str),
            get("images.timeout_seconds", int),
            price_in(get("images.price", str)),
        ),
        providers=MappingProxyType(_providers(values)),
        cards=CardsConfig(get("cards.prefix", str), get("cards.lifetime_hours", int)),
        run=RunConfig(get("run.out", Path), get("run.parallel", int), get("run.seed", int)),
        market=MarketConfig(
            get("market.strategy", str),
            tuple(get("market.trusted_payers", str).split()),
            Allowed(commands_in(get("market.commands", str)), urls_in(get("market.agents", str))),
        ),
        chain=chain_config(get),
        shopping=ShoppingConfig(get("shopping.trust_floor", int), get("shopping.address", str)),
        values=MappingProxyType(values),
        origins=MappingProxyType(origins),
    )
    _check_askers(config)
    return config


def _check_askers(config: Config) -> None:
    """Raise `InvalidConfig` for a model whose provider is not there."""
    askers: dict[str, SeatConfig | BrainConfig | ImagesConfig] = {"brain": config.brain}
    askers["images"] = config.images
    askers |= {f"quorum.seats.{seat.name}": seat for seat in config.quorum.seats}
    for name, who in askers.items():
        asks = {"llm", "api"} & {who.backend, getattr(who, "specialists", "")}
        if asks and who.provider not in config.providers:
            near = nearest(who.provider, config.providers)
            hint = f"; did you mean {near}?" if near else ""
            raise InvalidConfig(
                f"{name}.provider: there is no [providers.{visible(who.provider)}]{hint}",
                param=f"{name}.provider",
            )


def _providers(values: Mapping[str, Value]) -> dict[str, ProviderConfig]:
    """Every provider by name; raises `InvalidConfig` for one without an address or prices."""
    names = dict.fromkeys(key.split(".")[1] for key in values if key.startswith("providers."))
    found = {}
    for name in names:
        parts = {part: values[f"providers.{name}.{part}"] for part in PARTS}
        for part in ("base_url", "prices"):
            if not parts[part]:
                raise InvalidConfig(
                    f"[providers.{name}] has to say its {part}", param=f"providers.{name}.{part}"
                )
        found[name] = ProviderConfig(name, **parts)  # type: ignore[arg-type]  # as read
    return found
