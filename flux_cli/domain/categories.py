"""What can be shopped for: categories, the words people use for them, and how much is usual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of goods. Quantities are counted in `unit`; `units` is its plural.

    `amount` units for every `per` people are usual; `usual` units where nobody said how many
    people. `words` are singular and plural forms, lower case, longest meaning first for people.
    """

    id: str
    name: str
    unit: str
    units: str
    amount: int
    per: int
    usual: int
    words: tuple[str, ...]

    def usual_for(self, people: int | None) -> int:
        """Units for so many people, rounded up; `usual` where the number is not known."""
        if people is None:
            return self.usual
        return max(1, -(-self.amount * people // self.per))


def _row(id: str, name: str, unit: str, units: str, norm: tuple[int, int],  # noqa: A002
         usual: int, words: str) -> Category:  # fmt: skip
    spelt = tuple(word.strip() for word in words.split(","))
    return Category(id, name, unit, units, norm[0], norm[1], usual, spelt)


_TABLE: Sequence[Category] = (
    _row("snacks", "Snacks", "serving", "servings", (2, 1), 20,
         "snack, snacks, chips, crisps, nuts, granola bar, granola bars, cookie, cookies, candy,"
         "popcorn, pretzel, pretzels, crackers, trail mix, chocolate, munchies, finger food"),
    _row("fruit", "Fruit", "serving", "servings", (1, 1), 10,
         "fruit, fruits, apple, apples, banana, bananas, orange, oranges, dried fruit"),
    _row("drinks", "Soft drinks", "drink", "drinks", (2, 1), 20,
         "drink, drinks, soft drink, soft drinks, soda, sodas, cola, juice, juices, lemonade,"
         "energy drink, energy drinks, iced tea, beverage, beverages, refreshments"),
    _row("water", "Water", "bottle", "bottles", (2, 1), 20,
         "water, bottled water, mineral water, sparkling water, water bottle, water bottles"),
    _row("coffee", "Coffee", "cup", "cups", (2, 1), 40,
         "coffee, coffees, ground coffee, instant coffee, espresso, coffee pods, caffeine"),
    _row("tea", "Tea", "cup", "cups", (1, 1), 20,
         "tea, teas, tea bag, tea bags, green tea, black tea, herbal tea"),
    _row("tableware", "Disposable tableware", "set", "sets", (1, 1), 20,
         "tableware, plates, paper plates, paper cups, cups, napkins, cutlery, forks, disposables"),
    _row("badges", "Name badges", "badge", "badges", (1, 1), 20,
         "badge, badges, name badge, name badges, name tag, name tags, nametag, nametags,"
         "lanyard, lanyards, badge holder, badge holders"),
    _row("stickers", "Stickers", "sticker", "stickers", (3, 1), 50,
         "sticker, stickers, decal, decals, label sticker, laptop sticker, laptop stickers"),
    _row("tshirts", "T-shirts", "shirt", "shirts", (1, 1), 10,
         "t-shirt, t-shirts, tshirt, tshirts, tee, tees, shirt, shirts, event shirt"),
    _row("bags", "Tote bags", "bag", "bags", (1, 1), 10,
         "tote bag, tote bags, tote, totes, goodie bag, goodie bags, swag bag, swag bags, backpack,"
         "backpacks"),
    _row("notebooks", "Notebooks", "notebook", "notebooks", (1, 1), 10,
         "notebook, notebooks, notepad, notepads, paper notebook, journal, journals"),
    _row("pens", "Pens", "pen", "pens", (1, 1), 10,
         "pen, pens, ballpoint, ballpoints, ballpoint pen, gel pen, gel pens, pencil, pencils"),
    _row("markers", "Markers", "marker", "markers", (1, 5), 4,
         "marker, markers, whiteboard marker, whiteboard markers, dry erase marker, sharpie,"
         "felt tip, highlighter, highlighters"),
    _row("sticky_notes", "Sticky notes", "pad", "pads", (1, 4), 6,
         "sticky note, sticky notes, post-it, post-its, post it, post its, postits, sticky pads"),
    _row("paper", "Paper", "sheet", "sheets", (10, 1), 500,
         "paper, printer paper, copy paper, a4 paper, letter paper, flipchart paper"),
    _row("tape", "Tape", "roll", "rolls", (1, 15), 2,
         "tape, duct tape, gaffer tape, masking tape, sticky tape, scotch tape, adhesive tape"),
    _row("adapters", "Adapters and hubs", "adapter", "adapters", (1, 10), 2,
         "adapter, adapters, adaptor, adaptors, usb-c adapter, usb-c adapters, dongle, dongles,"
         "usb hub, usb hubs, usb-c hub, hub, hubs, hdmi adapter, hdmi adapters, display adapter"),
    _row("cables", "Cables", "cable", "cables", (1, 5), 2,
         "cable, cables, hdmi cable, hdmi cables, usb cable, usb cables, usb-c cable, ethernet"
         " cable, ethernet cables, network cable, charging cable, charging cables, cord, cords"),
    _row("chargers", "Chargers", "charger", "chargers", (1, 10), 2,
         "charger, chargers, usb charger, usb chargers, wall charger, power adapter, phone charger,"
         "laptop charger, laptop chargers"),
    _row("power_strips", "Power strips", "strip", "strips", (1, 6), 2,
         "power strip, power strips, extension cord, extension cords, extension lead, surge"
         " protector, surge protectors, power outlet, multi socket"),
    _row("power_banks", "Power banks", "power bank", "power banks", (1, 20), 1,
         "power bank, power banks, powerbank, powerbanks, portable charger, battery pack,"
         "battery packs"),
    _row("batteries", "Batteries", "battery", "batteries", (1, 5), 8,
         "battery, batteries, aa battery, aa batteries, aaa batteries, coin cell, coin cells"),
    _row("usb_sticks", "USB sticks", "stick", "sticks", (1, 10), 2,
         "usb stick, usb sticks, flash drive, flash drives, thumb drive, thumb drives, usb drive,"
         "usb drives, memory stick, memory sticks, usb key"),
    _row("ssds", "Drives", "drive", "drives", (1, 20), 1,
         "ssd, ssds, portable ssd, external drive, external drives, hard drive, hard drives"),
    _row("mice", "Mice", "mouse", "mice", (1, 10), 1,
         "mouse, mice, computer mouse, wireless mouse, usb mouse"),
    _row("keyboards", "Keyboards", "keyboard", "keyboards", (1, 10), 1,
         "keyboard, keyboards, wireless keyboard, mechanical keyboard, mechanical keyboards"),
    _row("headphones", "Headphones", "pair", "pairs", (1, 10), 1,
         "headphone, headphones, headset, headsets, earbuds, earphones, ear buds"),
    _row("webcams", "Webcams", "webcam", "webcams", (1, 20), 1,
         "webcam, webcams, web camera, web cameras, usb camera, camera, cameras"),
    _row("microphones", "Microphones", "microphone", "microphones", (1, 50), 1,
         "microphone, microphones, mic, mics, usb microphone, lapel microphone"),
    _row("speakers", "Speakers", "speaker", "speakers", (1, 50), 1,
         "loudspeaker, loudspeakers, bluetooth speaker, bluetooth speakers, speaker, speakers"),
    _row("monitors", "Monitors", "monitor", "monitors", (1, 10), 1,
         "monitor, monitors, screen, screens, display, displays, external monitor"),
    _row("routers", "Network gear", "device", "devices", (1, 40), 1,
         "router, routers, wifi router, wi-fi router, access point, access points, network switch,"
         "ethernet switch, switches"),
    _row("maker_boards", "Maker boards", "board", "boards", (1, 5), 2,
         "microcontroller, microcontrollers, maker board, maker boards, single-board computer,"
         "dev board, dev boards, development board, development boards, sensor kit, sensor kits"),
    _row("prizes", "Prizes", "prize", "prizes", (1, 20), 3,
         "prize, prizes, gift, gifts, award, awards, trophy, trophies, medal, medals, giveaway,"
         "giveaways"),
    _row("decorations", "Decorations", "pack", "packs", (1, 20), 2,
         "decoration, decorations, balloon, balloons, banner, banners, bunting, party supplies,"
         "streamers"),
    _row("cleaning", "Cleaning", "pack", "packs", (1, 20), 2,
         "cleaning, cleaning supplies, wipes, wet wipes, trash bags, garbage bags, paper towels,"
         "bin bags, disinfectant"),
    _row("hand_sanitizer", "Hand sanitizer", "bottle", "bottles", (1, 15), 2,
         "hand sanitizer, hand sanitizers, hand sanitiser, sanitizer, hand gel"),
    _row("first_aid", "First aid", "kit", "kits", (1, 50), 1,
         "first aid, first aid kit, first aid kits, first-aid kit, bandages, band aids, plasters"),
    _row("furniture", "Folding furniture", "piece", "pieces", (1, 1), 4,
         "chair, chairs, folding chair, folding chairs, table, tables, folding table,"
         "folding tables, furniture"),
    _row("lighting", "Lighting", "lamp", "lamps", (1, 20), 1,
         "lamp, lamps, desk lamp, desk lamps, ring light, ring lights, light, lights, lighting"),
)  # fmt: skip

CATEGORIES = {category.id: category for category in _TABLE}
"""Every category by its id."""

BY_WORD = {word: category for category in _TABLE for word in category.words}
"""The category each word or phrase means; a test sees that no word means two."""


def category_of(word: str) -> Category | None:
    """The category a word or phrase of people names, in any case; None where it names none."""
    return BY_WORD.get(" ".join(word.lower().split()))
