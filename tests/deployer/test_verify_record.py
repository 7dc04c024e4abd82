"""What a record says is checked, and what a deployer gave itself is named.

- the configuration: by plain name and hash, or the record's own text
- names and time: whom an alias means, when `now` was (blocks: test_verify_rows.py)
- the deployer as guardian, attestor and custodian
- what the contracts count and no event reported
- remarks: names that only the record explains, a floor that protects nothing, or stops everything
"""

from __future__ import annotations

import copy

import ape
import pytest
from web3 import Web3

from datadao.chain.arguments import ConfigError
from datadao.chain.events import topic
from deployer.config import Config
from deployer.networks import CONFIGS
from deployer.plan import make_plan
from deployer.verify import remarks, verify
from deployer.verify.configuration import recorded_config
from tests.deployer.hostile import UNIT, hidden
from tests.deployer.test_verify import over
from tests.deployer.world import LOCAL, all_changed, changed, deployed, live, local, misses, otherwise


def altered(entry, **changes):
    """The record with other values at its top."""
    return {**copy.deepcopy(entry), **changes}


def failing(entry, config):
    return {f"{check.contract}.{check.field}" for check in verify(entry, config) if not check.ok}


# The configuration


def test_configuration__recorded__is_found_by_name_and_hash_or_in_the_record(fresh, tmp_path):
    entry = fresh[1]
    assert recorded_config(entry, CONFIGS) == local()
    assert recorded_config(entry, tmp_path).text == local().text
    (tmp_path / "local.yaml").write_text(LOCAL.read_text() + "# another\n")
    with pytest.raises(ConfigError, match=r"/local.yaml is not the configuration that was recorded, whose sha256 is "):
        recorded_config(entry, tmp_path)
    own = recorded_config(entry, tmp_path, embedded=True)
    assert (own.text, own.sha256) == (LOCAL.read_text(), entry["config"]["sha256"])
    assert failing(entry, own) == set()


@pytest.mark.parametrize("name", ["../local.yaml", "/etc/local.yaml", "a/local.yaml", "..", "local.yml", ""])
def test_configuration__of_no_plain_name__is_refused(fresh, name):
    entry = altered(fresh[1], config={**fresh[1]["config"], "file": name})
    for embedded in (False, True):
        with pytest.raises(ConfigError, match=r"expected the plain name of a \.yaml file"):
            recorded_config(entry, CONFIGS, embedded=embedded)


def test_verify__configuration_of_another_hash__is_named(fresh, tmp_path):
    entry = fresh[1]
    text = LOCAL.read_text() + "# another\n"
    assert failing(entry, Config.read(text, LOCAL)) == {"configuration.sha256"}
    lied = altered(entry, config={**entry["config"], "text": text})
    assert failing(lied, recorded_config(lied, tmp_path)) == {"configuration.sha256"}


# Names and time


def test_verify__alias_that_means_another_account__is_named(fresh):
    entry = copy.deepcopy(fresh[1])
    entry["accounts"]["TEST::2"] = entry["accounts"]["TEST::3"]
    assert "configuration.TEST::2" in misses(entry)


def test_verify__time_after_the_creation__is_named(fresh):
    entry = fresh[1]
    created = ape.networks.provider.get_block(entry["contracts"]["DataTimelock"]["block"]).timestamp
    guardian = {"EmergencyBrake.guardianUntil"} | otherwise("EmergencyBrake")
    assert misses(altered(entry, now=created + 1)) == {"configuration.now"} | guardian


def test_verify__factory_created_elsewhere__is_named(first):
    entry, creation = first[2], "DataDAOFactory.creation"
    begun = entry["contracts"]["DataTimelock"]["transaction"]
    for transaction, names in (
        (begun, {"DataDAOFactory.created at", f"{creation} code hash"}),
        (first[1][0].transaction, {"DataDAOFactory.created at", f"{creation} code hash"}),
        ("0x" + "00" * 32, {creation}),
    ):
        assert misses(altered(entry, factory={**entry["factory"], "transaction": transaction})) == names


# The deployer


