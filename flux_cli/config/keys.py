"""Every setting: what it may hold, its default, and what a project file may do to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flux_cli.config.images import a_price
from flux_cli.config.outside import some_commands, some_urls
from flux_cli.config.providers import DEFAULTS, a_url, a_variable, some_prices
from flux_cli.config.unusable import Unusable
from flux_cli.domain.money import CREDIT, Money, parse_money
from flux_cli.domain.text import HIDDEN
from flux_cli.errors import InvalidAmount

Raw = str | int | bool
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}", re.ASCII)
Leave = Literal["lower", "raise", "turn on", "turn off", "choose", "never"]
"""What a project file may do: `choose` is for what moves no limit, `never` for all the rest."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of CREDIT as it was written, and as it counts."""

    text: str
    money: Money

    @property
    def micros(self) -> int:
        """Micro-credits."""
        return self.money.units


Value = Amount | Path | str | int | bool


@dataclass(frozen=True, slots=True)
class Key:
    """One setting under its dotted name; `default` is written as the file would write it."""

    name: str
    default: Raw
    read: Callable[[object], Value]
    project: Leave = "never"

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        if self.name == "ledger.path":
            return "FLUX_DB"
        return "FLUX_" + self.name.upper().replace(".", "_")

    def from_text(self, text: str) -> object:
        """An environment variable's text in the type its default has; else the text itself."""
        if isinstance(self.default, bool):
            return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
        if isinstance(self.default, int) and re.fullmatch(r"[0-9]{1,19}", text, re.ASCII):
            return int(text)
        return text


def an_amount(raw: object) -> Amount:
    """A string such as "250.00": never a number, which TOML would read as a float."""
    if not isinstance(raw, str):
        raise Unusable('wants an amount in quotes, such as "25.00"')
    try:
        return Amount(raw, parse_money(raw, CREDIT))
    except InvalidAmount as error:
        raise Unusable(f'wants an amount such as "25.00": {error.message}') from None


def a_switch(raw: object) -> bool:
    """true or false."""
    if not isinstance(raw, bool):
        raise Unusable("wants true or false")
    return raw


def a_number(least: int, most: int) -> Callable[[object], int]:
    """A whole number from `least` to `most`."""

    def read(raw: object) -> int:
        if type(raw) is not int or not least <= raw <= most:
            raise Unusable(f"wants a whole number from {least} to {most}")
        return raw

    return read


def one_of(*words: str) -> Callable[[object], str]:
    """One of a few words."""

    def read(raw: object) -> str:
        if not isinstance(raw, str) or raw not in words:
            raise Unusable(f"wants one of {', '.join(words)}")
        return raw

    return read


def some_agents(value: object) -> str:
    """Names of agents with spaces between; "" for none."""
    if not isinstance(value, str) or len(value) > 4000 or HIDDEN.search(value):
        raise Unusable("wants names of agents with spaces between")
    return " ".join(value.split())


def a_line(raw: object) -> str:
    """A short line of visible text."""
    if not isinstance(raw, str) or not 0 < len(raw) <= 200 or HIDDEN.search(raw):
        raise Unusable("wants a short line of text")
    return raw


def a_line_or_none(raw: object) -> str:
    """A short line of visible text, or an empty one."""
    return "" if raw == "" else a_line(raw)


def some_bands(raw: object) -> str:
    """Steps such as "500.00=4, 1000.00=5": above each amount, how many must say yes."""
    wants = 'wants steps such as "500.00=4, 1000.00=5", or nothing'
    if not isinstance(raw, str) or len(raw) > 400:
        raise Unusable(wants)
    for step in filter(None, (part.strip() for part in raw.split(","))):
        above, _, yes = step.partition("=")
        if yes.strip() not in set("12345"):
            raise Unusable(wants)
        an_amount(above.strip())
    return raw


def bands_in(text: str) -> tuple[tuple[Money, int], ...]:
    """The steps of `some_bands`, each an amount and how many must say yes above it."""
    steps = [part.split("=") for part in text.split(",") if part.strip()]
    return tuple((an_amount(above.strip()).money, int(yes)) for above, yes in steps)


