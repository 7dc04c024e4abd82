"""What data may be used for: the bits of `purposes` masks, in words and in public vocabularies.

Contracts see bits only. `duo` is a term of the GA4GH Data Use Ontology, `ai` a category of the IETF AI-preference
vocabulary in the draft of this number; the `match` beside each is SKOS's, seen from the purpose. That draft has no
consensus yet, and its `train-ai` has come to mean generative models only: narrower than what is leased here. A DAO that
votes on further bits adds them here; bits never change their meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from datadao.errors import InvalidArgument

AI_DRAFT = "draft-ietf-aipref-vocab-08"


@dataclass(frozen=True)
class Purpose:
    """Bit number `bit` of a mask."""

    bit: int
    name: str
    duo: str
    duo_label: str
    duo_match: str
    ai: str
    ai_match: str


PURPOSES = (
    Purpose(0, "research", "DUO:0000042", "general research use", "closeMatch", "train-ai", "relatedMatch"),
    Purpose(1, "commercial model training", "DUO:0000004", "no restriction", "broadMatch", "train-ai", "narrowMatch"),
    Purpose(2, "compute", "DUO:0000027", "project specific restriction", "relatedMatch", "train-ai", "relatedMatch"),
)
COMPUTE = 1 << 2
"""The mask of a compute lease, which is this bit alone: its licensee's program goes to the data, and no key of a file
goes to the licensee. With any other bit it is a data lease."""


def purposes_of(mask: int) -> Iterator[Purpose]:
    """The purposes of a mask, lowest bit first; a bit without a meaning yet is `InvalidArgument`."""
    if unknown := mask & ~sum(1 << purpose.bit for purpose in PURPOSES):
        raise InvalidArgument(f"purposes {mask:#x}: bits {unknown:#x} have no published meaning")
    return (purpose for purpose in PURPOSES if mask >> purpose.bit & 1)
