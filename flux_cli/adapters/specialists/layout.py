"""Where every word goes: text is measured, fitted, stacked and set as outlines."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.adapters.specialists.formats import Format
from flux_cli.adapters.specialists.message import Message, repeats, rest_of
from flux_cli.adapters.specialists.typography import Box, Face, Point, Setting, Typefaces, fit

KICKER_TRACKING = 0.08
COLOURS = {"headline": "ink", "kicker": "highlight", "cta": "button_ink", "wordmark": "ink"}


@dataclass(frozen=True, slots=True)
class Text:
    """One element of text in place: its path data, the box of its ink, the colour it asks for."""

    role: str
    words: str
    path: str
    box: Box
    size: float
    colour: str


@dataclass(frozen=True, slots=True)
class Page:
    """The words of one banner in place, and the shapes that are drawn beneath them."""

    texts: tuple[Text, ...]
    headline: str
    mark: Box | None
    button: Box | None
    corner: float
    dots: tuple[Point, ...]
    stage: Box


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text before it has a place: how it is set and the space above it."""

    role: str
    setting: Setting
    face: Face
    gap: float = 0.0
    tracking: float = 0.0


@dataclass(frozen=True, slots=True)
class Writer:
    """What a layout works with: the fonts, the display font's role and what there is to say."""

    faces: Typefaces
    display: str
    message: Message

    def face(self, role: str, words: str) -> Face:
        """The font that sets `words` in this role."""
        roles = {"headline": self.display, "wordmark": "bold", "kicker": "bold", "cta": "bold"}
        return self.faces.for_text(words, roles.get(role, "text"))

    def block(
        self, role: str, words: str, box: Point, sizes: Point, lines: int, gap: float = 0.0
    ) -> Block | None:
        """`words` set as large as `sizes` and `box` allow, or None."""
        face = self.face(role, words)
        tracking = KICKER_TRACKING if role == "kicker" else 0.0
        text = face.printable(words.upper() if role == "kicker" else words)
        room = (box[0] / (1 + tracking * 1.6), box[1])
        leading = {"headline": 1.13 if self.display == "sans" else 1.06, "cta": 1.1}.get(role, 1.36)
        setting = fit(face, text, room, sizes, lines, leading) if text else None
        return None if setting is None else Block(role, setting, face, gap, tracking)


def lay_out(form: Format, writer: Writer) -> Page:
    """Every element of `form` that fits; the least important is left out first."""
    if form.side == "left":
        return lay_out_row(form, writer)
    column = form.text
    name = wordmark_block(form, writer, column.width)
    marked, mark = place_wordmark(form, name, (column.x, column.y))
    gap = form.wordmark * 0.85
    top = column.y + max(form.wordmark * 1.25, name.setting.height if name else 0) + gap
    end = column.bottom - form.button * 2.6 - gap
    if form.side == "corner":
        end = min(end, form.stage.y + 2)
    area = Box(column.x, top, column.width, end - top)
    blocks = body(form, writer, area)
    rows = fact_rows(form, writer, blocks, area)
    used = sum(block.setting.height + block.gap for block in blocks) + len(rows) * form.fact * 2
    spare = max(0.0, area.height - used)
    # Above a picture the text keeps together and the picture takes half of what is left.
    y = area.y + spare * {"right": 0.5, "corner": 0.4}.get(form.side, 0.26)
    texts = list(marked)
    for block in blocks:
        texts.append(place(block, (area.x, y + block.gap)))
        y += block.gap + block.setting.height
    items, dots = place_facts(form, rows, (area.x, y))
    raised = spare * 0.6 if form.side == "below" else 0.0
    button, url = foot(form, writer, column.bottom - raised)
    pressed = label(form, writer, button)
    texts += [*items, *(text for text in (pressed, url) if text is not None)]
    stage = form.stage
    taller = Box(stage.x, stage.y - raised, stage.width, stage.height + raised)
    return Page(
        tuple(texts), headline_of(blocks), mark, button, corner_of(button, pressed), dots, taller
    )


def lay_out_row(form: Format, writer: Writer) -> Page:
    """A leaderboard: name over headline beside the picture, the button at the far end."""
    button = button_box(form, writer, form.safe.right - 10, form.height / 2)
    column = form.text
    width = (button.x if button else form.safe.right) - 20 - column.x
    name = wordmark_block(form, writer, width)
    lead = form.wordmark * 1.85 if name else 0.0
    block = headline_block(form, writer, (width, column.height - lead))
    height = lead + (block.setting.height if block else 0.0)
    y = (form.height - height) / 2
    marked, mark = place_wordmark(form, name, (column.x, y - form.wordmark * 0.1))
    texts = list(marked)
    if block:
        texts.append(place(block, (column.x, y + lead)))
    pressed = label(form, writer, button)
    texts += [pressed] if pressed else []
    return Page(
        tuple(texts),
        headline_of([block] if block else []),
        mark,
        button,
        corner_of(button, pressed),
        (),
        form.stage,
    )


