"""`flux run`: a scenario or a goal, from plan to deliverables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import listen
from flux_cli.domain.free_text import bounded
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import CREDIT, Money, parse_money
from flux_cli.domain.quorum import Urgency
from flux_cli.domain.returns import claimed_return
from flux_cli.domain.runs import Run, RunState
from flux_cli.domain.settlements import ARC
from flux_cli.entrypoints.cli.brain_options import (
    Brain,
    Cassette,
    MaxBrainCost,
    Record,
    open_for_votes,
)
from flux_cli.entrypoints.cli.chain_payouts import (
    OverChain,
    code_of,
    over_chain,
    refuse_what_buys,
)
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.fail_on import FailOn, read_fail_on
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import MONEY
from flux_cli.entrypoints.cli.outcomes import end_of_run
from flux_cli.entrypoints.cli.payment_requests import Rail, RailName
from flux_cli.entrypoints.cli.run_document import run_document
from flux_cli.entrypoints.cli.run_preview import show_plan
from flux_cli.entrypoints.cli.run_progress import run_progress
from flux_cli.entrypoints.cli.verb import daily, verb
from flux_cli.errors import Fix, InvalidInput
from flux_cli.usecases.describe_run import describe_run
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.run_goal import Goal, carry_out_run, start_run

app = daily()

LARGEST_BRIEF = 200_000


@verb(
    app,
    "run",
    options=MONEY - {"max_amount"},
    examples=(
        "flux run marketing-campaign --out campaign",
        'flux run "Launch a campaign for a solar lantern" --brief lantern.md',
        "flux run autonomous-payment --fail-on denied",
        "flux run product-launch --rail arc",
        "flux run --resume run_01",
    ),
)
def run(
    flux: Invocation,
    goal: Annotated[
        str, typer.Argument(metavar="GOAL", help="A scenario, its folder, or a goal in words.")
    ] = "",
    budget: Annotated[str | None, typer.Option(help="At most this much CREDIT, e.g. 120.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the deliverables.")] = None,
    brief: Annotated[
        Path | None, typer.Option(help="A text or Markdown file to work from.")
    ] = None,
    source: Annotated[
        list[Path] | None, typer.Option(help="A document to cite; repeatable.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Decides every choice that is free.")] = None,
    strategy: Annotated[Strategy | None, typer.Option(help="What to weigh most in hiring.")] = None,
    expected_return: Annotated[
        str | None, typer.Option(help="What the owner expects back, in CREDIT.")
    ] = None,
    rail: RailName = Rail.SIMULATED,
    resume: Annotated[str | None, typer.Option(help="Go on with this run instead.")] = None,
    brain: Brain = None,
    record: Record = False,
    cassette: Cassette = None,
    max_brain_cost: MaxBrainCost = None,
    fail_on: FailOn = None,
) -> ExitCode:
    """Carry out a scenario or a goal: plan, ask for money, hire, check, pay, deliver."""
    fails = read_fail_on(fail_on)
    if resume is not None:
        deps = open_for_votes(flux, brain, record, cassette, max_brain_cost)
        with deps.store.reading() as reader:
            found = reader.resolve(Run, resume)
        return go_on(flux, deps, found, fails)
    named = _named(goal)
    deps = open_for_votes(flux, brain, record, cassette, max_brain_cost, found=True)
    wanted = _goal(deps, named, brief, tuple(source or ()))
    wanted = replace(
        wanted,
        claimed_return=(
            wanted.claimed_return if expected_return is None else parse_money(expected_return)
        ),
        budget=wanted.budget if budget is None else parse_money(budget, CREDIT),
        out=None if out is None else out.resolve(),
        seed=deps.settings.seed if seed is None else seed,
        strategy=strategy or _own_strategy(wanted) or deps.settings.strategy,
        rail=rail.value,
    )
    if rail is Rail.ARC:
        refuse_what_buys(wanted)
    return _begin(flux, deps, wanted, fails)


def _begin(
    flux: Invocation, deps: Deps, wanted: Goal, fails: frozenset[ExitCode] | None
) -> ExitCode:
    """Start a run and carry it out; of a dry run only its plan is shown."""
    found_economy(deps)
    if flux.dry_run:
        return show_plan(flux, deps, wanted)
    key = flux.idempotency_key or f"run:{deps.ids.new('event')}"
    default_out = (flux.cwd / flux.config.run.out).resolve()
    started = start_run(deps, wanted, key=key, default_out=default_out)
    return go_on(flux, deps, started, fails)


def _own_strategy(goal: Goal) -> Strategy | None:
    """The strategy that the scenario's errand names."""
    return goal.plan.errand.strategy if goal.plan and goal.plan.errand else None


