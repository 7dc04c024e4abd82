"""What data may be used for: the bits of `purposes` masks, in words and in public vocabularies.

Contracts see bits only. `duo` is a term of the GA4GH Data Use Ontology, `ai` the nearest category of the IETF
AI-preference vocabulary (draft-ietf-aipref-vocab). A DAO that votes on further bits adds them here; bits never change
their meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from datadao.errors import InvalidArgument


@dataclass(frozen=True)
class Purpose:
    """Bit number `bit` of a mask."""

    bit: int
    name: str
    duo: str
    duo_label: str
    ai: str


PURPOSES = (
    Purpose(0, "research", "DUO:0000042", "general research use", "train-ai, for research only"),
    Purpose(1, "commercial model training", "DUO:0000004", "no restriction", "train-ai"),
)


def purposes_of(mask: int) -> Iterator[Purpose]:
    """The purposes of a mask, lowest bit first; a bit without a meaning yet is `InvalidArgument`."""
    if unknown := mask & ~sum(1 << purpose.bit for purpose in PURPOSES):
        raise InvalidArgument(f"purposes {mask:#x}: bits {unknown:#x} have no published meaning")
    return (purpose for purpose in PURPOSES if mask >> purpose.bit & 1)
