"""What the reviewer finds in a shop whose every fault is known, and what it leaves alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from planted import hashes, plant, review_of

from flux_cli.adapters.specialists.reviewer.code_reviewer import CodeReviewer
from flux_cli.adapters.specialists.reviewer.findings import kinds, masked
from flux_cli.adapters.specialists.reviewer.review import Review, review_tree
from flux_cli.domain.work import Assignment
from flux_cli.errors import WorkFailed


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[tuple[str, str, int]]]:
    folder = tmp_path_factory.mktemp("code") / "shop"
    return folder, plant(folder)


@pytest.fixture(scope="module")
def review(shop: tuple[Path, set[tuple[str, str, int]]]) -> Review:
    return review_tree(shop[0], "shop", "")


def reviewed(folder: Path, **files: str) -> Review:
    """The review of a tree with these files; `__` stands for the dot of a name."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return review_tree(folder, folder.name, "")


def places(review: Review) -> list[tuple[str, str, int]]:
    return [(item.kind, item.file, item.line) for item in review.findings]


def test_all_of_more_than_thirty_kinds_of_planted_defects_are_found_and_nothing_else(
    shop: tuple[Path, set[tuple[str, str, int]]], review: Review
) -> None:
    planted = shop[1]
    found = set(places(review))
    recall = len(found & planted) / len(planted)
    precision = len(found & planted) / len(found)

    assert len({kind for kind, _, _ in planted}) == 67
    assert (sorted(planted - found), sorted(found - planted)) == ([], [])
    assert (len(planted), recall, precision) == (85, 1.0, 1.0)


def test_the_same_line_and_kind_is_one_finding_however_many_analysers_saw_it(
    review: Review,
) -> None:
    shell = next(item for item in review.findings if item.kind == "shell-injection")

    assert (shell.rules, shell.analysers) == (("B602", "S602"), ("bandit", "ruff"))
    assert len(places(review)) == len(set(places(review)))


def test_findings_are_ranked_by_severity_then_by_what_they_endanger(review: Review) -> None:
    severities = [item.severity for item in review.findings]
    groups = [kinds()[i.kind].group for i in review.findings if i.severity == "high"]

    assert severities == sorted(severities, key=["high", "medium", "low"].index)
    assert groups == sorted(groups, key=["security", "bug", "maintenance"].index)
    assert review.findings[0].kind == "sql-injection"


def test_what_is_left_out_is_said_with_its_reason(review: Review) -> None:
    reasons = {(title, why) for title, why, _ in review.left_out}

    assert reasons == {
        ("A check that python -O removes", "asserts are how tests are written"),
        ("A check that python -O removes", "it tells a type checker what it cannot see"),
        (
            "A secret is written in the code",
            "the value reads like a word, and its name is no password's",
        ),
        (
            "SQL put together from text",
            "what is filled in goes through a function that quotes it",
        ),
        ("A secret is drawn from guessable chance", "tests want chance that repeats"),
        (
            "A secret is drawn from guessable chance",
            "nothing on the line says that this chance protects anything",
        ),
        ("A secret is written in the code", "secrets in tests are made up"),
        ("A secret is written in the code", "the value is a placeholder or a name"),
        (
            "A shell runs text that is put together",
            "the command is constant, so nothing can be put into it",
        ),
        ("An import nobody uses", "what a package offers is imported in its __init__"),
    }


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a__py", "import pickle\npickle.loads(b'')  # nosec\n", "unsafe-deserialisation"),
        ("a__py", "# ruff: noqa\nimport pickle\npickle.loads(b'')\n", "unsafe-deserialisation"),
        ("a__py", "def f(x=[]):  # noqa\n    return x\n", "mutable-default"),
        ("a__js", "// eslint-disable-next-line\nexport const a = eval(b);\n", "code-from-text"),
        ("a__js", "/* eslint-disable */\nexport const a = eval(b);\n", "code-from-text"),
        ("a__js", "/* eslint no-eval: 0 */\nexport const a = eval(b); // eslint-disable-line\n",
         "code-from-text"),
    ],
)  # fmt: skip
def test_a_comment_of_the_authors_hides_nothing_and_is_told(
    name: str, text: str, kind: str, tmp_path: Path
) -> None:
    review = reviewed(tmp_path, **{name: text})

    assert [item.kind for item in review.silenced] == [kind]
    assert places(review) == []


def test_a_tree_without_findings_lists_what_ran(tmp_path: Path) -> None:
    tree, out = tmp_path / "clean", tmp_path / "out"
    tree.mkdir()
    out.mkdir()
    (tree / "sound.py").write_text('"""Fine."""\n\nVERSION = 1\n')

    submission = CodeReviewer().work(review_of(tree), out)
    text = (out / "review.md").read_text()

    assert submission.summary == "0 findings of 0 kinds: 0 high, 0 medium, 0 low, in 1 file."
    assert "Nothing was found by any of the analysers below." in text
    for analyser in ("bandit", "oxlint", "radon", "ruff", "vulture", "JavaScript", "secrets"):
        assert analyser in text.partition("## What ran")[2]
    assert all(check.passed for check in CodeReviewer().check(review_of(tree), out))


