"""Each transaction of a deployment, without and with a factory, is lost on its way; none is ever sent twice.

- killed: before it is broadcast, or after and before its receipt; it waits, it is mined, it is found
- out of gas or reverted on chain: said, nothing usable; a creation starts over at new addresses, a call goes on
"""

from __future__ import annotations

import json

import ape
import pytest

from deployer.deploy import execute
from deployer.estimate import estimate
from deployer.plan import NEW, make_plan
from deployer.record import Journal, new_entry
from deployer.send import RECORDED, DeploymentError, NotResumable, resume
from tests.deployer.world import Failing, local, misses

WAYS = pytest.mark.parametrize(("factory", "count"), [(None, 9), (NEW, 15)], ids=["without", "with a factory"])


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def die(*args, **kwargs):
    raise Killed


@pytest.fixture
def mining():
    """Switches the node's mining; it is on afterwards."""
    provider = ape.networks.provider

    def switch(on):
        provider.make_request("evm_setAutomine", [on])

    yield switch
    switch(True)


def again(deployer, journal, factory):
    """What the next run of the same command finds."""
    return resume(deployer.address, local(), journal, None if factory is None else RECORDED)


# Killed


@WAYS
def test_deploy__killed_around_the_sending_of_any_transaction__resumes_and_sends_none_twice(
    deployer, tmp_path, monkeypatch, mining, factory, count
):
    journal, eth = Journal(tmp_path), ape.networks.provider.web3.eth
    plan = make_plan(deployer.address, local(), factory=factory)
    journal.begin(plan)
    names, done = [item.name for item in plan.transactions], ()
    assert len(names) == count

    def killed_at(method):
        with monkeypatch.context() as patch:
            patch.setattr(eth, method, die)
            with pytest.raises(Killed):
                execute(deployer, plan, done=done, journal=journal)

    for number in range(count):
        killed_at("send_raw_transaction")
        assert len(json.loads(journal.path.read_text())["transactions"][str(number)]) == 1
        assert deployer.nonce == plan.nonce + number
        if number:
            assert again(deployer, journal, factory) == (plan, done)

        mining(False)
        killed_at("wait_for_transaction_receipt")
        with pytest.raises(DeploymentError, match=r"^0x[0-9a-f]{64} waits to be mined; run the same command again"):
            again(deployer, journal, factory)
        ape.networks.provider.make_request("evm_mine", [])
        mining(True)
        resumed, done = again(deployer, journal, factory)
        assert resumed == plan
        assert [step.contract for step in done] == names[: number + 1]
        assert deployer.nonce == plan.nonce + number + 1

    steps = execute(deployer, plan, done=done, journal=journal).steps
    assert steps == done
    assert deployer.nonce == plan.nonce + count
    assert misses(new_entry(plan, steps)) == set()


# Failed on chain


class Spoiling(Failing):
    """An account whose transaction number `good`, counted from here, fails on chain."""

    def sign_transaction(self, transaction):
        if self.good == 0:
            self.cause(transaction)
        self.good -= 1
        return self.account.sign_transaction(transaction)


def reverting(item, gas):
    def cause(transaction):
        # PUSH0 PUSH0 REVERT as creation code; as a call, a function that no factory has.
        transaction.data = bytes.fromhex("5f5ffd00")

    return cause, "the factory refused, or ran out of gas" if item.calls else "its constructor refused"


def starving(item, gas):
    def cause(transaction):
        transaction.gas_limit = gas * 3 // 4

    alone = f"it ran out of its {gas * 3 // 4:,} gas"
    return cause, "the factory refused, or ran out of gas" if item.calls else alone


@WAYS
@pytest.mark.parametrize("how", [reverting, starving])
def test_deploy__any_transaction_fails_on_chain__says_so_leaves_nothing_usable_and_the_next_run_succeeds(
    deployer, tmp_path, how, factory, count
):
    journal, provider = Journal(tmp_path), ape.networks.provider

    def anew():
        plan = make_plan(deployer.address, local(), factory=factory)
        journal.begin(plan)
        return plan, ()

    plan, done = anew()
    gas, first = estimate(plan).gas, plan.nonce
    for number in range(count):
        item, names = plan.transactions[number], [item.name for item in plan.transactions]
        cause, reason = how(item, gas[item.key])
        with pytest.raises(DeploymentError) as stopped:
            execute(Spoiling(deployer, number - len(done), cause), plan, done=done, journal=journal)
        message = str(stopped.value)
        assert f"Stopped at {names[number]}, transaction {number + 1} of {count}: {reason} (transaction 0x" in message
        assert f"On chain: {', '.join(names[:number]) or 'nothing'}. Nothing of it can be used" in message
        assert provider.get_code(plan.addresses["registry"]) == b""
        if item.calls:
            assert "To resume, run the same command again." in message
            resumed, done = again(deployer, journal, factory)
            assert resumed == plan and [step.contract for step in done] == names[:number]
            continue
        lost = f"{item.name} is not at {item.address}, and can no longer be created there"
        assert f"{item.name} can no longer be created at {item.address}, which the others expect" in message
        assert "To resume" not in message
        with pytest.raises(NotResumable) as reason:
            again(deployer, journal, factory)
        assert str(reason.value) == lost
        plan, done = anew()

    steps = execute(deployer, plan, done=done, journal=journal).steps
    assert misses(new_entry(plan, steps)) == set()
    calls = sum(item.calls for item in plan.transactions)
    # Every one that failed spent its nonce, and every creation before it did.
    assert deployer.nonce == first + sum(range(1, count - calls + 1)) + count + calls
