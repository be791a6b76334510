"""One request to one server: bounded in size, never redirected, its failures named.

This speaks HTTP itself: the vendor's client takes a second to load, follows redirects, reads
error bodies of any size, and adds headers from variables that were meant for another provider.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from flux_cli.adapters.brains.llm.endpoint import Endpoint, NoAnswer
from flux_cli.domain.quorum import BallotError

if TYPE_CHECKING:
    import httpx2

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
"""Statuses that may pass."""

SOON = 0.25
LONGEST_WAIT = 60.0


def open_client() -> httpx2.AsyncClient:
    """A client for every provider; whoever opens it uses it in one event loop."""
    import httpx2  # 0.1 s that only a command that asks a model pays

    return httpx2.AsyncClient(
        follow_redirects=False,
        timeout=None,  # every request has a deadline of its own, which a dribble does not reset
        limits=httpx2.Limits(max_connections=64, max_keepalive_connections=16),
    )


async def post(
    client: httpx2.AsyncClient, endpoint: Endpoint, secret: str | None, body: dict[str, Any]
) -> bytes:
    """The answer's bytes. Raises `NoAnswer`; a deadline cancels it at any byte."""
    import httpx2

    headers = {"content-type": "application/json", "accept-encoding": "identity"}
    if secret is not None:
        headers["authorization"] = f"Bearer {secret}"
    try:
        async with asyncio.timeout(endpoint.request_seconds):
            async with client.stream(
                "POST", endpoint.url, content=json.dumps(body).encode(), headers=headers
            ) as response:
                _accept(response)
                return await _bounded(response, endpoint.most_bytes)
    except TimeoutError:
        late = f"no answer in {endpoint.request_seconds:g} s"
        raise NoAnswer(BallotError.TIMEOUT, late, again_after=SOON) from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        # Its text may quote what was sent; its kind does not.
        kind = type(error).__name__
        raise NoAnswer(BallotError.TRANSPORT, kind, again_after=SOON) from None


def _accept(response: httpx2.Response) -> None:
    status = response.status_code
    if status in BUSY:
        after = _seconds(response.headers.get("retry-after", ""))
        raise NoAnswer(BallotError.TRANSPORT, f"status {status}", again_after=after, status=status)
    if status != 200:
        raise NoAnswer(BallotError.TRANSPORT, f"status {status}", status=status)
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise NoAnswer(BallotError.SCHEMA, "the answer is compressed")


def _seconds(text: str) -> float:
    """What `Retry-After` asks for, at least a moment; a date in it is waited for a second."""
    if text.strip().isdecimal() and len(text) < 6:
        return min(max(float(text), SOON), LONGEST_WAIT)
    return 1.0 if text.strip() else SOON


async def _bounded(response: httpx2.Response, most: int) -> bytes:
    whole = bytearray()
    async for chunk in response.aiter_raw():
        whole += chunk
        if len(whole) > most:
            raise NoAnswer(BallotError.SCHEMA, f"the answer is longer than {most} bytes")
    return bytes(whole)
