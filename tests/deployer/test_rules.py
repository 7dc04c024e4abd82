"""A node is asked which rules it has, and a deployment keeps to them: today's, or Amsterdam's, which price state.

- the probe: three nodes, and one that tries nothing out
- estimates under Amsterdam's rules: what it then takes, also where the node gives a call less than a block has
- a block too small for a factory's calls, a constructor that refuses, a creation that runs out of gas
- `deploy` and `verify` from the command line, by nonce and through a factory
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import ape
import pytest

from assurance.harness.chain.door import Door
from assurance.harness.chain.node import Node, roll_up, roll_up_in_gas
from datadao.chain.arguments import ConfigError
from datadao.chain.transactions import TRANSACTION_LIMIT
from datadao.chain.wallet import connected
from datadao.text import Terminal
from deployer.deploy import execute
from deployer.estimate import estimate
from deployer.plan import NEW, alone, make_plan
from deployer.rules import TODAY, Rules, rules_of
from deployer.send import DeploymentError
from scripts._deploy.safe import create_by_safe
from tests.deployer.world import arguments, changed, local, run
from tests.integration.safe import Safe

AMSTERDAM = Rules(slot=110_020, account=195_600, byte=1_530, block=200_000_000)
GWEI = 10**9
GETHS = 50_000_000
"""Gas that geth gives a call unless told otherwise."""


@pytest.fixture(scope="module")
def geths():
    """A node that gives a call less gas than a block has."""
    door = Door(call_gas=GETHS)
    yield door
    door.stop()


@pytest.fixture
def deployer(geths):
    """Its first account, to which Ape is connected."""
    with connected(geths.url):
        yield ape.accounts.test_accounts[0]


@pytest.mark.parametrize(
    ("make", "rules"),
    [(Node, TODAY), (Door, AMSTERDAM), (lambda: Door("osaka", block_gas=30_000_000), TODAY)],
    ids=["anvil", "amsterdam", "osaka"],
)
def test_rules__of_a_node__are_what_it_asks_for_new_state(make, rules):
    node = make()
    try:
        assert rules_of(node.web3) == rules
    finally:
        node.stop()


def test_rules__of_a_node_that_tries_no_creation__are_todays():
    def answer(method, params):
        found = {"eth_getBlockByNumber": {"result": {"gasLimit": hex(60_000_000)}}}
        return found.get(method, {"error": {"code": -32602, "message": "missing to"}})

    web3 = SimpleNamespace(provider=SimpleNamespace(make_request=answer))
    assert rules_of(web3) == replace(TODAY, block=60_000_000)


def test_estimate__amsterdam__is_what_each_transaction_takes_though_the_node_gives_a_call_less(deployer):
    plan = make_plan(deployer.address, local())
    expected = estimate(plan)
    assert expected.rehearsed
    assert expected.total * 9 // 10 < expected.state < expected.total
    lower = _unrehearsed(plan)
    steps = execute(deployer, plan).steps
    for step in steps:
        assert step.gas <= expected.gas[step.key] <= step.gas + 40_000
        assert step.gas * 8 // 10 <= lower[step.key] <= step.gas
    assert sum(step.gas for step in steps) > 150_000_000


def _unrehearsed(plan):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("deployer.estimate.rehearse", lambda *_: None)
        return estimate(plan).gas


def test_estimate__amsterdam__through_a_factory_on_a_node_that_gives_calls_less__is_close(deployer):
    plan = make_plan(deployer.address, local(), factory=NEW)
    expected, lower = estimate(plan), _unrehearsed(plan)
    assert expected.rehearsed
    steps = {step.key: step.gas for step in execute(deployer, plan, expected=expected.gas).steps}
    for key, gas in steps.items():
        assert gas * 8 // 10 <= lower[key] <= gas
    for key in ("factory", "begin", "complete"):
        assert steps[key] <= expected.gas[key] <= steps[key] * 103 // 100
    assert steps["begin"] > 100_000_000


def test_estimate__block_too_small_for_a_factory__offers_the_single_contracts():
    door, deployer = Door(block_gas=60_000_000), ape.accounts.test_accounts[0]
    try:
        with connected(door.url):
            expected = r"^local.yaml: begin takes about \d+,\d+,\d+ gas, more than the 60,000,000 of a block; "
            with pytest.raises(ConfigError, match=expected + "deploy without --factory, in 8 smaller transactions$"):
                estimate(make_plan(deployer.address, local(), factory=NEW))
            assert estimate(make_plan(deployer.address, local())).rehearsed
            assert deployer.nonce == 0
    finally:
        door.stop()


def test_safe__block_too_small_for_a_factorys_calls__is_told_that_it_cannot_and_writes_nothing(tmp_path):
    door, deployer = Door(block_gas=60_000_000), ape.accounts.test_accounts[0]
    try:
        safe = Safe(door.web3, [deployer], 1, deployer)
        with connected(door.url):
            asset = execute(deployer, make_plan(deployer.address, local())).plan.asset
            config = changed("asset", asset)
            factory = execute(deployer, alone(make_plan(deployer.address, config, factory=NEW))).steps[-1].transaction
            before = door.web3.eth.block_number
            expected = (
                r"^local.yaml: begin takes about \d+,\d+,\d+ gas, more than the 60,000,000 of a block; no Safe can "
                r"create a DAO on this chain; from an account with a key, deploy without --factory, in 8 smaller "
                r"transactions$"
            )
            with pytest.raises(ConfigError, match=expected):
                create_by_safe(Terminal(width=200), safe.address, config, tmp_path, factory, restart=False)
        assert (door.web3.eth.block_number, list(tmp_path.glob("safe-*"))) == (before, [])
    finally:
        door.stop()


def test_estimate__amsterdam__a_constructor_that_refuses__is_named(deployer):
    config = changed("contracts.DataLeases.params.bondDelay", 1)
    with pytest.raises(ConfigError, match=r"^local.yaml: DataLeases would refuse: DataLeases_InvalidParameter"):
        estimate(make_plan(deployer.address, config))


class Tight:
    """An account that signs with this limit of gas."""

    def __init__(self, account, limit):
        self.account, self.limit = account, limit

    def __getattr__(self, name):
        return getattr(self.account, name)

    def sign_transaction(self, transaction):
        transaction.gas_limit = self.limit
        return self.account.sign_transaction(transaction)


def test_deploy__amsterdam__creation_that_runs_out_of_gas__says_so_though_its_limit_is_not_spent(deployer):
    with pytest.raises(DeploymentError) as stopped:
        execute(Tight(deployer, 20_000_000), make_plan(deployer.address, local()))
    assert "Stopped at DataToken, transaction 4 of 9: it ran out of its 20,000,000 gas" in str(stopped.value)
    last = ape.networks.provider.web3.eth.get_block("latest", True)["transactions"][0]
    assert ape.networks.provider.web3.eth.get_transaction_receipt(last["hash"])["gasUsed"] == TRANSACTION_LIMIT


def test_cli__amsterdam__deploys_and_verifies_with_just_the_money_that_its_limits_want(tmp_path):
    door = Door()
    try:
        account = ape.accounts.test_accounts[0].address
        door.rpc("anvil_setBalance", account, hex(10**15))
        code, output = run("deploy", *arguments(door, tmp_path, "--yes"))
        held, cost, wanted = re.findall(r"\d\.\d{6}", output.splitlines()[-1])
        assert (code, held) == (1, "0.001000") and float(cost) < float(wanted), output
        assert door.web3.eth.block_number == 0
        door.rpc("anvil_setBalance", account, hex(int(float(wanted) * 10**18) + 10**12))
        code, output = run("deploy", *arguments(door, tmp_path, "--yes"))
        assert code == 0, output
        assert " for new state, which this chain's rules price apart,\nat " in output
        assert "checks passed: no power outside the timelock but the guardian's." in output
        code, output = run("verify", "--network", door.url, "--deployments", str(tmp_path))
        assert code == 0, output
    finally:
        door.stop()


def test_cli__rollup_whose_blocks_share_seconds__deploys_and_verifies_with_the_fee_for_data(tmp_path):
    node = Node()
    try:
        roll_up(node, GWEI)
        code, output = run("deploy", *arguments(node, tmp_path, "--yes"))
        assert code == 0, output
        (data,) = re.findall(r"^and (\S+) for the data, as the chain's oracle says,$", output, re.M)
        web3, entry = node.web3, json.loads((tmp_path / "31337.json").read_text())["deployments"][-1]
        sent = [web3.eth.get_block(number, True)["transactions"][0] for number in range(1, 10)]
        assert data == f"{sum(128 + len(tx['input']) for tx in sent) * GWEI / 10**18:.6f}"
        times = {web3.eth.get_block(number)["timestamp"] for number in range(1, 10)}
        assert len(times) == 1 and len(entry["contracts"]) == 9
        code, output = run("verify", "--network", node.url, "--deployments", str(tmp_path))
        assert code == 0, output
    finally:
        node.stop()


def test_cli__rollup_that_counts_data_into_gas__has_it_in_the_estimate_and_in_what_the_account_must_hold(tmp_path):
    node, a_byte = Node(), 200
    try:
        account = ape.accounts.test_accounts[0].address
        node.rpc("anvil_setBlockTimestampInterval", 0)  # no moment in the calldata changes from here on
        with connected(node.url):
            plan = make_plan(account, local())
            plain = estimate(plan)
            roll_up_in_gas(node, a_byte)
            expected = estimate(plan)
        data = {item.key: a_byte * len(item.data) for item in plan.transactions}
        assert expected.gas == {key: gas + data[key] for key, gas in plain.gas.items()}
        assert (expected.posted, expected.state) == (0, 0)
        node.rpc("anvil_setBalance", account, hex(plain.total * 3 * GWEI))
        code, output = run("deploy", *arguments(node, tmp_path, "--yes"))
        assert (code, node.web3.eth.block_number) == (1, 0), output
        assert f"{account} has {plain.total * 3 * GWEI / 10**18:.6f}: the deployment costs about " in output
        node.rpc("anvil_setBalance", account, hex(expected.total * 3 * GWEI))
        code, output = run("deploy", *arguments(node, tmp_path, "--yes"))
        assert code == 0, output
        assert f"In all about {expected.total:,} gas, as an estimate,\nat " in output
        assert "checks passed: no power outside the timelock but the guardian's." in output
        code, output = run("verify", "--network", node.url, "--deployments", str(tmp_path))
        assert code == 0, output
    finally:
        node.stop()
