"""A type that several threads meet first at the same time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import flux_cli

PROGRAM = """
import sys, threading
from flux_cli.adapters.typed import convert
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.shopping import ShoppingSpec
import msgspec

sys.setswitchinterval(1e-6)
here = threading.Barrier(8)

def meet():
    here.wait()
    for kind in (PaymentIntent, ShoppingSpec):
        try:
            convert({"nothing": 1}, kind)
        except msgspec.ValidationError as error:
            sys.stdout.write(str(error)[:31] + "\\n")

threads = [threading.Thread(target=meet) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_types_that_threads_meet_at_once_are_learned_once() -> None:
    for _ in range(8):
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        assert set(ended.stdout.split("\n")[:-1]) == {"Object missing required field `"}
        assert ended.stdout.count("\n") == 16


def test_nothing_else_in_the_adapters_has_a_type_learned() -> None:
    """The signer's process and a specialist's have one thread each, and read one kind first."""
    place = Path(flux_cli.__file__).parent
    alone = {"adapters/typed.py", "adapters/specialists/sandbox_child.py"}
    learns = re.compile(r"msgspec\.convert\(|msgspec\.(json\.)?decode\([^\n]*type=(?!str|dict)")
    found = {
        str(path.relative_to(place))
        for path in place.rglob("*.py")
        if learns.search(path.read_text()) and path.relative_to(place).parts[0] != "signer"
    }
    assert found == alone
