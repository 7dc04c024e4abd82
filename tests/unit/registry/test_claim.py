"""DatasetRegistry.claim: a leaf becomes its contributor's, once, whoever calls (R-4 to R-7; AB-48, AB-52, AB-81).

given an activated batch
    when the leaf is proven, its numbers are in range and its fingerprint is new: shares, tokens and income since
        activation go to the contributor
    otherwise: refused with the reason, nothing changes
"""

from __future__ import annotations

import pytest
from eth_utils import keccak
from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.dao import Batch, Dao, changed, leaf, renumbered
from assurance.harness.dao.registry import (
    CLAIMED,
    LIVE,
    UNIT,
    activate_now,
    crowd,
    event,
    live,
    publish,
    refused,
    state,
    voter,
)
from assurance.harness.dao.system import DAY
from datadao.crypto.merkle import MerkleTree, leaf_hashes
from datadao.types import Dao as DaoId
from datadao.types import Leaf


def test_claim__proven_leaf__hands_over_shares_and_tokens_and_records_the_fingerprint(dao: Dao) -> None:
    leaves = [item._replace(quality=7500) for item in crowd(dao, 3)]
    batch = live(dao, leaves)
    item = leaves[1]
    before = state(dao, leaves)
    stranger = dao.who("stranger").address
    receipt = dao.registry.claim(batch.id, tuple(item), batch.proof(item), sender=stranger)
    shares = 10 * UNIT * 7500 // 10_000
    assert event(receipt, "ContributionClaimed").args == {
        "batchId": batch.id,
        "contributor": item.contributor,
        "fingerprint": item.fingerprint,
        "shares": shares,
    }
    record = dao.registry.contribution(item.fingerprint)
    assert (record.status, record.contributor, record.batchId, record.shares) == (
        CLAIMED,
        item.contributor,
        batch.id,
        shares,
    )
    after = state(dao, leaves)
    info = after["batches"][0]
    assert (info.status, info.unresolvedCount, info.unresolvedShares) == (LIVE, 2, 2 * shares)
    assert after["supply"] == (3 * shares, 2 * shares), "a claim mints nothing"
    assert after["pools"] == before["pools"]
    index = sorted(i.contributor for i in leaves).index(item.contributor)
    assert after["balances"][index] == shares == sum(after["balances"])
    assert after["shares"][index] == [shares, shares]
    assert dao.token.getVotes(item.contributor) == shares
    assert dao.token.balanceOf(stranger) == 0


