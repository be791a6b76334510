"""The doors that telling the outside world of events goes through."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from flux_cli.domain.webhooks import Delivery, DeliveryState, Webhook
from flux_cli.usecases.ports import Deps, EventRecord, Reader, Transaction


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the telling of one endpoint has come, and since when nothing was taken."""

    cursor: int
    failing_since: datetime | None
    pending: int
    delivered: int
    dead: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request: the status, 0 for none, and the first of what was said."""

    status: int
    said: str
    retry_after: timedelta | None = None

    @property
    def took(self) -> bool:
        """Whether the receiver has it (Standard Webhooks: any 2xx and nothing else)."""
        return 200 <= self.status < 300


class Queue(Protocol):
    """What is on its way to endpoints. It is bounded: what waits beyond it waits in the events."""

    def enrol(self, tx: Transaction, webhook_id: str) -> None:
        """Tell a new endpoint of everything from now on."""

    def behind(self, reader: Reader, webhook_id: str) -> bool:
        """Whether there are events that it was not yet looked at for, and room for them."""

    def fill(self, tx: Transaction, webhook: Webhook) -> None:
        """Queue the next events it wants, as many as there is room for."""

    def requeue(self, tx: Transaction, webhook: Webhook, since: datetime) -> int:
        """Queue again what it wanted since then, delivered or not; how many."""

    def revive(self, tx: Transaction, ids: Sequence[str]) -> None:
        """Have these deliveries attempted anew, from now on."""

    def trust(self, tx: Transaction, webhook_id: str) -> None:
        """Forget since when an endpoint took nothing."""

    def drop(self, tx: Transaction, webhook_id: str) -> None:
        """Forget what waits for an endpoint that is gone."""

    def due(self, reader: Reader, webhook_id: str, limit: int) -> list[Delivery]:
        """What may be sent now, oldest first: of each object only the oldest that waits."""

    def record(self, tx: Transaction, delivery: Delivery, failing_since: datetime | None) -> None:
        """Keep what came of an attempt, and forget the oldest of what is over."""

    def standing(self, reader: Reader, webhook_id: str) -> Standing: ...

    def delivery(self, reader: Reader, delivery_id: str) -> Delivery:
        """By its id, or what alone begins or ends with it; raises `NotFound`, `AmbiguousId`."""

    def deliveries(
        self,
        reader: Reader,
        webhook_id: str | None,
        state: DeliveryState | None,
        limit: int,
        before: str | None = None,
    ) -> list[Delivery]:
        """Newest first, before the delivery with the id `before`."""

    def event(self, reader: Reader, seq: int) -> EventRecord: ...


class Sender(Protocol):
    """The network. It judges each address as it connects to it, and follows nothing."""

    def send(
        self, url: str, headers: Sequence[tuple[str, str]], body: bytes, *, private: bool
    ) -> Answer:
        """One POST; what goes wrong is in the answer."""


class Secrets(Protocol):
    """The signing secrets, which no ledger holds. Raises `StorageFailed`."""

    def prepare(self) -> None:
        """Make what they follow from, unless it is there."""

    def key(self, webhook_id: str, generation: int) -> bytes: ...

    def spelled(self, webhook_id: str, generation: int) -> str: ...


class Turn(Protocol):
    """Who delivers: one at a time for one ledger, across threads, processes and their deaths."""

    def __call__(self) -> AbstractContextManager[bool]:
        """Whether it is this one's turn, for as long as the context lasts."""


@dataclass(frozen=True, slots=True)
class WebhookDeps:
    """Everything that webhooks may reach."""

    deps: Deps
    queue: Queue
    sender: Sender
    secrets: Secrets
    turn: Turn
