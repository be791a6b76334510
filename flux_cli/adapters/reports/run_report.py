"""A run's document as `report.md` and `report.html`, the same bytes for the same document.

Whatever the document says was written by strangers, so a template never prints a raw value: the
environment's `finalize` turns each one into text without control characters, and in Markdown
without markup as well.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flux_cli.domain.money import CREDIT, Money, total
from flux_cli.domain.quorum import SEATS, Vote
from flux_cli.domain.text import visible

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"
_GOOD = frozenset(
    {
        "completed",
        "approved",
        "permit",
        "captured",
        "settled",
        "accepted",
        "released",
        "active",
        "used",
        "bought",
        "paid",
        "yes",
    }
)
_BAD = frozenset(
    {
        "denied",
        "failed",
        "refused",
        "declined",
        "rejected",
        "cancelled",
        "expired",
        "disputed",
        "no",
        "hard_no",
        "no_quorum",
    }
)
_SIZE = re.compile(r"(?<![0-9])([1-9][0-9]{1,3})x([1-9][0-9]{1,3})(?![0-9])")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MARKUP = re.compile(r"[\\`*\[\]|~#!]|(?<!\w)_|_(?!\w)|(?<=[a-zA-Z]):(?=//)|(?<=www)\.", re.I)
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class RunReports:
    """Renders the report that a client opens first. Nothing it writes loads from elsewhere."""

    def render(self, document: Mapping[str, object]) -> list[tuple[str, str, bytes]]:
        """(file name, media type, content) of `report.md` and of `report.html`."""
        facts = _facts(document)
        pages = (
            ("report.md", "text/markdown", _environment(markdown)),
            ("report.html", "text/html", _environment(words)),
        )
        return [
            (name, kind, environment.get_template(f"{name}.j2").render(facts).encode())
            for name, kind, environment in pages
        ]


def words(value: object) -> str:
    """Any value of a document as one line for people."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return f"{moment.day} {moment:%b %Y, %H:%M} UTC"
    return visible(str(value))


def markdown(value: object) -> str:
    """`words` in which Markdown and HTML have no power, for the middle of a line."""
    safe = _MARKUP.sub(r"\\\g<0>", words(value))
    return re.sub("[&<>]", lambda match: _ENTITIES[match.group()], safe)


def _environment(shown: Callable[[object], str]) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        # Markdown has its own escaping, in `markdown`; HTML entities would show in it.
        autoescape=shown is words,  # noqa: S701
        finalize=lambda value: value if isinstance(value, Markup) else shown(value),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["size"] = _size
    environment.filters["tone"] = _tone
    environment.filters["glyph"] = lambda value: {"good": "✓", "bad": "✗"}.get(_tone(value), "○")
    environment.filters["plain"] = lambda value: words(value).replace("_", " ")
    # Only for fenced blocks, where markup has no power and `visible` leaves no line break.
    environment.filters["verbatim"] = lambda value: Markup(words(value))  # noqa: S704
    return environment


def _facts(document: Mapping[str, object]) -> dict[str, Any]:
    """The document with what the pages say about it worked out."""
    run: dict[str, Any] = dict(document)
    deliverables = [_deliverable(item) for item in run["deliverables"]]
    hires = [_hire(hire) for hire in run["hires"]]
    entries = [_entry(entry) for entry in run["entries"]]
    checks = [check for hire in hires for check in hire["checks"]]
    finished = run["finished_at"]
    return {
        "run": run,
        "took": _took(finished - run["created_at"]) if finished else None,
        "deliverables": deliverables,
        # Pictures too wide for a row that they share come last.
        "gallery": sorted(
            (item for item in deliverables if item["shown"]), key=lambda item: item["share"] > 400
        ),
        "bytes": sum(item["bytes"] for item in deliverables),
        "hires": hires,
        "unhired": _unhired(run["plan"], hires),
        "checks_passed": sum(bool(check["passed"]) for check in checks),
        "checks": len(checks),
        "votes": _votes(run),
        "cards": _cards(run["ballots"]),
        "conditions": _together(run["ballots"]) if _approved(run["decision"]) else [],
        "split": _split(run["payment"]),
        "refusals": _refusals(run["payment"]),
        "purchases": [_purchase(one) for one in run.get("purchases", ())],
        "cart": _cart(run.get("cart")),
        "totals": _totals(run.get("purchases", ())),
        "entries": entries,
        "balanced": sum(entry["balanced"] for entry in entries),
        "show": f"flux runs show {shlex.quote(str(run['id']))}",
        "sums": [f"{item['sha256']}  {item['path']}" for item in deliverables if item["summable"]],
    }


