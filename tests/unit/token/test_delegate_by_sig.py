"""`delegateBySig`: anyone carries a holder's signed delegation, once, here, in time.

given a good signature: the same as `delegate`, nonce used; zero means self here too (T-2)
given a second use, another nonce, chain or contract, a late block, the signature's twin: refused
given the registry or the token as delegate: refused
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_keys.constants import SECPK1_N
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Event
from assurance.harness.chain.reader import refused
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import Actor, actor
from datadao.messages import eip712

TYPE = "Delegation(address delegatee,uint256 nonce,uint256 expiry)"
HOLDER, DELEGATE, RELAYER = actor("holder"), actor("delegate"), actor("relayer")
LATE = 2**256 - 1


def signed(pair: Pair, delegate: str, nonce: int = 0, expiry: int = LATE, **domain: Any) -> tuple[int, bytes, bytes]:
    fields = {"name": "Data", "chain_id": pair.chain.chain_id, "contract": pair.token.address} | domain
    typed = eip712.typed_data(*fields.values(), TYPE, delegate, nonce, expiry)
    return parts(HOLDER, typed)


def parts(signer: Actor, typed: dict[str, Any]) -> tuple[int, bytes, bytes]:
    signature = signer.sign(typed)
    return signature[64], signature[:32], signature[32:64]


def send(pair: Pair, delegate: str, nonce: int, expiry: int, signature: tuple[int, bytes, bytes]) -> Any:
    return pair.token.delegateBySig(delegate, nonce, expiry, *signature, sender=RELAYER.address)


@pytest.fixture
def held(pair: Pair) -> Pair:
    pair.accept(HOLDER, SHARES)
    return pair


def test_delegate_by_sig__delegates_and_uses_the_nonce(held: Pair) -> None:
    receipt = send(held, DELEGATE.address, 0, LATE, signed(held, DELEGATE.address))
    token = held.token.address
    change = {"delegator": HOLDER.address, "fromDelegate": HOLDER.address, "toDelegate": DELEGATE.address}
    assert receipt.events == [
        Event("DelegateChanged", token, change),
        Event("DelegateVotesChanged", token, {"delegate": HOLDER.address, "previousVotes": SHARES, "newVotes": 0}),
        Event("DelegateVotesChanged", token, {"delegate": DELEGATE.address, "previousVotes": 0, "newVotes": SHARES}),
    ]
    assert held.token.nonces(HOLDER.address) == 1
    assert held.token.nonces(RELAYER.address) == 0
    assert held.token.getVotes(DELEGATE.address) == SHARES


def test_delegate_by_sig__to_zero__means_oneself__t2(held: Pair) -> None:
    held.token.delegate(DELEGATE.address, sender=HOLDER.address)
    send(held, ADDRESS_ZERO, 0, LATE, signed(held, ADDRESS_ZERO))
    assert held.token.getVotes(HOLDER.address) == SHARES
    assert held.token.delegates(HOLDER.address) == HOLDER.address


def test_delegate_by_sig__used_twice__refused(held: Pair) -> None:
    signature = signed(held, DELEGATE.address)
    send(held, DELEGATE.address, 0, LATE, signature)
    with refused(held.reader(HOLDER, DELEGATE).words, "InvalidAccountNonce", HOLDER.address, 1):
        send(held, DELEGATE.address, 0, LATE, signature)


def test_delegate_by_sig__nonce_ahead__refused(held: Pair) -> None:
    with refused(held.reader(HOLDER, DELEGATE).words, "InvalidAccountNonce", HOLDER.address, 0):
        send(held, DELEGATE.address, 1, LATE, signed(held, DELEGATE.address, nonce=1))


def test_delegate_by_sig__at_its_expiry_accepted__one_second_later_refused(held: Pair) -> None:
    expiry = held.chain.timestamp + 5
    signature = signed(held, DELEGATE.address, expiry=expiry)
    held.chain.warp(6)
    with refused(held.reader(HOLDER, DELEGATE).words, "VotesExpiredSignature", expiry):
        send(held, DELEGATE.address, 0, expiry, signature)
    expiry = held.chain.timestamp + 5
    signature = signed(held, DELEGATE.address, expiry=expiry)
    held.chain.warp(5)
    send(held, DELEGATE.address, 0, expiry, signature)


@pytest.mark.parametrize("change", [{"chain_id": 1}, {"contract": "0x" + "11" * 20}, {"name": "Other"}])
def test_delegate_by_sig__for_another_domain__delegates_nothing(held: Pair, change: dict[str, Any]) -> None:
    # Recovery yields some other account, which holds nothing: the holder's votes do not move.
    send(held, DELEGATE.address, 0, LATE, signed(held, DELEGATE.address, **change))
    assert held.token.getVotes(HOLDER.address) == SHARES
    assert held.token.getVotes(DELEGATE.address) == 0
    assert held.token.nonces(HOLDER.address) == 0
    assert held.token.delegates(HOLDER.address) == HOLDER.address


def test_delegate_by_sig__malleable_twin__refused(held: Pair) -> None:
    v, r, s = signed(held, DELEGATE.address)
    high = (SECPK1_N - int.from_bytes(s, "big")).to_bytes(32, "big")
    with refused(held.reader(HOLDER, DELEGATE).words, "ECDSAInvalidSignatureS", high):
        send(held, DELEGATE.address, 0, LATE, (55 - v, r, high))


def test_delegate_by_sig__no_signature__refused(held: Pair) -> None:
    with refused(held.reader(HOLDER, DELEGATE).words, "ECDSAInvalidSignature"):
        send(held, DELEGATE.address, 0, LATE, (27, bytes(32), bytes(32)))


@pytest.mark.parametrize("to", ["registry", "token"])
def test_delegate_by_sig__to_registry_or_token__refused(held: Pair, to: str) -> None:
    address = held.addresses[to]
    with refused(held.reader(HOLDER).words, "DataToken_InvalidDelegate", address):
        send(held, address, 0, LATE, signed(held, address))


def test_delegate_by_sig__to_zero_after_the_same_by_call__then_burned__leaves_no_vote_behind__b05(held: Pair) -> None:
    """Nouns: delegating to zero by signature and then burning left votes that no balance stood for."""
    held.accept(DELEGATE, SHARES)
    held.token.delegate(ADDRESS_ZERO, sender=HOLDER.address)
    send(held, ADDRESS_ZERO, 0, LATE, signed(held, ADDRESS_ZERO))
    assert [held.token.getVotes(a.address) for a in (HOLDER, DELEGATE)] == [SHARES, SHARES]
    held.erase(HOLDER, SHARES)
    assert [held.token.getVotes(a.address) for a in (HOLDER, DELEGATE)] == [0, SHARES]
    assert held.token.getVotes(ADDRESS_ZERO) == 0
    burned = held.chain.timestamp
    held.chain.warp(1)
    assert held.token.getPastTotalSupply(burned) == held.token.getPastVotes(DELEGATE.address, burned) == SHARES
