"""Votes, proposals, settings, and the brake."""

from __future__ import annotations

from typing import Any

from eth_utils import keccak

from assurance.bench.gas.meter import Figure, Meter
from assurance.bench.gas.world import Town, members
from assurance.harness.chain.anvil import Anvil
from assurance.harness.dao.dao import AGAINST, FOR, Dao, Proposal, leaf
from assurance.harness.dao.governance import BALLOT, EXTENDED_BALLOT, compact
from assurance.harness.dao.system import DAY, Actor
from datadao.messages import eip712

LIST = 100
WORD = 256
OTHER_WORD = f"first of another {WORD} members"
EACH_LISTED = f"each of {LIST}"
WORDS = 40
EACH_SPREAD = f"each of {LIST} among {WORDS * WORD:,} members"
REASON = "The price is fair and the purpose is one we named."
WITH_REASON = f"{len(REASON)} bytes of reason"


def ballots(chain: Anvil) -> list[Figure]:
    """Votes, alone, signed and by list."""
    dao = Dao(chain=chain)
    meter, governor = Meter(dao), dao.governor
    people = members(dao)
    proposal = _put_to_vote(dao, people[0], "nothing")
    for voter, support, case in zip(people, (FOR, FOR, AGAINST), ("first", "later", "first against"), strict=False):
        meter.send(governor, "castVote", proposal.id, support, by=voter, case=case)
    meter.send(governor, "castVoteWithReason", proposal.id, FOR, REASON, by=people[3], case=WITH_REASON)
    proposal = _put_to_vote(dao, people[0], "with parameters")
    dao.vote(proposal.id, people[0])
    arguments = (proposal.id, FOR, REASON, b"")
    meter.send(governor, "castVoteWithReasonAndParams", *arguments, by=people[1], case=WITH_REASON)
    _signed(meter, people[3])
    _listed(meter, chain)
    _spread(meter, chain)
    _many(meter, chain)
    return meter.figures


def _listed(meter: Meter, chain: Anvil) -> None:
    """A hundred ballots in one transaction."""
    dao = Dao(chain=chain)
    _cast_list(meter, dao, members(dao, LIST, units=3), EACH_LISTED)


def _cast_list(meter: Meter, dao: Dao, people: list[Actor], case: str) -> None:
    proposal = _put_to_vote(dao, people[0], "by list")
    listed = [compact(dao, proposal.id, FOR, person) for person in people]
    dao.chain.warp(12)
    receipt = dao.governor.castVotesBySig(proposal.id, listed, sender=dao.who("relayer").address)
    assert len(receipt.named("VoteCast")) == len(people)
    meter.each(dao.governor, "castVotesBySig", case, len(people), receipt)


