"""Notes: what a program keeps with one of our objects."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """JSON text of a program's own about the object `subject`; Flux neither reads nor obeys it."""

    id: str
    subject: str
    text: str


def note_id(subject: str) -> str:
    """The id of the one note about an object."""
    return f"note:{subject}"
