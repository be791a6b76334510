"""A brief's facts as sentences: what kind of phrase each is, and how it is said whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

_VERB_TEXT = (
    "absorb accept add adjust adapt allow answer apply archive arrive ask attach automate "
    "avoid back bake balance block blend boil boost break brew bring build buy calculate call "
    "carry catch categorise categorize change charge check choose clean clear clip close "
    "collect come compare compost connect contain control convert cook cool cost cover create "
    "cut deliver detect dim display divide donate drain draw dry earn eat end ensure enter "
    "export extend fall feed feel ferment fight fill filter find finish fit fix flag float "
    "fold follow forecast form freeze generate get give glow go grind grow guide handle hang "
    "heat help hide hold import include inflate inform inspect install integrate join keep "
    "kill land last lay learn leave let lift light link list live load lock look lower make "
    "manage map match measure meet melt mend mix monitor mount move need offer open order "
    "pack pair pay perform pick plan play plug pour power prepare press print process produce "
    "protect prove provide pull pump purify push put raise reach read rebuild receive "
    "recharge recommend reconcile record recycle reduce refill reject release reload remember "
    "remind remove repair repeat replace report resist rest return ring rinse rise roast roll "
    "rotate run save scan schedule screen seal search seat see sell send separate serve set "
    "share ship shine show shut sign sit sleep slice slide smell snap solve sort sound speak "
    "spread stack stand start stay steam steer stick stop store stream stretch suit supply "
    "support survive swap sweep switch sync synchronise take talk taste teach tell test tie "
    "tilt track train transform translate travel treat turn update use verify wait wake walk "
    "warm warn wash watch water wear weigh wick wipe withstand work wrap write "
    " throw burn swing outlast brighten empty"
)
BASE_VERBS = frozenset(_VERB_TEXT.split())
_PARTICIPLES = (
    "made|built|baked|fermented|stored|encrypted|designed|grown|milled|roasted|sewn|woven|printed|"
    "hosted|assembled|tested|certified|sourced|picked|cooked|prepared|delivered|packed|wrapped|"
    "moulded|machined|cut|brewed|aged|cured|smoked|served|written|taught|based|located|covered|"
    "included|produced|crafted|sealed|reinforced|lined|coated|powered|sold|forged|fired|hand-made|"
    "handmade|kept"
)
_ADJECTIVES = (
    "rain-proof|rainproof|splash-proof|waterproof|water-resistant|weatherproof|windproof|dustproof|shockproof|foldable|rechargeable|"
    "solar-powered|battery-powered|wireless|lightweight|light|compact|portable|silent|quiet|vegan|"
    "organic|gluten-free|dairy-free|sugar-free|plastic-free|peat-free|carbon-neutral|compostable|"
    "recyclable|reusable|refillable|dishwasher-safe|washable|adjustable|customisable|available|"
    "open|free|safe|certified|compatible|suitable|ready|easy|small|large|big|slim|thin|soft|hard|"
    "strong|durable|rugged|breathable|self-cleaning|self-watering|hand-made|handmade|handcrafted|"
    "encrypted|secure|private|local|seasonal|fresh|compliant|accessible|stackable|unbreakable|"
    "leak-proof|fireproof|insulated|non-toxic|family-run|family-owned|independent|licensed|insured"
)
_FINITE = re.compile(r"is|are|was|were|has|have|can|will|does|do|goes|comes|may|never|always")
_MONEY = re.compile(r"^(?:just |only |from )?[€$£]\s?\d", re.IGNORECASE)
_PREPOSITIONS = (
    "of|with|without|for|in|on|to|from|that|which|who|at|over|per|by|up|and|or|so|about|under|"
    "below|above|within|near|after|before|between|plus|as|around|than"
)
_UNCOUNTED_TEXT = (
    "access accuracy advice bread butter cake care charging chocolate coffee delivery dough "
    "encryption equipment fabric flour food help hosting information insurance leather light "
    "lighting maintenance milk music nutrition packaging paper parking pastry payment privacy "
    "protection returns security service servicing shipping software sound sourdough space "
    "steel storage sugar support tea time training transport water wifi wood wool work "
)
_UNCOUNTED = frozenset(_UNCOUNTED_TEXT.split())
_COUNTED_ING = frozenset(
    {"rating", "building", "ring", "string", "setting", "meeting", "coating", "spring"}
)


_ADJECTIVAL = re.compile(
    rf"(?:{_ADJECTIVES}|{_PARTICIPLES})(?:$|,| (?:{_PREPOSITIONS})\b| (?-i:[A-Z0-9(]))|"
    r"(?:[a-z]+-)?[a-z]{3,}ed "
    r"(?:in|by|from|for|with|to|on|at|once|twice|daily|weekly|slowly|every)\b|"
    r"[a-z]{4,}[ai]ble (?:in|by|from|for|with|to|on|at|without)\b",
    re.IGNORECASE,
)
_COMPOUND = re.compile(r"[A-Za-z]+[ -](?:safe|free|proof|friendly|resistant)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One fact of the brief.

    `form` is `verb` ("runs 40 hours"), `noun` ("a two-year warranty"), `adjective`
    ("waterproof to one metre"), `price` ("€59 with free delivery") or `sentence`.
    `body` is the phrase without its full stop, ready to follow a subject.
    """

    text: str
    form: str
    body: str
    theme: str = "general"
    claims: tuple[str, ...] = ()

    def sentence(self, subject: str = "It", *, opener: str = "You get") -> str:
        """The fact as one whole sentence about `subject`.

        `opener` leads to what is had rather than done: "You get", "Expect", "There is".
        """
        if self.form == "sentence":
            return _finished(_led_by(self.body, subject))
        several = subject.lower().startswith("these ")
        if self.form == "price":
            return _finished(f"{subject} {'cost' if several else 'costs'} {self.body}")
        if self.form == "verb":
            return _finished(f"{subject} {_agreeing(self.body) if several else self.body}")
        if self.form == "adjective":
            return _finished(f"{subject} {'are' if several else 'is'} {self.body}")
        if opener == "There is" and plural_phrase(self.body):
            opener = "There are"
        return _finished(f"{opener} {self.body}")

    def fragment(self) -> str:
        """The fact as it stands in a list: no subject, no full stop."""
        return capital(self.text.rstrip(" ."))


