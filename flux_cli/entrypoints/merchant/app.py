"""The merchant's HTTP interface; its OpenAPI description is at /openapi.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Header, Query
from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints
from starlette.exceptions import HTTPException

from flux_cli.domain.card_network import Authorization, Declined, Presented
from flux_cli.domain.money import Money, find_asset
from flux_cli.entrypoints.http.guard import Guard, Log
from flux_cli.entrypoints.http.problem import MEDIA_TYPE
from flux_cli.entrypoints.merchant.forms import (
    AuthorizationOut,
    AuthorizationsOut,
    CaptureForm,
    CardForm,
    ChargeForm,
    ForcePostForm,
    HealthOut,
    PartForm,
    ProblemOut,
    told,
)
from flux_cli.entrypoints.merchant.problems import (
    NotTaken,
    of_bug,
    of_decline,
    of_error,
    of_http,
    of_validation,
)
from flux_cli.errors import FluxError

if TYPE_CHECKING:
    from flux_cli.usecases.merchant import Till

MOST_BODY_BYTES = 16 * 1024

Key = Annotated[
    str,
    Header(alias="Idempotency-Key", description="The same key is carried out once."),
    StringConstraints(min_length=1, max_length=128, pattern=r"^[!-~]+$"),
]
Limit = Annotated[int, Query(ge=1, le=100)]
PROBLEM = ProblemOut.model_json_schema()
SAYS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": why,
        "content": {MEDIA_TYPE: {"schema": ProblemOut.model_json_schema()}},
    }
    for status, why in (
        (402, "the card does not pay; `reason` says why"),
        (404, "no such authorisation of this merchant"),
        (409, "the authorisation does not allow it; `reason` says why"),
        (422, "not understood, or the key names another request"),
    )
}


def merchant_app(till: Till, log: Log) -> Guard:
    """The merchant as an ASGI application; `log` gets one line an answer."""
    app = FastAPI(
        title=f"{till.merchant}: a SIMULATED merchant",
        version="1",
        summary="Charges SIMULATED one-time cards. No money here is real.",
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        # A trace, a metric or a log of the framework's could carry a card away.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        max_body_size=MOST_BODY_BYTES,
        exception_handlers={
            RequestValidationError: of_validation,
            HTTPException: of_http,
            FluxError: of_error,
            NotTaken: of_decline,
            Exception: of_bug,
        },
    )
    _reading(app, till)
    _charging(app, till)
    return Guard(app, log, MOST_BODY_BYTES)


def _taken(answer: Authorization | Declined) -> AuthorizationOut:
    if isinstance(answer, Declined):
        raise NotTaken(answer)
    return told(answer)


def _reading(app: FastAPI, till: Till) -> None:
    @app.get("/health")
    def health() -> HealthOut:
        """Say that the merchant answers."""
        return HealthOut(merchant=till.merchant, category=till.category)

    @app.get("/v1/authorizations")
    def list_authorizations(limit: Limit = 20) -> AuthorizationsOut:
        """The merchant's latest authorisations."""
        return AuthorizationsOut(data=[told(one) for one in till.latest(limit)])

    @app.get("/v1/authorizations/{authorization_id}", responses={404: SAYS[404]})
    def show_authorization(authorization_id: str) -> AuthorizationOut:
        """One authorisation as it stands."""
        return told(till.find(authorization_id))


def _charging(app: FastAPI, till: Till) -> None:
    @app.post("/v1/charges", status_code=201, responses={n: SAYS[n] for n in (402, 422)})
    def charge(form: ChargeForm, key: Key) -> AuthorizationOut:
        """Authorise a purchase, and capture it at once unless `capture` is false."""
        amount = Money(form.amount_minor, find_asset(form.currency))
        # Nothing can be captured of a check whether the card is good.
        capture = form.capture and amount.units > 0
        return _taken(till.charge(_shown(form.card), amount, key, capture=capture))

    @app.post("/v1/force_posts", status_code=201, responses={n: SAYS[n] for n in (402, 422)})
    def force_post(form: ForcePostForm, key: Key) -> AuthorizationOut:
        """Post without an authorisation, or above one, as an acquirer may; of what is left."""
        amount = Money(form.amount_minor, find_asset(form.currency))
        return _taken(till.force_post(_shown(form.card), amount, key))

    @app.post("/v1/authorizations/{authorization_id}/capture", responses=SAYS)
    def capture(authorization_id: str, form: CaptureForm, key: Key) -> AuthorizationOut:
        """Capture an authorisation, or a part of it."""
        part = _part(till, authorization_id, form.amount_minor)
        return _taken(till.capture(authorization_id, part, key, final=form.final))

    @app.post("/v1/authorizations/{authorization_id}/reverse", responses=SAYS)
    def reverse(authorization_id: str, form: PartForm, key: Key) -> AuthorizationOut:
        """Let go of what is authorised and not captured, or of a part of it."""
        part = _part(till, authorization_id, form.amount_minor)
        return _taken(till.reverse(authorization_id, part, key))

    @app.post("/v1/authorizations/{authorization_id}/refund", responses=SAYS)
    def refund(authorization_id: str, form: PartForm, key: Key) -> AuthorizationOut:
        """Give back what was captured, or a part of it, even after the card has ended."""
        part = _part(till, authorization_id, form.amount_minor)
        return _taken(till.refund(authorization_id, part, key))


def _shown(card: CardForm) -> Presented:
    return Presented(card.number, card.expiry, card.cvv)


def _part(till: Till, authorization_id: str, units: int | None) -> Money | None:
    asset = till.find(authorization_id).amount.asset
    return None if units is None else Money(units, asset)
