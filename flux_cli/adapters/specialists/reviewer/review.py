"""One review: the tree read, the analysers run over copies of it, what they say put together."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from flux_cli.adapters.specialists.progress import say
from flux_cli.adapters.specialists.reviewer import patterns, python_tools, script_tools
from flux_cli.adapters.specialists.reviewer.findings import (
    SEVERITIES,
    Finding,
    Raw,
    finding,
    kind_of_rule,
    kinds,
    rank,
)
from flux_cli.adapters.specialists.reviewer.noise import (
    left_out,
    silenced_lines,
    without_directives,
)
from flux_cli.adapters.specialists.reviewer.tree import CodeFile, Tree, read_tree

WORSE = {"broad-except": "swallowed-error"}
"""A kind, and the one that says the same of a line and more."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One analyser with its version, and how much it looked at for how many rules."""

    analyser: str
    version: str
    files: int
    rules: int


@dataclass(frozen=True, slots=True)
class Review:
    """Everything the deliverables say; the same tree gives the same review."""

    name: str
    sha256: str
    files: tuple[tuple[str, int, int], ...]
    ran: tuple[Ran, ...]
    findings: tuple[Finding, ...]
    silenced: tuple[Finding, ...]
    left_out: tuple[tuple[str, str, int], ...]
    skipped: tuple[tuple[str, str], ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each severity."""
        found = Counter(item.severity for item in self.findings)
        return {severity: found[severity] for severity in SEVERITIES}


def review_tree(root: Path, name: str, sha256: str) -> Review:
    """Review what is below `root`; runs nothing of it. Raises `WorkFailed`."""
    say("reading the source tree")
    tree = read_tree(root)
    with tempfile.TemporaryDirectory(prefix="review-") as scratch:
        raws, partly = _analyse(tree, Path(scratch).resolve())
    everything = _together(tree, raws)
    counted = [item for item in everything if not item.silenced and not item.left_out]
    dropped = Counter((kinds()[i.kind].title, i.left_out) for i in everything if i.left_out)
    return Review(
        name=name,
        sha256=sha256,
        files=_sizes(tree),
        ran=_ran(tree),
        findings=tuple(sorted(counted, key=rank)),
        silenced=tuple(sorted((i for i in everything if i.silenced and not i.left_out), key=rank)),
        left_out=tuple((*reason, count) for reason, count in sorted(dropped.items())),
        skipped=tuple(sorted({*tree.skipped, *partly})),
    )


def _analyse(tree: Tree, scratch: Path) -> tuple[list[Raw], list[tuple[str, str]]]:
    """What every analyser says, and (path, why) of files that some could not finish."""
    python, scripts = scratch / "python", scratch / "scripts"
    ours = _copy((f for f in tree.code if f.language == "python"), python, lambda data: data)
    theirs = _copy((f for f in tree.code if f.language != "python"), scripts, without_directives)
    sound = {name: file for name, file in ours.items() if python_tools.parses(file)}
    raws: list[Raw] = []
    partly: list[tuple[str, str]] = []
    if ours:
        say(f"ruff over {len(ours)} files")
        raws += python_tools.ruff(ours, python, partly)
    if sound:
        say(f"bandit over {len(sound)} files")
        raws += python_tools.bandit(sound, python)
        say("vulture and radon")
        raws += python_tools.vulture(sound, partly)
        raws += python_tools.radon(sound, partly)
    if theirs:
        say(f"oxlint over {len(theirs)} files")
        raws += script_tools.oxlint(theirs, scripts, partly)
        raws += [raw for file in theirs.values() for raw in patterns.script_patterns(file)]
    say("secrets by their form")
    raws += [raw for file in (*tree.code, *tree.texts) for raw in patterns.secrets_in(file)]
    return raws, partly


def _copy(
    files: Iterable[CodeFile], folder: Path, change: Callable[[bytes], bytes]
) -> dict[str, CodeFile]:
    """Write each file under a name of ours; a hostile name never reaches an analyser."""
    copies = {}
    folder.mkdir()
    for file in files:
        suffix = Path(file.name).suffix.lower()
        name = f"d{file.number}/__init__.py" if file.name == "__init__.py" else ""
        name = name or f"f{file.number}{suffix}"
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(change(file.data))
        copies[name] = file
    return copies


def _together(tree: Tree, raws: Iterable[Raw]) -> list[Finding]:
    """One finding a line and kind, however many rules of however many analysers saw it."""
    files = {file.number: file for file in (*tree.code, *tree.texts)}
    lines = {number: len(file.lines) for number, file in files.items()}
    places: defaultdict[tuple[int, int, str], list[Raw]] = defaultdict(list)
    for raw in raws:
        kind = kind_of_rule().get(raw.rule)
        # Analysers count a form feed or an odd line break as a line of its own.
        if kind is not None and 1 <= raw.line <= lines[raw.number]:
            places[raw.number, raw.line, kind.name].append(raw)
    for number, line, name in list(places):
        if name in WORSE and (number, line, WORSE[name]) in places:
            del places[number, line, name]
    quiet = {number: silenced_lines(file) for number, file in files.items() if file.language}
    return [
        finding(
            kinds()[kind],
            files[number],
            found,
            silenced=line in quiet.get(number, ()),
            left_out=left_out(kinds()[kind], files[number], found),
        )
        for (number, line, kind), found in places.items()
    ]


def _sizes(tree: Tree) -> tuple[tuple[str, int, int], ...]:
    """(language, files, lines) of what was reviewed."""
    languages = sorted({file.language for file in tree.code})
    return tuple(
        (
            language,
            sum(file.language == language for file in tree.code),
            sum(len(file.data.splitlines()) for file in tree.code if file.language == language),
        )
        for language in languages
    )


def _ran(tree: Tree) -> tuple[Ran, ...]:
    python = sum(file.language == "python" for file in tree.code)
    scripts = len(tree.code) - python
    looked = {"oxlint": scripts} | dict.fromkeys(("ruff", "bandit", "vulture", "radon"), python)
    rules = list(kind_of_rule())
    of = {
        "oxlint": sum("/" in rule for rule in rules),
        "vulture": sum(rule.startswith("vulture-") for rule in rules),
        "radon": sum(rule.startswith("radon-") for rule in rules),
        "bandit": sum(
            rule[0] == "B" and rule[1:].isdigit() and rule[1] in "1234567" for rule in rules
        ),
        "ruff": sum(python_tools.is_ruffs(rule) for rule in rules),
    }
    ran = [
        Ran(name, version, looked[name], of[name])
        for name, version in sorted(python_tools.versions().items())
    ]
    own = Ran("flux (secrets by form)", "1", len(tree.code) + len(tree.texts), 1)
    patterns_ran = Ran("flux (JavaScript security)", "1", scripts, len(patterns.RULES))
    return (*ran, patterns_ran, own)
