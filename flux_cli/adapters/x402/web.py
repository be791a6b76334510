"""Asking a seller over HTTP, with nothing followed, believed or left running."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flux_cli.adapters.x402 import wire
from flux_cli.domain.text import visible
from flux_cli.errors import ShopFailed, ShopRefused
from flux_cli.usecases.web_ports import Signed, WebAnswer

if TYPE_CHECKING:
    import httpx2

LARGEST_BODY = 20_000_000


class HttpWeb:
    """GET by httpx2; the proxies of the environment are not used, and no connection is kept."""

    def __init__(self) -> None:
        self._opened: httpx2.Client | None = None

    def ask(self, url: str, header: str = "", *, seconds: float) -> WebAnswer:
        """One GET, ended after `seconds` in all. Raises `ShopFailed`, `ShopRefused`."""
        import httpx2

        sent = {"accept": "*/*", "user-agent": "flux"}
        if header:
            sent[wire.SIGNATURE] = header
        seconds = max(seconds, 0.1)
        deadline = time.monotonic() + seconds
        try:
            with self._client().stream("GET", url, headers=sent, timeout=seconds) as reply:
                body = bytearray()
                for part in reply.iter_bytes():
                    body += part
                    if len(body) > LARGEST_BODY:
                        raise ShopRefused("the answer is larger than 20 MB", subject=url)
                    if time.monotonic() > deadline:
                        raise ShopFailed("the answer took too long", subject=url)
                return _answer(url, reply.status_code, dict(reply.headers), bytes(body))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            said = visible(f"{type(error).__name__}: {error}")[:200]
            raise ShopFailed(f"no whole answer came ({said})", subject=url) from None

    def _client(self) -> httpx2.Client:
        """The one client: reading the certificates anew costs more than most requests."""
        import httpx2

        if self._opened is None:
            limits = httpx2.Limits(max_keepalive_connections=0)
            self._opened = httpx2.Client(follow_redirects=False, trust_env=False, limits=limits)
        return self._opened

    def header(self, payment: Signed) -> str:
        """The payment as the header's text."""
        return wire.write_payment(payment)


def _answer(url: str, status: int, headers: dict[str, str], body: bytes) -> WebAnswer:
    """The answer with its protocol headers read."""
    found = {name.lower(): value for name, value in headers.items()}
    if 300 <= status < 400:
        said = "the seller sends you elsewhere; money is sent only to the address you named"
        raise ShopRefused(said, subject=url)
    required, response = found.get(wire.REQUIRED.lower()), found.get(wire.RESPONSE.lower())
    try:
        demanded = None if required is None else wire.read_required(required)
        claim = None if response is None else wire.read_claim(response)
    except wire.Unreadable as error:
        said = f"the seller's payment header cannot be read: {visible(str(error))[:200]}"
        raise ShopRefused(said, subject=url) from None
    media = visible(found.get("content-type", ""))[:100]
    return WebAnswer(status, demanded, claim, media, body)