def read_statement(text: str, product: str) -> Statement:
    """Decide what kind of phrase a brief's feature is, and bring it into that form."""
    whole = " ".join(text.split()).strip(" .;")
    labelled = re.match(r"^([A-Za-z][A-Za-z -]{2,28}):\s+(.+)$", whole)
    if labelled:
        return _labelled(whole, labelled.group(1), labelled.group(2))
    words = whole.split()
    first = words[0].lower() if words else ""
    if _MONEY.match(whole):
        return Statement(whole, "price", whole[:1].lower() + whole[1:])
    subject = re.match(rf"^(?:it|{re.escape(product)}) (\w+s\b.*)$", whole, re.IGNORECASE)
    if subject and third_person(subject.group(1).split()[0]):
        return Statement(capital(subject.group(1)), "verb", subject.group(1))
    if first in {"it", "they", "we", "you", "this"}:
        return Statement(whole, "sentence", whole)
    if _ADJECTIVAL.match(whole) or _COMPOUND.fullmatch(whole):
        return Statement(whole, "adjective", lower_first(whole))
    if third_person(first) and not (len(words) > 1 and words[1].lower() in {"is", "are"}):
        return Statement(whole, "verb", lower_first(whole))
    if whole.lower().startswith(product.lower() + " ") or _subject_then_verb(words):
        return Statement(whole, "sentence", whole)
    if first in BASE_VERBS and len(words) > 2:
        return Statement(whole, "sentence", f"You can {lower_first(whole)}")
    participle = re.match(rf"^((?:\S+ ){{0,2}}\S+?) ((?:{_PARTICIPLES})\b.*)$", whole)
    if participle and not re.search(rf"\b(?:{_PREPOSITIONS})\b", participle.group(1)):
        return Statement(whole, "sentence", _with_be(participle.group(1), participle.group(2)))
    moved = _located(whole)
    if moved:
        return Statement(whole, "sentence", moved)
    return Statement(whole, "noun", with_article(lower_first(whole)))


