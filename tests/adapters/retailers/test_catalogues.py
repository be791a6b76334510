"""The catalogues that come with Flux are what their script makes, and as broad as promised."""

from __future__ import annotations

import pytest

from bench import catalogues
from flux_cli.adapters.retailers.directory import OWN
from flux_cli.adapters.retailers.feed import read_feed
from flux_cli.domain import categories
from flux_cli.domain.categories import CATEGORIES


@pytest.mark.parametrize("shop", [one.name for one in OWN])
def test_a_catalogue_is_what_the_script_writes(shop: str) -> None:
    path = catalogues.FOLDER / "catalogues" / f"{shop}.jsonl"
    assert path.read_text(encoding="utf-8") == catalogues.text_of(shop)


@pytest.mark.parametrize("shop", OWN, ids=[one.name for one in OWN])
def test_each_shop_sells_300_products_of_20_categories(shop: object) -> None:
    name = getattr(shop, "name", "")
    data = (catalogues.FOLDER / "catalogues" / f"{name}.jsonl").read_bytes()
    feed = read_feed(data, name, 3, as_csv=False)
    assert len(feed.offers) >= 300
    assert len({offer.category for offer in feed.offers}) >= 20
    assert feed.unplaced == 0
    assert len({offer.title for offer in feed.offers}) == len(feed.offers)


def test_the_shops_are_trusted_as_the_product_says() -> None:
    assert {one.name: one.trust for one in OWN} == {"amazon": 99, "walmart": 95, "techdata": 92}


def test_no_word_means_two_categories_and_all_are_lower_case() -> None:
    words = [word for one in CATEGORIES.values() for word in one.words]
    assert sorted(words) == sorted(set(words))
    assert all(word == word.lower().strip() and word for word in words)
    assert len(categories.CATEGORIES) >= 20


def test_what_is_usual_for_people_is_rounded_up() -> None:
    assert CATEGORIES["adapters"].usual_for(61) == 7
    assert CATEGORIES["badges"].usual_for(60) == 60
    assert CATEGORIES["prizes"].usual_for(None) == 3
    assert CATEGORIES["first_aid"].usual_for(1) == 1
