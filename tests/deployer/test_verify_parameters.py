"""A parameter that is off by one, on the chain or in the configuration, is named and nothing else is.

- numbers: each one up and down in the configuration, all of them on the chain
- people, keys, texts and flags likewise; one member more or less
- the asset: another token, whatever the record says of it; a test asset otherwise than described
"""

from __future__ import annotations

import copy
import json

import pytest

from datadao.chain.arguments import leaves
from datadao.chain.connection import answers_of
from deployer.plan import make_plan
from deployer.verify.roles import DOORS
from tests.deployer.world import CONTRACTS, all_changed, altered, changed, live, local, misses, otherwise, raw


def numbers():
    """Every number of the local configuration, by dotted path, with the name of the check that re-reads it."""
    constructors = {
        "DataTimelock.minDelay": "DataTimelock.getMinDelay",
        "DataGovernor.params.lateQuorumExtension": "DataGovernor.lateQuorumVoteExtension",
        # A period in the configuration, its end on chain.
        "DataGovernor.params.floorPeriod": "DataGovernor.floorUntil",
        # Without supply the governor asks for one vote whatever is set.
        "DataGovernor.params.proposalThreshold": "DataGovernor.proposalThreshold as set",
        "DatasetRegistry.params.attestorThreshold": "DatasetRegistry.attestors threshold",
        "DatasetRegistry.params.custodianThreshold": "DatasetRegistry.committee threshold",
    }
    plan = {contract: raw()["contracts"][contract] for contract in CONTRACTS}
    for contract, section in plan.items():
        for path, value in leaves(contract, section):
            if isinstance(value, bool) or not (isinstance(value, int) or "day" in str(value)):
                continue
            field = path.split(".", 1)[1].removeprefix("params.").replace("policies[0]", "policy 1")
            yield path.replace("[", ".").replace("]", ""), constructors.get(path, f"{contract}.{field}")


def resolved(entry, path):
    """The recorded constructor argument at a dotted path of the configuration."""
    contract, *names = path.split(".")
    value = entry["contracts"][contract]["arguments"]
    for name in names:
        value = value[int(name)] if name.isdecimal() else value.get(name, value.get(name + "_"))
    return value


# The same number stands in the code too, as an immutable.
ALSO = {
    "DataToken.maturitySupply": {"DataToken.immutables"},
    **{f"DataLeases.params.{name}": {"DataLeases.immutables"} for name in raw()["contracts"]["DataLeases"]["params"]},
    **{
        f"DatasetRegistry.params.{name}": {"DatasetRegistry.immutables"}
        for name in ("challengePeriod", "claimPeriod", "epochLength", "epochFloor", "epochCapBps")
    },
}


def also(path, by):
    """Other checks that name a number which is off by one."""
    found = set(ALSO.get(path, ()))
    if path == "DataToken.maturitySupply" and by < 0:
        # It is even: the next one above has the same half, the one below has not.
        found |= {"DataGovernor.quorumFloor", "DataGovernor.immutables"}
    return found


@pytest.fixture(scope="module")
def known():
    """What the node answered."""
    return {}


@pytest.fixture
def unchanged(fresh, known, monkeypatch):
    """The record of a DAO on a chain that stays as it is: each question is asked of the node once in this file."""

    def answers(web3, requests):
        keys = [json.dumps(request) for request in requests]
        new = {key: request for key, request in zip(keys, requests, strict=True) if key not in known}
        known.update(zip(new, answers_of(web3, list(new.values())), strict=True))
        return [known[key] for key in keys]

    monkeypatch.setattr("deployer.verify.reader.answers_of", answers)
    return fresh[1]


@pytest.mark.parametrize("by", [1, -1])
@pytest.mark.parametrize(("path", "check"), list(numbers()), ids=[path for path, _ in numbers()])
def test_verify__number_off_by_one__is_named_and_nothing_else(unchanged, path, check, by):
    config = changed(f"contracts.{path}", resolved(unchanged, path) + by)
    assert misses(unchanged, config) == {check} | also(path, by) | otherwise(path.split(".")[0])


def test_numbers__cover_every_number_of_every_constructor():
    # 1 + 1 + 1 + 7 + 6 of the first contracts; 2 thresholds, 5 periods and caps, 10 of the policy.
    assert len(list(numbers())) == 33


def test_verify__dao_deployed_with_every_number_off_by_one__names_exactly_these(deployer):
    """The other way round: the chain is off by one, the configuration is what was agreed."""
    plan = make_plan(deployer.address, local())
    agreed = {"contracts": {item.contract: {"arguments": item.arguments} for item in plan.contracts}}
    # Down where up is out of the contract's range.
    by = {path: -1 if path == "EmergencyBrake.guardianUntil" else 1 for path, _ in numbers()}
    other = all_changed({f"contracts.{path}": resolved(agreed, path) + by[path] for path in by})
    _, entry = live(deployer, other)
    entry["now"] = plan.now
    assert misses(entry) == {check for path, check in numbers()}.union(
        *(also(path, by[path]) for path in by), otherwise(*(path.split(".")[0] for path in by))
    )


