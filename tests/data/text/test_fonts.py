"""Fonts that text is drawn in."""

from __future__ import annotations

import pytest
from PIL import ImageFont

from paddle_cortexm.data.text.fonts import FONTS, font_of
from paddle_cortexm.data.text.words import WORDS


@pytest.mark.parametrize("name", FONTS)
def test_every_font_has_every_letter(name: str) -> None:
    font = font_of(name, 20)
    missing = _picture(font, "\ue000")
    assert [letter for letter in sorted(set("".join(WORDS))) if _picture(font, letter) == missing] == []


def _picture(font: ImageFont.FreeTypeFont, letter: str) -> bytes:
    return bytes(font.getmask(letter))
