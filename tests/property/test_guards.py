"""G-9: every function that changes state is in the guard table with its required caller, and refuses every other
account by name (AB-10, AB-78, AB-79).

One DAO in process with something for every function to act on. Each function is called by each kind of person, who
signs for itself where signatures are asked for: it is refused with the very error and arguments and nothing moved, or
it is one of those the table names and gets past the guard. What the table gives to the timelock gets past the guard
through a real vote.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Handle, Reverted
from assurance.harness.dao.dao import AGAINST, ERASE, FOR, HPKE_KEY, READINESS, Batch, Dao, Proposal, leaf
from assurance.harness.dao.governance import ballot, picture, text_proposal
from assurance.harness.dao.guards import DOCUMENT, GUARDS, state_changing, written
from assurance.harness.dao.registry import state as registry_state
from assurance.harness.dao.system import DAY, Actor
from datadao.chain.abi import ORDER
from datadao.messages import eip712
from datadao.types import Leaf

PEOPLE = (
    "stranger",
    "member",
    "contributor",
    "licensee",
    "guardian",
    "deployer",
    "attestor-0",
    "custodian-0",
)
ZERO32 = bytes(32)
PERMIT = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
BIND = "BindHeir(address account,address heir,uint256 delayDays,uint256 nonce,uint48 deadline)"
UNBIND = "UnbindHeir(address account,uint256 nonce,uint48 deadline)"
OPEN_SUCCESSION = "OpenSuccession(address account,address heir,uint256 nonce,uint48 deadline)"
VETO = "VetoSuccession(address account,uint48 openedAt)"
DELEGATION = "Delegation(address delegatee,uint256 nonce,uint256 expiry)"
Calls = dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]]
"""By `Contract.function`: its arguments, and those of the refusal."""
ROLES = {"schedule": "PROPOSER", "scheduleBatch": "PROPOSER", "cancel": "CANCELLER"}


@dataclass
class World:
    dao: Dao
    member: Actor
    contributor: Actor
    licensee: Actor
    item: Leaf
    batch: Batch
    waiting: Batch
    pending: int
    approved: int
    running: int
    refunded: int
    proposal: Proposal
    voting: Proposal
    snapshot: Any = None

    def restore(self) -> None:
        self.dao.chain.revert(self.snapshot)
        self.snapshot = self.dao.chain.snapshot()


@pytest.fixture(scope="module")
def w() -> World:
    dao = Dao()
    member, contributor, licensee = (dao.who(name) for name in ("member", "contributor", "licensee"))
    item = leaf(contributor, "data", 2)
    batch = dao.contribute(leaf(member, "much", 600), item)
    half = (dao.splitter.pool(1)[1] + 1) // 2
    offer = dao.terms(pricePerPeriod=1_000_000, periods=1, bond=1_000_000, minShares=half)
    dao.govern(member, dao.leases, "createOffer", offer, licensee.address, 5, dao.chain.timestamp + 60 * DAY)
    leases = [dao.request(licensee) for _ in range(3)]
    dao.to_vote(leases[2][1].id)
    dao.vote(leases[0][1].id, member)
    dao.vote(leases[1][1].id, member)
    dao.vote(leases[2][1].id, member, support=AGAINST)
    dao.to_end_of_vote(leases[2][1].id)
    for _, approved in leases[:2]:
        dao.queue(approved)
        dao.execute(approved)
    dao.deliver(leases[0][0])
    dao.leases.refund(leases[2][0], sender=licensee.address)
    voting = text_proposal(dao, member, "voting")
    dao.to_vote(voting.id)
    waiting = dao.publish([leaf(dao.who("newcomer"), "new", 2)])
    pending, _ = dao.request(licensee)
    for account in (member, contributor):
        dao.token.bindHeir(licensee.address, 365, sender=account.address)
    dao.token.openSuccession(member.address, sender=licensee.address)
    world = World(
        dao,
        member,
        contributor,
        licensee,
        item,
        batch,
        waiting,
        pending,
        leases[1][0],
        leases[0][0],
        leases[2][0],
        text_proposal(dao, member, "pending"),
        voting,
    )
    dao.fund(licensee, 10_000_000, dao.leases, dao.models)
    world.snapshot = dao.chain.snapshot()
    return world


def calls(w: World, a: Actor) -> Calls:
    """What person `a` sends to each guarded function: right in everything but, perhaps, who sends or signs it."""
    dao = w.dao
    me, now = a.address, dao.chain.timestamp
    domain = (dao.chain.chain_id, dao.registry.address)
    one = (dao.asset.address, 0, b"", ZERO32, ZERO32)
    many = ([dao.asset.address], [0], [b""], ZERO32, ZERO32)
    policy = dao.registry.currentPolicy(1)
    message, _ = dao.batch_message([leaf(w.contributor, "fresh")])
    version = dao.leases.lease(w.approved).committeeVersion
    typed = eip712.typed_data("DatasetRegistry", *domain, READINESS, w.approved, b"\x01" * 32, version)
    signers = {a, dao.actors["custodian-1"], dao.actors["custodian-2"]}
    ready = [s.sign(typed) for s in sorted(signers, key=lambda s: int(s.address, 16))]
    offered = dao.leases.hashTerms(dao.leases.offerTerms(1)[0])
    half = (dao.splitter.pool(1)[1] + 1) // 2
    no_permit = (0, 0, ZERO32, ZERO32)
    deadline = now + DAY
    erase = eip712.typed_data("DatasetRegistry", *domain, ERASE, w.batch.id, w.item.fingerprint, deadline)
    permit = eip712.typed_data(
        dao.token.name(), dao.chain.chain_id, dao.token.address, PERMIT, w.member.address, me, 1, 0, deadline
    )
    mine = a.sign(permit)
    vrs = (mine[64], mine[:32], mine[32:64])

    def signed(kind: str, *values: Any) -> bytes:
        place = (dao.token.name(), dao.chain.chain_id, dao.token.address)
        return a.sign(eip712.typed_data(*place, kind, *values))

    lost, heir, opened = w.contributor.address, w.licensee.address, dao.token.succession(w.member.address)[3]
    bind, opening = (w.member.address, heir, 40, 0, deadline), (lost, heir, 0, deadline)
    plain = ballot(dao, w.voting.id, FOR, w.member, signer=a)
    extended = ballot(dao, w.voting.id, FOR, w.member, signer=a, reason="", params=b"\x01")
    votes, threshold = dao.token.getPastVotes(me, now - 1), dao.governor.proposalThreshold()
    nft = (me, me, 1, b"")
    proof = w.batch.proof(w.item)
    contract = {
        "DataTimelock.schedule": ((*one, 30 * DAY), ()),
        "DataTimelock.scheduleBatch": ((*many, 30 * DAY), ()),
        "DataTimelock.cancel": ((ZERO32,), ()),
        "DataTimelock.execute": (one, ()),
        "DataTimelock.executeBatch": (many, ()),
        "DataTimelock.updateDelay": ((3 * DAY,), (me,)),
        **{f"DataTimelock.{name}": ((ZERO32, me), ()) for name in ("grantRole", "revokeRole", "renounceRole")},
        "EmergencyBrake.pull": ((), (me,)),
        "EmergencyBrake.setGuardian": ((me, deadline), (me,)),
        "DataToken.mint": ((me, 1), (me,)),
        "DataToken.burn": ((w.member.address, 1), (me,)),
        "DataToken.permit": ((w.member.address, me, 1, deadline, *vrs), (me, w.member.address)),
        "DataToken.transfer": ((w.licensee.address, 0), (me, w.licensee.address)),
        "DataToken.transferFrom": ((w.member.address, me, 1), (me, 0, 1)),
        "DataToken.bindHeirBySig": ((*bind, signed(BIND, *bind)), (w.member.address,)),
        "DataToken.unbindHeirBySig": ((lost, 0, deadline, signed(UNBIND, lost, 0, deadline)), (lost,)),
        "DataToken.openSuccession": ((lost,), (me, heir)),
        "DataToken.openSuccessionBySig": ((lost, 0, deadline, signed(OPEN_SUCCESSION, *opening)), (heir,)),
        "DataToken.vetoSuccession": ((), (me, 0)),
        "DataToken.vetoSuccessionBySig": (
            (w.member.address, opened, signed(VETO, w.member.address, opened)),
            (w.member.address,),
        ),
        "RevenueSplitter.addPendingShares": ((1, 1), (me,)),
        "RevenueSplitter.vestShares": ((1, me, 1, 0), (me,)),
        "RevenueSplitter.dropPendingShares": ((1, me, 1, 0), (me,)),
        "RevenueSplitter.removeShares": ((1, w.member.address, 1), (me,)),
        "RevenueSplitter.moveMember": ((1, w.member.address, me), (me,)),
        "RevenueSplitter.claimWithin": ((w.member.address, [0, 1]), (me,)),
        "DataGovernor.propose": (([dao.asset.address], [0], [b""], f"by {a.name}"), (me, votes, threshold)),
        "DataGovernor.proposeLease": ((9, ZERO32, me, "text"), (me,)),
        "DataGovernor.castVoteBySig": ((w.voting.id, FOR, w.member.address, plain), (w.member.address,)),
        "DataGovernor.castVoteWithReasonAndParamsBySig": (
            (w.voting.id, FOR, w.member.address, "", b"\x01", extended),
            (w.member.address,),
        ),
        "DataGovernor.cancel": (w.proposal.action, (w.proposal.id, me)),
        **{f"DataGovernor.{name}": ((3 * DAY,), (me,)) for name in ("setVotingDelay", "setVotingPeriod")},
        "DataGovernor.setProposalThreshold": ((1,), (me,)),
        "DataGovernor.setLateQuorumVoteExtension": ((1,), (me,)),
        "DataGovernor.setQuorumBps": ((500,), (me,)),
        "DataGovernor.setLeaseQuorumBps": ((500,), (me,)),
        "DataGovernor.updateTimelock": ((me,), ()),
        "DataGovernor.relay": ((me, 0, b""), ()),
        "DataGovernor.onERC721Received": (nft, ()),
        "DataGovernor.onERC1155Received": ((me, me, 1, 1, b""), ()),
        "DataGovernor.onERC1155BatchReceived": ((me, me, [1], [1], b""), ()),
        "DataGovernor.receive": ((), ()),
        "DataLeases.cancelRequest": ((w.pending,), (me, w.licensee.address)),
        "DataLeases.approve": ((w.pending, ZERO32), (me,)),
        "DataLeases.claimRefundTo": ((w.refunded, me), (me, w.licensee.address)),
        "DataLeases.createOffer": ((dao.terms(minShares=half), me, 1, deadline), (me,)),
        "DataLeases.closeOffer": ((1,), (me,)),
        "DataLeases.accept": ((1, offered, HPKE_KEY, 10_000_000), (1, w.licensee.address)),
        "DataLeases.acceptWithPermit": (
            (1, offered, HPKE_KEY, 10_000_000, no_permit),
            (1, w.licensee.address),
        ),
        "DataLeases.confirmDelivery": ((w.approved, b"\x01" * 32, ready), (me, version)),
        "DataLeases.start": ((w.approved,), (me, w.licensee.address)),
        "DataLeases.end": ((w.running,), (w.running,)),
        "DataLeases.terminate": ((w.running, dao.leases.lease(w.running).startBy, 1), (me,)),
        "DataLeases.acknowledge": ((w.running,), (me, w.licensee.address)),
        "DataLeases.rotateKey": ((w.running, b"\x01" * 32), (me, w.licensee.address)),
        "ModelRegistry.register": (([w.running], ZERO32, "", True, me), (w.running, me, w.licensee.address)),
        "DatasetRegistry.createDataset": ((policy,), (me,)),
        "DatasetRegistry.updatePolicy": ((1, policy), (me,)),
        "DatasetRegistry.setAttestors": (([(me, b"\x01" * 32)], 1), (me,)),
        "DatasetRegistry.setCommittee": (([(me, b"\x01" * 32, "file:x")], 1), (me,)),
        "DatasetRegistry.replaceCustodian": ((1, 0, (me, b"\x01" * 32, "file:x")), (me,)),
        "DatasetRegistry.discard": ((w.waiting.id,), (me,)),
        "DatasetRegistry.publish": ((message, dao.sign_batch(message, [a, dao.actors["attestor-1"]]), ""), (me, 1)),
        "DatasetRegistry.veto": ((w.waiting.id,), (me,)),
        "DatasetRegistry.erase": ((w.batch.id, tuple(w.item), proof), (me, w.contributor.address)),
        "DatasetRegistry.eraseBySig": (
            (w.batch.id, tuple(w.item), proof, deadline, a.sign(erase)),
            (w.contributor.address,),
        ),
    }
    for name in ("schedule", "scheduleBatch", "cancel", "execute", "executeBatch"):
        role = getattr(dao.timelock, f"{ROLES.get(name, 'EXECUTOR')}_ROLE")()
        contract[f"DataTimelock.{name}"] = (contract[f"DataTimelock.{name}"][0], (me, role))
    return contract


def send(handle: Handle, name: str, args: tuple[Any, ...], sender: str) -> None:
    """As a transaction, whatever the ABI says of the function's mutability."""
    data = b"" if name == "receive" else handle.encode(name, *args)
    handle.chain.transact(sender, handle.address, data, 0)  # type: ignore[attr-defined]


