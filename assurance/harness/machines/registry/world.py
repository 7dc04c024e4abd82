"""What random lives of a registry start from: a DAO of two datasets with small epochs, and its models."""

from __future__ import annotations

from assurance.harness.dao.dao import Dao
from assurance.harness.dao.registry import UNIT
from assurance.harness.dao.system import config
from assurance.harness.dao.zoo import Species
from assurance.harness.machines.base import World
from assurance.harness.models.registry.model import Registry
from assurance.harness.models.registry.records import Rules
from assurance.harness.models.token_splitter import Splitter, Token

POLICIES = [(UNIT, 5_000), (3 * UNIT, 1)]
MATURITY = 20 * UNIT
FLOOR = 500 * UNIT
CAP_BPS = 10_000
SETS = [([f"attestor-{i}" for i in range(3)], 2), (["scorer-0", "scorer-1"], 1)]
"""Attestors and how many of them must sign, before and after a vote."""


class RegistryWorld(World):
    """A DAO of two datasets with small epochs, in which the founder carries any vote."""

    def __init__(self, twins: tuple[str, ...], species: Species, transferable: bool) -> None:
        policy = dict(config().contracts["DatasetRegistry"]["params"]["policies"][0])
        names = ("sharesPerUnit", "minQuality")
        rules = config(
            DataToken__maturitySupply=MATURITY,
            DataToken__transferable=transferable,
            DataGovernor__params__quorumBps=500,
            DatasetRegistry__params__policies=[policy | dict(zip(names, rates, strict=True)) for rates in POLICIES],
            DatasetRegistry__params__epochFloor=FLOOR,
            DatasetRegistry__params__epochCapBps=CAP_BPS,
        )
        self.dao = Dao(rules, twins=twins, **species.options)
        super().__init__(self.dao.chain)


def model_of(dao: Dao, splitter: Splitter, token: Token) -> Registry:
    """The registry of a DAO in which nothing was published."""
    registry = dao.registry
    rules = Rules(
        dao.id,
        registry.challengePeriod(),
        registry.claimPeriod(),
        registry.epochLength(),
        registry.epochFloor(),
        registry.epochCapBps(),
        dao.who("guardian").address,
        dao.brake.guardianUntil(),
        frozenset(dao.addresses.values()),
    )
    policies = [registry.currentPolicy(d) for d in range(1, registry.datasetCount() + 1)]
    attestors = {dao.who(name).address for name in SETS[0][0]}, SETS[0][1]
    rates = [(policy.sharesPerUnit, policy.minQuality) for policy in policies]
    return Registry(rules, splitter, token, lambda: dao.chain.timestamp, attestors, rates)
