"""`flux mandates create|list|show|close|revoke|expire|export|verify`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.bootstrap_web import check_ap2, export_ap2
from flux_cli.domain.carts import Cart
from flux_cli.domain.mandates import Mandate, MandateState
from flux_cli.domain.money import CREDIT, Asset, Money, find_asset, parse_money
from flux_cli.domain.policies import Limit, Window
from flux_cli.domain.text import visible
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import LIST, MONEY
from flux_cli.entrypoints.cli.pages import filters, page
from flux_cli.entrypoints.cli.refusal import Refusal
from flux_cli.entrypoints.cli.rulings import shown_refusals
from flux_cli.entrypoints.cli.run_document import rows_of
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import InvalidAmount, InvalidInput, NotFound, WrongState
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.mandates import (
    MandateRequest,
    close_mandate,
    create_mandate,
    expire_mandates,
    revoke_mandate,
)
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.view_mandates import as_tree, describe_mandate, view_mandate

app = noun("What the owner allows, nested; a child only narrows.")

AMOUNTS = (
    Column("total", "total", "money"),
    Column("spent", "spent", "money"),
    Column("reserved", "reserved", "money"),
    Column("left", "left", "money"),
)
STATE = Column("state", "state", "status")
ID = Column("id", "id", "id")
COLUMNS = (ID, Column("holder", "holder"), *AMOUNTS, STATE)
TREE = (ID, Column("tree", "holder"), *AMOUNTS, STATE)
TABLES = {
    "children": COLUMNS,
    "payments": (ID, Column("purpose", "what"), Column("amount", "amount", "money"), STATE),
}
TOKENS = (
    Column("vct", "mandate"),
    Column("payee.id", "payee"),
    Column("payment_amount.amount", "minor units", "number"),
    Column("payment_amount.currency", "currency"),
)
MOST_TOKEN_BYTES = 200_000
MANDATE = Annotated[str, typer.Argument(metavar="ID", help="The mandate's id, or its start.")]
EMPTY = "no mandates: `flux mandates create HOLDER TOTAL --purpose WORDS --expires-in 7d` makes one"


@verb(
    app,
    "create",
    options=MONEY - {"dry_run", "max_amount"},
    examples=(
        "flux mandates create orchestrator 100 --purpose launch --expires-in 7d",
        "flux mandates create orchestrator 40 --purpose copy --parent man_01 --limit 24h=20.00",
    ),
)
def create(
    flux: Invocation,
    holder: Annotated[str, typer.Argument(metavar="HOLDER", help="The agent who may spend it.")],
    total: Annotated[str, typer.Argument(metavar="TOTAL", help="At most this, e.g. 100.00.")],
    purpose: Annotated[str, typer.Option(help="What it is for.")],
    expires_in: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How long it lasts, e.g. 24h, 7d; else as its parent."),
    ] = None,
    parent: Annotated[
        str | None, typer.Option(metavar="ID", help="Reserve it from this mandate.")
    ] = None,
    per_payment: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="At most this in one payment.")
    ] = None,
    payee: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only to this payee; repeatable.")
    ] = None,
    category: Annotated[
        list[str] | None, typer.Option(metavar="WORD", help="Only for this; repeatable.")
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(metavar="WINDOW=AMOUNT", help="At most this in 1h, 24h, 7d, 30d or day."),
    ] = None,
    asset: Annotated[
        str, typer.Option(metavar="CODE", help="CREDIT, USDC or a currency, e.g. EUR.")
    ] = CREDIT.code,
) -> None:
    """Allow an agent to spend up to a total; its policy still applies to every payment."""
    unit = _asset(asset)
    request = MandateRequest(
        holder=holder,
        total=parse_money(total, unit),
        purpose=purpose,
        lifetime=None if expires_in is None else _lifetime(expires_in),
        per_payment=None if per_payment is None else _amount(per_payment, unit, "--per-payment"),
        limits=tuple(_limit(text, unit) for text in limit or ()),
        payees=frozenset(payee) if payee else None,
        categories=frozenset(category) if category else None,
    )
    deps = open_existing(flux.config, timeout=flux.timeout)
    if parent is not None:
        request = replace(request, parent_id=_find(deps, parent).id)
    made = _make(flux, deps, request)
    last = f"{made.holder} may spend {made.total}, within its policy; money is simulated"
    flux.show(Document("mandate", _shown(flux, describe_mandate(made)), last=last))


def _make(flux: Invocation, deps: Deps, request: MandateRequest) -> Mandate:
    """The mandate, once for its key; what is over gives back first. A denial ends the command."""
    expire_mandates(deps)
    key = deps.ids.new("event") if flux.idempotency_key is None else flux.idempotency_key
    made = create_mandate(deps, request, key=key)
    if isinstance(made, Denied):
        flux.deny(
            f"{request.total} is not reserved: a child only narrows its parent",
            shown_refusals(made.refusals, request.total.asset.code),
            subject=request.parent_id,
            max_amount_minor=None if made.most is None else made.most.units,
        )
    return made


@verb(app, "list", options=LIST - {"run"}, examples=("flux mandates list",))
def list_(flux: Invocation) -> None:
    """List mandates, each below its parent for people, newest first for programs."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        equal = filters(flux, reader, MandateState, "holder")
        mandates, following = page(flux, reader, Mandate, equal)
    if flux.for_people:
        rows = [
            describe_mandate(mandate)
            | {"tree": f"{'  ' * (depth - 1)}{'└ ' * (depth > 0)}{mandate.holder}"}
            for depth, mandate in as_tree(mandates)
        ]
        flux.show(Listing("mandate", rows, TREE, following, empty=EMPTY))
    else:
        whole = [describe_mandate(mandate) for mandate in mandates]
        flux.show(Listing("mandate", whole, COLUMNS, following, empty=EMPTY))


