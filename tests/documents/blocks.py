"""The fenced blocks of a page, and the commands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Block(NamedTuple):
    page: str
    line: int
    section: str
    language: str
    text: str

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str, language: str | None = None) -> list[Block]:
    """Fenced blocks of a page, in order; those of one language."""
    return [block for block in _blocks(page) if language in (None, block.language)]


def commands(block: Block) -> list[str]:
    """The commands of a block of shell lines: comments gone, continued lines joined."""
    joined = block.text.replace("\\\n", " ")
    stripped = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in joined.splitlines())
    return [re.sub(r"\s{2,}", " ", line) for line in stripped if line]


def _blocks(page: str) -> Iterator[Block]:
    section, open_at, language, held = "", 0, "", list[str]()
    for number, line in enumerate((ROOT / page).read_text().splitlines(), 1):
        fence = re.match(r"```(\w*)", line)
        if open_at and line.startswith("```"):
            yield Block(page, open_at, section, language, "\n".join(held) + "\n")
            open_at, held = 0, []
        elif open_at:
            held.append(line)
        elif fence:
            open_at, language = number, fence.group(1)
        elif line.startswith("#"):
            section = line.lstrip("# ")
    if open_at:
        raise ValueError(f"{page}:{open_at}: a block that does not end")
