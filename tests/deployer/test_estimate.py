"""What a deployment will cost stands before the question, also when it is resumed; nothing goes out unchecked.

- what is left after each transaction: rehearsed on what is there, close to what it takes
- shown before the question: total, what was spent; too little money for what is left, a constructor that now refuses
- a node that cannot rehearse: a lower bound, and nothing is sent but with `--unrehearsed`
- an earlier run that was killed before it recorded its factory; a node that is gone once all is recorded
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import ape
import click
import pytest
import requests
from requests.exceptions import ConnectionError as NodeGone
from rich.console import Console

from assurance.harness.chain.node import Node
from datadao.chain.arguments import ConfigError
from datadao.chain.fees import Fee
from datadao.errors import NodeRefused
from deployer.deploy import execute
from deployer.estimate import estimate
from deployer.plan import NEW, make_plan
from deployer.record import Journal, newest, newest_factory
from deployer.send import DeploymentError
from scripts.deploy import _carry_out
from tests.deployer.world import Failing, local, run

UNREHEARSED = "Nothing was sent. Take another node, or --unrehearsed to send nevertheless."


def begun(deployer, journal, steps, factory=None):
    """A deployment of which `steps` transactions are on chain: its plan and these."""
    plan, done = make_plan(deployer.address, local(), factory=factory), []
    journal.begin(plan)
    with pytest.raises(DeploymentError):
        execute(Failing(deployer, steps, SystemExit(130)), plan, journal=journal, report=done.append)
    return plan, tuple(done)


@pytest.fixture
def out():
    return Console(record=True, width=300)


@pytest.fixture
def asked(monkeypatch, out):
    """What stood on the screen when the question came; the answer is no."""
    seen = []

    def confirm(question):
        seen.append(out.export_text())
        return False

    monkeypatch.setattr(click, "confirm", confirm)
    return seen


@pytest.mark.parametrize(("factory", "count"), [(None, 9), (NEW, 15)], ids=["without", "with a factory"])
def test_estimate__of_what_is_left_after_each_transaction__is_what_it_takes(deployer, tmp_path, factory, count):
    plan = make_plan(deployer.address, local(), factory=factory)
    expected = [estimate(plan)]
    done = []

    def report(step):
        done.append(step)
        expected.append(estimate(plan, len(done)))

    steps = execute(deployer, plan, report=report).steps
    for number, what in enumerate(expected):
        assert what.rehearsed
        assert list(what.gas) == [item.key for item in plan.transactions[number:]]
        for step in steps[number:]:
            assert step.gas <= what.gas[step.key] <= step.gas + 100_000
    assert len(expected) == count + 1 and expected[-1].total == 0


def test_estimate__of_complete_after_another_transaction_of_the_account__is_what_it_takes(
    deployer, accounts, created, tmp_path
):
    for steps in (1, 2):
        plan, done = begun(deployer, Journal(tmp_path), steps, created)
        deployer.transfer(accounts[20], 1)
        expected = estimate(plan, len(done))
        assert list(expected.gas) == ["begin", "complete"][steps - 1 :]
        for step in execute(deployer, plan, done=done).steps[steps:]:
            assert step.gas <= expected.gas[step.key] <= step.gas + 100_000


@pytest.mark.parametrize("steps", [0, 4])
def test_deploy__total_gas__stands_before_the_question(deployer, tmp_path, out, asked, steps):
    journal = Journal(tmp_path)
    plan, done = begun(deployer, journal, steps)
    assert not _carry_out(out, deployer, plan, done, journal, yes=False)
    total = sum(estimate(plan, steps).gas.values())
    assert 5_000_000 < total < 30_000_000
    (text,) = asked
    what = "What is left: " if steps else "In all "
    assert f"Every constructor was rehearsed on the node. {what}about {total:,} gas, as an estimate,\nat " in text
    spent = f"4 of 9 transactions are on chain and took {sum(step.gas for step in done):,} gas."
    assert (spent in text) == (steps == 4)
    assert deployer.nonce == plan.nonce + steps


def test_deploy__resumed_with_too_little_money_for_the_limits_of_what_is_left__sends_nothing(
    deployer, tmp_path, out, asked, monkeypatch
):
    journal = Journal(tmp_path)
    plan, done = begun(deployer, journal, 4)
    # The node of the tests charges nothing.
    monkeypatch.setattr("deployer.estimate.choose", lambda _: Fee(most=21, tip=1, base=10))
    left = estimate(plan, 4)
    costs = [left.gas[item.key] * 11 for item in plan.transactions[4:]]
    limits = [left.limit(item.key) * 21 for item in plan.transactions[4:]]
    # What a node asks for at each of them.
    needed = max(sum(costs[:number]) + limit for number, limit in enumerate(limits))
    assert sum(costs) < needed
    held = [needed]
    monkeypatch.setattr(type(deployer.provider), "get_balance", lambda *_: held[-1])
    assert not _carry_out(out, deployer, plan, done, journal, yes=False)
    assert len(asked) == 1
    said = rf"^{deployer.address} has \S+: the deployment costs about \S+ now, and the node wants "
    for too_little in (needed - 1, sum(costs)):
        held.append(too_little)
        with pytest.raises(ConfigError, match=said):
            _carry_out(out, deployer, plan, done, journal, yes=True)
    assert deployer.nonce == plan.nonce + 4


def test_deploy__resumed_when_a_constructor_refuses_by_now__sends_nothing_and_says_how_to_start_over(
    deployer, tmp_path, out
):
    journal = Journal(tmp_path)
    plan, done = begun(deployer, journal, 2)
    # From the last block on: other tests of this session may have brought it ahead of the node's own clock.
    later = ape.networks.provider.get_block("latest").timestamp + 400 * 86_400
    ape.networks.provider.make_request("evm_setNextBlockTimestamp", [later])
    ape.networks.provider.make_request("evm_mine", [])
    with pytest.raises(ConfigError) as refusal:
        _carry_out(out, deployer, plan, done, journal, yes=True)
    assert str(refusal.value).startswith("local.yaml: EmergencyBrake would refuse: EmergencyBrake_InvalidTerm(until=")
    assert str(refusal.value).endswith("\nWhat is on chain cannot go on; start over with --restart")
    assert deployer.nonce == plan.nonce + 2


def test_deploy__factory_that_a_killed_run_did_not_record__is_recorded_by_the_next(deployer, tmp_path, out):
    journal = Journal(tmp_path)
    plan = make_plan(deployer.address, local(), factory=NEW)
    journal.begin(plan)
    steps = execute(deployer, plan, journal=journal).steps
    assert newest_factory(tmp_path) is None
    assert _carry_out(out, deployer, plan, steps, journal, yes=True)
    assert newest_factory(tmp_path, plan.factory.address) == newest_factory(tmp_path) is not None
    assert "15 of 15 transactions are on chain and took" in out.export_text()


@pytest.mark.parametrize(
    "fault", [NodeRefused("eth_getCode: no answer in time"), NodeGone("no answer in time\nat all")], ids=["a", "b"]
)
def test_deploy__node_that_is_gone_before_it_is_verified__says_that_the_dao_is_recorded(
    deployer, tmp_path, out, asked, monkeypatch, fault
):
    def silent(*_):
        raise fault

    monkeypatch.setattr("scripts._deploy.recorded.verify", silent)
    journal, plan = Journal(tmp_path), make_plan(deployer.address, local())
    journal.begin(plan)
    steps = execute(deployer, plan, journal=journal).steps
    with pytest.raises(DeploymentError) as stopped:
        _carry_out(out, deployer, plan, steps, journal, yes=True)
    said, *rest = str(stopped.value).splitlines()
    assert said.endswith("no answer in time")
    assert rest == [
        "The DAO is deployed and recorded, but not verified: `ape run verify` does that once the node answers. "
        "This command would deploy another one."
    ]
    assert newest(tmp_path)["contracts"].keys() == {step.contract for step in steps}
    assert not _carry_out(out, deployer, make_plan(deployer.address, local()), (), journal, yes=False)
    (shown,) = asked
    assert f"1 recorded in {tmp_path / '31337.json'} already: this deploys another DAO." in shown


# A node that cannot rehearse


@contextmanager
def poor(node):
    """The address of a node that ignores the third parameter of `eth_call`, as some do."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            for call in asked if isinstance(asked, list) else [asked]:
                if call["method"] == "eth_call":
                    del call["params"][2:]
            answer = requests.post(node.url, json=asked, timeout=60).content
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_cli__node_that_cannot_rehearse__sends_nothing_unless_asked_to(tmp_path):
    node = Node()
    try:
        with poor(node) as url:
            command = ("--network", url, "--account", "TEST::0", "--deployments", str(tmp_path), "--yes")
            code, output = run("deploy", *command)
            assert code == 1
            assert "no value was checked against its range." in output
            assert output.endswith(f"{UNREHEARSED}\n")
            assert node.web3.eth.block_number == 0
            assert not list(tmp_path.iterdir())

            code, output = run("deploy", *command, "--unrehearsed")
            assert code == 0, output
            assert "In all at least " in output
            assert node.web3.eth.block_number == 9
    finally:
        node.stop()


