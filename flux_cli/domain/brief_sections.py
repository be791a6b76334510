"""A brief's text as sections: what stands under which heading, and what stands under none."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

LIMIT_BYTES = 200_000
LINE_LIMIT = 4_000

SECTIONS = {
    "product": "product product_name name brand_name product_overview the_product what_it_is "
    "product_or_service service company about about_the_product about_us our_product app offer",
    "kind": "kind category type product_type product_category what_is_it",
    "promise": "promise tagline pitch elevator_pitch value_proposition usp one_liner slogan "
    "core_message key_message main_message message positioning the_promise proposition "
    "single_minded_proposition one_sentence_pitch summary headline_idea",
    "audiences": "audience audiences target target_audience target_audiences target_group "
    "target_market customers customer who who_it_is_for who_is_it_for for_whom personas persona "
    "ideal_customer users buyers readers who_we_are_talking_to our_customers target_customers",
    "voice": "voice tone tone_of_voice brand_voice voice_and_tone style personality "
    "brand_personality tone_and_style how_we_sound writing_style",
    "features": "features feature key_features key_facts facts fact_sheet benefits key_benefits "
    "product_facts specs specifications details product_details what_it_does highlights "
    "selling_points reasons_to_believe proof proof_points features_and_benefits key_points "
    "support main_features what_we_offer what_you_get the_facts",
    "brand": "brand_colours brand_colors colours colors brand palette colour_palette "
    "color_palette visual_identity look look_and_feel brand_palette visuals",
    "call_to_action": "call_to_action cta action desired_action what_should_they_do "
    "next_step what_we_want_people_to_do",
    "url": "url website link landing_page site web web_site web_address homepage",
    "banned": "avoid banned banned_words words_to_avoid never_say do_not_say don_t_say "
    "do_not_use don_t_use forbidden forbidden_words taboo taboos off_limits blacklist donts "
    "never_use do_not don_t prohibited prohibited_words words_we_avoid please_avoid",
    "questions": "questions question research_questions open_questions what_we_want_to_know "
    "questions_for_research research questions_to_answer what_to_find_out unknowns "
    "research_brief please_find_out",
    "aside": "budget timeline timing deadline deliverables channels media schedule contact "
    "legal mandatories mandatory approval approvals kpis success measures success_metrics "
    "metrics competitors competition background context objective objectives goal goals "
    "campaign_goal campaign_goals history attachments notes format formats region markets market "
    "scope price_of_work documents sources corpus",
}
"""Which headings mean which field. `aside` is understood and not part of a Brief."""

_LISTS = {"features", "questions", "banned", "audiences"}
_KEY_OF = {word: key for key, words in SECTIONS.items() for word in words.split()}
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*$")
_BULLET = re.compile(r"^\s*(?:[-*+•‣·–—]|\d{1,3}[.)]|\[[ xX]?\])\s+(?=\S)")
_LABEL = re.compile(r"^(?:\*\*|__)?([^:*_|]{2,40}?)(?:\*\*|__)?\s*:\s*(?:\*\*|__)?\s*(.*)$")
_TAG = re.compile(r"<!--.{0,2000}?-->|</?[A-Za-z!?][^<>]{0,300}>")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+(?=[\"'“‘(]*[A-Z0-9À-Þ€$£])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|approx|vs|Mr|Mrs|Ms|Dr|St|No|Inc|Ltd|Co|incl|max|min)|\b[A-Z])\.$"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One bullet, or one paragraph with its line breaks undone."""

    text: str
    bullet: bool


@dataclass(slots=True)
class Sections:
    """`under` maps a field to its lines; `loose` stands under no heading this module knows."""

    title: str = ""
    under: dict[str, list[Line]] = field(default_factory=dict)
    loose: list[Line] = field(default_factory=list)
    truncated: bool = False


def read_sections(text: str) -> Sections:
    """Cut a Markdown or plain-text brief, at most its first 200 kB, into its sections."""
    kept, truncated = bounded(text)
    sections = Sections(truncated=truncated)
    here: str | None = None
    paragraph = False
    for raw in clean(kept).split("\n"):
        line = raw[:LINE_LIMIT].rstrip()
        heading = _heading(line)
        if not line.strip():
            paragraph = False
        elif re.fullmatch(r"\s*(?:={3,}|-{3,}|\*{3,}|_{3,})", line):
            here = _underline(sections, here, paragraph)
            paragraph = False
        elif heading is not None:
            level, words = heading
            here = key_of(words)
            if level == 1 and not sections.title and here is None:
                sections.title = words
            paragraph = False
        else:
            inner, bullet = _unbulleted(line)
            label, value = _labelled(inner)
            # In a list of facts "Colours: green, sand" is a fact, not the brand's colours.
            if label and not (bullet and here in _LISTS):
                here = label if not bullet or not value else here
                _add(sections, label, Line(value, bullet), False)
                paragraph = bool(value) and not bullet
                continue
            _add(sections, here, Line(inner, bullet), paragraph and not bullet)
            paragraph = True
    return sections


