"""`ape run deploy --factory --safe`: a Safe 1.5 creates a DAO, and `verify` proves it and names the Safe.

- the files, imported and sent as its owners would; the hashes are those that the Safe computes
- resumed by what is on chain: nothing, the first call, both, the second by another account
- refused: no Safe, no factory, a key beside it, a test asset, another's DAO in the record
"""

from __future__ import annotations

import copy
import json

import ape
import pytest
import yaml
from eth_account import Account
from eth_utils import keccak
from web3 import Web3

from assurance.harness.dao.system import Actor
from datadao.chain.arguments import ConfigError
from datadao.text import Terminal
from deployer.config import Config
from deployer.record import Journal, RecordError, newest, newest_factory
from deployer.safe import given_safe
from deployer.send import RECORDED, DeploymentError, NotResumable, resume
from deployer.verify import remarks, verify
from scripts._deploy.safe import create_by_safe
from scripts.deploy import _carry_out, _plan
from tests.deployer.world import CONTRACTS, Failing, local, raw, run
from tests.integration.safe import Safe


@pytest.fixture(scope="module")
def owners():
    return [actor(f"owner {number} of the Safe") for number in range(3)]


def actor(name):
    key = keccak(text=name)
    return Actor(name, Account.from_key(key).address, key)


@pytest.fixture(scope="module")
def safe(owners, accounts):
    """Two of three owners sign; an account with ether sends."""
    web3 = Web3(Web3.HTTPProvider(ape.networks.provider.http_uri))
    return Safe(web3, owners, 2, accounts[7])


@pytest.fixture
def config(first, tmp_path):
    """The local configuration with a token that is on chain."""
    path = tmp_path / "ours.yaml"
    path.write_text(yaml.safe_dump({**raw(), "asset": first[0].asset}))
    return Config.load(path)


def go(safe, config, folder, factory, restart=False):
    """One run of the command: whether all is well, and what it says."""
    out = Terminal(width=500, record=True)
    ok = create_by_safe(out, safe.address, config, folder, factory, restart=restart)
    return ok, out.export_text()


def files(folder):
    return {path.stem.rpartition("-")[2]: json.loads(path.read_text()) for path in folder.glob("safe-*.json")}


def sent(safe, file):
    """What the transaction builder makes of a file with one transaction, signed and sent."""
    (transaction,) = file["transactions"]
    assert (file["version"], file["chainId"], transaction["value"]) == ("1.0", "31337", "0")
    assert file["meta"]["createdFromSafeAddress"] == safe.address
    return safe.call(transaction["to"], bytes.fromhex(transaction["data"][2:]))


def assert_created(safe, config, folder):
    entry = newest(folder)
    assert entry["deployer"] == safe.address and entry["contracts"].keys() == set(CONTRACTS)
    checks = verify(entry, config)
    assert [check for check in checks if not check.ok] == []
    rows = {f"{check.contract}.{check.field}": check.actual for check in checks}
    assert rows["DataDAOFactory.begun by"] == safe.address
    said = f"created by the Safe {safe.address} (1.5.0, 2 of 3 owners): "
    assert any(sentence.startswith(said) for sentence in remarks(entry, config))
    assert not (folder / ".safe-31337.json").exists()
    return entry


def test_cli__of_a_safe__writes_its_calls_and_once_they_are_made_records_and_verifies(safe, config, created, tmp_path):
    folder = tmp_path / "deployments"
    given = ("--network", ape.networks.provider.http_uri, "--deployments", str(folder), "--config", str(config.path))
    command = ("deploy", *given, "--factory", created, "--safe", safe.address)
    code, output = run(*command)
    assert code == 0, output
    nonce = safe.contract.functions.nonce().call()
    found = files(folder)
    assert found.keys() == {"begin", "complete"}
    for place, key in enumerate(("begin", "complete")):
        file = found[key]
        (transaction,) = file["transactions"]
        fields = safe.transaction(transaction["to"], bytes.fromhex(transaction["data"][2:]))
        wanted = safe.contract.functions.getTransactionHash(*fields.values(), nonce + place).call()
        assert f"0x{wanted.hex()}" in output and f"0x{wanted.hex()}" in file["meta"]["description"], key
    domain = safe.contract.functions.domainSeparator().call()
    assert f"domain hash 0x{domain.hex()}, message hash 0x" in output
    for key in ("begin", "complete"):
        assert sent(safe, found[key])["status"] == 1
    code, output = run(*command)
    assert code == 0 and f"created by the Safe {safe.address} (1.5.0, 2 of 3 owners)" in output, output
    entry = assert_created(safe, config, folder)
    # What the record says of the salt is bound by what the factory reports.
    other = copy.deepcopy(entry)
    other["factory"]["salt"] = "0x" + "01" * 32
    wrong = {f"{check.contract}.{check.field}" for check in verify(other, config) if not check.ok}
    assert {"DataDAOFactory.begun by", "DataTimelock.created at", "DataTimelock.creation"} <= wrong
    stranger = {**entry, "deployer": entry["accounts"]["TEST::1"]}
    assert "DataDAOFactory.begun by" in {f"{c.contract}.{c.field}" for c in verify(stranger, config) if not c.ok}


