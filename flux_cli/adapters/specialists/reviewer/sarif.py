"""A review as SARIF 2.1.0, the format that code hosts and editors read (OASIS, 2020)."""

from __future__ import annotations

from urllib.parse import quote

from flux_cli.adapters.specialists.reviewer.findings import Finding, Kind, kinds
from flux_cli.adapters.specialists.reviewer.review import Review

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"high": "error", "medium": "warning", "low": "note"}
SCORES = {"high": "8.0", "medium": "5.0", "low": "2.0"}
"""What code hosts sort security findings by, out of 10."""


def sarif(review: Review) -> dict[str, object]:
    """The whole log: one run, one rule a kind, every finding a result."""
    told = [*review.findings, *review.silenced]
    rules = [kind for name, kind in kinds().items() if any(item.kind == name for item in told)]
    numbers = {kind.name: number for number, kind in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Flux Code Reviewer",
                        "semanticVersion": "1.0.0",
                        "rules": [_rule(kind) for kind in rules],
                    },
                    "extensions": [
                        {"name": ran.analyser, "version": ran.version} for ran in review.ran
                    ],
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {
                    "SRCROOT": {"description": {"text": "The folder that was reviewed."}}
                },
                "results": [_result(item, numbers[item.kind]) for item in told],
                "properties": {"tree": review.name, "treeSha256": review.sha256},
            }
        ],
    }


def _rule(kind: Kind) -> dict[str, object]:
    properties: dict[str, object] = {"tags": [kind.group], "problem.severity": kind.severity}
    if kind.cwe:
        properties["tags"] = [kind.group, f"external/cwe/cwe-{kind.cwe:03d}"]
    if kind.group == "security":
        properties["security-severity"] = SCORES[kind.severity]
    return {
        "id": kind.name,
        "shortDescription": {"text": kind.title},
        "fullDescription": {"text": kind.why},
        "help": {"text": kind.fix},
        "defaultConfiguration": {"level": LEVELS[kind.severity]},
        "properties": properties,
    }


def _result(item: Finding, number: int) -> dict[str, object]:
    return {
        "ruleId": item.kind,
        "ruleIndex": number,
        "level": LEVELS[item.severity],
        "message": {"text": f"{item.message}. {kinds()[item.kind].fix}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(item.file), "uriBaseId": "SRCROOT"},
                    "region": {
                        "startLine": item.line,
                        "startColumn": item.column,
                        "snippet": {"text": item.snippet},
                    },
                }
            }
        ],
        "partialFingerprints": {"fluxFinding/v1": item.fingerprint},
        "suppressions": [{"kind": "inSource"}] if item.silenced else [],
        "properties": {
            "analysers": list(item.analysers),
            "rules": list(item.rules),
            "snippetSha256": item.snippet_sha256,
        },
    }