def everything(w: World) -> tuple[Any, ...]:
    dao = w.dao
    return (
        picture(dao, w.proposal.id, w.voting.id, dao.lease_proposal(w.pending).id, voters=[w.member]),
        registry_state(dao, [w.item]),
        dao.splitter.conservation(0, dao.splitter.poolCount()),
        dao.leases.solvency(),
        dao.models.solvency(),
        [dao.leases.offer(i) for i in range(1, dao.leases.offerCount() + 1)],
        [dao.token.succession(account.address) for account in (w.member, w.contributor)],
        [dao.token.allowance(w.member.address, dao.who(name).address) for name in PEOPLE],
        [dao.asset.balanceOf(dao.who(name).address) for name in PEOPLE],
    )


GUARDED = [(key, contract, name) for key, contract in ORDER for name, guard in GUARDS[contract].items() if guard.error]
OPEN = [(key, c, name) for key, c in ORDER for name, guard in GUARDS[c].items() if not guard.error]
ERRORS = {guard.error for functions in GUARDS.values() for guard in functions.values() if guard.error}


def test_guard_table__names_every_function_that_changes_state__and_no_other_G9_AB79() -> None:
    for _, contract in ORDER:
        in_abi = [entry["name"] for entry in state_changing(contract)]
        assert sorted(in_abi) == sorted(GUARDS[contract]), contract
        assert len(in_abi) == len(set(in_abi)), "no overloads, so that a name says which function"