def third_person(word: str) -> bool:
    """Whether `word` is a verb as it follows "it": "runs", "matches", "dries"."""
    bare = word.lower()
    candidates = {bare.removesuffix("s"), bare.removesuffix("es")}
    if bare.endswith("ies"):
        candidates.add(bare[:-3] + "y")
    return bare.endswith("s") and not bare.endswith("ss") and bool(candidates & BASE_VERBS)


def capital(text: str) -> str:
    """`text` with its first letter large, wherever that letter is."""
    at = next((at for at, character in enumerate(text) if character.isalnum()), 0)
    return text[:at] + text[at : at + 1].upper() + text[at + 1 :]


def lower_first(text: str) -> str:
    """`text` with its first letter small, unless its first word is a name or an abbreviation."""
    first = re.split(r"[\s,]", text, maxsplit=1)[0]
    named = sum(c.isupper() for c in first) > 1 or any(c.isdigit() for c in first) or first == "I"
    return text if named else text[:1].lower() + text[1:]


def article(text: str) -> str:
    """ "a" or "an", as the sound of the first word asks."""
    first = text.lower().lstrip("\"“‘'")
    if (
        re.match(r"(?:8|11\b|18\b|hour|honest|heir|herb garden\b(?!))", first)
        and "herb" not in first[:4]
    ):
        return "an"
    if re.match(
        r"(?:one\b|once|uni(?:t|on|que|vers|form)|use|usual|user|eu\b|europe|u[ks]\b)", first
    ):
        return "a"
    if re.match(r"[FHLMNRSX][A-Z0-9]", text.lstrip("\"“‘'")):
        return "an"
    return "an" if first[:1] in "aeiou" else "a"


def head_noun(phrase: str) -> str:
    """The noun a phrase is about: its last word before a preposition or a comma."""
    front = re.split(rf"\s(?:{_PREPOSITIONS})\s|[,(;:–—]", f"{phrase} ")[0].strip()
    return front.split()[-1] if front.split() else ""


def plural_phrase(phrase: str) -> bool:
    """Whether a noun phrase takes "are": "six herbs", "loaves", not "a bus" or "glass"."""
    bare = re.sub(r"^(?:an?|one|this|that|every|each)\s", "\x00", phrase.lower())
    if bare.startswith("\x00"):
        return False
    head = head_noun(phrase).lower()
    return head in {"people", "men"} or (
        head.endswith("s") and not head.endswith(("ss", "us", "is"))
    )


def with_article(phrase: str) -> str:
    """`phrase` with "a" or "an" where an English noun phrase needs it."""
    first = phrase.split()[0].lower() if phrase.split() else ""
    determined = first in {
        "a", "an", "the", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
        "ten", "no", "every", "each", "all", "your", "our", "free", "up", "over", "more", "less",
        "unlimited", "both", "any", "some", "half", "about", "full",
    }  # fmt: skip
    counted = re.fullmatch(r"\d[\d.,]*%?", first) is not None
    if determined or counted or plural_phrase(phrase):
        return phrase
    head = head_noun(phrase).lower()
    if head in _UNCOUNTED or (head.endswith("ing") and head not in _COUNTED_ING):
        return phrase
    return f"{article(phrase)} {phrase}"


def _agreeing(body: str) -> str:
    """A phrase that starts with "runs" as it follows a plural: "run"."""
    verb, _, rest = body.partition(" ")
    forms = (verb.removesuffix("s"), verb.removesuffix("es"), verb.removesuffix("ies") + "y")
    return f"{next((form for form in forms if form in BASE_VERBS), verb)} {rest}".strip()


