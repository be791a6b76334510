"""A no, as a client reads it: a stable code, every reason, and what would pass instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flux_cli.domain.money import CREDIT, Asset, Money
from flux_cli.domain.refusals import Refusal
from flux_cli.entrypoints.cli.document import jsonable
from flux_cli.entrypoints.mcp.shapes import clean
from flux_cli.errors import FluxError, KeyReused


class Refused(Exception):
    """What was asked is not done; carries the reasons to the one place that answers."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        subject: str | None = None,
        refusals: tuple[Refusal, ...] = (),
        most: Money | None = None,
        asset: Asset = CREDIT,
        fixes: tuple[str, ...] = (),
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.subject = subject
        self.refusals = refusals
        self.most = most
        self.asset = asset
        self.fixes = fixes
        self.retryable = retryable


def told(refused: Refused | FluxError) -> Mapping[str, Any]:
    """The error document; a fix that is a command is the owner's, and left out."""
    error: dict[str, Any] = {
        "code": refused.code,
        "message": clean(refused.message),
        "retryable": refused.retryable,
        "subject": None if refused.subject is None else clean(refused.subject),
    }
    if isinstance(refused, FluxError):
        if isinstance(refused, KeyReused):  # its own words name the engine's key
            error["message"] = "this idempotency_key, or cart, already names another request"
        error["param"] = None if refused.param is None else _argument(refused.param)
        error["fix"] = [clean(fix.say) for fix in refused.fixes if not fix.argv]
    else:
        error["refusals"] = [_reason(one, refused.asset) for one in refused.refusals]
        error["most_that_would_pass"] = jsonable(refused.most)
        error["fix"] = [clean(fix) for fix in refused.fixes]
    return {"error": error | {"schema": "flux.error/1"}}


def _argument(param: str) -> str:
    """What a client calls it: use cases know `--idempotency-key` and `WISH`."""
    return clean(param).lstrip("-").replace("-", "_").lower()


def _reason(refusal: Refusal, asset: Asset) -> dict[str, Any]:
    return {
        "rule": refusal.code,
        "message": clean(refusal.message),
        "limit": _number(refusal.limit, refusal.unit, asset),
        "observed": _number(refusal.observed, refusal.unit, asset),
    }


def _number(number: int | None, unit: str, asset: Asset) -> object:
    if number is None:
        return None
    return jsonable(Money(number, asset)) if unit == "money" else f"{number} {unit}"
