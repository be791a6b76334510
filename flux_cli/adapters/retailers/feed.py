"""Product feeds in ACP's forms, read strictly: JSON Lines or CSV, nested or flat.

Agentic Commerce Protocol: a product has variants with a price in minor units; OpenAI's file
upload is one flat row a product, its price written `79.99 USD`.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flux_cli.domain.categories import BY_WORD, CATEGORIES
from flux_cli.domain.free_text import bounded
from flux_cli.domain.money import CREDIT, Money, parse_money
from flux_cli.domain.offers import LONGEST_DELIVERY, MOST_STOCK, Offer
from flux_cli.domain.shopping import asset_of
from flux_cli.errors import FluxError, InvalidInput

LARGEST_FEED = 20_000_000
MOST_PRODUCTS = 50_000
MOST_FAULTS = 10
UNKNOWN_STOCK = 20
LIMITED_STOCK = 3
USUAL_RATING = 75

_SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)
_PACK = re.compile(
    r"(?:pack|box|set|case|bundle)\s+of\s+(\d{1,4})|(\d{1,4})\s*[- ]?\s*(?:pack|pk|ct|count|pcs)\b"
    r"|\bx\s?(\d{1,4})\b",
    re.IGNORECASE | re.ASCII,
)
_WORDS = re.compile(r"[a-z0-9][a-z0-9'-]*", re.ASCII)
_GONE = frozenset({"out_of_stock", "discontinued", "preorder", "backorder", "pre_order"})


class Fault(Exception):
    """What is wrong with one row; the message completes "line 3: …"."""


@dataclass(frozen=True, slots=True)
class Feed:
    """The offers of a feed; `unplaced` products are of no category there is."""

    offers: tuple[Offer, ...]
    unplaced: int


def read_feed(data: bytes, shop: str, days: int, *, as_csv: bool) -> Feed:
    """Every product of a feed as an offer of `shop`, delivered in `days` where it says nothing.

    Raises `InvalidInput` naming the first lines that are wrong; a feed is taken whole or not.
    """
    if len(data) > LARGEST_FEED:
        raise InvalidInput(f"a feed is at most {LARGEST_FEED} bytes", param="FEED")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("a feed is UTF-8 text", param="FEED") from None
    return read_rows(_rows(text, as_csv=as_csv), shop, days)


def read_rows(rows: Iterable[tuple[int, Mapping[str, Any]]], shop: str, days: int) -> Feed:
    """The same of (line, row) pairs that are read already."""
    faults, offers, seen, unplaced = [], [], set[str](), 0
    for line, row in rows:
        try:
            offer = _offer(row, shop, days)
            if offer.sku in seen:
                raise Fault(f"id {offer.sku!r} is there twice")
        except Fault as fault:
            faults.append(f"line {line}: {fault}")
            continue
        seen.add(offer.sku)
        unplaced += not offer.category
        offers.append(offer)
    if faults or not offers:
        said = "; ".join(faults[:MOST_FAULTS]) or "it holds no product"
        more = f"; and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
        raise InvalidInput(f"the feed cannot be used: {said}{more}", param="FEED")
    return Feed(tuple(offers), unplaced)


def _rows(text: str, *, as_csv: bool) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """(line, row) of each product; the variants of a nested one each stand alone."""
    yield from product_rows(_csv(text) if as_csv else _json_lines(text))


def product_rows(
    products: Iterable[tuple[int, dict[str, Any]]],
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The same of products that are read already, by their place. Raises `InvalidInput`."""
    count = 0
    for line, found in products:
        variants = found.get("variants")
        rows = [found] if variants is None else variants
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise InvalidInput(f"line {line}: variants is no list of objects", param="FEED")
        for row in rows:
            count += 1
            if count > MOST_PRODUCTS:
                raise InvalidInput(f"a feed has at most {MOST_PRODUCTS} products", param="FEED")
            yield line, {**{k: v for k, v in found.items() if k != "variants"}, **row}


