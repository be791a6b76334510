"""Make the simulated shops' catalogues: `python bench/catalogues.py --write`.

Every product is invented here: kinds of goods with a usual price of one unit, made into products
by invented brands, pack sizes and each shop's own price level. Without `--write` it says whether
the committed files are what it would write.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

from flux_cli.domain.categories import CATEGORIES

FOLDER = Path(__file__).resolve().parent.parent / "flux_cli" / "adapters" / "retailers"
SEED = "flux-catalogues-1"

KINDS: dict[str, str] = {
    # category: kind @ cents of one unit @ pack sizes
    "snacks": "Salted Potato Chips@55@12/24/40; Roasted Mixed Nuts@95@10/30; Oat Granola Bars@62"
    "@12/48; Chocolate Chip Cookies@48@16/40; Sea Salt Popcorn@50@12/36; Mini Pretzels@42@20/60;"
    "Fruit and Nut Trail Mix@88@12/24; Vegan Rice Crackers@66@10/20",
    "fruit": "Fresh Apples@70@10/20; Fresh Bananas@45@12; Dried Mango Slices@120@8/16;"
    "Fruit Cups in Juice@90@12/24; Freeze-Dried Strawberries@160@6/12; Raisin Boxes@38@24/48",
    "drinks": "Cola Cans@58@12/24; Sparkling Lemonade Cans@72@12/24; Orange Juice Cartons@85"
    "@10/24; Energy Drink Cans@165@6/24; Iced Tea Bottles@98@12/24; Sugar-Free Cola Cans@56@12/24",
    "water": "Still Spring Water 500 ml@28@24/40; Sparkling Mineral Water 330 ml@52@12/24;"
    "Flavoured Water 500 ml@78@12; Aluminium Bottled Water 500 ml@135@9/18",
    "coffee": "Medium Roast Ground Coffee@18@60/180; Espresso Beans@24@60/150; Instant Coffee"
    " Sachets@21@50/100; Decaf Ground Coffee@23@60; Coffee Pods@48@40/96",
    "tea": "English Breakfast Tea Bags@9@50/100; Green Tea Bags@12@50/100; Peppermint Herbal Tea"
    "@14@20/80; Chai Tea Bags@17@40",
    "tableware": "Compostable Plates and Cups@42@25/50; Paper Cup and Napkin Sets@22@50/100;"
    "Bamboo Cutlery Sets@38@25/100; Bagasse Bowl Sets@46@50; Picnic Tableware Sets@60@16",
    "badges": "Clip-On Name Badges@34@25/50/100; Adhesive Name Tags@9@100/200; Lanyards with Badge"
    " Holders@78@25/50; Magnetic Name Badges@165@10/25; Recycled Cotton Lanyards@92@20/50",
    "stickers": "Die-Cut Laptop Stickers@22@50/100; Holographic Stickers@35@50; Round Label"
    " Stickers@7@100/500; Developer Meme Stickers@28@50/100",
    "tshirts": "Cotton Event T-Shirts@650@5/10; Organic Cotton T-Shirts@980@1/10; Dry-Fit Sports"
    " T-Shirts@890@5; Printed Hackathon T-Shirts@1150@10/25; Kids Cotton T-Shirts@540@5",
    "bags": "Canvas Tote Bags@320@10/25; Drawstring Backpacks@410@10/20; "
    "Recycled Goodie Bags@145@25/50; Laptop Backpacks@2890@1; Jute Tote Bags@450@10",
    "notebooks": "A5 Dotted Notebooks@260@5/10/20; Spiral Notepads@120@10/25; "
    "Hardcover Journals@640@1/5; Pocket Notebooks@110@12/24; Recycled Paper Notebooks@230@10",
    "pens": "Blue Ballpoint Pens@22@50/100; Black Gel Pens@68@12/24; Mechanical Pencils@85@12;"
    "Bamboo Ballpoint Pens@55@25/50; HB Pencils@18@24/72",
    "markers": "Dry Erase Whiteboard Markers@95@8/12/24; Permanent Markers@88@12/24; Pastel"
    " Highlighters@72@6/12; Chisel Tip Flipchart Markers@125@8",
    "sticky_notes": "Square Sticky Notes@75@6/12/24; Super Sticky Pads@130@6/12; Pop-Up Sticky"
    " Notes@92@12; Large Lined Sticky Notes@145@6",
    "paper": "A4 Copy Paper@1@500/2500; Letter Printer Paper@1@500/5000; Flipchart Paper@32@40/100;"
    "Recycled Copy Paper@2@500; Kraft Card Stock@12@100",
    "tape": "Gaffer Tape@790@1/4; Duct Tape@420@1/6; Clear Packing Tape@210@6/12; Masking Tape@240"
    "@3/9; Low-Tack Painter Tape@380@3",
    "adapters": "USB-C to HDMI Adapter@1190@1/5; USB-C Hub 6-in-1@2290@1/3; USB-C to USB-A Adapter"
    "@330@2/5; Mini DisplayPort Adapter@980@1; Universal Travel Adapter@1450@1/3;"
    "USB-C Docking Station@6890@1",
    "cables": "HDMI Cable 2 m@620@1/3; USB-C Charging Cable 1 m@480@2/5; "
    "Ethernet Cable Cat6 3 m@450@1/5; USB-A to Micro USB Cable@310@3/10; DisplayPort Cable 2 m@890"
    "@1; Thunderbolt 4 Cable@2790@1",
    "chargers": "65 W USB-C Wall Charger@2190@1/2; 20 W USB-C Charger@990@1/4; "
    "4-Port USB Charging Station@1890@1; 100 W GaN Charger@3890@1; Wireless Charging Pad@1290@1/2",
    "power_strips": "6-Outlet Power Strip@1190@1/2/4; 12-Outlet Surge Protector@2690@1; "
    "3 m Extension Cord@990@1/3; Power Strip with USB Ports@1890@1/2; 25 m Cable Reel@4290@1",
    "power_banks": "10000 mAh Power Bank@1690@1/3; 20000 mAh Power Bank@2890@1; Slim 5000 mAh Power"
    " Bank@1190@1/5; Laptop Power Bank 25000 mAh@6490@1",
    "batteries": "AA Alkaline Batteries@42@8/24/48; AAA Alkaline Batteries@40@8/24/48; AA"
    " Rechargeable Batteries@210@4/8; 9V Batteries@260@2/6; CR2032 Coin Cells@65@5/20",
    "usb_sticks": "32 GB USB Stick@480@1/10; 64 GB USB Flash Drive@690@1/5; 128 GB USB-C Stick@1190"
    "@1/2; 16 GB USB Stick@390@10/20",
    "ssds": "1 TB Portable SSD@7490@1; 500 GB Portable SSD@4890@1; 2 TB External Hard Drive@6290@1;"
    "1 TB NVMe SSD@6190@1; 4 TB Desktop Drive@9490@1",
    "mice": "Wireless Optical Mouse@1290@1/5; Ergonomic Vertical Mouse@2490@1; USB Wired Mouse@690"
    "@1/10; Bluetooth Travel Mouse@1790@1; Gaming Mouse@3490@1",
    "keyboards": "Wireless Slim Keyboard@2490@1; Mechanical Keyboard@5990@1; USB Wired"
    " Keyboard@1190@1/5; Bluetooth Folding Keyboard@2990@1; Ergonomic Split Keyboard@7490@1",
    "headphones": "USB Headset with Microphone@2290@1/5; Noise-Cancelling Headphones@8990@1; Wired"
    " Earbuds@590@1/10; Wireless Earbuds@2990@1; Over-Ear Studio Headphones@4990@1",
    "webcams": "1080p USB Webcam@2490@1/4; 4K Webcam@7990@1; Webcam with Ring Light@3490@1;"
    "Conference Camera@12900@1",
    "microphones": "USB Condenser Microphone@4490@1; Wireless Lapel Microphone@3290@1/2; Handheld"
    " Dynamic Microphone@2990@1; Conference Speakerphone@7990@1",
    "speakers": "Portable Bluetooth Speaker@2990@1/2; Desktop Stereo Speakers@3490@1; PA Party"
    " Speaker@11900@1; Waterproof Mini Speaker@1790@1",
    "monitors": "24-inch Full HD Monitor@11900@1; 27-inch 4K Monitor@24900@1; 15-inch Portable"
    " Monitor@9900@1; 32-inch Curved Monitor@22900@1",
    "routers": "Wi-Fi 6 Router@6990@1; 8-Port Gigabit Switch@2490@1; Mesh Access Point@7990@1/2;"
    "24-Port Network Switch@11900@1; Travel Router@3490@1",
    "maker_boards": "Microcontroller Starter Board@1190@1/5; Single-Board Computer 4 GB@6490@1;"
    "Wi-Fi Development Board@790@2/5; Sensor Kit 37-in-1@2990@1; LED and Motor Kit@2190@1",
    "prizes": "Gold Trophy Cup@1490@1/3; Winner Medals@290@3/12; Acrylic Award Plaque@1990@1;"
    "Gadget Gift Box@2490@1/3; Board Game Gift Set@1890@1; Desk Toy Gift@890@1/5;"
    "Engraved Crystal Trophy@3990@1",
    "decorations": "Balloon and Streamer Pack@890@1/3; Happy Event Banner@690@1/2; "
    "Paper Bunting 10 m@590@2/5; LED String Lights@1290@1/2",
    "cleaning": "Multi-Surface Wipes@390@3/6; Heavy Duty Trash Bags@890@1/3; Paper Towel Rolls@690"
    "@2/4; Screen Cleaning Wipes@550@1/4; All-Purpose Cleaning Set@1490@1",
    "hand_sanitizer": "Gel Hand Sanitizer 500 ml@420@2/6; Foam Hand Sanitizer 250 ml@380@3;"
    "Pocket Hand Gel 50 ml@160@10/25; Sanitizer Refill 1 l@750@1/4",
    "first_aid": "Compact First Aid Kit@1390@1; Office First Aid Kit 100-Piece@2490@1/2; "
    "Travel First Aid Pouch@990@1/3; Assorted Bandage Kit@590@1/4",
    "furniture": "Steel Folding Chair@2290@1/4; Folding Table 6 ft@5490@1; Stackable Plastic Chair"
    "@1690@2/6; Adjustable Laptop Stand Table@3990@1",
    "lighting": "LED Desk Lamp@2190@1/2; 10-inch Ring Light@2690@1; Clip-On Reading Light@1090@1/3;"
    "Floor Lamp@4490@1",
}  # fmt: skip

BRANDS = (
    *("Brightleaf", "Kestrel", "Oakline", "Pinemark", "Voltra", "Lumio", "Harrow", "Cedarway"),
    *("Northfold", "Quillon", "Tallis", "Merrow", "Aspenly", "Corvid", "Dapple", "Fernhill"),
)

TECH = frozenset(
    {"adapters", "cables", "chargers", "power_strips", "power_banks", "batteries", "usb_sticks"}
    | {"ssds", "mice", "keyboards", "headphones", "webcams", "microphones", "speakers", "monitors"}
    | {"routers", "maker_boards", "lighting"}
)
TECHDATA = TECH | {"paper", "pens", "notebooks", "markers", "sticky_notes", "tape", "badges"}
TECHDATA |= {"prizes", "coffee", "furniture", "bags", "cleaning"}

SHOPS = {
    # name: sku letter, price per mille of usual, of tech, days least and spread, products a kind
    "amazon": ("A", 1040, 1010, 1, 3, 2, frozenset(CATEGORIES)),
    "walmart": ("W", 950, 1050, 2, 4, 2, frozenset(CATEGORIES)),
    "techdata": ("T", 1080, 900, 2, 5, 3, TECHDATA),
}


def number(*parts: object) -> int:
    """A number that only depends on its parts."""
    text = "\x1f".join(map(str, (SEED, *parts)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def kinds_of(category: str) -> list[tuple[str, int, list[int]]]:
    """(kind, cents of one unit, pack sizes) of a category."""
    kinds = []
    for row in KINDS[category].split(";"):
        kind, cents, packs = row.strip().split("@")
        kinds.append((kind, int(cents), [int(pack) for pack in packs.split("/")]))
    return kinds


def products(shop: str) -> list[dict[str, object]]:
    """A shop's catalogue in the form of a product feed, each product one variant per pack."""
    letter, level, tech, least, spread, each, sells = SHOPS[shop]
    found: list[dict[str, object]] = []
    for category in CATEGORIES:
        if category not in sells:
            continue
        for kind, cents, packs in kinds_of(category):
            first = number(shop, kind) % len(BRANDS)
            for turn in range(each if len(packs) == 1 else 1):
                brand = BRANDS[(first + 5 * turn) % len(BRANDS)]
                group = f"{letter}{1000 + len(found)}"
                variants = [
                    variant(shop, group, brand, kind, category, cents, pack, (level, tech), least,
                            spread)
                    for pack in packs
                ]  # fmt: skip
                found.append({"id": group, "variants": variants})
    return found


