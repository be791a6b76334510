"""What each key does, and how help says it."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from flux_cli.usecases.dashboard import SCREENS

NUMBERED = tuple(SCREENS)[:9]
"""The screens on the keys 1 to 9."""

BINDINGS: list[BindingType] = [
    *(
        Binding(str(number), f"screen('{name}')", name, show=False)
        for number, name in enumerate(NUMBERED, 1)
    ),
    Binding("i", "screen('approvals')", "approvals", show=False),
    Binding("K", "screen('keys')", "keys", show=False),
    Binding("p", "screen('policy')", "policy", show=False),
    Binding("v", "screen('analytics')", "analytics", show=False),
    Binding("g", "jump", "jump", show=False),
    Binding("slash", "filter", "filter", show=False),
    Binding("question_mark", "explain", "help", show=False),
    Binding("space", "pause", "pause", show=False),
    Binding("d", "period('24h')", "24 hours", show=False),
    Binding("w", "period('7d')", "7 days", show=False),
    Binding("m", "period('30d')", "30 days", show=False),
    Binding("left_square_bracket", "step(-1)", "shorter", show=False),
    Binding("right_square_bracket", "step(1)", "longer", show=False),
    Binding("y", "copy_id", "copy id", show=False),
    Binding("Y", "copy_command", "copy command", show=False),
    Binding("e", "export", "export", show=False),
    Binding("A", "decide('approve')", "approve", show=False),
    Binding("D", "decide('deny')", "deny", show=False),
    Binding("F", "freeze", "freeze", show=False),
    *(
        Binding(key, f"cart('{word}')", word, show=False)
        for key, word in (
            ("R", "replace"),
            ("P", "pin"),
            ("X", "exclude"),
            ("O", "optimize"),
            ("B", "buy"),
        )
    ),
    Binding("tab", "next(1)", "next panel", show=False, priority=True),
    Binding("shift+tab", "next(-1)", "panel before", show=False, priority=True),
    Binding("escape", "back", "back", show=False),
    Binding("ctrl+z", "suspend_process", "to the shell", show=False),
    Binding("q", "quit", "quit", show=False),
]

KEYS = (
    ("1–9", "screens; i approvals, K keys, p policy, v analytics"),
    ("g", "jump: one letter on each panel"),
    ("tab", "next panel; in a narrow terminal also those beside"),
    ("↑ ↓ j k", "move; enter opens, esc goes back"),
    ("/", "filter: agent:writer state:denied >50 words"),
    ("d w m", "the last 24 hours, 7 days, 30 days; [ ] step"),
    ("space", "pause and follow again"),
    ("y  Y", "copy the id; copy the command that shows it"),
    ("e", "export the view as json, csv, md and svg"),
    ("A D F", "approve, deny, freeze (--allow-writes)"),
    ("R P X O B", "in a cart: replace, pin, exclude, optimize, buy (--allow-writes)"),
    ("ctrl+p", "palette: every screen and theme"),
    ("q", "quit; a run goes on without it"),
)
