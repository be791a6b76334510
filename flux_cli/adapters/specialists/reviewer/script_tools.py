"""JavaScript and TypeScript under oxlint, a single program that needs no Node and runs nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flux_cli.adapters.specialists.reviewer.findings import Raw, kind_of_rule
from flux_cli.adapters.specialists.reviewer.python_tools import (
    MOST_PATHS,
    Partly,
    each_half,
    program,
)
from flux_cli.adapters.specialists.reviewer.tree import CodeFile

OPTIONS: dict[str, list[object]] = {
    "eslint/eqeqeq": ["always", {"null": "ignore"}],
    "eslint/complexity": [{"max": MOST_PATHS}],
    "eslint/no-empty": [{"allowEmptyCatch": False}],
    "eslint/no-unused-vars": [{"args": "none", "caughtErrors": "none"}],
}
OF_TWO = frozenset(
    {"eslint/no-const-assign", "eslint/no-duplicate-case", "eslint/no-dupe-keys",
     "eslint/no-dupe-class-members", "eslint/no-redeclare", "eslint/no-func-assign"}
)  # fmt: skip
"""Rules that name where something was first said and where it is said again."""

_CODE = re.compile(r"(?:eslint-plugin-)?([\w-]+)\(([\w/-]+)\)")


def oxlint(files: Mapping[str, CodeFile], folder: Path, partly: Partly) -> Iterator[Raw]:
    """Oxlint's findings over the copies in `folder`, by our configuration alone."""
    rules = {
        rule.removeprefix("eslint/"): ["warn", *OPTIONS.get(rule, [])]
        for rule in kind_of_rule()
        if "/" in rule
    }
    plugins = ["typescript", "unicorn", "oxc", "react", "promise"]
    config = folder / "flux.json"
    config.write_text(
        json.dumps({"plugins": plugins, "categories": {"correctness": "off"}, "rules": rules}),
        encoding="utf-8",
    )
    argv = [
        program("oxlint"), f"--config={config}", "--disable-nested-config", "--no-ignore",
        "--threads=1", "--format=json", "--",
    ]  # fmt: skip

    def lose(name: str) -> None:
        partly.append((files[name].path, "oxlint could not read it to its end"))

    for answer in each_half(argv, folder, list(files), lose):
        for item in answer["diagnostics"]:
            yield from _raw(item, files[Path(item["filename"]).as_posix()])


def _raw(item: Mapping[str, Any], file: CodeFile) -> Iterator[Raw]:
    """One diagnostic, if it is of a rule that we asked for."""
    # A parser's complaint has no rule.
    code = _CODE.fullmatch(item.get("code") or "")
    rule = f"{code[1].replace('_', '-')}/{code[2]}" if code else "parse-error"
    spans = [label["span"] for label in item["labels"]] or [{"line": 1, "column": 1}]
    # Of two places the second is the defect, whichever of them oxlint names first.
    at = max(spans, key=lambda span: span["offset"]) if rule in OF_TWO else spans[0]
    swallows = rule != "eslint/no-empty" or b"catch" in file.lines[at["line"] - 1]
    if rule in kind_of_rule() and swallows:
        yield Raw("oxlint", rule, file.number, at["line"], at["column"], item["message"])
