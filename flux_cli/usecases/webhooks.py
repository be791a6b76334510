"""Endpoints that are told of the ledger's events: added, rotated, replayed, removed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import SplitResult, urlsplit

from flux_cli.domain.web_addresses import is_loopback, odd_number, refused_address
from flux_cli.domain.webhooks import (
    KEPT_DELIVERIES,
    Delivery,
    DeliveryState,
    Webhook,
    WebhookState,
    patterns,
    payload,
    signed,
)
from flux_cli.errors import Fix, InvalidInput, WrongState
from flux_cli.usecases.ports import Reader
from flux_cli.usecases.webhook_ports import Answer, WebhookDeps

LONGEST_URL = 500
LONGEST_OVERLAP = timedelta(days=30)


def add_webhook(
    hooks: WebhookDeps, url: str, events: tuple[str, ...], *, private: bool
) -> tuple[Webhook, str]:
    """A new endpoint and its secret, told of everything from now on.

    Raises `InvalidInput` for an address that nothing is sent to, `WrongState` for one there is.
    """
    place, wanted = endpoint_url(url, private=private), patterns(events)
    hooks.secrets.prepare()
    with hooks.deps.store.begin() as tx:
        for known in tx.find(Webhook, url=place):
            if known.state is not WebhookState.REMOVED:
                raise WrongState(f"{place} is {known.id} already", subject=known.id)
        made = Webhook(
            id=hooks.deps.ids.new("webhook"),
            url=place,
            events=wanted,
            allow_private=private,
            state=WebhookState.ACTIVE,
            generation=1,
            overlap_until=None,
            reason="",
            created_at=tx.now,
            changed_at=tx.now,
        )
        tx.put(made, "webhook.added")
        hooks.queue.enrol(tx, made.id)
    return made, hooks.secrets.spelled(made.id, made.generation)


def endpoint_url(text: str, *, private: bool) -> str:
    """The address of an endpoint as it will be asked for; raises `InvalidInput`.

    What it resolves to is judged again whenever a message is sent to it.
    """
    if len(text) > LONGEST_URL or not text.isascii() or not text.isprintable():
        raise _bad(f"at most {LONGEST_URL} ASCII characters; write other hosts in punycode")
    if " " in text or "\\" in text:
        raise _bad("an address has no spaces and no backslashes")
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise _bad(f"it is no web address: {error}") from None
    if parts.scheme not in ("https", "http") or not host or port == 0:
        raise _bad("write https://HOST/PATH")
    if "@" in parts.netloc or "#" in text:
        raise _bad("it holds a user, a password or a fragment, and none of those is sent")
    _judge_host(parts, host, private=private)
    return text


def _judge_host(parts: SplitResult, host: str, *, private: bool) -> None:
    if odd_number(host):
        raise _bad("an address in numbers is four plain decimal parts")
    local = host == "localhost" or host.endswith(".localhost")
    try:
        why = refused_address(host, private=private)
        literal = why != "not an address"
        local = local or (literal and is_loopback(host))
    except ValueError:
        raise _bad("it is no web address") from None
    if literal and why is not None:
        raise _bad(f"{host} is {why}", private=not private)
    if local and not private:
        raise _bad(f"{host} is this machine", private=True)
    if parts.scheme == "http" and not local:
        raise _bad("only this machine is told over http; everyone else over https")


def _bad(why: str, *, private: bool = False) -> InvalidInput:
    fixes = (Fix("if that is meant, allow it with --allow-private"),) if private else ()
    return InvalidInput(f"nothing is sent there: {why}", param="URL", fixes=fixes)


def remove_webhook(hooks: WebhookDeps, webhook_id: str) -> Webhook:
    """Tell an endpoint nothing more, not even what waits for it."""
    with hooks.deps.store.begin() as tx:
        gone = replace(_present(tx, webhook_id), state=WebhookState.REMOVED, changed_at=tx.now)
        tx.put(gone, "webhook.removed")
        hooks.queue.drop(tx, gone.id)
    return gone


def enable_webhook(hooks: WebhookDeps, webhook_id: str) -> Webhook:
    """Tell a disabled endpoint again, of everything that happened meanwhile too."""
    with hooks.deps.store.begin() as tx:
        webhook = _present(tx, webhook_id)
        if webhook.state is WebhookState.ACTIVE:
            return webhook
        active = replace(webhook, state=WebhookState.ACTIVE, reason="", changed_at=tx.now)
        tx.put(active, "webhook.enabled")
        hooks.queue.trust(tx, active.id)
    return active


def rotate_secret(hooks: WebhookDeps, webhook_id: str, overlap: timedelta) -> tuple[Webhook, str]:
    """A new secret for an endpoint; the one before it signs too until `overlap` is over."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidInput("both secrets sign for at most 30 days", param="--overlap")
    hooks.secrets.prepare()
    with hooks.deps.store.begin() as tx:
        webhook = _present(tx, webhook_id)
        turned = replace(
            webhook,
            generation=webhook.generation + 1,
            overlap_until=tx.now + overlap,
            changed_at=tx.now,
        )
        tx.put(turned, "webhook.rotated")
    return turned, hooks.secrets.spelled(turned.id, turned.generation)


