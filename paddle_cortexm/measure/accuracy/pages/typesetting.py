"""A page of text, upright and clean: headings, paragraphs, lists, tables and pictures in columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw, ImageFont

from paddle_cortexm.data.text.fonts import FONTS, font_of
from paddle_cortexm.data.text.words import phrase

Colour = tuple[int, int, int]
WIDEST_PICTURE = 350
SIZES = ((480, 640), (540, 760), (600, 600), (760, 540))  # width and height in pixels: portrait, square, landscape


@dataclass(frozen=True)
class Style:
    """size: of the text, pixels; leading: from line to line, in sizes of the text."""

    font: str
    size: int
    leading: float
    ink: Colour
    paper: Colour
    columns: int

    @staticmethod
    def drawn(random: np.random.Generator) -> Style:
        paper = random.integers(195, 256) - random.integers(0, 40, 3) * (random.random() < 0.4)
        return Style(
            font=str(random.choice(FONTS)),
            size=int(random.integers(9, 23)),
            leading=random.uniform(1.15, 1.8),
            ink=_colour(random.integers(0, 110) + random.integers(0, 30, 3)),
            paper=_colour(paper),
            columns=int(random.choice([1, 1, 1, 2, 2, 3])),
        )


@dataclass
class Column:
    """Where the next block of a column goes: its left side, width and top; bottom: where the column ends."""

    left: int
    width: int
    top: int
    bottom: int

    @property
    def is_full(self) -> bool:
        return self.top >= self.bottom


def draw_page(random: np.random.Generator) -> Image.Image:
    """One page, RGB."""
    style = Style.drawn(random)
    width, height = SIZES[random.integers(len(SIZES))]
    page = Image.new("RGB", (width, height), style.paper)
    pen = ImageDraw.Draw(page)
    margin, gap = int(width * random.uniform(0.04, 0.12)), style.size
    room = (width - 2 * margin - gap * (style.columns - 1)) // style.columns
    filled = random.uniform(0.55, 1)  # many pages end before the paper does
    for number in range(style.columns):
        left = margin + number * (room + gap)
        column = Column(left, room, margin, int(margin + filled * (height - 2 * margin)))
        while not column.is_full:
            block = BLOCKS[random.choice(len(BLOCKS), p=SHARES)]
            block(pen, column, style, random)
            column.top += int(style.size * random.uniform(0.4, 1.2))
    return page


def _heading(pen: ImageDraw.ImageDraw, column: Column, style: Style, random: np.random.Generator) -> None:
    font = font_of(style.font, int(style.size * random.uniform(1.3, 2.2)))
    _lines(pen, column, font, style, phrase(random, int(random.integers(2, 7))).title())


def _paragraph(pen: ImageDraw.ImageDraw, column: Column, style: Style, random: np.random.Generator) -> None:
    text = ". ".join(phrase(random, int(random.integers(5, 16))).capitalize() for _ in range(random.integers(1, 5)))
    _lines(pen, column, font_of(style.font, style.size), style, f"{text}.")


def _list(pen: ImageDraw.ImageDraw, column: Column, style: Style, random: np.random.Generator) -> None:
    for number in range(1, random.integers(3, 7)):
        _lines(pen, column, font_of(style.font, style.size), style, f"{number}. {phrase(random, 4)}")


def _table(pen: ImageDraw.ImageDraw, column: Column, style: Style, random: np.random.Generator) -> None:
    """Words and amounts between rules."""
    font, step = font_of(style.font, style.size), int(style.size * 1.6)
    across = max(2, column.width // (style.size * 8))
    for row in range(random.integers(3, 9)):
        if column.is_full:
            return
        pen.line((column.left, column.top, column.left + column.width, column.top), style.ink)
        for cell in range(across):
            text = phrase(random, 1) if cell == 0 or row == 0 else f"{random.uniform(0, 9999):,.2f}"
            pen.text((column.left + cell * column.width // across + 2, column.top + 2), text, style.ink, font)
        column.top += step


def _picture(pen: ImageDraw.ImageDraw, column: Column, style: Style, random: np.random.Generator) -> None:
    """A box of coloured shapes, which say nothing of what is up."""
    width = min(column.width, WIDEST_PICTURE)  # the rest is for text: without, nobody could tell how the page lies
    height = int(width * random.uniform(0.2, 0.45))
    box = (column.left, column.top, column.left + width, column.top + height)
    pen.rectangle(box, _colour(random.integers(90, 240, 3)), style.ink)
    for _ in range(random.integers(2, 9)):
        across = np.sort(random.integers(box[0], box[2], 2))
        down = np.sort(random.integers(box[1], box[3], 2))
        shape = pen.ellipse if random.random() < 0.5 else pen.rectangle
        shape((across[0], down[0], across[1], down[1]), _colour(random.integers(0, 256, 3)))
    column.top = box[3]


BLOCKS = (_paragraph, _heading, _list, _table, _picture)
SHARES = (0.53, 0.15, 0.12, 0.13, 0.07)


def _lines(pen: ImageDraw.ImageDraw, column: Column, font: ImageFont.FreeTypeFont, style: Style, text: str) -> None:
    """The text broken into lines, as far as the column goes."""
    line = ""
    for word in [*text.split(), ""]:
        longer = f"{line} {word}".strip()
        if word and font.getlength(longer) <= column.width:
            line = longer
            continue
        if column.is_full:
            return
        pen.text((column.left, column.top), line, style.ink, font)
        column.top += int(font.size * style.leading)
        line = word


def _colour(values: ArrayLike) -> Colour:
    red, green, blue = (int(value) for value in np.clip(np.broadcast_to(values, 3), 0, 255))
    return red, green, blue
