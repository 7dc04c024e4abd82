"""How often each operation stores each word that it writes, as the node traces it.

A word stored twice costs 100 gas more than it has to. The compiler merges neighbouring fields of a packed struct only
where no other function writes one of them alone, so a sum such as gas hides it: here every store is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from assurance.harness.dao.dao import FOR, HPKE_KEY, Dao, leaf
from assurance.harness.dao.leases import COST, Market
from assurance.harness.dao.registry import claim_many

pytestmark = pytest.mark.node

Stores = dict[str, tuple[int, ...]]
"""By contract: the stores to each of its words, in the order of their first."""
EXPECTED: dict[str, Stores] = {
    "publish": {"registry": (1, 1, 1, 3)},
    "activate": {"registry": (1, 1, 2), "splitter": (1, 1), "token": (1, 1)},
    "claim, a new member": {"registry": (1, 1), "splitter": (1,), "token": (2, 1)},
    "claim, a known member": {"registry": (1, 1), "splitter": (1,), "token": (1, 1)},
    "claim two at once": {"registry": (1, 1, 1), "splitter": (1,), "token": (1, 1)},
    "claim, the last of its batch": {"registry": (1, 1), "splitter": (1,), "token": (2, 1)},
    "erase": {"registry": (1, 1), "splitter": (1, 1, 1), "token": (1, 1)},
    "delegate": {"token": (1, 1, 1)},
    "deposit": {"splitter": (1, 1)},
    "claim income": {"splitter": (1, 1)},
    "request": {"leases": (2, 1, 1, 1, 2, 1), "governor": (3, 2, 2)},
    "vote, the first": {"governor": (1, 1)},
    "vote, a later one": {"governor": (1, 1)},
    "queue": {"governor": (1,), "timelock": (1,)},
    "approve": {"governor": (1,), "leases": (1, 1, 3, 1), "timelock": (1,)},
    "start": {"leases": (2, 1), "splitter": (1, 1, 1, 1)},
    "pay an instalment": {"leases": (1, 1), "splitter": (1, 1, 1, 1)},
    "end": {"leases": (1, 1)},
    "accept": {"leases": (2, 1, 4, 2, 1, 1, 1)},
}
_TRACER = """{
    stores: [],
    step: function (log) {
        if (log.op.toString() == "SSTORE")
            this.stores.push([toHex(log.contract.getAddress()), log.stack.peek(0).toString(16)]);
    },
    fault: function () {},
    result: function () { return this.stores; },
}"""


def stores(dao: Dao) -> Stores:
    """Of the last transaction, in the DAO's contracts."""
    web3 = dao.chain.web3
    (sent,) = web3.eth.get_block("latest")["transactions"]
    answer = web3.provider.make_request("debug_traceTransaction", [sent.to_0x_hex(), {"tracer": _TRACER}])
    names = {address.lower(): name for name, address in dao.addresses.items()}
    counts = Counter((names[address], slot) for address, slot in answer["result"] if address in names)
    contracts = dict.fromkeys(name for name, _ in counts)
    return {name: tuple(count for (owner, _), count in counts.items() if owner == name) for name in contracts}


@pytest.fixture
def operations(market: Market) -> dict[str, Stores]:
    """Of each operation once, in an order in which they can be."""
    dao, found = market.dao, dict[str, Stores]()
    member, latecomer, payer = (dao.who(name) for name in ("member", "latecomer", "payer"))

    def note(name: str, act: Callable[[], Any]) -> Any:
        result = act()
        found[name] = stores(dao)
        return result

    mine = [leaf(member, f"data {i}", 10) for i in range(4)]
    batch = note("publish", lambda: dao.publish([*mine, leaf(latecomer, "data", 10)]))
    note("activate", lambda: dao.activate(batch))
    note("claim, a new member", lambda: dao.claim(batch, mine[0]))
    note("claim, a known member", lambda: dao.claim(batch, mine[1]))
    note("claim two at once", lambda: claim_many(dao, batch, mine[2:]))
    note("claim, the last of its batch", lambda: dao.claim(batch, leaf(latecomer, "data", 10)))
    note("erase", lambda: dao.erase(batch, mine[0]))
    note("delegate", lambda: dao.token.delegate(latecomer.address, sender=member.address))
    dao.fund(payer, 10**6, dao.splitter)
    note("deposit", lambda: dao.splitter.deposit(1, 10**6, sender=payer.address))
    note("claim income", lambda: dao.splitter.claim(member.address, [0, 1], sender=member.address))

    dao.fund(market.licensee, COST, dao.leases)
    lease, _ = note("request", lambda: market.send("request", dao.terms(), HPKE_KEY, "")).value
    proposal = dao.lease_proposal(lease)
    dao.to_vote(proposal.id)
    note("vote, the first", lambda: dao.vote(proposal.id, member, support=FOR))
    note("vote, a later one", lambda: dao.vote(proposal.id, market.founder, support=FOR))
    dao.to_end_of_vote(proposal.id)
    note("queue", lambda: dao.queue(proposal))
    note("approve", lambda: dao.execute(proposal))
    note("start", lambda: market.send("start", lease))
    market.warp_to(market.paid_until(lease))
    note("pay an instalment", lambda: market.send("payInstalment", lease))
    note("end", lambda: market.send("end", lease))

    offer = market.create_offer()
    note("accept", lambda: market.accept(offer))
    return found


def test_stores__of_each_operation__are_as_often_as_expected(operations: dict[str, Stores]) -> None:
    assert operations == EXPECTED
