"""`ape run deploy` from the first prompt to the last check.

- through the real commands, on a node of their own: plan, question, record, verification; a second deployment is added
- wrong account, file, chain, too little money: one message, exit code, nothing sent
- the record: sorted, append-only, never over another chain's; estimates, handles, an asset that exists
- an account of another kind than Ape's own
- G-7 is in test_deployer_has_no_power.py, interruptions are in test_interruption.py
"""

from __future__ import annotations

import json

import ape
import pytest
from ape.api import AccountAPI
from ape.types import TransactionSignature
from eth_account import Account
from eth_utils import keccak, to_checksum_address

from assurance.harness.chain.node import Node
from deployer.deploy import deploy
from deployer.estimate import estimate
from deployer.plan import NEW, make_plan, override
from deployer.record import RecordError, append, new_entry, newest
from tests.deployer.world import CONTRACTS, LOCAL, arguments, changed, deployed, local, misses, raw, run

STEPS = ("TestAsset", *CONTRACTS)
_DEVICE = Account.from_key(keccak(text="inside the device"))


@pytest.fixture
def node():
    node = Node()
    yield node
    node.stop()


# Through the commands


def test_cli__deploy_verify_deploy_again__records_both(node, tmp_path):
    where = ("--network", node.url, "--deployments", str(tmp_path))
    code, output = run("deploy", *arguments(node, tmp_path), answer="n\n")
    assert code == 1
    assert "Deploy? [y/N]" in output and output.endswith("Nothing was sent.\n")
    assert not list(tmp_path.iterdir())
    assert node.web3.eth.block_number == 0
    for item in (
        "DataLeases",
        "params.bondDelay: 7776000 (90 days)",
        "In all about 24,",
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
    code, output = run("verify", *where, "--recorded")
    assert (code, "NO" in output.split()) == (0, False)

    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(LOCAL.read_text().replace("quorumBps: 1000\n      lease", "quorumBps: 1001\n      lease"))
    code, output = run("verify", *where, "--config", str(wrong))
    assert code == 1
    assert "DataGovernor.quorumBps: expected 1001, is 1000\n3 of " in output

    code, output = run("deploy", *arguments(node, tmp_path, "--yes", "--config", str(wrong)))
    assert code == 0
    assert f"1 recorded in {tmp_path / '31337.json'} already: this deploys another DAO." in output
    first, second = json.loads((tmp_path / "31337.json").read_text())["deployments"]
    assert first == entry
    assert second["contracts"]["DataGovernor"]["arguments"]["params"]["quorumBps"] == 1001
    assert second["contracts"]["DataToken"]["address"] != entry["contracts"]["DataToken"]["address"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--account", "nobody"], "nobody"),
        (["--account", "TEST::0", "--config", "nowhere.yaml"], "File 'nowhere.yaml' does not exist."),
        (["--account", "TEST::0", "--config", "deploy-config/base.yaml"],
         "base.yaml: chain_id: 8453, but the network's is 31337"),
        # Not among the ten accounts that the node pays.
        (["--account", "TEST::30"], "has 0.000000: the deployment costs about 0.0"),
        (
            ("--account", "TEST::0", "--factory", "0xAbcdef1234567890abcdef1234567890ABCDEF12"),
            "factory: '0xAbcdef1234567890abcdef1234567890ABCDEF12' is not an address: its capitals are not those of",
        ),
    ],
)  # fmt: skip
def test_cli__wrong_account_or_configuration__one_message_and_exit_code(node, tmp_path, more, message):
    before = node.web3.eth.block_number
    code, output = run("deploy", "--network", node.url, "--yes", "--deployments", str(tmp_path), *more)
    assert code != 0
    assert message in output
    assert node.web3.eth.block_number == before
    assert not list(tmp_path.iterdir())


def test_cli__verify_without_a_record__says_so(node, tmp_path):
    code, output = run("verify", "--network", node.url, "--deployments", str(tmp_path))
    assert code == 1
    assert "no deployment is recorded in " in output


# The record


def test_append__public_chain_with_another_first_block__refuses_to_overwrite(deployer, tmp_path, monkeypatch):
    monkeypatch.setattr("deployer.record.LOCAL_CHAIN_IDS", frozenset())
    path = append(tmp_path, {"number": 1})
    assert append(tmp_path, {"number": 2}) == path
    assert newest(tmp_path) == {"number": 2}
    record = json.loads(path.read_text())
    assert record["deployments"] == [{"number": 1}, {"number": 2}]
    path.write_text(json.dumps({**record, "genesis": "0x00"}))
    with pytest.raises(RecordError, match="is the record of another chain: did the local node start anew"):
        newest(tmp_path)
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
    config, reported = local(), []
    gas = estimate(make_plan(deployer.address, config)).gas
    deployment = deploy(deployer, config, report=reported.append)
    assert tuple(reported) == deployment.steps
    assert [step.contract for step in reported] == list(STEPS)
    for step in reported:
        # The rehearsal finds some accounts warm; the estimate is for the case that all of them are cold.
        assert step.gas <= gas[step.key] <= step.gas + 23_000
    assert deployment.addresses["registry"] == deployment.registry.address
    assert deployment.registry.datasetCount() == 1
    assert deployment.asset.symbol() == raw()["asset"]["arguments"][1]
    with pytest.raises(AttributeError):
        deployment.vault  # noqa: B018


class Device(AccountAPI):
    """An account as plugins for hardware wallets make them: Ape's interface, and a key that Ape never sees."""

    @property
    def address(self):
        return to_checksum_address(_DEVICE.address)

    def sign_message(self, msg, **options):
        raise NotImplementedError

    def sign_transaction(self, txn, **options):
        asked = txn.model_dump(mode="json", by_alias=True, exclude={"sender"})
        signed = _DEVICE.sign_transaction({key: value for key, value in asked.items() if key != "from"})
        txn.signature = TransactionSignature(v=signed.v, r=signed.r.to_bytes(32, "big"), s=signed.s.to_bytes(32, "big"))
        return txn


@pytest.mark.parametrize("factory", [None, NEW])
def test_deploy__account_of_which_ape_has_no_key__deploys_and_verifies(factory):
    account = Device()
    ape.networks.provider.set_balance(account.address, 10**20)
    _, entry = deployed(account, make_plan(account.address, local(), factory=factory))
    assert entry["deployer"] == account.address
    assert misses(entry) == set()


def test_deploy__with_an_asset_that_exists__deploys_eight(deployer):
    existing = deploy(deployer, local()).asset.address
    config = changed("asset", existing)
    deployment = deploy(deployer, config)
    assert [step.contract for step in deployment.steps] == list(CONTRACTS)
    assert deployment.asset.decimals() == 6
    assert deployment.splitter.asset() == existing
    assert misses(new_entry(deployment.plan, deployment.steps), config) == set()
