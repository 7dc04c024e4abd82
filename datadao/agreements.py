"""The agreement of a lease: read from storage, compared with what the chain says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from datadao.client import DataDAO, Terms
from datadao.errors import DataDAOError, ObjectMissing
from datadao.messages.agreement import Agreement

TERMS: Mapping[str, str] = MappingProxyType({
    "dataset_id": "dataset",
    "purposes": "purposes",
    "price_per_period": "price",
    "period_length": "period-days",
    "periods": "periods",
    "bond": "bond",
    "royalty_bps": "royalty-bps",
    "exclusive": "exclusive",
    "min_shares": "min-shares",
})  # fmt: skip
"""What is agreed and stands in the lease too, by field; how people say it."""
_PARTIES = {
    "dao": "the DAO",
    "timelock": "who grants",
    "asset": "the settlement asset",
    "ack_window": "the time to act on erasures",
}


@dataclass(frozen=True)
class Agreed:
    """What is known of the agreement whose `hash` a lease has: itself, or the `problem` with it, and in what it is
    another than the lease."""

    hash: bytes
    agreement: Agreement | None = None
    problem: str = ""
    differences: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Is there none, or one that says what the lease says?"""
        return not self.problem and not self.differences

    def __str__(self) -> str:
        if not any(self.hash):
            return "none"
        if self.agreement is None:
            return f"keccak256 0x{self.hash.hex()}, not shown: {self.problem}"
        says = "ANOTHER THAN THE LEASE" if self.differences else "says what the lease says"
        return f"keccak256 0x{self.hash.hex()}, {says}"


def agreed(
    dao: DataDAO, stored: Callable[[bytes], bytes] | None, terms: Terms, licensee: str, *, by_offer: bool
) -> Agreed:
    """The agreement of a lease, `stored` under its hash (see `Board.agreement`); that it cannot be had stops nothing.
    Raises what reading the chain raises."""
    digest = terms.agreement_hash
    if not any(digest):
        return Agreed(digest)
    if stored is None:
        return Agreed(digest, problem="this role has no storage to read it from")
    try:
        found = Agreement.decode(stored(digest))
    except ObjectMissing:
        return Agreed(digest, problem="it is not in storage; ask the licensee for it, `lease show --check` compares")
    except DataDAOError as error:
        return Agreed(digest, problem=str(error))
    return Agreed(digest, found, differences=differences(dao, found, terms, licensee, by_offer=by_offer))


def agreed_of(dao: DataDAO, stored: Callable[[bytes], bytes], lease_id: int) -> Agreed:
    """The same of a lease by its number."""
    info, terms = dao.read("leases", "lease", lease_id), Terms(*dao.read("leases", "leaseTerms", lease_id)[0])
    return agreed(dao, stored, terms, info.licensee, by_offer=bool(info.offerId))


def parties(dao: DataDAO) -> dict[str, Any]:
    """What an agreement with this DAO says of it, whatever the terms."""
    asset, window = dao.read("leases", "asset"), dao.read("leases", "ackWindow")
    return {"dao": dao.id, "timelock": dao.addresses["timelock"], "asset": asset, "ack_window": window}


def differences(dao: DataDAO, found: Agreement, terms: Terms, licensee: str, *, by_offer: bool) -> tuple[str, ...]:
    """In what an agreement is another than a lease, one line each."""
    expected = {name: getattr(terms, name) for name in TERMS} | parties(dao)
    names = {**TERMS, **_PARTIES}
    pairs = [(names[name], getattr(found, name), value) for name, value in expected.items()]
    if not (by_offer and found.licensee is None):
        pairs.append(("the licensee", found.licensee or "anyone", licensee))
    return tuple(f"{name}: {one} in the agreement, {other} in the lease" for name, one, other in pairs if one != other)
