"""Calls to the operating system's keyring, which may wait for a window that nobody sees."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import TypeVar

T = TypeVar("T")

SECONDS = 3.0
"""How long any one call may take."""


class NoReply(TimeoutError):
    """The keyring did not answer in `SECONDS`."""


def within(task: Callable[[], T]) -> T:
    """What `task` gives within the time; raises `NoReply`, and whatever it raises.

    Back ends raise what they like, imports included, so even an exit comes back as an error.
    """
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(task())
        except BaseException as error:
            failure.append(error)

    # A daemon: a call that hangs keeps no process alive.
    thread = Thread(target=run, name="flux-keyring", daemon=True)
    thread.start()
    thread.join(SECONDS)
    if failure and isinstance(failure[0], Exception):
        raise failure[0]
    if failure:
        raise RuntimeError(type(failure[0]).__name__)
    if not outcome:
        raise NoReply(f"the keyring did not answer in {SECONDS:g} s")
    return outcome[0]