def test_secrets_are_found_by_their_form_in_any_file_and_never_repeated(tmp_path: Path) -> None:
    key = "AKIA" + "Q7ZRX2MVK9PL4TWS"
    tree, out = tmp_path / "tree", tmp_path / "out"
    tree.mkdir()
    out.mkdir()
    (tree / "deploy.yaml").write_text(f"key: {key}\n")
    (tree / "settings.py").write_text('PASSWORD = "n0t-for-anyone-else"\n')

    CodeReviewer().work(review_of(tree), out)
    told = json.loads((out / "findings.json").read_text())["findings"]

    assert [(item["kind"], item["file"], item["snippet"]) for item in told] == [
        ("hard-coded-secret", "deploy.yaml", "key: ***"),
        ("hard-coded-secret", "settings.py", 'PASSWORD = "***"'),
    ]
    for path in out.iterdir():
        assert key not in path.read_text()
        assert "n0t-for-anyone-else" not in path.read_text()


def test_masking_keeps_names_and_hides_values() -> None:
    assert masked("apiKeyForTheWholeShop = 'abc'") == "apiKeyForTheWholeShop = '***'"
    assert masked("aws_key=AKIA0123456789ABCDEF") == "***"


def test_a_review_is_the_same_again_and_its_checks_pass(
    shop: tuple[Path, set[tuple[str, str, int]]], tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    assignment = review_of(shop[0])

    CodeReviewer().work(assignment, first)
    CodeReviewer().work(assignment, second)

    assert hashes(first) == hashes(second)
    assert [(c.name, c.passed) for c in CodeReviewer().check(assignment, first)] == [
        ("places exist", True),
        ("findings complete", True),
        ("SARIF 2.1.0", True),
        ("pages whole", True),
        ("harmless", True),
        ("says what ran", True),
        ("repeatable", True),
    ]


def _moved(document: dict[str, Any]) -> None:
    document["findings"][0]["line"] = 4000


def _invented(document: dict[str, Any]) -> None:
    document["findings"][0]["snippet_sha256"] = "0" * 64


def _doubled(document: dict[str, Any]) -> None:
    document["findings"].append(document["findings"][0])


def _unreasoned(document: dict[str, Any]) -> None:
    document["findings"][0]["fix"] = ""


@pytest.mark.parametrize(
    ("tamper", "failing"),
    [
        (_moved, {"places exist", "SARIF 2.1.0", "repeatable"}),
        (_invented, {"places exist", "repeatable"}),
        (_doubled, {"findings complete", "SARIF 2.1.0", "repeatable"}),
        (_unreasoned, {"findings complete", "repeatable"}),
    ],
)
def test_a_review_that_was_tampered_with_is_not_accepted(
    tamper: Callable[[dict[str, Any]], None], failing: set[str], tmp_path: Path
) -> None:
    tree, out = tmp_path / "tree", tmp_path / "out"
    tree.mkdir()
    out.mkdir()
    (tree / "a.py").write_text("import pickle\npickle.loads(b'')\n")
    CodeReviewer().work(review_of(tree), out)
    document = json.loads((out / "findings.json").read_text())
    tamper(document)
    (out / "findings.json").write_text(json.dumps(document))

    checks = CodeReviewer().check(review_of(tree), out)

    assert {check.name for check in checks if not check.passed} == failing


@pytest.mark.parametrize("text", ["", "[]", '{"findings": 7}', "\x00"])
def test_files_that_are_no_review_are_refused(text: str, tmp_path: Path) -> None:
    tree, out = tmp_path / "tree", tmp_path / "out"
    tree.mkdir()
    out.mkdir()
    for name in ("review.md", "review.html", "findings.sarif", "findings.json"):
        (out / name).write_text(text)

    (check,) = CodeReviewer().check(review_of(tree), out)

    assert (check.name, check.passed) == ("readable", False)


def test_a_review_wants_exactly_one_source_tree(tmp_path: Path) -> None:
    nothing = Assignment("review", "code-reviewer", "Review the code", "")

    with pytest.raises(WorkFailed, match="one source tree, and there are 0"):
        CodeReviewer().work(nothing, tmp_path)


def test_the_size_of_the_work_follows_the_code_not_what_lies_around_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n" * 1600)
    (tmp_path / "movie.mp4").write_bytes(bytes(100_000))
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "b.js").write_text("x = 1\n" * 1600)

    assert CodeReviewer().size(review_of(tmp_path)) == (300, 3000)
