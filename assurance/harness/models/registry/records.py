"""What the model of `DatasetRegistry` writes down."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.registry import ASLEEP, LIVE, UNCLAIMED
from datadao.types import Dao as DaoId
from datadao.types import Leaf

DAY = 86_400
PAUSE, COOL_DOWN, GRACE = 3 * DAY, 7 * DAY, 7 * DAY
MAX_STEP = 2**16
BPS = 10_000


Message = namedtuple(
    "Message",
    "datasetId sequence root totalShares count manifestHash policyVersion attestorSetVersion deadline",
)
"""What attestors sign, by its ABI names."""


@dataclass(frozen=True)
class Rules:
    """Fixed at the creation of a DAO."""

    id: DaoId
    challenge: int
    claim_period: int
    epoch_length: int
    floor: int
    cap_bps: int
    guardian: str
    guardian_until: int
    contracts: frozenset[str]


@dataclass
class Batch:
    id: int
    message: Message
    leaves: tuple[Leaf, ...]
    status: int
    since: int
    left: int
    count: int
    entry: int = 0
    commons_entry: int = 0
    dropped: set[Leaf] = field(default_factory=set)

    @property
    def active(self) -> bool:
        return self.status in (LIVE, ASLEEP)


class Record(NamedTuple):
    status: int = UNCLAIMED
    contributor: str = ADDRESS_ZERO
    batch: int = 0
    shares: int = 0


class Proof(NamedTuple):
    """A leaf offered with the proof of the leaf at `place` of batch `batch`."""

    batch: int
    place: int


def stop(error: str, *args: object) -> NoReturn:
    raise Reverted("DatasetRegistry_" + error, *args)
