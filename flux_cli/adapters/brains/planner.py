"""Planning without a model: intent templates, and a plain no where none fits."""

from __future__ import annotations

import difflib
import re

from flux_cli.domain.plan import Plan, Task
from flux_cli.errors import CannotPlan, Fix
from flux_cli.usecases.ports import PlanQuestion

CAMPAIGN = re.compile(
    r"\b(campaign|advert\w*|ads?|promot\w+|market(?:ing)?|launch|landing page|social media)\b", re.I
)
"""Words that say the goal is to tell people about something."""

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


def propose(question: PlanQuestion) -> Plan:
    """The plan of the template the goal fits; raises `CannotPlan` naming the nearest scenarios."""
    if CAMPAIGN.search(question.goal):
        wanted = [row for row in CAMPAIGN_TASKS if row[1] in question.ceilings]
        if len(wanted) == len(CAMPAIGN_TASKS):
            tasks = (
                Task(name, trade, title, needs, PRODUCES[name], media, question.ceilings[trade], 72)
                for name, trade, title, needs, media in wanted
            )
            return Plan(question.goal, tuple(tasks))
    words = re.sub(r"[^a-z]+", "-", question.goal.lower())
    near = difflib.get_close_matches(words, question.scenarios, 3, 0.0)
    named = ", ".join(near or question.scenarios)
    raise CannotPlan(
        f"no plan follows from {question.goal[:80]!r} without a model; the nearest scenarios are"
        f" {named}",
        param="GOAL",
        fixes=(Fix("see what each scenario does", ("flux", "scenarios", "list")),),
    )
