"""The dashboard's frame: screens, keys, the live follow."""

from __future__ import annotations

import shlex
from asyncio import get_running_loop
from collections.abc import Callable, Iterable
from dataclasses import replace
from signal import SIGHUP, SIGTERM
from typing import Any, ClassVar

from textual import events, work
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Static

from flux_cli.entrypoints.tui.cart_writer import work_on_cart
from flux_cli.entrypoints.tui.dialogs import Dialog
from flux_cli.entrypoints.tui.export import export_view
from flux_cli.entrypoints.tui.follower import Follower, Frame, Replay
from flux_cli.entrypoints.tui.keys import BINDINGS, KEYS, NUMBERED
from flux_cli.entrypoints.tui.layout import LOW, NARROW, Board
from flux_cli.entrypoints.tui.paint import harmless
from flux_cli.entrypoints.tui.panels import PanelBox
from flux_cli.entrypoints.tui.writer import Writer, decide, freeze
from flux_cli.errors import InvalidAmount
from flux_cli.usecases.dashboard import SCREENS, parse_filter
from flux_cli.usecases.dashboard_ports import Watch
from flux_cli.usecases.dashboard_view import Ask, Filter, Period, Ref, View

LETTERS = "asdfhklzxcvbn"
MOST_ROWS = 5_000
MORE_ROWS = 200
SMALLEST = (40, 12)
THEMES = {
    "dark": "textual-dark",
    "light": "textual-light",
    "terminal": "ansi-dark",
    "terminal-light": "ansi-light",
}