@verb(app, "show", examples=("flux mandates show man_01",))
def show(flux: Invocation, mandate_id: MANDATE) -> None:
    """Show a mandate with the line above it, its children and its payments."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        whole = view_mandate(reader, reader.resolve(Mandate, mandate_id))
    shown = _shown(flux, whole)
    for name in TABLES:
        if flux.for_people and not rows_of(whole, name):
            del shown[name]
    flux.show(Document("mandate", shown, tables=TABLES, last="money is simulated"))


@verb(app, "close", examples=("flux mandates close man_01",))
def close(flux: Invocation, mandate_id: MANDATE) -> None:
    """End a mandate; what it did not use goes back to its parent."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    closed = close_mandate(deps, _find(deps, mandate_id).id)
    flux.show(
        Document("mandate", _shown(flux, describe_mandate(closed)), last=_what_is_held(closed))
    )


@verb(app, "revoke", examples=("flux mandates revoke man_01",))
def revoke(flux: Invocation, mandate_id: MANDATE) -> None:
    """End a mandate and all below it at once; what their payments hold goes back."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    done = revoke_mandate(deps, _find(deps, mandate_id).id)
    fields = _shown(flux, describe_mandate(done.mandate)) | {
        "ended": [mandate.id for mandate in done.ended],
        "cancelled": [payment.id for payment in done.cancelled],
        "cards_left": [payment.card_id for payment in done.carded],
    }
    last = f"{len(done.ended)} ended, {len(done.cancelled)} holds returned"
    if done.carded:
        last += f"; {len(done.carded)} cards are still open: `flux cards list`"
    flux.show(Document("mandate", fields, last=last))


@verb(app, "expire", examples=("flux mandates expire",))
def expire(flux: Invocation) -> None:
    """End every mandate whose time is over; what it did not use goes back to its parent."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    rows = [describe_mandate(mandate) for mandate in expire_mandates(deps)]
    flux.show(Listing("mandate", rows, COLUMNS, empty="no mandate's time is over"))


@verb(
    app,
    "export",
    examples=(
        "flux mandates export man_01 --holder agent.jwk",
        "flux mandates export man_01 --holder agent.pem --cart cart_01",
    ),
)
def export(
    flux: Invocation,
    mandate_id: MANDATE,
    holder: Annotated[
        Path, typer.Option(metavar="FILE", help="The agent's public P-256 key, JWK or PEM.")
    ],
    cart: Annotated[
        str | None, typer.Option(metavar="ID", help="Bind it to this cart's items and shops.")
    ] = None,
) -> None:
    """Put what is left of a mandate into AP2 tokens that others can check.

    They are signed with the ledger's own key, which is made beside it the first time.
    """
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        mandate = reader.resolve(Mandate, mandate_id)
        items = None if cart is None else reader.resolve(Cart, cart)
    if mandate.state is not MandateState.ACTIVE or not mandate.left.units:
        raise WrongState(f"nothing of {mandate.id} is left to allow", subject=mandate.id)
    key = _bytes_of(flux, holder)
    tokens = export_ap2(flux.config.ledger.path, mandate, key, items, flux.now)
    fields = {"id": mandate.id, "holder": mandate.holder, "left": mandate.left,
              "expires_at": mandate.expires_at, **tokens}  # fmt: skip
    last = f"good for at most {mandate.left}; flux itself still judges every payment"
    if tokens["unsaid"]:
        last += "; AP2 has no words for what is unsaid"
    flux.show(Document("ap2_export", fields, last=last))


