"""One request on its way to the use cases: whose it is, what it may do, and how often."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import APIRouter, Depends, Header, Request, Security
from fastapi.security import HTTPBearer
from pydantic import BaseModel, StringConstraints
from starlette.responses import JSONResponse, Response

from flux_cli.domain.api_keys import HOUSE, ApiKey, Scope
from flux_cli.domain.canonical import digest
from flux_cli.entrypoints.cli.document import jsonable
from flux_cli.entrypoints.http.problem import MEDIA_TYPE
from flux_cli.entrypoints.rest.door import SLASH, Limits
from flux_cli.entrypoints.rest.outs import ALWAYS, problems
from flux_cli.entrypoints.rest.problems import Refused, not_found, problem_of
from flux_cli.usecases.api_keys import Sight, sight_of
from flux_cli.usecases.api_replies import (
    engine_key,
    found_reply,
    keep_reply,
    reply_in,
    reply_slot,
)

if TYPE_CHECKING:
    from flux_cli.usecases.ports import Deps, Reader, Transaction

T = TypeVar("T")

WAITS = 202
"""It is not decided yet: the same key may be answered otherwise once it is."""

IdempotencyKey = Annotated[
    str,
    Header(alias="Idempotency-Key", description="The same key is carried out once."),
    StringConstraints(min_length=1, max_length=255, pattern=r"^[!-~]+$"),
]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered: a document, or of a denial a problem with the object in it."""

    status: int
    body: Mapping[str, object]

    @property
    def text(self) -> str:
        """The document's JSON."""
        return json.dumps(jsonable(self.body), ensure_ascii=False, separators=(",", ":"))


def denied(code: str, detail: str, **extras: object) -> Answer:
    """A denial: it was judged, it is kept, and the same key gets it again."""
    return Answer(403, problem_of(403, code, detail, extras))


@dataclass(frozen=True, slots=True)
class Desk:
    """What all requests of one server share."""

    deps: Deps
    limits: Limits
    leaving: threading.Event
    feeds: threading.Semaphore
    _under_way: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def alone(self, slot: str) -> Iterator[None]:
        """Carry a key out in one thread at a time; raises `Refused` in the others."""
        with self._lock:
            if slot in self._under_way:
                detail = "this Idempotency-Key is being carried out; repeat it in a moment"
                raise Refused(409, "idempotency_in_flight", detail, retry_after=1)
            self._under_way.add(slot)
        try:
            yield
        finally:
            with self._lock:
                self._under_way.discard(slot)


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the server's desk, the key that was shown, and the path."""

    desk: Desk
    key: ApiKey
    path: str

    @property
    def deps(self) -> Deps:
        """What the use cases take."""
        return self.desk.deps

    @property
    def sight(self) -> Sight:
        """Whose agents the key sees."""
        return sight_of(self.key)

    def agent(self, reader: Reader, name: str) -> str:
        """The name of an agent that the key acts for; raises `Refused` for every other."""
        name = name.replace(SLASH, "/")
        if not self.sight.sees(reader, name):
            raise not_found("agent")
        return name

    def own(self, reader: Reader, found: T | None, names: tuple[str, ...], what: str) -> T:
        """What was found, if one of the agents it concerns is seen; else `Refused` as unknown."""
        if found is None or not self.sight.sees_any(reader, names):
            raise not_found(what)
        return found

    def once(
        self,
        key: str,
        form: BaseModel,
        carry_out: Callable[[str], Answer],
        *,
        said: str | None = None,
    ) -> Response:
        """Carry a request out once for its key, and answer its repetitions as the first.

        What the engine below is given follows from the key too, so that a request whose server
        died before it answered is found there and not done again. `said` names what the form
        holds where a plain hash of it must not be kept.
        """
        said = said or _digest(form)
        slot = self._slot(key)
        with self.desk.alone(slot):
            found = found_reply(self.deps, slot)
            if found is not None:
                if found.request_digest != said:
                    detail = "this Idempotency-Key already names another request"
                    raise Refused(422, "idempotency_conflict", detail)
                return _response(found.status, found.body, {"Idempotent-Replayed": "true"})
            answer = carry_out(engine_key(self.key.owner, HOUSE, key))
            if answer.status == WAITS:
                return _response(answer.status, answer.text)
            # It may be kept with its effect, or another server was first: both say what it said.
            kept = keep_reply(self.deps, slot, said, answer.status, answer.text)
            return _response(kept.status, kept.body)

    def keep(self, tx: Transaction, key: str, form: BaseModel, answer: Answer) -> None:
        """Keep the answer in the transaction of its effect, if it is the last word."""
        if answer.status != WAITS:
            reply_in(tx, self._slot(key), _digest(form), answer.status, answer.text)

    def _slot(self, key: str) -> str:
        return reply_slot(self.key.owner, f"{self.path} {self.key.agent or ''}", key)


