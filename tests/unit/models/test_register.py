"""`register`: a model binds one to eight started leases of its owner, royalties together at most everything (L-11)."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils import keccak
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.reader import refused
from assurance.harness.dao.leases import Market
from assurance.harness.dao.system import DAY, Actor

HASH = keccak(text="model card")


def register(
    market: Market, leases: list[int], by: Actor | None = None, beneficiary: str | None = None, **fields: Any
) -> Any:
    by = by or market.licensee
    values = {"modelHash": HASH, "uri": "ipfs://card", "openSource": True} | fields
    beneficiary = by.address if beneficiary is None else beneficiary
    return market.dao.models.register(leases, *values.values(), beneficiary, sender=by.address)


def started(market: Market, count: int, royalty: int = 0) -> list[int]:
    offer = market.create_offer(seats=count, royaltyBps=royalty, days=300)
    leases = [market.accept(offer) for _ in range(count)]
    for lease in leases:
        market.send("start", lease)
    return leases


def test_register__started_leases__recorded_with_their_royalties(market: Market) -> None:
    leases = started(market, 2, royalty=250)
    beneficiary = market.dao.who("refuge").address
    with market.moment(market.now):
        effects = market.effects(lambda: register(market, leases, beneficiary=beneficiary))
        assert effects == {"models": (0, 1)}
    receipt = register(market, leases, beneficiary=beneficiary)
    assert receipt.value == 1
    event = {
        "modelId": 1,
        "owner": market.licensee.address,
        "leaseIds": tuple(leases),
        "modelHash": HASH,
        "uri": "ipfs://card",
        "openSource": True,
        "beneficiary": beneficiary,
    }
    ((name, args),) = market.said(receipt, "models")
    assert (name, args | {"leaseIds": tuple(args["leaseIds"])}) == ("ModelRegistered", event)
    assert vars(market.dao.models.model(1)) == {
        "owner": market.licensee.address,
        "beneficiary": beneficiary,
        "modelHash": HASH,
        "openSource": True,
        "royaltyBps": 500,
        "leaseIds": leases,
        "uri": "ipfs://card",
    }
    assert register(market, leases[:1]).value == 2, "a lease may train several models"


@pytest.mark.parametrize("count", [0, 9])
def test_register__no_or_too_many_leases__refused(market: Market, count: int) -> None:
    with refused(market.picture, "ModelRegistry_InvalidLeaseCount", count, 1, 8):
        register(market, list(range(1, count + 1)))


def test_register__eight_leases_of_an_eighth_each__accepted_and_one_point_more_refused(market: Market) -> None:
    leases = started(market, 7, royalty=1250)
    last = started(market, 1, royalty=1250)
    register(market, leases + last)
    rival = market.dao.who("rival")
    offers = [market.create_offer(royaltyBps=bps, days=300) for bps in (9999, 1, 2)]
    theirs = [market.accept(offer, rival) for offer in offers]
    for lease in theirs:
        market.send("start", lease, by=rival)
    register(market, theirs[:2], by=rival)
    with refused(market.picture, "ModelRegistry_RoyaltiesTooHigh", 10_002, 10_000):
        register(market, theirs, by=rival)


def test_register__leases_not_strictly_ascending__refused(market: Market) -> None:
    a, b = started(market, 2)
    for order in ([a, a], [b, a]):
        with refused(market.picture, "ModelRegistry_LeasesNotAscending", *order):
            register(market, order)


def test_register__lease_of_another_licensee__refused(market: Market) -> None:
    (mine,) = started(market, 1)
    with refused(market.picture, "ModelRegistry_NotLicensee", mine, market.stranger.address, market.licensee.address):
        register(market, [mine], by=market.stranger)
    for unknown in (0, mine + 1):
        with refused(market.picture, "ModelRegistry_NotLicensee", unknown, market.licensee.address, ADDRESS_ZERO):
            register(market, [unknown])


def test_register__lease_not_started__refused_and_an_ended_one_accepted(market: Market) -> None:
    lease, proposal = market.request()
    with refused(market.picture, "ModelRegistry_NotStarted", lease):
        register(market, [lease])
    market.dao.pass_(proposal, market.founder)
    with refused(market.picture, "ModelRegistry_NotStarted", lease):
        register(market, [lease])
    market.send("start", lease)
    market.send("end", lease)
    market.warp_to(market.now + 400 * DAY)
    register(market, [lease])
    late = market.approved()
    market.warp_to(market.lease(late).startBy)
    market.send("refund", late)
    with refused(market.picture, "ModelRegistry_NotStarted", late):
        register(market, [late])


def test_register__terminated_before_its_start__refused(market: Market) -> None:
    lease = market.approved()
    market.dao.govern(market.founder, market.dao.leases, "terminate", lease, 0)
    with refused(market.picture, "ModelRegistry_NotStarted", lease):
        register(market, [lease])


def test_register__beneficiary_zero_or_the_registry_itself__refused(market: Market) -> None:
    (lease,) = started(market, 1)
    for beneficiary in (ADDRESS_ZERO, market.dao.models.address):
        with refused(market.picture, "ModelRegistry_InvalidBeneficiary", beneficiary):
            register(market, [lease], beneficiary=beneficiary)
