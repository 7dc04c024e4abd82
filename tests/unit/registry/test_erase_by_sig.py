"""DatasetRegistry.eraseBySig: the contributor signs, anyone relays; keys and ERC-1271 wallets (R-8; AB-54 to AB-64)."""

from __future__ import annotations

import pytest
from eth_keys.constants import SECPK1_N
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Handle, Receipt, deploy
from assurance.harness.dao.dao import ERASE, Batch, Dao, leaf
from assurance.harness.dao.registry import ERASED, UNIT, crowd, event, live, refused, signatures
from assurance.harness.dao.system import DAY, Actor
from datadao.types import Leaf


def signed(dao: Dao, batch: Batch, item: Leaf, signer: Actor, deadline: int, **place: object) -> bytes:
    message = (batch.id, item.fingerprint, deadline)
    return signatures(dao, message, signer, **({"kind": ERASE} | place))[0]


def relay(dao: Dao, batch: Batch, item: Leaf, deadline: int, signature: bytes, who: str = "relayer") -> Receipt:
    receipt: Receipt = dao.registry.eraseBySig(
        batch.id, tuple(item), batch.proof(item), deadline, signature, sender=dao.who(who).address
    )
    return receipt


@pytest.mark.parametrize("claimed", [True, False])
def test_erase_by_sig__contributors_signature__erases_for_any_relayer(dao: Dao, claimed: bool) -> None:
    leaves = crowd(dao, 2)
    item = leaves[0]
    batch = live(dao, leaves, *(leaves if claimed else []))
    deadline = dao.chain.timestamp + DAY
    receipt = relay(dao, batch, item, deadline, signed(dao, batch, item, dao.who("member-0"), deadline), "stranger")
    assert event(receipt, "ContributionErased").args == {
        "batchId": batch.id,
        "contributor": item.contributor,
        "fingerprint": item.fingerprint,
        "shares": 10 * UNIT,
        "burned": 10 * UNIT,
    }
    assert dao.registry.contribution(item.fingerprint).status == ERASED
    assert dao.token.totalSupply() == 10 * UNIT


def test_erase_by_sig__while_the_brake_is_pulled__accepted(dao: Dao) -> None:
    (item,) = leaves = crowd(dao, 1)
    batch = live(dao, leaves)
    dao.brake.pull(sender=dao.actors["guardian"].address)
    deadline = dao.chain.timestamp
    relay(dao, batch, item, deadline, signed(dao, batch, item, dao.who("member-0"), deadline))
    assert dao.token.totalSupply() == 0


def test_erase_by_sig__at_its_deadline__accepted_and_a_second_later_refused(dao: Dao) -> None:
    leaves = crowd(dao, 2)
    batch = live(dao, leaves)
    deadline = dao.chain.timestamp + 10
    first, second = (signed(dao, batch, item, dao.who(f"member-{i}"), deadline) for i, item in enumerate(leaves))
    dao.chain.warp(10)
    relay(dao, batch, leaves[0], deadline, first)
    dao.chain.warp(1)
    refused(
        dao,
        lambda: relay(dao, batch, leaves[1], deadline, second),
        "DatasetRegistry_DeadlinePassed",
        deadline,
        dao.chain.timestamp,
        watch=leaves,
    )


def test_erase_by_sig__replayed__refused_AB58(dao: Dao) -> None:
    (item,) = leaves = crowd(dao, 1)
    batch = live(dao, leaves, item)
    deadline = dao.chain.timestamp + DAY
    signature = signed(dao, batch, item, dao.who("member-0"), deadline)
    relay(dao, batch, item, deadline, signature)
    refused(
        dao,
        lambda: relay(dao, batch, item, deadline, signature),
        "DatasetRegistry_AlreadyErased",
        item.fingerprint,
        watch=leaves,
    )


@pytest.mark.parametrize(
    "place",
    [
        {"chain_id": 1},
        {"registry": "0x" + "c3" * 20},
        {"domain": "DataLeases"},
        {"kind": "Claim(uint256 batchId,bytes32 fingerprint,uint48 deadline)"},
    ],
    ids=["chain", "contract", "domain", "type"],
)
def test_erase_by_sig__signed_for_another_place__refused_AB58_AB64(dao: Dao, place: dict) -> None:
    (item,) = leaves = crowd(dao, 1)
    batch = live(dao, leaves)
    deadline = dao.chain.timestamp + DAY
    signature = signed(dao, batch, item, dao.who("member-0"), deadline, **place)
    refused(
        dao,
        lambda: relay(dao, batch, item, deadline, signature),
        "DatasetRegistry_InvalidSignature",
        item.contributor,
        watch=leaves,
    )