def test_guard_table__in_the_document__is_that_of_the_contracts() -> None:
    text = DOCUMENT.read_text()
    assert text == written(text), "run: toolchain/run python -m assurance.harness.dao.guards"


@pytest.mark.parametrize(("key", "contract", "name"), GUARDED, ids=lambda v: v)
def test_guarded_function__called_by_every_kind_of_stranger__refused_by_name_G9_B22(
    w: World, key: str, contract: str, name: str
) -> None:
    guard, handle = GUARDS[contract][name], getattr(w.dao, key)
    before, refused = everything(w), 0
    for person in PEOPLE:
        caller = w.dao.who(person)
        args, error_args = calls(w, caller)[f"{contract}.{name}"]
        if person in guard.people:
            continue
        assert guard.error is not None
        with pytest.raises(Reverted) as caught:
            send(handle, name, args, caller.address)
        assert caught.value == Reverted(guard.error, *error_args), person
        assert everything(w) == before, person
        refused += 1
    assert refused == len(PEOPLE) - len(guard.people) > 0


def test_delegation_by_signature__by_every_kind_of_stranger__moves_the_signers_votes_alone(w: World) -> None:
    """There is no one to guard against: a signature moves the votes of who signed."""
    dao = w.dao
    for person in PEOPLE:
        w.restore()
        caller = dao.who(person)
        typed = eip712.typed_data(
            dao.token.name(), dao.chain.chain_id, dao.token.address, DELEGATION, caller.address, 0, 2**40
        )
        signed = caller.sign(typed)
        dao.token.delegateBySig(
            caller.address, 0, 2**40, signed[64], signed[:32], signed[32:64], sender=dao.who("relayer").address
        )
        assert dao.token.delegates(w.member.address) == w.member.address
    w.restore()


