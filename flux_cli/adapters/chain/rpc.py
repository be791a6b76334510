"""Asking the nodes of a chain: several of them, one after the other, never too fast.

web3's provider carries the requests, with its own repeating switched off: it would repeat a
broadcast that had arrived.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flux_cli.errors import ChainUnavailable, Fix

T = TypeVar("T")
Asked = Callable[[str, list[Any]], Any]
ROUNDS = 3
LONGEST_PAUSE = 4.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Reverted(Exception):
    """A call that the contract refused; the message is the node's."""


def is_loopback(url: str) -> bool:
    """Whether an address is of this machine."""
    return urlsplit(url).hostname in LOOPBACK


@dataclass(slots=True)
class Node:
    """One address of the chain: when it may be asked next, and how it is asked."""

    url: str
    pace_seconds: float
    timeout_seconds: float
    _asked: Asked | None = None
    _next: float = field(default=0.0)

    def ask(self, method: str, params: list[Any]) -> Any:
        """The result of one request. Raises whatever the way there raises, and `Reverted`."""
        now = time.monotonic()
        if now < self._next:
            time.sleep(self._next - now)
        self._next = time.monotonic() + self.pace_seconds
        if self._asked is None:
            self._asked = _provider(self.url, self.timeout_seconds)
        reply = self._asked(method, params)
        if not isinstance(reply, dict):
            raise TypeError("an answer is an object")
        error = reply.get("error")
        if error:
            message = str(error.get("message", "")) if isinstance(error, dict) else str(error)
            code = error.get("code") if isinstance(error, dict) else None
            if code == 3 or "revert" in message.lower():
                raise Reverted(message[:300])
            raise ConnectionError(message[:300])
        return reply["result"]


def _provider(url: str, timeout: float) -> Asked:
    from web3.providers import HTTPProvider
    from web3.types import RPCEndpoint

    provider = HTTPProvider(
        url, request_kwargs={"timeout": timeout}, exception_retry_configuration=None
    )
    return lambda method, params: provider.make_request(RPCEndpoint(method), params)


class Nodes:
    """The nodes in the order they are preferred; one that fails is asked last from then on."""

    def __init__(self, urls: Sequence[str], pace_seconds: float, timeout_seconds: float) -> None:
        assert urls, "a chain has a node"
        self._nodes = [
            Node(url, 0.0 if is_loopback(url) else pace_seconds, timeout_seconds) for url in urls
        ]

    def ask(self, method: str, params: list[Any], read: Callable[[Any], T]) -> T:
        """The first answer that `read` can make sense of.

        Raises `Reverted`, and `ChainUnavailable` when no node gave one.
        """
        why = ""
        for round_ in range(ROUNDS):
            for node in list(self._nodes):
                try:
                    return read(node.ask(method, params))
                except Reverted:
                    raise
                except Exception as error:  # the way to a node fails in a hundred types
                    why = _said(error, node)
                    self._demote(node)
            pace = max(node.pace_seconds for node in self._nodes)
            time.sleep(min(max(pace, 0.05) * 2**round_, LONGEST_PAUSE))
        raise ChainUnavailable(
            f"no node answered {method} ({why})",
            fixes=(Fix("try again; what was already sent is not sent twice"),),
        )

    def ask_each(self, method: str, params: list[Any], read: Callable[[Any], T]) -> list[T]:
        """What each node says that answers at all, at least one; for what money rests on.

        Raises as `ask`.
        """
        found: list[T] = []
        for node in list(self._nodes):
            try:
                found.append(read(node.ask(method, params)))
            except Reverted:
                raise
            except Exception:  # it is silent here; if all are, the asking below says why
                self._demote(node)
        return found or [self.ask(method, params, read)]

    def tell(self, method: str, params: list[Any]) -> str:
        """Hand something to the first node that takes it; what was said, which proves nothing."""
        said = ""
        for node in list(self._nodes):
            try:
                return str(node.ask(method, params))[:200]
            except Exception as error:  # unknown is not failed: only the chain's state decides
                said = _said(error, node)
                self._demote(node)
        return said

    def _demote(self, node: Node) -> None:
        self._nodes.remove(node)
        self._nodes.append(node)


def _said(error: Exception, node: Node) -> str:
    """What went wrong, without the part of a node's address that may hold its owner's key."""
    place = urlsplit(node.url)
    text = f"{type(error).__name__}: {error}"
    for secret in (place.query, place.path.strip("/")):
        text = text.replace(secret, "…") if secret else text
    return text[:200]