@verb(
    app,
    "verify",
    examples=("flux mandates verify chain.txt --issuer bank.jwk --audience me --nonce n-1",),
)
def verify(
    flux: Invocation,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The AP2 token or chain.")],
    issuer: Annotated[
        Path, typer.Option(metavar="FILE", help="The public P-256 key you trust, JWK or PEM.")
    ],
    audience: Annotated[str, typer.Option(help="For whom the last one was to be signed.")] = "",
    nonce: Annotated[str, typer.Option(help="What you asked to be signed.")] = "",
    transaction: Annotated[
        str | None, typer.Option(metavar="HASH", help="The checkout that is paid.")
    ] = None,
    checkout: Annotated[
        str | None, typer.Option(metavar="HASH", help="The open checkout mandate's.")
    ] = None,
    spent: Annotated[
        int | None, typer.Option(min=0, metavar="MINOR", help="Cents spent under it before.")
    ] = None,
    uses: Annotated[int | None, typer.Option(min=0, help="How often it was used before.")] = None,
) -> None:
    """Check an AP2 mandate: signatures, keys, times, audience, constraints; opens no ledger."""
    text = _bytes_of(flux, file).decode("ascii", "replace").strip()
    known = {"transaction": transaction, "checkout": checkout, "spent": spent, "uses": uses}
    key = _bytes_of(flux, issuer)
    mandates, faults = check_ap2(text, key, audience, nonce, known, flux.now)
    if faults:
        said = f"not believed: {visible(faults[0].message)}"
        flux.deny(said, tuple(Refusal(one.code, one.message) for one in faults))
    rows = [_plain(mandate) for mandate in mandates]
    fields: dict[str, object] = {"believed": True, "mandates": rows}
    bound = "bound to the audience and nonce given" if audience and nonce else "NOT compared with"
    last = f"{len(rows)} signed in turn, {bound}{'' if audience and nonce else ' any audience'}"
    flux.show(Document("ap2_mandates", fields, tables={"mandates": TOKENS}, last=last))


def _bytes_of(flux: Invocation, file: Path) -> bytes:
    """What a file holds, if it is not too large. Raises `NotFound`, `InvalidInput`."""
    try:
        with (flux.cwd / file).open("rb") as opened:
            data = opened.read(MOST_TOKEN_BYTES + 1)
    except OSError as error:
        raise NotFound(f"{file} cannot be read: {error.strerror}", subject=str(file)) from None
    if len(data) > MOST_TOKEN_BYTES:
        raise InvalidInput(f"{file} is larger than {MOST_TOKEN_BYTES} bytes", param="FILE")
    return data


def _plain(value: object) -> object:
    """A mandate's JSON to be shown; a decimal as the text it was."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value


def _find(deps: Deps, text: str) -> Mandate:
    with deps.store.reading() as reader:
        return reader.resolve(Mandate, text)


def _what_is_held(mandate: Mandate) -> str:
    if mandate.reserved.units:
        return f"{mandate.reserved} stays reserved until its payments settle"
    return f"{mandate.left} was not used"


def _shown(flux: Invocation, whole: Mapping[str, object]) -> dict[str, object]:
    """The mandate as it is, or with its limits in words."""
    if not flux.for_people:
        return dict(whole)
    words = [_in_words(limit) for limit in rows_of(whole, "limits")]
    return {**whole, "limits": "; ".join(words) or None}


def _in_words(limit: Mapping[str, object]) -> str:
    caps = [str(limit["amount"])] if limit["amount"] is not None else []
    caps += [f"{limit['count']} payments"] if limit["count"] is not None else []
    return f"{' and '.join(caps)} in {limit['window']}"


def _asset(code: str) -> Asset:
    try:
        return find_asset(code)
    except InvalidInput as error:
        raise InvalidInput(error.message, param="--asset", fixes=error.fixes) from None


def _amount(text: str, asset: Asset, option: str) -> Money:
    try:
        return parse_money(text, asset)
    except InvalidAmount as error:
        raise InvalidAmount(error.message, param=option) from None


def _limit(text: str, asset: Asset) -> Limit:
    """`24h=50.00` as a limit of what the holder spends."""
    window, equals, amount = text.partition("=")
    if not equals or window not in list(Window):
        raise InvalidInput(
            f"{text[:40]!r} is no limit: write 24h=50.00, with {', '.join(Window)} as the time",
            param="--limit",
        )
    return Limit(Window(window), _amount(amount, asset, "--limit"))


UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def _lifetime(text: str) -> timedelta:
    """`24h`, `7d`, `2w` as a time."""
    number, unit = text[:-1], text[-1:]
    if unit not in UNITS or not (number.isascii() and number.isdigit() and len(number) <= 5):
        raise InvalidInput(
            f"{text[:40]!r} is no length of time: write 24h, 7d or 2w", param="--expires-in"
        )
    return UNITS[unit] * int(number)
