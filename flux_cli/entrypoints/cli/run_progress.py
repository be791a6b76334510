"""What a person reads while a run goes on: one sentence a step."""

from __future__ import annotations

from flux_cli.domain.text import visible
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.usecases.ports import Progress

SENTENCES = {
    "run": "run {id} ({money} money)",
    "planned": "plan: {tasks} tasks",
    "purchases": "plan: {purchases} purchases, each asked for by itself",
    "errand": "plan: shop for {wish}",
    "asked": "asks for {amount}: {what}",
    "denied": "denied: {what} ({reason})",
    "carded": "{amount} on card {card}",
    "bought": "bought for {amount} at {merchant}: {what}",
    "declined": "{merchant} was declined: {what} ({reason})",
    "quote": "{agent} asks {price} for {task}, score {score}",
    "ballot": "{seat} votes {vote}, risk {risk}/10",
    "no_answer": "no answer from {model} for {seat} ({error}): {instead}",
    "no_plan": "no plan from {model} ({error}): the templates plan instead",
    "no_list": "no shopping list from {model} ({error}): the wish is read by rules instead",
    "no_words": "no texts from {model} for the {trade} ({error}): the offline ones are used",
    "worded": "{model} writes {texts} texts for the {trade}",
    "not_worded": "{model}'s texts for the {trade} are not taken: {why}",
    "no_picture": "no picture from {model} for the {trade} ({error})",
    "painted": "{model} paints the scenery for the {trade}",
    "not_painted": "{model}'s picture for the {trade} is not taken: {why}",
    "drawn": "the {trade} draws the scenery itself",
    "unpaid": "{cost} for {what} could not be charged ({why})",
    "approved": "approved: {amount}, {yes} of 5 YES, {needed} needed",
    "unvoted": "approved: {amount}, within the owner's threshold, so without a vote",
    "waiting": "payment {payment} is {state}",
    "escrow": "{amount} from the card into escrow for {agent}",
    "working": "{agent} works on {task}",
    "doing": "{agent}: {doing}",
    "submitted": "{agent} hands in {files} files",
    "stopping": "stopping when what is under way is done: {works} works",
    "revision": "{task} goes back: {failed}",
    "paid": "{agent} is paid {amount}: all {checks} checks passed",
    "refunded": "{agent} is not paid, the money came back: {reason}",
    "delivered": "{files} files delivered",
    "searched": "{products} products of {shops} shops searched, {offers} offers fit",
    "skipped": "{shop} is left out: {why}",
    "solved": "the {strategy} cart: {total}, {status}",
    "quoted": "priced again at the shops: {shops} asked, {changed} changed",
    "negotiated": "{shop} takes {off} off after {rounds} rounds (simulated)",
    "leg": "{shop}: {state}",
    "taken_back": "{shop}: {state}, its order is no longer wanted",
    "settlement": "settlement {id}: {state}",
    "settled": "{paid} paid, {back} came back: {state}",
}
"""How each step of a run is said."""


def run_progress(flux: Invocation) -> Progress:
    """Sentences for a person at a terminal, `key=value` for a log."""
    if not flux.terminal.err_is_tty or flux.environ.get("CI"):
        return flux.progress

    def say(step: str, /, **facts: object) -> None:
        shown = {name: visible(str(value)) for name, value in facts.items()}
        unvoted = step == "approved" and not facts["needed"]
        sentence = SENTENCES["unvoted" if unvoted else step]
        for name in (name for name, value in facts.items() if value == 1):
            # A fact is named as its sentence counts it: `{tasks} tasks`.
            sentence = sentence.replace(f"{{{name}}} {name}", f"{{{name}}} {name[:-1]}")
        flux.note("· " + sentence.format(**shown))

    return say
