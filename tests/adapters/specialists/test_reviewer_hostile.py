"""Code under review is data: nothing in it runs, steers the analysers, or leaves its place."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from planted import review_of

from flux_cli.adapters.specialists.reviewer.code_reviewer import CodeReviewer
from flux_cli.adapters.specialists.reviewer.review import Review, review_tree
from flux_cli.adapters.specialists.sandbox import Bounded
from flux_cli.adapters.specialists.sandbox_child import Limits

DEFECT = "import pickle\n\n\ndef load(data):\n    return pickle.loads(data)\n"
FOUND = ("unsafe-deserialisation", "app/load.py", 5)


def places(review: Review) -> list[tuple[str, str, int]]:
    return [(item.kind, item.file, item.line) for item in review.findings]


def bombs(tree: Path, mark: Path) -> None:
    """Everything that some tool would run if it could, each writing `mark`."""
    bang = f"import pathlib\npathlib.Path({str(mark)!r}).write_text(__name__)\n"
    for name in (
        "setup.py", "conftest.py", "sitecustomize.py", "usercustomize.py", "noxfile.py",
        "ruff.py", "bandit.py", "vulture.py", "radon.py", "yaml.py", "json.py", "ast.py",
        "app/__init__.py", "bandit_plugin.py", "tests/conftest.py",
    ):  # fmt: skip
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(bang)
    shell = f"touch {mark}"
    texts = {
        "bomb.pth": f"import pathlib; pathlib.Path({str(mark)!r}).write_text('pth')\n",
        "pyproject.toml": (
            '[tool.ruff]\nextend = "app/elsewhere.toml"\n[tool.ruff.lint]\nignore = ["ALL"]\n'
            '[tool.bandit]\nskips = ["B301"]\n[tool.vulture]\nignore_names = ["*"]\n'
            '[build-system]\nbuild-backend = "bomb"\nbackend-path = ["."]\n'
        ),
        "app/elsewhere.toml": 'lint.ignore = ["ALL"]\n',
        "ruff.toml": 'lint.select = []\nexclude = ["*"]\n',
        ".ruff.toml": 'exclude = ["*"]\n',
        ".bandit": "[bandit]\nexclude = /\nskips = B301\n",
        "setup.cfg": "[bandit]\nskips: B301\n[radon]\nexclude = *\n",
        "radon.cfg": "[radon]\ncc_min = F\n",
        "bandit-0.dist-info/entry_points.txt": "[bandit.plugins]\nboom = bandit_plugin:boom\n",
        "package.json": json.dumps(
            {"scripts": {"preinstall": shell, "lint": shell, "prepare": shell},
             "eslintConfig": {"root": True, "rules": {"no-eval": "off"}}}
        ),
        ".oxlintrc.json": json.dumps(
            {"rules": {"no-eval": "off"}, "ignorePatterns": ["**"], "jsPlugins": ["./bomb.js"]}
        ),
        "oxlint.config.ts": f"require('fs').writeFileSync({str(mark)!r}, 'ts');\n",
        ".eslintrc.js": f"require('fs').writeFileSync({str(mark)!r}, 'eslint');\n",
        "bomb.js": f"require('fs').writeFileSync({str(mark)!r}, 'plugin');\n",
        ".eslintignore": "**\n",
        ".gitignore": "**\n",
        ".git/hooks/post-checkout": f"#!/bin/sh\n{shell}\n",
        ".pre-commit-config.yaml": f"repos: [{{repo: local, hooks: [{{entry: {shell}}}]}}]\n",
        "app/load.py": DEFECT,
        "app/run.js": "export const run = (text) => eval(text);\n",
    }  # fmt: skip
    for name, text in texts.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    os.chmod(tree / ".git/hooks/post-checkout", 0o755)


@pytest.mark.parametrize("bounded", [False, True])
def test_106_nothing_of_the_target_is_run_and_its_settings_change_nothing(
    bounded: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, out, mark = tmp_path / "tree", tmp_path / "out", tmp_path / "it-ran"
    out.mkdir()
    bombs(tree, mark)
    monkeypatch.chdir(tree)
    reviewer = Bounded(CodeReviewer(), Limits(programs=4)) if bounded else CodeReviewer()

    submission = reviewer.work(review_of(tree), out)
    checks = reviewer.check(review_of(tree), out)

    assert not mark.exists()
    told = json.loads((out / "findings.json").read_text())
    found = {(item["kind"], item["file"], item["line"]) for item in told["findings"]}
    assert found >= {FOUND, ("code-from-text", "app/run.js", 1)}
    assert [check for check in checks if not check.passed] == []
    assert len(submission.artefacts) == 4
    left = {item["path"] for item in told["not_reviewed"]}
    assert ".git/" in left


def test_114_hostile_names_stay_data(tmp_path: Path) -> None:
    tree, out = tmp_path / "tree", tmp_path / "out"
    tree.mkdir()
    out.mkdir()
    names = [
        "\x1b]0;owned\x07\x1b[2J.py",
        "..\\..\\escape.py",
        "%2e%2e%2fescape.py",
        "-rf --config=x.py",
        "a\nb.py",
        "<script>alert(1)</script>.py".replace("/", "⁄"),
        "`$(touch it-ran)`|.py",
        "C:evil.py",
        "con.py",
        "\u202egnp.py",
        "[link](javascript:x).py",
        "n" * 240 + ".py",
    ]
    deep = Path(*["d" * 100] * 3)
    for name in names:
        (tree / name).write_text(DEFECT)
    (tree / deep).mkdir(parents=True)
    (tree / deep / "long.py").write_text(DEFECT)
    with open(os.path.join(os.fsencode(tree), b"\xff\xfe.py"), "w", encoding="utf-8") as file:
        file.write(DEFECT)

    CodeReviewer().work(review_of(tree), out)
    checks = CodeReviewer().check(review_of(tree), out)

    assert [check for check in checks if not check.passed] == []
    told = json.loads((out / "findings.json").read_text())["findings"]
    files = {item["file"] for item in told}
    assert len(told) == len(files) == len(names) + 2
    assert r"\x1b]0;owned\x07\x1b[2J.py" in files
    assert all(character.isprintable() for name in files for character in name)
    assert "<script" not in (out / "review.html").read_text()
    assert sorted(path.name for path in out.iterdir()) == [
        "findings.json",
        "findings.sarif",
        "review.html",
        "review.md",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "out", "tree"]


def test_114_links_are_not_followed_out_of_the_tree_or_into_a_circle(tmp_path: Path) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    (tree / "app").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret.py").write_text(DEFECT)
    (tree / "app" / "load.py").write_text(DEFECT)
    (tree / "file.py").symlink_to(outside / "secret.py")
    (tree / "folder").symlink_to(outside)
    (tree / "app" / "circle").symlink_to(tree)
    os.mkfifo(tree / "pipe.py")

    review = review_tree(tree, "tree", "")

    assert places(review) == [FOUND]
    assert review.skipped == (
        ("app/circle", "a link; links are not followed"),
        ("file.py", "a link; links are not followed"),
        ("folder", "a link; links are not followed"),
        ("pipe.py", "no plain file"),
    )


def test_code_that_breaks_parsers_is_said_to_be_broken_and_the_rest_is_reviewed(
    tmp_path: Path,
) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "load.py").write_text(DEFECT)
    (tmp_path / "deep.py").write_text("x = " + "(" * 3000 + ")" * 3000 + "\n")
    (tmp_path / "sum.py").write_text("x = " + "\\\n1 + " * 4000 + "1\n")
    (tmp_path / "deep.js").write_text("x = " + "[" * 60000 + "]" * 60000 + "\n" * 3)
    (tmp_path / "deeper.js").write_text("x = " + "[\n" * 60000 + "]\n" * 60000)
    (tmp_path / "nul.py").write_bytes(b"x = 1\0")
    (tmp_path / "latin.py").write_bytes(b'NAME = "caf\xe9"\n')
    (tmp_path / "bom.py").write_bytes(b"\xef\xbb\xbfimport os\n")
    (tmp_path / "returns.py").write_bytes(b"import os\rimport re\r")
    (tmp_path / "bundle.js").write_text("var a=1;" * 1000)
    (tmp_path / "half.ts").write_text("export const a: = 1\n")
    (tmp_path / "empty.py").write_text("")

    review = review_tree(tmp_path, "tree", "")

    found = set(places(review))
    assert found >= {FOUND, ("unused-import", "bom.py", 1), ("syntax-error", "half.ts", 1)}
    assert dict(review.skipped)["nul.py"] == "not text"
    assert "could not read it to its end" in dict(review.skipped)["deeper.js"]
    assert "minifier" in dict(review.skipped)["bundle.js"]
