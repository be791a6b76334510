"""Keeping what a program notes of one of our objects."""

from __future__ import annotations

from flux_cli.domain.notes import Note, note_id
from flux_cli.usecases.ports import Deps, Transaction


def keep_note(deps: Deps, subject: str, text: str) -> None:
    """Keep a program's JSON text about an object, once."""
    with deps.store.begin() as tx:
        note_in(tx, subject, text)


def note_in(tx: Transaction, subject: str, text: str) -> None:
    """`keep_note` in a transaction that is open."""
    if tx.lookup(Note, id=note_id(subject)) is None:
        tx.put(Note(note_id(subject), subject, text), "note.kept")
