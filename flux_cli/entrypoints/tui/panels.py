"""The widgets a view is made of: one box for each panel, and the row of figures."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from flux_cli.entrypoints.tui.paint import (
    bar_lines,
    harmless,
    plot_lines,
    prose_lines,
    table_lines,
    tile_content,
)
from flux_cli.usecases.dashboard_view import Bars, Panel, Plot, Prose, Ref, Row, Table, Tile

TITLE_MARGIN = 6
"""How many cells of a box its title cannot have."""


class TileBox(Widget):
    """One figure in a box."""

    def __init__(self, tile: Tile) -> None:
        super().__init__()
        self.show(tile)

    def show(self, tile: Tile) -> None:
        """Show another figure in its place."""
        self._tile = tile
        self._entitle()
        self.refresh()

    def on_resize(self) -> None:
        """Choose the title that fits."""
        self._entitle()

    def _entitle(self) -> None:
        fits = self.size.width >= len(self._tile.title) + TITLE_MARGIN
        self.border_title = literal(
            self._tile.title if fits else self._tile.brief or self._tile.title
        )

    def render(self) -> Content:
        """The figure and its detail."""
        return tile_content(self._tile, self.content_size.width)


class PanelBox(Widget, can_focus=True):
    """One panel in a box; a table has a cursor, everything longer than its box scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "down", show=False),
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("home", "move(-1000000)", "first", show=False),
        Binding("end", "move(1000000)", "last", show=False),
        Binding("enter", "open", "open", show=False),
    ]

    class Opened(Message):
        """A row was chosen."""

        def __init__(self, ref: Ref) -> None:
            super().__init__()
            self.ref = ref

    class Exhausted(Message):
        """The cursor is on the last row, and the ledger has more."""

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self._cursor = 0
        self._top = 0
        self._hint = ""
        self.show(panel)

    @property
    def panel(self) -> Panel:
        """What is shown."""
        return self._panel

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        if isinstance(self._panel, Table) and self._panel.rows:
            return self._panel.rows[min(self._cursor, len(self._panel.rows) - 1)]
        return None

    def show(self, panel: Panel) -> None:
        """Show a newer state; the cursor stays on its object, or on top if it was there."""
        before = self.row if hasattr(self, "_panel") else None
        self._panel = panel
        if isinstance(panel, Table) and before is not None and before.ref and self._cursor:
            places = [place for place, row in enumerate(panel.rows) if row.ref == before.ref]
            self._cursor = places[0] if places else self._cursor
        if isinstance(panel, Table):
            self._cursor = max(0, min(self._cursor, len(panel.rows) - 1))
        title = getattr(panel, "title", "")
        self.border_title = literal(f"{self._hint} {title}" if self._hint else title)
        note = panel.note if isinstance(panel, Table) else ""
        self.border_subtitle = literal(note)
        self.refresh()

    def hint(self, letter: str) -> None:
        """Show the letter that jumps here; an empty one takes it away."""
        self._hint = f"[{letter}]" if letter else ""
        self.show(self._panel)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """How many lines it would take to show all of it."""
        if isinstance(self._panel, Table):
            return 1 + len(self._panel.rows)
        return len(lines_of(self._panel, width, viewport.height))

    def render(self) -> Content:
        """The panel in exactly its own box."""
        width, height = self.content_size
        if width < 1 or height < 1:
            return Content("")
        panel = self._panel
        if isinstance(panel, Table):
            self._follow(height)
            cursor = self._cursor if self.has_focus else -1
            lines = table_lines(panel, width, height, cursor, self._top)
        else:
            lines = lines_of(panel, width, height)
            self._top = max(0, min(self._top, len(lines) - height))
            lines = lines[self._top :]
        return Content("\n").join(lines[:height])

    def _follow(self, height: int) -> None:
        """Keep the cursor in sight."""
        visible_rows = max(1, height - 1)
        if self._cursor < self._top:
            self._top = self._cursor
        elif self._cursor >= self._top + visible_rows:
            self._top = self._cursor - visible_rows + 1

    def action_move(self, by: int) -> None:
        """Move the cursor, or scroll."""
        if isinstance(self._panel, Table):
            last = len(self._panel.rows) - 1
            if self._cursor + by > last and self._panel.more:
                self.post_message(self.Exhausted())
            self._cursor = max(0, min(self._cursor + by, last))
        else:
            self._top = max(0, self._top + by)
        self.refresh()

    def action_page(self, by: int) -> None:
        """Move by what fits in the box."""
        self.action_move(by * max(1, self.content_size.height - 1))

    def action_open(self) -> None:
        """Open the object under the cursor."""
        row = self.row
        if row is not None and row.ref is not None:
            self.post_message(self.Opened(row.ref))

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor there; on the cursor's own row it opens it."""
        offset = event.get_content_offset(self)
        if offset is None or not isinstance(self._panel, Table) or offset.y < 1:
            return
        place = self._top + offset.y - 1
        if place >= len(self._panel.rows):
            return
        if place == self._cursor and event.chain > 1:
            self.action_open()
        self._cursor = place
        self.refresh()

    def on_mouse_scroll_down(self) -> None:
        """Scroll."""
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        """Scroll."""
        self.action_move(-3)

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()


def lines_of(panel: Panel, width: int, height: int) -> list[Content]:
    """All lines of a panel that is no table."""
    if isinstance(panel, Bars):
        return bar_lines(panel, width)
    if isinstance(panel, Plot):
        return plot_lines(panel, width, height)
    assert isinstance(panel, Prose), "a panel is of one of these kinds"
    return prose_lines(panel, width)


def literal(text: str) -> Content:
    """Anybody's text where Textual would take a string for markup."""
    return Content(harmless(text))
