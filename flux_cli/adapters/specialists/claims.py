"""The claim sheet: what research found, word for word, and where it stands."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass

from flux_cli.errors import WorkFailed

CLAIMS_SCHEMA = "flux.claims/1"
SOURCES_SCHEMA = "flux.sources/1"


@dataclass(frozen=True, slots=True)
class Claim:
    """One quotation: bytes `start` to `end` of the UTF-8 source that has this hash."""

    id: str
    question: str
    quote: str
    source: str
    sha256: str
    start: int
    end: int
    score: float
    heading: str
    kind: str

    @property
    def number(self) -> int:
        """The n of its citation [n]."""
        return int(self.id[1:])


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found on one question. `missing` are its words that no source has.

    `answer` is a model's one sentence from the claims, "" where none wrote one.
    """

    id: str
    question: str
    asked_by: str
    found: bool
    claims: tuple[str, ...]
    missing: tuple[str, ...]
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two claims that give a number for the same thing, the same one or not."""

    first: str
    second: str
    values: tuple[str, str]
    agrees: bool
    qualified: bool


@dataclass(frozen=True, slots=True)
class ClaimTable:
    """A table of a source, each row a claim."""

    source: str
    heading: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimSheet:
    """Everything `claims.json` says."""

    product: str
    questions: tuple[Finding, ...]
    claims: tuple[Claim, ...]
    comparisons: tuple[Comparison, ...]
    tables: tuple[ClaimTable, ...]
    schema: str

    def claim(self, claim_id: str) -> Claim | None:
        """The claim with this id, if there is one."""
        return next((claim for claim in self.claims if claim.id == claim_id), None)


def to_json(value: object) -> bytes:
    """`value` as the bytes of a JSON file, always the same for the same value."""
    return (json.dumps(value, ensure_ascii=False, indent=2, sort_keys=False) + "\n").encode()


def claims_json(sheet: ClaimSheet) -> bytes:
    """The bytes of `claims.json`."""
    fields = asdict(sheet)
    return to_json({"schema": fields.pop("schema"), **fields})


def read_claims(text: str | bytes) -> ClaimSheet:
    """Read `claims.json`. Raises WorkFailed if it is not a claim sheet."""
    from pydantic import TypeAdapter, ValidationError

    try:
        sheet = TypeAdapter(ClaimSheet).validate_json(text)
    except ValidationError as error:
        raise WorkFailed(f"claims.json is not a claim sheet: {error.errors()[0]['msg']}") from error
    if sheet.schema != CLAIMS_SCHEMA:
        raise WorkFailed(f"claims.json has the schema {sheet.schema!r}, not {CLAIMS_SCHEMA!r}")
    if not all(re.fullmatch(r"c[1-9]\d{0,5}", claim.id) for claim in sheet.claims):
        raise WorkFailed("claims.json has a claim without a proper id")
    return sheet


def escaped(text: str) -> str:
    """One line of `text` in which Markdown and HTML have no power."""
    safe = " ".join(text.split()).replace("\\", "\\\\")
    safe = safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\[\]|`])", r"\\\1", safe)


def in_report(claim: Claim) -> str:
    """A claim's words as a report prints them: the cells of a table's row stand in a line."""
    if claim.kind == "row":
        return " · ".join(map(escaped, table_cells(claim.quote)))
    return escaped(claim.quote)


def table_cells(row: str) -> tuple[str, ...]:
    """The cells of a Markdown table's row."""
    return tuple(cell.strip() for cell in row.strip().strip("|").split("|"))
