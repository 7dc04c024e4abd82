"""Heirs: bound, opened, vetoed, and the first move of one pool."""

from __future__ import annotations

from assurance.bench.gas.meter import Figure, Meter
from assurance.bench.gas.world import members
from assurance.harness.chain.anvil import Anvil
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.succession import DELAY, signed
from assurance.harness.dao.system import DAY
from datadao.messages.heirs import BIND, OPEN, UNBIND, VETO

LATE = 2**40
BOUND = "the first heir of a member"
ONE_POOL = "the first time, one pool, to an account that was no member"


def successions(chain: Anvil) -> list[Figure]:
    dao = Dao(chain=chain)
    meter, token, people = Meter(dao), dao.token, members(dao)
    for pool in (1, 0):
        dao.deposit(pool, 10**9)
    holder, other, heir, relayer = people[0], people[1], dao.who("heir"), dao.who("relayer")
    meter.send(token, "bindHeir", heir.address, DELAY, by=holder, case=BOUND)
    meter.send(token, "bindHeir", heir.address, DELAY, by=holder, case="another in its place")
    meter.send(token, "openSuccession", holder.address, by=heir, case="by the heir")
    meter.send(token, "vetoSuccession", by=holder, case="by the account")
    meter.send(token, "unbindHeir", by=holder, case="by the account")
    values = (other.address, heir.address, DELAY, 0, LATE)
    signature = signed(dao, other, BIND, *values)
    meter.send(token, "bindHeirBySig", *values, signature, by=relayer, case=BOUND)
    signature = signed(dao, heir, OPEN, other.address, heir.address, 0, LATE)
    meter.send(token, "openSuccessionBySig", other.address, 0, LATE, signature, by=relayer, case="by the heir")
    opened = token.succession(other.address)[3]
    signature = signed(dao, other, VETO, other.address, opened)
    meter.send(token, "vetoSuccessionBySig", other.address, opened, signature, by=relayer, case="by the account")
    signature = signed(dao, other, UNBIND, other.address, 1, LATE)
    meter.send(token, "unbindHeirBySig", other.address, 1, LATE, signature, by=relayer, case="by the account")
    for place, case in ((2, ONE_POOL), (3, "the first time, one pool, to a member")):
        account, new = people[place], dao.who("new heir")
        token.bindHeir(new.address, DELAY, sender=account.address)
        token.openSuccession(account.address, sender=new.address)
        dao.chain.warp(DELAY * DAY)
        meter.send(token, "succeed", account.address, [1], by=relayer, case=case)
        meter.inside(dao.splitter, "moveMember", f"in DataToken.succeed, {case}")
    meter.send(token, "succeed", people[2].address, [1], by=relayer, case="again, nothing new")
    return meter.figures


PARTS = (successions,)
