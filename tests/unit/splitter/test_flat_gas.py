"""S-12: what a deposit and a claim cost does not depend on how many members, deposits or claims there have been, nor
what each of a list costs on how long the list is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import actor

CLAIMANTS = [actor(f"claimant-{i}") for i in range(4)]
POOLS = [1, 2, 3, 4]
MEMBERS = 10_000
LIST = 500
TOLERANCE = 0.02
AMOUNT = 10**9 + 1


class Gas(NamedTuple):
    deposit: int
    claim: int
    each_pool: int
    each_account: int


def founded(shares: int) -> Pair:
    """One member of the first pool."""
    pair = Pair()
    pair.accept(CLAIMANTS[0], shares)
    # Balances of the asset that fall to zero would save, and cost, gas of their own.
    pair.fund(pair.payer, 10**15)
    pair.asset.transfer(pair.splitter.address, 1, sender=pair.payer.address)
    return pair


def join(pair: Pair, shares: int) -> None:
    """Three more members of the first pool; the first one becomes a member of the other pools too."""
    for claimant in CLAIMANTS[1:]:
        pair.accept(claimant, shares)
    for pool in POOLS[1:]:
        pair.accept(CLAIMANTS[0], shares, dataset=pool)


def each_pool(pair: Pair, pools: Sequence[int]) -> int:
    """Of `depositMany`, what each pool but the first adds."""
    by = pair.payer.address
    one = pair.splitter.depositMany(pools[:1], [AMOUNT], sender=by).gas
    all_of_them = pair.splitter.depositMany(pools, [AMOUNT] * len(pools), sender=by).gas
    return (all_of_them - one) // (len(pools) - 1)


def each_account(pair: Pair, accounts: Sequence[str]) -> int:
    """Of `claimFor`, what each account but the first adds; all of them are owed something, both times."""
    by, gas = pair.payer.address, []
    for some in (accounts[:1], accounts):
        pair.splitter.deposit(1, AMOUNT, sender=by)
        receipt = pair.splitter.claimFor(some, [1], sender=by)
        assert len(receipt.named("Claimed")) == len(some)
        gas.append(receipt.gas)
    return (gas[1] - gas[0]) // (len(accounts) - 1)


def steady(pair: Pair) -> Gas:
    """What the third of each costs: slots are in use, as they are all of a DAO's life but once."""
    accounts = [claimant.address for claimant in CLAIMANTS]
    for _ in range(3):
        found = Gas(*single(pair), each_pool(pair, POOLS), each_account(pair, accounts))
    return found


def single(pair: Pair) -> tuple[int, int]:
    """A deposit and a claim."""
    by = pair.payer.address
    deposited = pair.splitter.deposit(1, AMOUNT, sender=by).gas
    return deposited, pair.splitter.claim(CLAIMANTS[0].address, [1], sender=by).gas


def assert_same(first: Sequence[int], later: Sequence[int]) -> None:
    for name, few, many in zip(Gas._fields, first, later, strict=False):
        assert abs(many - few) <= TOLERANCE * few, name


def test_deposit_and_claim__ten_thousand_members__cost_what_one_costs__s12_ab40_b19() -> None:
    pair = founded(SHARES)
    alone = [single(pair) for _ in range(3)][-1]
    join(pair, SHARES)
    few = steady(pair)
    assert_same(alone, few)
    members = [f"0x{i + 0xDA7A0000:040x}" for i in range(MEMBERS)]
    lot = pair.activate(1, MEMBERS * SHARES)
    for member in members:
        pair.splitter.vestShares(1, member, SHARES, lot.entry, sender=pair.registry.address)
    assert_same(few, steady(pair))


def test_deposit_and_claim__after_ten_thousand_deposits__cost_the_same__s12_ab40() -> None:
    pair = founded(3 * SHARES + 1)
    join(pair, 3 * SHARES + 1)
    first = steady(pair)
    for _ in range(10_000):
        pair.splitter.deposit(1, 3, sender=pair.payer.address)
    assert_same(first, steady(pair))


def test_claim_for__five_hundred_accounts__each_costs_what_one_of_ten_costs__s12() -> None:
    pair = founded(SHARES)
    members = [f"0x{i + 0xDA7A0000:040x}" for i in range(LIST)]
    lot = pair.activate(1, LIST * SHARES)
    for member in members:
        pair.splitter.vestShares(1, member, SHARES, lot.entry, sender=pair.registry.address)
    each_account(pair, members)  # the first payment opens a slot of the asset's
    few = each_account(pair, members[:10])
    assert abs(each_account(pair, members) - few) <= TOLERANCE * few


def test_deposit_many__a_hundred_pools__each_costs_what_one_of_ten_costs__s12() -> None:
    pair = founded(SHARES)
    pools = [*range(1, 101)]
    for pool in pools[1:]:
        pair.accept(CLAIMANTS[0], SHARES, dataset=pool)
    each_pool(pair, pools)  # the first deposit opens a slot of the pool's
    few = each_pool(pair, pools[:10])
    assert abs(each_pool(pair, pools) - few) <= TOLERANCE * few
