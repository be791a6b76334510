"""The server's application; its OpenAPI description is at /openapi.json."""

from __future__ import annotations

import threading
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException

from flux_cli.entrypoints.http.guard import Guard, Log
from flux_cli.entrypoints.http.problem import MEDIA_TYPE
from flux_cli.entrypoints.rest import (
    agents,
    cards,
    escrows,
    feed,
    ledger,
    payments,
    records,
    shopping,
    streams,
)
from flux_cli.entrypoints.rest.call import Desk
from flux_cli.entrypoints.rest.door import Door, Limits
from flux_cli.entrypoints.rest.outs import HealthOut, Problem
from flux_cli.entrypoints.rest.problems import (
    Refused,
    of_bug,
    of_error,
    of_http,
    of_refusal,
    of_validation,
)
from flux_cli.errors import FluxError

if TYPE_CHECKING:
    from flux_cli.usecases.ports import Deps

API_VERSION = "1"

ROUTERS = (
    agents.router,
    payments.router,
    escrows.router,
    streams.router,
    cards.router,
    ledger.router,
    records.router,
    feed.router,
    shopping.router,
)


def rest_app(
    deps: Deps,
    log: Log,
    limits: Limits = Limits(),  # noqa: B008 - immutable
    leaving: threading.Event | None = None,
) -> Guard:
    """The use cases as an ASGI application; `log` gets one line an answer.

    Feeds go on until `leaving` is set.
    """
    app = api(limits.body_bytes)
    feeds = threading.Semaphore(limits.feeds)
    app.state.desk = Desk(deps, limits, leaving or threading.Event(), feeds)
    return Guard(Door(app, deps, limits), log, limits.body_bytes)


def api(body_bytes: int = Limits().body_bytes) -> FastAPI:
    """The routes, with nothing behind them yet and nobody before them."""
    app = FastAPI(
        title="Flux",
        version=API_VERSION,
        summary="Money for AI agents: wallets, limits, votes, cards. What is simulated says so.",
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        max_body_size=body_bytes,
        exception_handlers={
            RequestValidationError: of_validation,
            HTTPException: of_http,
            Refused: of_refusal,
            FluxError: of_error,
            Exception: of_bug,
        },
    )
    _porch(app)
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    app.openapi = lambda: description(app)  # type: ignore[method-assign]
    return app


def description(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes
        )
        made["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        made["components"]["responses"] = {}
        for path in made["paths"].values():
            for operation in path.values():
                _share(operation["responses"], made["components"]["responses"])
        app.openapi_schema = made
    return app.openapi_schema


def _share(responses: dict[str, Any], shared: dict[str, Any]) -> None:
    """Describe each problem once, and refer to it."""
    for status, response in responses.items():
        if MEDIA_TYPE in response.get("content", {}):
            shared[f"Problem{status}"] = response
            responses[status] = {"$ref": f"#/components/responses/Problem{status}"}


def _porch(app: FastAPI) -> None:
    @app.get("/", response_model=HealthOut, tags=["server"])
    @app.get("/health", response_model=HealthOut, tags=["server"])
    def health() -> HealthOut:
        """Say that the server answers."""
        return HealthOut(version=_version())


def _version() -> str:
    try:
        return version("flux-agents")
    except PackageNotFoundError:
        return "0"
