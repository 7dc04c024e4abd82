"""A peer's figure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PeerFigure:
    """Gas of a whole transaction of a peer, or of several if the operation says so."""

    package: str
    operation: str
    gas: int
