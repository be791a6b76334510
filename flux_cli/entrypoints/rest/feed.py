"""What happens, as server-sent events: which object changed, to be read where one may."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Header, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from flux_cli.entrypoints.cli.document import jsonable
from flux_cli.entrypoints.rest.call import Call, MayRead, room
from flux_cli.entrypoints.rest.outs import problems
from flux_cli.entrypoints.rest.problems import Refused
from flux_cli.usecases.follow_events import Heard, hear, newest_event
from flux_cli.usecases.ports import EventRecord

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

router = room("/v1", "events")

LOOKS_A_SECOND = 4
SECONDS_OF_SILENCE = 15.0
"""After so long a comment is sent, so that what lies between does not hang up."""

FEED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "events with `id`, `event` and `data` {id, seq, at, kind, subject, version}",
        "content": {"text/event-stream": {}},
    },
    **problems(422, 429),
}


@router.get("/events", response_class=StreamingResponse, responses=FEED)
async def events(
    call: MayRead,
    after: Annotated[int | None, Query(ge=0, le=2**62, description="An event's number.")] = None,
    follow: Annotated[bool, Query(description="Go on, or end at the newest.")] = True,
    last_event_id: Annotated[
        str | None, Header(pattern=r"^[0-9]{1,18}$", description="Wins over `after`.")
    ] = None,
) -> Response:
    """Follow what happens after an event; without one, from now on.

    A feed is ended after an hour, and where its key opens nothing any more: come again with the
    last event's id.
    """
    if not call.desk.feeds.acquire(blocking=False):
        raise Refused(429, "rate_limited", "too many feeds are open", retry_after=5)
    try:
        place = int(last_event_id) if last_event_id is not None else after
        if place is None:
            place = await run_in_threadpool(newest_event, call.deps)
    except BaseException:
        call.desk.feeds.release()
        raise
    return Feed(call, place, follow=follow)


class Feed(StreamingResponse):
    """Tells until it ends, and then makes room for another."""

    def __init__(self, call: Call, place: int, *, follow: bool) -> None:
        super().__init__(
            _told(call, place, follow=follow),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )
        self._room = call.desk.feeds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._room.release()


async def _told(call: Call, place: int, *, follow: bool) -> AsyncIterator[str]:
    ends = time.monotonic() + call.desk.limits.feed_seconds
    spoke = time.monotonic()
    while not call.desk.leaving.is_set() and time.monotonic() < ends:
        heard: Heard = await run_in_threadpool(hear, call.deps, call.key, place)
        for event in heard.events:
            yield _line(event)
            spoke = time.monotonic()
        if not heard.goes_on or (heard.place == place and not follow):
            return
        if heard.place == place:
            if time.monotonic() - spoke > SECONDS_OF_SILENCE:
                yield ":\n\n"
                spoke = time.monotonic()
            await asyncio.sleep(1 / LOOKS_A_SECOND)
        place = heard.place


def _line(event: EventRecord) -> str:
    data = {
        "id": event.id,
        "seq": event.seq,
        "at": event.at,
        "kind": event.kind,
        "subject": event.subject,
        "version": event.version,
        "run_id": event.run_id,
    }
    # JSON escapes what would end a line, so that nobody's text makes another event of it.
    return f"id: {event.seq}\nevent: {event.kind}\ndata: {json.dumps(jsonable(data))}\n\n"
