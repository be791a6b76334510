"""The vocabulary of wishes: which words merely name a category, and which say nothing at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flux_cli.domain.categories import BY_WORD, CATEGORIES, Category


def listed(text: str, mark: str | None = None) -> list[str]:
    """What a table that is written as one text lists: words, or what `mark` parts."""
    return text.split(mark)


_MORE = {
    "bag": "bags", "bags": "bags",
    "gift bag": "bags", "gift bags": "bags", "extension leads": "power_strips",
    "crisp": "snacks", "juice boxes": "drinks", "tee shirt": "tshirts", "tee shirts": "tshirts",
    "name label": "badges", "name labels": "badges", "felt tips": "markers",
    "memory key": "usb_sticks", "usb keys": "usb_sticks", "switch": "routers",
    "single-board computers": "maker_boards", "single board computers": "maker_boards",
    "wifi routers": "routers", "power outlets": "power_strips", "sharpies": "markers",
    "cameras": "webcams", "post its": "sticky_notes", "external ssd": "ssds",
    "cola cans": "drinks", "colas": "drinks", "usb-c cables": "cables", "surge protectors":
    "power_strips", "multi sockets": "power_strips", "ethernet switches": "routers",
    "network switches": "routers", "bandage": "first_aid", "granolas": "snacks",
}  # fmt: skip
"""Forms that people write and the table of categories has not."""

WORDS: dict[str, Category] = {
    **{word: CATEGORIES[name] for word, name in _MORE.items()},
    **BY_WORD,
}
"""The category each word or phrase means."""

LONGEST_PHRASE = max(len(phrase.split()) for phrase in WORDS)

GENERIC = frozenset(
    listed(
        "snack snacks munchies finger food fruit fruits drink drinks soft soda sodas beverage"
        " beverages refreshments water coffee coffees caffeine tea teas tableware disposables"
        " badge badges sticker stickers decal decals t-shirt t-shirts tshirt tshirts tee tees"
        " shirt shirts tote totes bag bags notebook notebooks notepad notepads pen pens marker"
        " markers tape adapter adapters adaptor adaptors dongle dongles cable cables cord cords"
        " charger chargers battery batteries mouse mice keyboard keyboards headphone headphones"
        " webcam webcams camera cameras microphone microphones mic mics speaker speakers"
        " loudspeaker loudspeakers monitor monitors screen screens display displays prize prizes"
        " gift gifts award awards giveaway giveaways decoration decorations cleaning sanitizer"
        " sanitiser sanitizers furniture lamp lamps light lights lighting drive drives paper"
        " powerbank powerbanks nametag nametags"
    )
)
"""Words that say no more than the category does: a product need not have them."""

GENERIC_PHRASES = frozenset(
    listed(
        "adhesive tape,badge holder,badge holders,battery pack,battery packs,bottled water"
        ",cleaning supplies,computer mouse,copy paper,dev board,dev boards,development board"
        ",development boards,external monitor,felt tip,felt tips,finger food,first aid"
        ",first aid kit,first aid kits,first-aid kit,flash drive,flash drives,hand gel"
        ",hand sanitiser,hand sanitizer,hand sanitizers,maker board,maker boards"
        ",memory stick,memory sticks,multi socket,multi sockets,name badge,name badges"
        ",name label,name labels,name tag,name tags,paper notebook,party supplies"
        ",portable charger,post it,post its,post-it,post-its,postits,power adapter"
        ",power bank,power banks,power outlet,power outlets,power strip,power strips"
        ",printer paper,scotch tape,soft drink,soft drinks,sticky note,sticky notes"
        ",sticky pads,sticky tape,tea bag,tea bags,tee shirt,tee shirts,thumb drive"
        ",thumb drives,usb camera,usb charger,usb chargers,usb drive,usb drives,usb key"
        ",usb keys,usb stick,usb sticks,water bottle,water bottles,web camera,web cameras",
        ",",
    )
)
"""The same of phrases."""

STOP = frozenset(
    listed(
        "one ones a an the this that these those some any all each every everyone everybody"
        " everything both of for from to in on at by with into onto and or but so then than as"
        " is are be been being was were am it its it's i i'm i'd i'll we we're we'd we'll us our"
        " ours you your me my mine they their them he she his her there here if when while which"
        " who what how also too just only very really about around approximately roughly circa"
        " ca like etc via per not no yes do does did can could would should will shall may might"
        " must please pls plz thanks thank hi hello hey dear team ok okay up out over more most"
        " enough least well such other else same own let lets let's let us because since during"
        " after before until etc. e.g i.e buy get order purchase grab gimme give bring find pick"
        " need needs needed want wants wanted require requires required looking look searching"
        " hoping hope planning plan plans planned organise organising organize organizing run"
        " running host hosting hold holding have has having had make making sure include"
        " including includes provide providing supply supplies send deliver delivered delivery"
        " delivering arrive arrives arriving ship shipped shipping come coming cover set sets"
        " prepare preparing stock kit kits starter list shopping items item things thing stuff"
        " goods products product brief wish request order option options budget total spend"
        " spending cost costs price prices deadline date due latest strategy given day days"
        " event events people person guests attendees participants attending love good nice"
        " great best quality cheap new happy kind type types sort hackathon hackathons meetup"
        " meetups workshop workshops conference conferences party parties offsite retreat class"
        " classroom course training seminar birthday picnic office meeting meetings company"
        " startup school university lab contest competition tournament coding robotics swag gear"
        " equipment supplies stage house home winners throwing throw celebrating celebration"
        " celebrate wins win ships work"
    )
)
"""Words that change nothing of what is wanted."""

CONTAINERS = frozenset(
    listed(
        "pack packs packet packets box boxes bag bags case cases crate crates carton cartons tray"
        " trays bundle bundles bunch bunches package packages tub tubs jar jars can cans"
    )
)
PIECES = frozenset(listed("piece pieces pcs pc unit units ea x"))

KINDS = frozenset(
    listed(
        "usb usb-c usb-a hdmi ethernet wireless bluetooth wired vegan organic recycled black blue"
        " red green white gel ballpoint magnetic portable external hard folding laptop phone"
        " charging sparkling mineral still mechanical gaming ergonomic whiteboard permanent a4 a5"
        " flipchart duct gaffer masking aa aaa energy orange herbal iced fruit salted gluten-free"
        " sugar-free nut-free lactose-free dairy-free caffeine-free decaf ring desk bamboo"
        " compostable paper cotton printed holographic canvas jute drawstring 4k hd full sensor"
        " nvme event"
    )
)
"""Words known to tell one product of a category from another."""

# One letter from a word of the table, and words of their own.
_NOT_TYPOS = frozenset(
    listed(
        "cakes cake planes plane plants shorts markets market chains chain steaks caps candle"
        " candles drones games cards glasses cases banners fables cradles prices price pants boats"
        " boots books barge barges mugs rugs plugs pears peers parts sheets streets shifts wafers"
        " matter materials clean battles bottles juicer hammers helmets posters pizzas pizza"
        " sandwiches sandwich capacitors printers printer camping carpet carpets tickets lights"
        " mints prints paints pens"
    )
)


def usual_words() -> frozenset[str]:
    """Every single word of the vocabulary, to which a misspelt one may be near."""
    return frozenset(word for phrase in WORDS for word in phrase.split())


_VOCABULARY = usual_words()
_KNOWN = _VOCABULARY | STOP | CONTAINERS | PIECES | KINDS | _NOT_TYPOS


def mended(word: str) -> str:
    """The word of the vocabulary that `word` is a slip of the pen for; else the word itself.

    One edit (a letter more, less, other or swapped) in five letters or more, in four only where
    letters are missing or swapped, two from nine on; the first letter has to be right. Of words
    equally near the one that ends alike is taken.
    """
    if len(word) < 4 or word in _KNOWN or not word.isascii() or not word.replace("-", "").isalpha():
        return word
    most = 2 if len(word) >= 9 else 1
    near = [
        (distance, known)
        for known in _VOCABULARY
        if known[0] == word[0] and len(known) >= 4 and abs(len(known) - len(word)) <= most
        if len(word) > 4 or _same_letters(word, known)
        if (distance := edits(word, known, most)) <= most
    ]
    if not near:
        return word
    least = min(near)[0]
    # Singular and plural are both near; the one with the same ending is meant.
    best = sorted(
        (known[-1] != word[-1], abs(len(known) - len(word)), known)
        for distance, known in near
        if distance == least
    )
    return best[0][2]


def _same_letters(word: str, known: str) -> bool:
    letters = iter(known)
    return all(letter in letters for letter in word) or sorted(word) == sorted(known)


def edits(one: str, other: str, most: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours from one word to the other.

    Anything above `most` may be given as `most + 1` (optimal string alignment distance).
    """
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            least = min(above[j] + 1, row[-1] + 1, above[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                least = min(least, before[j - 2] + 1)
            row.append(least)
        if min(row) > most:
            return most + 1
        before, above = above, row
    return above[-1]


@dataclass(frozen=True, slots=True)
class Kit:
    """What an occasion usually takes, where the wish names nothing else."""

    words: tuple[str, ...]
    categories: tuple[str, ...]


KITS: Sequence[Kit] = (
    Kit(("hackathon",), ("snacks", "drinks", "badges", "stickers", "power_strips", "adapters",
                         "prizes")),
    Kit(("conference", "meetup", "seminar"), ("badges", "snacks", "water", "notebooks", "pens")),
    Kit(("workshop", "training", "course"), ("notebooks", "pens", "markers", "sticky_notes",
                                             "coffee")),
    Kit(("party", "birthday", "celebration"), ("snacks", "drinks", "tableware", "decorations")),
    Kit(("picnic",), ("snacks", "fruit", "water", "tableware")),
    Kit(("office", "onboarding"), ("keyboards", "mice", "monitors", "notebooks", "pens")),
)  # fmt: skip
