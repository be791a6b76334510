"""A signal to stop is heard wherever Python happens to be."""

from __future__ import annotations

import os
import signal
import threading
import time
import weakref

import pytest

from flux_cli.entrypoints.cli.interruption import Terminated, sigterm_raises


class Thing:
    """Something that a callback can watch."""


STOPS = [(signal.SIGTERM, Terminated), (signal.SIGINT, KeyboardInterrupt)]


@pytest.mark.parametrize("slow", [0, 0.2], ids=["at once", "a thread takes long to start"])
@pytest.mark.parametrize(("number", "raised"), STOPS)
def test_a_signal_that_comes_inside_a_callback_is_not_lost(
    number: signal.Signals,
    raised: type[BaseException],
    slow: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = threading.Thread.start

    def start_slowly(thread: threading.Thread) -> None:
        start(thread)
        time.sleep(slow)

    monkeypatch.setattr(threading.Thread, "start", start_slowly)
    things = [Thing()]
    watch = weakref.ref(things[0], lambda _: os.kill(os.getpid(), number))

    def wait() -> None:
        with sigterm_raises():
            things.clear()
            time.sleep(10)

    with pytest.raises(raised):
        wait()
    assert watch() is None
