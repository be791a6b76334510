"""Serving a stall over HTTP, one thread a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol


class Reply(Protocol):
    """One HTTP answer."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


Answer = Callable[[str, str | None], Reply]
"""(address, the header that pays) to an answer."""


def stall_server(answer: Answer, host: str = "127.0.0.1", port: int = 0) -> ThreadingHTTPServer:
    """A server of `answer`, bound and not yet serving; `port` 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "flux"
        timeout = 30

        def do_GET(self) -> None:
            place = self.headers.get("host", "")
            reply = answer(f"http://{place}{self.path}", self.headers.get("PAYMENT-SIGNATURE"))
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing: what buyers send is not for the terminal."""

    return ThreadingHTTPServer((host, port), Handler)
