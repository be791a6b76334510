"""What a vote by five models takes beyond the slowest of them.

    python bench/ballots.py [VOTES] [LATENCY_MS]

A server in a process of its own answers every seat after a fixed time. A vote is a whole request
for money: judged, put before five models at once, each ballot recorded and charged, counted,
judged again and paid. Overhead is its wall time less that fixed time. The first vote of a process
also loads the client and opens its connections.
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
from tests.doubles.chat_server import ChatServer, votes
from tests.usecases.live_economy import live_economy, request

LIMIT_MS = 50.0


def serve(latency: float, line: Connection) -> None:
    """Answer every model after `latency` seconds, until told to stop."""
    with ChatServer(other=votes(wait=latency)) as chat:
        line.send(chat.base_url)
        line.recv()
        line.send(sum(chat.counts.values()))


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
            taken.append((time.perf_counter() - began) * 1000 - latency_ms)
            worked += (time.process_time() - before) * 1000 if number else 0.0
            assert intent.state is IntentState.CAPTURED, intent.refusals
    line.send("stop")
    asked = line.recv()
    first, *rest = taken
    rest.sort()
    shown = {
        "median": statistics.median(rest),
        "p95": rest[len(rest) * 95 // 100],
        "least": rest[0],
        "worst": rest[-1],
        "processor a vote": worked / rounds,
        "first of the process": first,
    }
    print(f"{rounds} votes of five models, each answering after {latency_ms:.0f} ms")
    print("overhead: " + "  ".join(f"{name} {value:.1f} ms" for name, value in shown.items()))
    print(
        f"limit {LIMIT_MS:.0f} ms; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    print(f"requests the server counted: {asked} (5 a vote: {5 * (rounds + 1)})")
    if statistics.median(rest) > LIMIT_MS or asked != 5 * (rounds + 1):
        sys.exit("the overhead is above the limit, or a seat was not asked once")


if __name__ == "__main__":
    main()
