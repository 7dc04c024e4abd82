"""`permit`: a signed approval, which moves nothing where tokens cannot be transferred.

given a good signature: the allowance, event, nonce; nonces are shared with delegations
given a second use, a late block, another signer, chain or contract: refused
given a DAO without transfers: the approved spender still moves nothing (T-6)
"""

from __future__ import annotations

from typing import Any

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Event, Reverted
from assurance.harness.chain.reader import refused
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import Actor, actor
from datadao.messages import eip712

TYPE = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
LATE = 2**256 - 1
HOLDER, SPENDER, RELAYER = actor("holder"), actor("spender"), actor("relayer")


def permit(
    pair: Pair, value: int = 100, deadline: int = LATE, nonce: int = 0, by: Actor = HOLDER, **domain: Any
) -> Any:
    fields = {"name": "Data", "chain_id": pair.chain.chain_id, "contract": pair.token.address} | domain
    order = HOLDER.address, SPENDER.address, value
    signature = by.sign(eip712.typed_data(*fields.values(), TYPE, *order, nonce, deadline))
    rest = signature[64], signature[:32], signature[32:64]
    return pair.token.permit(*order, deadline, *rest, sender=RELAYER.address)


def state(pair: Pair) -> tuple[int, int]:
    return pair.token.allowance(HOLDER.address, SPENDER.address), pair.token.nonces(HOLDER.address)


def test_permit__approves_and_uses_the_nonce(tradable: Pair) -> None:
    tradable.accept(HOLDER, SHARES)
    receipt = permit(tradable)
    fields = {"owner": HOLDER.address, "spender": SPENDER.address, "value": 100}
    assert receipt.events == [Event("Approval", tradable.token.address, fields)]
    assert state(tradable) == (100, 1)
    tradable.token.transferFrom(HOLDER.address, SPENDER.address, 100, sender=SPENDER.address)
    assert tradable.token.balanceOf(SPENDER.address) == 100
    assert state(tradable) == (0, 1)


def test_permit__not_transferable__the_spender_still_moves_nothing__t6(pair: Pair) -> None:
    pair.accept(HOLDER, SHARES)
    permit(pair)
    with refused(pair.reader(HOLDER, SPENDER).words, "DataToken_NotTransferable", HOLDER.address, SPENDER.address):
        pair.token.transferFrom(HOLDER.address, SPENDER.address, 1, sender=SPENDER.address)


def test_permit__at_its_deadline_accepted__one_second_later_refused(pair: Pair) -> None:
    now = pair.chain.timestamp
    with refused(lambda: state(pair), "ERC2612ExpiredSignature", now - 1):
        permit(pair, deadline=now - 1)
    permit(pair, deadline=now)
    assert state(pair) == (100, 1)


@pytest.mark.parametrize(
    "change",
    [{"nonce": 1}, {"by": SPENDER}, {"chain_id": 1}, {"contract": "0x" + "11" * 20}, {"name": "Other"}],
)
def test_permit__signed_for_something_else__refused(pair: Pair, change: dict[str, Any]) -> None:
    before = state(pair)
    with pytest.raises(Reverted) as caught:
        permit(pair, **change)
    # The first argument is whoever recovery makes of a signature for another message.
    assert caught.value.name == "ERC2612InvalidSigner"
    assert caught.value.values[1] == HOLDER.address
    assert caught.value.values[0] != HOLDER.address
    assert state(pair) == before


def test_permit__used_twice__refused(pair: Pair) -> None:
    permit(pair)
    with pytest.raises(Reverted) as caught:
        permit(pair)
    assert caught.value.name == "ERC2612InvalidSigner"
    assert state(pair) == (100, 1)


def test_approve__to_or_by_the_zero_address__refused(tradable: Pair) -> None:
    zero = ADDRESS_ZERO
    tradable.accept(HOLDER, SHARES)

    def allowances() -> tuple[int, int]:
        allowance = tradable.token.allowance
        return allowance(HOLDER.address, zero), allowance(zero, SPENDER.address)

    with refused(allowances, "ERC20InvalidSpender", zero):
        tradable.token.approve(zero, 1, sender=HOLDER.address)
    with refused(allowances, "ERC20InvalidApprover", zero):
        tradable.token.approve(SPENDER.address, 1, sender=zero)
