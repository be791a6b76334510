"""Whether a delivered review is true: its places exist, its lines match, a second one is equal."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flux_cli.adapters.specialists.reviewer.deliverables import deliverables
from flux_cli.adapters.specialists.reviewer.findings import SEVERITIES, kinds
from flux_cli.adapters.specialists.reviewer.pages import plain
from flux_cli.adapters.specialists.reviewer.review import review_tree
from flux_cli.adapters.specialists.reviewer.sarif import LEVELS, SCHEMA
from flux_cli.adapters.specialists.reviewer.tree import read_tree
from flux_cli.domain.text import HIDDEN
from flux_cli.domain.work import Check, Source

FILES = ("review.md", "review.html", "findings.sarif", "findings.json")


def check_review(tree: Source, folder: Path) -> tuple[Check, ...]:
    """Every check of a review; anyone with the tree can run them again."""
    try:
        data = {name: (folder / name).read_bytes() for name in FILES}
        found = json.loads(data["findings.json"])
        log = json.loads(data["findings.sarif"])
        told = [*found["findings"], *found["silenced"]]
        return (
            _places(Path(tree.path), told),
            _complete(told),
            _sarif(log, found),
            _pages(data, found),
            _clean(data),
            _ran(found),
            _again(tree, data),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        return (
            Check("readable", False, "four files of a review", f"{type(error).__name__}: {error}"),
        )


def _places(root: Path, told: list[dict[str, Any]]) -> Check:
    """Every finding names a line that exists and that has the hash it says."""
    read = read_tree(root)
    lines = {file.path: file.lines for file in (*read.code, *read.texts)}
    wrong = [
        f"{item['file']}:{item['line']}"
        for item in told
        if not 1 <= item["line"] <= len(lines.get(item["file"], ()))
        or hashlib.sha256(lines[item["file"]][item["line"] - 1]).hexdigest()
        != item["snippet_sha256"]
    ]
    return _none("places exist", "every file and line, with its hash", wrong, len(told))


def _complete(told: list[dict[str, Any]]) -> Check:
    """Every finding says what, how bad, why and what to do, and whose rule it is."""
    wrong = [
        f"{item['file']}:{item['line']}"
        for item in told
        if item["kind"] not in kinds()
        or item["severity"] not in SEVERITIES
        or not (item["why"] and item["fix"] and item["rules"] and item["analysers"])
    ]
    places = [(item["kind"], item["file"], item["line"]) for item in told]
    wrong += [f"{place} twice" for place in sorted(set(places)) if places.count(place) > 1]
    return _none("findings complete", "rule, severity, why and fix, each once", wrong, len(told))


def _sarif(log: dict[str, Any], found: dict[str, Any]) -> Check:
    """The SARIF log is one, and holds the same results as findings.json."""
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    told = [*found["findings"], *found["silenced"]]
    wanted = [(i["kind"], i["line"], LEVELS[i["severity"]], i["fingerprint"]) for i in told]
    got = [
        (
            rules[result["ruleIndex"]],
            result["locations"][0]["physicalLocation"]["region"]["startLine"],
            result["level"],
            result["partialFingerprints"]["fluxFinding/v1"],
        )
        for result in run["results"]
    ]
    right = log["version"] == "2.1.0" and log["$schema"] == SCHEMA and got == wanted
    return Check("SARIF 2.1.0", right, f"{len(wanted)} results", f"{len(got)} results")


def _pages(data: dict[str, bytes], found: dict[str, Any]) -> Check:
    """Both pages name every kind that was found."""
    markdown, page = data["review.md"].decode(), data["review.html"].decode()
    titles = {item["title"] for item in found["findings"]}
    wrong = [
        title
        for title in sorted(titles)
        if plain(title) not in markdown or html.escape(title).replace("&#x27;", "&#39;") not in page
    ]
    return _none("pages whole", "every kind on both pages", wrong, len(titles))


def _clean(data: dict[str, bytes]) -> Check:
    """No character that a terminal obeys, and no script in the page."""
    wrong = [n for n, d in data.items() if HIDDEN.search(d.decode().replace("\n", ""))]
    wrong += ["script in review.html"] if b"<script" in data["review.html"].lower() else []
    return _none("harmless", "no control characters, no script", wrong, len(data))


def _ran(found: dict[str, Any]) -> Check:
    ran = [f"{item['analyser']} {item['version']} on {item['files']}" for item in found["ran"]]
    return Check("says what ran", len(ran) >= 7, "every analyser", ", ".join(ran)[:300])


def _again(tree: Source, data: dict[str, bytes]) -> Check:
    """A second review of the same tree is the same, byte for byte."""
    again = deliverables(review_tree(Path(tree.path), tree.name.rstrip("/"), tree.sha256))
    wrong = [path for path, _, content in again if data[path] != content]
    return _none("repeatable", "the same four files again", wrong, len(again))


def _none(name: str, wanted: str, wrong: Iterable[str], of: int) -> Check:
    faults = list(wrong)
    found = f"{len(faults)} of {of} wrong: {faults[0]}" if faults else f"all {of}"
    return Check(name, not faults, wanted, found[:300])
