"""Delivering what endpoints asked for: at least once, each object's events in order.

Nothing is remembered but in the ledger's file. What was sent and not yet recorded when the
process died is sent again, with the same id.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event

from flux_cli.domain.webhooks import (
    DISABLED_AFTER,
    GONE,
    KEPT_ATTEMPTS,
    Attempt,
    Delivery,
    DeliveryState,
    Webhook,
    WebhookState,
    due_after,
    payload,
    signed,
)
from flux_cli.errors import LedgerBusy, StorageFailed
from flux_cli.usecases.ports import Progress
from flux_cli.usecases.webhook_ports import Answer, WebhookDeps

MOST_AT_ONCE = 8
"""Endpoints that are sent to at the same time; to each of them one message after the other."""

BATCH = 100
FAILURES = 3
"""So many in a row, and an endpoint is left alone for `REST`."""

REST = timedelta(seconds=60)
STRETCH = timedelta(seconds=5)
"""How long one endpoint is sent to before the others are looked at again."""

PAUSE_SECONDS = 1
PAUSE_AFTER_FAILURE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of some attempts."""

    delivered: int = 0
    failed: int = 0
    died: int = 0
    disabled: tuple[str, ...] = ()

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.delivered + other.delivered,
            self.failed + other.failed,
            self.died + other.died,
            self.disabled + other.disabled,
        )


def deliver_due(hooks: WebhookDeps, progress: Progress, stopped: Event | None = None) -> Tally:
    """Deliver everything that is due, once, and return what came of it.

    Raises `LedgerBusy` while another process or thread delivers for this ledger.
    """
    with hooks.turn() as mine:
        if not mine:
            raise LedgerBusy(
                "another process is delivering this ledger's webhooks",
                subject=str(hooks.deps.store.path),
            )
        return _Rounds(hooks, progress, stopped or Event()).until_nothing_is_due()


def follow_events(hooks: WebhookDeps, progress: Progress, stopped: Event) -> None:
    """Deliver what is due, and what becomes due, until `stopped` is set.

    While another process delivers, this one waits for its turn. A ledger or disk that does not
    answer is told of and tried again.
    """
    while not stopped.is_set():
        with hooks.turn() as mine:
            if mine:
                rounds = _Rounds(hooks, progress, stopped)
                while not stopped.is_set():
                    stopped.wait(_round_or_pause(rounds, progress))
        stopped.wait(PAUSE_SECONDS)


def _round_or_pause(rounds: _Rounds, progress: Progress) -> int:
    """One round; how many seconds to wait before the next."""
    try:
        done = rounds.once()
    except (LedgerBusy, StorageFailed) as error:
        # What was sent may not be recorded: sending it again at once would only flood.
        progress("webhooks_wait", reason=error.message)
        return PAUSE_AFTER_FAILURE_SECONDS
    return PAUSE_SECONDS if done == Tally() else 0


