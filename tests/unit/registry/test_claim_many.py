"""DatasetRegistry.claimMany: one multiproof, the same effects as claims one by one, and what a claim would
refuse is skipped and named (R-4 to R-7, R-13; AB-49)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest

from assurance.harness.chain.handles import Receipt, Reverted
from assurance.harness.chain.reader import carried_out
from assurance.harness.dao.dao import Batch, Dao, changed, leaf, renumbered
from assurance.harness.dao.registry import (
    CLAIMED,
    FINGERPRINT_USED,
    INVALID_CONTRIBUTOR,
    NO_SHARES,
    QUALITY_OUT_OF_RANGE,
    SHARES_EXCEED_BATCH,
    UNCLAIMED,
    UNIT,
    claim_many,
    crowd,
    live,
    refused,
    state,
)
from datadao.types import Leaf


def mine(dao: Dao, count: int, name: str = "collector") -> list[Leaf]:
    """Leaves of one contributor, of different sizes."""
    return [leaf(dao.who(name), f"{name} {i}", i + 1, 10_000 - 1_000 * (i % 3)) for i in range(count)]


def skipped(receipt: Receipt) -> list[tuple[str, bytes, int]]:
    """Contributor, fingerprint and fault of each leaf that was not recorded."""
    fields = [event.args for event in receipt.named("ContributionSkipped")]
    return [(args["contributor"], args["fingerprint"], args["fault"]) for args in fields]


def raw(
    dao: Dao, batch: Batch, items: Sequence[Leaf], proof: Sequence[bytes], flags: Sequence[bool], who: str = "relayer"
) -> Receipt:
    receipt: Receipt = dao.registry.claimMany(
        batch.id, [tuple(i) for i in items], list(proof), list(flags), sender=dao.who(who).address
    )
    return receipt


def test_claim_many__any_choice_of_leaves__equals_claims_one_by_one(dao: Dao) -> None:
    leaves = mine(dao, 5)
    batch = live(dao, leaves)
    dao.deposit(1, 999_999_999)
    for chosen in [c for size in (1, 2, 3, 5) for c in combinations(leaves, size)][::2]:
        snapshot = dao.chain.snapshot()
        for item in chosen:
            dao.claim(batch, item)
        one_by_one = state(dao, leaves)
        one_by_one_owed = dao.splitter.claimable(leaves[0].contributor, [0, 1])
        dao.chain.revert(snapshot)
        snapshot = dao.chain.snapshot()
        receipt = claim_many(dao, batch, chosen)
        assert state(dao, leaves) == one_by_one
        # Each settlement rounds down by less than a unit, so fewer of them never give less.
        assert 0 <= dao.splitter.claimable(leaves[0].contributor, [0, 1]) - one_by_one_owed <= len(chosen)
        assert [e.args for e in receipt.named("ContributionClaimed")] == [
            {
                "batchId": batch.id,
                "contributor": item.contributor,
                "fingerprint": item.fingerprint,
                "shares": item.units * item.quality * UNIT // 10_000,
            }
            for item in chosen
        ]
        dao.chain.revert(snapshot)


def test_claim_many__by_anyone__pays_the_contributor_R7_AB81(dao: Dao) -> None:
    leaves = mine(dao, 3)
    batch = live(dao, leaves)
    proof, flags = batch.manifest.tree.multiproof(range(3))
    raw(dao, batch, leaves, proof, flags, who="stranger")
    assert dao.token.balanceOf(dao.who("stranger").address) == 0
    assert dao.token.balanceOf(leaves[0].contributor) == dao.token.totalSupply()


def test_claim_many__of_nothing__refused_AB49(dao: Dao) -> None:
    batch = live(dao, mine(dao, 2))
    root = batch.manifest.tree.root
    # The proof of no leaves is the root alone, and OpenZeppelin's verifier accepts it.
    for proof in ([], [root]):
        refused(dao, lambda p=proof: raw(dao, batch, [], p, []), "DatasetRegistry_NothingToClaim")


def test_claim_many__one_leaf_twice__refused_R6(dao: Dao) -> None:
    leaves = mine(dao, 2)
    batch = live(dao, leaves)
    ids = batch.manifest.ids
    # [a, a, b]: the flags join a with b and leave the other a over, or hash a with itself; neither gives the root.
    for items, proof, flags in (
        ([leaves[0]] * 2, [ids[1]], [True, False]),
        ([leaves[0], leaves[0]], [], [True]),
        ([leaves[0], leaves[0], leaves[1]], [], [True, True]),
        ([leaves[0], leaves[1], leaves[0]], [], [True, True]),
        ([leaves[0], leaves[1], leaves[0]], [], [True]),
    ):
        refused_for_its_proof(dao, batch, items, proof, flags, leaves)


def test_claim_many__tree_that_holds_a_leaf_twice__pays_it_once_R6(dao: Dao) -> None:
    (item,) = mine(dao, 1)
    batch = live(dao, [item, item])
    proof, flags = batch.manifest.tree.multiproof([0, 1])
    receipt = raw(dao, batch, [item, item], proof, flags)
    assert skipped(receipt) == [(item.contributor, item.fingerprint, FINGERPRINT_USED)]
    assert dao.token.balanceOf(item.contributor) == UNIT
    before = state(dao, [item])
    assert len(skipped(raw(dao, batch, [item, item], proof, flags))) == 2, "all skipped is no error"
    assert state(dao, [item]) == before


def test_claim_many__two_leaves_with_one_fingerprint__the_second_is_skipped_R6(dao: Dao) -> None:
    item, other = mine(dao, 2)
    leaves = [item, changed(other, fingerprint=item.fingerprint)]
    batch = live(dao, leaves)
    receipt = claim_many(dao, batch, leaves)
    assert skipped(receipt) == [(item.contributor, item.fingerprint, FINGERPRINT_USED)]
    assert dao.registry.contribution(item.fingerprint).shares == UNIT


def test_claim_many__some_claimed_erased_or_dropped_before__the_rest_are_claimed_R13(dao: Dao) -> None:
    """A stranger's single claim, for a hundredth of the price, must not revert a relayer's whole list."""
    leaves = crowd(dao, 5)
    batch = live(dao, leaves)
    dao.claim(batch, leaves[1])
    dao.erase(batch, leaves[3])
    with carried_out("the list"):
        receipt = claim_many(dao, batch, leaves)
    assert skipped(receipt) == [(leaves[i].contributor, leaves[i].fingerprint, FINGERPRINT_USED) for i in (1, 3)]
    assert [dao.token.balanceOf(item.contributor) for item in leaves] == [10 * UNIT] * 3 + [0, 10 * UNIT]


def test_claim_many__inner_node_left_unproven_or_proof_too_long__refused_AB49(dao: Dao) -> None:
    leaves = mine(dao, 4)
    batch = live(dao, leaves)
    tree, ids = batch.manifest.tree, batch.manifest.ids
    right = tree.proof(0)[-1]
    zero = bytes(32)
    cases: list[tuple[list[Leaf], list[bytes], list[bool]]] = [
        # The proof of leaf 0 without its last step, or with one step too many.
        ([leaves[0]], [ids[1]], [False]),
        ([leaves[0]], [ids[1], right, zero], [False, False, False]),
        # Flags that consume a node never computed, or do not consume everything.
        ([leaves[0]], [], [True]),
        ([leaves[0]], [right], []),
        (leaves[:2], [right], [True]),
        (leaves[:2], [], [True, False]),
        (leaves[:2], [right, zero], [True, False, False]),
        # Order other than the tree's.
        ([leaves[1], leaves[3], leaves[0], leaves[2]], [], [True, True, True]),
    ]
    for items, proof, flags in cases:
        refused_for_its_proof(dao, batch, items, proof, flags, leaves)


def refused_for_its_proof(
    dao: Dao, batch: Batch, items: list[Leaf], proof: list[bytes], flags: list[bool], watch: list[Leaf]
) -> None:
    """By the verifier, where the shape of the proof is impossible, and else by the registry."""
    possible = len(items) + len(proof) == len(flags) + 1
    if not possible:
        refused(dao, lambda: raw(dao, batch, items, proof, flags), "MerkleProofInvalidMultiproof", watch=watch)
        return
    first = dao.registry.leafOf(batch.id, tuple(items[0]))
    refused(
        dao,
        lambda: raw(dao, batch, items, proof, flags),
        "DatasetRegistry_InvalidProof",
        batch.id,
        first,
        watch=watch,
    )


def test_claim_many__of_many_contributors__equals_claims_one_by_one_R7_R13(dao: Dao) -> None:
    """In any order of theirs, side by side or not; each is credited with its own."""
    a, b, c = (dao.who(name) for name in ("a", "b", "c"))
    leaves = [leaf(who, f"{who.name} {i}", i + 1) for i, who in enumerate((a, a, b, a, c, c, b))]
    batch = live(dao, leaves)
    dao.deposit(1, 999_999_999)
    dao.deposit(0, 77_777)
    snapshot = dao.chain.snapshot()
    for item in leaves:
        dao.claim(batch, item)
    apart = state(dao, leaves)
    owed = [dao.splitter.claimable(who.address, [1]) for who in (a, b, c)]
    dao.chain.revert(snapshot)
    receipt = claim_many(dao, batch, leaves)
    assert state(dao, leaves) == apart
    for who, alone in zip((a, b, c), owed, strict=True):
        assert 0 <= dao.splitter.claimable(who.address, [1]) - alone <= 3
    recorded = [(e.args["contributor"], e.args["fingerprint"]) for e in receipt.named("ContributionClaimed")]
    assert recorded == [(item.contributor, item.fingerprint) for item in leaves]
    handed = [e.args["to"] for e in receipt.named("Transfer")]
    assert handed == [who.address for who in (a, b, a, c, b)], "neighbours of one contributor together"


def test_claim_many__proof_of_another_batch__refused_AB52(dao: Dao) -> None:
    leaves = mine(dao, 3)
    first = live(dao, leaves)
    second = live(dao, leaves)
    bad = dao.registry.leafOf(second.id, tuple(leaves[0]))
    refused(
        dao,
        lambda: claim_many(dao, renumbered(first, second.id), leaves[:2]),
        "DatasetRegistry_InvalidProof",
        second.id,
        bad,
        watch=leaves,
    )


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"quality": 4_999}, QUALITY_OUT_OF_RANGE),
        ({"quality": 10_001}, QUALITY_OUT_OF_RANGE),
        ({"units": 0}, NO_SHARES),
        ({"contributor": "0x" + "00" * 20}, INVALID_CONTRIBUTOR),
        ({"contributor": "registry"}, INVALID_CONTRIBUTOR),
    ],
)
def test_claim_many__one_leaf_that_a_claim_would_refuse__is_skipped_and_named_R13(
    dao: Dao, fields: dict, fault: int
) -> None:
    leaves = mine(dao, 3)
    if fields.get("contributor") == "registry":
        fields = {"contributor": dao.registry.address}
    leaves[1] = changed(leaves[1], **fields)
    batch = live(dao, leaves)
    receipt = claim_many(dao, batch, leaves)
    assert skipped(receipt) == [(leaves[1].contributor, leaves[1].fingerprint, fault)]
    assert [dao.registry.contribution(item.fingerprint).status for item in leaves] == [CLAIMED, UNCLAIMED, CLAIMED]
    assert dao.registry.batch(batch.id).unresolvedCount == 1
    with pytest.raises(Reverted):
        dao.claim(batch, leaves[1])


def test_claim_many__more_shares_together_than_signed__the_last_is_skipped_R4(dao: Dao) -> None:
    leaves = [leaf(dao.who("collector"), f"part {i}", 10) for i in range(3)]
    batch = live(dao, leaves, totalShares=25 * UNIT)
    receipt = claim_many(dao, batch, leaves)
    assert skipped(receipt) == [(leaves[2].contributor, leaves[2].fingerprint, SHARES_EXCEED_BATCH)]
    assert dao.registry.batch(batch.id).unresolvedShares == 5 * UNIT


def test_claim_many__of_a_sleeping_batch__mints_the_tokens_anew_R12(dao: Dao) -> None:
    leaves = mine(dao, 3)
    batch = live(dao, leaves)
    dao.chain.warp(dao.registry.claimPeriod())
    dao.registry.sleep(batch.id, sender=leaves[0].contributor)
    claim_many(dao, batch, leaves)
    assert dao.token.balanceOf(leaves[0].contributor) == dao.token.totalSupply() == batch.message[3]
