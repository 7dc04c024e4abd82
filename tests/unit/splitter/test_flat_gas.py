"""S-12: what a deposit and a claim cost does not depend on how many members, deposits or claims there have been."""

from __future__ import annotations

from typing import NamedTuple

from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import actor

CLAIMANT = actor("claimant")
MEMBERS = 10_000
TOLERANCE = 0.02


class Gas(NamedTuple):
    deposit: int
    claim: int


def steady(pair: Pair) -> Gas:
    """What the third deposit and the third claim cost: slots are in use, as they are all of a DAO's life but once."""
    # Balances of the asset that fall to zero would save, and cost, gas of their own.
    pair.fund(pair.payer, 10**12)
    pair.asset.transfer(pair.splitter.address, 1, sender=pair.payer.address)
    for _ in range(3):
        deposited = pair.splitter.deposit(1, 10**9 + 1, sender=pair.payer.address).gas
        claimed = pair.splitter.claim(CLAIMANT.address, [1], sender=pair.payer.address).gas
    return Gas(deposited, claimed)


def test_deposit_and_claim__ten_thousand_members__cost_what_one_costs__s12_ab40_b19() -> None:
    pair = Pair()
    pair.accept(CLAIMANT, SHARES)
    alone = steady(pair)
    lot = pair.activate(1, MEMBERS * SHARES)
    registry = pair.registry.address
    for i in range(MEMBERS):
        member = f"0x{i + 0xDA7A0000:040x}"
        pair.splitter.vestShares(1, member, SHARES, lot.entry, sender=registry)
    crowded = steady(pair)
    for few, many in zip(alone, crowded, strict=True):
        assert abs(many - few) <= TOLERANCE * few


def test_deposit_and_claim__after_ten_thousand_deposits__cost_the_same__s12_ab40() -> None:
    pair = Pair()
    pair.accept(CLAIMANT, 3 * SHARES + 1)
    first = steady(pair)
    for _ in range(10_000):
        pair.splitter.deposit(1, 3, sender=pair.payer.address)
    last = steady(pair)
    for early, late in zip(first, last, strict=True):
        assert abs(late - early) <= TOLERANCE * early