def _finished(text: str) -> str:
    return capital(text if text.endswith((".", "!", "?", "…")) else text + ".")


def _led_by(sentence: str, subject: str) -> str:
    """A sentence that starts with "It" starts with `subject`; any other stays as it is."""
    return re.sub(r"^It(?=\s)", subject, sentence) if subject else sentence


def _labelled(whole: str, label: str, value: str) -> Statement:
    if re.search(r"\bprice|cost\b", label, re.IGNORECASE) and re.search(r"\d", value):
        return Statement(whole, "price", lower_first(value))
    if label.lower() == "weight":
        return Statement(whole, "verb", f"weighs {value}")
    measured = re.match(r"^(?:about |up to |under )?\d[\d.,]*\s?(?:%|[a-zA-Z]+)?$", value)
    if measured:
        be = "are" if plural_phrase(label) else "is"
        return Statement(whole, "sentence", f"The {label.lower()} {be} {lower_first(value)}")
    return Statement(whole, "sentence", f"{label}: {value}")


def _subject_then_verb(words: list[str]) -> bool:
    """Whether a finite verb comes early, after a subject and not inside a relative clause."""
    for at, word in enumerate(words[1:9], 1):
        bare = word.lower().strip(",.")
        if bare in {"that", "which", "who", "where", "when", "so", "if", "and", "because"}:
            return False
        if _FINITE.fullmatch(bare):
            return True
        subject = words[at - 1].lower()
        singular = third_person(bare) and not subject.endswith("s") and not subject[:1].isdigit()
        several = bare in BASE_VERBS and subject.endswith("s") and not third_person(subject)
        if (singular or several) and at + 1 < len(words) and at <= 4 and _opens(words, at):
            return True
    return False


def _opens(words: list[str], at: int) -> bool:
    """Whether what follows a word that may be a verb looks like what follows a verb."""
    follower = words[at + 1].lower()
    after = (
        r"a|an|the|to|in|on|at|from|with|for|up|into|every|all|your|itself|by|as|it|them|about|"
        r"only|just|less|under|over|no|one|two|three|four|five|six|\d.*|[€$£].*"
    )
    return re.fullmatch(after, follower) is not None


def _with_be(noun: str, rest: str) -> str:
    be = "are" if plural_phrase(noun) else "is"
    determined = re.match(r"^(?:all|every|each|the|our|an?|no|\d\S*|everything|most)\b", noun, re.I)
    subject = noun if determined else f"the {lower_first(noun)}"
    return capital(f"{subject} {be} {rest}")


def _located(whole: str) -> str:
    """A sentence for "Flour from a mill …", "Loaves from £3", "First harvest after 24 days"."""
    priced = re.match(r"^((?:[\w-]+ ){0,3}[A-Za-z-]+) from ([€$£]\s?\d.*)$", whole)
    if priced:
        noun, amount = priced.groups()
        start = "start" if plural_phrase(noun) else "starts"
        return capital(f"{lower_first(noun)} {start} at {amount}")
    origin = re.match(r"^((?:[A-Za-z-]+ ){0,2}[A-Za-z-]+) from (.+)$", whole)
    if (
        origin
        and " to " not in whole
        and not re.search(rf"\b(?:{_PREPOSITIONS})\b", origin.group(1))
    ):
        noun, rest = origin.groups()
        comes = "come" if plural_phrase(noun) else "comes"
        return capital(f"the {lower_first(noun)} {comes} from {rest}")
    timed = re.match(
        r"^(first (?:[a-z-]+ ){0,3}?[a-z-]+) ((?:about |in |after |within |just )?\d.*)$",
        whole,
        re.I,
    )
    return f"The {lower_first(timed.group(1))} comes {timed.group(2)}" if timed else ""