@dataclass(slots=True)
class _Rounds:
    """Rounds over the endpoints that have something due; who failed rests for a while."""

    hooks: WebhookDeps
    progress: Progress
    stopped: Event
    resting: dict[str, datetime] = field(default_factory=dict)

    def until_nothing_is_due(self) -> Tally:
        tally = Tally()
        while not self.stopped.is_set() and self.ready():
            tally += self.once()
        return tally

    def ready(self) -> list[str]:
        """The endpoints that are awake and have something due, or events to be looked at."""
        queue = self.hooks.queue
        with self.hooks.deps.store.reading() as reader:
            return [
                webhook.id
                for webhook in reader.find(Webhook, state=WebhookState.ACTIVE, oldest_first=True)
                if self.resting.get(webhook.id, reader.now) <= reader.now
                and (queue.behind(reader, webhook.id) or queue.due(reader, webhook.id, 1))
            ]

    def once(self) -> Tally:
        """Each endpoint that is ready, for one stretch, several at the same time."""
        ready = self.ready()
        if not ready:
            return Tally()
        with ThreadPoolExecutor(min(MOST_AT_ONCE, len(ready)), "flux-webhooks") as pool:
            return sum(pool.map(self._serve, ready), Tally())

    def _serve(self, webhook_id: str) -> Tally:
        """Send one endpoint what is due, one message after the other, for a stretch."""
        tally, failures, began = Tally(), 0, self._now()
        while batch := self._batch(webhook_id):
            for delivery in batch:
                came = self._attempt(delivery)
                tally += came
                failures = failures + came.failed + came.died if not came.delivered else 0
                now = self._now()
                if failures >= FAILURES:
                    self.resting[webhook_id] = now + REST
                ended = failures >= FAILURES or came == Tally() or came.disabled
                if ended or self.stopped.is_set() or now - began > STRETCH:
                    return tally
        return tally

    def _batch(self, webhook_id: str) -> Sequence[Delivery]:
        """What is due at an endpoint, once every event there is room for is queued."""
        queue, store = self.hooks.queue, self.hooks.deps.store
        while True:
            with store.reading() as reader:
                webhook = reader.get(Webhook, webhook_id)
                if not queue.behind(reader, webhook_id):
                    return queue.due(reader, webhook_id, BATCH)
            with store.begin() as tx:
                queue.fill(tx, webhook)

    def _attempt(self, delivery: Delivery) -> Tally:
        """Send one message and keep what came of it; nothing where its endpoint is not to be."""
        queue, secrets = self.hooks.queue, self.hooks.secrets
        with self.hooks.deps.store.reading() as reader:
            webhook, now = reader.get(Webhook, delivery.webhook_id), reader.now
            event = queue.event(reader, delivery.event_seq)
        if webhook.state is not WebhookState.ACTIVE:
            return Tally()
        body = payload(event.kind, event.at, event.subject, event.version, event.run_id, event.data)
        keys = tuple(secrets.key(webhook.id, one) for one in webhook.generations(now))
        headers = signed(keys, delivery.id, now, body)
        answer = self.hooks.sender.send(webhook.url, headers, body, private=webhook.allow_private)
        return self._keep(delivery, now, answer)

    def _keep(self, delivery: Delivery, sent_at: datetime, answer: Answer) -> Tally:
        """Keep what came of an attempt, in one transaction with what follows for its endpoint."""
        with self.hooks.deps.store.begin() as tx:
            after = _after(delivery, sent_at, tx.now, answer)
            failing = self.hooks.queue.standing(tx, delivery.webhook_id).failing_since
            failing = None if answer.took else failing or sent_at
            self.hooks.queue.record(tx, after, failing)
            webhook = tx.get(Webhook, delivery.webhook_id)
            reason = _hopeless(answer, failing, tx.now)
            disabled = bool(reason) and webhook.state is WebhookState.ACTIVE
            if disabled:
                gone = replace(
                    webhook, state=WebhookState.DISABLED, reason=reason, changed_at=tx.now
                )
                tx.put(gone, "webhook.disabled")
        tally = Tally(
            delivered=int(answer.took),
            failed=int(after.state is DeliveryState.PENDING),
            died=int(after.state is DeliveryState.DEAD),
            disabled=(webhook.id,) if disabled else (),
        )
        self._tell(after, answer, reason if disabled else "")
        return tally

    def _tell(self, delivery: Delivery, answer: Answer, disabled: str) -> None:
        where = {"webhook": delivery.webhook_id, "message": delivery.id}
        if answer.took:
            self.progress("webhook_delivered", **where, event=delivery.kind)
        else:
            said = answer.said if answer.status == 0 else f"status {answer.status}"
            step = "webhook_died" if delivery.state is DeliveryState.DEAD else "webhook_failed"
            self.progress(step, **where, attempt=delivery.attempts, reason=said)
        if disabled:
            again = f"flux webhooks enable {delivery.webhook_id}"
            self.progress(
                "webhook_disabled", webhook=delivery.webhook_id, reason=disabled, again=again
            )

    def _now(self) -> datetime:
        with self.hooks.deps.store.reading() as reader:
            return reader.now


def _after(delivery: Delivery, sent_at: datetime, now: datetime, answer: Answer) -> Delivery:
    """The delivery after one more attempt."""
    took = max((now - sent_at) // timedelta(milliseconds=1), 0)
    tried = Attempt(sent_at, answer.status, took, answer.said)
    log = (*delivery.log, tried)[-KEPT_ATTEMPTS:]
    after = replace(delivery, attempts=delivery.attempts + 1, log=log)
    if answer.took:
        return replace(after, state=DeliveryState.DELIVERED)
    due = due_after(after, now, answer.retry_after)
    if due is None or answer.status == GONE:
        return replace(after, state=DeliveryState.DEAD)
    return replace(after, due_at=due)


def _hopeless(answer: Answer, failing: datetime | None, now: datetime) -> str:
    """Why an endpoint is to be sent nothing more, or nothing."""
    if answer.status == GONE:
        return "it answered that it is gone (410)"
    if failing is not None and now - failing >= DISABLED_AFTER:
        return f"it has taken nothing since {failing:%Y-%m-%d %H:%M} UTC"
    return ""
