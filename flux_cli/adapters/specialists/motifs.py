"""Which picture suits a product: what it is decides the motif and the scenery behind it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from flux_cli.adapters.specialists import (
    motif_nature,
    motif_objects,
    motif_places,
    motif_table,
    scenery,
)
from flux_cli.adapters.specialists.canvas import Canvas
from flux_cli.adapters.specialists.palette import Palette
from flux_cli.adapters.specialists.typography import Box
from flux_cli.domain.brief import Brief

Draw = Callable[[Canvas, Palette, Random], None]
DrawScene = Callable[[Canvas, Palette, Random, Box], None]

GENERIC = frozenset(
    (
        "software",
        "platform",
        "app",
        "system",
        "service",
        "tool",
        "tools",
        "water",
        "light",
        "home",
        "data",
    )
)
"""Words that say little about what a thing is."""


@dataclass(frozen=True, slots=True)
class Motif:
    """One picture: the words that call for it, how it is drawn and the lettering that suits it."""

    name: str
    words: frozenset[str]
    hero: Draw
    backdrop: DrawScene
    alt: str
    lettering: str = "sans"
    night: bool = False

    @property
    def framed(self) -> bool:
        """Whether the motif stays inside its landscape, rather than standing out of the stage."""
        return self.backdrop not in (scenery.studio, scenery.screen)


def motif(
    name: str,
    alt: str,
    hero: Draw,
    backdrop: DrawScene,
    words: str,
    lettering: str = "sans",
    night: bool = False,
) -> Motif:
    """A motif from its words in one string."""
    return Motif(name, frozenset(words.split()), hero, backdrop, alt, lettering, night)


MOTIFS = (
    motif(
        "lantern",
        "a glowing lantern beside a tent under a starry sky",
        motif_nature.lantern,
        scenery.night,
        "lantern lamp torch flashlight headlamp light lighting candle glow camping camp tent",
        night=True,
    ),
    motif(
        "can",
        "a chilled can with citrus slices, leaves and bubbles",
        motif_table.can,
        scenery.studio,
        "sparkling soda drink drinks beverage can lemonade kombucha seltzer juice beer water "
        "cider tonic refreshment iced tea",
    ),
    motif(
        "cup",
        "a steaming cup on a saucer",
        motif_table.cup,
        scenery.studio,
        "coffee tea espresso café cafe cup mug latte roaster roastery cocoa chocolate barista brew",
        lettering="serif",
    ),
    motif(
        "loaf",
        "a scored loaf of bread between ears of wheat",
        motif_table.loaf,
        scenery.studio,
        "bakery bread baker baking cake pastry pastries croissant sourdough bun dough flour "
        "patisserie panadería boulangerie cookie",
        lettering="serif",
    ),
    motif(
        "bowl",
        "a bowl of fresh fruit, vegetables and herbs",
        motif_table.bowl,
        scenery.studio,
        "food meal meals restaurant kitchen salad vegan vegetable recipe recipes lunch dinner "
        "snack grocery soup bowl organic chef catering menu",
        lettering="serif",
    ),
    motif(
        "bottle",
        "a glass bottle among petals",
        motif_table.bottle,
        scenery.studio,
        "skincare cosmetics serum perfume oil lotion cream beauty shampoo soap wine bottle "
        "fragrance moisturiser moisturizer spa olive balm",
        lettering="serif",
    ),
    motif(
        "heart",
        "a full heart with a pulse line across it",
        motif_table.heart,
        scenery.screen,
        "health healthcare medical doctor clinic heart wellness therapy patient hospital care "
        "fitness workout charity donation dental pulse",
    ),
    motif(
        "sun",
        "a bright sun over a solar panel",
        motif_nature.sun,
        scenery.day,
        "solar sun sunlight energy panel panels power electricity renewable battery charger",
    ),
    motif(
        "peak",
        "a snow-capped mountain above a forest",
        motif_nature.peak,
        scenery.alpine,
        "mountain mountains hiking hike outdoor outdoors trail climbing ski skiing trek alpine "
        "adventure backpack jacket boots trekking",
    ),
    motif(
        "plant",
        "a leafy plant in a glazed pot",
        motif_nature.plant,
        scenery.studio,
        "plant plants garden gardening leaf flower flowers seed seeds greenhouse houseplant "
        "compost herb herbs florist forest",
    ),
    motif(
        "wave",
        "a sailing boat on rolling waves under a low sun",
        motif_nature.wave,
        scenery.sea,
        "wave sea ocean beach surf surfing boat sailing sail yacht swim swimming travel holiday "
        "cruise island ferry fishing",
    ),
    motif(
        "dashboard",
        "floating cards with a rising chart",
        motif_objects.dashboard,
        scenery.screen,
        "accounting saas analytics data dashboard finance invoice invoices bookkeeping tax bank "
        "banking report reports crm b2b payroll budget metrics spreadsheet ledger invoicing "
        "investment insurance sales marketing business",
    ),
    motif(
        "phone",
        "a phone with cards floating out of its screen",
        motif_objects.phone,
        scenery.screen,
        "app phone mobile smartphone device messaging chat ios android social wallet tablet",
    ),
    motif(
        "shield",
        "a shield with a tick",
        motif_objects.shield,
        scenery.screen,
        "security secure privacy vpn password antivirus protection safety lock encryption identity",
    ),
    motif(
        "network",
        "a bright core linked to many points",
        motif_places.network,
        scenery.screen,
        "ai agent agents network cloud api software platform automation developer developers "
        "server hosting robot model internet developer-tool code",
    ),
    motif(
        "gear",
        "two gears that mesh",
        motif_objects.gear,
        scenery.studio,
        "tool tools gear machine industrial repair workshop engineering drill factory hardware "
        "manufacturing maintenance mechanic garage car",
    ),
    motif(
        "house",
        "a house with lit windows between trees",
        motif_places.house,
        scenery.day,
        "house home homes estate property apartment rent rental mortgage furniture sofa smart-home "
        "interior architect cleaning roof hotel heating",
    ),
    motif(
        "bicycle",
        "a bicycle on open hills",
        motif_places.bicycle,
        scenery.day,
        "bike bikes bicycle cycling e-bike ebike cyclist scooter commute road ride mobility",
    ),
    motif(
        "book",
        "an open book with sparks rising from it",
        motif_objects.book,
        scenery.studio,
        "book books reading story stories library school course learning education teacher "
        "tutoring language novel study student students notebook magazine training publishing",
        lettering="serif",
    ),
    motif(
        "headphones",
        "headphones around a sound wave",
        motif_objects.headphones,
        scenery.studio,
        "music audio headphones earbuds podcast speaker sound song radio concert guitar vinyl dj",
    ),
    motif(
        "paw",
        "a friendly dog's face",
        motif_places.paw,
        scenery.studio,
        "pet pets dog dogs cat cats puppy kitten vet veterinary animal animals treats",
    ),
    motif(
        "parcel",
        "a shopping bag with confetti",
        motif_places.parcel,
        scenery.studio,
        "shop shopping store fashion clothing clothes gift gifts delivery bag marketplace sale "
        "boutique retail shoes jewellery jewelry wear subscription box",
    ),
)
"""More telling motifs first: of two that fit equally well the first is taken."""

GEOMETRY = Motif(
    "geometry",
    frozenset(),
    motif_places.geometry,
    scenery.studio,
    "a composition of quarter circles, discs and stripes",
)


def motif_for(brief: Brief, goal: str = "") -> Motif:
    """The motif most called for; geometry where nothing in the brief names a thing."""
    said = (
        (6.0, brief.kind),
        (3.0, brief.product),
        (2.0, brief.promise),
        (1.0, " ".join(brief.features)),
        (1.0, goal),
    )
    scores = [0.0] * len(MOTIFS)
    for weight, text in said:
        words = stems(text[:2000])
        for index, candidate in enumerate(MOTIFS):
            hits = candidate.words.intersection(words)
            scores[index] += weight * sum(0.3 if word in GENERIC else 1.0 for word in hits)
            # The noun at the end of the kind ("solar-powered camping lantern") is what it is.
            last = set(words[-1:]) - GENERIC if weight == 6.0 else set()
            scores[index] += 4.0 * len(last & candidate.words)
    best = max(range(len(MOTIFS)), key=lambda index: scores[index])
    return MOTIFS[best] if scores[best] >= 2.0 else GEOMETRY


def stems(text: str) -> list[str]:
    """The words of `text` in order, each also without its plural s, hyphenated ones also apart."""
    found: list[str] = []
    for word in re.findall(r"[^\W_]+(?:-[^\W_]+)*", text.lower()):
        for part in dict.fromkeys((word, *word.split("-"))):
            if len(part) > 3 and part.endswith("s"):
                found.append(part[:-1])
            found.append(part)
    return found
