"""A code reviewer: ranked findings with file, line, reason and fix, in four forms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flux_cli.adapters.specialists.artefacts import write_artefact
from flux_cli.adapters.specialists.progress import say
from flux_cli.adapters.specialists.reviewer.deliverables import deliverables
from flux_cli.adapters.specialists.reviewer.pages import plural
from flux_cli.adapters.specialists.reviewer.review import review_tree
from flux_cli.adapters.specialists.reviewer.review_check import check_review
from flux_cli.adapters.specialists.reviewer.tree import code_bytes
from flux_cli.domain.work import Assignment, Check, Source, Submission
from flux_cli.errors import WorkFailed

UNITS_FULL = 3000
"""Lines of code that earn the full price."""

BYTES_A_LINE = 32


@dataclass(frozen=True, slots=True)
class CodeReviewer:
    """Reviews the source tree of its assignment and runs nothing of it."""

    name: str = "code-reviewer"

    def size(self, assignment: Assignment) -> tuple[int, int]:
        """(lines of code, told from the sizes of files; lines that earn the full price)."""
        trees = [source for source in assignment.sources if source.name.endswith("/")]
        return sum(code_bytes(Path(tree.path)) for tree in trees) // BYTES_A_LINE, UNITS_FULL

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        """Write review.md, review.html, findings.sarif and findings.json. Raises `WorkFailed`."""
        tree = source_tree(assignment)
        review = review_tree(Path(tree.path), tree.name.rstrip("/"), tree.sha256)
        say("writing the review")
        files = deliverables(review)
        counts = review.counts
        found = plural(sum(counts.values()), "finding")
        kinds = plural(len({item.kind for item in review.findings}), "kind")
        read = plural(sum(row[1] for row in review.files), "file")
        severities = ", ".join(f"{number} {severity}" for severity, number in counts.items())
        return Submission(
            tuple(write_artefact(folder, path, data, media) for path, media, data in files),
            f"{found} of {kinds}: {severities}, in {read}.",
        )

    def check(self, assignment: Assignment, folder: Path) -> tuple[Check, ...]:
        """Hold every finding against the tree again, and review it once more."""
        return check_review(source_tree(assignment), folder)


def source_tree(assignment: Assignment) -> Source:
    """The one folder among the sources; raises `WorkFailed`."""
    trees = [source for source in assignment.sources if source.name.endswith("/") and source.path]
    if len(trees) != 1:
        raise WorkFailed(f"a review is of one source tree, and there are {len(trees)}")
    return trees[0]