def _named(goal: str) -> str:
    """The goal that was typed; raises `InvalidInput` where there is none."""
    if not goal.strip():
        raise InvalidInput(
            "name a scenario or a goal",
            param="GOAL",
            fixes=(Fix("see which scenarios there are", ("flux", "scenarios", "list")),),
        )
    return goal.strip()


def go_on(
    flux: Invocation, deps: Deps, run: Run, fails: frozenset[ExitCode] | None = None
) -> ExitCode:
    """Carry a run out from where it stands, and answer with all of it."""
    flux.resume_with("flux", "runs", "resume", run.id)
    progress = run_progress(flux)
    listen(deps, lambda agent, doing: progress("doing", agent=agent, doing=doing))
    if run.state in (RunState.PLANNING, RunState.REQUESTING, RunState.WORKING):
        money = "simulated" if run.rail != ARC else "USDC"
        progress("run", id=run.id, state=run.state, money=money)
    chain = over_chain(flux, deps, progress, rail=run.rail)
    if chain is not None and (waits := chain.before_run(run)) is not None:
        return waits
    ended = carry_out_run(deps, run.id, progress)
    return tell(flux, deps, ended, fails, chain)


def tell(
    flux: Invocation,
    deps: Deps,
    run: Run,
    fails: frozenset[ExitCode] | None = None,
    chain: OverChain | None = None,
) -> ExitCode:
    """Answer with a run as it stands; over a chain, once whom it paid is paid there too."""
    payout = None if chain is None else chain.after_run(run)
    with deps.store.reading() as reader:
        document = describe_run(reader, run)
        intents = reader.find(PaymentIntent, run_id=run.id, oldest_first=True)
    whole = run_document(document, for_people=flux.for_people)
    if chain is not None:
        whole = chain.told(whole, payout, ("flux", "runs", "resume", run.id))
    return code_of(payout, end_of_run(flux, run, intents, whole, fails))


def _goal(deps: Deps, text: str, brief: Path | None, sources: tuple[Path, ...]) -> Goal:
    """The scenario of this name, or the words as a goal with a brief."""
    is_name = " " not in text and brief is None
    if is_name:
        scenario = deps.scenarios.load(text)
        return Goal(
            scenario=scenario.name,
            goal=scenario.goal,
            brief=scenario.brief,
            sources=scenario.sources + sources,
            purpose=scenario.purpose,
            justification=scenario.justification,
            claimed_return=scenario.claimed_return,
            urgency=scenario.urgency,
            budget=scenario.budget,
            seed=0,
            strategy=Strategy.BALANCED,
            out=None,
            plan=scenario.plan,
        )
    goal = bounded(text, 600)
    brief_text = "" if brief is None else _read_brief(brief)
    return Goal(
        scenario="",
        goal=goal,
        brief=brief_text,
        sources=((brief,) if brief is not None else ()) + sources,
        purpose=goal,
        justification=f"Owner's goal: {bounded(goal.rstrip('.'), 300)}.",
        claimed_return=claimed_return(brief_text, Money(0)),
        urgency=Urgency.MEDIUM,
        budget=None,
        seed=0,
        strategy=Strategy.BALANCED,
        out=None,
        plan=None,
    )


def _read_brief(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_BRIEF:
            raise InvalidInput(f"{path} is larger than {LARGEST_BRIEF} bytes", param="--brief")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}", param="--brief") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not UTF-8 text", param="--brief") from error
