"""A campaign brief as it was written, and what was understood of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Brand:
    """How the product looks: `#rrggbb` colours."""

    primary: str
    secondary: str
    accent: str


@dataclass(frozen=True, slots=True)
class Brief:
    """What a brief says. Every field comes from its text or is empty; nothing is made up.

    `product` is the product's name, `kind` what it is ("solar-powered camping lantern"),
    `promise` the one-sentence pitch, `features` short statements of fact in the brief's order,
    `voice` adjectives, `audiences` who it is for, `call_to_action` a short imperative,
    `banned` words that must not appear, `questions` what the client wants researched,
    `assumed` what had to be derived because the brief does not say it, a sentence each.
    """

    product: str
    kind: str
    promise: str
    audiences: tuple[str, ...]
    features: tuple[str, ...]
    voice: tuple[str, ...]
    call_to_action: str
    url: str
    banned: tuple[str, ...]
    questions: tuple[str, ...]
    brand: Brand
    assumed: tuple[str, ...]
