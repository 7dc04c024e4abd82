"""An asset that calls every function of `DataLeases` and `ModelRegistry` at every hook of every transfer (X-2, as far
as leases go): all of them are refused, and inside the hooks balance never falls below what is owed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak

from assurance.harness.chain.handles import Handle
from assurance.harness.chain.reader import refused
from assurance.harness.dao.books import audited
from assurance.harness.dao.dao import ERASE, HPKE_KEY, Dao
from assurance.harness.dao.leases import ACK_WINDOW, COST, Market
from assurance.harness.dao.registry import signatures
from assurance.harness.dao.system import DAY
from datadao.chain.abi import canonical_type

REENTRANT = keccak(text="ReentrancyGuardReentrantCall()")[:4]


def sample(entry: dict[str, Any]) -> Any:
    """Some value of the type; the guard comes before any check of it."""
    kind = canonical_type(entry)
    if kind.endswith("[]"):
        return []
    if kind.startswith("("):
        return tuple(sample(component) for component in entry["components"])
    return {"address": "0x" + "11" * 20, "bytes32": b"\1" * 32, "string": "", "bool": False}.get(kind, 1)


def every_call(handle: Handle) -> list[bytes]:
    """Calldata for each state-changing function."""
    functions = [e for e in handle.artifact.abi if e["type"] == "function" and e["stateMutability"] == "nonpayable"]
    return [handle.encode(e["name"], *(sample(i) for i in e["inputs"])) for e in functions]


@pytest.fixture
def hooked(dao: Dao) -> Market:
    return Market(Dao(chain=dao.chain, asset="HookAsset"))


def attack(market: Market, victim: Handle, act: Callable[[], Any], transfers: int) -> None:
    """Performs `act` while the asset tries everything on `victim` and reads its books, around each transfer."""
    calls = every_call(victim)
    hook = [*calls, victim.encode("solvency")]
    market.dao.asset.setHook([victim.address] * len(hook), hook, sender=market.stranger.address)
    act()
    attempts = market.dao.asset.attempts()
    market.dao.asset.setHook([], [], sender=market.stranger.address)
    assert len(attempts) == 2 * transfers * len(hook), "every hook tried everything"
    for start in range(0, len(attempts), len(hook)):
        *tried, books = attempts[start : start + len(hook)]
        assert [(a.succeeded, a.result) for a in tried] == [(False, REENTRANT)] * len(calls)
        balance, owed = eth_abi.decode(["uint256", "uint256"], books.result)
        assert balance >= owed
    balance, owed = victim.solvency()
    assert balance == owed


def test_every_function_is_tried(hooked: Market) -> None:
    assert len(every_call(hooked.dao.leases)) == 23
    assert len(every_call(hooked.dao.models)) == 4


def test_money_in__request_and_accept__nothing_re_enters_X2(hooked: Market) -> None:
    dao, licensee = hooked.dao, hooked.licensee
    offer = hooked.create_offer()
    dao.fund(licensee, 2 * COST, dao.leases)
    attack(hooked, dao.leases, lambda: dao.leases.request(dao.terms(), HPKE_KEY, "", sender=licensee.address), 1)
    attack(hooked, dao.leases, lambda: hooked.send("accept", offer, hooked.terms_hash(offer), HPKE_KEY, COST), 1)


def test_instalments_and_slashes__start_period_slash_terminate__nothing_re_enters_X2(hooked: Market) -> None:
    leases = hooked.dao.leases
    leaver = hooked.new_member("leaver")
    lease = hooked.approved()
    attack(hooked, leases, lambda: hooked.send("start", lease), 1)
    hooked.warp_to(hooked.paid_until(lease))
    attack(hooked, leases, lambda: hooked.send("payInstalment", lease), 1)
    hooked.dao.erase(*leaver)
    hooked.warp_to(hooked.now + ACK_WINDOW)
    attack(hooked, leases, lambda: hooked.send("slashUnacknowledged", lease), 1)
    proposal = hooked.queued("terminate", *hooked.termination(lease, 4000))
    hooked.warp_to(hooked.dao.governor.proposalEta(proposal.id))
    attack(hooked, leases, lambda: hooked.carry_out(proposal), 1)
    delivered = hooked.approved()
    attack(hooked, leases, lambda: hooked.dao.deliver(delivered), 1)


def test_money_out__refunds_and_treasury__nothing_re_enters_X2(hooked: Market) -> None:
    leases, refuge = hooked.dao.leases, hooked.dao.who("refuge").address
    first, proposal = hooked.request()
    second, _ = hooked.request()
    hooked.dao.to_end_of_vote(proposal.id)
    attack(hooked, leases, lambda: hooked.send("claimRefund", first, by=hooked.stranger), 1)
    attack(hooked, leases, lambda: hooked.send("claimRefundTo", second, refuge), 1)
    hooked.active()
    attack(hooked, leases, lambda: hooked.send("withdrawTreasury"), 1)


def test_models__pay_and_withdraw__nothing_re_enters_X2(hooked: Market) -> None:
    models, licensee = hooked.dao.models, hooked.licensee.address
    lease = hooked.active(royaltyBps=1000)
    model = models.register([lease], b"\1" * 32, "", True, licensee, sender=licensee).value
    hooked.dao.fund(hooked.stranger, 10_000, models)
    attack(hooked, models, lambda: models.pay(model, licensee, b"\1" * 32, 10_000, sender=hooked.stranger.address), 2)
    attack(hooked, models, lambda: models.withdraw(licensee, sender=hooked.stranger.address), 1)


def erase_inside(market: Market, name: str, units: int) -> None:
    """A new member that erases all it has inside the next transfer."""
    batch, item = market.new_member(name, units=units)
    deadline = market.now + 365 * DAY
    (signature,) = signatures(market.dao, (batch.id, item.fingerprint, deadline), market.dao.who(name), kind=ERASE)
    call = market.dao.registry.encode("eraseBySig", batch.id, tuple(item), batch.proof(item), deadline, signature)
    market.dao.asset.setHook([market.dao.registry.address], [call], sender=market.stranger.address)


def test_start__large_member_erases_inside_the_transfer__pays_no_pool_below_min_shares_L13_X2(hooked: Market) -> None:
    lease = hooked.approved(minShares=900 * 10**9, periods=1)
    erase_inside(hooked, "large", 600)
    with refused(hooked.picture, "DataLeases_TooFewShares", 1, 300 * 10**9, 900 * 10**9):
        hooked.send("start", lease)


def test_accept__member_erases_inside_the_transfer__starts_with_the_count_at_approval_X2_X3(hooked: Market) -> None:
    offer = hooked.create_offer()
    hooked.dao.fund(hooked.licensee, COST, hooked.dao.leases)
    erase_inside(hooked, "large", 10)
    hooked.send("accept", offer, hooked.terms_hash(offer), HPKE_KEY, COST)
    assert hooked.dao.registry.dataset(1).erasures == hooked.lease(1).acknowledged == 1
    assert not audited(hooked.dao).differences
