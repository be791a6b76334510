"""The copy sheet: every text the writer delivers, with the claims each one rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from flux_cli.adapters.specialists.claims import to_json
from flux_cli.errors import WorkFailed

COPY_SCHEMA = "flux.copy/1"


@dataclass(frozen=True, slots=True)
class Variant:
    """One advertisement's text; `variant` says what it leads with."""

    text: str
    variant: str
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """One post for one channel."""

    channel: str
    text: str
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A titled paragraph of the landing page."""

    title: str
    text: str
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """A customer's own words, and who said them."""

    text: str
    who: str
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Landing:
    """The landing page from top to bottom. An empty tuple is a section the page does without."""

    headline: str
    subheadline: str
    intro: Block
    benefits_title: str
    benefits: tuple[Block, ...]
    facts_title: str
    facts: tuple[Variant, ...]
    proof_title: str
    proof: tuple[Quote, ...]
    faq_title: str
    faq: tuple[Block, ...]
    closing: Block
    call_to_action: str
    url: str


@dataclass(frozen=True, slots=True)
class Email:
    """One e-mail: its subject and preview line, its body, and the button under it."""

    subject: str
    preview: str
    body: str
    call_to_action: str
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CopySheet:
    """Everything `copy.json` says. `grade` is the Flesch-Kincaid grade of the running text."""

    product: str
    voice: tuple[str, ...]
    headlines: tuple[Variant, ...]
    descriptions: tuple[Variant, ...]
    posts: tuple[Post, ...]
    landing: Landing
    email: Email
    grade: float
    grade_range: tuple[float, float]
    schema: str


def copy_json(sheet: CopySheet) -> bytes:
    """The bytes of `copy.json`."""
    fields = asdict(sheet)
    return to_json({"schema": fields.pop("schema"), **fields})


def read_copy(text: str | bytes) -> CopySheet:
    """Read `copy.json`. Raises WorkFailed if it is not a copy sheet."""
    from pydantic import TypeAdapter, ValidationError

    try:
        sheet = TypeAdapter(CopySheet).validate_json(text)
    except ValidationError as error:
        raise WorkFailed(f"copy.json is not a copy sheet: {error.errors()[0]['msg']}") from error
    if sheet.schema != COPY_SCHEMA:
        raise WorkFailed(f"copy.json has the schema {sheet.schema!r}, not {COPY_SCHEMA!r}")
    return sheet


def every_text(sheet: CopySheet) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(where it stands, the text, the claims it rests on) of every text of the sheet."""
    for variant in sheet.headlines:
        yield "headline", variant.text, variant.claims
    for variant in sheet.descriptions:
        yield "description", variant.text, variant.claims
    for post in sheet.posts:
        yield f"{post.channel} post", post.text, post.claims
    page = sheet.landing
    known = tuple(dict.fromkeys(c for b in (page.intro, *page.benefits) for c in b.claims))
    yield "landing page, hero", f"{page.headline}\n{page.subheadline}", known
    for title in (page.benefits_title, page.facts_title, page.proof_title, page.faq_title):
        yield "landing page, section title", title, ()
    for name, blocks in (("benefit", page.benefits), ("question", page.faq)):
        for block in blocks:
            yield f"landing page, {name}", f"{block.title}\n{block.text}", block.claims
    for place, block in (("introduction", page.intro), ("closing", page.closing)):
        yield f"landing page, {place}", f"{block.title}\n{block.text}", block.claims
    for fact in page.facts:
        yield "landing page, fact", fact.text, fact.claims
    for quote in page.proof:
        yield "landing page, proof", f"{quote.text}\n{quote.who}", quote.claims
    yield "landing page, button", page.call_to_action, ()
    yield "e-mail, subject", sheet.email.subject, sheet.email.claims
    yield "e-mail, preview", sheet.email.preview, sheet.email.claims
    yield "e-mail", sheet.email.body, sheet.email.claims
    yield "e-mail, button", sheet.email.call_to_action, ()


def running_text(sheet: CopySheet) -> str:
    """What the reading grade is computed from: whole sentences of the brand, not quotations."""
    page = sheet.landing
    parts = [page.subheadline, page.intro.text, *(block.text for block in page.benefits)]
    parts += [block.text for block in page.faq]
    parts += [page.closing.text, sheet.email.body, *(post.text for post in sheet.posts)]
    return "\n".join(parts)