def headline_of(blocks: list[Block]) -> str:
    """The words of the headline among `blocks`."""
    return next((" ".join(b.setting.lines) for b in blocks if b.role == "headline"), "")


def wordmark_block(form: Format, writer: Writer, width: float) -> Block | None:
    """The product's name beside its mark, on two lines where it is long."""
    size = form.wordmark
    room = (width - size * 1.6, size * 2.4)
    return writer.block("wordmark", writer.message.name, room, (size * 0.55, size), 2)


def place_wordmark(form: Format, name: Block | None, at: Point) -> tuple[list[Text], Box | None]:
    """The mark with the name centred on it."""
    size = form.wordmark * 1.25
    mark = Box(at[0], at[1], size, size)
    if name is None:
        return [], None
    setting = name.setting
    cap = name.face.cap_height * setting.size
    middle = at[1] + size / 2 - (cap + setting.leading * (len(setting.lines) - 1)) / 2
    return [place(name, (mark.right + form.wordmark * 0.42, max(at[1] - 2, middle)))], mark


def headline_block(form: Format, writer: Writer, room: Point) -> Block | None:
    """The best headline that fits at a comfortable size, else the best that fits at all."""
    smallest, largest = form.headline
    comfortable = smallest + 0.4 * (largest - smallest)
    candidates = writer.message.headlines
    if form.width * form.height < 200_000:
        candidates = tuple(sorted(candidates, key=lambda text: len(text) > 34))
    for least in (comfortable, smallest):
        for words in candidates:
            block = writer.block("headline", words, room, (least, largest), form.lines)
            if block is not None:
                return block
    # Nothing the client says fits, so what comes first is broken anywhere.
    for words in (*candidates, writer.message.name):
        text = writer.face("headline", words).printable(words)[:36]
        pieces = " ".join(text[start : start + 12].strip() for start in range(0, len(text), 12))
        block = writer.block("headline", pieces, room, (smallest * 0.5, largest), form.lines + 1)
        if block is not None:
            return block
    return None


def body(form: Format, writer: Writer, area: Box) -> list[Block]:
    """Headline, then support and kicker where there is room for them."""
    kicker = kicker_block(form, writer, area.width)
    held = kicker.setting.height + form.headline[1] * 0.3 if kicker else 0.0
    share = 0.68 if form.support else 1.0
    headline = headline_block(form, writer, (area.width, (area.height - held) * share))
    if headline is None:
        return []
    words = headline_of([headline])
    blocks = [headline]
    if kicker and writer.message.kicker.casefold() != words.casefold():
        gap = headline.setting.size * 0.34
        blocks = [kicker, Block("headline", headline.setting, headline.face, gap)]
    left = area.height - sum(block.setting.height + block.gap for block in blocks)
    support = support_block(form, writer, words, (area.width, left), headline.setting.size)
    return [*blocks, support] if support else blocks


def kicker_block(form: Format, writer: Writer, width: float) -> Block | None:
    """What the product is, in small capitals over the headline."""
    sizes = (form.kicker * 0.8, form.kicker)
    if not form.kicker or not writer.message.kicker:
        return None
    return writer.block("kicker", writer.message.kicker, (width, 99), sizes, 1)


def support_block(
    form: Format, writer: Writer, headline: str, room: Point, size: float
) -> Block | None:
    """The first supporting line that fits and does not say the headline again."""
    gap = size * 0.34
    box = (min(room[0], form.support * 30), room[1] - gap)
    sizes, lines = (form.support * 0.86, form.support), 6 if room[0] < 200 else 3
    rest = rest_of(writer.message.promise, headline)
    for text in (rest, *writer.message.supports) if form.support else ():
        if text and not repeats(text, headline):
            block = writer.block("support", text, box, sizes, lines, gap)
            if block is not None:
                return block
    return None


