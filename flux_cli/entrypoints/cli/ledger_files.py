"""`flux ledger statement|export|import|reverse`: what becomes a page or a file, and corrections."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Annotated, TextIO

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.text import visible
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.output import Format, Wish
from flux_cli.entrypoints.cli.ownership import TokenFile, prove_owner
from flux_cli.entrypoints.cli.verb import verb
from flux_cli.errors import Fix, InvalidInput, StorageFailed
from flux_cli.usecases.export_ledger import Export, Exported, check_export, export_ledger
from flux_cli.usecases.exports import ExportForm
from flux_cli.usecases.import_opening import (
    LARGEST_FILE,
    OpeningForm,
    check_opening,
    import_opening,
    read_opening,
)
from flux_cli.usecases.ports import Deps, EntryRecord
from flux_cli.usecases.reverse_entry import Reversal, reversal_of, reverse_entry
from flux_cli.usecases.statement import Line, Statement, account_and_asset, page_of, statement_of
from flux_cli.usecases.view_entries import entry_named, reversal_key, summarise_entry

LINES_AT_ONCE = 1000

LINE_COLUMNS = (
    Column("seq", "seq", "number"),
    Column("recorded_at", "time", "time"),
    Column("kind", "kind"),
    Column("others", "with"),
    Column("memo", "memo"),
    Column("amount", "amount", "money"),
    Column("balance", "balance", "money"),
    Column("amount.currency", "currency"),
    Column("id", "id"),
)
LINE_TABLES = {
    "lines": (
        Column("minute", "time", "time"),
        Column("kind", "kind"),
        Column("others", "with"),
        Column("memo", "memo"),
        Column("amount", "amount", "money"),
        Column("balance", "balance", "money"),
    )
}

Asset = Annotated[
    str | None,
    typer.Option("--asset", metavar="CODE", help="Which, where an account holds several."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the noun's."""
    window = frozenset({"since", "until"})
    verb(
        app,
        "statement",
        options=window,
        examples=(
            "flux ledger statement researcher --since 30d",
            "flux ledger statement wallet:researcher --html may.html",
        ),
    )(statement)
    verb(
        app,
        "export",
        options=window,
        without=frozenset({"output"}),
        examples=(
            "flux ledger export --format beancount -o ledger.beancount",
            "flux ledger export --format jsonl | gzip > ledger.jsonl.gz",
            "flux ledger export --format html --account researcher -o may.html",
        ),
    )(export)
    verb(app, "import", examples=("flux ledger import opening.csv",))(import_)
    verb(app, "reverse", examples=('flux ledger reverse 12 --reason "funded the wrong agent"',))(
        reverse
    )


