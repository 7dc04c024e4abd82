"""What attestors sign and what leaves commit to, for any values (R-2, R-3, R-5; AB-48, AB-52, AB-56, AB-60).

The contract's digests and leaves are compared with eth_account's EIP-712 and eth_abi's encoding, which share no code
with it.
"""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest
from eth_abi import encode
from eth_account.messages import encode_typed_data
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.harness.chain.evm import Revm
from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import Batch, Dao, leaf
from assurance.harness.dao.registry import attestors, crowd, publish, signatures
from assurance.harness.dao.system import Actor, actor
from assurance.harness.machines.depth import DEPTH
from datadao.crypto.merkle import LEAF_TYPES, MerkleTree
from datadao.types import Leaf

UINTS = {
    "datasetId": 256,
    "sequence": 256,
    "totalShares": 256,
    "count": 256,
    "policyVersion": 256,
    "attestorSetVersion": 256,
    "deadline": 48,
}
FIELDS = (
    *("datasetId", "sequence", "root", "totalShares", "count", "manifestHash"),
    *("policyVersion", "attestorSetVersion", "deadline"),
)
MESSAGES = 10_000


@pytest.fixture(scope="module")
def dao() -> Dao:
    return Dao()


def digest(dao: Dao, message: dict[str, Any], chain_id: int | None = None, registry: str | None = None) -> bytes:
    """EIP-712 by eth_account, types spelled out here."""
    kinds = {name: f"uint{UINTS[name]}" if name in UINTS else "bytes32" for name in FIELDS}
    signable = encode_typed_data(
        {
            "name": "DatasetRegistry",
            "version": "1",
            "chainId": chain_id or dao.chain.chain_id,
            "verifyingContract": registry or dao.addresses["registry"],
        },
        {"Batch": [{"name": name, "type": kind} for name, kind in kinds.items()]},
        message,
    )
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def any_value(source: random.Random, name: str) -> Any:
    """Any value of the field; extremes and small numbers often."""
    if name not in UINTS:
        return source.choice([bytes(32), b"\xff" * 32, source.randbytes(32), source.randbytes(32)])
    bits = UINTS[name]
    return source.choice([0, 1, 2**bits - 1, source.randrange(2**16), source.randrange(2**bits)])


def test_digest__of_10_000_random_messages__equals_eth_accounts_and_no_field_is_left_out_R2_AB60_B07(dao: Dao) -> None:
    source = random.Random(20_261_122)
    for i in range(MESSAGES * DEPTH):
        message = {name: any_value(source, name) for name in FIELDS}
        reported = dao.registry.hashBatch(tuple(message.values()))
        assert reported == digest(dao, message)
        name = FIELDS[i % len(FIELDS)]
        other = any_value(source, name)
        changed = dao.registry.hashBatch(tuple((message | {name: other}).values()))
        assert (changed == reported) == (other == message[name])


def test_digest__on_another_chain_or_contract__is_another_R2(dao: Dao) -> None:
    message, _ = dao.batch_message(crowd(dao, 2))
    elsewhere = Dao(chain=Revm(chain_id=1))
    assert elsewhere.addresses == dao.addresses
    second = Dao(chain=elsewhere.chain)
    assert second.addresses != dao.addresses
    fields = dict(zip(FIELDS, message, strict=True))
    reported = [d.registry.hashBatch(message) for d in (dao, elsewhere, second)]
    assert len(set(reported)) == 3
    assert reported == [
        digest(dao, fields),
        digest(dao, fields, chain_id=1),
        digest(dao, fields, chain_id=1, registry=second.addresses["registry"]),
    ]