def test_verify__dao_deployed_with_other_people_keys_and_texts__names_exactly_these(deployer):
    plan = make_plan(deployer.address, local())
    registry = plan.contracts[-1].arguments["params"]

    def next_to(value):
        """Off by one as well, which keeps the ascending order of attestors."""
        if isinstance(value, bytes):
            return "0x" + (int.from_bytes(value, "big") + 1).to_bytes(32, "big").hex()
        return "0x" + (int(value, 16) + 1).to_bytes(20, "big").hex()

    members = {
        f"{kind}.{i}.{field}": next_to(member[field])
        for kind in ("attestors", "custodians")
        for i, member in enumerate(registry[kind])
        for field in ("signer", "hpkeKey")
    }
    # The file lists attestors in another order than the contract wants: all of them are named anew.
    attestors = [{field: members.pop(f"attestors.{i}.{field}") for field in ("signer", "hpkeKey")} for i in range(3)]
    changes = {
        "attestors": attestors,
        **members,
        **{f"custodians.{i}.uri": f"file:else-{i}" for i in range(5)},
        "policies.0.schemaHash": next_to(registry["policies"][0]["schemaHash"]),
        "policies.0.uri": "other.json",
    }
    _, entry = live(deployer, all_changed({f"contracts.DatasetRegistry.params.{k}": v for k, v in changes.items()}))
    entry["now"] = plan.now
    assert misses(entry) == {
        *(f"DatasetRegistry.attestors[{i}].{field}" for i in range(3) for field in ("signer", "hpkeKey")),
        *(f"DatasetRegistry.committee[{i}].{field}" for i in range(5) for field in ("signer", "hpkeKey", "uri")),
        "DatasetRegistry.policy 1.schemaHash", "DatasetRegistry.policy 1.uri",
        "DatasetRegistry.created as configured",
    }  # fmt: skip


PAID_IN = {
    *(f"{contract}.{field}" for contract in ("RevenueSplitter", "DataLeases", "ModelRegistry")
      for field in ("asset", "immutables", "created as configured")),
}  # fmt: skip
"""What names a DAO that is paid in another token."""


def test_verify__asset_is_another_token__is_named_whatever_the_record_says(deployer, fresh):
    other = live(deployer)[1]["asset"]
    _, entry = live(deployer, changed("asset", other))
    assert misses(entry, changed("asset", other)) == set()
    agreed = changed("asset", fresh[1]["asset"].lower())
    assert misses(entry, agreed) == PAID_IN | {"asset.as recorded"}
    lied = copy.deepcopy(entry)
    lied["asset"] = fresh[1]["asset"]
    assert misses(lied, agreed) == PAID_IN


def test_verify__test_asset_otherwise_than_described__is_named(deployer, fresh):
    for place, (value, field) in enumerate([("Other", "name"), ("OTHER", "symbol"), (7, "decimals"), (5, "decimals")]):
        assert misses(fresh[1], changed(f"asset.arguments.{min(place, 2)}", value)) == {f"asset.{field}"}
    _, entry = live(deployer, changed("asset.arguments", ["Other", "OTHER", 7]))
    assert misses(entry) == {"asset.name", "asset.symbol", "asset.decimals"}
    altered(entry["asset"])
    assert "asset.code hash" in misses(entry)


def test_verify__texts_keys_and_flags__are_compared(unchanged):
    cases = {
        "DataToken.name": ("Another DAO", {"DataToken.name", "DataToken.eip712Domain", "DataToken.immutables"}),
        "DataToken.symbol": ("OTHER", {"DataToken.symbol"}),
        "DataToken.transferable": (True, {"DataToken.transferable", "DataToken.immutables"}),
        "DataGovernor.name": (
            "Governor", {"DataGovernor.name", "DataGovernor.eip712Domain", "DataGovernor.immutables"}
        ),
        "DatasetRegistry.params.attestors.1.hpkeKey": ("0x" + "22" * 32, {"DatasetRegistry.attestors[2].hpkeKey"}),
        "DatasetRegistry.params.custodians.3.hpkeKey": ("0x" + "22" * 32, {"DatasetRegistry.committee[3].hpkeKey"}),
        "DatasetRegistry.params.custodians.3.uri": ("file:else", {"DatasetRegistry.committee[3].uri"}),
        "DatasetRegistry.params.custodians.3.signer": ("TEST::30", {"DatasetRegistry.committee[3].signer"}),
        "DatasetRegistry.params.policies.0.schemaHash": (
            "0x" + "00" * 31 + "01", {"DatasetRegistry.policy 1.schemaHash"}
        ),
        "DatasetRegistry.params.policies.0.uri": ("other.json", {"DatasetRegistry.policy 1.uri"}),
    }  # fmt: skip
    for path, (value, names) in cases.items():
        assert misses(unchanged, changed(f"contracts.{path}", value)) == names | otherwise(path.split(".")[0]), path


def test_verify__another_guardian__is_named_and_so_are_its_doors(unchanged):
    found = misses(unchanged, changed("contracts.EmergencyBrake.guardian", "TEST::30"))
    doors = {f"{d.contract}.{d.function} is for" for d in DOORS if "guardian" in d.holders}
    # It is the wiring's guardian, not the configured one, whom the doors let in.
    assert found == {"EmergencyBrake.guardian", "EmergencyBrake.isGuardian"} | doors | otherwise("EmergencyBrake")


def test_verify__one_member_more_or_less__is_named(unchanged):
    attestors = raw()["contracts"]["DatasetRegistry"]["params"]["attestors"]
    found = misses(unchanged, changed("contracts.DatasetRegistry.params.attestors", attestors[:2]))
    assert {"DatasetRegistry.attestors[2].signer", "DatasetRegistry.attestors[2].hpkeKey"} <= found
    policies = raw()["contracts"]["DatasetRegistry"]["params"]["policies"]
    assert "DatasetRegistry.datasetCount" in misses(
        unchanged, changed("contracts.DatasetRegistry.params.policies", policies * 2)
    )
