"""How a brand sounds: the register its adjectives ask for, and that register's sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

REGISTERS = ("playful", "warm", "precise", "bold")
FOR_WORK = re.compile(
    r"software|platform|business|enterprise|service|consult|insurance|\bapi\b|system|agenc|legal|"
    r"medical|industr|logistics|accounting|security|infrastructure|analytics",
    re.IGNORECASE,
)
"""What a brief without a voice sells if it should be written for precisely, and not warmly."""


@dataclass(frozen=True, slots=True)
class ThemeLines:
    """What a theme says in one register: a title, a line, and a hook that can open a text."""

    title: str
    line: str
    hook: str


@dataclass(frozen=True, slots=True)
class Theme:
    """A kind of feature: how it is recognised, what readers ask about it, and its lines."""

    name: str
    match: re.Pattern[str]
    ask: str
    lines: Mapping[str, ThemeLines]


@dataclass(frozen=True, slots=True)
class Register:
    """One way to speak: the words that ask for it, its reading grades, and its patterns."""

    name: str
    words: frozenset[str]
    grade: tuple[float, float]
    call_to_action: str
    patterns: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Voice:
    """The register that leads, and a second one for relief; the same where one is asked for."""

    lead: Register
    second: Register


@cache
def themes() -> tuple[Theme, ...]:
    """Every theme in the order they are tried; the last one, `general`, fits everything."""
    return _read_themes("copy_themes.toml")


@cache
def settings() -> tuple[Theme, ...]:
    """Every setting a product is used in; the last one, `everyday`, fits everything."""
    return _read_themes("copy_settings.toml")


@cache
def registers() -> Mapping[str, Register]:
    """Every register by name."""
    return {
        name: Register(
            name,
            frozenset(str(entry["words"]).split()),
            (float(entry["grade"][0]), float(entry["grade"][1])),
            str(entry["cta"]),
            {key: _patterns(value) for key, value in entry.items()},
        )
        for name, entry in _table("copy_voices.toml").items()
    }


def theme_named(name: str) -> Theme:
    """The theme with this name; `general` if there is none."""
    every = (*settings(), *themes())
    return next((theme for theme in every if theme.name == name), themes()[-1])


def theme_of(text: str) -> str:
    """The name of the theme a feature belongs to."""
    return next(theme.name for theme in themes() if theme.match.search(text))


def settings_of(text: str) -> tuple[str, ...]:
    """The names of the settings a product's description speaks of; `everyday` comes last."""
    return tuple(setting.name for setting in settings() if setting.match.search(text))


def voice_of(adjectives: tuple[str, ...], kind: str) -> Voice:
    """The voice that a brief's adjectives ask for: the register of the first, then the next.

    A brief that asks for none is written precisely if its product is for work, else warmly.
    """
    named = [
        register
        for word in adjectives
        for register in registers().values()
        if word.lower() in register.words
    ]
    asked = list({register.name: register for register in named}.values())
    unstated = "precise" if FOR_WORK.search(kind) else "warm"
    lead = asked[0] if asked else registers()[unstated]
    return Voice(lead, asked[1] if len(asked) > 1 else lead)


def _read_themes(name: str) -> tuple[Theme, ...]:
    return tuple(
        Theme(
            theme,
            re.compile(str(entry["match"]), re.IGNORECASE),
            str(entry.get("ask", "")),
            {register: ThemeLines(*entry[register]) for register in REGISTERS},
        )
        for theme, entry in _table(name).items()
    )


def _patterns(value: object) -> tuple[str, ...]:
    """One pattern or several as a tuple; what is no text is none."""
    listed = value if isinstance(value, list) else [value]
    return tuple(entry for entry in listed if isinstance(entry, str))


def _table(name: str) -> dict[str, dict[str, list[str]]]:
    import tomllib

    return tomllib.loads(files(__package__).joinpath(name).read_text("utf-8"))
