"""What other contracts ask: an access condition, a vault that holds data tokens, a governor of governors."""

from __future__ import annotations

from scripts._gas.meter import Figure, Meter
from scripts._gas.registry import deep_batch
from scripts._gas.world import Town
from tests.support.anvil import Anvil
from tests.support.dao import leaf
from tests.support.system import DAY


def answers(chain: Anvil) -> list[Figure]:
    town = Town(chain)
    dao, meter, licensee, member = town.dao, Meter(town.dao), town.licensee, town.members[0]
    lease = town.active()
    proposal = dao.propose(town.founder, (dao.registry, "discard", (1,)))
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, town.founder)

    meter.ask(dao.leases, "leaseAccess", lease, case="a running lease")
    meter.ask(dao.leases, "isAccessAllowed", 1, licensee.address, 1, case="one running lease")
    meter.ask(dao.leases, "lease", lease, case="a running lease")
    meter.ask(dao.leases, "leaseTerms", lease, case="a running lease")
    meter.ask(dao.leases, "isOverdue", lease, case="not overdue")
    meter.ask(dao.leases, "solvency", case="at any size")

    item = leaf(member, "asked for")
    message, paths = deep_batch(dao, [item])
    batch = dao.registry.publish(message, dao.sign_batch(message), "", sender=town.relayer.address).value
    chain.warp(dao.registry.challengePeriod())
    dao.registry.activate(batch, sender=town.relayer.address)
    meter.ask(dao.registry, "isIncluded", batch, tuple(item), paths.proof(0), case="unclaimed, 20 siblings")
    dao.registry.claim(batch, tuple(item), paths.proof(0), sender=town.relayer.address)
    meter.ask(dao.registry, "isIncluded", batch, tuple(item), paths.proof(0), case="claimed, 20 siblings")
    meter.ask(dao.registry, "contribution", item.fingerprint, case="claimed")
    meter.ask(dao.registry, "seatOf", 1, dao.actors["custodian-0"].address, case="a custodian")
    meter.ask(dao.registry, "erasuresAt", 1, town.now, case="no erasure yet")

    meter.ask(dao.splitter, "claimable", member.address, [1], case="one pool")
    meter.ask(dao.splitter, "claimable", member.address, [0, 1], case="two pools")
    meter.ask(dao.splitter, "sharesOf", 1, member.address, case="a member")
    meter.ask(dao.splitter, "acceptsDeposit", 1, 10**6, case="yes")
    meter.ask(dao.splitter, "conservation", case="at any size")

    meter.ask(dao.token, "balanceOf", member.address, case="a member")
    meter.ask(dao.token, "getVotes", member.address, case="never delegated")
    meter.ask(dao.token, "getPastVotes", member.address, town.now - DAY, case="never delegated, three checkpoints")
    meter.ask(dao.governor, "state", proposal.id, case="after its vote")
    meter.ask(dao.governor, "proposalVotes", proposal.id, case="one vote")
    meter.ask(dao.governor, "hasVoted", proposal.id, town.founder.address, case="yes")
    meter.ask(dao.brake, "isPulled", case="released")
    return meter.figures


PARTS = (answers,)
