"""Work by a program of this machine: it has the task on stdin, its folder, and nothing else.

It is started in the bounded process of every specialist, and so is what it starts itself.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from flux_cli.adapters.specialists.outside.task import listed, task_document
from flux_cli.adapters.specialists.progress import say
from flux_cli.domain.work import Assignment, Check, Submission
from flux_cli.errors import WorkFailed

MOST_ANSWER = 1 << 20
KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "TZ")
"""What of its environment a program is told; all of it is made for this one piece of work."""


@dataclass(frozen=True)
class Command:
    """A program as a specialist's craft; its words are what it is made of."""

    words: tuple[str, ...] = field(default=())

    name = "outside"

    def __init__(self, *words: str) -> None:
        object.__setattr__(self, "words", words)

    def size(self, assignment: Assignment) -> tuple[int, int]:
        """Whoever judges the work measures it."""
        raise NotImplementedError("a trade's own craft says how large its work is")

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        """Have the program do it; raises `WorkFailed` where it does not, or answers too much."""
        say(f"running {Path(self.words[0]).name}")
        return listed(self._said(task_document(assignment, send=False), folder), folder)

    def _said(self, task: bytes, folder: Path) -> bytes:
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        with tempfile.TemporaryFile() as given:
            given.write(task)
            given.seek(0)
            try:
                process = subprocess.Popen(  # noqa: S603 - the owner allowed these very words
                    self.words, stdin=given, stdout=subprocess.PIPE, cwd=folder, env=environment
                )
            except OSError as error:
                raise WorkFailed(f"it cannot be started: {error.strerror}") from error
        assert process.stdout is not None, "it was started with a pipe"
        said = process.stdout.read(MOST_ANSWER + 1)
        if len(said) > MOST_ANSWER:
            raise WorkFailed(f"it answered with more than {MOST_ANSWER} bytes")
        code = process.wait()
        if code == -signal.SIGSYS:
            raise WorkFailed("the kernel stopped it: it tried to reach the network")
        if code:
            raise WorkFailed(f"it ended with {code}")
        return said

    def check(self, assignment: Assignment, folder: Path) -> tuple[Check, ...]:
        """Whoever judges the work checks it."""
        raise NotImplementedError("a trade's own craft checks its work")