def test_verify__deployer_with_powers_by_configuration__each_is_named(deployer, monkeypatch):
    monkeypatch.setattr("deployer.plan._powers", lambda *_: [])
    attestors = "contracts.DatasetRegistry.params.attestors.0.signer"
    custodians = "contracts.DatasetRegistry.params.custodians.4.signer"
    config = all_changed({"contracts.EmergencyBrake.guardian": "TEST::0", attestors: "TEST::0", custodians: "TEST::0"})
    _, entry = deployed(deployer, make_plan(deployer.address, config))
    (check,) = (check for check in verify(entry, config) if not check.ok)
    assert (check.contract, check.field) == ("configuration", "powers of the deployer")
    kept = check.actual.split(", ")
    assert kept[0] == "EmergencyBrake.guardian" and kept[2] == "DatasetRegistry.params.custodians[4].signer"
    assert kept[1].startswith("DatasetRegistry.params.attestors[") and len(kept) == 3


# What no event reported


class Hiding(Web3.HTTPProvider):
    """A node whose answers lack the events of one kind, as if code without it had written the state."""

    hidden = ""

    def _cut(self, answer):
        if isinstance(answer.get("result"), list):
            kept = [log for log in answer["result"] if not (isinstance(log, dict) and self.hidden in log["topics"][:1])]
            answer = {**answer, "result": kept}
        return answer

    def make_request(self, method, params):
        return self._cut(super().make_request(method, params))

    def make_batch_request(self, requests):
        return [self._cut(answer) for answer in super().make_batch_request(requests)]


def test_verify__state_without_its_event__is_named(deployer, accounts, monkeypatch):
    dao, entry = live(deployer)
    leaf, _ = hidden(dao.registry, dao.addresses["leases"], accounts[2:4], accounts[30].address, 2_000 * UNIT)
    ape.chain.mine(timestamp=ape.chain.pending_timestamp + dao.registry.challengePeriod() + 1)
    dao.registry.activate(1, sender=accounts[30])
    dao.registry.claim(1, tuple(leaf), [], sender=accounts[30])
    assert misses(entry) == set()
    over(Hiding(ape.networks.provider.http_uri), monkeypatch)
    for contract, event, view in (
        ("DatasetRegistry", "BatchPublished", "batchCount"),
        ("DatasetRegistry", "DatasetCreated", "datasetCount"),
        ("DatasetRegistry", "AttestorsSet", "attestorSetVersion"),
        ("DatasetRegistry", "CommitteeSet", "committeeVersion"),
        ("DatasetRegistry", "PolicyUpdated", "policy 1 version"),
        ("DataToken", "Transfer", "totalSupply"),
    ):
        monkeypatch.setattr(Hiding, "hidden", "0x" + topic(contract, event).hex())
        assert misses(entry) == {f"{contract}.{view} by events"}


# Remarks


def test_remarks__what_only_the_record_says__is_said(fresh):
    entry = copy.deepcopy(fresh[1])
    entry["accounts"]["our-safe"] = entry["accounts"]["TEST::1"]
    entry["now"] -= 8 * 86_400
    said = remarks(entry, local())
    account = entry["accounts"]["our-safe"]
    assert f"our-safe is {account} by the record alone: this machine has no account of that name." in said
    assert any(line.startswith("now: 8 days before the creation; ") for line in said)


def test_remarks__floor__none_or_out_of_proportion(fresh):
    path = "contracts.DataToken.maturitySupply"
    assert remarks(fresh[1], changed(path, 1)) == [
        "maturitySupply = 1: there is no quorum floor, the first vote decides alone."
    ]
    assert remarks(fresh[1], changed(path, 4_000 * UNIT + 2)) == []
    (above,) = remarks(fresh[1], changed(path, 4_000 * UNIT + 1))
    assert above.startswith("maturitySupply: the quorum floor of 2,000 votes is no more than what one epoch may mint, ")
    registry = "contracts.DatasetRegistry.params"
    few = {f"{registry}.epochFloor": UNIT, f"{registry}.epochCapBps": 0, f"{registry}.epochLength": "30 days"}
    (never,) = remarks(fresh[1], all_changed({**few, path: 26 * UNIT}))
    assert never == (
        "maturitySupply: the 12 epochs until the quorum floor ends mint at most 12 votes, and it is 13 votes: "
        "no proposal can pass before."
    )
