"""Journal entries: named, told whole, and one after another."""

from __future__ import annotations

from collections.abc import Iterator

from flux_cli.domain.decisions import Decision
from flux_cli.domain.identifiers import ALPHABET, entry_seq
from flux_cli.domain.money import Money, total
from flux_cli.errors import AmbiguousId, Fix, NotFound
from flux_cli.usecases.describe_run import Document, describe_entry
from flux_cli.usecases.ports import EntryRecord, Reader

PAGE = 10_000
"""How many entries a long reading takes at a time."""

LEAST_SUFFIX = 6
SUFFIX_HOLDS = 12
"""How many of an id's last characters spell nothing but the entry's place."""


def last_movement(record: EntryRecord) -> int:
    """The number of the movement that completes an entry."""
    return record.seq + len(record.entry.moves) - 1


def history(reader: Reader, after: int, until: int) -> Iterator[EntryRecord]:
    """The entries after movement `after` and not after `until`, oldest first."""
    while page := reader.entries_after(after, PAGE):
        for record in page:
            if record.seq > until:
                return
            yield record
        after = last_movement(page[-1])


def entry_named(reader: Reader, text: str) -> EntryRecord:
    """The entry of this id, of the last six or more characters of one, or of this number.

    The number of any of its movements names an entry. Raises `NotFound`, `AmbiguousId`.
    """
    name = text.strip().lower()
    if name.isascii() and name.isdigit() and len(name) <= 18 and not name.startswith("0"):
        found = _around(reader, int(name))
    elif name.startswith("ent_"):
        seq = entry_seq(name)
        found = None if seq is None else reader.entry_at(seq)
        found = found if found is not None and found.id == name else None
    else:
        found = _ending(reader, name)
    if found is None:
        raise NotFound(
            f"no entry {text[:64]!r}: it has an id, or the number in the column seq",
            subject=text[:64],
            fixes=(Fix("see the latest", ("flux", "ledger", "entries")),),
        )
    return found


def _around(reader: Reader, seq: int) -> EntryRecord | None:
    """The entry that movement `seq` is part of."""
    if not 0 < seq <= reader.position():
        return None
    return reader.entries(before=seq + 1, limit=1)[0]


def _ending(reader: Reader, suffix: str) -> EntryRecord | None:
    """The one entry whose id ends so: the end of an id is the entry's place."""
    if not LEAST_SUFFIX <= len(suffix) <= 26 or not set(suffix) <= set(ALPHABET):
        return None
    spelt = suffix[-SUFFIX_HOLDS:]
    seq = 0
    for character in spelt:
        seq = seq << 5 | ALPHABET.index(character)
    if seq + (1 << 5 * len(spelt)) <= reader.position():
        raise AmbiguousId(f"{suffix!r} may name more than one entry", subject=suffix)
    record = reader.entry_at(seq)
    return record if record is not None and record.id.endswith(suffix) else None


def summarise_entry(record: EntryRecord) -> Document:
    """An entry with its postings, and where its money left, arrived, and how much it was."""
    postings = record.entry.postings
    arrived = [posting for posting in postings if posting.amount.units > 0]
    return describe_entry(record) | {
        "from": [posting.account for posting in postings if posting.amount.units < 0],
        "to": [posting.account for posting in arrived],
        "amount": _amount([posting.amount for posting in arrived]),
    }


def view_entry(reader: Reader, record: EntryRecord) -> Document:
    """An entry whole: its moves, what each posting left, who allowed it, and its hash."""
    entry, last = record.entry, last_movement(record)
    undone = reader.entry(reversal_key(record))
    document = summarise_entry(record)
    document["postings"] = [
        {
            "account": posting.account,
            "amount": posting.amount,
            "balance_after": reader.balance_at(posting.account, posting.amount.asset, last),
        }
        for posting in entry.postings
    ]
    return document | {
        "moves": [
            {"seq": seq, "source": move.source, "target": move.target, "amount": move.amount}
            for seq, move in enumerate(entry.moves, record.seq)
        ],
        "decision": _decision(reader, entry.decision_id),
        "reversed_by": None if undone is None else undone.id,
        "hash": reader.head(last)[1],
    }


def reversal_key(record: EntryRecord) -> str:
    """The key of the one entry that may reverse this one."""
    return f"reverse:{record.id}"


def _decision(reader: Reader, decision_id: str | None) -> Document | None:
    """The kernel's verdict that allowed an entry."""
    if decision_id is None:
        return None
    decision = reader.get(Decision, decision_id)
    return {
        "id": decision.id,
        "verdict": decision.verdict,
        "payment_id": decision.intent_id,
        "policy_version": decision.policy_version,
        "made_at": decision.made_at,
    }


def _amount(arrived: list[Money]) -> Money:
    """What arrived in the asset named first; an exchange also moves another."""
    asset = arrived[0].asset
    return total([amount for amount in arrived if amount.asset == asset], asset)