def a_path(raw: object) -> Path:
    """A path; `~` is the home directory."""
    if not isinstance(raw, str) or len(raw) > 4096 or HIDDEN.search(raw):
        raise Unusable("wants a path in quotes")
    return Path(raw).expanduser()


def an_address(raw: object) -> str:
    """A server on this machine, such as http://127.0.0.1:8400, or nothing."""
    if raw == "" or (isinstance(raw, str) and _LOOPBACK.fullmatch(raw)):
        return str(raw)
    raise Unusable('wants a server on this machine, such as "http://127.0.0.1:8400", or ""')


def some_nodes(raw: object) -> str:
    """Addresses of a chain's nodes, separated by spaces; none is none."""
    if not isinstance(raw, str) or len(raw) > 2000 or HIDDEN.search(raw):
        raise Unusable("wants addresses of nodes in quotes, separated by spaces")
    for url in raw.split():
        if not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", url, re.ASCII):
            raise Unusable("wants addresses such as https://node.example")
    return raw


def a_card_prefix(raw: object) -> str:
    """The six to eight digits that a card's number starts with."""
    if not isinstance(raw, str) or not re.fullmatch(r"[0-9]{6,8}", raw, re.ASCII):
        raise Unusable('wants six to eight digits in quotes, such as "424242"')
    return raw


SEATS: tuple[tuple[str, str, str, str], ...] = (
    ("cfo", "Chief Financial Officer", "anthropic", "claude-sonnet-4"),
    ("growth", "Head of Growth", "openai", "gpt-4.1"),
    ("risk", "Head of Risk", "xai", "grok"),
    ("operations", "Head of Operations", "openai", "gpt-4o-mini"),
    ("data", "Head of Data", "openai", "o1"),
)
"""The five voters: name, title, provider, model. A file changes who they are, not how many."""


A_WAIT = a_number(1, 600)


def _seat_keys() -> tuple[Key, ...]:
    keys: list[Key] = []
    for name, title, provider, model in SEATS:
        keys += [
            Key(f"quorum.seats.{name}.title", title, a_line),
            Key(f"quorum.seats.{name}.provider", provider, a_line),
            Key(f"quorum.seats.{name}.model", model, a_line),
            Key(f"quorum.seats.{name}.backend", "offline", one_of("offline", "llm")),
            # A model that reasons before it answers takes longer.
            Key(f"quorum.seats.{name}.timeout_seconds", 60 if model == "o1" else 25, A_WAIT),
            Key(f"quorum.seats.{name}.lineage", "", a_line_or_none),
            Key(f"quorum.seats.{name}.weight", 1, a_number(1, 9)),
            Key(f"quorum.seats.{name}.veto", False, a_switch),
            Key(f"quorum.seats.{name}.required", False, a_switch),
        ]
    return tuple(keys)


def provider_keys(name: str) -> tuple[Key, ...]:
    """The settings of one provider; one that is not ours has to say its address and prices."""
    known = {known: rest for known, *rest in DEFAULTS}
    base_url, key_env, prices = known.get(name, ("", "", ""))
    return (
        Key(f"providers.{name}.base_url", base_url, a_url),
        Key(f"providers.{name}.key_env", key_env, a_variable),
        Key(f"providers.{name}.timeout_seconds", 60, A_WAIT),
        Key(f"providers.{name}.prices", prices, some_prices),
    )


