"""What the drawings of the simulated year need: scales, ticks and paths, in the coordinates of their SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 520, 330
LEFT, RIGHT, TOP, BOTTOM = 66, 18, 12, 50
UNIT = 10**6
"""Asset units of a dollar."""
BIN = 0.1
"""Width of the histogram's bars, asset units."""
SMALLEST = 0.01
"""Dollars at which the logarithmic axes begin; less is drawn on their edge."""


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Series:
    name: str
    path: str
    count: int = 0


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True)
class Chart:
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    series: list[Series]
    bars: list[Bar]
    even: str = ""
    """Where nothing is missing."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


Scale = Callable[[float], float]


def _linear(low: float, high: float, begin: float, end: float) -> Scale:
    return lambda value: begin + (value - low) / (high - low) * (end - begin)


def _logarithmic(low: float, high: float, begin: float, end: float) -> Scale:
    linear = _linear(math.log10(low), math.log10(high), begin, end)
    return lambda value: linear(math.log10(max(value, low)))


def payouts(people: dict[str, Any]) -> Chart:
    """Paid against the exact fraction, a point for each contributor."""
    x, across, high = _due(people)
    y = _logarithmic(SMALLEST, high, HEIGHT - BOTTOM, TOP)
    points = {fate: [(x(due), y(due + away / UNIT)) for due, away in pairs] for fate, pairs in _pairs(people).items()}
    even = f"M{LEFT} {HEIGHT - BOTTOM}L{WIDTH - RIGHT} {TOP}"
    return Chart(across, [Tick(y(d), _dollars(d)) for d in _decades(high)], _clouds(points), [], even)


def errors(people: dict[str, Any]) -> Chart:
    """Asset units by which a payout misses the exact fraction, against that fraction."""
    x, across, _ = _due(people)
    pairs = _pairs(people)
    low, high = _range(away for lot in pairs.values() for _, away in lot)
    y = _linear(low, high, HEIGHT - BOTTOM, TOP)
    points = {fate: [(x(due), y(away)) for due, away in lot] for fate, lot in pairs.items()}
    even = f"M{LEFT} {y(0):.1f}H{WIDTH - RIGHT}"
    return Chart(across, [Tick(y(v), _signed(v)) for v in range(low, high + 1)], _clouds(points), [], even)


def _pairs(people: dict[str, Any]) -> dict[str, list[tuple[float, float]]]:
    """By fate: dollars due, and asset units paid less due."""
    return {
        fate: [((paid - away) / UNIT, away) for paid, away in zip(lot["paid"], lot["deviation"], strict=True)]
        for fate, lot in people.items()
    }


def _due(people: dict[str, Any]) -> tuple[Scale, list[Tick], float]:
    """The axis of what is due, its ticks, and where it ends."""
    most = max((due for lot in _pairs(people).values() for due, _ in lot), default=1.0)
    high = 10.0 ** math.ceil(math.log10(max(most, 10 * SMALLEST)))
    x = _logarithmic(SMALLEST, high, LEFT, WIDTH - RIGHT)
    return x, [Tick(x(d), _dollars(d)) for d in _decades(high)], high


def _decades(high: float) -> list[float]:
    return [10.0**e for e in range(round(math.log10(SMALLEST)), round(math.log10(high)) + 1)]


def _range(values: Iterable[float]) -> tuple[int, int]:
    """Whole units around the values and zero."""
    known = [*values, -0.5, 0.5]
    return math.floor(min(known) - 0.25), math.ceil(max(known) + 0.25)


def _signed(value: int) -> str:
    return f"{value:+d}".replace("-", "−") if value else "0"


def _clouds(points: dict[str, list[tuple[float, float]]]) -> list[Series]:
    return [Series(fate, _dots(lot), len(lot)) for fate, lot in points.items()]


def _dots(points: Iterable[tuple[float, float]]) -> str:
    """Strokes of no length, which round caps make dots: one path instead of thousands of elements."""
    return "".join(f"M{x:.1f} {y:.1f}h0" for x, y in points)


def deviations(people: dict[str, Any]) -> Chart:
    """How many contributors were paid how much less or more than the exact fraction."""
    values = [value for lot in people.values() for value in lot["deviation"]]
    counts: dict[int, int] = {}
    for value in values:
        number = math.floor(value / BIN)
        counts[number] = counts.get(number, 0) + 1
    low, high = _range(values)
    tallest = max(counts.values(), default=1)
    step = _step(tallest)
    top = math.ceil(tallest / step) * step
    x, y = _linear(low, high, LEFT, WIDTH - RIGHT), _linear(0, top, HEIGHT - BOTTOM, TOP)
    bars = [
        Bar(
            x(number * BIN),
            y(count),
            x(BIN) - x(0) - 0.6,
            y(0) - y(count),
            f"{count:,} between {number * BIN:+.1f} and {(number + 1) * BIN:+.1f} units",
        )
        for number, count in sorted(counts.items())
    ]
    across = [Tick(x(value), _signed(value)) for value in range(low, high + 1)]
    return Chart(across, [Tick(y(value), f"{value:,}") for value in range(0, top + 1, step)], [], bars)


def income(days: Sequence[Sequence[int]], names: Sequence[str]) -> Chart:
    """What came in since the first day, pools on top of each other, and a line for what was paid out."""
    most = max((sum(day[:-1]) for day in days), default=0) / UNIT
    step = _step(max(1, round(most)))
    top = max(step, math.ceil(most / step) * step)
    x = _linear(0, max(1, len(days) - 1), LEFT, WIDTH - RIGHT)
    y = _linear(0, top, HEIGHT - BOTTOM, TOP)
    series, below = [], [0.0] * len(days)
    for pool, name in enumerate(names):
        above = [base + day[pool] / UNIT for base, day in zip(below, days, strict=True)]
        outline = [(x(i), y(v)) for i, v in enumerate(above)] + [(x(i), y(v)) for i, v in reversed([*enumerate(below)])]
        series.append(Series(name, _line(outline) + "Z"))
        below = above
    series.append(Series("paid out", _line([(x(i), y(day[-1] / UNIT)) for i, day in enumerate(days)])))
    across = [Tick(x(day), str(day)) for day in range(0, len(days), 60)]
    return Chart(across, [Tick(y(v), _dollars(v)) for v in range(0, top + 1, step)], series, [])


def _line(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _step(most: int) -> int:
    """Between four and ten steps of 1, 2 or 5 times a power of ten."""
    rough: float = most / 5
    power = int(10 ** math.floor(math.log10(max(rough, 1))))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= rough), 10 * power)


def _dollars(value: float) -> str:
    if value >= UNIT:
        return f"${value / UNIT:.3g} M"
    if value >= 1_000:
        return f"${value / 1_000:.3g} k"
    return f"${value:,.0f}" if value >= 1 or value == 0 else f"${value:.2f}"
