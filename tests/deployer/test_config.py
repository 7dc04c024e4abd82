"""A configuration that does not fit is refused before anything is sent, by the name of its entry.

- shape: entries missing or unknown, wrong types, out of a type's width, not YAML, no such file
- chain and accounts: wrong chain, unknown account, a test asset or a test account on a public chain, a deployer with a
  power
- ranges: what any constructor would refuse, in its own words, by a rehearsal on the node
- templates for public networks: complete but for what only their users know
"""

import json
from dataclasses import replace
from types import SimpleNamespace

import ape
import pytest
import yaml

from assurance.harness.dao.keys import ATTESTORS, CUSTODIANS, local_public_key
from datadao.chain.arguments import ConfigError, leaves
from deployer.config import Config
from deployer.estimate import estimate
from deployer.networks import CONFIGS, address_of, config_path, record_path
from deployer.plan import make_plan, override
from deployer.rehearsal import rehearse
from deployer.rules import TODAY
from tests.deployer.world import CONTRACTS, LOCAL, changed, local, raw

KEY = "0x" + "11" * 32


def refused(deployer, build):
    """The message of a configuration's refusal; nothing was sent."""
    before = (deployer.nonce, ape.chain.blocks.height)
    with pytest.raises(ConfigError) as refusal:
        estimate(make_plan(deployer.address, build()))
    assert (deployer.nonce, ape.chain.blocks.height) == before
    return str(refusal.value)


SHAPES = [
    ("contracts.DataToken.name", 7, "local.yaml: DataToken.name: expected text, got 7"),
    ("contracts.DataToken.transferable", "no", "local.yaml: DataToken.transferable: expected true or false, got 'no'"),
    ("contracts.DataToken.maturitySupply", "a lot",
     "local.yaml: DataToken.maturitySupply: expected a number, '7 days' or 'now + 365 days', got 'a lot'"),
    ("contracts.DataToken.maturitySupply", 1.5,
     "local.yaml: DataToken.maturitySupply: expected a whole number, got 1.5"),
    ("contracts.DataToken.maturitySupply", True,
     "local.yaml: DataToken.maturitySupply: expected a whole number, got True"),
    ("contracts.DataToken.maturitySupply", -1,
     "local.yaml: DataToken.maturitySupply: expected 0 to 2**256 - 1, got -1"),
    ("contracts.DataGovernor.params.votingPeriod", 1 << 32,
     "local.yaml: DataGovernor.params.votingPeriod: expected 0 to 2**32 - 1, got 4294967296"),
    ("contracts.EmergencyBrake.guardianUntil", "365 fortnights",
     "local.yaml: EmergencyBrake.guardianUntil: expected a number, '2027-06-01 12:00' (UTC) or 'now + 365 days', "
     "got '365 fortnights'"),
    ("contracts.EmergencyBrake.guardian", 0xDEAD,
     "local.yaml: EmergencyBrake.guardian: expected an address or an account's alias, in quotes, got 57005"),
    ("contracts.DatasetRegistry.params.attestors", "TEST::2",
     "local.yaml: DatasetRegistry.params.attestors: expected a list, got 'TEST::2'"),
    ("contracts.DatasetRegistry.params.attestors.0", "TEST::2",
     "local.yaml: DatasetRegistry.params.attestors[0]: expected a mapping, got 'TEST::2'"),
    ("contracts.DatasetRegistry.params.attestors.1.hpkeKey", "0x1234",
     "local.yaml: DatasetRegistry.params.attestors[1].hpkeKey: expected 0x and 64 hex digits, in quotes, got '0x1234'"),
    ("contracts.DatasetRegistry.params.policies.0", {"uri": ""},
     "local.yaml: DatasetRegistry.params.policies[0]: missing sharesPerUnit, minQuality, purposes, minPricePerPeriod, "
     "minPeriod, maxPeriod, maxPeriods, minBond, commonsBps, treasuryBps, schemaHash"),
    ("contracts.DataLeases.params.bonus", 1,
     "local.yaml: DataLeases.params: unknown bonus; expected minRequestEscrow, startWindow, ackWindow, ackSlashBps, "
     "maxSlashBps, bondDelay"),
    ("contracts.RevenueSplitter", {"owner": "TEST::0"}, "local.yaml: RevenueSplitter: unknown owner; expected "),
    ("contracts.DataVault", {}, f"local.yaml: contracts: unknown DataVault; expected {', '.join(CONTRACTS)}"),
    ("contracts", [], "local.yaml: contracts: expected a mapping, got []"),
    ("extra", 1, "local.yaml: unknown extra; expected chain_id, asset, contracts"),
    ("chain_id", "31337", "local.yaml: chain_id: expected a number, got '31337'"),
    ("chain_id", 1337, "local.yaml: chain_id: 1337, but the network's is 31337"),
    ("asset", "USDC", "local.yaml: asset: expected a token's address, got 'USDC'"),
    ("asset", "0x" + "12" * 20,
     "local.yaml: asset: there is no contract at 0x1212121212121212121212121212121212121212 on chain 31337"),
    ("asset.deploy", "Gold", "local.yaml: asset.deploy: no contract 'Gold' in this project"),
    ("asset.arguments", ["Test Dollar"],
     "local.yaml: asset.arguments: expected [name, symbol, decimals], got ['Test Dollar']"),
    ("asset.arguments", ["Test Dollar", "TUSD", 256],
     "local.yaml: asset.arguments.decimals: expected 0 to 2**8 - 1, got 256"),
    ("asset.mint", 5, "local.yaml: asset: unknown mint; expected deploy, arguments"),
    ("contracts.EmergencyBrake.guardian", "TEST::40",
     "local.yaml: EmergencyBrake.guardian: account TEST::40 is unknown; there are TEST::0 to TEST::39"),
    ("contracts.EmergencyBrake.guardian", "TEST::-1",
     "local.yaml: EmergencyBrake.guardian: account TEST::-1 is unknown; there are TEST::0 to TEST::39"),
    ("contracts.EmergencyBrake.guardian", "TEST::0",
     "local.yaml: EmergencyBrake.guardian: is the deploying account, which must hold no power; deploy with another"),
    ("contracts.DatasetRegistry.params.custodians.4.signer", "TEST::0",
     "local.yaml: DatasetRegistry.params.custodians[4].signer: is the deploying account, which must hold no power; "
     "deploy with another"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "message"), SHAPES, ids=[f"{path}={value}" for path, value, _ in SHAPES])
