"""The simulated shops' HTTP interface: each shop's ACP checkout below its name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from flux_cli.entrypoints.http.guard import Guard, Log

if TYPE_CHECKING:
    from flux_cli.bootstrap import ShopDesk

MOST_BODY_BYTES = 1_000_000
VERSIONS = ("2026-01-30", "2026-04-17")
"""Of the Agentic Commerce Protocol; a client that names none gets the last."""


def retailers_app(desks: Mapping[str, ShopDesk], log: Log) -> Guard:
    """The shops as an ASGI application: `/amazon/checkout_sessions` and so on."""

    async def answer(request: Request) -> JSONResponse:
        version = request.headers.get("API-Version", VERSIONS[-1])
        if version not in VERSIONS:
            return _wrong_version(version)
        desk = desks.get(request.path_params["shop"])
        if desk is None:
            return _refused(404, "not_found", "there is no such shop")
        try:
            body = await _body(request)
        except ValueError as error:
            return _refused(400, "invalid", str(error))
        key = request.headers.get("Idempotency-Key", "")
        path = "/" + request.path_params["path"]
        status, found, headers = await run_in_threadpool(desk, request.method, path, key, body)
        if request_id := request.headers.get("Request-Id"):
            headers = {**headers, "Request-Id": request_id[:200]}
        return JSONResponse(found, status, headers=dict(headers))

    route = Route("/{shop}/{path:path}", answer, methods=["GET", "POST", "PUT", "PATCH"])
    app = Starlette(routes=[route], exception_handlers={404: _no_route, 405: _no_route})
    return Guard(app, log, MOST_BODY_BYTES)


async def _no_route(request: Request, _: Exception) -> JSONResponse:
    if "shop" in request.path_params:
        return _refused(405, "method_not_allowed", "that method is not answered here")
    return _refused(404, "not_found", "a shop's paths begin with its name")


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object that was sent; raises `ValueError`."""
    data = b""
    async for piece in request.stream():
        data += piece
        if len(data) > MOST_BODY_BYTES:
            raise ValueError(f"a body is at most {MOST_BODY_BYTES} bytes")
    if not data:
        return {}
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("a body is JSON") from None
    if not isinstance(found, dict):
        raise ValueError("a body is a JSON object")
    return found


def _wrong_version(version: str) -> JSONResponse:
    message = f"{version[:40]!r} is no version that is spoken here"
    content = {"type": "invalid_request", "code": "unsupported_api_version", "message": message}
    return JSONResponse(content | {"supported_versions": list(VERSIONS)}, 400)


def _refused(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"type": "invalid_request", "code": code, "message": message}, status)