class FluxApp(App[None]):
    """The dashboard over one ledger."""

    CSS_PATH = "dashboard.tcss"
    TITLE = "flux"
    # Else the hidden filter would take the keys that are pressed before there is a panel.
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = BINDINGS

    class Arrived(Message):
        """The follower has a new view."""

        def __init__(self, frame: Frame) -> None:
            super().__init__()
            self.frame = frame

    def __init__(
        self,
        watch: Watch,
        ledger: str,
        screen: str,
        opened: Ref | None = None,
        writer: Writer | None = None,
        replay: tuple[str, float] | None = None,
    ) -> None:
        super().__init__()
        self._writer = writer
        self._ledger = ledger
        self._asks = [Ask(screen)] if opened is None else [Ask(screen), Ask(screen, opened)]
        self._last: Frame | None = None
        self._said = ""
        self._jumping: dict[str, PanelBox] = {}
        self.paints = self.frames = 0
        self.was_terminated = False
        self.bug: Exception | None = None
        self.follower = (
            Follower(watch, self._deliver)
            if replay is None
            else Replay(watch, self._deliver, *replay)
        )

    def _deliver(self, frame: Frame) -> None:
        if self.is_running:
            self.post_message(self.Arrived(frame))

    def compose(self) -> ComposeResult:
        """Head, screens, the board, the filter, the foot."""
        yield Static(id="head")
        yield Static(id="tabs")
        yield Board()
        yield Input(id="filter", placeholder="agent:writer state:denied >50 words", compact=True)
        yield Static(id="status")

    def on_mount(self) -> None:
        """Begin to follow."""
        self.follower.start()
        self._want()
        if not self.is_headless:
            # Else the signal would fall into the middle of drawing, and the terminal stay as it is.
            for number in (SIGTERM, SIGHUP):
                get_running_loop().add_signal_handler(number, self._stop_at_a_signal)

    def _stop_at_a_signal(self) -> None:
        self.was_terminated = True
        self.exit()

    def _fatal_error(self) -> None:
        """End for a bug of ours: Textual's own report would print the values of variables."""
        self.bug = self.bug or self._exception
        self._close_messages_no_wait()

    def on_unmount(self) -> None:
        """Let go of the ledger."""
        self.follower.stop()

    @property
    def ask(self) -> Ask:
        """What is on the screen."""
        return self._asks[-1]

    @property
    def view(self) -> View | None:
        """What was last shown."""
        return self._last.view if self._last else None

    def _want(self) -> None:
        self.follower.want(self.ask)
        self._chrome()

    async def on_flux_app_arrived(self, message: FluxApp.Arrived) -> None:
        """Show it, unless something else was asked for meanwhile."""
        frame = message.frame
        if frame.bug is not None:
            self.bug = frame.bug
            self.exit()
        if frame.ask != self.ask:
            return
        self._last = frame
        if frame.view is None:
            self._said = frame.fault
        else:
            await self.query_one(Board).show(frame.view)
        self.paints += 1
        self.frames += not frame.is_hasty
        self._chrome()

    def _chrome(self) -> None:
        """The lines around the board."""
        if not self.query("#status"):
            return
        width = self.size.width
        self.query_one("#head", Static).update(self._head(width - 2))
        self.query_one("#tabs", Static).update(self._tabs(width - 2))
        self.query_one("#status", Static).update(self._status(width - 2))

    def _head(self, width: int) -> Content:
        at = f"as of {self._last.at:%H:%M:%S} UTC" if self._last else ""
        money = (self._last and self._last.money) or "…"
        left = f"flux — {harmless(self._ledger)} · {money}"
        if len(left) + len(at) + 1 > width:
            left = f"flux — {money}"
        gap = max(1, width - len(left) - len(at))
        return Content.assemble((left, "bold"), (" " * gap, ""), (at, "$text-muted"))

    def _tabs(self, width: int) -> Content:
        names = {name: TITLES[name] for name in NUMBERED}
        if sum(len(one) + 3 for one in names.values()) > width:
            names |= {name: brief for name, brief in BRIEF.items() if name != self.ask.screen}
        parts: list[tuple[str, str]] = []
        for number, (name, title) in enumerate(names.items(), 1):
            style = "bold reverse" if name == self.ask.screen else ""
            parts += [(f"{number}", "bold $text-accent"), (f" {title}", style), (" ", "")]
        if self.ask.screen not in NUMBERED:
            parts.append((TITLES[self.ask.screen], "bold reverse"))
        return Content.assemble(*parts).truncate(width)

    def _status(self, width: int) -> Content:
        follow = "● replay" if isinstance(self.follower, Replay) else "● follow"
        follow = "‖ paused" if self.follower.paused else follow
        right = f"{self.ask.period}  {follow}"
        if self._said:
            left = harmless(self._said)
        elif self._asks[-1].ref is not None and self._last and self._last.view:
            more = "tab more  " if self._last.view.side and self.size.width < NARROW else ""
            left = f"{harmless(self._last.view.title)}   esc back  {more}y copy id  q quit"
        else:
            left = "? help  / filter  enter open  g jump  space pause  q quit"
        left = left[: max(0, width - len(right) - 2)]
        gap = max(1, width - len(left) - len(right))
        return Content.assemble((left, ""), (" " * gap, ""), (right, "bold"))

    def on_resize(self, event: events.Resize) -> None:
        """Lay the board out for the new size."""
        self.screen_stack[0].set_class(event.size.height < LOW, "small")
        if self.query(Board):
            self.query_one(Board).fold(side_shown=False)
            self._chrome()

    def action_screen(self, name: str) -> None:
        """Go to a screen; the filter and what was opened are left behind."""
        self._said = ""
        self._asks = [Ask(name, period=self.ask.period)]
        self._want()

    def on_panel_box_opened(self, message: PanelBox.Opened) -> None:
        """Open an object."""
        if message.ref.kind in OPENED:
            self._said = ""
            self._asks.append(replace(self.ask, ref=message.ref, filter=Filter()))
            self._want()

    def on_panel_box_exhausted(self) -> None:
        """Read further back."""
        if self.ask.limit < MOST_ROWS:
            self._asks[-1] = replace(self.ask, limit=self.ask.limit + MORE_ROWS)
            self._want()

    async def action_back(self) -> None:
        """Leave jump mode, the object, or the filter."""
        self._said = ""
        if self._jumping:
            self._end_jump()
        elif len(self._asks) > 1:
            self._asks.pop()
        elif self.ask.filter != Filter():
            self._asks[-1] = replace(self.ask, filter=Filter())
            self.query_one("#filter", Input).value = ""
        self._want()

    def action_period(self, period: str) -> None:
        """Look back this far."""
        self._asks[-1] = replace(self.ask, period=Period(period))
        self._want()

    def action_step(self, by: int) -> None:
        """The next longer or shorter period."""
        periods = list(Period)
        place = max(0, min(len(periods) - 1, periods.index(self.ask.period) + by))
        self.action_period(periods[place].value)

    def action_pause(self) -> None:
        """Stop and start following; a screen that is asked for is still read."""
        self.follower.paused = not self.follower.paused
        self._want()

    def action_filter(self) -> None:
        """Ask for a filter."""
        box = self.query_one("#filter", Input)
        box.display = True
        box.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Filter the rows."""
        try:
            chosen = parse_filter(event.value)
        except InvalidAmount as error:
            self._said = str(error)
            self._chrome()
            return
        self._said = ""
        self._asks[-1] = replace(self.ask, filter=chosen)
        self._leave_filter()
        self._want()

    def _leave_filter(self) -> None:
        self.query_one("#filter", Input).display = False
        boxes = self.query_one(Board).boxes
        if boxes:
            boxes[0].focus()

    def action_next(self, by: int) -> None:
        """The next panel, one beside the main ones too."""
        board = self.query_one(Board)
        if isinstance(self.focused, Input):
            self._leave_filter()
        elif board.boxes:
            place = board.boxes.index(self.focused) if self.focused in board.boxes else -by
            board.jump(board.boxes[(place + by) % len(board.boxes)])

    def action_jump(self) -> None:
        """Put a letter on each panel; the next key goes there."""
        boxes = self.query_one(Board).boxes
        self._jumping = dict(zip(LETTERS, boxes, strict=False))
        for letter, box in self._jumping.items():
            box.hint(letter)
        self._said = "jump: press a letter" if boxes else ""
        self._chrome()

    def _end_jump(self) -> None:
        for box in self._jumping.values():
            box.hint("")
        self._jumping, self._said = {}, ""

    async def on_event(self, event: events.Event) -> None:
        """In jump mode the next key is a panel's letter, whatever else it would do."""
        if self._jumping and isinstance(event, events.Key):
            box = self._jumping.get(event.key)
            self._end_jump()
            if box is not None:
                self.query_one(Board).jump(box)
            self._chrome()
            return
        await super().on_event(event)

    def action_explain(self) -> None:
        """What each key does."""
        self.push_screen(Dialog("Keys", list(KEYS)))

    def chosen(self) -> Ref | None:
        """The object under the cursor, or the one that is open."""
        box = self.focused
        row = box.row if isinstance(box, PanelBox) else None
        return row.ref if row and row.ref else self.ask.ref

    def action_copy_id(self) -> None:
        """Copy the id of what is under the cursor."""
        ref = self.chosen()
        self._copy(harmless(ref.id) if ref else "")

    def action_copy_command(self) -> None:
        """Copy the command that shows what is under the cursor."""
        ref = self.chosen()
        # An offer is named by its shop: pasted, it must stay one word.
        self._copy(harmless(shlex.join(ref.command)) if ref else "")

    def _copy(self, text: str) -> None:
        if text:
            self.copy_to_clipboard(text)
        self._said = f"copied: {text}" if text else "nothing here to copy"
        self._chrome()

    def action_export(self) -> None:
        """Write what is on the screen to files beside where flux was started."""
        if self.is_web:
            self._tell("a browser only watches: export from `flux tui` in a terminal")
        elif self.view is not None:
            self._tell(export_view(self, self.view))

    @work
    async def action_decide(self, word: str) -> None:
        """Ask the owner to type a word, then approve or deny the payment under the cursor."""
        self._tell(await decide(self, self._writer, self.chosen(), word))

    @work
    async def action_cart(self, word: str) -> None:
        """Change the cart that is open, by what is under the cursor, or buy it."""
        chosen = self.chosen()
        self._tell(await work_on_cart(self, self._writer, self.ask.ref, chosen, word))

    @work
    async def action_freeze(self) -> None:
        """Ask the owner to type `freeze`, then stop the economy."""
        self._tell(await freeze(self, self._writer))

    def _tell(self, said: str) -> None:
        self._said = said
        self._chrome()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:  # noqa: ARG002
        """Every screen and theme, by name."""
        for name, title in TITLES.items():
            yield SystemCommand(f"screen: {title}", "go there", self._going(name))
        for name, theme in THEMES.items():
            yield SystemCommand(f"theme: {name}", "colours", self._wearing(theme))
        yield SystemCommand("quit", "a run goes on without it", self.exit)

    def _going(self, name: str) -> Callable[[], None]:
        return lambda: self.action_screen(name)

    def _wearing(self, theme: str) -> Callable[[], None]:
        return lambda: setattr(self, "theme", theme)


BRIEF = {
    "overview": "Over",
    "payments": "Pay",
    "market": "Mkt",
    "shopping": "Shop",
    "settlement": "Settle",
}
OPENED = frozenset({"payment", "run", "agent", "card", "contract", "listing", "cart", "settlement"})
TITLES = {name: "Budget" if name == "budget" else name.capitalize() for name in SCREENS}
