"""Deposits and claims, the token, models, and creations."""

from __future__ import annotations

from assurance.bench.gas.meter import Figure, Meter
from assurance.bench.gas.world import Town, members
from assurance.harness.chain.anvil import Anvil
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.factory import FactoryDao
from assurance.harness.dao.system import Actor, config
from datadao.messages import eip712

MANY = 100
EACH_PAID = f"each further member, of {MANY}, later"
PERMIT = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
DELEGATION = "Delegation(address delegatee,uint256 nonce,uint256 expiry)"


def revenue(chain: Anvil) -> list[Figure]:
    dao = Dao(chain=chain)
    meter, people = Meter(dao), members(dao)
    claimant, relayer = people[0], dao.who("relayer")
    meter.take(dao.splitter, "deposit", "first of the DAO", dao.deposit(1, 10**9))
    meter.take(dao.splitter, "deposit", "later, any number of members", dao.deposit(1, 10**9))
    dao.splitter.claim(people[1].address, [1], sender=claimant.address)
    meter.send(dao.splitter, "claim", claimant.address, [1], by=claimant, case="first, one pool")
    dao.deposit(1, 10**9)
    meter.send(dao.splitter, "claim", claimant.address, [1], by=claimant, case="later, one pool")
    dao.deposit(0, 10**9)
    dao.deposit(1, 10**9)
    meter.send(dao.splitter, "claim", claimant.address, [1], by=relayer, case="later, dataset and commons, by another")
    payer = dao.who("payer")
    dao.fund(payer, 10**12, dao.splitter)
    meter.send(dao.splitter, "depositMany", [1, 0], [10**9, 10**8], by=payer, case="dataset and commons")
    refuge = dao.who("refuge")
    meter.send(dao.splitter, "claimTo", refuge.address, [1], by=people[1], case="to an account without balance")
    meter.figures += _many(chain)
    return meter.figures


def _many(chain: Anvil) -> list[Figure]:
    """A payout to a hundred members, each paid before."""
    dao = Dao(chain=chain)
    meter, people = Meter(dao), members(dao, MANY, units=3)
    addresses = [person.address for person in people]
    for _ in range(2):
        dao.deposit(1, 10**9)
        dao.deposit(0, 10**9)
        most = dao.splitter.claimFor(addresses, [1], sender=dao.who("relayer").address)
    for size in (1, MANY):
        dao.deposit(1, 10**9)
        dao.deposit(0, 10**9)
        most = dao.splitter.claimFor(addresses[:size], [1], sender=dao.who("relayer").address)
        if size == 1:
            few = most
    meter.take(dao.splitter, "claimFor", f"{MANY} members, later", most)
    meter.inside(dao.splitter, "claimWithin", "in RevenueSplitter.claimFor", 1)
    meter.each(dao.splitter, "claimFor", EACH_PAID, MANY - 1, most, few)
    return meter.figures


def tokens(chain: Anvil) -> list[Figure]:
    """Delegation where tokens cannot move, and the token of a transferable DAO."""
    town = Town(chain)
    meter, token = Meter(town.dao), town.dao.token
    holder, other = town.members[:2]
    meter.send(token, "delegate", other.address, by=holder, case="to another, first")
    meter.send(token, "delegate", holder.address, by=holder, case="back to oneself")
    for nonce, case in enumerate(("first of its holder", "later")):
        late = town.now + 10**6
        target = (other if nonce == 0 else holder).address
        meter.send(
            token, "delegateBySig", target, nonce, late, *_signed(town, holder, DELEGATION, target, nonce, late),
            by=town.relayer, case=case,
        )  # fmt: skip
    _transferable(meter, chain)
    return meter.figures


def _transferable(meter: Meter, chain: Anvil) -> None:
    town = Town(chain, config(DataToken__transferable=True))
    inner, token = Meter(town.dao), town.dao.token
    holder, spender = town.members[:2]
    buyer, late, amount = town.dao.who("buyer"), town.now + 10**6, 10**9
    inner.send(token, "approve", spender.address, 10 * amount, by=holder, case="first")
    inner.send(token, "transfer", buyer.address, amount, by=holder, case="to a new holder")
    inner.send(token, "transfer", buyer.address, amount, by=holder, case="to a holder")
    arguments = (holder.address, buyer.address, amount)
    inner.send(token, "transferFrom", *arguments, by=spender, case="to a holder, finite allowance")
    permit = (holder.address, spender.address, amount)
    signature = _signed(town, holder, PERMIT, *permit, 0, late)
    inner.send(token, "permit", *permit, late, *signature, by=town.relayer, case="first of its holder")
    meter.figures += inner.figures


def _signed(town: Town, holder: Actor, kind: str, *fields: object) -> tuple[int, bytes, bytes]:
    token = town.dao.token
    typed = eip712.typed_data(token.name(), town.dao.chain.chain_id, token.address, kind, *fields)
    signature = holder.sign(typed)
    return signature[64], signature[:32], signature[32:64]


def models(chain: Anvil) -> list[Figure]:
    town = Town(chain)
    dao, meter = town.dao, Meter(town.dao)
    lab, payer = dao.who("lab"), dao.who("payer")
    leases = [town.active(lab, royaltyBps=500) for _ in range(2)]
    text = "https://models.example/of-voting-behaviour"
    lone, both = leases[:1], leases
    arguments = (text.encode().ljust(32)[:32], text, True, lab.address)
    meter.send(dao.models, "register", lone, *arguments, by=lab, case=f"one lease, {len(text)} bytes of address")
    meter.send(dao.models, "register", both, *arguments, by=lab, case=f"two leases, {len(text)} bytes of address")
    dao.fund(payer, 10**12, dao.models)
    first, second = ((number, lab.address, arguments[0], 10**6) for number in (1, 2))
    meter.send(dao.models, "pay", *first, by=payer, case="first, one royalty")
    meter.send(dao.models, "pay", *first, by=payer, case="later, one royalty")
    meter.send(dao.models, "pay", *second, by=payer, case="later, two royalties of one pool")
    meter.send(dao.models, "withdraw", lab.address, by=payer, case="to an account without balance")
    dao.models.pay(*first, sender=payer.address)
    meter.send(dao.models, "withdrawTo", dao.who("refuge").address, by=lab, case="to an account without balance")
    return meter.figures


def creations(chain: Anvil) -> list[Figure]:
    """A DAO from the factory, in its two transactions."""
    created = FactoryDao(chain=chain)
    meter = Meter(created)
    meter.take(created.factory, "begin", "the configuration of local nodes", created.begun)
    meter.take(created.factory, "complete", "the configuration of local nodes", created.completed)
    return meter.figures


PARTS = (revenue, tokens, models, creations)
