"""A factory whose creation code put a batch into the registry's storage before it returned the honest runtime.

All code on chain is this project's, every parameter is as configured; what shows it is the factory's creation, and a
batch that no event reported.
"""

from __future__ import annotations

from dataclasses import replace

import ape
import pytest

from datadao.chain.arguments import ConfigError
from datadao.chain.events import topic
from deployer.deploy import execute
from deployer.factory import existing
from deployer.plan import NEW, make_plan
from deployer.record import Step, new_entry
from tests.deployer.hostile import UNIT, hidden, hostile_factory, written
from tests.deployer.world import local, misses

SHARES = 2_000 * UNIT


@pytest.fixture(scope="module")
def robbed(deployer, accounts):
    """The attack: the DAO's handles, the thief's leaf, the record of the DAO."""
    plan, thief = make_plan(deployer.address, local(), factory=NEW), accounts[30]
    with ape.chain.isolate():  # where its author lets an honest DAO run, to copy what a registry then stores
        honest = execute(deployer, plan)
        registry = honest.registry
        leaf, published = hidden(registry, plan.addresses["leases"], accounts[2:4], thief.address, SHARES)
        slots = written(registry.address, [honest.steps[-1].transaction, published])
        codes = [bytes(ape.networks.provider.get_code(plan.addresses[key])) for key in ("models", "registry")]
        data = hostile_factory(plan, *codes, slots)
    *most, complete = plan.transactions
    most = tuple(replace(item, data=data) if item.key == "factory" else item for item in most)
    vars(plan)["transactions"] = most
    dao = execute(deployer, plan)
    vars(plan)["transactions"] = (*most, complete)
    factory = next(step for step in dao.steps if step.key == "factory")
    claimed = Step("complete", "complete", complete.address, factory.transaction, factory.block, 0)
    return dao, leaf, new_entry(plan, (*dao.steps, claimed))


def test_hostile_factory__hidden_batch__mints_to_its_author(robbed, accounts):
    dao, leaf, _ = robbed
    thief = accounts[30]
    assert dao.registry.batchCount() == 1
    logs = ape.networks.provider.web3.eth.get_logs({"address": dao.registry.address, "fromBlock": 0})
    assert topic("DatasetRegistry", "BatchPublished") not in [bytes(log["topics"][0]) for log in logs]
    # The copied batch is as old as the honest DAO's, which ran ahead.
    ape.chain.mine(timestamp=ape.chain.pending_timestamp + dao.registry.challengePeriod() + 3_600)
    dao.registry.activate(1, sender=thief)
    dao.registry.claim(1, tuple(leaf), [], sender=thief)
    assert dao.token.balanceOf(thief) == dao.token.totalSupply() == SHARES


def test_verify__hostile_factory__its_creation_and_the_hidden_batch_are_named_X7(robbed):
    sets = {f"DatasetRegistry.{view} by events" for view in (
        "batchCount", "datasetCount", "attestorSetVersion", "committeeVersion", "policy 1 version",
    )}  # fmt: skip
    assert misses(robbed[2]) == {"DataDAOFactory.creation code hash"} | sets


def test_deploy__through_a_hostile_factory__is_refused_X7(robbed):
    factory = robbed[2]["factory"]
    with pytest.raises(ConfigError, match=r"it differs in DataDAOFactory.creation code hash$"):
        existing(factory["transaction"])
