"""Uniswap's MerkleDistributor: a list of amounts under a root; each receiver shows a proof once per drop."""

from __future__ import annotations

from eth_utils import keccak

from assurance.bench.gas.peers.figures import PeerFigure
from assurance.bench.gas.peers.node import Stage
from assurance.bench.gas.peers.packages import Package
from assurance.bench.gas.registry import Paths
from assurance.harness.chain.anvil import Anvil
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.system import Actor

PACKAGE = "@uniswap/merkle-distributor"
AMOUNT = 10**9


def measure(chain: Anvil) -> list[PeerFigure]:
    """Claims of the asset our own figures pay out, from drops to a thousand and to a million receivers."""
    package = Package(PACKAGE)
    dao = Dao(chain=chain)
    stage, figures = Stage(chain, dao.who("operator").address), []
    artifact = package.artifact("build/MerkleDistributor.json")
    for depth, receivers in ((10, "a thousand"), (20, "a million")):
        people = [dao.who(f"receiver-{depth}-{i}") for i in range(3)]
        drop = [people[0], people[1], people[2], people[1]]
        paths = Paths([_leaf(place, person) for place, person in enumerate(drop)], depth)
        distributor = stage.create(artifact, dao.asset.address, paths.root)
        made = stage.last()["gasUsed"]
        dao.asset.mint(stage.owner, 20 * AMOUNT, sender=stage.owner)
        made += dao.asset.transfer(distributor.address, 10 * AMOUNT, sender=stage.owner).gas
        gas = [
            stage.send(distributor, "claim", place, person.address, AMOUNT, paths.proof(place), by=person.address)
            for place, person in enumerate(drop)
        ]
        many = f"a drop to {receivers}"
        figures += [
            PeerFigure(PACKAGE, f"claim, first, {many}", gas[1]),
            PeerFigure(PACKAGE, f"claim, later, {many}", gas[3]),
            PeerFigure(PACKAGE, f"deploy and fund {many}, 2 tx", made),
        ]
    return figures


def _leaf(place: int, person: Actor) -> bytes:
    return keccak(place.to_bytes(32) + bytes.fromhex(person.address[2:]) + AMOUNT.to_bytes(32))
