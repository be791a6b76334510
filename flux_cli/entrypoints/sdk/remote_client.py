"""The wire under the SDK's remote mode: one connection pool, with repetitions under one key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flux_cli.entrypoints.sdk import remote_asks, remote_holds
from flux_cli.entrypoints.sdk.remote_wire import (
    LARGEST_ANSWER,
    Again,
    Ask,
    Server,
    Talk,
    Told,
    again,
    carry,
    read_answer,
    unanswered,
)
from flux_cli.errors import ServerFailed

T = TypeVar("T")


def talk_of(name: str) -> Callable[..., Talk[Any]]:
    """What the SDK method of this name asks over HTTP."""
    found = getattr(remote_asks, name, None) or getattr(remote_holds, name)
    talk: Callable[..., Talk[Any]] = found
    return talk


class Remote:
    """A server that is asked from any thread; `close` lets go of its connections."""

    def __init__(self, server: Server) -> None:
        import httpx2

        self.server = server
        self._http = httpx2.Client(**_options(server))

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def call(self, talk: Talk[T]) -> T:
        """Carry one method's requests out, one after the other."""
        return carry(talk, self.send)

    def send(self, ask: Ask) -> Told:
        """One request, repeated with its key while it is not answered. Raises `ServerFailed`."""
        import httpx2
        import stamina

        try:
            for attempt in stamina.retry_context(
                on=again, attempts=self.server.attempts, timeout=None, wait_max=5.0
            ):
                with attempt:
                    return self._once(ask)
        except (Again, httpx2.HTTPError) as error:
            raise unanswered(error) from None
        raise AssertionError("the last attempt returns or raises")

    def _once(self, ask: Ask) -> Told:
        server = self.server
        with self._http.stream(
            ask.method,
            server.address(ask),
            params=dict(ask.query),
            headers=server.headers(ask),
            json=ask.body,
        ) as answer:
            data = bytearray()
            for piece in answer.iter_bytes():
                data += piece
                _bounded(data)
            return read_answer(answer.status_code, answer.headers, bytes(data))


class AsyncRemote:
    """The same for asyncio."""

    def __init__(self, server: Server) -> None:
        import httpx2

        self.server = server
        self._http = httpx2.AsyncClient(**_options(server))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def call(self, talk: Talk[T]) -> T:
        """Carry one method's requests out, one after the other."""
        try:
            ask = next(talk)
            while True:
                ask = talk.send(await self.send(ask))
        except StopIteration as end:
            result: T = end.value
            return result

    async def send(self, ask: Ask) -> Told:
        """One request, repeated with its key while it is not answered. Raises `ServerFailed`."""
        import httpx2
        import stamina

        try:
            async for attempt in stamina.retry_context(
                on=again, attempts=self.server.attempts, timeout=None, wait_max=5.0
            ):
                with attempt:
                    return await self._once(ask)
        except (Again, httpx2.HTTPError) as error:
            raise unanswered(error) from None
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, ask: Ask) -> Told:
        server = self.server
        async with self._http.stream(
            ask.method,
            server.address(ask),
            params=dict(ask.query),
            headers=server.headers(ask),
            json=ask.body,
        ) as answer:
            data = bytearray()
            async for piece in answer.aiter_bytes():
                data += piece
                _bounded(data)
            return read_answer(answer.status_code, answer.headers, bytes(data))


def _bounded(data: bytearray) -> None:
    if len(data) > LARGEST_ANSWER:
        raise ServerFailed(f"the server answers with more than {LARGEST_ANSWER} bytes")


def _options(server: Server) -> dict[str, Any]:
    """How a connection is made: to this address only, with the certificate checked.

    Nothing is taken from the environment and no redirect is followed, so the key goes to no proxy
    and to no other server. On this machine itself there is no TLS, and no certificates are read.
    """
    import httpx2

    return {
        "timeout": server.timeout,
        "follow_redirects": False,
        "trust_env": False,
        "verify": server.url.startswith("https:"),
        "limits": httpx2.Limits(max_connections=32, max_keepalive_connections=16),
    }
