"""Being told to stop: Ctrl-C and SIGTERM end a command the same way."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
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
    threading.Thread(target=_send_outside, args=(number,), daemon=True).start()


def _send_outside(number: signal.Signals) -> None:
    """Send a signal once the main thread is out of the hook: in there it would be lost again."""
    main, hook = threading.main_thread().ident, _send_again.__code__
    while True:
        time.sleep(0.01)
        frame = sys._current_frames().get(main or 0)
        while frame is not None and frame.f_code is not hook:
            frame = frame.f_back
        if frame is None:
            break
    os.kill(os.getpid(), number)


STOPS: dict[type[BaseException], signal.Signals] = {
    KeyboardInterrupt: signal.SIGINT,
    Terminated: signal.SIGTERM,
}


def _raise(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated
