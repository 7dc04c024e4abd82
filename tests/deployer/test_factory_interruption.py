"""A deployment through a factory, stopped anywhere, goes on; between its two last transactions any account may.

- stopped at each transaction, by each cause: what it says, that nothing of it can be used, that it resumes
- completed by a stranger: before the run resumes, or just before its own transaction
- the account sent something else before it completes; another factory, or none: resumed, not resumed
"""

from __future__ import annotations

import ape
import pytest

from deployer.deploy import execute
from deployer.plan import NEW, make_plan
from deployer.record import Journal, new_entry
from deployer.send import RECORDED, DeploymentError, NotResumable, resume
from tests.deployer.world import CAUSES, Failing, deployed, local, misses

COMPLETE = 14
"""Place of the last transaction."""


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
        assert f"Stopped at {names[number]}, transaction {number + 1} of 15: " in message and reason in message
        assert f"On chain: {', '.join(names[:number]) or 'nothing'}. Nothing of it can be used" in message
        assert ("Any other account may complete the DAO" in message) == (number == COMPLETE)
        created = [item for item in plan.contracts if ape.networks.provider.get_code(item.address)]
        assert len(created) == {0: 0, COMPLETE: 7}.get(number, 1)
        if number:
            resumed, done = resume(deployer.address, config, journal, RECORDED)
            assert resumed == plan
            assert [step.contract for step in done] == names[:number]
    steps = execute(deployer, plan, done=done, journal=journal).steps
    assert resume(deployer.address, config, journal, RECORDED)[1] == steps
    assert misses(new_entry(plan, steps)) == set()
    assert deployer.nonce == plan.nonce + len(names)


def stopped_before_complete(deployer, created, journal):
    """A DAO that was begun."""
    plan = make_plan(deployer.address, local(), factory=created)
    journal.begin(plan)
    with pytest.raises(DeploymentError, match="Stopped at complete, transaction 3 of 3: "):
        execute(Failing(deployer, 2, SystemExit(130)), plan, journal=journal)
    return plan


def complete(plan, account):
    """Somebody completes the DAO."""
    transaction = plan.transactions[-1]
    return account.transfer(transaction.address, 0, data=transaction.data)


def test_deploy__completed_by_a_stranger_meanwhile__is_found_recorded_and_verified(
    deployer, accounts, created, tmp_path
):
    journal = Journal(tmp_path)
    plan = stopped_before_complete(deployer, created, journal)
    receipt = complete(plan, accounts[20])
    resumed, done = resume(deployer.address, local(), journal, created)
    assert (resumed, len(done)) == (plan, 3)
    entry = new_entry(plan, execute(deployer, plan, done=done, journal=journal).steps)
    assert entry["contracts"]["DatasetRegistry"]["transaction"] == receipt.txn_hash
    assert misses(entry) == set()
    assert deployer.nonce == plan.nonce + 2


def test_deploy__stranger_is_faster__its_transaction_counts(deployer, accounts, created):
    class Overtaken(Failing):
        def sign_transaction(self, transaction):
            if self.good == 0:
                complete(plan, accounts[20])
            self.good -= 1
            return self.account.sign_transaction(transaction)

    plan = make_plan(deployer.address, local(), factory=created)
    deployment, entry = deployed(Overtaken(deployer, 2, None), plan)
    assert deployment.registry.datasetCount() == 1
    assert deployer.nonce == plan.nonce + 3
    assert misses(entry) == set()


def test_resume__account_sent_something_else_before_complete__completes(deployer, accounts, created, tmp_path):
    journal = Journal(tmp_path)
    plan = stopped_before_complete(deployer, created, journal)
    deployer.transfer(accounts[20], 1)
    resumed, done = resume(deployer.address, local(), journal, RECORDED)
    assert [step.key for step in done] == ["asset", "begin"]
    assert misses(new_entry(plan, execute(deployer, resumed, done=done, journal=journal).steps)) == set()


def test_resume__otherwise_than_it_began__is_not_resumed(deployer, created, tmp_path):
    journal = Journal(tmp_path)
    stopped_before_complete(deployer, created, journal)
    for factory, reason in (
        (None, "it was one through a factory"),
        (deployer.address, f"its factory was {created}"),
    ):
        with pytest.raises(NotResumable, match=f"^{reason}$"):
            resume(deployer.address, local(), journal, factory)
    journal.begin(make_plan(deployer.address, local()))
    with pytest.raises(NotResumable, match=r"^it was one without a factory$"):
        resume(deployer.address, local(), journal, RECORDED)
