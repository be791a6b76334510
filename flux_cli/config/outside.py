"""Who may work from outside Flux: commands and agents that the owner's own configuration names.

A project file cannot name one.
"""

from __future__ import annotations

from flux_cli.config.unusable import Unusable
from flux_cli.domain.outside import commands_in, urls_in

LONGEST = 64 * 1024


def some_commands(raw: object) -> str:
    """Lines that `commands_in` reads."""
    text = _text(raw)
    try:
        commands_in(text)
    except ValueError as error:
        raise Unusable(str(error)) from None
    return text


def some_urls(raw: object) -> str:
    """Addresses that `urls_in` reads."""
    text = _text(raw)
    try:
        urls_in(text)
    except ValueError as error:
        raise Unusable(str(error)) from None
    return text


def _text(raw: object) -> str:
    if not isinstance(raw, str) or len(raw) > LONGEST:
        raise Unusable("wants text")
    return raw
