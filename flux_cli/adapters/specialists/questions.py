"""What is to be found out: the client's questions, and those every campaign has to answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from flux_cli.adapters.specialists.terms import stem, terms
from flux_cli.domain.brief import Brief, parse_brief
from flux_cli.domain.brief_sections import sentences


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `asked_by` is `client` or `researcher`.

    `wants` is what kind of passage answers it: `any`, `number`, `testimony`, `feature`,
    `answer` (to a question customers ask) or `evidence`.
    `seeds` are stems of which a passage needs some
    where the question's own words are too general to search for.
    """

    id: str
    text: str
    asked_by: str
    wants: str = "any"
    seeds: frozenset[str] = frozenset()


_TOPICS = (
    (
        "audience",
        "Who is {product} for, and how do they live?",
        "customer buyer owner household respondent user live age old year family people community",
    ),
    (
        "problem",
        "What problem do these people have today?",
        "problem frustrate lose waste throw forget fail break die complain hard trouble annoying "
        "tedious expensive late miss error worry",
    ),
    (
        "evidence",
        "What evidence supports the promise?",
        "test survey measure average percent study result trial sample laboratory observe found",
    ),
    (
        "price",
        "What does it cost, and what do people find fair?",
        "price cost pay fee euro month free discount cheap expensive charge subscription",
    ),
    (
        "competition",
        "How does {product} compare with its competitors?",
        "competitor alternative rival compare comparison versus than stronger weaker",
    ),
    (
        "objections",
        "What stops people from buying?",
        "doubt reason decide against hesitate stop fear worry obstacle concern trust refuse",
    ),
    (
        "channels",
        "Which channels reach these people?",
        "channel instagram search newsletter email advert click campaign friend post",
    ),
)
_SYNONYM_TEXT = (
    ("problem", "frustration throw waste died limp fear doubt complaint annoyed forget lose"),
    ("stop", "doubt obstacle hesitated reason afraid fear against"),
    ("prevent", "doubt obstacle hesitated reason afraid stop"),
    ("buy", "order purchase bought buyer"),
    ("purchase", "buy order"),
    ("competitor", "rival alternative comparison"),
    ("compare", "comparison versus than competitor"),
    ("rival", "competitor"),
    ("audience", "customer buyer household people"),
    ("customer", "buyer owner household user client"),
    ("price", "cost costs €"),
    ("cost", "price spend"),
    ("spend", "cost pay"),
    ("size", "wide width centimetres measure large"),
    ("review", "rating stars"),
    ("complain", "complaint criticise annoyed"),
    ("love", "praise like"),
    ("channel", "instagram search newsletter advert"),
    ("work", "result success"),
    ("cook", "recipe kitchen meal"),
    ("reason", "because why"),
    ("evidence", "test survey measured"),
    ("advertise", "advert ads sponsorship"),
    ("who", "live age old adult household owner men women couple retired buyer teach aged"),
    ("often", "times week daily"),
)
SYNONYMS = {stem(word): frozenset(map(stem, rest.split())) for word, rest in _SYNONYM_TEXT}
_COUNTING = re.compile(
    r"\b(?:how (?:many|much|long|often|far|fast|big|large|old|expensive)|what (?:share|percentage|"
    r"proportion|price)|cost|price|rate|number of|average)\b",
    re.IGNORECASE,
)
_FIGURES = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(figure, re.IGNORECASE))
    for asked, figure in (
        (r"\bhow (?:long|soon|fast)\b", r"\d[\d.,]*[ -](?:second|minute|hour|day|week|month|year)"),
        (r"\b(?:share|percentage|proportion)\b", r"\d\s?%|percent"),
        (
            r"\b(?:cost|price|spend|pay|how much do)\b",
            r"[€$£]\s?\d|\d\s?(?:euros?|dollars?|pounds?)",
        ),
    )
)
_SELLING = re.compile(r"\b(?:campaign|adverti|promot|market|launch|landing)", re.IGNORECASE)
_VOICES = re.compile(
    r"\b(?:say|said|think|feel|review|reviews|opinion|words|quote|testimonial)s?\b", re.IGNORECASE
)


def research_brief(text: str, goal: str) -> Brief:
    """The brief of a research task; where there is only a goal that asks, its questions."""
    brief = parse_brief(text, goal)
    asked = sentences(goal)
    only_asks = bool(asked) and all(one.endswith("?") for one in asked)
    briefed = text.strip() not in ("", goal.strip())
    if briefed or not only_asks or _SELLING.search(goal):
        return brief
    return replace(brief, product="", questions=asked)


def questions_for(brief: Brief) -> tuple[Question, ...]:
    """The brief's own questions in its order, else the topics; then what every writer needs.

    Questions about no product are all there is to answer.
    """
    product = brief.product or "the product"
    asked = [
        Question(f"q{at}", text, "client", _wanted(text))
        for at, text in enumerate(brief.questions, 1)
    ]
    if not asked:
        asked = [
            Question(
                f"q{at}",
                text.format(product=product),
                "researcher",
                "any",
                frozenset(map(stem, seeds.split())),
            )
            for at, (_, text, seeds) in enumerate(_TOPICS, 1)
        ]
    if brief.questions and not brief.product:
        return tuple(asked)
    at = len(asked)
    offer = Question(f"q{at + 1}", f"What does {product} offer?", "researcher", "feature")
    proof = Question(
        f"q{at + 4}",
        f"What evidence is there for what {product} promises?",
        "researcher",
        "evidence",
        frozenset(terms(" ".join((brief.kind, brief.promise, *brief.features)))),
    )
    told = Question(
        f"q{at + 2}", "What do people say in their own words?", "researcher", "testimony"
    )
    faq = Question(f"q{at + 3}", "What do people ask before they buy?", "researcher", "answer")
    return (*asked, offer, told, faq, proof)


def question_terms(question: Question, product: str) -> tuple[str, ...]:
    """The stems a question searches for; the product's own name tells passages not apart."""
    own = set(terms(product))
    asked = [term for term in terms(question.text) if term not in own]
    if re.match(r"\W*who\b", question.text, re.IGNORECASE):
        asked.append("who")
    return tuple(dict.fromkeys(asked))


def expected_figure(question: Question) -> re.Pattern[str] | None:
    """What a figure that answers `question` looks like, where its words say so."""
    return next((figure for asked, figure in _FIGURES if asked.search(question.text)), None)


def _wanted(text: str) -> str:
    if _VOICES.search(text):
        return "testimony"
    return "number" if _COUNTING.search(text) else "any"