def test_plan__entry_that_does_not_fit__is_named(deployer, path, value, message):
    assert refused(deployer, lambda: changed(path, value)) == message


def test_plan__unknown_account__is_refused_with_the_known_ones(deployer):
    message = refused(deployer, lambda: changed("contracts.EmergencyBrake.guardian", "nobody-of-this-name"))
    known = ", ".join(sorted(ape.accounts.aliases)) or "none"  # whoever runs this may have accounts
    assert message == (
        "local.yaml: EmergencyBrake.guardian: account 'nobody-of-this-name' is neither an address nor one of Ape's "
        f"accounts, which are: {known}"
    )


@pytest.mark.parametrize("contract", CONTRACTS)
def test_plan__missing_section_or_entry__is_named(deployer, contract):
    content = raw()
    section = content["contracts"][contract]
    for entry in list(section):
        value = section.pop(entry)
        message = refused(deployer, lambda: Config.parse(content, LOCAL))
        assert message == f"local.yaml: {contract}: missing {entry}"
        section[entry] = value
    del content["contracts"][contract]
    assert refused(deployer, lambda: Config.parse(content, LOCAL)) == f"local.yaml: contracts: missing {contract}"


# Each is within its type's width and out of the contract's range.
RANGES = [
    ("DataTimelock.minDelay", "1 day", "DataTimelock_DelayOutOfRange(delay=86400, min=172800, max=2592000)"),
    ("EmergencyBrake.guardianUntil", "now + 366 days", "EmergencyBrake_InvalidTerm(until="),
    ("EmergencyBrake.guardianUntil", "now + 0 days", "EmergencyBrake_InvalidTerm(until="),
    ("DataToken.maturitySupply", 0,
     "DataToken_InvalidMaturitySupply(supply=0, min=1, max=9223372036854775807)"),
    ("DataToken.maturitySupply", 1 << 63,
     "DataToken_InvalidMaturitySupply(supply=9223372036854775808, min=1, max=9223372036854775807)"),
    ("DataGovernor.params.votingDelay", 86_399,
     "DataGovernor_SettingOutOfRange(name=votingDelay, value=86399, min=86400, max=1209600)"),
    ("DataGovernor.params.votingPeriod", "31 days",
     "DataGovernor_SettingOutOfRange(name=votingPeriod, value=2678400, min=172800, max=2592000)"),
    ("DataGovernor.params.lateQuorumExtension", "4 days",
     "DataGovernor_SettingOutOfRange(name=lateQuorumVoteExtension, value=345600, min=0, max=259200)"),
    ("DataGovernor.params.quorumBps", 2001,
     "DataGovernor_SettingOutOfRange(name=quorumBps, value=2001, min=100, max=2000)"),
    ("DataGovernor.params.leaseQuorumBps", 99,
     "DataGovernor_SettingOutOfRange(name=leaseQuorumBps, value=99, min=100, max=2000)"),
    ("DataLeases.params.minRequestEscrow", 0, "DataLeases_InvalidParameter(name=minRequestEscrow, value=0, min=1, "),
    ("DataLeases.params.startWindow", 3599, "DataLeases_InvalidParameter(name=startWindow, value=3599, min=3600, "),
    ("DataLeases.params.ackWindow", "181 days", "DataLeases_InvalidParameter(name=ackWindow, value=15638400, "),
    ("DataLeases.params.maxSlashBps", 10_001,
     "DataLeases_InvalidParameter(name=maxSlashBps, value=10001, min=0, max=10000)"),
    ("DataLeases.params.ackSlashBps", 5001,
     "DataLeases_InvalidParameter(name=ackSlashBps, value=5001, min=0, max=5000)"),
    # 1 + 3 + 1 + 14 + 2 + 14 days of governance, and 7 days of notice: the governor's and the timelock's own values.
    ("DataLeases.params.bondDelay", "42 days",
     "DataLeases_InvalidParameter(name=bondDelay, value=3628800, min=3628801, max=31622400)"),
    ("DatasetRegistry.params.attestorThreshold", 4, "DatasetRegistry_InvalidThreshold("),
    ("DatasetRegistry.params.custodianThreshold", 0, "DatasetRegistry_InvalidThreshold("),
    ("DatasetRegistry.params.challengePeriod", "31 days", "DatasetRegistry_InvalidParameter(name=challengePeriod, "),
    ("DatasetRegistry.params.claimPeriod", "364 days", "DatasetRegistry_InvalidParameter(name=claimPeriod, "),
    ("DatasetRegistry.params.epochLength", "23 hours", "DatasetRegistry_InvalidParameter(name=epochLength, "),
    ("DatasetRegistry.params.attestors.0.hpkeKey", "0x" + "00" * 32, "DatasetRegistry_ZeroKey("),
    ("DatasetRegistry.params.attestors.0.signer", "TEST::3", "DatasetRegistry_SignersNotAscending("),
    ("DatasetRegistry.params.policies.0.commonsBps", 2501, "DatasetRegistry_InvalidPolicy("),
    ("DatasetRegistry.params.policies.0.sharesPerUnit", 999_999_999, "DatasetRegistry_InvalidPolicy("),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "error"), RANGES, ids=[f"{path}={value}" for path, value, _ in RANGES])
