"""`flux mcp` as a process of its own, and clients that start it or call it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mcp import StdioServerParameters

from tests.entrypoints.cli.card_desk import MAIN

ARGV = (sys.executable, "-c", MAIN, "mcp")


def started(ledger: Path, *options: str) -> StdioServerParameters:
    """How a client starts it."""
    argv = (*ARGV[1:], "--db", str(ledger), *options)
    return StdioServerParameters(command=ARGV[0], args=list(argv), env=dict(os.environ))


@contextmanager
def running(ledger: Path, *options: str, stderr: int = subprocess.PIPE) -> Iterator[Process]:
    """The process with its three pipes, gone afterwards."""
    process = subprocess.Popen(
        [*ARGV, "--db", str(ledger), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(60)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


Process = subprocess.Popen[str]
