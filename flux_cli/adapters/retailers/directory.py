"""All shops there are: those that come with Flux and those the owner added."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path

from flux_cli.adapters.retailers import amazon, techdata, walmart
from flux_cli.adapters.retailers.desk import Desk
from flux_cli.adapters.retailers.door import Door, over_http
from flux_cli.adapters.retailers.feed import LARGEST_FEED, read_feed
from flux_cli.adapters.retailers.pricing import offers_on
from flux_cli.domain.offers import Offer, Retailer
from flux_cli.errors import InvalidInput, StorageFailed
from flux_cli.usecases.shops import Shop

OWN = (amazon.RETAILER, techdata.RETAILER, walmart.RETAILER)
"""The simulated shops; each has a file of its own and a catalogue."""


class ShopFolder:
    """Shops whose feeds, sessions and orders are files below one folder.

    With `address` the checkout is a server there, else it is in this process; the same code.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime], address: str = "") -> None:
        self._folder = folder
        self._now = now
        self._address = address

    def open(self, added: Sequence[Retailer]) -> list[Shop]:
        """The shops that come with Flux, then those added from feeds."""
        retailers = [*OWN, *added]
        if self._address:
            return [Door(one, over_http(self._address, one.name)) for one in retailers]
        return [Door(one, self.desk(one).handle) for one in retailers]

    def desk(self, retailer: Retailer) -> Desk:
        """The checkout desk of a shop."""
        catalogue: Mapping[str, Offer] | None = None

        @lru_cache(maxsize=2)  # a request asks for its day many times, perhaps over midnight
        def sold_on(day: date) -> Sequence[Offer]:
            nonlocal catalogue
            if catalogue is None:
                catalogue = {offer.sku: offer for offer in self._catalogue(retailer)}
            moves = not retailer.feed_sha256
            return tuple(offers_on(catalogue, day) if moves else catalogue.values())

        return Desk(retailer, sold_on, self._folder / retailer.name, self._now)

    def keep_feed(self, path: Path, name: str, days: int) -> tuple[str, int, int]:
        """Check a feed and keep a copy under its hash: (SHA-256, products, unplaced ones)."""
        try:
            if path.stat().st_size > LARGEST_FEED:
                raise InvalidInput(f"{path} is larger than {LARGEST_FEED} bytes", param="FEED")
            data = path.read_bytes()
        except OSError as error:
            raise InvalidInput(f"cannot read {path}: {error.strerror}", param="FEED") from error
        as_csv = path.suffix.lower() == ".csv"
        feed = read_feed(data, name, days, as_csv=as_csv)
        sha = hashlib.sha256(data).hexdigest()
        self._put(f"{sha}{'.csv' if as_csv else '.jsonl'}", data)
        return sha, len(feed.offers), feed.unplaced

    def _catalogue(self, retailer: Retailer) -> Sequence[Offer]:
        if not retailer.feed_sha256:
            return _packaged(retailer.name, retailer.days)
        for suffix in (".csv", ".jsonl"):
            path = self._folder / "feeds" / f"{retailer.feed_sha256}{suffix}"
            if path.is_file():
                data = path.read_bytes()
                if hashlib.sha256(data).hexdigest() != retailer.feed_sha256:
                    raise StorageFailed(f"{path} is not the feed that was added", subject=str(path))
                as_csv = suffix == ".csv"
                return read_feed(data, retailer.name, retailer.days, as_csv=as_csv).offers
        raise StorageFailed(
            f"the feed of {retailer.name} is gone from {self._folder / 'feeds'}",
            subject=retailer.name,
        )

    def _put(self, name: str, data: bytes) -> None:
        folder = self._folder / "feeds"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, partial = tempfile.mkstemp(dir=folder, prefix=".partial-")
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, folder / name)
        except OSError as error:
            raise StorageFailed(f"cannot write {folder}: {error.strerror}") from error


@cache
def _packaged(name: str, days: int) -> tuple[Offer, ...]:
    """The catalogue that comes with Flux: the same for as long as the process lives."""
    package = resources.files("flux_cli.adapters.retailers")
    data = package.joinpath("catalogues", f"{name}.jsonl").read_bytes()
    return read_feed(data, name, days, as_csv=False).offers
