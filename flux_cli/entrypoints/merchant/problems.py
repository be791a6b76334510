"""How the merchant says no: problem documents (RFC 9457) that never hold what was sent."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse

from flux_cli import errors
from flux_cli.domain.card_network import Declined, DeclineReason
from flux_cli.entrypoints.http.problem import CODES, KEY_HEADER, fault_of, problem, status_of

PRESENTED = 402
"""A card that was presented and does not pay."""

STATUS_BY_REASON = {
    DeclineReason.DUPLICATE_TRANSACTION: 422,
    DeclineReason.AUTHORIZATION_CLOSED: 409,
    DeclineReason.OVER_CAPTURE: 409,
    DeclineReason.OVER_REVERSAL: 409,
    DeclineReason.OVER_REFUND: 409,
    DeclineReason.INSUFFICIENT_FUNDS: 409,
    DeclineReason.CLOCK_BEHIND_LEDGER: 409,
}
"""What the network refuses of an authorisation and not of a card."""


class NotTaken(Exception):
    """The network declined; carries its answer out of an endpoint."""

    def __init__(self, declined: Declined) -> None:
        super().__init__(declined.told)
        self.declined = declined


async def of_decline(_: Request, error: Exception) -> JSONResponse:
    """What whoever presented the card may know of a decline."""
    assert isinstance(error, NotTaken), "it is registered for nothing else"
    declined = error.declined
    status = STATUS_BY_REASON.get(declined.reason, PRESENTED)
    return problem(status, "declined", "Declined", declined.message, declined.told)


async def of_error(request: Request, error: Exception) -> JSONResponse:
    """A failure the merchant can be told; any other is nobody's business outside."""
    assert isinstance(error, errors.FluxError), "it is registered for nothing else"
    status = status_of(error)
    if status == 500:
        return await of_bug(request, error)
    return problem(status, error.code, "Not done", error.message)


async def of_bug(_: Request, __: Exception) -> JSONResponse:
    """What nobody foresaw; the guard logs where it was."""
    return problem(500, "failed", "Failed", "the merchant could not do this")


async def of_validation(_: Request, error: Exception) -> JSONResponse:
    """Where a body is wrong, without what it held: that may be a card."""
    from fastapi.exceptions import RequestValidationError

    assert isinstance(error, RequestValidationError), "it is registered for nothing else"
    first = error.errors()[0]
    missing_key = str(first["loc"][-1]).lower() == KEY_HEADER and first["type"] == "missing"
    if missing_key:
        detail = "send a header Idempotency-Key; the same key charges once"
        return problem(400, "idempotency_key_required", "Key missing", detail)
    return problem(422, "invalid_request", "Not understood", fault_of(first))


async def of_http(_: Request, error: Exception) -> JSONResponse:
    """A path, method or body that the server itself refuses."""
    from starlette.exceptions import HTTPException

    assert isinstance(error, HTTPException), "it is registered for nothing else"
    code = CODES.get(error.status_code, "refused")
    return problem(error.status_code, code, "Refused", str(error.detail))
