"""Being told to stop: Ctrl-C and SIGTERM end a command the same way."""

from __future__ import annotations

import os
import signal
import sys
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
    """Turn SIGTERM into `Terminated`, so that transactions roll back and files are closed.

    A signal that Python would lose, because it came inside a callback, is sent again.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous, hook = signal.signal(signal.SIGTERM, _raise), sys.unraisablehook
    sys.unraisablehook = _send_again
    try:
        yield
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGTERM, previous)


def _send_again(lost: sys.UnraisableHookArgs) -> None:
    number = STOPS.get(lost.exc_type)
    if number is None:
        sys.__unraisablehook__(lost)
        return
    # Sent from here it would be raised, and lost, in here.
    threading.Timer(0.01, os.kill, (os.getpid(), number)).start()


STOPS: dict[type[BaseException], signal.Signals] = {
    KeyboardInterrupt: signal.SIGINT,
    Terminated: signal.SIGTERM,
}


def _raise(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated
