"""What stands over the dashboard: help, and the owner's typed word."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from flux_cli.entrypoints.tui.paint import harmless, wrapped


class Dialog(ModalScreen[str | None]):
    """Lines, and for a `typed` word an input; answers that word, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark", "leave", "back")]

    def __init__(self, title: str, lines: list[tuple[str, str]], typed: str = "") -> None:
        super().__init__()
        self._lines = lines
        self._typed = typed
        self._title = title

    def compose(self) -> ComposeResult:
        """The lines from the first on, as many as fit; what is to be typed comes after them.

        The first `MUST_BE_SEEN` are never cut: where they do not fit nothing can be typed.
        """
        width = min(70, self.app.size.width - 6)
        word = [f"Type {harmless(self._typed)} to go on, esc to leave it."] if self._typed else []
        room = self.app.size.height - 3 - len(word) - (2 if word else 1)
        first = [line for one in self._lines[:MUST_BE_SEEN] for line in _lines(*one, width)]
        rest = [line for one in self._lines[MUST_BE_SEEN:] for line in _lines(*one, width)]
        can_be_typed = bool(word) and len(first) <= room
        with Vertical(id="dialog") as box:
            box.border_title = Content(harmless(self._title))
            yield Static(Content("\n").join((first + rest)[: max(room, 1)]))
            if can_be_typed:
                yield Static(Content.styled(word[0], "bold"))
                yield Input(id="typed", compact=True, select_on_focus=False)
            elif word:
                yield Static(Content.styled("this terminal is too small to ask in; esc", "bold"))
            else:
                yield Static(Content.styled("esc closes this", "$text-muted"))

    def on_mount(self) -> None:
        """Nothing is preset: the word is typed, or nothing happens."""
        self._size = self.app.size
        self._begin()

    def _begin(self) -> None:
        for box in self.query(Input):
            box.focus()

    async def on_resize(self) -> None:
        """Ask anew in another size; what was typed so far is forgotten."""
        if self._size != self.app.size:
            self._size = self.app.size
            await self.recompose()
            self._begin()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Only exactly that word counts."""
        event.stop()
        self.dismiss(event.value.strip())

    def action_leave(self) -> None:
        """Nothing is done."""
        self.dismiss(None)


LABEL = 12
MUST_BE_SEEN = 3
"""How many lines of a question come from the ledger and decide it: payee, amount, the day."""


def _lines(name: str, said: str, width: int) -> list[Content]:
    first, *more = wrapped(said, max(8, width - LABEL))
    shown = [Content.assemble((harmless(name).ljust(LABEL), "$text-muted"), (first, "bold"))]
    return shown + [Content.assemble((" " * LABEL, ""), (word, "bold")) for word in more]
