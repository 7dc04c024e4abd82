"""Multiproofs equal those of OpenZeppelin's JavaScript package, which `claimMany` verifies, node for node."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path

import pytest
from eth_utils import keccak

from datadao.crypto.merkle import MerkleTree
from datadao.errors import InvalidArgument

ROOT = Path(__file__).parents[3]

JAVASCRIPT = """
const { makeMerkleTree, getMultiProof } = require("@openzeppelin/merkle-tree/dist/core.js");
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(({ leaves, indices }) => {
  // StandardMerkleTree with sortLeaves: false lays leaf i at node `nodes - 1 - i`.
  const tree = makeMerkleTree(leaves);
  return getMultiProof(tree, indices.map((i) => tree.length - 1 - i));
})));
"""


def hashes(count: int) -> list[bytes]:
    return [keccak(text=f"leaf {i}") for i in range(count)]


def test_multiproof__every_choice_of_leaves_in_small_trees__equals_openzeppelin_javascript() -> None:
    choices = [
        (count, chosen)
        for count in range(1, 10)
        for size in range(1, count + 1)
        for chosen in itertools.combinations(range(count), size)
    ] + [(100, tuple(range(40, 60))), (100, (0, 17, 18, 63, 64, 99))]
    cases = [{"leaves": ["0x" + h.hex() for h in hashes(count)], "indices": chosen} for count, chosen in choices]
    run = subprocess.run(
        ["node", "-e", JAVASCRIPT], input=json.dumps(cases), capture_output=True, text=True, cwd=ROOT, check=True
    )
    for (count, chosen), theirs in zip(choices, json.loads(run.stdout), strict=True):
        proof, flags = MerkleTree(hashes(count)).multiproof(reversed(chosen))
        assert ["0x" + node.hex() for node in proof] == theirs["proof"]
        assert list(flags) == theirs["proofFlags"]
        assert ["0x" + hashes(count)[i].hex() for i in chosen] == theirs["leaves"], "ascending leaves"


@pytest.mark.parametrize("indices", [(), (1, 1), (-1, 2), (2, 5)])
def test_multiproof__nothing_twice_or_outside__refused(indices: tuple[int, ...]) -> None:
    with pytest.raises(InvalidArgument):
        MerkleTree(hashes(5)).multiproof(indices)
