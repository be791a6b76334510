"""`flux webhooks`: endpoints that are told of the ledger's events (Standard Webhooks)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Annotated, NoReturn
from urllib.parse import urlsplit

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.bootstrap_webhooks import open_webhooks
from flux_cli.domain.streams import parse_duration
from flux_cli.domain.webhooks import DeliveryState, Webhook, WebhookState
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.interruption import Terminated
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.ownership import TokenFile, prove_owner
from flux_cli.entrypoints.cli.pages import PAGED, filters, page
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import Fix, InvalidInput
from flux_cli.usecases.deliver_webhooks import Tally, deliver_due, follow_events
from flux_cli.usecases.webhook_ports import WebhookDeps
from flux_cli.usecases.webhooks import (
    add_webhook,
    describe_delivery,
    describe_webhook,
    enable_webhook,
    find_webhook,
    remove_webhook,
    replay_dead,
    replay_one,
    replay_since,
    rotate_secret,
    send_test,
)

app = noun("Endpoints that are told of the ledger's events, signed.")

ID = Annotated[str, typer.Argument(metavar="ID", help="The webhook's id, or its start.")]
COLUMNS = (
    Column("id", "id", "id"),
    Column("state", "state", "status"),
    Column("pending", "pending", "number"),
    Column("dead", "dead", "number"),
    Column("url", "url"),
)
DELIVERIES = (
    Column("id", "id", "id"),
    Column("event", "event"),
    Column("state", "state", "status"),
    Column("attempts", "tries", "number"),
    Column("status", "status", "number"),
)
LOG = (
    Column("at", "at", "time"),
    Column("status", "status", "number"),
    Column("milliseconds", "ms", "number"),
    Column("said", "said"),
)
ONCE = "the secret is not shown again; `flux webhooks rotate` makes another"


@verb(
    app,
    "add",
    examples=(
        "flux webhooks add https://example.com/flux --events 'payment.*,card.*'",
        "flux webhooks add http://127.0.0.1:9000/in --allow-private",
    ),
)
def add(
    flux: Invocation,
    url: Annotated[str, typer.Argument(metavar="URL", help="https://HOST/PATH.")],
    events: Annotated[
        list[str] | None,
        typer.Option(metavar="KINDS", help="card.issued, card.*, … (all); repeatable."),
    ] = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="It may be this machine or its network.")
    ] = False,
    owner_token_file: TokenFile = None,
) -> None:
    """Add an endpoint, as the owner; it is told of every event from now on.

    Its signing secret is shown this once. `flux webhooks deliver` does the telling.
    """
    hooks = _open(flux)
    host = urlsplit(url).hostname if "://" in url else None
    what = f"The ledger's events will be sent to {url}."
    prove_owner(flux, hooks.deps, what, host or "yes", token_file=owner_token_file)
    made, secret = add_webhook(hooks, url, tuple(events or ("*",)), private=allow_private)
    _show(flux, hooks, made, f"now `flux webhooks test {made.id}`; {ONCE}", secret)


@verb(app, "list", options=PAGED | {"status"}, examples=("flux webhooks list",))
def list_(flux: Invocation) -> None:
    """List endpoints, newest first, with what waits, came and died on its way."""
    hooks = _open(flux)
    with hooks.deps.store.reading() as reader:
        equal = filters(flux, reader, WebhookState, "")
        found, following = page(flux, reader, Webhook, equal)
        rows = [describe_webhook(hooks, reader, webhook) for webhook in found]
    stopped = sum(row["state"] is WebhookState.DISABLED for row in rows)
    last = f"{stopped} disabled: `flux webhooks enable ID` once it answers again"
    empty = "no webhooks: `flux webhooks add https://HOST/PATH` tells one of every event"
    flux.show(
        Listing("webhook", rows, COLUMNS, following, empty=empty, last=last if stopped else "")
    )


@verb(app, "show", examples=("flux webhooks show whk_01",))
def show(flux: Invocation, webhook_id: ID) -> None:
    """Show an endpoint and how its deliveries stand; never its secret."""
    hooks = _open(flux)
    _show(flux, hooks, _found(hooks, webhook_id), "")


@verb(app, "rm", examples=("flux webhooks rm whk_01",))
def rm(flux: Invocation, webhook_id: ID) -> None:
    """Remove an endpoint: it is told nothing more, not even what waits for it."""
    hooks = _open(flux)
    gone = remove_webhook(hooks, _found(hooks, webhook_id).id)
    _show(flux, hooks, gone, "it is told nothing more")


@verb(app, "enable", examples=("flux webhooks enable whk_01",))
def enable(flux: Invocation, webhook_id: ID) -> None:
    """Tell a disabled endpoint again, of what happened meanwhile too."""
    hooks = _open(flux)
    active = enable_webhook(hooks, _found(hooks, webhook_id).id)
    _show(flux, hooks, active, "it is told again, of what it missed first")


@verb(
    app,
    "rotate",
    examples=("flux webhooks rotate whk_01", "flux webhooks rotate whk_01 --overlap 0s"),
)
def rotate(
    flux: Invocation,
    webhook_id: ID,
    overlap: Annotated[
        str, typer.Option(metavar="TIME", help="Both secrets sign until then: 0s, 24h, 7d.")
    ] = "24h",
    owner_token_file: TokenFile = None,
) -> None:
    """Give an endpoint a new signing secret, as the owner; it is shown this once."""
    hooks = _open(flux)
    webhook, both = _found(hooks, webhook_id), _overlap(overlap)
    what = f"{webhook.url} gets a new secret."
    prove_owner(flux, hooks.deps, what, webhook.id[-6:], token_file=owner_token_file)
    turned, secret = rotate_secret(hooks, webhook.id, both)
    _show(flux, hooks, turned, f"messages carry both signatures for {overlap}; {ONCE}", secret)


@verb(app, "test", examples=("flux webhooks test whk_01",))
def test(flux: Invocation, webhook_id: ID) -> ExitCode:
    """Send an endpoint a signed `webhook.test` now; ends with 7 where it does not take it."""
    hooks = _open(flux)
    webhook = _found(hooks, webhook_id)
    answer = send_test(hooks, webhook)
    fields = {
        "webhook_id": webhook.id,
        "ok": answer.took,
        "status": answer.status or None,
        "said": answer.said,
    }
    said = f"status {answer.status}" if answer.status else answer.said
    flux.show(Document("webhook_test", fields, last=f"{webhook.url}: {said}"))
    return ExitCode.OK if answer.took else ExitCode.TEMPORARY


@verb(
    app,
    "deliveries",
    options=PAGED | {"status"},
    examples=("flux webhooks deliveries --status dead", "flux webhooks deliveries msg_01"),
)
def deliveries(
    flux: Invocation,
    webhook_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Only this webhook's; or one delivery.")
    ] = None,
) -> None:
    """List deliveries, newest event first, or show one with each of its attempts.

    Each endpoint's last thousand of those that came and of those that died are kept.
    """
    hooks = _open(flux)
    with hooks.deps.store.reading() as reader:
        if webhook_id is not None and webhook_id.startswith("msg_"):
            one = describe_delivery(hooks.queue.delivery(reader, webhook_id))
            flux.show(Document("webhook_delivery", one, tables={"log": LOG}))
            return
        only = None if webhook_id is None else find_webhook(reader, webhook_id).id
        equal = filters(flux, reader, DeliveryState, "")
        state = DeliveryState(equal["state"]) if equal else None
        found = hooks.queue.deliveries(reader, only, state, flux.limit + 1, flux.after)
    rows = [describe_delivery(delivery) for delivery in found[: flux.limit]]
    following = found[flux.limit - 1].id if len(found) > flux.limit else None
    empty = "nothing was sent yet: `flux webhooks deliver` sends what is due"
    flux.show(Listing("webhook_delivery", rows, DELIVERIES, following, empty=empty))


@verb(
    app,
    "deliver",
    examples=("flux webhooks deliver", "flux webhooks deliver --follow"),
)
def deliver(
    flux: Invocation,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until stopped, as events happen.")
    ] = False,
) -> ExitCode:
    """Send what is due, once; ends with 7 where an endpoint did not take something.

    One process delivers at a time. What fails is sent again by the stored schedule: after
    5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, always with the same id.
    """
    hooks, stopped = _open(flux), Event()
    with ThreadPoolExecutor(1, "flux-deliver") as pool:
        try:
            if not follow:
                return _told(flux, pool.submit(deliver_due, hooks, flux.progress, stopped).result())
            pool.submit(follow_events, hooks, flux.progress, stopped).result()
        except (KeyboardInterrupt, Terminated):
            stopped.set()
            if not follow:
                raise
            flux.note("stopping; what was sent is recorded first")
    return ExitCode.OK


def _told(flux: Invocation, tally: Tally) -> ExitCode:
    fields = {
        "delivered": tally.delivered,
        "failed": tally.failed,
        "died": tally.died,
        "disabled": list(tally.disabled),
    }
    last = "what failed is sent again when it is due: `flux webhooks deliveries`"
    missed = tally.failed + tally.died
    flux.show(Document("webhook_tally", fields, last=last if missed else ""))
    return ExitCode.TEMPORARY if missed else ExitCode.OK


@verb(
    app,
    "replay",
    options=frozenset({"since"}),
    examples=(
        "flux webhooks replay whk_01 --dead",
        "flux webhooks replay whk_01 --since 24h",
        "flux webhooks replay msg_01",
    ),
)
def replay(
    flux: Invocation,
    which: Annotated[str, typer.Argument(metavar="ID", help="A webhook, or one delivery.")],
    dead: Annotated[bool, typer.Option("--dead", help="What died on its way.")] = False,
) -> None:
    """Send again, with the ids they had: one message, what died, or all since a time."""
    hooks = _open(flux)
    if which.startswith("msg_"):
        if dead or flux.since is not None:
            _bad_choice()
        again = describe_delivery(replay_one(hooks, which))
        flux.show(Document("webhook_delivery", again, tables={"log": LOG}, last=_NEXT))
        return
    if dead == (flux.since is not None):
        _bad_choice()
    webhook = _found(hooks, which)
    if flux.since is None:
        count = replay_dead(hooks, webhook.id)
    else:
        count = replay_since(hooks, webhook.id, flux.since)
    fields = {"webhook_id": webhook.id, "queued": count}
    flux.show(Document("webhook_replay", fields, last=_NEXT if count else "nothing to send again"))


_NEXT = "`flux webhooks deliver` sends it"


def _bad_choice() -> NoReturn:
    raise InvalidInput(
        "name one message, or a webhook with either --dead or --since",
        param="--dead",
        fixes=(Fix("see what died", ("flux", "webhooks", "deliveries", "--status", "dead")),),
    )


def _overlap(text: str) -> timedelta:
    if text in ("0", "0s"):
        return timedelta(0)
    try:
        return timedelta(seconds=parse_duration(text))
    except InvalidInput as error:
        raise InvalidInput(error.message, param="--overlap") from None


def _open(flux: Invocation) -> WebhookDeps:
    return open_webhooks(open_existing(flux.config, timeout=flux.timeout))


def _found(hooks: WebhookDeps, text: str) -> Webhook:
    with hooks.deps.store.reading() as reader:
        return find_webhook(reader, text)


def _show(
    flux: Invocation, hooks: WebhookDeps, webhook: Webhook, last: str, secret: str | None = None
) -> None:
    with hooks.deps.store.reading() as reader:
        whole = describe_webhook(hooks, reader, webhook)
    if secret is not None:
        whole = {"id": webhook.id, "secret": secret} | whole
    flux.show(Document("webhook", whole, last=last))