@pytest.mark.parametrize("steps", [0, 3])
def test_deploy__not_rehearsed__refuses_even_with_yes(deployer, tmp_path, out, monkeypatch, steps):
    journal = Journal(tmp_path)
    plan, done = begun(deployer, journal, steps)
    monkeypatch.setattr("deployer.estimate.rehearse", lambda *_: None)
    with pytest.raises(ConfigError, match=f"^{UNREHEARSED}$"):
        _carry_out(out, deployer, plan, done, journal, yes=True)
    assert deployer.nonce == plan.nonce + steps
    # What it costs at least is shown all the same.
    assert f"at least {estimate(plan, steps).total:,} gas, as an estimate without" in out.export_text()
    assert _carry_out(out, deployer, plan, done, journal, yes=True, unrehearsed=True)


@pytest.mark.parametrize("factory", [None, NEW])
def test_estimate__not_rehearsed__is_a_lower_bound_and_not_far_from_it(deployer, monkeypatch, factory):
    monkeypatch.setattr("deployer.estimate.rehearse", lambda *_: None)
    plan = make_plan(deployer.address, local(), factory=factory)
    expected = estimate(plan)
    assert not expected.rehearsed
    for step in execute(deployer, plan).steps:
        assert step.gas * 7 // 10 <= expected.gas[step.key] <= step.gas
