"""The copy as a client reads it, and the page that says what each statement rests on."""

from __future__ import annotations

from flux_cli.adapters.specialists.claims import ClaimSheet, escaped
from flux_cli.adapters.specialists.copy_rules import (
    DESCRIPTION_LIMIT,
    HEADLINE_LIMIT,
    POST_LIMITS,
    SUBJECT_LIMIT,
)
from flux_cli.adapters.specialists.copy_text import CopySheet, every_text
from flux_cli.domain.brief import Brief

_TEMPLATE = """\
# Copy for {{ sheet.product }}

Voice: {{ voice }}. Reading grade {{ sheet.grade }} (wanted: {{ low }} to {{ high }}, \
Flesch-Kincaid). Call to action: “{{ sheet.landing.call_to_action }}”.

## Landing page

### {{ page.headline }}

{{ page.subheadline }}

{{ button }}

{% if page.intro.title %}#### {{ page.intro.title }}

{% endif %}{{ page.intro.text }}
{% if page.benefits %}
### {{ page.benefits_title }}
{% for block in page.benefits %}
**{{ block.title }}**

{{ block.text }}
{% endfor %}{% endif %}{% if page.facts %}
### {{ page.facts_title }}

{% for fact in page.facts %}- {{ fact.text }}
{% endfor %}{% endif %}{% if page.proof %}
### {{ page.proof_title }}
{% for quote in page.proof %}
> “{{ quote.text }}”
>
> — {{ quote.who }}
{% endfor %}{% endif %}{% if page.faq %}
### {{ page.faq_title }}
{% for block in page.faq %}
**{{ block.title }}**

{{ block.text }}
{% endfor %}{% endif %}
### {{ page.closing.title }}

{{ page.closing.text }}

{{ button }}

## Search advertisements

| # | Headline (up to {{ headline_limit }} characters) | Length |
|---|---|---|
{% for variant in sheet.headlines %}\
| {{ loop.index }} | {{ variant.text | replace("|", "/") }} \
| {{ variant.text | length }} |
{% endfor %}
| # | Description (up to {{ description_limit }} characters) | Length |
|---|---|---|
{% for variant in sheet.descriptions %}\
| {{ loop.index }} | {{ variant.text | replace("|", "/") }} \
| {{ variant.text | length }} |
{% endfor %}
## Posts
{% for post in sheet.posts %}
### {{ post.channel }} ({{ post.text | length }} of {{ limits[post.channel] }} characters)

```text
{{ post.text }}
```
{% endfor %}
## E-mail

**Subject** ({{ sheet.email.subject | length }} of {{ subject_limit }} characters): \
{{ sheet.email.subject }}

**Preview:** {{ sheet.email.preview }}

```text
{{ sheet.email.body }}
```

{{ button }}

## What the copy rests on

{{ substance }}
"""


def copy_markdown(sheet: CopySheet, claims: ClaimSheet | None, brief: Brief, register: str) -> str:
    """The text of `copy.md`."""
    from jinja2 import Environment, StrictUndefined

    # The page is Markdown and not HTML: quotation marks have to stay what they are.
    template = Environment(undefined=StrictUndefined, autoescape=False).from_string(_TEMPLATE)  # noqa: S701
    address = brief.url if brief.url.startswith("http") else f"https://{brief.url}"
    action = sheet.landing.call_to_action
    return template.render(
        sheet=sheet,
        page=sheet.landing,
        voice=", ".join(sheet.voice) or f"{register} (the brief asks for none)",
        low=sheet.grade_range[0],
        high=sheet.grade_range[1],
        button=f"[{action}]({address})" if brief.url else f"**{action}**",
        headline_limit=HEADLINE_LIMIT,
        description_limit=DESCRIPTION_LIMIT,
        subject_limit=SUBJECT_LIMIT,
        limits=POST_LIMITS,
        substance=_substance(sheet, claims, brief),
    )


def _substance(sheet: CopySheet, claims: ClaimSheet | None, brief: Brief) -> str:
    """The table of claims that the copy uses, and what has to be settled before it is printed."""
    parts: list[str] = []
    if claims is None:
        parts.append(
            "No research came with this assignment. Every fact is the brief's own, and the client "
            "answers for it."
        )
    else:
        used = list(dict.fromkeys(c for _, _, names in every_text(sheet) for c in names))
        rows = [claim for name in used if (claim := claims.claim(name))]
        lines = ["| Claim | In the words of the source | Source |", "|---|---|---|"]
        lines += [
            f"| {claim.id} | {escaped(claim.quote)} | {escaped(claim.source)} |" for claim in rows
        ]
        parts.append("Claims have the numbers of `claims.json` and `research.md`.")
        parts.append("\n".join(lines))
        parts += _disputes(claims, set(used))
    if not brief.features:
        parts.append(
            "The brief states no facts about the product, so the copy states none beyond its name. "
            "Add key facts (what it does, what it costs, what is included) for copy that can sell."
        )
    if brief.assumed:
        parts.append("Assumed, because the brief does not say it: " + " ".join(brief.assumed))
    return "\n\n".join(parts)


def _disputes(claims: ClaimSheet, used: set[str]) -> list[str]:
    lines = []
    for pair in claims.comparisons:
        if not pair.agrees and used & {pair.first, pair.second}:
            one, other = claims.claim(pair.first), claims.claim(pair.second)
            if one and other:
                lines.append(
                    f"- {escaped(pair.values[0])} ({one.id}, {escaped(one.source)}) or "
                    f"{escaped(pair.values[1])} ({other.id}, {escaped(other.source)})?"
                )
    if not lines:
        return []
    return ["**To settle before printing,** because the sources disagree:", "\n".join(lines)]