@settings(max_examples=150 * DEPTH)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=5))
def test_publish__any_list_of_signers__accepted_iff_threshold_members_ascend_R3_B10(
    dao: Dao, choice: list[tuple[int, bool]]
) -> None:
    """Numbers 3 and 4 are strangers; False is a signature over another message, which recovers to a stranger too."""
    people: list[Actor] = [*attestors(dao), actor("stranger"), actor("another stranger")]
    message, _ = dao.batch_message(crowd(dao, 1))
    other, _ = dao.batch_message(crowd(dao, 2))
    signed = [signatures(dao, message if right else other, people[who])[0] for who, right in choice]
    numbers = [who for who, _ in choice]
    good = all(right and who < 3 for who, right in choice) and all(a < b for a, b in pairwise(numbers))
    before = dao.registry.batchCount()
    snapshot = dao.chain.snapshot()
    if good and len(numbers) >= 2:
        assert publish(dao, message, signed).value == before + 1
        dao.chain.revert(snapshot)
        return
    with pytest.raises(Reverted) as caught:
        publish(dao, message, signed)
    assert caught.value.name in {
        "DatasetRegistry_InsufficientSignatures",
        "DatasetRegistry_NotAttestor",
        "DatasetRegistry_SignersNotAscending",
    }
    assert dao.registry.batchCount() == before


hash32 = st.one_of(st.binary(min_size=32, max_size=32), st.sampled_from([bytes(32), b"\xff" * 32]))
number = st.one_of(st.integers(0, 2**256 - 1), st.sampled_from([0, 1, 10_000, 2**128, 2**256 - 1]))
some_leaf = st.builds(
    Leaf,
    st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex()),
    hash32,
    hash32,
    hash32,
    number,
    number,
)


@pytest.fixture(scope="module")
def published(dao: Dao) -> Batch:
    """A batch of seven in force; module-wide, nothing below changes it."""
    batch = dao.publish([leaf(actor(f"member-{i}"), f"data {i}", i + 1) for i in range(7)], sequence=41)
    dao.activate(batch)
    return batch


@settings(max_examples=300 * DEPTH)
@given(one=some_leaf, other=some_leaf)
def test_leaf__of_any_contribution__is_the_independent_hash_and_injective_R5(
    dao: Dao, published: Batch, one: Leaf, other: Leaf
) -> None:
    place = [dao.chain.chain_id, dao.addresses["registry"], 1, 41]
    hashes = [dao.registry.leafOf(published.id, tuple(item)) for item in (one, other)]
    assert hashes == [keccak(keccak(encode(LEAF_TYPES, [*place, *item]))) for item in (one, other)]
    assert (hashes[0] == hashes[1]) == (one == other)


@settings(max_examples=200 * DEPTH)
@given(data=st.data())
def test_proof__of_anything_but_its_own_leaf_in_its_own_batch__fails_R5_B06(
    dao: Dao, published: Batch, data: st.DataObject
) -> None:
    """Any leaf, any nodes of the tree as its proof, in any order and number."""
    tree, leaves = published.manifest.tree, published.manifest.leaves
    item = data.draw(st.one_of(some_leaf, st.sampled_from(leaves)))
    nodes = sorted({node for i in range(7) for node in tree.proof(i)} | {tree.root})
    proof = data.draw(
        st.one_of(st.lists(st.sampled_from(nodes), max_size=4), st.sampled_from(leaves).map(published.proof))
    )
    right = item in leaves and proof == published.proof(item)
    assert dao.registry.isIncluded(published.id, tuple(item), proof) == right


@settings(max_examples=100 * DEPTH)
@given(count=st.integers(2, 40), data=st.data())
def test_inner_node__with_its_own_proof__is_the_leaf_of_no_contribution_AB48(
    dao: Dao, published: Batch, count: int, data: st.DataObject
) -> None:
    """An inner node is a hash of 64 bytes once; carried in a contribution's fields they are hashed twice with more."""
    ids = [keccak(text=f"leaf {i}") for i in range(count)]
    tree = MerkleTree(ids)
    index = data.draw(st.integers(0, count - 1))
    proof = tree.proof(index)
    left, right = sorted((ids[index], proof[0]))
    inner = keccak(left + right)
    assert inner == tree.root if len(proof) == 1 else True
    for fields in ((left, right, bytes(32)), (bytes(32), left, right), (right, left, bytes(32))):
        forged = Leaf("0x" + left[12:].hex(), *fields, int.from_bytes(left, "big"), int.from_bytes(right, "big"))
        assert dao.registry.leafOf(published.id, tuple(forged)) not in (inner, *ids, tree.root)
