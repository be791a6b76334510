"""How an HTTP front end says no: problem documents (RFC 9457)."""

from __future__ import annotations

from starlette.responses import JSONResponse

from flux_cli.domain.text import whole

MEDIA_TYPE = "application/problem+json"


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
