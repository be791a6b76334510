"""The dashboard's screen of who else comes in and is told: API keys and webhooks, no secret."""

from __future__ import annotations

from datetime import datetime

from flux_cli.domain.api_keys import ApiKey
from flux_cli.domain.webhooks import Webhook
from flux_cli.usecases.dashboard_lists import list_table
from flux_cli.usecases.dashboard_ports import WatchReader
from flux_cli.usecases.dashboard_view import (
    Ask,
    Cell,
    Column,
    Ref,
    Row,
    Tone,
    View,
    short,
    state_cell,
)

START, END = 8, 6
"""What is shown of a key's public part, as it begins and as commands take it; of its secret nothing
is here."""

KEY_COLUMNS = (
    Column("key"),
    Column("owner"),
    Column("agent", drop=3),
    Column("label", flex=True, drop=4),
    Column("scopes", flex=True),
    Column("expires", drop=2),
    Column("last used", drop=1),
    Column("state"),
)
HOOK_COLUMNS = (
    Column("id", drop=2),
    Column("url", flex=True),
    Column("events", drop=1),
    Column("since", drop=3),
    Column("state"),
)


def view_keys(reader: WatchReader, ask: Ask) -> View:
    """Every API key with what it may do, and every webhook; secrets are not in the ledger."""
    keys = list_table(
        reader, ask, ApiKey, "API keys", KEY_COLUMNS, lambda one: _key(one, reader.now),
        "no program may come in: `flux keys create` makes a key",
    )  # fmt: skip
    hooks = list_table(
        reader, ask, Webhook, "Webhooks", HOOK_COLUMNS, _hook,
        "nobody is told of events: `flux webhooks add URL`",
    )  # fmt: skip
    return View("Keys", (keys, hooks))


def _key(key: ApiKey, now: datetime) -> Row:
    state = "active" if key.opens_at(now) else "revoked" if key.revoked_at else "expired"
    public = key.id.partition("_")[2]
    cells = (
        Cell(f"flux_{key.environment}_{public[:START]}…{public[-END:]}", Tone.STRONG),
        Cell(key.owner),
        Cell(key.agent or "any"),
        Cell(key.label),
        Cell(" ".join(sorted(key.scopes))),
        Cell(_day(key.expires_at, "never"), Tone.DIM),
        Cell(_day(key.last_used_at, "never"), Tone.DIM),
        state_cell(state),
    )
    return Row(cells, Ref("key", key.id, ("flux", "keys", "list")), key.agent or key.owner, state)


def _day(moment: datetime | None, without: str) -> str:
    return without if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _hook(hook: Webhook) -> Row:
    cells = (
        Cell(short(hook.id), Tone.DIM),
        Cell(hook.url),
        Cell(" ".join(hook.events)),
        Cell(_day(hook.changed_at, ""), Tone.DIM),
        state_cell(hook.state),
    )
    return Row(cells, Ref("webhook", hook.id, ("flux", "webhooks", "list")), "", hook.state)