def _spread(meter: Meter, chain: Anvil) -> None:
    """A hundred ballots of voters who joined one after another among ten thousand members: they share few receipts.
    The others need not be there, only be counted: their number is written where the token keeps it."""
    dao = Dao(chain=chain)
    token = dao.token
    people = [dao.who(f"member-{i}") for i in range(LIST)]
    items = [leaf(person, f"{person.name}/0", units=3) for person in people]
    batch = dao.publish(items)
    dao.activate(batch)
    for word in range(WORDS):
        if word:
            _count_members(dao, word * WORD - 1)
        for item in items[word::WORDS]:
            dao.claim(batch, item)
    assert {token.memberNumber(person.address) // WORD for person in people} == {*range(WORDS)}
    dao.chain.warp(8 * DAY)
    dao.contribute(*(leaf(person, f"{person.name}/1", units=3) for person in people))
    dao.chain.warp(8 * DAY)
    _cast_list(meter, dao, people, EACH_SPREAD)


def _count_members(dao: Dao, count: int) -> None:
    token, chain = dao.token, dao.chain
    known = token.memberCount()
    found = {slot: chain.storage(token.address, slot) for slot in range(16)}
    (slot,) = (slot for slot, word in found.items() if word >> _NUMBER_AT & _NUMBER == known)
    chain.set_storage(token.address, slot, found[slot] + (count - known << _NUMBER_AT))
    assert token.memberCount() == count


_NUMBER_AT, _NUMBER = 198, 2**32 - 1
"""Of the word of the supply, as `types/Accounts.sol` has it."""


def _many(meter: Meter, chain: Anvil) -> None:
    """The first vote of the second 256 members: the proposal opened the word of the first."""
    dao = Dao(chain=chain)
    people = members(dao, WORD + 1, units=1)
    proposal = _put_to_vote(dao, people[0], "by many")
    inner = Meter(dao)
    inner.send(dao.governor, "castVote", proposal.id, FOR, by=people[WORD], case=OTHER_WORD)
    meter.figures += inner.figures


def _signed(meter: Meter, voter: Actor) -> None:
    dao, relayer = meter.dao, meter.dao.who("relayer")
    for number, name in enumerate(("castVoteBySig", "castVoteBySig", "castVoteWithReasonAndParamsBySig")):
        proposal = _put_to_vote(dao, voter, f"signed {number}")
        dao.vote(proposal.id, dao.who("member-0"))
        extended = name != "castVoteBySig"
        fields: tuple[Any, ...] = (proposal.id, FOR, voter.address, 0) + ((REASON, b"") if extended else ())
        kind = EXTENDED_BALLOT if extended else BALLOT
        typed = eip712.typed_data("DataGovernor", dao.chain.chain_id, dao.addresses["governor"], kind, *fields)
        arguments = (*fields[:3], *fields[4:], voter.sign(typed))
        meter.send(dao.governor, name, *arguments, by=relayer, case="later" if number else "first of its voter")


def _put_to_vote(dao: Dao, proposer: Actor, text: str) -> Proposal:
    proposal = dao.propose(proposer, (dao.registry, "discard", (1,)), text=text)
    dao.to_vote(proposal.id)
    return proposal


def proposals(chain: Anvil) -> list[Figure]:
    """The steps of a proposal, with what the governor asks of the timelock in them."""
    town = Town(chain)
    dao, governor, timelock = town.dao, town.dao.governor, town.dao.timelock
    meter = Meter(dao)

    proposal = _proposed(meter, town, 1_200, "one action")
    _queued(town, proposal, meter)
    dao.chain.warp(2 * DAY)
    meter.send(governor, "execute", *proposal.action, by=town.relayer, case="one action, a setting")
    meter.inside(timelock, "executeBatch", "one action, in DataGovernor.execute")

    proposal = _proposed(meter, town, 1_300)
    meter.send(governor, "cancel", *proposal.action, by=town.founder, case="by its proposer, pending")
    proposal = _proposed(meter, town, 1_400)
    _queued(town, proposal)
    meter.send(governor, "cancel", *proposal.action, by=dao.actors["guardian"], case="by the guardian, queued")
    meter.inside(timelock, "cancel", "in DataGovernor.cancel")
    return meter.figures


def _proposed(meter: Meter, town: Town, bps: int, case: str | None = None) -> Proposal:
    """A proposal with one action; `case` names its figure."""
    governor, text = town.dao.governor, f"Let the quorum of leases be {bps} basis points"
    action = [governor.address], [0], [governor.encode("setLeaseQuorumBps", bps)]
    if case:
        receipt = meter.send(governor, "propose", *action, text, by=town.founder, case=case)
    else:
        receipt = governor.propose(*action, text, sender=town.founder.address)
    return Proposal(receipt.value, *action, keccak(text=text))


def _queued(town: Town, proposal: Proposal, meter: Meter | None = None) -> None:
    town.dao.to_vote(proposal.id)
    town.dao.vote(proposal.id, town.founder)
    town.dao.to_end_of_vote(proposal.id)
    if not meter:
        return town.dao.queue(proposal)
    meter.send(town.dao.governor, "queue", *proposal.action, by=town.relayer, case="one action")
    meter.inside(town.dao.timelock, "scheduleBatch", "one action, in DataGovernor.queue")
    return None


def settings(chain: Anvil) -> list[Figure]:
    """Parameters that voters change, each by a proposal of its own."""
    town = Town(chain)
    dao, meter = town.dao, Meter(town.dao)
    for name, value in (
        ("setVotingDelay", 2 * DAY),
        ("setVotingPeriod", 4 * DAY),
        ("setProposalThreshold", 2 * 10**9),
        ("setLateQuorumVoteExtension", DAY // 2),
        ("setQuorumBps", 900),
        ("setLeaseQuorumBps", 1_100),
    ):
        meter.decide(town.founder, dao.governor, name, value, case="another value")
    meter.decide(town.founder, dao.timelock, "updateDelay", 3 * DAY, case="another value")
    guardian = dao.who("next guardian")
    until = town.now + 200 * DAY
    meter.decide(town.founder, dao.brake, "setGuardian", guardian.address, until, case="a successor")
    meter.send(dao.brake, "pull", by=guardian, case="first")
    dao.chain.warp(11 * DAY)
    meter.send(dao.brake, "pull", by=guardian, case="later")
    return meter.figures


def treasury(chain: Anvil) -> list[Figure]:
    """What the timelock takes in: it holds ether and tokens of any kind for its DAO."""
    town = Town(chain)
    meter, timelock = Meter(town.dao), town.dao.timelock
    sender, zero = town.relayer, "0x" + "00" * 20
    meter.send(timelock, "onERC721Received", zero, zero, 1, b"", by=sender, case="answers that it takes the token")
    meter.send(timelock, "onERC1155Received", zero, zero, 1, 1, b"", by=sender, case="answers that it takes the token")
    meter.send(
        timelock, "onERC1155BatchReceived", zero, zero, [1], [1], b"", by=sender, case="answers that it takes the token"
    )
    return meter.figures


PARTS = (ballots, proposals, settings, treasury)
