"""Listings as files: TOML, or the same in JSON; nothing unknown is taken."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flux_cli.domain.money import CREDIT, parse_money
from flux_cli.errors import Fix, InvalidInput
from flux_cli.usecases.publish_listing import NewListing

LARGEST_FILE = 64 * 1024

Line = Annotated[str, Field(min_length=1, max_length=600)]


class ListingForm(BaseModel):
    """The whole file; prices are CREDIT as text, and at most one of the last two is there."""

    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=lambda name: name.removesuffix("_")
    )

    schema_: Literal["flux.listing/1"]
    provider: Line
    owner: Line
    trade: Line
    title: Line
    description: Line
    media_types: Annotated[list[Line], Field(max_length=20)]
    price_min: Line
    price_max: Line
    turnaround_hours: int
    command: Annotated[list[Line], Field(max_length=20)] = []
    url: Annotated[str, Field(max_length=300)] = ""


def read_listing(path: Path) -> NewListing:
    """The listing in a file, or on stdin for `-`. Raises `InvalidInput` naming the field."""
    shown = "stdin" if str(path) == "-" else str(path)
    try:
        if str(path) == "-":
            raw = sys.stdin.buffer.read(LARGEST_FILE + 1)
        else:
            with path.open("rb") as file:
                raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise InvalidInput(f"cannot read {shown}: {error.strerror}", param="FILE") from error
    if len(raw) > LARGEST_FILE:
        raise InvalidInput(f"{shown} is larger than {LARGEST_FILE} bytes", param="FILE")
    try:
        text = raw.decode("utf-8")
        said = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
        form = ListingForm.model_validate(said)
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{shown} is not UTF-8 text", param="FILE") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        whole = Fix("see a whole listing", ("flux", "market", "publish", "--help"))
        raise InvalidInput(
            f"{shown}: {field}: {first['msg']}", param="FILE", fixes=(whole,)
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{shown} is neither TOML nor JSON: {error}", param="FILE") from error
    return NewListing(
        provider=form.provider,
        owner=form.owner,
        trade=form.trade,
        title=form.title,
        description=form.description,
        media_types=tuple(form.media_types),
        price_min=parse_money(form.price_min, CREDIT),
        price_max=parse_money(form.price_max, CREDIT),
        turnaround_hours=form.turnaround_hours,
        command=tuple(form.command),
        url=form.url,
    )
