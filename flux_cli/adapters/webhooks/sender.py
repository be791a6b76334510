"""One POST to an endpoint: judged, bounded in time and in what is read, and never redirected."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

import httpcore2

from flux_cli.adapters.webhooks.guard import Deadline, JudgedNetwork, Refused, Resolve, resolve
from flux_cli.domain.text import visible
from flux_cli.domain.webhooks import LONGEST_SAID
from flux_cli.usecases.webhook_ports import Answer

SECONDS = 15.0
"""For all of one message, from looking up the name to the end of the answer."""

MOST_READ = 2048
"""Bytes of an answer's body; the rest is left unread."""

_FAILURES = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol)


class HttpSender:
    """POST by httpcore2, one connection a message; no proxy of the environment is used."""

    def __init__(
        self,
        *,
        seconds: float = SECONDS,
        resolve: Resolve = resolve,
        trusting: ssl.SSLContext | None = None,
    ) -> None:
        self._seconds = seconds
        self._resolve = resolve
        self._trusting = trusting

    def send(
        self, url: str, headers: Sequence[tuple[str, str]], body: bytes, *, private: bool
    ) -> Answer:
        """One POST; what goes wrong is in the answer, with status 0 where there was none."""
        plain = urlsplit(url).scheme == "http"
        deadline = Deadline(self._seconds)
        network = JudgedNetwork(deadline, private=private, plain=plain, resolve=self._resolve)
        try:
            with self._pool(network) as pool:
                return _posted(pool, url, headers, body)
        except Refused as error:
            return Answer(0, visible(f"not sent: {error}")[:LONGEST_SAID])
        except httpcore2.TimeoutException:
            return Answer(0, f"no whole answer within {self._seconds:g} s")
        except _FAILURES as error:
            said = str(error) or type(error).__name__
            return Answer(0, visible(f"no answer: {said}")[:LONGEST_SAID])

    def _pool(self, network: JudgedNetwork) -> httpcore2.ConnectionPool:
        if self._trusting is None:
            # Reading the system's certificates costs more than most messages: once is enough.
            self._trusting = httpcore2.default_ssl_context()
        return httpcore2.ConnectionPool(
            ssl_context=self._trusting,
            max_connections=1,
            max_keepalive_connections=0,
            network_backend=network,
        )


def _posted(
    pool: httpcore2.ConnectionPool, url: str, headers: Sequence[tuple[str, str]], body: bytes
) -> Answer:
    sent = [
        ("host", urlsplit(url).netloc),
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("user-agent", "flux-webhooks/1"),
        *headers,
    ]
    with pool.stream("POST", url, headers=sent, content=body) as response:
        taken = bytearray()
        for part in response.iter_stream():
            taken += part[: MOST_READ - len(taken)]
            if len(taken) >= MOST_READ:
                break
        answered = {name.lower(): value for name, value in response.headers}
        said = visible(bytes(taken).decode("utf-8", "replace"))[:LONGEST_SAID]
        if 300 <= response.status < 400:
            said = "it answers with another address, which is not followed"
        return Answer(response.status, said, _retry_after(answered.get(b"retry-after", b"")))


def _retry_after(value: bytes) -> timedelta | None:
    """The seconds that a receiver asks for; a date, which hardly any sends, is passed over."""
    text = value.strip()
    return timedelta(seconds=int(text)) if text.isdigit() and len(text) <= 6 else None