def test_claim__a_year_late__owns_what_claiming_at_once_would_have_earned_S4(dao: Dao) -> None:
    prompt, late = crowd(dao, 2, units=100)
    batch = live(dao, [prompt, late])
    dao.claim(batch, prompt)
    for days, amount in ((30, 1_000_001), (200, 77), (170, 123_456_789)):
        dao.chain.warp(days * DAY)
        dao.deposit(1, amount)
        dao.deposit(0, amount // 3)
        dao.contribute(leaf(dao.who("joiner"), f"joiner {days}", 13))
    assert dao.splitter.claimable(late.contributor, [0, 1]) == 0
    dao.claim(batch, late)
    first, second = (dao.splitter.claimable(i.contributor, [0, 1]) for i in (prompt, late))
    assert first > 0 and abs(first - second) <= 2, "at most one unit for each pool's settlement"


def test_claim__income_before_activation__is_not_the_claimers_S5(dao: Dao) -> None:
    early, later = crowd(dao, 2)
    dao.contribute(early)
    dao.deposit(1, 1_000_000)
    batch = dao.contribute(later)
    assert dao.splitter.claimable(later.contributor, [0, 1]) == 0
    assert dao.registry.batch(batch.id).entryIndex == 1_000_000 * 2**64 // (10 * UNIT)


def test_claim__twice__refused_R6_B08(dao: Dao) -> None:
    (item,) = leaves = crowd(dao, 1)
    batch = live(dao, leaves)
    dao.claim(batch, item)
    refused(
        dao,
        lambda: dao.claim(batch, item),
        "DatasetRegistry_FingerprintUsed",
        item.fingerprint,
        watch=leaves,
    )


def test_claim__fingerprint_of_another_batch_dataset_or_erased_data__refused_R6(dao: Dao) -> None:
    member = voter(dao)
    dao.govern(member, dao.registry, "createDataset", vars(dao.registry.currentPolicy(1)))
    original, gone = crowd(dao, 2)
    first = dao.contribute(original, gone)
    dao.erase(first, gone)
    copies = [changed(item, contributor=dao.who("copier").address, units=1) for item in (original, gone)]
    for dataset in (1, 2):
        batch = live(dao, copies, dataset=dataset)
        for copy in copies:
            refused(
                dao,
                lambda b=batch, c=copy: dao.claim(b, c),
                "DatasetRegistry_FingerprintUsed",
                copy.fingerprint,
                watch=copies,
            )


def test_claim__leaf_with_its_contributor_exchanged__fails_the_proof_R7(dao: Dao) -> None:
    item, other = leaves = crowd(dao, 2)
    batch = live(dao, leaves)
    thief = dao.who("thief")
    for field, value in (
        ("contributor", thief.address),
        ("units", 11),
        ("quality", 9_999),
        ("fingerprint", keccak(b"else")),
        ("file_hash", keccak(b"else")),
        ("envelope_hash", keccak(b"else")),
    ):
        stolen = changed(item, **{field: value})
        bad = dao.registry.leafOf(batch.id, tuple(stolen))
        refused(
            dao,
            lambda s=stolen: dao.registry.claim(batch.id, tuple(s), batch.proof(item), sender=thief.address),
            "DatasetRegistry_InvalidProof",
            batch.id,
            bad,
            watch=[item, other],
        )


def test_claim__proof_that_is_cut_or_anothers__refused_R5(dao: Dao) -> None:
    leaves = crowd(dao, 5)
    batch = live(dao, leaves)
    item = leaves[2]
    bad = dao.registry.leafOf(batch.id, tuple(item))
    for proof in ([], batch.proof(item)[:-1], batch.proof(leaves[3]), [*batch.proof(item), bytes(32)]):
        refused(
            dao,
            lambda p=proof: dao.registry.claim(batch.id, tuple(item), p, sender=item.contributor),
            "DatasetRegistry_InvalidProof",
            batch.id,
            bad,
            watch=leaves,
        )


def test_claim__inner_node_as_a_leaf__has_no_contribution_that_hashes_to_it_AB48(dao: Dao) -> None:
    """A node of the tree is the hash of 64 bytes; the leaf made of the same 64 bytes is another hash."""
    leaves = crowd(dao, 4)
    batch = live(dao, leaves)
    tree = batch.manifest.tree
    ids = batch.manifest.ids
    # Leaves 2 and 3 are siblings in a tree of four; a contribution can carry both hashes in neighbouring fields.
    left, right = sorted(ids[2:])
    forged = Leaf(dao.who("thief").address, left, right, bytes(32), 1, 10_000)
    bad = dao.registry.leafOf(batch.id, tuple(forged))
    assert bad != keccak(left + right) == tree.proof(0)[-1]
    refused(
        dao,
        lambda: dao.registry.claim(batch.id, tuple(forged), list(tree.proof(2)[1:]), sender=forged.contributor),
        "DatasetRegistry_InvalidProof",
        batch.id,
        bad,
    )


@pytest.mark.parametrize("place", ["chain", "registry", "dataset", "sequence"])
def test_claim__leaf_hashed_for_another_place__refused_R5_AB52(dao: Dao, place: str) -> None:
    (item,) = leaves = crowd(dao, 1)
    here = {"chain": dao.chain.chain_id, "registry": dao.addresses["registry"], "dataset": 1, "sequence": 1}
    there = here | {place: "0x" + "c3" * 20 if place == "registry" else 2}
    other = DaoId(there["chain"], there["registry"], dao.addresses["leases"])
    foreign = MerkleTree(leaf_hashes(other, there["dataset"], there["sequence"], leaves)).root
    message, manifest = dao.batch_message(leaves, root=foreign)
    batch = Batch(publish(dao, message).value, manifest, message)
    dao.activate(batch)
    bad = dao.registry.leafOf(batch.id, tuple(item))
    assert bad != foreign, "a tree of one leaf has the leaf as its root"
    refused(dao, lambda: dao.claim(batch, item), "DatasetRegistry_InvalidProof", batch.id, bad, watch=leaves)


def test_claim__same_leaf_and_proof_on_another_batch__refused_AB52(dao: Dao) -> None:
    leaves = crowd(dao, 2)
    first, second = dao.publish(leaves), dao.publish(leaves)
    dao.activate(first)
    activate_now(dao, second)
    moved = renumbered(first, second.id)
    bad = dao.registry.leafOf(second.id, tuple(leaves[0]))
    refused(dao, lambda: dao.claim(moved, leaves[0]), "DatasetRegistry_InvalidProof", second.id, bad, watch=leaves)


def test_claim__batch_that_does_not_exist__refused(dao: Dao) -> None:
    (item,) = leaves = crowd(dao, 1)
    batch = live(dao, leaves)
    for number in (0, 2):
        refused(
            dao,
            lambda n=number: dao.claim(renumbered(batch, n), item),
            "DatasetRegistry_UnknownBatch",
            number,
            watch=leaves,
        )


@pytest.mark.parametrize("quality", [0, 4_999, 10_001, 2**256 - 1])
def test_claim__quality_out_of_range__refused_R4(dao: Dao, quality: int) -> None:
    poor, good = crowd(dao, 2)
    leaves = [poor._replace(quality=quality), good]
    batch = live(dao, leaves, totalShares=20 * UNIT)
    refused(
        dao,
        lambda: dao.claim(batch, leaves[0]),
        "DatasetRegistry_QualityOutOfRange",
        quality,
        5_000,
        10_000,
        watch=leaves,
    )
    dao.claim(batch, good)


@pytest.mark.parametrize("quality", [5_000, 10_000])
def test_claim__quality_at_the_ends_of_the_range__accepted_R4(dao: Dao, quality: int) -> None:
    (item,) = leaves = [crowd(dao, 1)[0]._replace(quality=quality)]
    dao.claim(live(dao, leaves), item)
    assert dao.token.balanceOf(item.contributor) == 10 * UNIT * quality // 10_000


@pytest.mark.parametrize("units", [0, 2**128, 2**256 - 1])
def test_claim__units_that_earn_nothing_or_overflow__refused_R4_B08(dao: Dao, units: int) -> None:
    (item,) = leaves = [crowd(dao, 1, units)[0]]
    batch = live(dao, leaves, totalShares=UNIT)
    refused(dao, lambda: dao.claim(batch, item), "DatasetRegistry_NoShares", units, 10_000, watch=leaves)


def test_claim__largest_units_that_are_reckoned_with__refused_for_what_they_come_to_R4(dao: Dao) -> None:
    units = 2**128 - 1
    (item,) = leaves = crowd(dao, 1, units)
    batch = live(dao, leaves, totalShares=UNIT)
    call = lambda: dao.claim(batch, item)  # noqa: E731
    refused(dao, call, "DatasetRegistry_SharesExceedBatch", batch.id, units * UNIT, UNIT, watch=leaves)


def test_claim__more_shares_than_the_batch_was_signed_for__refused_R4(dao: Dao) -> None:
    leaves = crowd(dao, 2)
    batch = live(dao, leaves, totalShares=19 * UNIT)
    dao.claim(batch, leaves[0])
    refused(
        dao,
        lambda: dao.claim(batch, leaves[1]),
        "DatasetRegistry_SharesExceedBatch",
        batch.id,
        10 * UNIT,
        9 * UNIT,
        watch=leaves,
    )


@pytest.mark.parametrize(
    "name", ["zero", "registry", "token", "splitter", "timelock", "brake", "governor", "leases", "models"]
)
def test_claim__for_zero_or_a_contract_of_the_dao__refused(dao: Dao, name: str) -> None:
    contributor = ADDRESS_ZERO if name == "zero" else dao.addresses[name]
    (item,) = leaves = [changed(crowd(dao, 1)[0], contributor=contributor)]
    batch = live(dao, leaves)
    refused(
        dao,
        lambda: dao.claim(batch, item),
        "DatasetRegistry_InvalidContributor",
        item.contributor,
        watch=leaves,
    )


def test_claim__while_the_brake_is_pulled__accepted(dao: Dao) -> None:
    (item,) = leaves = crowd(dao, 1)
    batch = live(dao, leaves)
    dao.brake.pull(sender=dao.actors["guardian"].address)
    dao.claim(batch, item)
    assert dao.token.balanceOf(item.contributor) == 10 * UNIT