def test_erase_by_sig__signed_for_another_batch_fingerprint_or_deadline__refused_AB56(dao: Dao) -> None:
    owner = dao.who("collector")
    item, other = leaves = [leaf(owner, "one"), leaf(owner, "two")]
    batch, again = live(dao, leaves), live(dao, leaves)
    deadline = dao.chain.timestamp + DAY
    for signature in (
        signed(dao, again, item, owner, deadline),
        signed(dao, batch, other, owner, deadline),
        signed(dao, batch, item, owner, deadline + 1),
    ):
        refused(
            dao,
            lambda s=signature: relay(dao, batch, item, deadline, s),
            "DatasetRegistry_InvalidSignature",
            owner.address,
            watch=leaves,
        )


def test_erase_by_sig__strangers_zero_malleable_or_cut_signature__refused_AB54_AB55(dao: Dao) -> None:
    (item,) = leaves = crowd(dao, 1)
    batch = live(dao, leaves)
    deadline = dao.chain.timestamp + DAY
    good = signed(dao, batch, item, dao.who("member-0"), deadline)
    flipped = (SECPK1_N - int.from_bytes(good[32:64], "big")).to_bytes(32, "big")
    twin = good[:32] + flipped + bytes([55 - good[64]])
    for bad in (
        signed(dao, batch, item, dao.who("stranger"), deadline),
        bytes(64) + b"\x1b",
        twin,
        good[:64],
        good + b"\0",
        b"",
    ):
        refused(
            dao,
            lambda b=bad: relay(dao, batch, item, deadline, b),
            "DatasetRegistry_InvalidSignature",
            item.contributor,
            watch=leaves,
        )
    relay(dao, batch, item, deadline, good)


def test_erase_by_sig__leaf_of_the_zero_account__no_signature_serves_AB54(dao: Dao) -> None:
    item = crowd(dao, 1)[0]._replace(contributor=ADDRESS_ZERO)
    batch = live(dao, [item])
    deadline = dao.chain.timestamp + DAY
    for v in (0, 27, 28):
        refused(
            dao,
            lambda v=v: relay(dao, batch, item, deadline, bytes(64) + bytes([v])),
            "DatasetRegistry_InvalidSignature",
            item.contributor,
        )


class TestContractContributor:
    """A wallet contract contributes: it erases by ERC-1271 or by its own call."""

    @pytest.fixture
    def wallet(self, dao: Dao) -> Handle:
        owner = dao.who("wallet owner")
        return deploy(dao.chain, "ContractWallet", owner.address, sender=owner.address)

    @pytest.fixture
    def item(self, wallet: Handle) -> Leaf:
        return leaf(Actor("wallet", wallet.address, b""), "data of the wallet", 10)

    @pytest.mark.parametrize("claimed", [True, False])
    def test_erase_by_sig__wallet_confirms__erased(self, dao: Dao, item: Leaf, claimed: bool) -> None:
        batch = live(dao, [item], *([item] if claimed else []))
        deadline = dao.chain.timestamp + DAY
        relay(dao, batch, item, deadline, signed(dao, batch, item, dao.who("wallet owner"), deadline))
        assert dao.registry.contribution(item.fingerprint).status == ERASED
        assert dao.token.totalSupply() == 0

    def test_erase__called_by_the_wallet__erased(self, dao: Dao, wallet: Handle, item: Leaf) -> None:
        batch = live(dao, [item], item)
        call = dao.registry.encode("erase", batch.id, tuple(item), [])
        wallet.execute(dao.registry.address, call, sender=dao.who("wallet owner").address)
        assert dao.registry.contribution(item.fingerprint).status == ERASED

    @pytest.mark.parametrize("mood", range(1, 6), ids=["magic", "reverts", "gas", "writes", "short"])
    def test_erase_by_sig__wallet_misbehaves__refused_AB62(
        self, dao: Dao, wallet: Handle, item: Leaf, mood: int
    ) -> None:
        batch = live(dao, [item])
        deadline = dao.chain.timestamp + DAY
        owner = dao.who("wallet owner")
        signature = signed(dao, batch, item, owner, deadline)
        wallet.setMood(mood, sender=owner.address)
        refused(
            dao,
            lambda: relay(dao, batch, item, deadline, signature),
            "DatasetRegistry_InvalidSignature",
            wallet.address,
            watch=[item],
        )
        wallet.setMood(0, sender=owner.address)
        relay(dao, batch, item, deadline, signature)

    def test_erase_by_sig__signed_by_anyone_but_its_owner__refused(self, dao: Dao, wallet: Handle, item: Leaf) -> None:
        batch = live(dao, [item])
        deadline = dao.chain.timestamp + DAY
        signature = signed(dao, batch, item, dao.who("stranger"), deadline)
        refused(
            dao,
            lambda: relay(dao, batch, item, deadline, signature),
            "DatasetRegistry_InvalidSignature",
            wallet.address,
            watch=[item],
        )
