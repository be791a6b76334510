"""Scenarios as files: a folder with `scenario.toml`, a brief and documents; data, never code."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from flux_cli.adapters.scenario_files.scaffold import scaffold
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import CREDIT, Money, parse_money
from flux_cli.domain.plan import Plan, Task, faults
from flux_cli.domain.purchases import Errand, Purchase
from flux_cli.domain.quorum import Urgency
from flux_cli.errors import Fix, FluxError, InvalidInput, InvalidScenario, NotFound
from flux_cli.usecases.scenario_ports import Scenario

if TYPE_CHECKING:
    from flux_cli.adapters.scenario_files.form import Form, PaymentForm, ShoppingForm, TaskForm

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
LARGEST = 64 * 1024
"""Bytes of a scenario file."""


class ScenarioFolders:
    """Scenarios in the folders given, the first that has a name winning."""

    def __init__(self, folders: tuple[Path, ...], trades: frozenset[str]) -> None:
        self._folders = folders
        self._trades = trades

    def names(self) -> list[str]:
        """Every scenario's name, in order."""
        found = {
            item.parent.name
            for folder in self._folders
            if folder.is_dir()
            for item in folder.glob("*/scenario.toml")
        }
        return sorted(found)

    def load(self, name: str) -> Scenario:
        """A scenario by name, or by the path of its folder or file."""
        return read_scenario(self._place(name), self._trades)

    def make(self, name: str, folder: Path) -> tuple[Path, ...]:
        """Write a new scenario that validates into a folder that is not there yet."""
        if not NAME.fullmatch(name):
            raise InvalidInput("a scenario's name is a-z, 0-9 and dashes", param="NAME")
        return scaffold(folder, name)

    def _place(self, name: str) -> Path:
        path = Path(name)
        if "/" in name or name.endswith(".toml"):
            file = path / "scenario.toml" if path.is_dir() else path
            if file.is_file():
                return file
            raise NotFound(f"no scenario at {name}", subject=name)
        if NAME.fullmatch(name):
            for folder in self._folders:
                if (folder / name / "scenario.toml").is_file():
                    return folder / name / "scenario.toml"
            if (path / "scenario.toml").is_file():
                return path / "scenario.toml"  # a folder here; never in place of one we ship
        near = difflib.get_close_matches(name.lower(), self.names(), 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise NotFound(
            f"no scenario named {name[:64]!r}{hint}",
            subject=name[:64],
            fixes=(Fix("see which there are", ("flux", "scenarios", "list")),),
        )


def read_scenario(file: Path, trades: frozenset[str]) -> Scenario:
    """The scenario a file describes; raises `InvalidScenario` naming the file and the field."""
    form = _form(file)
    folder = file.parent.resolve()
    try:
        plan = Plan(
            form.goal,
            tuple(_task(task) for task in form.tasks),
            tuple(_purchase(payment, folder, file) for payment in form.payments),
            _errand(form.shopping),
        )
        expected, budget = _amount(form.expected_return), _amount(form.budget)
    except InvalidScenario:
        raise
    except FluxError as error:
        raise InvalidScenario(f"{file}: {error}", subject=str(file)) from error
    wrong = faults(plan, trades)
    if wrong:
        raise InvalidScenario(f"{file}: {'; '.join(wrong)}", subject=str(file))
    brief = _inside(folder, form.brief, file)
    sources = [
        path
        for pattern in form.sources
        for path in sorted(folder.glob(pattern))
        # A folder that is named whole is one source; a pattern picks files.
        if (path.is_file() or (path.is_dir() and path == folder / pattern))
        and _inside(folder, str(path.relative_to(folder)), file)
    ]
    if form.sources and not sources:
        raise InvalidScenario(f"{file}: sources match no file", subject=str(file), param="sources")
    try:
        brief_text = brief.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidScenario(f"{file}: cannot read the brief: {error}", param="brief") from error
    return Scenario(
        name=form.name,
        title=form.title,
        goal=form.goal,
        brief=brief_text,
        sources=(brief, *sources),
        purpose=form.purpose,
        justification=form.justification or "",
        claimed_return=expected,
        urgency=Urgency(form.urgency),
        budget=budget,
        plan=plan,
        folder=folder,
    )


def _form(file: Path) -> Form:
    import pydantic

    from flux_cli.adapters.scenario_files.form import Form

    try:
        if file.stat().st_size > LARGEST:
            raise InvalidScenario(f"{file} is larger than {LARGEST} bytes", subject=str(file))
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
        form = Form.model_validate(raw)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidScenario(f"cannot read {file}: {error}", subject=str(file)) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidScenario(f"{file} is not TOML: {error}", subject=str(file)) from error
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        where = f"{file}: {field}" if field else str(file)
        said = first["msg"].removeprefix("Value error, ")
        raise InvalidScenario(f"{where}: {said}", param=field or None) from error
    if form.name != file.parent.resolve().name:
        raise InvalidScenario(f"{file}: name {form.name!r} is not its folder's", param="name")
    return form


def _inside(folder: Path, name: str, file: Path) -> Path:
    """`name` below `folder`, with links followed; raises `InvalidScenario` if it leaves it."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise InvalidScenario(f"{file}: {name!r} is outside its folder", subject=str(file))
    return path


def _task(form: TaskForm) -> Task:
    return Task(
        id=form.id,
        trade=form.trade,
        title=form.title,
        needs=tuple(form.needs),
        produces=tuple(form.produces),
        media_types=tuple(form.media_types),
        max_price=parse_money(form.max_price, CREDIT),
        deadline_hours=form.deadline_hours,
    )


def _purchase(form: PaymentForm, folder: Path, file: Path) -> Purchase:
    return Purchase(
        id=form.id,
        merchant=form.merchant,
        category=form.category,
        item=form.item,
        amount=parse_money(form.amount, CREDIT),
        justification=form.justification,
        claimed_return=_amount(form.expected_return),
        urgency=Urgency(form.urgency),
        known_prices=tuple(parse_money(price, CREDIT) for price in form.known_prices),
        evidence=tuple(_named_by_hash(folder, name, file) for name in form.evidence),
    )


def _errand(form: ShoppingForm | None) -> Errand | None:
    if form is None:
        return None
    # Its patterns take a sixth of the start of any command, and most scenarios have no wish.
    from flux_cli.domain.wishes import read_wish

    # On no day of the year does a wish name something to buy that it does not name on another.
    read_wish(form.wish, date(2026, 1, 1))
    days = None if form.by is None else int(form.by[1:-1])
    return Errand(form.wish.strip(), days, Strategy(form.strategy))


def _named_by_hash(folder: Path, name: str, file: Path) -> str:
    """A document by its name and the first digits of its SHA-256; it must be there."""
    try:
        content = _inside(folder, name, file).read_bytes()
    except OSError as error:
        raise InvalidScenario(
            f"{file}: cannot read the evidence {name!r}: {error.strerror}", param="evidence"
        ) from error
    return f"{name} {hashlib.sha256(content).hexdigest()[:12]}"


def _amount(text: str | None) -> Money | None:
    return None if text is None else parse_money(text, CREDIT)