def variant(shop: str, group: str, brand: str, kind: str, category: str, cents: int, pack: int,
            levels: tuple[int, int], least: int, spread: int) -> dict[str, object]:  # fmt: skip
    """One pack of one product: dearer brands rate better, larger packs cost less a unit."""
    goods = CATEGORIES[category]
    quality = number(shop, brand, kind, "quality") % 30
    level = levels[1] if category in TECH else levels[0]
    bulk = 1000 - min(220, 35 * (pack.bit_length() - 1))
    per_mille = level * bulk * (910 + 8 * quality) // 1_000_000
    price = max(99, cents * pack * per_mille // 1000)
    price = price // 10 * 10 + 9 if price < 2000 else price // 100 * 100 + 99
    stock = 3 + number(shop, group, pack, "stock") % (400 if price < 2000 else 60)
    of = f", pack of {pack} {goods.units}" if pack > 1 else ""
    return {
        "id": f"{group}-{pack}",
        "title": f"{brand} {kind}{of}",
        "category": category,
        "unit_count": pack,
        "price": {"amount": price, "currency": "USD"},
        "availability": {"available": True, "status": "in_stock"},
        "inventory_quantity": stock,
        "delivery_days": least + number(shop, group, "days") % spread,
        "rating": 62 + quality + number(shop, group, "rating") % 8,
    }


def text_of(shop: str) -> str:
    """The catalogue's file: JSON Lines, a product a line."""
    return "".join(json.dumps(product, sort_keys=True) + "\n" for product in products(shop))


def main() -> None:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    for shop in SHOPS:
        text, path = text_of(shop), FOLDER / "catalogues" / f"{shop}.jsonl"
        count = sum(len(json.loads(line)["variants"]) for line in text.splitlines())
        if write:
            path.write_text(text, encoding="utf-8")
        same = path.exists() and path.read_text(encoding="utf-8") == text
        said = "as committed" if same else "DIFFERENT"
        categories = len({v["category"] for p in products(shop) for v in p["variants"]})  # type: ignore[attr-defined]
        print(f"{shop}: {count} products of {categories} categories, {said}")
        if not same:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