def _deliverable(item: Mapping[str, Any]) -> dict[str, Any]:
    path = str(item["path"])
    parts = path.split("/")
    # A link stays in the report's folder: no root, no way up, and colons and such are quoted.
    clean = visible(path) == path and not {"", ".", ".."} & set(parts)
    size = _SIZE.search(parts[-1])
    width, height = (int(size[1]), int(size[2])) if size else (0, 0)
    return {
        **item,
        "link": "/".join(quote(part, safe="") for part in parts) if clean else None,
        "name": parts[-1],
        "shown": clean and str(item["media_type"]) == "image/png",
        "summable": clean and "\\" not in path and _SHA256.fullmatch(str(item["sha256"])),
        "width": width,
        "height": height,
        # How wide the picture is in a row of pictures of one height; never too slim for its name.
        "share": max(width * 100 // height, 30) if size else 100,
    }


def _hire(hire: Mapping[str, Any]) -> dict[str, Any]:
    won = next((offer for offer in hire["ranking"] if offer["provider"] == hire["agent"]), None)
    return {
        **hire,
        "passed": sum(bool(check["passed"]) for check in hire["checks"]),
        "won": won,
        "parts": [(name, part, min(max(part // 100, 0), 100)) for name, part in _parts(won)],
        "others": [offer for offer in hire["ranking"] if offer is not won],
    }


def _parts(offer: Mapping[str, Any] | None) -> list[tuple[str, int]]:
    return list(dict(offer["parts"]).items()) if offer else []


def _unhired(
    plan: Mapping[str, Any] | None, hires: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The planned tasks that nobody was hired for."""
    hired = {hire["task"] for hire in hires}
    return [task for task in plan["tasks"] if task["id"] not in hired] if plan else []


def _votes(run: Mapping[str, Any]) -> dict[str, Any] | None:
    """The kernel's tally; without one, the recorded ballots, and then no number is needed."""
    decision = run["decision"]
    if decision and decision["tally"]:
        return dict(decision["tally"])
    if not run["ballots"]:
        return None
    cast = Counter(str(ballot["vote"]) for ballot in run["ballots"])
    return {
        "outcome": None,
        "yes": cast[Vote.YES],
        "no": cast[Vote.NO],
        "abstain": cast[Vote.ABSTAIN],
        "missing": max(len(SEATS) - len(run["ballots"]), 0),
        "needed": None,
    }


def _cards(ballots: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The ballots, and one card more for each seat that was asked and is silent."""
    cast = [{**ballot, "asks": _asks(ballot["conditions"])} for ballot in ballots]
    seen = {str(ballot["seat"]) for ballot in ballots}
    silent = [{"seat": seat, "vote": None} for seat in SEATS if seat not in seen]
    order = {seat: place for place, seat in enumerate(SEATS)}
    cards = cast + silent if cast else []
    return sorted(cards, key=lambda card: order.get(str(card["seat"]), len(order)))


def _purchase(one: Mapping[str, Any]) -> dict[str, Any]:
    """A purchase with what the page says about how it was decided."""
    return {
        **one,
        "votes": _votes(one),
        "cards": _cards(one["ballots"]),
        "conditions": _together(one["ballots"]) if _approved(one["decision"]) else [],
        "refusals": _refusals(one["payment"]),
    }


def _cart(cart: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A cart with its orders beside their shipping, what else there was, and its wish as read."""
    if cart is None:
        return None
    shipping = {leg["shop"]: leg["shipping"] for leg in cart["legs"]}
    kinds = (("understood", "understood"), ("assumptions", "assumed"), ("warnings", "warning"))
    return {
        **cart,
        "orders": [{**order, "shipping": shipping[order["shop"]]} for order in cart["orders"]],
        "paid": sum(order["state"] == "paid" for order in cart["orders"]),
        "others": [*cart["proof"]["baselines"], *cart["proof"]["what_ifs"]],
        "remarks": [
            {"kind": word, "text": remark["text"]}
            for kind, word in kinds
            for remark in cart["spec"][kind]
        ],
    }


def _totals(purchases: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What was asked for and spent in all, and how many ended how."""
    spent = [one["authorization"]["captured"] for one in purchases if one["authorization"]]
    outcomes = Counter(str(one["outcome"]) for one in purchases)
    return {
        "asked": total([one["amount"] for one in purchases], CREDIT),
        "spent": total(spent, CREDIT),
        "bought": outcomes["bought"],
        "denied": outcomes["denied"],
    }


def _asks(conditions: Mapping[str, Any]) -> list[str]:
    cap = conditions["max_amount"]
    asked = (
        (cap is not None, f"at most {cap}"),
        (conditions["require_escrow"], "money stays in escrow until delivery"),
        (conditions["require_check"], "every delivery passes its checks"),
        (conditions["human"], "a person confirms"),
    )
    return [text for wanted, text in asked if wanted]


def _approved(decision: Mapping[str, Any] | None) -> bool:
    return decision is not None and _tone(decision["verdict"]) == "good"


def _together(ballots: Sequence[Mapping[str, Any]]) -> list[str]:
    """What all YES ballots ask for together, as the kernel joins it."""
    asked = [ballot["conditions"] for ballot in ballots if ballot["vote"] == Vote.YES]
    caps = [item["max_amount"] for item in asked if item["max_amount"] is not None]
    flags = ("require_escrow", "require_check", "human")
    joined: dict[str, Any] = {flag: any(item[flag] for item in asked) for flag in flags}
    return _asks({**joined, "max_amount": min(caps) if caps else None})


def _split(payment: Mapping[str, Any] | None) -> dict[str, str] | None:
    """Percent of the requested amount that was spent and that was given back, if any was."""
    if payment is None or payment["captured"].units + payment["released"].units <= 0:
        return None
    whole = max(payment["amount"].units, 1)
    return {
        name: f"{min(max(payment[name].units * 1000 // whole, 0), 1000) / 10:g}"
        for name in ("captured", "released")
    }


def _refusals(payment: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    if payment is None:
        return []

    def counted(number: int | None, unit: str) -> str | None:
        if number is None:
            return None
        return (
            str(Money(number, payment["amount"].asset)) if unit == "money" else f"{number} {unit}"
        )

    return [
        {**item, **{key: counted(item[key], str(item["unit"])) for key in ("limit", "observed")}}
        for item in payment["refusals"]
    ]


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry's postings by direction, and whether they cancel out in every asset."""
    sums: Counter[str] = Counter()
    for posting in entry["postings"]:
        sums[posting["amount"].asset.code] += posting["amount"].units
    sides = [(posting["account"], posting["amount"]) for posting in entry["postings"]]
    return {
        **entry,
        "sources": [(account, -amount) for account, amount in sides if amount.units < 0],
        "targets": [(account, amount) for account, amount in sides if amount.units > 0],
        "balanced": not any(sums.values()),
    }


def _took(span: timedelta) -> str:
    seconds = max(int(span.total_seconds()), 0)
    minutes, rest = divmod(seconds, 60)
    hours, left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {left} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count / 1000:.1f} kB"
    return f"{count / 1_000_000:.1f} MB"


def _tone(state: object) -> str:
    word = str(state).lower()
    return "good" if word in _GOOD else "bad" if word in _BAD else "calm"