def test_rehearse__parameter_out_of_range__constructor_refuses_before_anything_is_sent(deployer, path, value, error):
    contract = path.split(".")[0]
    message = refused(deployer, lambda: changed(f"contracts.{path}", value))
    assert message.startswith(f"local.yaml: {contract} would refuse: {error}")


def test_rehearse__configuration_that_fits__tells_gas_of_every_contract_and_sends_nothing(deployer):
    before = (deployer.nonce, ape.chain.blocks.height)
    gas = estimate(make_plan(deployer.address, local())).gas
    assert list(gas) == ["asset", *make_plan(deployer.address, local()).addresses]
    assert (deployer.nonce, ape.chain.blocks.height) == before


def test_rehearse__node_that_cannot_pretend__tells_no_gas(deployer, monkeypatch):
    """As nodes answer that ignore the third parameter of `eth_call`, or refuse it."""
    plan, provider = make_plan(deployer.address, local()), ape.networks.provider

    def ignore(method, params):
        return provider.web3.provider.make_request(method, params[:2])

    def refuse(method, params):
        return {"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": "too many arguments"}}

    for answer in (ignore, refuse):
        web3 = SimpleNamespace(provider=SimpleNamespace(make_request=answer))
        node = SimpleNamespace(web3=web3, get_block=provider.get_block, get_nonce=provider.get_nonce)
        monkeypatch.setattr("deployer.simulation.ape", SimpleNamespace(networks=SimpleNamespace(provider=node)))
        assert rehearse(plan, TODAY) is None
        assert rehearse(plan, replace(TODAY, byte=1_530, block=200_000_000)) is None


