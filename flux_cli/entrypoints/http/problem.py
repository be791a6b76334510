"""How an HTTP front end says no: problem documents (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from flux_cli import errors
from flux_cli.domain.text import whole

MEDIA_TYPE = "application/problem+json"

STATUS_BY_ERROR: tuple[tuple[type[errors.FluxError], int], ...] = (
    (errors.NotFound, 404),
    (errors.AmbiguousId, 404),
    (errors.InvalidInput, 422),
    (errors.KeyReused, 422),
    (errors.InsufficientFunds, 402),
    (errors.OwnerRequired, 403),
    (errors.WrongState, 409),
    (errors.Frozen, 409),
    (errors.ShopRefused, 409),
    (errors.LedgerBusy, 503),
    (errors.StorageFailed, 503),
    (errors.ShopFailed, 503),
    (errors.ChainUnavailable, 503),
)

CODES = {
    400: "invalid_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
}
"""What the framework refuses by itself."""

KEY_HEADER = "idempotency-key"


def status_of(error: errors.FluxError) -> int:
    """The status of what a client can be told; 500 is nobody's business outside."""
    return next((status for kind, status in STATUS_BY_ERROR if isinstance(error, kind)), 500)


OURS = ("missing", "string_", "int_", "bool_", "list_", "dict_", "too_", "enum", "literal_error",
        "greater_", "less_")  # fmt: skip
"""Kinds of validation error whose sentence holds nothing that the client wrote."""


def fault_of(first: Mapping[str, Any]) -> str:
    """Where a body is wrong and how, by its first validation error.

    What a client made up is not said again, neither its values nor the names of its fields.
    """
    known = first["loc"][:-1] if first["type"] == "extra_forbidden" else first["loc"]
    kind = str(first["type"])
    said = first["msg"] if kind.startswith(OURS) else kind
    return f"{'.'.join(str(part) for part in known)}: {said}"


def problem(
    status: int, code: str, title: str, detail: str, reason: str | None = None
) -> JSONResponse:
    """A problem document; a busy ledger says when to come back."""
    content = {
        "type": f"urn:flux:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": whole(detail),
    }
    if reason is not None:
        content["reason"] = reason
    headers = {"Retry-After": "1"} if status == 503 else None
    return JSONResponse(content, status, headers, MEDIA_TYPE)
