"""The roles: test accounts by name, each with a folder that `datadao` needs nothing else beside."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ape

from datadao.crypto.keyfile import new_key, new_secret
from datadao.crypto.seal import public_key
from datadao.profile import Profile
from datadao.storage.store import Store
from deployer.config import Config
from deployer.deploy import deploy
from deployer.networks import CONFIGS
from deployer.record import append, new_entry
from scripts._demo.survey import SCHEMA, SCHEMA_HASH, respondents

DEPLOYER, RICH = "TEST::0", 1_000
"""The deployer, which has no role; what the licensee gets, in whole units of the asset."""
CONTRIBUTORS = {"alice": (10, 0, 20), "bob": (11, 20, 50)}
"""Test account, and which respondents of the survey are theirs: from, to."""
ATTESTORS = {f"attestor-{n}": 1 + n for n in (1, 2, 3)}
CUSTODIANS = {f"custodian-{n}": 4 + n for n in (1, 2, 3)}
RELAY = {"day": "1", "member": "0.1", "price": "3000"}
"""What the operator pays for members' messages: ether, and what one is worth in test dollars."""
OTHERS = {"acme": 12, "guardian": 1, "operator": 13}


@dataclass(frozen=True)
class Role:
    name: str
    account: int
    home: Path

    @property
    def address(self) -> str:
        return str(ape.accounts.test_accounts[self.account].address)

    def party(self) -> dict[str, str]:
        """As the configuration names it, with a new key to seal to."""
        return {"signer": self.address, "hpkeKey": "0x" + public_key(new_key(self.home / "keys" / "sealing")).hex()}


def settle(folder: Path, url: str) -> Path:
    """Deploys a DAO of these roles on the connected node, and writes their folders below `folder`; its record."""
    accounts = {name: account for name, (account, *_) in CONTRIBUTORS.items()} | ATTESTORS | CUSTODIANS | OTHERS
    roles = {name: Role(name, account, folder / name) for name, account in accounts.items()}
    for role in roles.values():
        role.home.mkdir(mode=0o700)
    dao = deploy(ape.accounts.test_accounts[0], Config.load(CONFIGS / "local.yaml"), overrides=_configured(roles))
    record = append(folder / "deployments", new_entry(dao.plan, dao.steps))
    acme = roles["acme"]
    acme.party()
    dao.asset.mint(acme.address, RICH * 10 ** dao.asset.decimals(), sender=ape.accounts.test_accounts[0])

    storage = folder / "storage"
    Store(f"file://{storage}", create=True).put_bytes(SCHEMA)
    (folder / "schema.json").write_bytes(SCHEMA)
    for role in roles.values():
        store = None if role.name == "guardian" else {"url": f"file://{storage}"}
        profile = Profile(role.home, network=url, deployment=str(record), account=f"TEST::{role.account}", store=store)
        replace(profile, relay=RELAY if role.name == "operator" else {}).write()
    _share_a_secret([roles[name] for name in ATTESTORS])
    for name, (_, first, end) in CONTRIBUTORS.items():
        (roles[name].home / "answers.jsonl").write_bytes(b"".join(respondents(end)[first:]))
    return record


def _configured(roles: dict[str, Role]) -> dict[str, Any]:
    config = Config.load(CONFIGS / "local.yaml")
    policy = dict(config.contracts["DatasetRegistry"]["params"]["policies"][0])
    policy["schemaHash"] = "0x" + SCHEMA_HASH.hex()
    return {
        "EmergencyBrake.guardian": roles["guardian"].address,
        "DatasetRegistry.params.attestors": [roles[name].party() for name in ATTESTORS],
        "DatasetRegistry.params.custodians": [roles[name].party() | {"uri": name} for name in CUSTODIANS],
        "DatasetRegistry.params.custodianThreshold": 2,
        "DatasetRegistry.params.policies": [policy],
        # Until so many tokens exist, half of them have to vote; alice and bob bring more.
        "DataToken.maturitySupply": 40 * 10**9,
    }


def _share_a_secret(attestors: list[Role]) -> None:
    """The fingerprint secret, which the first attestor makes and hands to the others."""
    first, *others = (role.home / "keys" / "fingerprint" for role in attestors)
    new_secret(first)
    for path in others:
        shutil.copy(first, path)
