"""Text that others wrote, made fit for a screen: it can neither move the cursor, nor turn what stands beside it round,
nor pass for lines of the program itself. Programs get the exact text, in JSON.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
"""In the place of what is not shown."""
LINE_END = "\N{RETURN SYMBOL}"
"""In the place of a line's end where only one line may be."""
BAR = "│ "
"""Begins every line of what another party said at length."""

# Controls, format and direction characters, surrogates, private use, unassigned; lines' and paragraphs' ends.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that fonts draw as nothing: they hide text, or make two names look alike.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_COMBINING = 4
"""Marks above and below one letter: more than any language writes, fewer than reach the next line."""
# Which of two drawings of a character is meant; nothing is lost without it.
_PRESENTATION = re.compile("[\ufe00-\ufe0f]")
_LINE_ENDS = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")


def visible(text: str) -> str:
    """The text as one line that shows everything it holds: its line ends as signs, what is hidden as `REPLACEMENT`,
    blanks as spaces."""
    return "".join(_visible(_PRESENTATION.sub("", _LINE_ENDS.sub(LINE_END, text))))


def lines(text: str) -> list[str]:
    """The same, line by line."""
    return [visible(line) for line in _LINE_ENDS.split(text)]


def quoted(text: str) -> list[str]:
    """Lines of what another party said, each marked so that none passes for a line of the program's own. Of empty
    lines in a row one is left: they would push what was said before off the screen."""
    found = [line.rstrip() for line in lines(text)]
    return [BAR + line for line, before in zip(found, ["", *found], strict=False) if line or before]


def _visible(text: str) -> Iterator[str]:
    marks = _COMBINING
    for character in text:
        kind = unicodedata.category(character)
        if kind in ("Mn", "Me"):
            marks += 1
            if marks <= _COMBINING and character not in _BLANK:
                yield character
            elif marks <= _COMBINING + 1:  # once for a flood, and for one that would sit on another text's letter
                yield REPLACEMENT
            continue
        marks = 0
        if kind == "Zs" or character == "\t":
            marks, character = _COMBINING, " "
        elif kind in _HIDDEN or character in _BLANK:
            character = REPLACEMENT
        yield character


class Terminal(Console):
    """A console whose strings are text, never markup, and one line each; whatever it renders is visible."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, **options)

    def render_str(self, text: str, *, style: str | Style = "", **_: Any) -> Text:
        """What is given as a string, cells of tables included. Nothing is cut off: long words are folded."""
        return Text(visible(text), style=style, overflow="fold")

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(self._fit(segment.text), segment.style)

    def as_line(self, text: str | Text) -> Text:
        """A line; where it is wider than the terminal, what follows stands further in, so that no part of it can be
        taken for another line."""
        whole = self.render_str(text) if isinstance(text, str) else text
        indent = "  " + (BAR if whole.plain.lstrip().startswith(BAR) else "")
        if not self.is_terminal or cell_len(whole.plain) <= self.width:
            return whole
        return Text("\n" + indent).join(whole.wrap(self, max(20, self.width - len(indent)), overflow="fold"))

    def _fit(self, text: str) -> str:
        """The guarantee, whatever rendered it; and no character that the output's encoding does not have."""
        shown = text if text.isascii() and text.isprintable() else "\n".join(map(visible, text.split("\n")))
        return shown.encode(self.encoding, "replace").decode(self.encoding)


def visible_log(name: str) -> logging.Logger:
    """The logger of this name, whose messages are one visible line each, whoever handles them."""
    log = logging.getLogger(name)
    if _show not in log.filters:
        log.addFilter(_show)
    return log


def _show(record: logging.LogRecord) -> bool:
    record.msg, record.args = visible(record.getMessage()), None
    return True


class LogFormatter(logging.Formatter):
    """One line for each record, whatever the message holds; a traceback's lines stand further in."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the library's name
        record.message = visible(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802  # likewise
        return "\n".join(f"  {line}" for line in lines(super().formatException(ei)))
