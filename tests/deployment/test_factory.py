"""`ape run deploy --factory`: two transactions, from a factory that is exactly this build's, and `verify` proves it.

- through the real command: blueprints and factory once, recorded; then the DAO
- the factory given or recorded: other code, a blueprint with one byte changed, no contract: named, nothing sent
- rehearsal: what a constructor would refuse, what takes more gas than a transaction may
- stopped at each transaction, by each cause: says so, nothing usable, goes on; completed by a stranger meanwhile
- `verify`: wrong factory, blueprint, parameter, transaction, creator: each named
"""

from __future__ import annotations

import copy
import json

import ape
import pytest
from rich.console import Console

from datadao.deployment import ConfigError
from datadao.factory import FACTORY
from scripts._check_birth import check_birth
from scripts._deploy import execute
from scripts._factory import existing, faults
from scripts._plan import NEW, make_plan
from scripts._reading import Reader
from scripts._record import Journal, append, append_factory, new_entry, newest, newest_factory
from scripts._rehearse import TRANSACTION_LIMIT, rehearse
from scripts._resume import RECORDED, NotResumable, resume
from scripts._send import DeploymentError
from scripts._verify import verify
from scripts.deploy import _recorded_or_new
from tests.deployment.test_interruption import CAUSES, Failing
from tests.deployment.world import CONTRACTS, Node, arguments, changed, deployed, local, misses, run

BEGIN, COMPLETE = 12, 13
"""Places of the two transactions after the asset, ten blueprints and the factory."""


@pytest.fixture(scope="module")
def first(deployer):
    """A DAO with its new factory: plan, steps, record."""
    plan = make_plan(deployer.address, local(), factory=NEW)
    deployment = execute(deployer, plan)
    return plan, deployment.steps, new_entry(plan, deployment.steps)


@pytest.fixture(scope="module")
def address(first):
    """The factory's."""
    return first[0].factory.address


def altered(address, place=-1):
    """Changes a byte of the code at an address."""
    provider = ape.networks.provider
    code = bytearray(bytes(provider.get_code(address)))
    code[place] ^= 1
    provider.make_request("anvil_setCode", [address, "0x" + code.hex()])


def blueprints(plan):
    """Accounts of the blueprints by contract."""
    found = {}
    for item in plan.transactions:
        if item.key.startswith("blueprint "):
            found.setdefault(item.key.split()[1], []).append(item.address)
    return found


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
        assert (len(factory["blueprints"]), factory["block"]) == (10, BEGIN)
        assert entry["factory"] == factory["address"]
        born = {name: entry["contracts"][name]["block"] for name in CONTRACTS}
        assert born == {name: BEGIN + 1 + (name == "DatasetRegistry") for name in CONTRACTS}
        assert entry["contracts"]["DataTimelock"]["address"] in output

        token = entry["contracts"]["DataToken"]["address"]
        code, output = run("deploy", *arguments(node, tmp_path, "--factory", token, "--yes"))
        assert code == 1
        assert f"{token} is not the factory of these contracts: DataDAOFactory has another code hash" in output
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
        ("nowhere", "expected a factory's address, got 'nowhere'"),
        (deployer.address, f"{deployer.address} is not the factory of these contracts: DataDAOFactory has another"),
    ):
        with pytest.raises(ConfigError, match=f"^{message}"):
            existing(given)
    assert faults(address) == []
    for name, accounts in blueprints(first[0]).items():
        for account in accounts:
            altered(account)
            assert faults(address) == [f"{name} has another blueprint hash"]
            altered(account)
    altered(address)
    with pytest.raises(ConfigError, match=r"these contracts: DataDAOFactory has another code hash$"):
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
    assert f"recorded at {address} is of other contracts: DataLeases has another blueprint hash." in out.export_text()


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
        ("DataTimelock.minDelay", 1, "begin, which creates all but the registry, would refuse: DataTimelock_Delay"),
        ("DataLeases.params.bondDelay", 1, "begin, which creates all but the registry, would refuse: DataLeases_Inva"),
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


# Interruption


def test_deploy__stopped_at_each_transaction_in_turn__goes_on_each_time(deployer, tmp_path):
    journal, config = Journal(tmp_path), local()
    plan = make_plan(deployer.address, config, factory=NEW)
    journal.begin(plan)
    names, done = [item.name for item in plan.transactions], ()
    for number in range(len(names)):
        reason, cause = list(CAUSES.items())[number % len(CAUSES)]
        with pytest.raises(DeploymentError) as stopped:
            execute(Failing(deployer, number - len(done), cause), plan, done=done, journal=journal)
        message = str(stopped.value)
        assert f"Stopped at {names[number]}, transaction {number + 1} of 14: " in message and reason in message
        assert f"On chain: {', '.join(names[:number]) or 'nothing'}. Nothing of it can be used" in message
        assert ("Anybody else may complete the DAO" in message) == (number == COMPLETE)
        created = [item for item in plan.contracts if ape.networks.provider.get_code(item.address)]
        assert len(created) == {0: 0, COMPLETE: 8}.get(number, 1)
        if number:
            resumed, done = resume(deployer.address, config, journal, RECORDED)
            assert resumed == plan
            assert [step.contract for step in done] == names[:number]
    steps = execute(deployer, plan, done=done, journal=journal).steps
    assert resume(deployer.address, config, journal, RECORDED)[1] == steps
    assert misses(new_entry(plan, steps)) == set()
    assert deployer.nonce == plan.nonce + len(names)


def stopped_before_complete(deployer, address, journal):
    """A DAO that was begun."""
    plan = make_plan(deployer.address, local(), factory=address)
    journal.begin(plan)
    with pytest.raises(DeploymentError, match="Stopped at complete, transaction 3 of 3: "):
        execute(Failing(deployer, 2, SystemExit(130)), plan, journal=journal)
    return plan


def complete(plan, account):
    """Somebody completes the DAO."""
    transaction = plan.transactions[-1]
    return account.transfer(transaction.address, 0, data=transaction.data)


def test_deploy__completed_by_a_stranger_meanwhile__is_found_recorded_and_verified(
    deployer, accounts, address, tmp_path
):
    journal = Journal(tmp_path)
    plan = stopped_before_complete(deployer, address, journal)
    receipt = complete(plan, accounts[20])
    resumed, done = resume(deployer.address, local(), journal, address.lower())
    assert (resumed, len(done)) == (plan, 3)
    entry = new_entry(plan, execute(deployer, plan, done=done, journal=journal).steps)
    assert entry["contracts"]["DatasetRegistry"]["transaction"] == receipt.txn_hash
    assert misses(entry) == set()
    assert deployer.nonce == plan.nonce + 2


def test_deploy__stranger_is_faster__its_transaction_counts(deployer, accounts, address):
    class Overtaken(Failing):
        def sign_transaction(self, transaction):
            if self.good == 0:
                complete(plan, accounts[20])
            self.good -= 1
            return self.account.sign_transaction(transaction)

    plan = make_plan(deployer.address, local(), factory=address)
    deployment, entry = deployed(Overtaken(deployer, 2, None), plan)
    assert deployment.registry.datasetCount() == 1
    assert deployer.nonce == plan.nonce + 3
    assert misses(entry) == set()


def test_resume__account_sent_something_else_before_complete__completes(deployer, accounts, address, tmp_path):
    journal = Journal(tmp_path)
    plan = stopped_before_complete(deployer, address, journal)
    deployer.transfer(accounts[20], 1)
    resumed, done = resume(deployer.address, local(), journal, RECORDED)
    assert [step.key for step in done] == ["asset", "begin"]
    assert misses(new_entry(plan, execute(deployer, resumed, done=done, journal=journal).steps)) == set()


def test_resume__otherwise_than_it_began__is_not_resumed(deployer, address, tmp_path):
    journal = Journal(tmp_path)
    stopped_before_complete(deployer, address, journal)
    for factory, reason in (
        (None, "it was one through a factory"),
        (deployer.address, f"its factory was {address}"),
    ):
        with pytest.raises(NotResumable, match=f"^{reason}$"):
            resume(deployer.address, local(), journal, factory)
    journal.begin(make_plan(deployer.address, local()))
    with pytest.raises(NotResumable, match=r"^it was one without a factory$"):
        resume(deployer.address, local(), journal, RECORDED)


# Verification


def births(entry):
    """The part of a verification that is about who made the contracts, and how."""
    addresses = {name: entry["contracts"][name]["address"] for name in CONTRACTS}
    return list(check_birth(Reader(ape.networks.provider.web3, {**addresses, FACTORY: entry["factory"]}), entry))


def birth_misses(entry):
    return {f"{check.contract}.{check.field}" for check in births(entry) if not check.ok}


def test_verify__factory_or_blueprint_with_other_code__is_named_and_nothing_else(first):
    plan, _, entry = first
    for name, accounts in blueprints(plan).items():
        altered(accounts[-1])
        assert birth_misses(entry) == {f"{name}.blueprint hash"}
        altered(accounts[-1])
    altered(plan.factory.address)
    assert birth_misses(entry) == {f"{FACTORY}.code hash"}


def test_verify__factory_without_code__is_named(first, address):
    ape.networks.provider.make_request("anvil_setCode", [address, "0x"])
    assert birth_misses(first[2]) == {f"{FACTORY}.code hash", f"{FACTORY}.blueprints"}


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
        assert birth_misses(entry) == {f"{contract}.constructor arguments"}
        (check,) = (c for c in births(entry) if not c.ok)
        assert check.actual.startswith(f"other: {name}")


def test_verify__wrong_record__is_named(deployer, first, address):
    plan, _, entry = first
    _, other = deployed(deployer, make_plan(deployer.address, changed("asset", plan.asset), factory=address))

    def recorded(contract, **changes):
        wrong = copy.deepcopy(entry)
        wrong["contracts"][contract] |= changes
        return birth_misses(wrong)

    unknown, theirs = "0x" + "00" * 32, other["contracts"]["DataTimelock"]["transaction"]
    assert recorded("DataTimelock", transaction=unknown) == {"DataTimelock.creation"}
    for contract in ("DataToken", "DatasetRegistry"):
        for transaction in (unknown, theirs):
            assert recorded(contract, transaction=transaction) == {f"{contract}.creation"}
    assert {f"{name}.created at" for name in CONTRACTS} <= recorded("DataTimelock", transaction=theirs)
    sent_asset = first[1][0].transaction
    assert {f"{FACTORY}.begun at", f"{FACTORY}.parameters"} <= recorded("DataTimelock", transaction=sent_asset)
    wrong = {**entry, "deployer": entry["accounts"]["TEST::1"]}
    found = birth_misses(wrong)
    assert f"{FACTORY}.begun by" in found and {f"{name}.created at" for name in CONTRACTS} <= found
