"""The four files of a review, the same bytes for the same review."""

from __future__ import annotations

import json
from dataclasses import asdict

from flux_cli.adapters.specialists.reviewer.findings import Finding, kinds
from flux_cli.adapters.specialists.reviewer.pages import html_page, markdown_page
from flux_cli.adapters.specialists.reviewer.review import Review
from flux_cli.adapters.specialists.reviewer.sarif import sarif

FINDINGS_SCHEMA = "flux.findings/1"


def deliverables(review: Review) -> tuple[tuple[str, str, bytes], ...]:
    """(path, media type, content) of each file; the same review gives the same bytes."""
    return (
        ("review.md", "text/markdown", markdown_page(review)),
        ("review.html", "text/html", html_page(review)),
        ("findings.sarif", "application/sarif+json", _json(sarif(review))),
        (
            "findings.json",
            "application/json",
            _json({"schema": FINDINGS_SCHEMA} | document(review)),
        ),
    )


def document(review: Review) -> dict[str, object]:
    """The review as a document: every finding with why it matters and what to do."""

    def told(item: Finding) -> dict[str, object]:
        kind = kinds()[item.kind]
        about = {"title": kind.title, "group": kind.group, "why": kind.why, "fix": kind.fix}
        return {name: v for name, v in asdict(item).items() if name != "left_out"} | about

    return {
        "tree": {"name": review.name, "sha256": review.sha256},
        "counts": review.counts,
        "languages": [{"name": n, "files": f, "lines": c} for n, f, c in review.files],
        "ran": [asdict(ran) for ran in review.ran],
        "findings": [told(item) for item in review.findings],
        "silenced": [told(item) for item in review.silenced],
        "left_out": [{"title": t, "why": w, "times": n} for t, w, n in review.left_out],
        "not_reviewed": [{"path": path, "why": why} for path, why in review.skipped],
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace")
