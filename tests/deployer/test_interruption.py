"""A deployment interrupted anywhere leaves nothing usable, says so on one screen, and can be resumed.

- Ctrl-C and a killed node while a transaction is under way, through the real command
- stopped at each of its nine transactions, by each cause: what it says, that nothing of it can be used, that it resumes
- killed after it was sent, or failed on chain: test_lost_transactions.py
- not resumed: another account, another configuration, another transaction of the account, another chain
"""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace

import ape
import pytest

from assurance.harness.chain.node import Node, until
from deployer.deploy import execute
from deployer.plan import make_plan
from deployer.record import Journal, new_entry
from deployer.send import DeploymentError, NotResumable, resume
from deployer.verify.reader import Reader
from tests.deployer.world import (
    CAUSES,
    CONTRACTS,
    Failing,
    arguments,
    changed,
    deployed,
    finish,
    local,
    misses,
    run,
    start,
)

STEPS = ("TestAsset", *CONTRACTS)


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
        assert "Stopped at TestAsset, transaction 1 of 9: interrupted\n  On chain: nothing." in output

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


def test_cli__node_killed_while_a_transaction_waits__is_reported(tmp_path):
    node = Node("--no-mining")
    process = start("deploy", *arguments(node, tmp_path, "--yes"))
    until(lambda: (tmp_path / ".pending-31337.json").exists())
    until(lambda: node.rpc("txpool_status")["pending"] == "0x1")
    node.stop()
    code, output = finish(process)
    assert code == 1
    assert "Stopped at TestAsset, transaction 1 of 9: " in output
    assert "To resume, run the same command again" in output


# Stopped at each transaction


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
    assert f"Stopped at {STEPS[step]}, transaction {step + 1} of 9: " in message and reason in message
    assert f"On chain: {', '.join(STEPS[:step]) or 'nothing'}. Nothing of it can be used" in message
    assert f"while nonce {plan.nonce + step} is the next of\n{deployer.address}" in message

    # Whatever is there, no account can mint, open a vote or lease.
    provider = ape.networks.provider
    assert provider.get_code(plan.addresses["registry"]) == b""
    for item in plan.contracts:
        assert bool(provider.get_code(item.address)) == (STEPS.index(item.contract) < step)
    reader = Reader(provider.web3, {item.contract: item.address for item in plan.contracts})
    terms = (1, 1, 10**6, 7 * 86_400, 1, 10**6, 0, False, 0, bytes(32))
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
            assert reader.ask([reader.attempt(deployer.address, contract, function, *args)]) == [answer]
    if step > STEPS.index("DataToken"):
        assert reader.ask([reader.view("DataToken", "totalSupply")]) == [0]

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
        DeploymentError, match=r"Stopped at DataTimelock, transaction 2 of 9: its constructor refused \(transaction 0x"
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