def _csv(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if None in row or None in row.values():
                raise InvalidInput(
                    f"line {reader.line_num} has other columns than the first", param="FEED"
                )
            yield reader.line_num, {key.strip(): value for key, value in row.items() if value}
    except csv.Error as error:
        raise InvalidInput(f"line {reader.line_num}: {error}", param="FEED") from None


def _json_lines(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, one in enumerate(text.split("\n"), 1):
        if not one.strip():
            continue
        try:
            row = json.loads(one, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"line {line} is not JSON: {error}", param="FEED") from None
        if not isinstance(row, dict):
            raise InvalidInput(f"line {line} is not an object", param="FEED")
        yield line, row


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is not a number")


def _offer(row: Mapping[str, Any], shop: str, days: int) -> Offer:
    sku, title = _text(row, "id"), bounded(_text(row, "title"), 160)
    if not _SKU.fullmatch(sku):
        raise Fault("id wants 1 to 64 letters, digits, dots, dashes")
    if not title:
        raise Fault("title holds nothing that can be seen")
    words = f"{row.get('brand') or ''} {_description(row)}"
    about = "" if words.isspace() else bounded(words, 400)
    path = str(row.get("category") or row.get("product_category") or _first_category(row))
    offer = Offer(
        shop=shop,
        sku=sku,
        title=title,
        category=_category(path, title),
        price=_price(row),
        pack=_whole(row, "unit_count", 1, 10_000, _pack_in(title)),
        stock=_stock(row),
        days=_whole(row, "delivery_days", 0, LONGEST_DELIVERY, days),
        rating=_whole(row, "rating", 0, 100, USUAL_RATING),
        text=about,
    )
    if offer.price.units <= 0:
        raise Fault("price is nothing")
    return offer


def _price(row: Mapping[str, Any]) -> Money:
    """The price: minor units and a currency, or `79.99 USD`. Raises `Fault`."""
    price = row.get("sale_price") or row.get("price")
    try:
        if isinstance(price, str):
            number, _, code = price.strip().partition(" ")
            money = parse_money(number, asset_of(code.strip() or "USD"))
        elif isinstance(price, dict):
            amount, asset = price.get("amount"), asset_of(str(price.get("currency", "")))
            if type(amount) is not int or amount < 0:
                raise Fault("price.amount wants a whole number of minor units")
            money = Money(amount * (10_000 if asset.exponent == 6 else 1), asset)
        else:
            raise Fault("price is missing")
    except FluxError as error:
        raise Fault(f"price: {error.message}") from None
    if money.asset != CREDIT:
        raise Fault(f"price is in {money.asset.code}; only USD is sold in")
    if money.units % 10_000:
        raise Fault("price is finer than a cent")
    return money


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip() or len(value) > 5000:
        raise Fault(f"{key} is missing or no text")
    return value.strip()


def _description(row: Mapping[str, Any]) -> str:
    """What is said of it: text, or ACP's object of one text in several formats."""
    told = row.get("description") or ""
    if isinstance(told, dict):
        told = told.get("plain") or told.get("markdown") or ""
    return str(told)


def _first_category(row: Mapping[str, Any]) -> str:
    """The first of ACP's `categories`, "" where there is none."""
    listed = row.get("categories")
    first = listed[0] if isinstance(listed, list) and listed else None
    return str(first.get("value") or "") if isinstance(first, dict) else ""


def _whole(row: Mapping[str, Any], key: str, least: int, most: int, otherwise: int) -> int:
    value = row.get(key)
    if value is None or value == "":
        return otherwise
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if type(value) is not int or not least <= value <= most:
        raise Fault(f"{key} wants a whole number from {least} to {most}")
    return value


def _stock(row: Mapping[str, Any]) -> int:
    told = row.get("availability")
    if isinstance(told, dict):
        status = str(told.get("status") or "in_stock")
        status = "out_of_stock" if told.get("available") is False else status
    else:
        status = str(told or "in_stock").strip().lower().replace(" ", "_")
    if status in _GONE:
        return 0
    usual = LIMITED_STOCK if status == "limited_stock" else UNKNOWN_STOCK
    return _whole(row, "inventory_quantity", 0, MOST_STOCK, usual)


def _pack_in(title: str) -> int:
    """The pack size a title speaks of: `pack of 12`, `12-pack`, `12 ct`, `x12`; else 1."""
    match = _PACK.search(title)
    size = int(next(group for group in match.groups() if group)) if match else 1
    return max(1, size)


def _category(path: str, title: str) -> str:
    """Our category: by its id, else by the longest phrase of ours in the title, then the path."""
    if path in CATEGORIES:
        return path
    for text in (title, *reversed(path.split(">"))):
        words = _WORDS.findall(text.lower())
        for length in range(min(4, len(words)), 0, -1):
            for start in range(len(words) - length, -1, -1):
                found = BY_WORD.get(" ".join(words[start : start + length]))
                if found is not None:
                    return found.id
    return ""
