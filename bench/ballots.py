"""What a vote by five models takes beyond the slowest of them.

    python bench/ballots.py [VOTES] [LATENCY_MS]

A server in a process of its own answers every seat after a fixed time. A vote is a whole request
for money: judged, put before five models at once, each ballot recorded and charged, counted,
judged again and paid. Overhead is its wall time less what the slowest of its five seats took, as
the server saw it from the request to the last byte of its answer: on a busy machine that is more
than the fixed time. The first vote of a process, which is every vote of the command line, also
loads the client and opens its connections.

The ledger is made below TMPDIR, and each vote waits for its disk seven times or more; on a memory
file system (TMPDIR=/dev/shm) what is left is Flux's own.

The limit is held against the median, and against the 95th percentile where the machine is quiet:
less than one process ready to run for each core. Else the figures are said and not judged by it.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flux_cli.domain.intents import IntentState
from tests.doubles.chat_server import Asked, ChatServer, Handler, votes
from tests.usecases.live_economy import live_economy, request

LIMIT_MS = 50.0


def serve(latency: float, line: Connection) -> None:
    """Answer every model after `latency` seconds, until told to stop; tell how long each took."""
    took: list[tuple[float, float]] = []

    def answer(handler: Handler, asked: Asked) -> None:
        began = time.perf_counter()
        votes(wait=latency)(handler, asked)
        took.append((began, time.perf_counter() - began))

    with ChatServer(other=answer) as chat:
        line.send(chat.base_url)
        line.recv()
        line.send(sorted(took))


class Elsewhere(ChatServer):
    """The server of the other process, as far as a configuration needs it."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    @property
    def base_url(self) -> str:
        """Where it is."""
        return self._base_url


def main() -> None:
    """Vote, and print what it took."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    latency_ms = float(sys.argv[2]) if len(sys.argv) > 2 else 200.0
    context = multiprocessing.get_context("spawn")
    line, theirs = context.Pipe()
    server = context.Process(target=serve, args=(latency_ms / 1000, theirs), daemon=True)
    server.start()
    chat = Elsewhere(line.recv())
    taken: list[float] = []
    worked = 0.0
    with tempfile.TemporaryDirectory() as folder:
        deps = live_economy(Path(folder), chat, max_cost="9000")
        for number in range(rounds + 1):
            began, before = time.perf_counter(), time.process_time()
            intent = request(deps, f"k{number}", reference=f"r{number}")
            taken.append((time.perf_counter() - began) * 1000)
            worked += (time.process_time() - before) * 1000 if number else 0.0
            assert intent.state is IntentState.CAPTURED, intent.refusals
    line.send("stop")
    answers: list[tuple[float, float]] = line.recv()
    if len(answers) != 5 * (rounds + 1):
        sys.exit(f"the server counted {len(answers)} requests, not 5 a vote")
    slowest = [
        max(seconds for _, seconds in answers[5 * vote : 5 * vote + 5]) * 1000
        for vote in range(rounds + 1)
    ]
    first, *rest = (wall - slow for wall, slow in zip(taken, slowest, strict=True))
    rest.sort()
    p95 = rest[len(rest) * 95 // 100]
    shown = {
        "median": statistics.median(rest),
        "p95": p95,
        "least": rest[0],
        "worst": rest[-1],
        "processor a vote": worked / rounds,
        "first of the process": first,
    }
    print(f"{rounds} votes of five models, each answering after {latency_ms:.0f} ms")
    print("overhead: " + "  ".join(f"{name} {value:.1f} ms" for name, value in shown.items()))
    print(
        f"slowest seat of a vote, as the server saw it: median {statistics.median(slowest):.1f} ms"
    )
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    quiet = load < cores
    print(
        f"limit {LIMIT_MS:.0f} ms; load average {load:.1f} on {cores} cores,"
        f" {'quiet: p95 is judged too' if quiet else 'busy: p95 is not judged'}"
    )
    if statistics.median(rest) > LIMIT_MS or (quiet and p95 > LIMIT_MS):
        sys.exit("the overhead is above the limit")


if __name__ == "__main__":
    main()
