"""A shopping list as a file: read, or opened in the person's own editor and judged again."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from flux_cli.domain.shopping import Remark, ShoppingSpec, document_of_spec, spec_from
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.errors import Fix, InvalidInput

LARGEST_SPEC = 1_000_000
_REMARKS = ("understood", "assumptions", "warnings")


def read_spec(path: Path, param: str = "--spec") -> ShoppingSpec:
    """The shopping list in a JSON file; raises `InvalidInput` naming the part that is wrong."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_SPEC + 1)
        if len(data) > LARGEST_SPEC:
            raise InvalidInput(f"{path} is larger than {LARGEST_SPEC} bytes", param=param)
        found = json.loads(data.decode("utf-8"))
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}", param=param) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path} is not JSON: {error}", param=param) from error
    if not isinstance(found, dict):
        raise InvalidInput(f"{path} holds no shopping list", param=param)
    return spec_from(found)


def edited(flux: Invocation, spec: ShoppingSpec) -> ShoppingSpec:
    """The list as a person left it in `$VISUAL` or `$EDITOR`, judged like any other.

    Raises `InvalidInput` without an editor, where it fails, and for a list that is wrong: that
    one is kept in a file which the fix names, so nothing typed is lost.
    """
    editor = flux.environ.get("VISUAL") or flux.environ.get("EDITOR")
    if flux.no_input or not editor:
        why = "nobody may be asked" if flux.no_input else "no editor is set"
        raise InvalidInput(
            f"the list cannot be edited: {why}",
            param="--edit",
            fixes=(Fix("set EDITOR, as in EDITOR=nano flux buy … --edit"),),
        )
    document = {k: v for k, v in document_of_spec(spec).items() if k not in _REMARKS}
    number, name = tempfile.mkstemp(prefix="flux-list-", suffix=".json")
    path = Path(name)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    _open(editor, path)
    try:
        found = read_spec(path, "--edit")
    except InvalidInput as error:
        fix = Fix("correct it and buy by it", ("flux", "buy", "--spec", str(path)))
        raise InvalidInput(error.message, param="--edit", fixes=(fix,)) from error
    path.unlink()
    if found == replace(spec, understood=(), assumptions=(), warnings=()):
        return spec
    # What was assumed is the person's own list now; what was warned of stays true of the words.
    said = (Remark("the list was edited by hand"),)
    return replace(found, understood=said, warnings=spec.warnings)


def _open(editor: str, path: Path) -> None:
    try:
        ended = subprocess.run([*shlex.split(editor), str(path)], check=False)  # noqa: S603 - theirs
    except (OSError, ValueError) as error:
        path.unlink()
        raise InvalidInput(f"the editor {editor[:60]!r} does not start", param="--edit") from error
    if ended.returncode != 0:
        path.unlink()
        raise InvalidInput("the editor gave up, so nothing is bought", param="--edit")
