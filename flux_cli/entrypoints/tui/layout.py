"""Where the panels of a view stand, by how large the terminal is."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from flux_cli.domain.quorum import SEATS
from flux_cli.entrypoints.tui.panels import PanelBox, TileBox
from flux_cli.usecases.dashboard_view import Panel, Prose, Table, Tiles, View

NARROW = 100
"""Below this many columns what stands beside the main panels is one `tab` away."""

LOW = 30


class Board(Widget):
    """The panels of one view, made anew only when a view has other ones."""

    def __init__(self) -> None:
        super().__init__(id="board")
        self._tiles: list[TileBox] = []
        self.boxes: list[PanelBox] = []
        self._shape: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """The four places."""
        yield Horizontal(id="top")
        with Horizontal(id="middle"):
            yield Vertical(id="main")
            yield Vertical(id="side")
        yield Vertical(id="foot")

    async def show(self, view: View) -> None:
        """Put a view in place."""
        shape = _shape(view)
        if shape != self._shape:
            await self._rebuild(view)
            self._shape = shape
        tiles = view.top.tiles if view.top else ()
        for box, tile in zip(self._tiles, tiles, strict=True):
            box.show(tile)
        for panel_box, panel in zip(self.boxes, panels_of(view), strict=True):
            panel_box.show(panel)

    async def _rebuild(self, view: View) -> None:
        places = {name: self.query_one(f"#{name}") for name in ("top", "main", "side", "foot")}
        for place in places.values():
            await place.remove_children()
        self._tiles = [TileBox(tile) for tile in (view.top.tiles if view.top else ())]
        main = [PanelBox(panel) for panel in view.main]
        side = [PanelBox(panel) for panel in view.side]
        foot = [PanelBox(panel) for panel in view.foot]
        self.boxes = [*main, *side, *foot]
        for box in side:
            if isinstance(box.panel, Prose):
                box.add_class("prose")
        kinds = (("top", self._tiles), ("main", main), ("side", side), ("foot", foot))
        for name, boxes in kinds:
            places[name].display = bool(boxes)
            await places[name].mount_all(boxes)
        self.fold(side_shown=False)
        if self.boxes:
            self.boxes[0].focus()

    def fold(self, *, side_shown: bool) -> None:
        """In a narrow terminal show the main panels, or those beside them."""
        narrow = self.app.size.width < NARROW
        main, side = self.query_one("#main"), self.query_one("#side")
        has_side = bool(side.children)
        main.display = not (narrow and side_shown and has_side)
        side.display = has_side and (not narrow or side_shown)
        main_boxes = [box for box in self.boxes if box.parent is main]
        crowded = self.app.size.height < LOW and len(main_boxes) > 2
        for place, box in enumerate(main_boxes):
            # Where there is little room the middle has what it needs, the last a line.
            rows = len(box.panel.rows) if isinstance(box.panel, Table) else 0
            is_last = place == len(main_boxes) - 1
            is_middle = crowded and place > 0 and not is_last
            box.styles.height = min(max(rows, 1), len(SEATS)) + 3 if is_middle else None
            box.set_class(crowded and is_last, "least")

    def jump(self, box: PanelBox) -> None:
        """Go to a panel, wherever it is."""
        self.fold(side_shown=box.parent is self.query_one("#side"))
        box.focus()


def panels_of(view: View) -> tuple[Panel, ...]:
    """The boxes of a view in the order they are reached."""
    return (*view.main, *view.side, *view.foot)


def _shape(view: View) -> tuple[object, ...]:
    """What two views have alike if one can take the other's place, box for box."""
    tiles = view.top or Tiles(())
    return (
        view.ref.kind if view.ref else view.title,
        view.ref,
        len(tiles.tiles),
        *(tuple(type(panel) for panel in place) for place in (view.main, view.side, view.foot)),
    )
