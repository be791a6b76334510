"""Policies as files and as people read them."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from flux_cli.domain.policies import Limit, Policy
from flux_cli.domain.policy_document import document_of
from flux_cli.entrypoints.cli.document import Column, Document
from flux_cli.errors import InvalidPolicy
from flux_cli.usecases.policy_versions import Revision

LARGEST_FILE = 256 * 1024
"""Bytes; a policy with every limit there may be is far smaller."""

CHANGE_COLUMNS = (
    Column("key", "part"),
    Column("before", "in force"),
    Column("after", "would be"),
    Column("effect", "effect", "status"),
)


def read_document(path: Path) -> dict[str, object]:
    """The TOML in a file, or on stdin for `-`. Raises `InvalidPolicy` with the line at fault."""
    shown = "stdin" if str(path) == "-" else str(path)
    try:
        if str(path) == "-":
            raw = sys.stdin.buffer.read(LARGEST_FILE + 1)
        else:
            with path.open("rb") as file:
                raw = file.read(LARGEST_FILE + 1)
        if len(raw) > LARGEST_FILE:
            raise InvalidPolicy(f"{shown} is larger than {LARGEST_FILE} bytes", subject=shown)
        return tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise InvalidPolicy(f"cannot read {shown}: {error.strerror}", subject=shown) from error
    except UnicodeDecodeError as error:
        raise InvalidPolicy(f"{shown} is not UTF-8 text", subject=shown) from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidPolicy(f"{shown}: {error}", subject=shown) from error
    except RecursionError as error:
        raise InvalidPolicy(f"{shown} is nested too deep", subject=shown) from error


def policy_shown(policy: Policy) -> str:
    """The policy as a TOML file, which sets the same policy again."""
    lines = [f"# Policy {policy.number} of {json.dumps(policy.agent)}."]
    tables: list[str] = []
    for key, value in document_of(policy).items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            for one in value:
                rows = [f"{name} = {_toml(item)}" for name, item in one.items()]
                tables += ["", f"[[{key}]]", *rows]
        else:
            lines.append(f"{key} = {_toml(value)}")
    return "\n".join([*lines, *tables]) + "\n"


def _toml(value: object) -> str:
    """A string, number, flag or list; JSON's spelling of these is TOML's too."""
    return json.dumps(value).replace("\x7f", "\\u007f")


def policy_document(policy: Policy, last: str) -> Document:
    """A policy as a command answers with it."""
    fields = {
        "id": policy.id,
        "agent": policy.agent,
        "number": policy.number,
        "set_at": policy.set_at,
    }
    return Document("policy", fields | document_of(policy), tables=TABLES, last=last)


TABLES = {
    "limits": (
        Column("window", "window"),
        Column("amount", "amount"),
        Column("count", "payments", "number"),
        Column("scope", "scope"),
        Column("only", "only"),
        Column("below", "below"),
    ),
    "hours": (Column("weekdays", "weekdays"), Column("from", "from"), Column("until", "until")),
}


def version_row(policy: Policy) -> dict[str, object]:
    """One version in a list."""
    return {
        "id": policy.id,
        "agent": policy.agent,
        "number": policy.number,
        "asset": counted_in(policy),
        "per_payment": policy.per_payment,
        "limits": ", ".join(f"{_most(limit)} in {limit.window}" for limit in policy.limits),
        "note": policy.note,
        "set_at": policy.set_at,
    }


def counted_in(policy: Policy) -> str:
    """The code of the asset that its amounts are in."""
    return policy.approval_threshold.asset.code


def _most(limit: Limit) -> str:
    """At most how much and how many: `$500.00`, `5 payments`, or both."""
    payments = None if limit.count is None else f"{limit.count} payments"
    return " and ".join(str(one) for one in (limit.amount, payments) if one is not None)


def change_rows(revision: Revision) -> list[dict[str, object]]:
    """What a revision changes, part by part."""
    if revision.old is None:
        document = document_of(revision.new)
        return [
            {
                "key": key,
                "before": None,
                "after": _said(value),
                "loosens": False,
                "effect": "new",
            }
            for key, value in document.items()
        ]
    return [
        {
            "key": change.key,
            "before": _said(change.before),
            "after": _said(change.after),
            "loosens": change.loosens,
            "effect": "loosens" if change.loosens else "tightens",
        }
        for change in revision.changes
    ]


def _said(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(_said_one(one) for one in value)
    return json.dumps(value)


def _said_one(value: object) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name}={item}" for name, item in value.items())
    return str(value)
