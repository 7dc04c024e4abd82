"""`confirmDelivery`: the signatures of a threshold of the committee that was current at approval (AB-61, AB-64). What
the start itself does is in test_start.py, for both ways to start.

given a threshold or more of distinct custodians, in ascending order, over this very release: started
given fewer, repeated, unordered, foreign or garbled signatures: refused
given a committee or a slot that changed: the epoch stays, a slot's successor signs in its place
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils import keccak
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Receipt, deploy
from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import READINESS, agreeing_wallet
from assurance.harness.dao.leases import ACTIVE, Market
from assurance.harness.dao.system import Actor
from datadao.messages import eip712

ROOT = keccak(text="release")


def sign(
    market: Market, lease: int, *signers: Actor, root: bytes = ROOT, epoch: int = 1, chain_id: int | None = None,
    contract: str | None = None, domain: str = "DataLeases", kind: str = READINESS,
) -> list[bytes]:  # fmt: skip
    typed = eip712.typed_data(
        domain,
        chain_id or market.dao.chain.chain_id,
        contract or market.dao.leases.address,
        kind,
        lease,
        root,
        epoch,
    )
    return [s.sign(typed) for s in signers]


def signers_at(market: Market, *numbers: int) -> list[Actor]:
    """Custodians in ascending order of their addresses."""
    found = [market.dao.who(f"custodian-{n}") for n in numbers]
    return sorted(found, key=lambda a: int(a.address, 16))


def confirm(market: Market, lease: int, signatures: list[bytes]) -> Receipt:
    return market.send("confirmDelivery", lease, ROOT, signatures, by=market.stranger)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_confirm_delivery__fewer_than_the_threshold__refused(market: Market, count: int) -> None:
    lease = market.approved()
    signatures = sign(market, lease, *signers_at(market, *range(count)))
    with refused(market.picture, "DataLeases_InsufficientSignatures", count, 3):
        confirm(market, lease, signatures)


def test_confirm_delivery__whole_committee__accepted(market: Market) -> None:
    lease = market.approved()
    confirm(market, lease, sign(market, lease, *signers_at(market, 0, 1, 2, 3, 4)))
    assert market.lease(lease).status == ACTIVE


def test_confirm_delivery__signers_not_strictly_ascending__refused_AB61(market: Market) -> None:
    lease = market.approved()
    a, b, c = signers_at(market, 0, 1, 2)
    for order, (previous, following) in (([a, b, b], (b, b)), ([b, a, c], (b, a)), ([a, b, a], (b, a))):
        with refused(market.picture, "DataLeases_SignersNotAscending", previous.address, following.address):
            confirm(market, lease, sign(market, lease, *order))
    confirm(market, lease, sign(market, lease, a, b, c))


@pytest.mark.parametrize("length", [0, 19, 64, 65, 66])
def test_confirm_delivery__garbage_signature__refused(market: Market, length: int) -> None:
    lease = market.approved()
    with refused(market.picture, "DataLeases_SignersNotAscending", ADDRESS_ZERO, ADDRESS_ZERO):
        confirm(market, lease, [b"\0" * length])


@pytest.mark.parametrize(
    "wrong",
    [
        {"root": keccak(text="another release")},
        {"epoch": 2},
        {"chain_id": 1},
        {"contract": "0x" + "11" * 20},
        {"domain": "DatasetRegistry"},
        {"kind": READINESS.replace("Readiness", "Release")},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_confirm_delivery__signed_for_something_else__refused_AB64(market: Market, wrong: dict[str, Any]) -> None:
    """Whoever a foreign signature recovers to, it has no slot."""
    lease = market.approved()
    before = market.picture()
    signatures = sign(market, lease, *signers_at(market, 0, 1, 2), **wrong)
    with pytest.raises(Exception, match=r"DataLeases_(NotCustodian|SignersNotAscending)"):
        confirm(market, lease, signatures)
    assert market.picture() == before
    other = sign(market, lease + 1, *signers_at(market, 0, 1, 2))
    with pytest.raises(Exception, match=r"DataLeases_(NotCustodian|SignersNotAscending)"):
        confirm(market, lease, other)


def test_confirm_delivery__signer_without_a_slot__refused(market: Market) -> None:
    lease, stranger = market.approved(), market.stranger
    signers = sorted([*signers_at(market, 0, 1), stranger], key=lambda a: int(a.address, 16))
    with refused(market.picture, "DataLeases_NotCustodian", stranger.address, 1):
        confirm(market, lease, sign(market, lease, *signers))


def test_confirm_delivery__committee_changed_after_approval__the_old_one_signs(market: Market) -> None:
    lease = market.approved()
    new = [market.dao.who(f"new custodian {i}") for i in range(3)]
    rows = [(c.address, b"\1" * 32, "file:new") for c in new]
    market.dao.govern(market.founder, market.dao.registry, "setCommittee", rows, 2)
    ascending = sorted(new, key=lambda a: int(a.address, 16))
    for epoch in (1, 2):
        signatures = sign(market, lease, *ascending, epoch=epoch)
        with pytest.raises(Exception, match=r"DataLeases_(NotCustodian|SignersNotAscending)"):
            confirm(market, lease, signatures)
    confirm(market, lease, sign(market, lease, *signers_at(market, 0, 1, 2)))
    assert market.lease(lease).status == ACTIVE


def test_confirm_delivery__slot_passed_to_a_successor__it_signs_and_the_leaver_does_not_B24(market: Market) -> None:
    lease = market.approved()
    leaver, heir = market.dao.who("custodian-0"), market.dao.who("heir")
    row = (heir.address, b"\1" * 32, "file:heir")
    market.dao.govern(market.founder, market.dao.registry, "replaceCustodian", 1, 0, row)
    with refused(market.picture, "DataLeases_NotCustodian", leaver.address, 1):
        confirm(market, lease, sign(market, lease, leaver))
    signers = sorted([heir, *signers_at(market, 1, 2)], key=lambda a: int(a.address, 16))
    confirm(market, lease, sign(market, lease, *signers))


def test_confirm_delivery__custodian_with_a_contract_wallet__signs_by_erc1271(market: Market) -> None:
    dao, owner = market.dao, market.dao.who("wallet owner")
    wallet = deploy(dao.chain, "ContractWallet", owner.address, sender=owner.address)
    row = (wallet.address, b"\1" * 32, "file:wallet")
    dao.govern(market.founder, dao.registry, "replaceCustodian", 1, 0, row)
    lease = market.approved()
    signed = {wallet.address: bytes.fromhex(wallet.address[2:]) + sign(market, lease, owner)[0]}
    signed |= {c.address: sign(market, lease, c)[0] for c in signers_at(market, 1, 2)}
    ordered = [signed[a] for a in sorted(signed, key=lambda a: int(a, 16))]
    confirm(market, lease, ordered)
    assert market.lease(lease).status == ACTIVE


def test_confirm_delivery__custodian_that_agreed_on_chain__signs_by_its_address_alone(market: Market) -> None:
    """As a Safe does: the message was approved before, and there is nothing left to show."""
    dao = market.dao
    wallet = agreeing_wallet(dao)
    dao.govern(market.founder, dao.registry, "setCommittee", [(wallet, b"\1" * 32, "file:wallet")], 1)
    lease = market.approved()
    with refused(market.picture, "DataLeases_SignersNotAscending", ADDRESS_ZERO, ADDRESS_ZERO):
        confirm(market, lease, [bytes.fromhex(wallet[2:-2])])
    confirm(market, lease, [bytes.fromhex(wallet[2:])])
    assert market.lease(lease).status == ACTIVE
