"""`rotateKey`: the licensee changes where later keys are sealed to, as long as there may be later keys."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import HPKE_KEY
from assurance.harness.dao.leases import ENDED, REFUNDED, Market

NEW_KEY = keccak(text="new licensee key")


def test_rotate_key__running_lease__later_releases_go_to_the_new_key_B24(market: Market) -> None:
    lease = market.active()
    with market.moment(market.now):
        effects = market.effects(lambda: market.send("rotateKey", lease, NEW_KEY))
        assert effects == {"lease 1 hpkeKey": (HPKE_KEY, NEW_KEY)}
    receipt = market.send("rotateKey", lease, NEW_KEY)
    assert market.said(receipt) == [("KeyRotated", {"leaseId": lease, "hpkeKey": NEW_KEY})]
    assert market.dao.leases.leaseAccess(lease)[:2] == (True, NEW_KEY)


def test_rotate_key__pending_and_approved__accepted(market: Market) -> None:
    lease, proposal = market.request()
    market.send("rotateKey", lease, NEW_KEY)
    market.dao.pass_(proposal, market.founder)
    market.send("rotateKey", lease, HPKE_KEY)
    assert market.lease(lease).hpkeKey == HPKE_KEY


def test_rotate_key__ended__as_long_as_access_is_paid(market: Market) -> None:
    lease = market.active()
    market.send("end", lease)
    until = market.paid_until(lease)
    with market.moment(until - 1):
        market.send("rotateKey", lease, NEW_KEY)
    for at in (until, until + 1):
        with market.moment(at), refused(market.picture, "DataLeases_WrongStatus", lease, ENDED):
            market.send("rotateKey", lease, NEW_KEY)


def test_rotate_key__refunded_or_unknown__refused(market: Market) -> None:
    with refused(market.picture, "DataLeases_UnknownLease", 1):
        market.send("rotateKey", 1, NEW_KEY)
    lease, proposal = market.request()
    market.dao.to_end_of_vote(proposal.id)
    market.send("refund", lease)
    with refused(market.picture, "DataLeases_WrongStatus", lease, REFUNDED):
        market.send("rotateKey", lease, NEW_KEY)


def test_rotate_key__zero__refused(market: Market) -> None:
    lease = market.active()
    with refused(market.picture, "DataLeases_ZeroKey"):
        market.send("rotateKey", lease, b"\0" * 32)


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "founder", "custodian-0"])
def test_rotate_key__by_anyone_but_the_licensee__refused(market: Market, who: str) -> None:
    lease, caller = market.active(), market.dao.who(who)
    with refused(market.picture, "DataLeases_NotLicensee", caller.address, market.licensee.address):
        market.send("rotateKey", lease, NEW_KEY, by=caller)
    market.send("rotateKey", lease, NEW_KEY)
