"""`requestWithPermit` and `acceptWithPermit`: the escrow's approval travels with the call.

given a permit for the escrow: approved and taken in one transaction, nothing of the approval left
given a permit that another sender used first: the allowance is there, the call goes through
given an asset without permits, or a signature of another account: what is allowed already decides
given terms whose cost does not fit a word: refused by the name of the term, as without a permit
"""

from __future__ import annotations

from typing import Any

import pytest

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import HPKE_KEY, Dao
from assurance.harness.dao.leases import APPROVED, COST, PENDING, Market
from assurance.harness.dao.registry import name32
from assurance.harness.dao.system import Actor
from datadao.messages import eip712

TYPE = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
LATE = 2**256 - 1
NO_PERMIT = LATE, 27, bytes(32), bytes(32)


@pytest.fixture
def market(dao: Dao) -> Market:
    """The licensee has the money and has approved nothing."""
    market = Market(Dao(chain=dao.chain, asset="PermitAsset"))
    market.dao.fund(market.licensee, COST)
    return market


def permit(market: Market, value: int = COST, by: Actor | None = None) -> tuple[Any, ...]:
    """`IDataLeases.Permit`, signed."""
    asset, owner = market.dao.asset, market.licensee
    order = owner.address, market.dao.leases.address, value, asset.nonces(owner.address), LATE
    domain = asset.name(), market.dao.chain.chain_id, asset.address
    signature = (by or owner).sign(eip712.typed_data(*domain, TYPE, *order))
    return LATE, signature[64], signature[:32], signature[32:64]


def ask(market: Market, permit: tuple[Any, ...], **terms: Any) -> Any:
    terms = market.dao.terms(**terms)
    return market.dao.leases.requestWithPermit(terms, HPKE_KEY, "text", permit, sender=market.licensee.address)


def allowance(market: Market) -> int:
    left: int = market.dao.asset.allowance(market.licensee.address, market.dao.leases.address)
    return left


def spent_by_another(market: Market, permit: tuple[Any, ...]) -> None:
    order = market.licensee.address, market.dao.leases.address, COST
    market.dao.asset.permit(*order, *permit, sender=market.stranger.address)


@pytest.mark.parametrize("first", [lambda *_: None, spent_by_another], ids=["fresh", "used by another sender"])
def test_request_with_permit__good_signature__escrows_in_one_transaction(market: Market, first: Any) -> None:
    signed = permit(market)
    first(market, signed)
    lease, _ = ask(market, signed).value
    assert (market.lease(lease).status, market.dao.leases.solvency()) == (PENDING, (COST, COST))
    assert (allowance(market), market.dao.asset.balanceOf(market.licensee.address)) == (0, 0)


@pytest.mark.parametrize("first", [lambda *_: None, spent_by_another], ids=["fresh", "used by another sender"])
def test_accept_with_permit__good_signature__escrows_in_one_transaction(market: Market, first: Any) -> None:
    offer = market.create_offer()
    signed = permit(market)
    first(market, signed)
    taking = offer, market.terms_hash(offer), HPKE_KEY, COST, signed
    lease = market.send("acceptWithPermit", *taking).value
    assert (market.lease(lease).status, market.dao.leases.solvency()) == (APPROVED, (COST, COST))
    assert (allowance(market), market.dao.asset.balanceOf(market.licensee.address)) == (0, 0)


def test_request_with_permit__signed_by_another__refused_for_want_of_allowance(market: Market) -> None:
    signed = permit(market, by=market.stranger)
    with refused(market.picture, "ERC20InsufficientAllowance", market.dao.leases.address, 0, COST):
        ask(market, signed)


def test_with_permit__asset_without_permits__what_is_allowed_already_decides(dao: Dao) -> None:
    market = Market(dao)
    offer = market.create_offer()
    market.dao.fund(market.licensee, 2 * COST, market.dao.leases)
    lease, _ = ask(market, NO_PERMIT).value
    taking = offer, market.terms_hash(offer), HPKE_KEY, COST, NO_PERMIT
    accepted = market.send("acceptWithPermit", *taking).value
    assert [market.lease(n).status for n in (lease, accepted)] == [PENDING, APPROVED]


@pytest.mark.parametrize("field", ["pricePerPeriod", "bond"])
def test_request_with_permit__cost_beyond_a_word__refused_by_the_terms_name(market: Market, field: str) -> None:
    with refused(market.picture, "DataLeases_InvalidTerms", name32(field), LATE, 1_000_000, 2**96 - 1):
        ask(market, NO_PERMIT, **{field: LATE})
