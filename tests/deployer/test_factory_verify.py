"""`verify` proves that a DAO came from a factory that makes nothing else, and names whatever is otherwise.

- code: of the factory, of each blueprint, none at all
- record: another parameter, transaction, creator
"""

from __future__ import annotations

import copy

import ape

from datadao.chain.abi import FACTORY
from deployer.plan import make_plan
from deployer.verify import expected_arguments
from deployer.verify.creation import check_creation
from deployer.verify.reader import Reader
from tests.deployer.world import CONTRACTS, altered, blueprints, changed, deployed, local


def creations(entry):
    """The part of a verification that is about who created the contracts, and how."""
    addresses = {name: entry["contracts"][name]["address"] for name in CONTRACTS}
    reader = Reader(ape.networks.provider.web3, {**addresses, FACTORY: entry["factory"]["address"]})
    expected = expected_arguments(entry, local(), addresses)
    return reader.settle(check_creation(reader, entry, expected))


def creation_misses(entry):
    return {f"{check.contract}.{check.field}" for check in creations(entry) if not check.ok}


def test_verify__factory_or_blueprint_with_other_code__is_named_and_nothing_else(first):
    plan, _, entry = first
    for name, accounts in blueprints(plan).items():
        altered(accounts[-1])
        assert creation_misses(entry) == {f"{name}.blueprint hash"}
        altered(accounts[-1])
    altered(plan.factory.address)
    assert creation_misses(entry) == {f"{FACTORY}.code hash"}


def test_verify__factory_without_code__is_named(first, address):
    ape.networks.provider.make_request("anvil_setCode", [address, "0x"])
    assert creation_misses(first[2]) == {f"{FACTORY}.code hash", f"{FACTORY}.blueprints"}


def test_verify__another_parameter__is_named(first):
    for contract, name, value in (
        ("DataTimelock", "minDelay", 1),
        ("EmergencyBrake", "guardian_", "0x" + "11" * 20),
        ("DataToken", "symbol_", "OTHER"),
        ("DataLeases", "asset_", "0x" + "11" * 20),
        ("DatasetRegistry", "params", {}),
    ):
        entry = copy.deepcopy(first[2])
        recorded = entry["contracts"][contract]["arguments"]
        assert name in recorded, recorded.keys()
        recorded[name] = value
        assert creation_misses(entry) == {f"{contract}.constructor arguments"}
        (check,) = (c for c in creations(entry) if not c.ok)
        assert check.actual.startswith(f"other: {name.rstrip('_')}")


def test_verify__wrong_record__is_named(deployer, first, created):
    plan, _, entry = first
    _, other = deployed(deployer, make_plan(deployer.address, changed("asset", plan.asset), factory=created))

    def recorded(contract, **changes):
        wrong = copy.deepcopy(entry)
        wrong["contracts"][contract] |= changes
        return creation_misses(wrong)

    unknown, theirs = "0x" + "00" * 32, other["contracts"]["DataTimelock"]["transaction"]
    assert recorded("DataTimelock", transaction=unknown) == {"DataTimelock.creation"}
    for contract in ("DataToken", "DatasetRegistry"):
        for transaction in (unknown, theirs):
            block = {f"{contract}.created in block"} if transaction == theirs else set()
            assert recorded(contract, transaction=transaction) == {f"{contract}.creation"} | block
    assert {f"{name}.created at" for name in CONTRACTS} <= recorded("DataTimelock", transaction=theirs)
    sent_asset = first[1][0].transaction
    assert {f"{FACTORY}.begun at", f"{FACTORY}.parameters"} <= recorded("DataTimelock", transaction=sent_asset)
    wrong = {**entry, "deployer": entry["accounts"]["TEST::1"]}
    found = creation_misses(wrong)
    assert f"{FACTORY}.begun by" in found and {f"{name}.created at" for name in CONTRACTS} <= found
