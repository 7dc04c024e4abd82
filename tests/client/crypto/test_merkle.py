"""The batch tree equals OpenZeppelin's JavaScript package, node for node, and proves nothing it should not."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from eth_abi import encode
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.harness.dao.parties import DAO
from datadao.crypto.merkle import LEAF_TYPES, MerkleTree, leaf_hash, leaf_hashes, verify
from datadao.errors import InvalidArgument
from datadao.types import Dao, Leaf

ROOT = Path(__file__).parents[3]

JAVASCRIPT = """
const { StandardMerkleTree } = require("@openzeppelin/merkle-tree");
const input = JSON.parse(require("fs").readFileSync(0, "utf8"));
const tree = StandardMerkleTree.of(input.values, input.types, { sortLeaves: false });
const proofs = input.values.map((_, i) => tree.getProof(i));
console.log(JSON.stringify({ root: tree.root, proofs, hashes: input.values.map((v) => tree.leafHash(v)) }));
"""

hash32 = st.binary(min_size=32, max_size=32)
uint256 = st.integers(0, 2**256 - 1)
leaf_strategy = st.builds(
    Leaf, st.binary(min_size=20, max_size=20).map(lambda b: "0x" + b.hex()), hash32, hash32, hash32, uint256, uint256
)


def some_leaves(count: int) -> list[Leaf]:
    """Leaves of a few contributors, with extreme numbers among them."""
    marks = [keccak(i.to_bytes(4, "big")) for i in range(count)]
    return [
        Leaf("0x" + mark[:20].hex(), mark, keccak(mark), keccak(mark + b"e"), 2**256 - 1 if i == 1 else i, 10_000 - i)
        for i, mark in enumerate(marks)
    ]


def values(leaf: Leaf, sequence: int = 3) -> list[object]:
    return [DAO.chain_id, DAO.registry, 7, sequence, *leaf]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 100])
def test_tree__same_leaves__equals_openzeppelin_javascript(count: int) -> None:
    leaves = some_leaves(count)
    plain = [
        [f"0x{v.hex()}" if isinstance(v, bytes) else str(v) if isinstance(v, int) else v for v in values(leaf)]
        for leaf in leaves
    ]
    run = subprocess.run(
        ["node", "-e", JAVASCRIPT],
        input=json.dumps({"types": LEAF_TYPES, "values": plain}),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    theirs = json.loads(run.stdout)
    ours = MerkleTree(leaf_hashes(DAO, 7, 3, leaves))
    assert ["0x" + h.hex() for h in leaf_hashes(DAO, 7, 3, leaves)] == theirs["hashes"]
    assert "0x" + ours.root.hex() == theirs["root"]
    assert [["0x" + node.hex() for node in ours.proof(i)] for i in range(count)] == theirs["proofs"]


@settings(max_examples=50)
@given(leaf_strategy, uint256, st.integers(0, 2**64))
def test_leaf_hash__any_values__is_the_abi_encoding_hashed_twice(leaf: Leaf, sequence: int, chain_id: int) -> None:
    dao = Dao(chain_id, DAO.registry, DAO.leases)
    packed = encode(LEAF_TYPES, [chain_id, DAO.registry, 7, sequence, *leaf])
    assert leaf_hash(dao, 7, sequence, leaf) == keccak(keccak(packed))


@settings(max_examples=50)
@given(st.lists(hash32, min_size=1, max_size=70, unique=True), st.data())
def test_proof__every_leaf_verifies_and_no_other_value_does(hashes: list[bytes], data: st.DataObject) -> None:
    tree = MerkleTree(hashes)
    index = data.draw(st.integers(0, len(hashes) - 1))
    proof = tree.proof(index)
    assert verify(tree.root, hashes[index], proof)
    stranger = data.draw(hash32.filter(lambda value: value not in hashes))
    assert not verify(tree.root, stranger, proof)
    if proof:
        level = data.draw(st.integers(0, len(proof) - 1))
        bent = list(proof)
        bent[level] = bytes([bent[level][0] ^ 1]) + bent[level][1:]
        assert not verify(tree.root, hashes[index], bent)
        assert not verify(tree.root, hashes[index], proof[:-1])


def test_inner_node__offered_as_a_leaf__has_no_preimage() -> None:
    hashes = leaf_hashes(DAO, 7, 3, some_leaves(4))
    tree = MerkleTree(hashes)
    left, right = sorted(hashes[2:])
    inner = keccak(left + right)
    assert verify(tree.root, inner, tree.proof(2)[1:])  # the tree itself cannot distinguish them
    assert (
        keccak(keccak(left + right)) != inner
    )  # but a leaf is hashed twice over 320 bytes, an inner node once over 64
    assert not verify(tree.root, keccak(inner), tree.proof(2)[1:])


@pytest.mark.parametrize("field", range(4))
def test_proof__another_chain_registry_dataset_or_sequence__fails(field: int) -> None:
    place = [DAO.chain_id, DAO.registry, 7, 3]
    leaves = some_leaves(5)
    tree = MerkleTree(leaf_hashes(DAO, 7, 3, leaves))
    place[field] = "0x" + "c3" * 20 if field == 1 else 4
    elsewhere = leaf_hash(Dao(place[0], place[1], DAO.leases), place[2], place[3], leaves[2])
    assert verify(tree.root, leaf_hash(DAO, 7, 3, leaves[2]), tree.proof(2))
    assert not verify(tree.root, elsewhere, tree.proof(2))


def test_tree__empty_or_out_of_range__refused() -> None:
    with pytest.raises(InvalidArgument):
        MerkleTree([])
    for index in (-1, 2):
        with pytest.raises(InvalidArgument):
            MerkleTree([bytes(32), bytes(32)]).proof(index)


@pytest.mark.parametrize("field", ["contributor", "fingerprint", "file_hash", "envelope_hash"])
def test_leaf__a_field_of_another_width__refused(field: str) -> None:
    leaf = some_leaves(1)[0]
    cut = getattr(leaf, field)[:-2]
    with pytest.raises(InvalidArgument):
        leaf_hash(DAO, 7, 3, leaf._replace(**{field: cut}))


def test_leaf__two_hashes_of_wrong_width_that_add_up__refused_B07() -> None:
    leaf = some_leaves(1)[0]
    shifted = leaf._replace(fingerprint=leaf.fingerprint[:-1], file_hash=leaf.fingerprint[-1:] + leaf.file_hash)
    with pytest.raises(InvalidArgument):
        leaf_hash(DAO, 7, 3, shifted)


def test_verify__nodes_that_are_not_32_bytes__false() -> None:
    tree = MerkleTree([bytes(32), b"\1" * 32])
    assert not verify(tree.root, bytes(32), [b"\1" * 31])
    assert not verify(tree.root + b"\0", bytes(32), tree.proof(0))


def test_verify__the_same_64_bytes_cut_elsewhere__false() -> None:
    """keccak sees only the joined bytes, so the cut between two nodes has to be checked."""
    joined = bytes(32) + b"\1" * 32
    tree = MerkleTree([joined[:32], joined[32:]])
    for cut in (0, 31, 33, 64):
        assert keccak(joined[:cut] + joined[cut:]) == tree.root
        assert not verify(tree.root, joined[:cut], [joined[cut:]])
