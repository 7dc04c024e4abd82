"""What the tests of wallets show them: the calls of a DAO's life, as they were sent, and messages as the client makes
them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eth_utils import keccak

from assurance.harness.dao.dao import AGAINST, HPKE_KEY, Dao, leaf
from assurance.harness.dao.leases import BOND_DELAY, COST, TOLERANCE, Market
from assurance.harness.dao.registry import claim_many
from assurance.harness.dao.succession import opened, succeeded
from assurance.harness.dao.system import DAY, Actor
from datadao.custodian.journal import Checkpoint
from datadao.messages.batch import Batch
from datadao.messages.bundle import Readiness
from datadao.messages.compute import ComputeKeys, ComputeResult, ComputeReview, Ending
from datadao.messages.eip712 import TypedData, typed_data
from datadao.messages.handover import Handover, takeover
from datadao.messages.requests import (
    ClaimRequest,
    Domains,
    ErasureRequest,
    HeirBinding,
    HeirOpening,
    HeirUnbinding,
    HeirVeto,
    SignedBallot,
)
from datadao.messages.sample import Consent, Sample
from datadao.messages.score import Score
from datadao.messages.submission import Submission, Witness

MODEL = b"a model".ljust(32)
MODEL_AT = "https://models.example/one"
DELEGATION = "Delegation(address delegatee,uint256 nonce,uint256 expiry)"
PERMIT = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"

Sent = list[tuple[str, bytes]]
"""Address and calldata of calls, in order."""


def calls_of_a_life(market: Market) -> Sent:
    """Of licensees, members, heirs and the guardian; the asset knows permits."""
    with _noted(market.dao) as sent:
        _requested(market)
        _leased(market)
        _earned(market)
        _decided(market)
        _contributed(market)
        _inherited(market)
        market.dao.brake.pull(sender=market.dao.who("guardian").address)
    return sent


@contextmanager
def _noted(dao: Dao) -> Iterator[Sent]:
    sent, send = Sent(), dao.chain.transact

    def transact(sender: str, to: str, data: bytes, value: int = 0) -> Any:
        sent.append((to, data))
        return send(sender, to, data, value)

    dao.chain.transact = transact
    try:
        yield sent
    finally:
        dao.chain.transact = send


def _requested(market: Market) -> None:
    """A request that is granted, started, ended and paid back; one that is taken back."""
    dao, founder, licensee = market.dao, market.founder, market.licensee
    lease, proposal = market.request()
    dao.pass_(proposal, founder)
    market.send("start", lease)
    market.send("end", lease)
    market.send("claimRefundTo", lease, founder.address)
    market.warp_to(market.paid_until(lease) + BOND_DELAY)
    market.send("releaseBond", lease)
    back, _ = market.request()
    market.send("cancelRequest", back)
    market.send("claimRefund", back)
    dao.fund(licensee, COST)
    dao.leases.requestWithPermit(dao.terms(), HPKE_KEY, "with a permit", _permit(market), sender=licensee.address)


def _leased(market: Market) -> None:
    """Offers that are accepted, delivered, paid for and acknowledged."""
    dao, licensee = market.dao, market.licensee
    offer = market.create_offer(capacity=2)
    lease = market.accept(offer)
    dao.deliver(lease)
    market.send("rotateKey", lease, keccak(text="another key"))
    market.warp_to(market.paid_until(lease) - TOLERANCE)
    market.send("payInstalment", lease)
    market.send("acknowledge", lease)
    dao.fund(licensee, COST)
    market.send("acceptWithPermit", offer, market.terms_hash(offer), HPKE_KEY, COST, _permit(market))
    market.send("start", dao.leases.leaseCount())
    dao.models.register([lease], MODEL, MODEL_AT, True, licensee.address, sender=licensee.address)
    payer = dao.who("payer")
    dao.fund(payer, 3_000_000, dao.models)
    for way in ("withdraw", "withdrawTo"):
        dao.models.pay(1, licensee.address, MODEL, 1_500_000, sender=payer.address)
        getattr(dao.models, way)(licensee.address, sender=licensee.address)


def _permit(market: Market) -> tuple[Any, ...]:
    """`IDataLeases.Permit` of the asset for what a lease costs."""
    asset, owner = market.dao.asset, market.licensee
    end = market.now + DAY
    order = owner.address, market.dao.leases.address, COST, asset.nonces(owner.address), end
    return end, *parts(owner, typed_data(asset.name(), market.dao.chain.chain_id, asset.address, PERMIT, *order))


def parts(signer: Actor, typed: TypedData) -> tuple[int, bytes, bytes]:
    """A signature as v, r and s."""
    signature = signer.sign(typed)
    return signature[64], signature[:32], signature[32:64]


def _earned(market: Market) -> None:
    dao, founder, licensee = market.dao, market.founder, market.licensee
    dao.fund(licensee, 12_500_000, dao.splitter)
    dao.splitter.deposit(1, 12_500_000, sender=licensee.address)
    dao.splitter.claimTo(licensee.address, [1], sender=founder.address)
    dao.deposit(1, 1_000_000)
    dao.splitter.claim(founder.address, [0, 1], sender=licensee.address)
    dao.deposit(1, 1_000_000)
    dao.splitter.claimFor([founder.address, licensee.address], [1], sender=licensee.address)


def _decided(market: Market) -> None:
    dao, founder = market.dao, market.founder
    proposal = dao.propose(founder, (dao.registry, "discard", (1,)))
    dao.to_vote(proposal.id)
    dao.governor.castVoteWithReason(proposal.id, AGAINST, "it is good data", sender=founder.address)
    dao.governor.cancel(*proposal.action, sender=dao.who("guardian").address)


def _contributed(market: Market) -> None:
    dao, founder = market.dao, market.founder
    item = leaf(founder, "shown", 3)
    dao.erase(dao.contribute(item), item)
    several = [leaf(founder, f"shown {number}", 3) for number in range(3)]
    batch = dao.publish(several)
    dao.activate(batch)
    claim_many(dao, batch, several[:2])
    dao.registry.veto(dao.publish([leaf(founder, "doubtful", 3)]).id, sender=dao.who("guardian").address)


def _inherited(market: Market) -> None:
    """An heir is named, taken back, vetoed, and takes the place of the member."""
    dao, member, heir = market.dao, market.founder, market.licensee
    dao.token.delegate(heir.address, sender=member.address)
    dao.token.bindHeir(heir.address, 45, sender=member.address)
    dao.token.unbindHeir(sender=member.address)
    opened(dao, member, heir)
    dao.token.vetoSuccession(sender=member.address)
    succeeded(dao, member, heir, 1)


def domains(dao: Dao) -> Domains:
    """In which the client signs."""
    registry, governor, token = dao.registry.address, dao.governor.address, dao.token.address
    return Domains(dao.chain.chain_id, registry, governor, token, dao.token.name(), dao.governor.name())


def own_messages(market: Market) -> list[TypedData]:
    """One of each kind that the client signs, by its own classes."""
    dao, place = market.dao, domains(market.dao)
    me, heir, end = market.founder.address, market.licensee.address, 1_800_000_000
    ids, sealed = (word(1), word(2)), b"sealed"
    asked = (
        SignedBallot(7, 2, me, "", b""),
        SignedBallot(7, 0, me, "too cheap", b""),
        ClaimRequest(me, end, b""),
        ErasureRequest(me, 4, word(3), end, b""),
        HeirBinding(me, heir, 45, 2, end, b""),
        HeirUnbinding(me, 3, end, b""),
        HeirOpening(me, heir, 4, end, b""),
        HeirVeto(me, end, b""),
    )
    signed = (
        Submission(1, me, word(4), word(5), b"", ()),
        Score(1, word(6), word(7), 300, 9_000, 0, bytes(32), me, b""),
        Batch(1, 2, word(8), 5 * 10**9, 3, word(9), 1, 1, end),
        Witness(1, 2, ids, b""),
        Readiness(3, word(10), 1, me, b""),
        Handover(1, 2, word(11), ids, sealed, b""),
        Checkpoint(word(12), 40, word(13)),
        Consent(1, me, word(14), b""),
        Sample(4, word(15), word(16), b"a line", me, b""),
        ComputeKeys(3, 1, 2, 1, me, ids, sealed, b""),
        ComputeResult(
            3, 1, 900, word(17), word(18), "wasmtime", 10**9, 2**20, 4_096, 1, Ending.FUEL, 10**8, word(19), me, b""
        ),
        ComputeReview(3, 1, 1, word(19), me, b""),
    )
    return [
        *(message.typed(place) for message in asked),
        *(message.typed(dao.id) for message in signed),
        takeover(dao.id, 1, 2, b"a record"),
    ]


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")