def _response(status: int, body: str, headers: Mapping[str, str] | None = None) -> Response:
    """A kept document as a response; problems say that they are."""
    return Response(body, status, headers, MEDIA_TYPE if status >= 400 else "application/json")


def _digest(form: BaseModel) -> str:
    """What a form holds: its metadata is the program's own, and may have numbers of any kind."""
    values = json.dumps(form.model_dump(mode="json"), sort_keys=True)
    return digest([type(form).__name__, values])


def told(name: str, fields: Mapping[str, object], version: int = 1) -> dict[str, object]:
    """An object as JSON: `object`, `id`, `schema`, then its fields."""
    head: dict[str, object] = {"object": name}
    if "id" in fields:
        head["id"] = fields["id"]
    head["schema"] = f"flux.{name}/{version}"
    rest = {field: jsonable(value) for field, value in fields.items() if field not in head}
    return head | rest


def shown(body: Mapping[str, object], status: int = 200) -> Response:
    """A document as it is read; nothing is kept of the answer."""
    return JSONResponse(jsonable(body), status)


def listed(rows: list[dict[str, object]], following: str | None) -> Response:
    """A page of objects; `following` is the cursor of the next."""
    return shown(
        {
            "object": "list",
            "schema": "flux.list/1",
            "data": rows,
            "has_more": following is not None,
            "next": following,
        }
    )


def _check_query(request: Request) -> None:
    """Refuse a parameter that the route has not, and one that is sent twice."""
    known = {field.alias for field in request.scope["route"].dependant.query_params}
    sent = [name for name, _ in request.query_params.multi_items()]
    if not set(sent) <= known or len(set(sent)) < len(sent):
        raise Refused(422, "invalid_request", "query: unknown or repeated parameter")


def _may(scope: Scope) -> Callable[[Request], Call]:
    async def call(request: Request) -> Call:
        key: ApiKey = request.state.key
        if not key.allows(scope):
            raise Refused(403, "scope_missing", f"this key has not the scope {scope}")
        _check_query(request)
        return Call(request.app.state.desk, key, request.scope["path"])

    return call  # type: ignore[return-value]  # FastAPI awaits it


KEY = HTTPBearer(auto_error=False, scheme_name="key", description="flux_test_… or flux_live_…")


def room(prefix: str, tag: str) -> APIRouter:
    """A router for one kind of resource, which needs a key and may say no in the usual ways."""
    return APIRouter(
        prefix=prefix, tags=[tag], dependencies=[Security(KEY)], responses=problems(*ALWAYS)
    )


MayRead = Annotated[Call, Depends(_may(Scope.READ))]
MayPropose = Annotated[Call, Depends(_may(Scope.PROPOSE))]
MayPay = Annotated[Call, Depends(_may(Scope.PAY))]
MayUseCards = Annotated[Call, Depends(_may(Scope.CARDS))]
MayAdminister = Annotated[Call, Depends(_may(Scope.ADMIN))]