def statement(
    flux: Invocation,
    subject: Annotated[str, typer.Argument(metavar="ACCOUNT|AGENT", help="Whose.")],
    asset: Asset = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write it as a page to print.")
    ] = None,
    force: Force = False,
) -> None:
    """Show what an account held, each movement since, and what it holds."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        account, of = account_and_asset(reader, subject, asset)
        found = statement_of(reader, account, of, since=flux.since, until=flux.until)
    if html is not None:
        with deps.exports.file(html, replace=force) as file:
            file.writelines(page_of(deps.exports, found))
        flux.note(f"written to {html}")
    moved = "1 movement" if len(found.lines) == 1 else f"{len(found.lines)} movements"
    last = f"{moved}; money is simulated"
    lines = [_line(line) for line in found.lines]
    if flux.for_people:
        lines = [
            line | {"minute": f"{one.record.recorded_at:%m-%d %H:%M}"}
            for line, one in zip(lines, found.lines, strict=True)
        ]
    if flux.for_people or flux.form is Format.JSON:
        flux.show(Document("statement", _statement(found, lines), tables=LINE_TABLES, last=last))
    else:
        flux.show(Listing("statement_line", lines, LINE_COLUMNS, last=last))


def _statement(found: Statement, lines: list[dict[str, object]]) -> dict[str, object]:
    return {
        "account": found.account,
        "currency": found.opening.asset.code,
        "since": found.since,
        "until": found.until,
        "opening": found.opening,
        "in": found.came,
        "out": found.went,
        "closing": found.closing,
        "head": found.head,
        "simulated": True,
        "lines": lines,
    }


def _line(line: Line) -> dict[str, object]:
    record = line.record
    return {
        "id": record.id,
        "seq": record.seq,
        "recorded_at": record.recorded_at,
        "kind": record.entry.kind,
        "others": list(line.others),
        "memo": record.entry.memo,
        "amount": line.amount,
        "balance": line.balance,
    }


def export(
    flux: Invocation,
    form: Annotated[ExportForm, typer.Option("--format", help="Who is to read it.")],
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE|-", help="Where to; - is stdout."),
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", metavar="ACCOUNT|AGENT", help="For html: whose.")
    ] = None,
    asset: Asset = None,
    force: Force = False,
) -> None:
    """Write the ledger for other programs: all of one moment, oldest first, private, whole."""
    wanted = Export(form, flux.since, flux.until, account, asset)
    check_export(wanted)
    if output is None and flux.terminal.out_is_tty:
        raise InvalidInput(
            "a ledger is long for a terminal",
            param="--output",
            fixes=(Fix("name a file with -o FILE, or - for this terminal"),),
        )
    deps = open_existing(flux.config, timeout=flux.timeout)
    if output in {None, "-"}:
        if flux.wish != Wish():
            raise InvalidInput("stdout is for the export itself: name a file", param="--output")
        _to_stdout(flux, deps, wanted)
        return
    path = Path(str(output))
    with deps.exports.file(path, replace=force) as file:
        done = export_ledger(deps, wanted, file.write)
    fields = {
        "path": path,
        "format": form,
        "entries": done.entries,
        "seq": done.seq,
        "head": done.head,
        "simulated": True,
    }
    flux.show(Document("export", fields, last=f"{_counted(done)} written to {path}"))


def _to_stdout(flux: Invocation, deps: Deps, wanted: Export) -> None:
    """Read everything first: whoever reads our output may be slow, and keeps no ledger waiting."""
    try:
        with tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n") as spool:
            done = export_ledger(deps, wanted, spool.write)
            spool.seek(0)
            _copy(spool, flux)
    except OSError as error:
        raise StorageFailed(f"the export could not be kept for a moment: {error}") from error
    flux.note(f"{_counted(done)}, head {done.head or 'none'}; money is simulated")


def _copy(spool: TextIO, flux: Invocation) -> None:
    while lines := list(islice(spool, LINES_AT_ONCE)):
        flux.terminal.write("".join(_inert(lines)))


def _inert(lines: Iterable[str]) -> Iterable[str]:
    """The lines with whatever a terminal would obey spelt out; their ends as they were."""
    for line in lines:
        end = "\r\n" if line.endswith("\r\n") else "\n"
        yield visible(line.removesuffix(end)) + end


def _counted(done: Exported) -> str:
    return "1 entry" if done.entries == 1 else f"{done.entries} entries"


def import_(
    flux: Invocation,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV or JSON Lines: agent, asset, amount, memo.")
    ],
    form: Annotated[
        OpeningForm | None, typer.Option("--format", help="Unless the file's name says it.")
    ] = None,
    token_file: TokenFile = None,
) -> None:
    """Record opening balances from a file: every row, once, or none. For the owner."""
    opening = read_opening(_read(file), form or _form_of(file))
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        repeated = check_opening(reader, opening)
    sums = ", ".join(map(str, opening.totals))
    rows = "1 balance" if len(opening.rows) == 1 else f"{len(opening.rows)} balances"
    if not repeated:
        what = f"{rows} of {sums}, simulated, will be recorded."
        prove_owner(flux, deps, what, "import", token_file=token_file)
        repeated = import_opening(deps, opening)
    last = f"{rows} of {sums} recorded, simulated"
    if repeated:
        last = "this file was imported before: nothing was recorded again"
    fields: dict[str, object] = {
        "file": file,
        "sha256": opening.digest,
        "rows": len(opening.rows),
        "totals": sums if flux.for_people else opening.totals,
        "repeated": repeated,
        "simulated": True,
    }
    flux.show(Document("import", fields, last=last))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise InvalidInput(
            f"cannot read {path}: {error.strerror}", subject=str(path), param="FILE"
        ) from error
    if len(data) > LARGEST_FILE:
        raise InvalidInput(f"{path} is larger than {LARGEST_FILE} bytes", param="FILE")
    return data


def _form_of(path: Path) -> OpeningForm:
    try:
        return OpeningForm(path.suffix.removeprefix(".").lower())
    except ValueError:
        raise InvalidInput(
            f"{path.name} does not say how it is written",
            param="--format",
            fixes=(Fix("say it with --format csv or --format jsonl"),),
        ) from None


def reverse(
    flux: Invocation,
    entry: Annotated[
        str, typer.Argument(metavar="ENTRY", help="Its id, the end of it, or its seq.")
    ],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    token_file: TokenFile = None,
) -> None:
    """Record the same moves the other way, once. For the owner; nothing is ever deleted."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        record = entry_named(reader, entry)
        made = reader.entry(reversal_key(record))
    if made is None:
        reversal_of(record, reason)
        what = f"Entry {record.seq}, {_in_words(record)}, will be reversed."
        prove_owner(flux, deps, what, str(record.seq), token_file=token_file)
        done = reverse_entry(deps, record.id, reason)
    else:
        done = Reversal(record, made, repeated=True)
    last = f"entry {record.seq} is reversed by entry {done.record.seq}, simulated"
    if done.repeated:
        last = f"entry {record.seq} was reversed before, by entry {done.record.seq}"
    fields = summarise_entry(done.record) | {
        "reverses": record.id,
        "repeated": done.repeated,
        "simulated": True,
    }
    if flux.for_people:
        shown = ("id", "seq", "kind", "from", "to", "amount", "memo", "reverses", "recorded_at")
        fields = {name: fields[name] for name in shown}
    flux.show(Document("reversal", fields, last=last))


def _in_words(record: EntryRecord) -> str:
    summary = summarise_entry(record)
    sources, targets = summary["from"], summary["to"]
    assert isinstance(sources, list), "from is a list"
    assert isinstance(targets, list), "to is a list"
    route = f"{', '.join(sources)} to {', '.join(targets)}"
    return f"the {record.entry.kind} of {summary['amount']} from {route}"
