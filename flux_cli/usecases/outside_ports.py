"""The door to work done outside Flux, and who may be let through it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from flux_cli.domain.marketplace import Listing
from flux_cli.errors import Fix, WorkFailed, WrongState

if TYPE_CHECKING:
    # They speak of this door, so they cannot be imported before it.
    from flux_cli.usecases.ports import Deps, Trade


class Outside(Protocol):
    """Programs of this machine and agents of the web, as far as the owner allows them."""

    def barred(self, listing: Listing) -> str | None:
        """Why this listing's own command or agent may not work now, or None."""

    def allowance(self, listing: Listing) -> Fix:
        """What the owner would write to let it work."""

    def worker(self, listing: Listing, inside: Trade) -> Trade:
        """The listing's command or agent at `inside`'s work, which judges what it hands in."""


def barred(deps: Deps, listings: Iterable[Listing]) -> dict[str, str]:
    """Which of these listings the owner does not let work, each id with why."""
    found = {item.id: deps.outside.barred(item) for item in listings if item.is_outside}
    return {name: why for name, why in found.items() if why is not None}


def worker(deps: Deps, listing: Listing, trade: str) -> Trade:
    """Who does the work of a listing; raises `WorkFailed` where the owner does not let it."""
    inside = deps.trades[trade]
    if not listing.is_outside:
        return inside
    if (why := deps.outside.barred(listing)) is not None:
        raise WorkFailed(why, subject=listing.id)
    return deps.outside.worker(listing, inside)


def admit(deps: Deps, listing: Listing) -> None:
    """Raise `WrongState`, with what the owner can do, where a listing may not work."""
    if listing.is_outside and (why := deps.outside.barred(listing)) is not None:
        raise WrongState(
            f"{listing.provider} works outside Flux, and is {why}",
            subject=listing.id,
            fixes=(deps.outside.allowance(listing),),
        )
