"""How a failure reads: three lines for a person, one document for a program."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

import typer

from flux_cli.domain.text import visible
from flux_cli.entrypoints.cli import crash
from flux_cli.entrypoints.cli.document import Json, answer_json
from flux_cli.entrypoints.cli.exit_codes import ExitCode, exit_code_of
from flux_cli.entrypoints.cli.interruption import Interrupted
from flux_cli.entrypoints.cli.refusal import Denial, Refusal, in_words
from flux_cli.errors import AmbiguousId, Fix, FluxError, NotFound


@dataclass(frozen=True, slots=True)
class Failure:
    """Everything that is said about a command that did not do what was asked."""

    code: str
    exit_code: ExitCode
    message: str
    retryable: bool = False
    subject: str | None = None
    param: str | None = None
    why: str | None = None
    fixes: tuple[Fix, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    max_amount_minor: int | None = None
    detail: Json | None = None


def of_flux_error(error: FluxError, listing: Sequence[str] = ()) -> Failure:
    """The failure a `FluxError` is; `listing` is the command that lists what may be named."""
    cause = error.__cause__
    fixes = error.fixes
    if not fixes and listing and isinstance(error, NotFound | AmbiguousId):
        fixes = (Fix("see which there are", tuple(listing)),)
    return Failure(
        code=error.code,
        exit_code=exit_code_of(error),
        message=error.message,
        retryable=error.retryable,
        subject=error.subject,
        param=error.param,
        # Only causes whose words we know to be meant for a reader.
        why=str(cause) if isinstance(cause, FluxError | OSError) else None,
        fixes=fixes,
    )


def of_denial(denial: Denial) -> Failure:
    """The failure a denial is: code and numbers from the most serious rule, which comes first."""
    return Failure(
        code=denial.refusals[0].rule,
        exit_code=denial.exit_code,
        message=denial.message,
        subject=denial.subject,
        fixes=denial.fixes,
        refusals=denial.refusals,
        max_amount_minor=denial.max_amount_minor,
        detail=None if denial.document is None else answer_json(denial.document),
    )


def of_usage(error: typer.TyperException) -> Failure:
    """The failure that typer's parser found; the fix is the help of the command it was in."""
    context = getattr(error, "ctx", None)
    path = context.command_path.split() if context is not None else ["flux"]
    parameter = getattr(error, "param", None)
    declared = parameter.opts[-1] if parameter is not None and parameter.opts else None
    option = getattr(error, "option_name", None)
    fix, message = Fix("see what it takes", (*path, "--help")), error.format_message()
    if path == ["flux"] and option in _on_every_command():
        message = f"No such option: {option}"  # typer would propose --version
        fix = Fix("options stand after the command, as in", ("flux", "status", "--json"))
    return Failure(
        code="usage",
        exit_code=ExitCode.USAGE,
        message=message,
        param=option or declared,
        fixes=(fix,),
    )


def _on_every_command() -> set[str]:
    from flux_cli.entrypoints.cli.options import COMMON, shared

    options = [get_args(parameter.annotation)[1] for parameter in shared(COMMON)]
    return {name for option in options for name in (option.default, *option.param_decls)}


def of_stop(stop: Interrupted) -> Failure:
    """The failure of a command that was told to stop."""
    again = Fix("resume with", stop.resume) if stop.resume else Fix("run the same command again")
    command = f": {shlex.join(again.argv)}" if again.argv else ""
    return Failure(
        code="terminated" if stop.terminated else "interrupted",
        exit_code=ExitCode.TERMINATED if stop.terminated else ExitCode.INTERRUPTED,
        message=f"interrupted; nothing is half done; {again.say}{command}",
        retryable=True,
        fixes=(again,),
    )


def of_bug(error: Exception, command: str) -> Failure:
    """The failure a bug is, after its traceback was kept in a crash file."""
    try:
        path = str(crash.record(error, command, datetime.now(UTC)))
        kept = f"what happened is in {path}"
    except OSError as failed:
        path, kept = None, f"no crash file could be kept: {failed.strerror}"
    return Failure(
        code="bug",
        exit_code=ExitCode.BUG,
        message=f"a bug in flux ({type(error).__name__}); {kept}",
        subject=path,
        fixes=(Fix("report that file; it holds no values of variables"),) if path else (),
    )


def failure_json(failure: Failure) -> Json:
    """The one document that stands on stdout in place of a result."""
    error: Json = {
        "code": failure.code,
        "exit_code": int(failure.exit_code),
        "message": failure.message,
        "retryable": failure.retryable,
        "subject": failure.subject,
        "param": failure.param,
    }
    if failure.refusals:
        numbered = [refusal for refusal in failure.refusals if refusal.limit_minor is not None]
        error["limit"] = _limit(numbered[0]) if numbered else None
        error["suggestion"] = {
            "max_amount_minor": failure.max_amount_minor,
            "may_retry_adjusted": bool(failure.max_amount_minor),
        }
        error["refusals"] = [
            {"rule": refusal.rule, "message": refusal.message, "limit": _limit(refusal)}
            for refusal in failure.refusals
        ]
    error["fix"] = [{"say": fix.say, "argv": list(fix.argv)} for fix in failure.fixes]
    if failure.detail is not None:
        error["detail"] = failure.detail
    return {"error": error | {"schema": "flux.error/1"}}


def _limit(refusal: Refusal) -> Json | None:
    if refusal.limit_minor is None:
        return None
    return {
        "rule": refusal.rule,
        "used_minor": refusal.observed_minor,
        "cap_minor": refusal.limit_minor,
        "currency": refusal.currency,
    }


def failure_lines(failure: Failure) -> str:
    """What, why, fix, each on its own line."""
    lines = [f"flux: {visible(failure.message, lines=True)}"]
    lines += _refusal_lines(failure.refusals)
    if failure.refusals and failure.max_amount_minor is not None:
        most = in_words(failure.max_amount_minor, failure.refusals[0].currency)
        lines.append(
            f"  most: {most} would pass"
            if failure.max_amount_minor
            else "  most: nothing would pass"
        )
    if failure.why:
        lines.append(f"  why: {visible(failure.why)}")
    is_stop = failure.exit_code in {ExitCode.INTERRUPTED, ExitCode.TERMINATED}
    for fix in () if is_stop else failure.fixes:  # a stop has said it in its one line
        command = f": {shlex.join(fix.argv)}" if fix.argv else ""
        lines.append(f"  fix: {visible(fix.say + command)}")
    return "\n".join(lines)


def _refusal_lines(refusals: tuple[Refusal, ...]) -> list[str]:
    width = max((len(visible(refusal.rule)) for refusal in refusals), default=0)
    lines = []
    for refusal in refusals:
        numbers = refusal.numbers()
        compared = f"  (limit {numbers[0]}, observed {numbers[1]})" if numbers else ""
        rule = visible(refusal.rule).ljust(width)
        lines.append(f"  ✗ {rule}  {visible(refusal.message)}{compared}")
    return lines
