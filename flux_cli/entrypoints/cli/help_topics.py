"""The texts of `flux help TOPIC`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from flux_cli.entrypoints.cli.exit_codes import MEANINGS

START = """\
Flux gives money to AI agents without giving them keys.

  flux run marketing-campaign   a goal carried out: asked, voted, hired, paid, delivered
  flux buy "snacks for 60"      the best cart over several shops; it asks before it buys
  flux tui                      the economy, live
  flux status                   who has what, and what needs attention
  flux --help                   every command; flux help exit-codes|env|formats

All money is simulated until you set a chain. Each command takes --help and --json.
"""


def exit_codes() -> str:
    """The table of exit codes."""
    rows = [("code", "meaning", "repeat the same command?")]
    rows += [(str(int(code)), meaning, retry) for code, meaning, retry in MEANINGS]
    width = max(len(meaning) for _, meaning, _ in rows)
    lines = [f"{code:>4}  {meaning:<{width}}  {retry}".rstrip() for code, meaning, retry in rows]
    return "\n".join(lines) + "\n\nIn JSON the same number is error.exit_code.\n"


ENVIRONMENT = """\
FLUX_DB                   the ledger; --db wins over it
FLUX_CONFIG               your configuration file; --config wins over it
FLUX_<SECTION>_<KEY>      any setting, e.g. FLUX_POLICY_PER_PAYMENT=25.00
                          (`flux config show` lists them)
FLUX_OWNER_TOKEN_FILE     the owner's credential, where nobody is at a terminal
NO_COLOR                  no colour
FORCE_COLOR               colour even into a pipe, where a table was asked for
COLUMNS                   how wide a table may be
CI                        never ask; progress as key=value lines
GITHUB_ACTIONS            as CI, and text cannot pose as a workflow command

Order: option, environment, ./flux.toml, your configuration file, default.
A project's ./flux.toml may only tighten: it lowers caps, asks for more votes, pauses.
"""

FORMATS = """\
-o table   for people: fits the terminal, shortens text; the default at a terminal
-o tsv     one line each under a header, nothing shortened; the default into a pipe
-o csv     as tsv; cells a spreadsheet would run start with an apostrophe
-o json    one document: {"object":"list","data":[...],"has_more":...,"next":...},
           or the object itself; an error is {"error":{...}} on stdout in its place
-o jsonl   one object a line
-o md      a Markdown table
-q         ids only, one a line

--fields id,amount.decimal   only these, in this order; dots reach inside
--jq '.data[].id'            the JSON through jq; strings come out bare

Money in JSON is {"amount_minor": 120000000, "currency": "CREDIT", "exponent": 6,
"decimal": "120.000000"}: compute with amount_minor, show decimal. In tsv and csv it is
the plain number. Times are RFC 3339 in UTC.
"""

ABOUT: Mapping[str, str] = MappingProxyType(
    {
        "exit-codes": "what the shell is told, and when to try again",
        "env": "the environment variables that are read",
        "formats": "table, tsv, csv, json, jsonl, md; --fields and --jq",
        "COMMAND": "what a command takes, e.g. flux help payments request",
    }
)
"""A line on each topic."""

TOPICS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {"exit-codes": exit_codes, "env": lambda: ENVIRONMENT, "formats": lambda: FORMATS}
)