KEYS: tuple[Key, ...] = (
    Key("ledger.path", "", a_path),
    Key("ledger.busy_timeout_seconds", 30, a_number(0, 3600)),
    Key("treasury.opening_grant", "500.00", an_amount, "lower"),
    Key("policy.per_payment", "250.00", an_amount, "lower"),
    Key("policy.rolling_24h", "1000.00", an_amount, "lower"),
    Key("policy.approval_threshold", "25.00", an_amount, "lower"),
    Key("policy.owner_threshold", "1000.00", an_amount, "lower"),
    Key("policy.reserve_floor_percent", 20, a_number(0, 100), "raise"),
    Key("policy.paused", False, a_switch, "turn on"),
    Key("quorum.yes_needed", 3, a_number(1, 5), "raise"),
    Key("quorum.yes_needed_large", 4, a_number(1, 5), "raise"),
    Key("quorum.large_amount", "250.00", an_amount, "lower"),
    Key("quorum.large_percent_of_free_cash", 25, a_number(0, 100), "lower"),
    Key("quorum.bands", "", some_bands),
    Key("quorum.split", "refuse", one_of("refuse", "owner")),
    Key("quorum.exclude_lineage", "", a_line_or_none),
    # Without the fallback a seat whose model fails casts no vote, which is never a YES.
    Key("quorum.fallback", True, a_switch, "turn off"),
    Key("quorum.soft_seconds", 12, A_WAIT),
    Key("quorum.total_seconds", 75, A_WAIT),
    *_seat_keys(),
    Key("brain.backend", "offline", one_of("offline", "llm")),
    Key("brain.provider", "openai", a_line),
    Key("brain.model", "gpt-4.1", a_line),
    Key("brain.timeout_seconds", 60, A_WAIT),
    Key("brain.max_cost", "1.00", an_amount, "lower"),
    Key("brain.specialists", "offline", one_of("offline", "llm")),
    Key("images.backend", "offline", one_of("offline", "api")),
    Key("images.provider", "openai", a_line),
    Key("images.model", "gpt-image-1", a_line),
    Key("images.timeout_seconds", 60, A_WAIT),
    Key("images.price", "", a_price),
    *(key for name, *_ in DEFAULTS for key in provider_keys(name)),
    Key("cards.prefix", "424242", a_card_prefix),
    Key("cards.lifetime_hours", 24, a_number(1, 8760), "lower"),
    Key("run.out", "flux-out", a_path, "choose"),
    Key("run.parallel", 2, a_number(1, 64), "lower"),
    Key("run.seed", 7, a_number(0, 2**63 - 1), "choose"),
    Key("market.strategy", "balanced", one_of("cheapest", "fastest", "balanced"), "choose"),
    Key("market.trusted_payers", "", some_agents),
    Key("market.commands", "", some_commands),
    Key("market.agents", "", some_urls),
    Key("shopping.trust_floor", 90, a_number(0, 100), "raise"),
    Key("shopping.address", "", an_address),
    Key("chain.rpc", "", some_nodes),
    Key("chain.chain_id", 5042002, a_number(1, 2**31)),
    Key("chain.allow_mainnet", False, a_switch),
    Key("chain.pace_milliseconds", 1100, a_number(0, 60_000)),
    Key("chain.timeout_seconds", 20, a_number(1, 300)),
    Key("chain.validity_seconds", 300, a_number(2, 900)),
    Key("chain.tip_gwei", 1, a_number(0, 1000)),
    Key("chain.fee_ceiling_gwei", 500, a_number(20, 10_000)),
    Key("chain.bump_after_seconds", 15, a_number(1, 600)),
    # A descriptor the signer itself reads the keystore's passphrase from; 0 asks at the terminal.
    Key("chain.passphrase_fd", 0, a_number(0, 1023)),
)
"""In the order `flux config show` and `config.example.toml` have them."""


def refused_to_project(key: Key, old: Value, new: Value) -> str | None:
    """Why a project file may not turn `old` into `new`, or None if that only tightens."""
    if new == old:
        return None
    if key.project == "never":
        return "cannot be set by a project file; it belongs in your own configuration"
    if isinstance(new, Path):
        is_inside = not new.is_absolute() and ".." not in new.parts
        return None if is_inside else "must stay inside the project's folder"
    if key.project == "choose":
        return None
    if key.project in {"turn on", "turn off"}:
        turned = key.project.removeprefix("turn ")
        return None if new is (turned == "on") else f"can only be turned {turned} here"
    before, after = _size(old), _size(new)
    if after == before or (after < before) == (key.project == "lower"):
        return None
    return f"would loosen it from {written(old)}; a project file may only {key.project} it"


def _size(value: Value) -> int:
    if isinstance(value, Amount):
        return value.micros
    assert isinstance(value, int)
    return value


def written(value: Value) -> str:
    """A value as a file would write it, without quotes."""
    if isinstance(value, Amount):
        return value.text
    return str(value).lower() if isinstance(value, bool) else str(value)
