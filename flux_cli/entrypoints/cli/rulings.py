"""The kernel's refusals as the command line shows them."""

from __future__ import annotations

from collections.abc import Sequence

from flux_cli.domain.refusals import Refusal as Ruling
from flux_cli.entrypoints.cli.refusal import Refusal


def shown_refusals(rulings: Sequence[Ruling], asset_code: str) -> tuple[Refusal, ...]:
    """Each refusal with its two numbers: amounts as amounts of the asset, others in words."""
    return tuple(
        Refusal(rule.code, rule.message, rule.limit, rule.observed, asset_code)
        if rule.unit == "money"
        else Refusal(rule.code, f"{rule.observed} of {rule.limit} {rule.unit}")
        for rule in rulings
    )
