"""Connections to judged addresses alone: what was looked up and judged is what is connected to.

A name is resolved once for each connection. Each of its addresses is judged, by what it is and
not by how it was written, and the socket is opened to the address itself; a name that resolves
to something else a moment later (DNS rebinding) changes nothing. (ATTACKS 125)
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable

import httpcore2

from flux_cli.domain.web_addresses import is_loopback, refused_address

Resolve = Callable[[str, int], list[str]]


class Refused(Exception):
    """An address that nothing may be sent to."""


class TooSlow(httpcore2.TimeoutException):
    """All of the time that one message may take is over."""


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host, as the system knows it."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(f"{host} has no address") from error
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


class Deadline:
    """How much of one message's time is left."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """In seconds; raises `TooSlow` where there is none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TooSlow("the time that a message may take is over")
        return left


class JudgedNetwork(httpcore2.NetworkBackend):
    """Opens connections for one message. `plain` messages go to this machine alone."""

    def __init__(
        self, deadline: Deadline, *, private: bool, plain: bool, resolve: Resolve = resolve
    ) -> None:
        self._deadline = deadline
        self._private = private
        self._plain = plain
        self._resolve = resolve
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is shorter
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """A stream to the first judged address that answers; raises `Refused`, `ConnectError`."""
        addresses = self._resolve(host, port)
        for address in addresses:
            why = refused_address(address, private=self._private)
            if why is None and self._plain and not is_loopback(address):
                why = "not this machine, and http is unencrypted"
            if why is not None:
                raise Refused(f"{host} is {address}, {why}")
        failure: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                left = self._deadline.left()
                stream = self._sockets.connect_tcp(
                    address, port, timeout=left, socket_options=socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
                continue
            return TimedStream(stream, self._deadline)
        raise failure


class TimedStream(httpcore2.NetworkStream):
    """A stream whose every step has what is left of the one deadline, however slow its drip."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """What has arrived; raises `TooSlow`."""
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Send all of it; raises `TooSlow`."""
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: object,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        """Encrypt it; the certificate is checked against the name, not the address."""
        left = self._deadline.left()
        inner = self._stream.start_tls(ssl_context, server_hostname, left)  # type: ignore[arg-type]
        return TimedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> object:
        """What the stream below knows."""
        return self._stream.get_extra_info(info)