@pytest.mark.parametrize(
    ("key", "contract", "name"), [g for g in GUARDED if GUARDS[g[1]][g[2]].people], ids=lambda v: v
)
def test_guarded_function__called_by_whom_the_table_names__gets_past_the_guard_G9(
    w: World, key: str, contract: str, name: str
) -> None:
    """It succeeds, and something changes."""
    guard, handle = GUARDS[contract][name], getattr(w.dao, key)
    for person in guard.people:
        caller = w.dao.who(person)
        args, _ = calls(w, caller)[f"{contract}.{name}"]
        before = everything(w)
        send(handle, name, args, caller.address)
        after = everything(w)
        assert name in ("propose", "acknowledge", "rotateKey", "register") or after != before
        w.restore()


BY_VOTE = [g for g in GUARDED if GUARDS[g[1]][g[2]].who.startswith("timelock")]


@pytest.mark.parametrize(("key", "contract", "name"), BY_VOTE, ids=lambda v: v)
def test_guarded_function__called_by_the_timelock_after_a_vote__gets_past_the_guard_G9(
    w: World, key: str, contract: str, name: str
) -> None:
    dao, handle = w.dao, getattr(w.dao, key)
    args, _ = calls(w, w.member)[f"{contract}.{name}"]
    if name == "approve":
        proposal = dao.lease_proposal(w.pending)
    else:
        if name in ("setGuardian", "createOffer"):
            args = (*args[:-1], dao.chain.timestamp + 30 * DAY)
        if name == "createOffer":
            args = (dao.terms(minShares=(dao.splitter.pool(1)[1] + 1) // 2), *args[1:])
        proposal = dao.propose(w.member, (handle, name, args), text="by vote")
    dao.pass_(proposal, w.member)
    w.restore()


@pytest.mark.parametrize(("key", "contract", "name"), OPEN, ids=lambda v: v)
def test_open_function__called_by_every_kind_of_stranger__never_refused_for_who_it_is_G9(
    w: World, key: str, contract: str, name: str
) -> None:
    """With the plainest arguments of its types it succeeds or is refused for these; the answer is the same for all."""
    handle = getattr(w.dao, key)
    (entry,) = [e for e in state_changing(contract) if e["name"] == name]
    answers = set()
    for person in PEOPLE:
        caller = w.dao.who(person).address
        args = tuple(plainest(i) for i in entry["inputs"])
        try:
            send(handle, name, args, caller)
            answers.add("done")
        except Reverted as refusal:
            answers.add(refusal.name)
        w.restore()
    assert len(answers) == 1, answers
    assert not answers & ERRORS


def plainest(entry: dict[str, Any]) -> Any:
    """The plainest value of an ABI type."""
    kind: str = entry["type"]
    if kind.endswith("]"):
        return []
    if kind == "tuple":
        return tuple(plainest(component) for component in entry["components"])
    if kind.startswith("bytes"):
        return bytes(int(kind.removeprefix("bytes") or 0))
    return {"address": ADDRESS_ZERO, "bool": False, "string": ""}.get(kind, 0)


def test_ether__sent_with_a_call_that_takes_none__refused() -> None:
    """Payable are execution and the timelock's own doors; whatever else gets ether reverts."""
    payable = {
        (contract, entry["name"])
        for _, contract in ORDER
        for entry in state_changing(contract)
        if entry.get("stateMutability") == "payable"
    }
    assert payable == {
        ("DataTimelock", "execute"),
        ("DataTimelock", "executeBatch"),
        ("DataTimelock", "receive"),
        ("DataGovernor", "execute"),
        ("DataGovernor", "receive"),
        ("DataGovernor", "relay"),
    }
