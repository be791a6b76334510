"""The streams a command talks to, and what they can show."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from flux_cli.errors import StorageFailed

ASCII_FORMS = str.maketrans(
    {"✓": "+", "✗": "x", "●": "*", "○": "o", "•": "-", "…": "~", "—": "-", "–": "-", "·": "-"}
    | {"→": ">", "↑": "^", "▲": "^", "▼": "v", "×": "x", "“": '"', "”": '"', "’": "'"}
)
"""How our own typography reads where the encoding cannot carry it, as wide as before."""


class ReaderLeft(BaseException):
    """Whoever read stdout closed it; nothing went wrong, and nothing more can be said."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Two streams and their abilities; `width` is None where nothing limits a line."""

    out: TextIO
    err: TextIO
    out_is_tty: bool
    err_is_tty: bool
    colored: bool
    width: int | None
    utf8: bool
    github: bool

    def write(self, text: str) -> None:
        """Put `text` on stdout. Raises `ReaderLeft` if it was closed, `StorageFailed` if full."""
        try:
            self.out.write(encodable(text, self.out))
            self.out.flush()
        except (BrokenPipeError, ValueError) as error:
            raise ReaderLeft from error
        except OSError as error:
            raise StorageFailed(f"stdout could not be written: {error.strerror}") from None

    def say(self, text: str) -> None:
        """Put one or more lines on stderr; a closed stderr is nobody listening, not a failure."""
        shown = "\n".join(inert_in_ci_logs(line) for line in text.split("\n"))
        try:
            self.err.write(encodable((shown if self.github else text) + "\n", self.err))
            self.err.flush()
        except (OSError, ValueError):
            return


def inert_in_ci_logs(line: str) -> str:
    """`line` so that GitHub's runner does not take it for a workflow command."""
    line = line.replace("##[", "# #[")
    return line.replace("::", ": :", 1) if line.lstrip().startswith("::") else line


def encodable(text: str, stream: TextIO) -> str:
    """`text` in characters that `stream` can carry."""
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = text.translate(ASCII_FORMS)
        return plain.encode(encoding, "backslashreplace").decode(encoding)
    return text


def open_terminal(environ: Mapping[str, str], color: str = "auto") -> Terminal:
    """The process's streams as `environ` and `--color` want them."""
    out, err = _stream(sys.stdout), _stream(sys.stderr)
    is_tty = out.isatty()
    return Terminal(
        out=out,
        err=err,
        out_is_tty=is_tty,
        err_is_tty=err.isatty(),
        colored=_colored(color, is_tty, environ),
        width=_width(is_tty, environ),
        utf8=(out.encoding or "utf-8").lower().replace("-", "") in {"utf8", "utf8sig"},
        github=environ.get("GITHUB_ACTIONS") == "true",
    )


def _stream(stream: TextIO | None) -> TextIO:
    # Python leaves None where the shell closed the descriptor (`>&-`).
    return stream if stream is not None else open(os.devnull, "w", encoding="utf-8")


def _colored(color: str, is_tty: bool, environ: Mapping[str, str]) -> bool:
    if color != "auto":
        return color == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return is_tty and environ.get("TERM") != "dumb"


def _width(is_tty: bool, environ: Mapping[str, str]) -> int | None:
    columns = environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns) > 0:
        return max(20, int(columns))
    return max(20, shutil.get_terminal_size().columns) if is_tty else None
