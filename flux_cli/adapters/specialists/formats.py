"""The sizes a campaign is delivered in, and where text and picture go in each."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.adapters.specialists.typography import Box, Point


@dataclass(frozen=True, slots=True)
class Format:
    """One banner size in pixels.

    `safe` is what no platform covers or cuts, `text` the column the words are set in, `stage` the
    area of the picture, which lies to the `side` of the text. Sizes of type are font sizes;
    `headline` is the smallest and the largest, 0 means the format has no room for the element.
    """

    name: str
    width: int
    height: int
    safe: Box
    text: Box
    stage: Box
    side: str
    headline: Point
    lines: int
    wordmark: float
    kicker: float
    support: float
    fact: float
    button: float
    url: float

    @property
    def stem(self) -> str:
        """The file name without its suffix."""
        return f"banner-{self.width}x{self.height}"


FORMATS = (
    Format(
        "link", 1200, 628, Box(48, 40, 1104, 548), Box(64, 56, 556, 516), Box(640, 0, 560, 628),
        "right", (34, 66), 4, 32, 17, 24, 19, 23, 19,
    ),
    Format(
        "square", 1080, 1080, Box(54, 54, 972, 972), Box(76, 72, 928, 456), Box(0, 540, 1080, 540),
        "below", (46, 96), 3, 40, 21, 30, 0, 28, 24,
    ),
    Format(
        "story", 1080, 1920, Box(64, 250, 952, 1330), Box(84, 262, 912, 722),
        Box(0, 1000, 1080, 920), "below", (56, 112), 4, 50, 26, 38, 30, 36, 30,
    ),
    Format(
        "leaderboard", 728, 90, Box(8, 6, 712, 78), Box(176, 10, 372, 70), Box(0, 0, 164, 90),
        "left", (14, 25), 2, 15, 0, 0, 0, 15, 0,
    ),
    Format(
        "rectangle", 300, 250, Box(12, 12, 276, 226), Box(20, 18, 260, 214),
        Box(132, 104, 168, 146), "corner", (17, 27.5), 3, 16, 0, 0, 0, 14, 0,
    ),
    Format(
        "skyscraper", 160, 600, Box(10, 12, 140, 576), Box(16, 20, 128, 318), Box(0, 350, 160, 250),
        "below", (14, 25), 6, 16, 0, 13, 0, 13.5, 0,
    ),
)  # fmt: skip
"""Every campaign has all of these."""