def test_resume__half_way__writes_what_is_left_of_the_same_plan(safe, config, created, accounts, tmp_path):
    go(safe, config, tmp_path, created)
    before = files(tmp_path)
    ok, said = go(safe, config, tmp_path, created)
    assert ok and files(tmp_path) == before, "the same plan while nothing is on chain"
    sent(safe, before["begin"])
    (tmp_path / "safe-31337-begin.json").unlink()
    ok, said = go(safe, config, tmp_path, created)
    assert ok and files(tmp_path).keys() == {"complete"}
    assert files(tmp_path)["complete"]["transactions"] == before["complete"]["transactions"]
    assert "1 of 2 transactions are on chain" in said
    # Any account may complete it.
    (transaction,) = before["complete"]["transactions"]
    accounts[3].transfer(transaction["to"], data=transaction["data"], value=0)
    ok, said = go(safe, config, tmp_path, created)
    assert ok, said
    assert_created(safe, config, tmp_path)
    # The next DAO of the same Safe and configuration is another.
    _, said = go(safe, config, tmp_path, created)
    assert f"1 recorded in {tmp_path / '31337.json'} already: this deploys another DAO." in said
    assert files(tmp_path)["begin"]["transactions"] != before["begin"]["transactions"]


def test_resume__of_another_plan__is_refused_until_restarted(safe, config, created, tmp_path):
    go(safe, config, tmp_path, created)
    before, note = files(tmp_path), (tmp_path / ".safe-31337.json").read_bytes()
    ape.networks.provider.make_request("anvil_mine", ["0x5", "0x64"])
    other = Config.read(
        config.text.replace("DataGovernor", "OtherGovernor").replace("OtherGovernor:", "DataGovernor:"), config.path
    )
    with pytest.raises(
        ConfigError, match=r"^--safe: Safe, configuration, factory or contracts are not those of the calls"
    ):
        go(safe, other, tmp_path, created)
    assert (files(tmp_path), (tmp_path / ".safe-31337.json").read_bytes()) == (before, note)
    go(safe, other, tmp_path, created, restart=True)
    assert files(tmp_path)["begin"]["createdAt"] > before["begin"]["createdAt"]


def test_deploy__factory_alone__resumes_creates_no_dao_and_serves_a_safe(safe, config, deployer, tmp_path):
    out, journal = Terminal(width=200, record=True), Journal(tmp_path)

    def plan():
        return _plan(out, deployer.address, config, journal, RECORDED, restart=False, only_factory=True)

    stopped = Failing(deployer, 5, SystemExit(130))
    with pytest.raises(DeploymentError, match=r"(?s)^Stopped at blueprint .*, transaction 6 of 12: interrupted"):
        _carry_out(out, stopped, *plan(), journal, yes=True)
    with pytest.raises(NotResumable, match=r"^it was a factory alone$"):
        resume(deployer.address, config, journal, RECORDED)
    found, done = plan()
    assert (len(done), [item.key for item in found.transactions][-1]) == (5, "factory")
    assert _carry_out(out, deployer, found, done, journal, yes=True)
    assert journal.read() is None
    with pytest.raises(RecordError, match="no deployment is recorded"):
        newest(tmp_path)
    said = f"is at {found.factory.address}, checked and recorded. Elsewhere: --factory {newest_factory(tmp_path)}"
    assert said in out.export_text()
    ok, _ = go(safe, config, tmp_path, RECORDED)
    assert ok and {file["transactions"][0]["to"] for file in files(tmp_path).values()} == {found.factory.address}


def test_deploy__factory_alone__with_an_asset_of_its_own__is_refused(deployer, tmp_path):
    with pytest.raises(ConfigError, match=r"^local.yaml: asset: name a token's address; a factory is deployed alone$"):
        _plan(Terminal(), deployer.address, local(), Journal(tmp_path), RECORDED, restart=False, only_factory=True)


def test_safe__that_cannot_be_used__is_refused(safe, config, first, created, deployer, tmp_path):
    for text, message in (
        ("0x12", "safe: '0x12' is not an address"),
        (deployer.address, f"safe: there is no Safe at {deployer.address}: "),
        (first[0].asset, f"safe: there is no Safe at {first[0].asset}: "),
    ):
        with pytest.raises(ConfigError, match=f"^{message}"):
            given_safe(text)
    with pytest.raises(ConfigError, match=r"^--safe: a Safe creates a DAO through a factory only: add --factory$"):
        go(safe, config, tmp_path, None)
    with pytest.raises(ConfigError, match=r"^--safe: no factory is recorded here: "):
        go(safe, config, tmp_path, RECORDED)
    with pytest.raises(ConfigError, match=r"^local.yaml: asset: name a token's address; a Safe creates the DAO alone$"):
        go(safe, Config.parse(raw(), config.path.with_name("local.yaml")), tmp_path, created)
    guardian = raw() | {"asset": first[0].asset}
    guardian["contracts"]["EmergencyBrake"]["guardian"] = safe.address
    with pytest.raises(ConfigError, match="must hold no power"):
        go(safe, Config.parse(guardian, config.path), tmp_path, created)
    assert list(tmp_path.glob("*.json")) == list(tmp_path.glob(".safe*")) == []
