"""Joins the network, the secrets and the queue to what tells the outside world of events."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from flux_cli.adapters.keychain.webhook_secrets import WebhookSecrets
from flux_cli.adapters.store.webhook_queue import SqliteQueue
from flux_cli.adapters.webhooks.turn import FileTurn
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.webhook_ports import Answer, WebhookDeps

if TYPE_CHECKING:
    from flux_cli.adapters.webhooks.sender import HttpSender


class LoadedSender:
    """The network, loaded when the first message is sent."""

    @cached_property
    def _sender(self) -> HttpSender:
        from flux_cli.adapters.webhooks.sender import HttpSender

        return HttpSender()

    def send(
        self, url: str, headers: Sequence[tuple[str, str]], body: bytes, *, private: bool
    ) -> Answer:
        """One POST."""
        return self._sender.send(url, headers, body, private=private)


def open_webhooks(deps: Deps) -> WebhookDeps:
    """What webhooks need, on the ledger that is open already."""
    ledger = deps.store.path
    return WebhookDeps(
        deps, SqliteQueue(), LoadedSender(), WebhookSecrets(ledger), FileTurn(ledger)
    )
