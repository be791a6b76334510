"""Who answers for the models: any server that speaks Chat Completions, by name.

A project file cannot name one, change one, or say where a secret is.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from flux_cli.config.unusable import Unusable
from flux_cli.domain.money import CREDIT, Money, parse_money
from flux_cli.domain.text import HIDDEN
from flux_cli.errors import InvalidAmount

NAME = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
"""What a provider may be called."""

ANY_MODEL = "*"


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One server: `key_env` names the variable with its secret, empty where it wants none.

    `timeout_seconds` bounds one request to it; `prices` is text that `prices_in` reads.
    """

    name: str
    base_url: str
    key_env: str
    timeout_seconds: int
    prices: str


@dataclass(frozen=True, slots=True)
class Price:
    """What a model's tokens cost, in CREDIT per million."""

    given: Money
    made: Money


DEFAULTS: tuple[tuple[str, str, str, str], ...] = (
    (
        "anthropic",
        "https://api.anthropic.com/v1",
        "ANTHROPIC_API_KEY",
        "claude-sonnet-4 3.00/15.00, * 15.00/75.00",
    ),
    (
        "openai",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        "gpt-4.1 2.00/8.00, gpt-4o-mini 0.15/0.60, o1 15.00/60.00, * 15.00/60.00",
    ),
    ("xai", "https://api.x.ai/v1", "XAI_API_KEY", "* 3.00/15.00"),
)
"""The providers of the default seats: name, base URL, variable of the key, prices."""


def a_url(raw: object) -> str:
    """An https address, or http on this machine: a key is not sent in clear."""
    if not isinstance(raw, str) or len(raw) > 300 or HIDDEN.search(raw) or " " in raw:
        raise Unusable("wants an address such as https://api.openai.com/v1")
    try:
        parts = urlsplit(raw)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Unusable("is not an address") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise Unusable("wants an address that begins with https://")
    if parts.username is not None or parts.query or parts.fragment:
        raise Unusable("holds more than an address; a key belongs in the variable key_env names")
    if parts.scheme == "http" and not _is_here(host):
        raise Unusable("wants https: only a server on this machine may be asked in clear")
    return raw.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def a_variable(raw: object) -> str:
    """The name of an environment variable, or nothing where no key is wanted."""
    if not isinstance(raw, str) or not re.fullmatch(r"(?:[A-Z][A-Z0-9_]{0,63})?", raw, re.ASCII):
        raise Unusable('wants the name of a variable such as "OPENAI_API_KEY", or ""')
    return raw


def some_prices(raw: object) -> str:
    """Prices as text that `prices_in` can read."""
    if not isinstance(raw, str) or len(raw) > 2000:
        raise Unusable(f'wants text such as "{DEFAULTS[0][3]}"')
    prices_in(raw)
    return raw


def prices_in(text: str) -> dict[str, Price]:
    """Each model's price from "MODEL IN/OUT, * IN/OUT", in CREDIT per million tokens.

    Raises `Unusable` where it says anything else, or nothing of the models it does not name.
    """
    prices: dict[str, Price] = {}
    for item in text.split(","):
        words = item.split()
        if len(words) != 2 or words[1].count("/") != 1 or words[0] in prices:
            raise Unusable(f'wants text such as "{DEFAULTS[0][3]}"')
        given, made = words[1].split("/")
        try:
            price = Price(parse_money(given, CREDIT), parse_money(made, CREDIT))
        except InvalidAmount as error:
            raise Unusable(f"has a price that is no amount: {error.message}") from None
        if price.given.units < 0 or price.made.units < 0:
            raise Unusable("has a price below zero")
        prices[words[0]] = price
    if ANY_MODEL not in prices:
        raise Unusable('wants a price for every other model too, such as "* 15.00/60.00"')
    return prices


PARTS = ("base_url", "key_env", "timeout_seconds", "prices")
"""What a provider's table may hold."""