def replay_since(hooks: WebhookDeps, webhook_id: str, since: datetime) -> int:
    """Send an endpoint again what it wanted since then, each with the id it had; how many."""
    with hooks.deps.store.begin() as tx:
        return hooks.queue.requeue(tx, _present(tx, webhook_id), since)


def replay_dead(hooks: WebhookDeps, webhook_id: str) -> int:
    """Send an endpoint again what died on its way to it, each with the id it had; how many."""
    with hooks.deps.store.begin() as tx:
        webhook = _present(tx, webhook_id)
        dead = hooks.queue.deliveries(tx, webhook.id, DeliveryState.DEAD, KEPT_DELIVERIES)
        hooks.queue.revive(tx, [delivery.id for delivery in dead])
    return len(dead)


def replay_one(hooks: WebhookDeps, delivery_id: str) -> Delivery:
    """Send one message again, with the id it had."""
    with hooks.deps.store.begin() as tx:
        delivery = hooks.queue.delivery(tx, delivery_id)
        _present(tx, delivery.webhook_id)
        hooks.queue.revive(tx, [delivery.id])
        return hooks.queue.delivery(tx, delivery.id)


def send_test(hooks: WebhookDeps, webhook: Webhook) -> Answer:
    """Send one `webhook.test` message now, of no event, whatever the endpoint asked for."""
    with hooks.deps.store.reading() as reader:
        now = reader.now
    made = hooks.deps.ids.new("message")
    body = payload("webhook.test", now, webhook.id, 1, None, {})
    keys = tuple(hooks.secrets.key(webhook.id, one) for one in webhook.generations(now))
    headers = signed(keys, made, now, body)
    return hooks.sender.send(webhook.url, headers, body, private=webhook.allow_private)


def find_webhook(reader: Reader, text: str) -> Webhook:
    """By its id, its start or end; raises `NotFound`, `AmbiguousId`."""
    return reader.resolve(Webhook, text)


def describe_webhook(hooks: WebhookDeps, reader: Reader, webhook: Webhook) -> dict[str, object]:
    """An endpoint as every front end tells it; its secret is no part of it."""
    standing = hooks.queue.standing(reader, webhook.id)
    overlaps = webhook.overlap_until is not None and reader.now < webhook.overlap_until
    return {
        "id": webhook.id,
        "url": webhook.url,
        "state": webhook.state,
        "events": list(webhook.events),
        "allow_private": webhook.allow_private,
        "reason": webhook.reason or None,
        "pending": standing.pending,
        "delivered": standing.delivered,
        "dead": standing.dead,
        "failing_since": standing.failing_since,
        "secrets": 2 if overlaps else 1,
        "overlap_until": webhook.overlap_until if overlaps else None,
        "created_at": webhook.created_at,
        "changed_at": webhook.changed_at,
    }


def describe_delivery(delivery: Delivery) -> dict[str, object]:
    """A delivery with each of its attempts, oldest first."""
    last = delivery.log[-1] if delivery.log else None
    waits = delivery.state is DeliveryState.PENDING
    return {
        "id": delivery.id,
        "webhook_id": delivery.webhook_id,
        "event": delivery.kind,
        "subject": delivery.subject,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "due_at": delivery.due_at if waits else None,
        "status": None if last is None or last.status == 0 else last.status,
        "said": None if last is None else last.said,
        "log": [
            {
                "at": one.at,
                "status": one.status or None,
                "milliseconds": one.milliseconds,
                "said": one.said,
            }
            for one in delivery.log
        ],
    }


def _present(reader: Reader, webhook_id: str) -> Webhook:
    """An endpoint that was not removed; raises `NotFound`, `WrongState`."""
    webhook = reader.get(Webhook, webhook_id)
    if webhook.state is WebhookState.REMOVED:
        raise WrongState(f"{webhook.id} was removed", subject=webhook.id)
    return webhook
