"""One command being carried out: what was asked around it, and how it answers."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from flux_cli.config import Config, load_config
from flux_cli.domain.money import Money
from flux_cli.domain.text import visible
from flux_cli.entrypoints.cli.document import Answer, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.interruption import Terminated
from flux_cli.entrypoints.cli.output import Format, Wish, rendered
from flux_cli.entrypoints.cli.refusal import Denial, Refusal
from flux_cli.entrypoints.cli.terminal import Terminal
from flux_cli.errors import Fix, InvalidInput


@dataclass(slots=True)
class Reply:
    """What a command has said so far and not yet sent; the only thing here that changes."""

    text: str = ""
    shown: bool = False
    resume: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Invocation:
    """The shared options as values, the configuration, and the ways to answer.

    Options a command does not have are at their defaults. Times are UTC; `max_amount` is CREDIT.
    """

    command: str
    terminal: Terminal
    environ: Mapping[str, str]
    cwd: Path
    now: datetime
    wish: Wish = field(default_factory=Wish)
    verbose: bool = False
    no_input: bool = False
    yes: bool = False
    config_path: Path | None = None
    db: Path | None = None
    timeout: float | None = None
    limit: int = 50
    after: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    status: str | None = None
    agent: str | None = None
    run: str | None = None
    dry_run: bool = False
    plan: str | None = None
    idempotency_key: str | None = None
    max_amount: Money | None = None
    wait: bool = True
    _reply: Reply = field(default_factory=Reply, repr=False, compare=False)

    @cached_property
    def config(self) -> Config:
        """The configuration, read when first needed. Raises `InvalidConfig`."""
        flags = {} if self.db is None else {"ledger.path": str(self.db)}
        return load_config(flags, self.environ, self.cwd, user_file=self.config_path)

    @property
    def form(self) -> Format:
        """The form the answer will take. Raises `InvalidInput` where two were asked for."""
        return self.wish.settled(self.terminal.out_is_tty)

    @property
    def for_people(self) -> bool:
        """Whether a person reads the answer, and not a program."""
        return self.form is Format.TABLE and not self.wish.quiet

    def show(self, answer: Answer) -> None:
        """Answer with `answer`; JSON waits until the command has returned.

        A failure after it then leaves one document on stdout, the error, and never two.
        """
        form = self.form
        assert form is not Format.JSON or not self._reply.shown, "JSON is one document"
        self._reply.shown = True
        text = rendered(answer, self.wish, self.terminal)
        if form is Format.JSON:
            self._reply.text = text
        elif text:
            self.terminal.write(text)
        if self.for_people:
            self._close(answer)
        if isinstance(answer, Listing) and answer.next is not None and form is not Format.JSON:
            self.note(f"more: --after {shlex.quote(answer.next)}")

    def _close(self, answer: Answer) -> None:
        if isinstance(answer, Listing) and not answer.rows:
            self.note(answer.empty or "nothing here yet")
        if answer.last:
            self.note(answer.last)

    def print(self, text: str) -> None:
        """Put text of our own (a script, a help topic) on stdout as it is."""
        self.terminal.write(text if text.endswith("\n") else text + "\n")

    def note(self, text: str) -> None:
        """Tell people something on stderr; `-q` silences it."""
        if not self.wish.quiet:
            self.terminal.say(visible(text, lines=True))

    def detail(self, text: str) -> None:
        """Tell people something they asked for with `-v`."""
        if self.verbose:
            self.note(text)

    def progress(self, step: str, /, **facts: object) -> None:
        """One line for one step on stderr: words for a person, `key=value` for a log."""
        if self.terminal.err_is_tty and not self.environ.get("CI"):
            said = "  ".join(f"{key} {visible(str(value))}" for key, value in facts.items())
            self.note(f"· {step}  {said}".rstrip())
        else:
            pairs = {"step": step} | facts
            self.note(" ".join(f"{key}={_token(value)}" for key, value in pairs.items()))

    def resume_with(self, *argv: str) -> None:
        """If this is interrupted from here on, tell the reader to run `argv`."""
        self._reply.resume = argv

    def confirm(self, question: str) -> bool:
        """Ask at the terminal itself; `--yes` says yes. Raises `InvalidInput` if nobody is."""
        if self.yes:
            return True
        if self.no_input or self.environ.get("CI") or not self.terminal.err_is_tty:
            raise InvalidInput(
                f"{question} Nobody is here to answer.",
                param="--yes",
                fixes=(Fix("say yes on the command line with --yes"),),
            )
        try:
            with open("/dev/tty", "r+b", buffering=0) as tty:
                tty.write(f"{visible(question)} [y/N] ".encode())
                try:
                    said = tty.readline()
                except (KeyboardInterrupt, Terminated):
                    tty.write(b"\n")  # what is said of the stop stands on a line of its own
                    raise
                return said.decode(errors="replace").strip().lower() in {"y", "yes"}
        except OSError as error:
            raise InvalidInput(f"{question} There is no terminal to ask at.") from error

    def deny(
        self,
        message: str,
        refusals: tuple[Refusal, ...],
        *,
        subject: str | None = None,
        max_amount_minor: int | None = None,
        fixes: tuple[Fix, ...] = (),
        document: Answer | None = None,
        exit_code: ExitCode = ExitCode.DENIED,
    ) -> NoReturn:
        """End as denied: every rule that refused, and the most that would pass (micro-credits).

        `document` is the object that was denied; in JSON it rides along as `error.detail`.
        """
        raise Denial(message, refusals, subject, max_amount_minor, fixes, document, exit_code)

    def send(self) -> None:
        """Put a waiting JSON document on stdout, now that nothing can fail any more."""
        text, self._reply.text = self._reply.text, ""
        if text:
            self.terminal.write(text)

    @property
    def resume(self) -> tuple[str, ...]:
        """The command that goes on where this one was interrupted, empty if there is none."""
        return self._reply.resume


def _token(value: object) -> str:
    text = visible(str(value))
    return text if text and not any(mark in text for mark in ' ="\\') else shlex.quote(text)
