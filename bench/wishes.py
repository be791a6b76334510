"""How many briefs the offline parser understands exactly: `python -m bench.wishes [-v]`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flux_cli.domain.wishes import read_wish
from tests.domain.wish_briefs import BRIEFS, HELD_OUT, HELD_OUT_AGAIN, TODAY, Case, facts_of


def score(name: str, cases: list[Case]) -> None:
    """Print the count, and with -v every difference."""
    began = time.perf_counter()
    exact = 0
    for case in cases:
        found, wanted = facts_of(read_wish(case.text, TODAY)), case.facts()
        exact += found == wanted
        if found != wanted and "-v" in sys.argv:
            print(case.text)
            for key in wanted:
                if found[key] != wanted[key]:
                    print(f"  {key}: wanted {wanted[key]}, read {found[key]}")
    took = 1000 * (time.perf_counter() - began) / len(cases)
    print(f"{name}: {exact} of {len(cases)} understood exactly, {took:.1f} ms each")


if __name__ == "__main__":
    score("briefs", BRIEFS)
    score("held out (26 at first sight)", HELD_OUT)
    score("held out again (17 at first sight)", HELD_OUT_AGAIN)
