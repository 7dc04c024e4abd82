"""Every attestor builds the same batch from the same leaves, and signs exactly the registry's message."""

from __future__ import annotations

import random
from dataclasses import fields, replace

import pytest
from eth_abi import encode
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from assurance.harness.dao.parties import DAO, DATASET, POLICY, World
from datadao.crypto.merkle import leaf_hash, verify
from datadao.errors import BatchRefused
from datadao.messages.batch import BATCH, Batch, Policy
from datadao.types import Leaf

LEAVES = [
    Leaf(f"0x{i % 4 + 1:040x}", keccak(bytes([i])), keccak(bytes([i, 1])), keccak(bytes([i, 2])), i + 1, 10_000 - i)
    for i in range(12)
]


def test_build__leaves_in_any_order__is_one_batch_with_each_owner_s_leaves_adjacent() -> None:
    batch, manifest = World.build(LEAVES)
    shuffled = random.Random(1).sample(LEAVES, len(LEAVES))
    assert World.build(shuffled) == (batch, manifest)
    owners = [leaf.contributor for leaf in manifest.leaves]
    assert owners == sorted(owners)
    assert (batch.count, batch.root) == (12, manifest.tree.root)
    assert batch.total_shares == sum(leaf.units * leaf.quality for leaf in LEAVES)  # 10 000 shares per unit
    for index, leaf in enumerate(manifest.leaves):
        proved = manifest.contribution(5, index)
        assert proved.leaf == leaf
        assert verify(batch.root, leaf_hash(DAO, DATASET, 1, leaf), proved.proof)


@given(st.integers(0, 2**128), st.integers(0, 10_000), st.integers(1, 2**64))
def test_shares__any_leaf__is_the_registry_s_integer_formula(units: int, quality: int, rate: int) -> None:
    leaf = LEAVES[0]._replace(units=units, quality=quality)
    shares = Policy(1, rate, 0).shares(leaf)
    assert shares * 10_000 <= units * quality * rate < (shares + 1) * 10_000


@pytest.mark.parametrize(
    ("units", "quality", "accepted"),
    [(1, 5_000, True), (1, 10_000, True), (1, 4_999, False), (1, 10_001, False), (0, 10_000, False)],
)
def test_policy__bounds__are_those_of_a_claim(units: int, quality: int, accepted: bool) -> None:
    assert POLICY.accepts(LEAVES[0]._replace(units=units, quality=quality)) is accepted


def test_policy__share_rounded_to_nothing__not_accepted() -> None:
    assert not Policy(1, 1, 0).accepts(LEAVES[0]._replace(units=1, quality=9_999))


@pytest.mark.parametrize(
    "leaves",
    [
        [],
        [*LEAVES, LEAVES[3]._replace(fingerprint=bytes(32), quality=4_999)],
        [LEAVES[0], LEAVES[1]._replace(fingerprint=LEAVES[0].fingerprint)],
    ],
    ids=["none", "below minimum", "one fingerprint twice"],
)
def test_build__leaves_that_no_account_could_claim__refused(leaves: list[Leaf]) -> None:
    with pytest.raises(BatchRefused):
        World.build(leaves)


def test_digest__equals_the_standard_by_hand() -> None:
    batch, _ = World.build(LEAVES)
    domain_type = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    domain = encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [keccak(domain_type), keccak(b"DatasetRegistry"), keccak(b"1"), DAO.chain_id, DAO.registry],
    )
    message = encode(
        ["bytes32", "uint256", "uint256", "bytes32", "uint256", "uint256", "bytes32", "uint256", "uint256", "uint48"],
        [keccak(text=BATCH), *vars(batch).values()],
    )
    assert batch.digest(DAO) == keccak(b"\x19\x01" + keccak(domain) + keccak(message))
    assert BATCH == (
        "Batch(uint256 datasetId,uint256 sequence,bytes32 root,uint256 totalShares,uint256 count,bytes32 manifestHash,"
        "uint256 policyVersion,uint256 attestorSetVersion,uint48 deadline)"
    )


def test_digest__golden_vector() -> None:
    batch = Batch(1, 2, b"\3" * 32, 4, 5, b"\6" * 32, 7, 8, 9)
    assert batch.digest(DAO).hex() == "9c69096052235e0788a1a6a1aec2f7795f92faa3fb8078c3641bf5a675bdd513"


@pytest.mark.parametrize("field", [field.name for field in fields(Batch)])
def test_digest__any_field_changed__changes(field: str) -> None:
    batch = Batch(1, 2, b"\3" * 32, 4, 5, b"\6" * 32, 7, 8, 9)
    other = replace(batch, **{field: b"\x0a" * 32 if isinstance(getattr(batch, field), bytes) else 10})
    assert other.digest(DAO) != batch.digest(DAO)


@pytest.mark.parametrize("change", [{"chain_id": 1}, {"registry": "0x" + "d4" * 20}], ids=str)
def test_digest__another_chain_or_registry__changes(change: dict[str, object]) -> None:
    batch, _ = World.build(LEAVES)
    assert batch.digest(replace(DAO, **change)) != batch.digest(DAO)
