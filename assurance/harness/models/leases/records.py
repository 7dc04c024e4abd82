"""What the model of `DataLeases` writes down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, Protocol

from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import ACTIVE as VOTING
from assurance.harness.dao.dao import CANCELED, DEFEATED, EXECUTED, EXPIRED, QUEUED, SUCCEEDED
from assurance.harness.dao.dao import PENDING as UNOPENED
from assurance.harness.dao.leases import ENDED, PENDING, REFUNDED

BPS = 10_000
EXPIRY = 14 * 86_400


def refuse(reason: str, *args: object) -> NoReturn:
    raise Reverted(f"DataLeases_{reason}", *args)


@dataclass(frozen=True)
class Rules:
    """Parameters of the DAO."""

    voting_delay: int
    voting_period: int
    timelock_delay: int
    start_window: int
    ack_window: int
    ack_slash_bps: int
    max_slash_bps: int
    bond_delay: int


@dataclass(frozen=True)
class Terms:
    """Terms with the cuts frozen along with them."""

    dataset: int
    price: int
    length: int
    periods: int
    bond: int
    royalty_bps: int
    exclusive: bool
    commons_bps: int
    treasury_bps: int
    min_shares: int = 0

    @property
    def cost(self) -> int:
        return self.price * self.periods + self.bond

    @property
    def tolerance(self) -> int:
        return self.length // 10


class Fate(Protocol):
    """A request's proposal, as far as its lease depends on it."""

    id: int
    snapshot: int

    @property
    def eta(self) -> int: ...

    def state(self, now: int) -> int: ...

    def cancel(self, now: int, caller: str) -> None:
        """By its proposer, or as the governor refuses."""


@dataclass
class Vote:
    """A proposal that one member decides."""

    id: int
    snapshot: int
    deadline: int
    carried: bool = False
    voted: bool = False
    canceled: bool = False
    executed: bool = False
    eta: int = 0

    def state(self, now: int) -> int:
        if self.executed or self.canceled:
            return EXECUTED if self.executed else CANCELED
        if now <= self.snapshot:
            return UNOPENED
        if now <= self.deadline:
            return VOTING
        if not self.carried:
            return DEFEATED
        if self.eta:
            return QUEUED if now < self.eta + EXPIRY else EXPIRED
        return SUCCEEDED if now < self.deadline + EXPIRY else EXPIRED

    def cancel(self, now: int, caller: str) -> None:
        if self.state(now) != UNOPENED:
            raise Reverted("GovernorUnableToCancel", self.id, caller)
        self.canceled = True


@dataclass
class Lease:
    id: int
    licensee: str
    terms: Terms
    key: bytes
    offer: int = 0
    vote: Fate | None = None
    status: int = PENDING
    paid_periods: int = 0
    start_by: int = 0
    paid_until: int = 0
    acknowledged: int = 0
    slashed: int = 0
    slashed_at: int = 0
    counted: bool = False
    bond_released: bool = False
    returnable: int = 0

    @property
    def escrow(self) -> int:
        over = self.status in (ENDED, REFUNDED)
        return 0 if over else self.terms.price * (self.terms.periods - self.paid_periods)

    @property
    def bond(self) -> int:
        gone = self.status == REFUNDED or self.bond_released
        return 0 if gone else self.terms.bond - self.slashed


@dataclass
class Offer:
    id: int
    terms: Terms
    licensee: str | None
    capacity: int
    expiry: int
    taken: int = 0
    closed: bool = False


@dataclass
class Neighbours:
    """Who lives in a dataset. While exclusive leases are counted, all of them are one licensee's."""

    live: int = 0
    exclusives: int = 0
    exclusive_licensee: str = ADDRESS_ZERO
    reserved: int = 0
