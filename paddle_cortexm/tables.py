"""Tables of words and numbers: as text in columns, and as Markdown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

GAP = "  "  # between two columns of text
NARROWEST = 16  # letters that a column of words keeps when a table is made to fit

Row = Sequence[str]


def text_table(
    head: Row, rows: Iterable[Row], *, left: Collection[int] = (0,), width: int | None = None, indent: str = ""
) -> str:
    """Text in columns, those numbered in `left` flush left, the others flush right. width: columns of the screen, for
    which the columns of words are cut, the last first, as far as NARROWEST allows."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    if width is not None:
        widths = _fitted(widths, left, width - len(indent))

    def cells(line: Row) -> Iterable[str]:
        for number, cell in enumerate(line):
            room = widths[number]
            yield _cut(cell, room).ljust(room) if number in left else cell.rjust(room)

    return "\n".join(f"{indent}{GAP.join(cells(line))}".rstrip() for line in lines)


def _fitted(widths: list[int], words: Collection[int], total: int) -> list[int]:
    """The columns' widths with those of words made narrower, the last first, until the line fits."""
    fitted = list(widths)
    for column in sorted(words, reverse=True):
        excess = sum(fitted) + len(GAP) * (len(fitted) - 1) - total
        if excess > 0:
            fitted[column] = min(fitted[column], max(NARROWEST, fitted[column] - excess))
    return fitted


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}\N{HORIZONTAL ELLIPSIS}"


def markdown_table(head: Row, rows: Iterable[Row], *, left: Collection[int] = (0,)) -> str:
    """A Markdown table, the columns numbered in `left` flush left, the others flush right; no line break at the end."""
    rule = ["---" if number in left else "---:" for number in range(len(head))]
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, rule, *rows])