def bounded(text: str) -> tuple[str, bool]:
    """The first 200 kB of `text`, and whether something was cut off."""
    data = text.encode("utf-8", "replace")
    if len(data) <= LIMIT_BYTES:
        return data.decode("utf-8", "replace"), False
    return data[:LIMIT_BYTES].decode("utf-8", "ignore"), True


def clean(text: str) -> str:
    """`text` without markup, control, bidirectional and invisible characters; lines kept."""
    unified = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    visible = "".join(
        " " if character in "\t\v\f\u00a0\u2028\u2029" else character
        for character in unified
        if character in "\n\t\v\f"
        or unicodedata.category(character) not in {"Cc", "Cf", "Co", "Cs"}
    )
    return _TAG.sub(" ", visible)


def plain(text: str) -> str:
    """One line of `text` without Markdown's emphasis, links and code marks."""
    without_links = re.sub(r"!?\[([^\[\]]{0,300})\]\([^()\s]{0,500}\)", r"\1", text)
    unmarked = re.sub(r"[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}", "", without_links)
    return " ".join(re.sub(r"[<>{}]", " ", unmarked).split())


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of one paragraph."""
    parts: list[str] = []
    for part in _SENTENCE_END.split(" ".join(text.split())):
        if parts and _ABBREVIATION.search(parts[-1]):
            parts[-1] = f"{parts[-1]} {part}"
        elif part.strip():
            parts.append(part.strip())
    return tuple(parts)


def key_of(words: str) -> str | None:
    """The field a heading or label means, if this module knows it."""
    slug = re.sub(r"[^a-z0-9]+", "_", plain(words).lower().replace("&", " and ")).strip("_")
    for known in (slug, slug.removeprefix("the_"), slug.removeprefix("our_")):
        if known in _KEY_OF:
            return _KEY_OF[known]
    # "Key facts about Lumo", "Voice (from the brand guide)": the first words decide.
    parts = slug.split("_")
    for count in range(min(len(parts) - 1, 3), 0, -1):
        start = "_".join(parts[:count])
        if start in _KEY_OF and (
            count > 1 or parts[1] in {"about", "from", "for", "of", "we", "to"}
        ):
            return _KEY_OF[start]
    return None


def _heading(line: str) -> tuple[int, str] | None:
    match = _HEADING.match(line)
    if match:
        return len(match.group(1)), plain(match.group(2)).rstrip(":")
    bare = line.strip()
    bold = re.fullmatch(r"(?:\*\*|__)(.{2,60}?)(?:\*\*|__):?", bare)
    if bold and key_of(bold.group(1).rstrip(":")):
        return 2, bold.group(1).rstrip(":")
    # A short line of its own that names a section is a heading, underlined or not.
    label = ":" in bare[:-1] or bare.endswith((".", "!", ","))
    short = len(bare) <= 40 and not label and not _BULLET.match(line)
    if short and key_of(bare.rstrip(":?")):
        return 2, bare.rstrip(":?")
    return None


def _underline(sections: Sections, here: str | None, paragraph: bool) -> str | None:
    """What a line of dashes does: it makes the loose line right above it a heading."""
    if here is not None or not paragraph or not sections.loose or sections.loose[-1].bullet:
        return here
    words = sections.loose.pop().text
    if not sections.title:
        sections.title = plain(words)
    return None


def _unbulleted(line: str) -> tuple[str, bool]:
    match = _BULLET.match(line)
    inner = line[match.end() :] if match else line.lstrip("> \t")
    if inner.strip().startswith("|"):
        cells = [cell.strip() for cell in inner.strip().strip("|").split("|")]
        if all(re.fullmatch(r":?-*:?", cell) for cell in cells):
            return "", True
        return ": ".join(cells[:2]) if len(cells) == 2 else ", ".join(cells), True
    return inner.strip(), bool(match)


def _labelled(text: str) -> tuple[str | None, str]:
    match = _LABEL.match(text)
    if not match:
        return None, ""
    return key_of(match.group(1)), match.group(2).strip()


def _add(sections: Sections, key: str | None, line: Line, joins: bool) -> None:
    if not line.text or key == "aside":
        return
    lines = sections.loose if key is None else sections.under.setdefault(key, [])
    if joins and lines:
        lines[-1] = Line(f"{lines[-1].text} {line.text}"[: 4 * LINE_LIMIT], lines[-1].bullet)
    else:
        lines.append(line)
