"""What the README shows of Python runs as it is written."""

from __future__ import annotations

import doctest
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"


def test_the_readmes_python_runs_as_shown() -> None:
    section = README.read_text(encoding="utf-8").split("## From Python\n")[1].split("\n## ")[0]
    block = section.split("```python\n")[1].split("```")[0]
    shown = doctest.DocTestParser().get_doctest(block, {}, "README", str(README), 0)
    said: list[str] = []

    result = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(shown, out=said.append)

    assert (result.attempted > 10, result.failed) == (True, 0), "".join(said)
