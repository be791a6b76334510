"""Planning without a model: intent templates, and a plain no where none fits."""

from __future__ import annotations

import difflib
import re

from flux_cli.domain.plan import Plan, Task
from flux_cli.domain.work import DATA_ENDINGS
from flux_cli.errors import CannotPlan, Fix
from flux_cli.usecases.brain_ports import PlanQuestion

CAMPAIGN = re.compile(
    r"\b(campaign|advert\w*|ads?|promot\w+|market(?:ing)?|launch|landing page|social media)\b", re.I
)
"""Words that say the goal is to tell people about something."""

REVIEW = re.compile(r"\b(code|review|audit|security|vulnerab\w+|bugs?|defects?|source)\b", re.I)
"""Words that say the goal is to find what is wrong with code."""

RESEARCH = re.compile(
    r"\?|\b(research|answer|compare|find out|what|which|how|who|when|why|whether)\b", re.I
)
"""Words that say the goal is to know something."""

TEXT = ("text/markdown", "application/json")
PICTURES = ("image/png", "image/svg+xml")

CAMPAIGN_TASKS = (
    ("research", "researcher", "Market research with cited sources", (), TEXT),
    ("copy", "content-writer", "Campaign copy: ads, posts, landing text", ("research",), TEXT),
    ("images", "image-generator", "Brand banners and social images", ("research",), PICTURES),
)
"""(task, trade, title, needs, media types) of a campaign."""

PRODUCES = {
    "research": ("research.md", "claims.json", "sources.json"),
    "copy": ("copy.md", "copy.json"),
    "images": ("*.png", "*.svg", "images.json"),
}


REVIEW_FILES = ("review.md", "review.html", "findings.sarif", "findings.json")
REVIEW_TYPES = (*TEXT, "text/html", "application/sarif+json")


ANALYSIS_FILES = (
    "report.md", "report.html", "facts.json", "queries.sql", "charts/*.png", "cleaned_*.parquet",
    "rejected_rows.csv",
)  # fmt: skip
ANALYSIS_TYPES = (*TEXT, "text/html")


def propose(question: PlanQuestion) -> Plan:
    """The plan of the template the goal fits; raises `CannotPlan` naming the nearest scenarios."""
    # A source is a tree where its name ends in a slash, and a tree implies a reviewer.
    tree = any(name.endswith("/") for name in question.sources)
    most = question.ceilings.get("code-reviewer")
    if most is not None and tree and (REVIEW.search(question.goal) or not is_campaign(question)):
        title = "Code review with ranked findings"
        review = Task("review", "code-reviewer", title, (), REVIEW_FILES, REVIEW_TYPES, most, 72)
        return Plan(question.goal, (review,))
    if (analysis := _analysis(question)) is not None:
        return analysis
    if is_campaign(question):
        wanted = [row for row in CAMPAIGN_TASKS if row[1] in question.ceilings]
        if len(wanted) == len(CAMPAIGN_TASKS):
            tasks = (
                Task(name, trade, title, needs, PRODUCES[name], media, question.ceilings[trade], 72)
                for name, trade, title, needs, media in wanted
            )
            return Plan(question.goal, tuple(tasks))
    if (research := _research(question)) is not None:
        return research
    words = re.sub(r"[^a-z]+", "-", question.goal.lower())
    near = difflib.get_close_matches(words, question.scenarios, 3, 0.0)
    named = ", ".join(near or question.scenarios)
    raise CannotPlan(
        f"no plan follows from {question.goal[:80]!r} without a model; the nearest scenarios are"
        f" {named}",
        param="GOAL",
        fixes=(Fix("see what each scenario does", ("flux", "scenarios", "list")),),
    )


def _analysis(question: PlanQuestion) -> Plan | None:
    """The plan of one analysis, where tables came with the goal, or None."""
    most = question.ceilings.get("data-analyst")
    tables = any(name.lower().endswith(DATA_ENDINGS) for name in question.sources)
    if most is None or not tables or is_campaign(question):
        return None
    title = "Data analysis with charts and a report"
    made = Task("analysis", "data-analyst", title, (), ANALYSIS_FILES, ANALYSIS_TYPES, most, 72)
    return Plan(question.goal, (made,))


def _research(question: PlanQuestion) -> Plan | None:
    """The plan of one answer from documents, where documents came with a question, or None."""
    most = question.ceilings.get("researcher")
    if most is None or not question.sources or RESEARCH.search(question.goal) is None:
        return None
    title = "Answer with every claim cited"
    made = Task("research", "researcher", title, (), PRODUCES["research"], TEXT, most, 72)
    return Plan(question.goal, (made,))


def is_campaign(question: PlanQuestion) -> bool:
    """Whether the goal is to tell people about something."""
    return CAMPAIGN.search(question.goal) is not None