def test_load__no_such_file__names_those_that_exist(tmp_path):
    (tmp_path / "sepolia.yaml").write_text("")
    with pytest.raises(ConfigError, match=r"^no configuration ropsten.yaml in .*/; there are: sepolia$"):
        Config.load(tmp_path / "ropsten.yaml")


def test_load__not_yaml_or_not_a_mapping__is_reported(tmp_path):
    for text, message in (("a: [", "broken.yaml is not YAML: "), ("- a", "broken.yaml: expected a mapping, got list")):
        (tmp_path / "broken.yaml").write_text(text)
        with pytest.raises(ConfigError) as refusal:
            Config.load(tmp_path / "broken.yaml")
        assert str(refusal.value).startswith(message)


def test_plan__test_asset_on_a_public_chain__is_refused(deployer):
    assert refused(deployer, lambda: changed("chain_id", 1)).splitlines() == [
        "local.yaml: chain_id: 1, but the network's is 31337",
        "local.yaml: asset: a test asset is for local chains; name the token's address",
    ]


def test_override__path_that_is_not_there__is_refused():
    for path in ("DataToken.owner", "DataVault.name", "DataToken.name.first"):
        with pytest.raises(ConfigError, match=f"no entry {path} to override"):
            override(local(), {path: 1})
    changed_config = override(local(), {"DataToken.name": "Other", "DataGovernor.params.quorumBps": 500})
    assert changed_config.contracts["DataToken"]["name"] == "Other"
    assert changed_config.contracts["DataGovernor"]["params"]["quorumBps"] == 500
    assert local().contracts["DataToken"]["name"] == "ANES Data DAO"


class Elsewhere:
    """Ape, connected to a network that this test has no node of."""

    def __init__(self, chain_id, ecosystem, network):
        place = SimpleNamespace(name=network, ecosystem=SimpleNamespace(name=ecosystem))
        self.networks = SimpleNamespace(provider=SimpleNamespace(chain_id=chain_id, network=place))
        self.accounts = ape.accounts


@pytest.mark.parametrize(
    ("network", "config", "record"),
    [
        ((31337, "ethereum", "local"), "local.yaml", "31337.json"),
        ((31337, "ethereum", "custom"), "local.yaml", "31337.json"),
        ((1, "ethereum", "mainnet"), "mainnet.yaml", "1.json"),
        ((1, "ethereum", "mainnet-fork"), "mainnet.yaml", "1-fork.json"),
        ((11155111, "ethereum", "sepolia"), "sepolia.yaml", "11155111.json"),
        ((8453, "base", "mainnet"), "base.yaml", "8453.json"),
        ((84532, "base", "sepolia"), "base-sepolia.yaml", "84532.json"),
        # A node given by its URL.
        ((8453, "ethereum", "custom"), "base.yaml", "8453.json"),
    ],
)
def test_network__names_its_configuration_and_its_record(monkeypatch, tmp_path, network, config, record):
    monkeypatch.setattr("deployer.networks.ape", Elsewhere(*network))
    assert config_path() == CONFIGS / config
    assert record_path(tmp_path) == tmp_path / record


def test_network__given_by_url_and_known_to_no_file__is_reported(monkeypatch):
    monkeypatch.setattr("deployer.networks.ape", Elsewhere(10, "ethereum", "custom"))
    with pytest.raises(ConfigError, match=r"^no file in deploy-config/ has chain_id 10; write one"):
        config_path()


def test_account__test_account_on_a_public_chain__is_refused(monkeypatch, deployer):
    elsewhere = Elsewhere(1, "ethereum", "mainnet")
    monkeypatch.setattr("datadao.chain.wallet.ape", elsewhere)
    monkeypatch.setattr("deployer.plan.ape", elsewhere)
    with pytest.raises(ConfigError, match="account TEST::1: test accounts are for local chains, everybody knows"):
        address_of("TEST::1")
    with pytest.raises(ConfigError, match=f"{deployer.address} is a test account, whose key is public"):
        make_plan(deployer.address, Config.load(CONFIGS / "mainnet.yaml"))


def test_account__contract_such_as_a_safe__is_refused_and_a_delegating_account_is_not(deployer):
    def become(code):
        ape.networks.provider.make_request("anvil_setCode", [deployer.address, code])

    become("0x6001")
    assert refused(deployer, local) == (
        f"{deployer.address} is a contract, such as a Safe: deploy with an account that has a key, which keeps no "
        "power, or name a Safe with --factory --safe"
    )
    become("0xef0100" + "12" * 20)
    assert len(estimate(make_plan(deployer.address, local())).gas) == 9


def test_local__hpke_keys__are_those_whose_private_halves_tests_hold():
    params = raw()["contracts"]["DatasetRegistry"]["params"]
    keys = [member["hpkeKey"] for member in params["attestors"] + params["custodians"]]
    assert keys == ["0x" + local_public_key(role).hex() for role in ATTESTORS + CUSTODIANS]
    assert len(set(keys)) == 8


TEMPLATES = {"sepolia": 11155111, "base": 8453, "mainnet": 1}


def test_templates__one_for_each_network__and_no_other_file():
    assert {path.stem for path in CONFIGS.iterdir()} == {"local", *TEMPLATES}
    assert {name: raw(CONFIGS / f"{name}.yaml")["chain_id"] for name in TEMPLATES} == TEMPLATES


@pytest.mark.parametrize("name", TEMPLATES)
def test_template__as_it_is__cannot_be_deployed_by_mistake(deployer, name):
    content = {**raw(CONFIGS / f"{name}.yaml"), "chain_id": 31337, "asset": raw()["asset"]}
    message = refused(deployer, lambda: Config.parse(content, CONFIGS / f"{name}.yaml"))
    nulls = [path for path, value in leaves("", content["contracts"]) if value is None]
    faults = message.splitlines()
    assert all(fault.endswith(", got None") for fault in faults)
    assert [fault.split(": ")[1] for fault in faults] == [path[1:] for path in nulls]
    assert len(nulls) == 26


@pytest.mark.parametrize("name", TEMPLATES)
def test_template__filled_in__every_constructor_accepts(deployer, name):
    content = {**raw(CONFIGS / f"{name}.yaml"), "chain_id": 31337, "asset": raw()["asset"]}
    contracts = content["contracts"]
    contracts["EmergencyBrake"]["guardian"] = "TEST::1"
    contracts["DataToken"] |= {"name": "Data DAO", "symbol": "DATA"}
    params = contracts["DatasetRegistry"]["params"]
    for i, attestor in enumerate(params["attestors"]):
        attestor |= {"signer": f"TEST::{2 + i}", "hpkeKey": KEY}
    for i, custodian in enumerate(params["custodians"]):
        custodian |= {"signer": f"TEST::{5 + i}", "hpkeKey": KEY, "uri": "file:somewhere"}
    params["policies"][0] |= {"schemaHash": KEY, "uri": "schema.json"}
    assert "null" not in json.dumps(content)
    gas = estimate(make_plan(deployer.address, Config.parse(yaml.safe_load(yaml.safe_dump(content)), LOCAL))).gas
    assert len(gas) == 9
