"""Text that a schema's pattern matches, for records that are made up."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from functools import cache
from random import Random

from datadao.schema_rules import portable, tokens_of

MORE = 5
"""How often a part is repeated beyond its least."""
_LIMITS = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_USUAL, _ALL = range(0x20, 0x7F), range(0x3000)
"""Characters that are tried for a set: those of ASCII, and if it has none of them, those of most scripts."""

Maker = Callable[[Random], str]


def matching(pattern: str, chance: Random) -> str:
    """What a pattern of the kind that schemas may have matches, as far as it does not depend on where ^ and $ stand."""
    return maker_of(pattern)(chance)


@cache
def maker_of(pattern: str) -> Maker:
    """Makes such text, another each time."""
    return _alternatives(deque(tokens_of(pattern)))


def _alternatives(tokens: deque[tuple[str, str]]) -> Maker:
    options = [_sequence(tokens)]
    while tokens and tokens[0][0] == "bar":
        tokens.popleft()
        options.append(_sequence(tokens))
    return lambda chance: chance.choice(options)(chance)


def _sequence(tokens: deque[tuple[str, str]]) -> Maker:
    parts: list[Maker] = []
    while tokens and tokens[0][0] not in ("bar", "close"):
        kind, text = tokens.popleft()
        if kind in ("start", "end"):
            continue
        if kind == "group":
            part = _alternatives(tokens)
            tokens.popleft()
        else:
            part = _one_of(text)
        if tokens and tokens[0][0] == "repeat":
            part = _repeated(part, *_bounds(tokens.popleft()[1]))
        parts.append(part)
    return lambda chance: "".join(part(chance) for part in parts)


def _one_of(text: str) -> Maker:
    fits = re.compile(portable(text)).fullmatch
    found = next((c for c in ([chr(at) for at in span if fits(chr(at))] for span in (_USUAL, _ALL)) if c), [text])
    return lambda chance: chance.choice(found)


def _repeated(part: Maker, least: int, most: int) -> Maker:
    return lambda chance: "".join(part(chance) for _ in range(chance.randint(least, most)))


def _bounds(repeat: str) -> tuple[int, int]:
    if limits := _LIMITS.match(repeat):
        least, most = int(limits[1]), limits[3] if limits[2] else limits[1]
        return least, min(int(most), least + MORE) if most else least + MORE
    return {"*": (0, MORE), "+": (1, MORE), "?": (0, 1)}[repeat[0]]
