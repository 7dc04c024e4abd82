"""`ape run deploy --factory`: two transactions, from a factory that is exactly this build's, and `verify` proves it.

- through the real command: blueprints and factory once, recorded; then the DAO
- the factory given or recorded: other code, a blueprint with one byte changed, no contract: named, nothing sent
- rehearsal: what a constructor would refuse, what takes more gas than a transaction may
- interruptions are in test_factory_interruption.py, what `verify` finds is in test_factory_verify.py
"""

from __future__ import annotations

import json

import ape
import pytest
from rich.console import Console

from assurance.harness.chain.node import Node
from datadao.chain.arguments import ConfigError
from deployer.deploy import execute
from deployer.factory import existing, faults
from deployer.plan import NEW, make_plan
from deployer.record import append, append_factory, newest, newest_factory
from deployer.rehearsal import TRANSACTION_LIMIT, rehearse
from deployer.verify import verify
from scripts.deploy import _recorded_or_new
from tests.deployer.world import CONTRACTS, altered, arguments, blueprints, changed, deployed, local, run

BEGIN, COMPLETE = 13, 14
"""Places of the two transactions after the asset, eleven blueprints and the factory."""


# Through the command


def test_cli__with_a_factory__deploys_it_once_and_a_dao_in_two_transactions(tmp_path):
    node = Node()
    try:
        code, output = run("deploy", *arguments(node, tmp_path, "--factory", "--yes"))
        assert code == 0, output
        assert "checks passed: no power outside the timelock but the guardian's." in output
        assert node.web3.eth.block_number == COMPLETE + 1
        record = json.loads((tmp_path / "31337.json").read_text())
        (factory,), (entry,) = record["factories"], record["deployments"]
        assert (len(factory["blueprints"]), factory["block"]) == (11, BEGIN)
        assert entry["factory"] == factory["address"]
        live = {name: entry["contracts"][name]["block"] for name in CONTRACTS}
        assert live == {name: BEGIN + 1 + (name == "DatasetRegistry") for name in CONTRACTS}
        assert entry["contracts"]["DataTimelock"]["address"] in output

        token = entry["contracts"]["DataToken"]["address"]
        code, output = run("deploy", *arguments(node, tmp_path, "--factory", token, "--yes"))
        assert code == 1
        assert f"{token} is not the factory of these contracts: it differs in DataDAOFactory.code hash, " in output
        assert node.web3.eth.block_number == COMPLETE + 1
    finally:
        node.stop()


# Which factory


def test_deploy__through_a_factory_on_chain__sends_two_transactions_and_verifies(deployer, first, address):
    plan, steps, entry = first
    assert [step.key for step in steps[-3:]] == ["factory", "begin", "complete"]
    assert [check for check in verify(entry, local()) if not check.ok] == []
    again = make_plan(deployer.address, changed("asset", plan.asset), factory=address)
    assert [item.key for item in again.transactions] == ["begin", "complete"]
    assert not set(again.addresses.values()) & set(plan.addresses.values())
    deployment, entry = deployed(deployer, again)
    assert deployment.registry.datasetCount() == 1
    checks = verify(entry, again.config)
    assert [check for check in checks if not check.ok] == []
    names = [f"{check.contract}.{check.field}" for check in checks]
    assert len(names) == len(set(names))
    assert "DataTimelock.PROPOSER_ROLE held by factory" in names
    assert all("gas" not in entry["contracts"][name] for name in CONTRACTS)


def test_existing__other_code_or_blueprint_or_nothing__is_named(deployer, first, address):
    for given, message in (
        ("nowhere", "factory: 'nowhere' is not an address: expected 0x and 40 hex digits"),
        (
            deployer.address,
            f"{deployer.address} is not the factory of these contracts: it differs in DataDAOFactory.code",
        ),
    ):
        with pytest.raises(ConfigError, match=f"^{message}"):
            existing(given)
    assert faults(address) == []
    for name, accounts in blueprints(first[0]).items():
        for account in accounts:
            altered(account)
            assert faults(address) == [f"{name}.blueprint hash"]
            altered(account)
    altered(address)
    with pytest.raises(ConfigError, match=r"differs in DataDAOFactory.code hash$"):
        make_plan(deployer.address, local(), factory=address)


def test_recorded__factory__is_used_while_it_is_this_builds_and_outlives_a_stopped_deployment(
    deployer, first, address, tmp_path
):
    out = Console(record=True, width=500)
    assert _recorded_or_new(out, tmp_path) == NEW
    plan, steps, entry = first
    for _ in range(2):
        append_factory(tmp_path, plan, steps[:BEGIN])
    (recorded,) = json.loads((tmp_path / "31337.json").read_text())["factories"]
    assert recorded["address"] == address
    assert recorded["blueprints"] == [account for accounts in blueprints(plan).values() for account in accounts]
    assert _recorded_or_new(out, tmp_path) == newest_factory(tmp_path) == address
    append(tmp_path, entry)
    assert (newest(tmp_path), newest_factory(tmp_path)) == (entry, address)
    assert out.export_text() == ""
    altered(blueprints(plan)["DataLeases"][1])
    assert _recorded_or_new(out, tmp_path) == NEW
    assert f"recorded at {address} is of other contracts: it differs in DataLeases.blueprint hash." in out.export_text()


# Rehearsal


@pytest.mark.parametrize("choice", [NEW, "existing"])
def test_rehearse__parameters_that_fit__tells_gas_of_every_transaction(deployer, first, address, choice):
    plan = make_plan(deployer.address, local(), factory=NEW if choice == NEW else address)
    gas = rehearse(plan)
    assert list(gas) == [item.key for item in plan.transactions]
    own = {item.key for item in plan.transactions if item.key == "asset" or item.key.startswith("blueprint ")}
    for step in execute(deployer, plan).steps:
        assert step.gas <= gas[step.key] <= step.gas + (23_000 if step.key in own else 100_000)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("DataTimelock.minDelay", 1, "begin, which creates all but the registries, would refuse: DataTimelock_Delay"),
        ("DataLeases.params.bondDelay", 1, "begin, which creates all but the registries, would refuse: DataLeases_Inv"),
        ("DatasetRegistry.params.claimPeriod", 1, r"DatasetRegistry would refuse: DatasetRegistry_InvalidParameter\("),
        ("DatasetRegistry.params.policies.0.uri", "x" * 16_000,
         r"complete takes about [0-9,]+ gas, more than the 16,777,216 of a transaction"),
    ],
)  # fmt: skip
def test_rehearse__parameter_that_cannot_be__refused_before_anything_is_sent(deployer, address, path, value, message):
    before = (deployer.nonce, ape.chain.blocks.height)
    with pytest.raises(ConfigError, match=f"^local.yaml: {message}"):
        rehearse(make_plan(deployer.address, changed(f"contracts.{path}", value), factory=address))
    assert (deployer.nonce, ape.chain.blocks.height) == before


def test_begin_and_complete__stay_below_the_gas_of_a_transaction(first):
    gas = {step.key: step.gas for step in first[1]}
    assert max(gas.values()) == gas["begin"] < TRANSACTION_LIMIT
