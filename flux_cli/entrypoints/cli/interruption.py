"""Being told to stop: Ctrl-C and SIGTERM end a command the same way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(BaseException):
    """SIGTERM arrived."""


class Interrupted(BaseException):
    """A command was stopped; `resume` is the command that goes on from there."""

    def __init__(self, resume: tuple[str, ...] = (), *, terminated: bool = False) -> None:
        super().__init__()
        self.resume = resume
        self.terminated = terminated


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """Turn SIGTERM into `Terminated`, so that transactions roll back and files are closed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _raise(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated
