"""`ape run deploy` from the first prompt to the last check, and from every place where it can be interrupted.

- through the real commands, on a node of their own: plan, question, record, verification; a second deployment is added
- stopped at each of its nine transactions, by each cause: what it says, that nothing of it can be used, that it resumes
- not resumed: another account, another configuration, another transaction of the account, another chain
- Ctrl-C and a killed node while a transaction is under way
- S-7 (birth): the deployer holds nothing at any block; G-7 is in test_deployer_is_nobody.py
"""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace

import ape
import pytest
from requests.exceptions import ConnectionError as NodeGone

from scripts._deploy import DeploymentError, deploy, execute
from scripts._plan import make_plan, override
from scripts._reading import Reader
from scripts._record import Journal, RecordError, append, new_entry, newest
from scripts._rehearse import rehearse
from scripts._resume import NotResumable, resume
from tests.deployment.world import (
    CONTRACTS,
    LOCAL,
    Node,
    changed,
    deployed,
    finish,
    local,
    misses,
    raw,
    run,
    start,
    until,
)

STEPS = ("TestAsset", *CONTRACTS)


@pytest.fixture(scope="module")
def deployer(accounts):
    return accounts[0]


@pytest.fixture(scope="module")
def node():
    node = Node()
    yield node
    node.stop()


def arguments(node, folder, *more):
    return ("--network", node.url, "--account", "TEST::0", "--deployments", str(folder), *more)


# Through the commands


def test_cli__deploy_then_verify__records_and_passes(node, tmp_path):
    where = ("--network", node.url, "--deployments", str(tmp_path))
    code, output = run("deploy", *arguments(node, tmp_path), answer="n\n")
    assert code == 1
    assert "Deploy? [y/N]" in output and output.endswith("Nothing was sent.\n")
    assert not list(tmp_path.iterdir())
    assert node.web3.eth.block_number == 0
    for item in (
        "DataLeases",
        "params.bondDelay: 7776000 (90 days)",
        "In all about 22,",
        "no set-up transaction follows",
    ):
        assert item in output

    code, output = run("deploy", *arguments(node, tmp_path, "--yes"))
    assert code == 0
    assert "checks passed: no power outside the timelock but the guardian's." in output
    record = json.loads((tmp_path / "31337.json").read_text())
    assert [path.name for path in tmp_path.iterdir()] == ["31337.json"]
    assert node.web3.eth.block_number == len(STEPS)
    (entry,) = record["deployments"]
    assert set(entry["contracts"]) == set(STEPS)
    assert entry["deployer"] == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    assert [entry["contracts"][name]["block"] for name in STEPS] == list(range(1, 10))
    assert entry["config"]["file"] == "local.yaml"
    assert entry["contracts"]["DataTimelock"]["arguments"]["minDelay"] == 172_800

    code, output = run("verify", *where)
    assert code == 0
    assert "NO" not in output.split()

    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(LOCAL.read_text().replace("quorumBps: 1000\n      lease", "quorumBps: 1001\n      lease"))
    code, output = run("verify", *where, "--config", str(wrong))
    assert code == 1
    assert "DataGovernor.quorumBps: expected 1001, is 1000\n1 of " in output


def test_cli__second_deployment__is_added_to_the_record(node, tmp_path):
    # As in the test before, whose node has lived on: earlier entries must stay.
    for count in (1, 2):
        code, _ = run("deploy", *arguments(node, tmp_path, "--yes"))
        assert code == 0
        record = json.loads((tmp_path / "31337.json").read_text())
        assert len(record["deployments"]) == count
    first, second = record["deployments"]
    assert first["contracts"]["DataToken"]["address"] != second["contracts"]["DataToken"]["address"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--account", "nobody"], "nobody"),
        (["--account", "TEST::0", "--config", "nowhere.yaml"], "File 'nowhere.yaml' does not exist."),
        (["--account", "TEST::0", "--config", "deploy-config/base.yaml"],
         "base.yaml: chain_id: 8453, but the network's is 31337"),
        # Not among the ten accounts that the node pays.
        (["--account", "TEST::30"], "has 0.000000 of the about 0.0"),
    ],
)  # fmt: skip
def test_cli__wrong_account_or_configuration__one_message_and_exit_code(node, tmp_path, more, message):
    before = node.web3.eth.block_number
    code, output = run("deploy", "--network", node.url, "--yes", "--deployments", str(tmp_path), *more)
    assert code != 0
    assert message in output
    assert node.web3.eth.block_number == before
    assert not list(tmp_path.iterdir())


def test_cli__verify_without_a_record_or_of_another_chain__says_so(node, tmp_path):
    where = ("--network", node.url, "--deployments", str(tmp_path))
    code, output = run("verify", *where)
    assert code == 1
    assert "no deployment is recorded in " in output
    (tmp_path / "31337.json").write_text(json.dumps({"chain_id": 31337, "genesis": "0x00", "deployments": [{}]}))
    code, output = run("verify", *where)
    assert code == 1
    assert "is the record of another chain" in output


def test_cli__interrupted_while_a_transaction_waits__resumes(tmp_path):
    node = Node("--no-mining")
    try:
        journal = tmp_path / ".pending-31337.json"

        def sent():
            return journal.exists() and json.loads(journal.read_text())["transactions"]

        process = start("deploy", *arguments(node, tmp_path, "--yes"))
        until(sent)
        until(lambda: node.rpc("txpool_status")["pending"] == "0x1")
        os.killpg(process.pid, signal.SIGINT)
        code, output = finish(process)
        assert code == 1
        assert "Stopped at TestAsset, contract 1 of 9: interrupted\nOn chain: nothing." in output

        code, output = run("deploy", *arguments(node, tmp_path, "--yes"))
        assert code == 1
        assert "waits to be mined; run the same command again when it is" in output

        node.rpc("evm_mine")
        node.rpc("evm_setAutomine", True)
        code, output = run("deploy", *arguments(node, tmp_path, "--yes"))
        assert code == 0, output
        assert node.web3.eth.get_transaction_count("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266") == 9
        assert not journal.exists()
    finally:
        node.stop()


def test_cli__node_killed_while_a_transaction_waits__is_told(tmp_path):
    node = Node("--no-mining")
    process = start("deploy", *arguments(node, tmp_path, "--yes"))
    until(lambda: (tmp_path / ".pending-31337.json").exists())
    until(lambda: node.rpc("txpool_status")["pending"] == "0x1")
    node.stop()
    code, output = finish(process)
    assert code == 1
    assert "Stopped at TestAsset, contract 1 of 9: " in output
    assert "To resume, run the same command again" in output


# Stopped at each transaction


class Failing:
    """An Ape account that signs `good` transactions and then fails."""

    def __init__(self, account, good, cause):
        self.account, self.good, self.cause = account, good, cause

    def __getattr__(self, name):
        return getattr(self.account, name)

    def sign_transaction(self, transaction):
        if self.good == 0:
            if isinstance(self.cause, BaseException):
                raise self.cause
            return self.cause(self.account)
        self.good -= 1
        return self.account.sign_transaction(transaction)


def refuse(account):
    """Its owner presses "reject"."""
    return None  # noqa: RET501


CAUSES = {
    "interrupted": SystemExit(130),
    "did not sign": refuse,
    "the node is gone": NodeGone("the node is gone"),
}


def stop_at(deployer, journal, step, cause, config=None):
    """A deployment that stops before contract number `step`; what it says."""
    plan = make_plan(deployer.address, config or local())
    journal.begin(plan)
    with pytest.raises(DeploymentError) as stopped:
        execute(Failing(deployer, step, cause), plan, journal=journal)
    return plan, str(stopped.value)


@pytest.mark.parametrize("step", range(len(STEPS)), ids=STEPS)
def test_deploy__stopped_at_any_contract__leaves_nothing_usable_and_resumes(deployer, accounts, tmp_path, step):
    journal = Journal(tmp_path)
    reason, cause = list(CAUSES.items())[step % len(CAUSES)]
    plan, message = stop_at(deployer, journal, step, cause)
    assert f"Stopped at {STEPS[step]}, contract {step + 1} of 9: " in message and reason in message
    assert f"On chain: {', '.join(STEPS[:step]) or 'nothing'}. Nothing of it can be used" in message
    assert f"while nonce {plan.nonce + step} is the next of\n{deployer.address}" in message

    # Whatever is there, nobody can mint, open a vote or lease.
    provider = ape.networks.provider
    assert provider.get_code(plan.addresses["registry"]) == b""
    for item in plan.contracts:
        assert bool(provider.get_code(item.address)) == (STEPS.index(item.contract) < step)
    reader = Reader(provider.web3, {item.contract: item.address for item in plan.contracts})
    terms = (1, 1, 10**6, 7 * 86_400, 1, 10**6, 0, False, bytes(32))
    for contract, function, args, answer in (
        ("DataTimelock", "schedule", (), "AccessControlUnauthorizedAccount"),
        ("EmergencyBrake", "setGuardian", (), "EmergencyBrake_NotTimelock"),
        ("DataToken", "mint", (deployer.address, 10**9), "DataToken_NotRegistry"),
        ("RevenueSplitter", "addPendingShares", (1, 10**9), "RevenueSplitter_NotRegistry"),
        ("DataGovernor", "propose", ([deployer.address], [0], [b""], "mine"), "GovernorInsufficientProposerVotes"),
        ("DataLeases", "createOffer", (), "DataLeases_NotTimelock"),
        # There is no registry to ask for the policy.
        ("DataLeases", "request", (terms, b"\1" * 32, "mine"), "no reason"),
        ("ModelRegistry", "register", ([1], bytes(32), "", True, deployer.address), "ModelRegistry_NotLicensee"),
    ):
        if step > STEPS.index(contract):
            assert reader.attempt(deployer.address, contract, function, *args) == answer
    if step > STEPS.index("DataToken"):
        assert reader.read("DataToken", "totalSupply") == 0

    if step == 0:
        with pytest.raises(NotResumable) as nothing_sent:
            resume(deployer.address, local(), journal)
        assert str(nothing_sent.value) == ""
        return
    resumed, done = resume(deployer.address, local(), journal)
    assert resumed == plan
    assert [item.contract for item in done] == list(STEPS[:step])
    deployment = execute(deployer, resumed, done=done, journal=journal)
    entry = new_entry(resumed, deployment.steps)
    assert misses(entry) == set()
    assert deployer.nonce == plan.nonce + len(STEPS)


def test_deploy__all_sent_but_not_recorded__resumes_to_the_record(deployer, tmp_path):
    journal = Journal(tmp_path)
    plan = make_plan(deployer.address, local())
    journal.begin(plan)
    deployment = execute(deployer, plan, journal=journal)
    resumed, done = resume(deployer.address, local(), journal)
    assert done == deployment.steps
    assert execute(deployer, resumed, done=done, journal=journal).steps == deployment.steps
    assert deployer.nonce == plan.nonce + len(STEPS)


def test_deploy__constructor_that_reverts_on_chain__stops_there(deployer, tmp_path):
    plan = make_plan(deployer.address, local())
    items = [
        replace(item, arguments={**item.arguments, "minDelay": 1}) if item.contract == "DataTimelock" else item
        for item in plan.contracts
    ]
    with pytest.raises(
        DeploymentError, match=r"Stopped at DataTimelock, contract 2 of 9: its constructor refused \(transaction 0x"
    ):
        execute(deployer, replace(plan, contracts=tuple(items)))


def test_deploy__account_sends_something_else_half_way__stops_and_cannot_resume(deployer, accounts, tmp_path):
    journal = Journal(tmp_path)
    plan = make_plan(deployer.address, local())
    journal.begin(plan)

    def report(step):
        if step.contract == "EmergencyBrake":
            deployer.transfer(accounts[20], 1)

    with pytest.raises(DeploymentError, match=r"Stopped at DataToken, .* meanwhile sent a transaction of its own"):
        execute(deployer, plan, journal=journal, report=report)
    with pytest.raises(NotResumable, match=f"DataToken is not at {plan.addresses['token']}"):
        resume(deployer.address, local(), journal)
    # Starting over works, beside what is there.
    fresh = make_plan(deployer.address, local())
    assert not {item.address for item in fresh.contracts} & {item.address for item in plan.contracts[:3]}
    _, entry = deployed(deployer, fresh)
    assert misses(entry) == set()


def test_resume__what_no_longer_fits__is_not_resumed(deployer, accounts, tmp_path):
    journal = Journal(tmp_path)
    with pytest.raises(NotResumable):
        resume(deployer.address, local(), journal)
    stop_at(deployer, journal, 3, KeyboardInterrupt())
    with pytest.raises(NotResumable, match=f"it was {deployer.address}'s"):
        resume(accounts[20].address, local(), journal)
    with pytest.raises(NotResumable, match="configuration or contracts have changed since"):
        resume(deployer.address, changed("contracts.DataToken.name", "Another"), journal)
    note = json.loads(journal.path.read_text())
    journal.path.write_text(json.dumps({**note, "genesis": "0x00"}))
    with pytest.raises(NotResumable) as other_chain:
        resume(deployer.address, local(), journal)
    assert str(other_chain.value) == ""


# The record


def test_append__public_chain_with_another_first_block__refuses_to_overwrite(deployer, tmp_path, monkeypatch):
    monkeypatch.setattr("scripts._record.LOCAL_CHAIN_IDS", frozenset())
    path = append(tmp_path, {"number": 1})
    assert append(tmp_path, {"number": 2}) == path
    assert newest(tmp_path) == {"number": 2}
    record = json.loads(path.read_text())
    assert record["deployments"] == [{"number": 1}, {"number": 2}]
    path.write_text(json.dumps({**record, "genesis": "0x00"}))
    with pytest.raises(RecordError, match="is the record of another chain 31337: its first block is another one"):
        append(tmp_path, {"number": 3})
    monkeypatch.undo()
    append(tmp_path, {"number": 4})
    assert json.loads(path.read_text())["deployments"] == [{"number": 4}]


def test_record__is_sorted_and_safe_for_javascript(deployer, tmp_path):
    config = override(local(), {"DataToken.maturitySupply": 2**62 + 1})
    deployment = deploy(deployer, config)
    path = append(tmp_path, new_entry(deployment.plan, deployment.steps))
    text = path.read_text()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
    entry = newest(tmp_path)
    assert entry["contracts"]["DataToken"]["arguments"]["maturitySupply_"] == str(2**62 + 1)
    assert misses(entry, config) == set()


def test_deploy__report_gas_and_handles(deployer):
    config, told = local(), []
    gas = rehearse(make_plan(deployer.address, config))
    deployment = deploy(deployer, config, report=told.append)
    assert tuple(told) == deployment.steps
    assert [step.contract for step in told] == list(STEPS)
    for step in told:
        # The rehearsal finds some accounts warm; the estimate is for the case that all of them are cold.
        assert step.gas <= gas[step.key] <= step.gas + 23_000
    assert deployment.addresses["registry"] == deployment.registry.address
    assert deployment.registry.datasetCount() == 1
    assert deployment.asset.symbol() == raw()["asset"]["arguments"][1]
    with pytest.raises(AttributeError):
        deployment.vault  # noqa: B018


def test_deploy__with_an_asset_that_exists__deploys_eight(deployer):
    existing = deploy(deployer, local()).asset.address
    config = changed("asset", existing)
    deployment = deploy(deployer, config)
    assert [step.contract for step in deployment.steps] == list(CONTRACTS)
    assert deployment.asset.decimals() == 6
    assert deployment.splitter.asset() == existing
    assert misses(new_entry(deployment.plan, deployment.steps), config) == set()
