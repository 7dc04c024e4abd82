"""The walking skeleton: from a signed batch to claimed rent, and the losing path to a full refund."""

from __future__ import annotations

from assurance.harness.dao.dao import AGAINST, DEFEATED, HPKE_KEY, Dao, leaf
from assurance.harness.dao.system import DAY


def test_a_voted_lease_pays_its_contributors_and_a_defeated_request_is_refunded_in_full(dao: Dao) -> None:
    members = [dao.who(f"member-{i}") for i in range(4)]
    leaves = [leaf(member, member.name, units=100) for member in members]
    dao.contribute(*leaves)
    assert dao.token.totalSupply() == 400 * 10**9
    assert all(dao.token.getVotes(member.address) == 100 * 10**9 for member in members), "votes without delegating"

    licensee = dao.who("licensee")
    lease, proposal = dao.request(licensee)
    dao.pass_(proposal, *members)
    assert not dao.leases.leaseAccess(lease)[0], "approval alone opens nothing"
    dao.deliver(lease)
    assert dao.leases.leaseAccess(lease)[:2] == (True, HPKE_KEY)
    for _ in range(2):
        dao.chain.warp(29 * DAY)
        dao.leases.payInstalment(lease, sender=licensee.address)

    rival = dao.who("rival")
    refused, defeated = dao.request(rival)
    assert dao.asset.balanceOf(rival.address) == 0
    dao.to_vote(defeated.id)
    dao.vote(defeated.id, *members, support=AGAINST)
    dao.to_end_of_vote(defeated.id)
    assert dao.governor.state(defeated.id) == DEFEATED
    dao.leases.claimRefund(refused, sender=members[0].address)
    assert dao.asset.balanceOf(rival.address) == 420_000_000

    rent = 3 * 120_000_000
    treasury = rent * 500 // 10_000
    paid = 0
    for member in members:
        paid += dao.splitter.claim(member.address, [0, 1], sender=member.address).value
        # Rounding is down, by at most one unit in each of the two pools.
        assert 0 <= (rent - treasury) // 4 - dao.asset.balanceOf(member.address) <= 2
    received, paid_out, owed, carried = dao.splitter.conservation(0, 2)
    assert (received, paid_out) == (rent - treasury, paid)
    assert owed == (received * 2**64 - carried) // 2**64 - paid_out
    assert dao.asset.balanceOf(dao.splitter.address) == received - paid_out
    assert dao.leases.solvency() == (60_000_000 + treasury, 60_000_000 + treasury)
