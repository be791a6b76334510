"""Keeping what a program notes of one of our objects."""

from __future__ import annotations

from flux_cli.domain.notes import Note, note_id
from flux_cli.usecases.ports import Deps


def keep_note(deps: Deps, subject: str, text: str) -> None:
    """Keep a program's JSON text about an object, once."""
    with deps.store.begin() as tx:
        if tx.lookup(Note, id=note_id(subject)) is None:
            tx.put(Note(note_id(subject), subject, text), "note.kept")
