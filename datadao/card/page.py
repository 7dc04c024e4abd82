"""The card as one page of HTML that asks nothing of anyone: no script, no font, no picture from elsewhere.

What others wrote (schema, address of the dataset) is made visible and escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from datadao.card.facts import BINS, Card
from datadao.errors import PackageMissing
from datadao.text import visible
from datadao.values import moment

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 240, 56, 40, 14
_NARROW = 46
"""Units of the drawing that a label needs."""


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    label: str
    about: str


@dataclass(frozen=True)
class Chart:
    title: str
    unit: str
    bars: list[Bar]
    ticks: list[tuple[float, str]]
    every: int
    """Of so many bars one has its label below."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    bottom: int = HEIGHT - BOTTOM


def page_of(card: Card, amount: Callable[[int], str]) -> str:
    """The whole page; `amount` says asset units in words. Raises `PackageMissing` without Jinja."""
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError:
        raise PackageMissing("jinja2", "cli") from None
    folder = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"visible": visible, "moment": moment, "amount": amount, "number": lambda n: f"{n:,}"}
    return environment.get_template("card.html").render(card=card, charts=list(_charts(card, amount)))


def _charts(card: Card, amount: Callable[[int], str]) -> Iterator[Chart]:
    step = 100 // BINS
    parts = [(f"{n * step}–{(n + 1) * step}", count) for n, count in enumerate(card.quality)]
    yield _chart(
        "Records by quality", "records", [(part, n, f"{n:,} records of {part} % quality") for part, n in parts]
    )
    batches = [(str(b.batch), b.records, f"{b.records:,} records in {b.files:,} files", b) for b in card.batches]
    yield _chart(
        "Records by batch, oldest first",
        "records",
        [(name, n, f"batch {name}, {moment(b.activated_at)}: {text}") for name, n, text, b in batches],
    )
    asked = [(lease, f"{amount(lease.price_per_period)} for each period") for lease in card.leases]
    yield _chart(
        "Rent of a day by lease",
        "asset units",
        [(str(one.lease), float(one.price_per_day), f"lease {one.lease}, {one.status}: {text}") for one, text in asked],
    )


def _chart(title: str, unit: str, values: Sequence[tuple[str, float, str]]) -> Chart:
    highest = max((value for _, value, _ in values), default=0) or 1
    slot = (WIDTH - LEFT) / max(len(values), 1)
    tall = HEIGHT - BOTTOM - TOP
    bars = []
    for number, (label, value, about) in enumerate(values):
        height = tall * value / highest
        bars.append(Bar(LEFT + slot * (number + 0.1), HEIGHT - BOTTOM - height, slot * 0.8, height, label, about))
    ticks = [(HEIGHT - BOTTOM - tall * part / 2, _short(highest * part / 2)) for part in range(3)]
    return Chart(title, unit, bars, ticks, max(1, -(-_NARROW // max(1, int(slot)))))


def _short(value: float) -> str:
    """`1.2 M` of 1234567."""
    for size, name in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {name}"
    return f"{value:.3g}"
