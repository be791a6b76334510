"""A new scenario's folder: a file that validates, a brief to fill in, a place for its sources."""

from __future__ import annotations

from pathlib import Path

from flux_cli.errors import InvalidInput, StorageFailed

SCENARIO = """\
# What this scenario asks for. Data only: nothing in this folder is ever run.
schema = "flux.scenario/1"
name = "{name}"
title = "{title}: one sentence that a stranger understands"
goal = "What shall be true when it is done"
brief = "brief.md"
sources = ["sources/*.md"]

# What the orchestrator says when it asks for the money: numbers convince, praise does not.
purpose = "What the money is for"
justification = "One cited report within 72 hours. The owner expects to save $100 by it."
expected_return = "100.00"
urgency = "medium"

# One table a task; `needs = ["research"]` lets a later task read what an earlier one delivered.
# Trades: researcher, content-writer, image-generator, data-analyst, code-reviewer.
[[tasks]]
id = "research"
trade = "researcher"
title = "Research with cited sources"
produces = ["research.md", "claims.json", "sources.json"]
media_types = ["text/markdown", "application/json"]
max_price = "30.00"
"""

BRIEF = """\
# Brief: {title}

Who needs this, what for, and what they will do with it.

## Questions

- What must be answered?
"""

SOURCE = """\
# A document to read

Replace this with what the specialists may rely on. They quote it word for word and name its place.
"""

LICENCES = """\
# Licences

Say of every file here who made it and under which licence it may be passed on.
"""


def scaffold(folder: Path, name: str) -> tuple[Path, ...]:
    """Make `folder` with a scenario that validates; the files it wrote.

    Raises `InvalidInput` where something is there already, `StorageFailed`.
    """
    title = name.replace("-", " ").capitalize()
    files = {
        "scenario.toml": SCENARIO.format(name=name, title=title),
        "brief.md": BRIEF.format(title=title),
        "sources/example.md": SOURCE,
        "LICENSES.md": LICENCES,
    }
    try:
        folder.mkdir(parents=True)
        for place, text in files.items():
            path = folder / place
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except FileExistsError as error:
        raise InvalidInput(f"{folder} exists already", subject=str(folder)) from error
    except OSError as error:
        raise StorageFailed(f"cannot write {folder}: {error.strerror}") from error
    return tuple(folder / place for place in files)
