"""How the server says no: problem documents with stable codes (RFC 9457)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from flux_cli import errors
from flux_cli.entrypoints.cli.document import jsonable
from flux_cli.entrypoints.http.problem import (
    CODES,
    KEY_HEADER,
    MEDIA_TYPE,
    fault_of,
    problem,
    status_of,
)

if TYPE_CHECKING:
    from starlette.requests import Request

TITLES = {
    400: "Not understood",
    401: "Who are you?",
    402: "Not paid",
    403: "Not allowed",
    404: "Not found",
    409: "Not now",
    422: "Not understood",
    429: "Too many",
    503: "Busy",
}


class Refused(Exception):
    """The server's own no, or a use case's that carries an object; `extras` are its members."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        extras: dict[str, object] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.extras = extras or {}
        self.retry_after = retry_after

    def response(self) -> JSONResponse:
        """The problem document."""
        return said(self.status, self.code, self.detail, self.extras, self.retry_after)


def not_found(what: str) -> Refused:
    """The same answer for what is not there and for what is somebody else's."""
    return Refused(404, "not_found", f"there is no such {what}")


def problem_of(status: int, code: str, detail: str, extras: dict[str, object]) -> dict[str, object]:
    """A problem document's members; its own come first and are nobody's to replace."""
    told = jsonable(extras)
    assert isinstance(told, dict), "a mapping is told as an object"
    return told | {
        "type": f"urn:flux:problem:{code}",
        "title": TITLES.get(status, "Refused"),
        "status": status,
        "code": code,
        "detail": detail,
    }


def said(
    status: int,
    code: str,
    detail: str,
    extras: dict[str, object] | None = None,
    retry_after: int | None = None,
) -> JSONResponse:
    """A problem document as a response; one that may be repeated says when."""
    if status == 503 and retry_after is None:
        retry_after = 1
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return JSONResponse(problem_of(status, code, detail, extras or {}), status, headers, MEDIA_TYPE)


async def of_refusal(_: Request, error: Exception) -> JSONResponse:
    """A no of the server's own."""
    assert isinstance(error, Refused), "it is registered for nothing else"
    return error.response()


async def of_error(request: Request, error: Exception) -> JSONResponse:
    """A failure of a use case, where a client can be told of it."""
    assert isinstance(error, errors.FluxError), "it is registered for nothing else"
    status = status_of(error)
    if status == 500:
        return await of_bug(request, error)
    code = "idempotency_conflict" if isinstance(error, errors.KeyReused) else error.code
    # A path of this machine is in the message of a failure of its disk; it stays here.
    detail = "the ledger is busy; try again" if status == 503 else error.message
    return said(status, code, detail)


async def of_bug(_: Request, __: Exception) -> JSONResponse:
    """What nobody foresaw; the log says where it was."""
    return problem(500, "failed", "Failed", "the server could not do this")


async def of_validation(_: Request, error: Exception) -> JSONResponse:
    """Where a request is wrong, without what it held."""
    from fastapi.exceptions import RequestValidationError

    assert isinstance(error, RequestValidationError), "it is registered for nothing else"
    faults = error.errors()
    keyed = [one for one in faults if str(one["loc"][-1]).lower() == KEY_HEADER]
    if keyed and keyed[0]["type"] == "missing":
        detail = "send a header Idempotency-Key; the same key is carried out once"
        return said(400, "idempotency_key_required", detail)
    if keyed:
        detail = "an Idempotency-Key is 1 to 255 visible ASCII characters"
        return said(400, "idempotency_key_invalid", detail)
    return said(422, "invalid_request", fault_of(faults[0]))


async def of_http(_: Request, error: Exception) -> JSONResponse:
    """A path, method or body that the framework itself refuses."""
    from starlette.exceptions import HTTPException

    assert isinstance(error, HTTPException), "it is registered for nothing else"
    response = said(error.status_code, CODES.get(error.status_code, "refused"), str(error.detail))
    response.headers.update(error.headers or {})  # such as Allow
    return response
