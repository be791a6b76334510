"""Journal entries as movements from somewhere to somewhere."""

from __future__ import annotations

from flux_cli.domain.money import Money, total
from flux_cli.usecases.describe_run import Document, describe_entry
from flux_cli.usecases.ports import EntryRecord


def summarise_entry(record: EntryRecord) -> Document:
    """An entry with its postings, and where its money left, arrived, and how much it was."""
    postings = record.entry.postings
    arrived = [posting for posting in postings if posting.amount.units > 0]
    return describe_entry(record) | {
        "from": [posting.account for posting in postings if posting.amount.units < 0],
        "to": [posting.account for posting in arrived],
        "amount": _amount([posting.amount for posting in arrived]),
    }


def _amount(arrived: list[Money]) -> Money:
    """What arrived in the asset named first; an exchange also moves another."""
    asset = arrived[0].asset
    return total([amount for amount in arrived if amount.asset == asset], asset)
