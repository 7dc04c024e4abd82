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
from datadao.chain.transactions import TRANSACTION_LIMIT
from deployer.deploy import execute
from deployer.estimate import estimate
from deployer.factory import existing
from deployer.plan import NEW, make_plan
from deployer.record import append, append_factory, factory_given, newest, newest_factory
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
        assert entry["factory"] == {key: factory[key] for key in ("address", "transaction")}
        live = {name: entry["contracts"][name]["block"] for name in CONTRACTS}
        assert live == {name: BEGIN + 1 + name.endswith("Registry") for name in CONTRACTS}
        assert entry["contracts"]["DataTimelock"]["address"] in output

        token = entry["contracts"]["DataToken"]["address"]
        code, output = run("deploy", *arguments(node, tmp_path, "--factory", token, "--yes"))
        assert code == 1
        assert f"factory: {token} is not recorded here; give the transaction that created it" in output
        assert node.web3.eth.block_number == COMPLETE + 1
    finally:
        node.stop()


# Which factory


def test_deploy__through_a_factory_on_chain__sends_two_transactions_and_verifies(deployer, first, created):
    plan, steps, entry = first
    assert [step.key for step in steps[-3:]] == ["factory", "begin", "complete"]
    assert [check for check in verify(entry, local()) if not check.ok] == []
    again = make_plan(deployer.address, changed("asset", plan.asset), factory=created)
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


def test_existing__other_code_or_blueprint_or_nothing__is_named(deployer, first, address, created):
    _, steps, _ = first
    begin, unknown = steps[-2].transaction, "0x" + "12" * 32
    for given, message in (
        (unknown, f"factory: this node does not know the transaction {unknown}"),
        (begin, f"factory: {begin} is a call of {address}; a factory is created by a transaction"),
        (steps[0].transaction, f"{steps[0].address} is not the factory of these contracts: it differs in DataDAOFact"),
    ):
        with pytest.raises(ConfigError, match=f"^{message}"):
            existing(given)
    assert existing(created).address == address
    for name, accounts in blueprints(first[0]).items():
        for account in accounts:
            altered(account)
            with pytest.raises(ConfigError, match=f"differs in {name}.blueprint hash$"):
                existing(created)
            altered(account)
    altered(address)
    with pytest.raises(ConfigError, match=r"differs in DataDAOFactory.code hash$"):
        make_plan(deployer.address, local(), factory=created)


def test_given__factory__by_its_creation_or_a_recorded_address(first, address, created, tmp_path):
    assert factory_given(tmp_path, created.upper().replace("0X", "0x")) == created
    for text, message in (
        ("nowhere", "factory: 'nowhere' is not an address: expected 0x and 40 hex digits"),
        (address, f"factory: {address} is not recorded here; give the transaction that created it"),
    ):
        with pytest.raises(ConfigError, match=f"^{message}"):
            factory_given(tmp_path, text)
    append_factory(tmp_path, first[0], first[1])
    assert factory_given(tmp_path, address.lower()) == created


def test_recorded__factory__is_used_while_it_is_this_builds_and_outlives_a_stopped_deployment(
    deployer, first, address, created, tmp_path
):
    out = Console(record=True, width=500)
    assert _recorded_or_new(out, tmp_path) == NEW
    plan, steps, entry = first
    for _ in range(2):
        append_factory(tmp_path, plan, steps[:BEGIN])
    (recorded,) = json.loads((tmp_path / "31337.json").read_text())["factories"]
    assert recorded["address"] == address
    assert recorded["blueprints"] == [account for accounts in blueprints(plan).values() for account in accounts]
    assert _recorded_or_new(out, tmp_path) == newest_factory(tmp_path) == created
    append(tmp_path, entry)
    assert (newest(tmp_path), newest_factory(tmp_path)) == (entry, created)
    assert out.export_text() == ""
    altered(blueprints(plan)["DataLeases"][1])
    assert _recorded_or_new(out, tmp_path) == NEW
    said = "The recorded factory is not used: "
    assert f"{said}{address} is not the factory of these contracts: it differs in DataLeases.bl" in out.export_text()


# Rehearsal


@pytest.mark.parametrize("choice", [NEW, "existing"])
def test_rehearse__parameters_that_fit__tells_gas_of_every_transaction(deployer, first, created, choice):
    plan = make_plan(deployer.address, local(), factory=NEW if choice == NEW else created)
    gas = estimate(plan).gas
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
def test_rehearse__parameter_that_cannot_be__refused_before_anything_is_sent(deployer, created, path, value, message):
    before = (deployer.nonce, ape.chain.blocks.height)
    with pytest.raises(ConfigError, match=f"^local.yaml: {message}"):
        estimate(make_plan(deployer.address, changed(f"contracts.{path}", value), factory=created))
    assert (deployer.nonce, ape.chain.blocks.height) == before


def test_begin_and_complete__stay_below_the_gas_of_a_transaction(first):
    gas = {step.key: step.gas for step in first[1]}
    assert max(gas.values()) == gas["begin"] < TRANSACTION_LIMIT