def fact_rows(
    form: Format, writer: Writer, blocks: list[Block], area: Box
) -> list[list[tuple[str, Face]]]:
    """Facts not yet said, as many to a row as fit, as many rows as there is room for."""
    left = area.height - sum(block.setting.height + block.gap for block in blocks)
    said = " ".join(" ".join(block.setting.lines) for block in blocks)
    rows: list[list[tuple[str, Face]]] = []
    room = 0.0
    for fact in writer.message.facts if form.fact else ():
        face = writer.face("fact", fact)
        words = face.printable(fact)
        width = face.width(words, form.fact) + form.fact * 2.2
        if not words or fact.casefold() in said.casefold() or repeats(said, fact):
            continue
        if width <= room:
            rows[-1].append((words, face))
            room -= width
        elif (len(rows) + 1.2) * form.fact * 2.0 <= left and width <= area.width:
            rows.append([(words, face)])
            room = area.width - width
    return rows


def place_facts(
    form: Format, rows: list[list[tuple[str, Face]]], at: Point
) -> tuple[list[Text], tuple[Point, ...]]:
    """Each fact behind a small dot."""
    texts: list[Text] = []
    dots: list[Point] = []
    size = form.fact
    for index, row in enumerate(rows):
        x, baseline = at[0], at[1] + size * (2.0 * index + 2.0)
        for words, face in row:
            dots.append((x + size * 0.25, baseline - size * 0.34))
            drawn = face.outline(words, (x + size * 0.85, baseline), size)
            texts.append(Text("fact", words, drawn.path, drawn.ink, size, "quiet"))
            x += face.width(words, size) + size * 2.2
    return texts, tuple(dots)


def button_box(form: Format, writer: Writer, right: float, middle: float) -> Box | None:
    """The button, its right edge at `right`, its height centred on `middle`."""
    face = writer.face("cta", writer.message.action)
    words = face.printable(writer.message.action)
    if not words:
        return None
    size = form.button
    width = face.width(words, size) + size * 2.4
    return Box(right - width, middle - size * 1.3, width, size * 2.6)


def foot(form: Format, writer: Writer, bottom: float) -> tuple[Box | None, Text | None]:
    """The button that ends at `bottom`, and the address beside it if it fits."""
    column = form.text
    middle = bottom - form.button * 1.3
    drawn = button_box(form, writer, 0, middle)
    if drawn is None:
        return None, None
    widest = form.stage.x - column.x - 4 if form.side == "corner" else column.width
    width = min(drawn.width, widest) if form.width > 200 else column.width
    button = Box(column.x, drawn.y, width, drawn.height)
    if not form.url or not writer.message.url:
        return button, None
    room = column.right - button.right - form.url
    block = writer.block("url", writer.message.url, (room, 99), (form.url * 0.8, form.url), 1)
    if block is None:
        return button, None
    top = middle - block.face.cap_height * block.setting.size / 2
    return button, place(block, (button.right + form.url, top))


def label(form: Format, writer: Writer, button: Box | None) -> Text | None:
    """The button's words, centred in it and as small as its width asks."""
    if button is None:
        return None
    room = (button.width - form.button * 1.2, button.height - form.button * 0.9)
    one_line, any_lines = (form.button * 0.75, form.button), (form.button * 0.45, form.button)
    block = writer.block("cta", writer.message.action, room, one_line, 1)
    block = block or writer.block("cta", writer.message.action, room, any_lines, 2)
    if block is None:
        return None
    setting = block.setting
    tall = block.face.cap_height * setting.size + setting.leading * (len(setting.lines) - 1)
    tall += setting.size * 0.2 if len(setting.lines) > 1 else 0.0
    x = button.x + (button.width - setting.width) / 2
    return place(block, (x, button.y + (button.height - tall) / 2), centred=True)


def corner_of(button: Box | None, pressed: Text | None) -> float:
    """A pill for one line; corners that two lines of words do not run into."""
    if button is None:
        return 0.0
    return button.height * (0.2 if pressed and pressed.box.height > button.height * 0.45 else 0.5)


def place(block: Block, at: Point, *, centred: bool = False) -> Text:
    """A block as one text, the top of its first capitals at `at`."""
    setting, face = block.setting, block.face
    baseline = at[1] + face.cap_height * setting.size
    drawn = []
    for index, line in enumerate(setting.lines):
        x = at[0] + (setting.width - face.width(line, setting.size)) / 2 if centred else at[0]
        start = (x, baseline + index * setting.leading)
        drawn.append(face.outline(line, start, setting.size, block.tracking))
    left, top = min(line.ink.x for line in drawn), min(line.ink.y for line in drawn)
    right, bottom = max(line.ink.right for line in drawn), max(line.ink.bottom for line in drawn)
    return Text(
        block.role,
        " ".join(setting.lines),
        "".join(line.path for line in drawn),
        Box(left, top, right - left, bottom - top),
        setting.size,
        COLOURS.get(block.role, "quiet"),
    )
