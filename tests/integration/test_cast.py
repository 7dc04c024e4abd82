"""cast, from signatures as the exported JSON spells them; nothing that asks a signature database on the network."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from assurance import ROOT
from assurance.harness.dao.dao import HPKE_KEY
from assurance.harness.dao.leases import COST
from assurance.harness.dao.live import LiveDao
from assurance.harness.dao.packages import run
from assurance.harness.dao.registry import UNIT
from assurance.harness.dao.system import Actor
from datadao.chain.abi import canonical_type


class Cast:
    def __init__(self, live: LiveDao, home: Path) -> None:
        self.live, self.home = live, home

    def __call__(self, *arguments: str) -> str:
        """What a command prints."""
        return run("cast", *arguments, cwd=self.home, HOME=str(self.home)).strip()

    def read(self, to: str, signature: str, *arguments: str) -> list[Any]:
        reported = self("call", to, signature, *arguments, "--rpc-url", self.live.node.url, "--json")
        values: list[Any] = json.loads(reported)
        return values

    def send(self, account: Actor, to: str, signature: str, *arguments: str) -> dict[str, Any]:
        """The receipt."""
        options = ("--rpc-url", self.live.node.url, "--private-key", "0x" + account.key.hex(), "--json")
        receipt: dict[str, Any] = json.loads(self("send", to, signature, *arguments, *options))
        assert receipt["status"] == "0x1"
        return receipt

    def refused(self, account: Actor, to: str, signature: str, *arguments: str) -> str:
        """Bytes of the error."""
        options = ("--from", account.address, "--rpc-url", self.live.node.url)
        with pytest.raises(AssertionError) as caught:
            self("call", to, signature, *arguments, *options)
        (data,) = re.findall(r'data: "(0x[0-9a-f]+)"', str(caught.value))
        return str(data)


@pytest.fixture
def cast(live: LiveDao, tmp_path: Path) -> Cast:
    return Cast(live, tmp_path)


def spelled(contract: str, kind: str, name: str) -> str:
    """`leaseAccess(uint256)(bool,bytes32,…)`, or an event with its indexed fields said to be so."""
    abi = json.loads((ROOT / f"interfaces/{contract}.json").read_text())
    (entry,) = (entry for entry in abi if entry["type"] == kind and entry["name"] == name)
    inputs = ",".join(canonical_type(i) + " indexed" * i.get("indexed", False) for i in entry["inputs"])
    outputs = ",".join(map(canonical_type, entry.get("outputs", ())))
    return f"{name}({inputs})" + f"({outputs})" * (kind == "function" and bool(outputs))


def test_claim__sent_by_cast__is_read_back_decoded_and_refused_a_second_time(live: LiveDao, cast: Cast) -> None:
    dao, item, account = live.dao, live.unclaimed, live.rich("latecomer")
    registry, signature = dao.addresses["registry"], spelled("DatasetRegistry", "function", "claim")
    digests = (item.fingerprint, item.file_hash, item.envelope_hash)
    parts = [item.contributor, *("0x" + digest.hex() for digest in digests), str(item.units), str(item.quality)]
    proof = ",".join("0x" + step.hex() for step in live.batch.proof(item))
    arguments = (str(live.batch.id), f"({','.join(parts)})", f"[{proof}]")

    receipt = cast.send(account, registry, signature, *arguments)
    claimed = spelled("DatasetRegistry", "event", "ContributionClaimed")
    topic = cast("sig-event", claimed)
    (log,) = [log for log in receipt["logs"] if log["topics"][0] == topic]
    # cast decodes an event's data, not its topics: the fields that are not indexed.
    assert cast("decode-event", "--sig", "ContributionClaimed(uint256)", log["data"]).split()[0] == str(20 * UNIT)
    assert [int(word, 16) for word in log["topics"][1:3]] == [live.batch.id, int(account.address, 16)]
    (found,) = json.loads(
        cast("logs", claimed, "", account.address, "--address", registry, "--from-block", "0",
             "--rpc-url", live.node.url, "--json")
    )  # fmt: skip
    assert found["transactionHash"] == receipt["transactionHash"]
    balance = spelled("DataToken", "function", "balanceOf")
    assert cast.read(dao.addresses["token"], balance, account.address) == [20 * UNIT]

    data = cast.refused(account, registry, signature, *arguments)
    error = spelled("DatasetRegistry", "error", "DatasetRegistry_FingerprintUsed")
    assert data[:10] == cast("sig", error)
    assert cast("decode-error", "--sig", error, data) == parts[1]


def test_lease__through_cast__is_asked_for_and_its_calldata_decoded(live: LiveDao, cast: Cast) -> None:
    dao, account = live.dao, live.rich("licensee", COST)
    leases, request = dao.addresses["leases"], spelled("DataLeases", "function", "request")
    values = (f"{value:d}" if isinstance(value, int) else "0x" + value.hex() for value in dao.terms().values())
    terms = "(" + ",".join({"0": "false"}.get(v, v) if i == 7 else v for i, v in enumerate(values)) + ")"
    arguments = (terms, "0x" + HPKE_KEY.hex(), "asked with cast")

    shortage = cast.refused(account, leases, request, *arguments)
    error = spelled("errors", "error", "ERC20InsufficientAllowance")
    spender, allowance, needed = cast("decode-error", "--sig", error, shortage).splitlines()
    assert (spender, allowance, needed.split()[0]) == (leases, "0", str(COST))

    cast.send(account, dao.asset.address, "approve(address,uint256)", leases, str(COST))
    receipt = cast.send(account, leases, request, *arguments)
    lease = dao.leases.leaseCount()
    assert dao.leases.lease(lease).licensee == account.address
    sent = json.loads(cast("tx", receipt["transactionHash"], "--rpc-url", live.node.url, "--json"))["input"]
    assert cast("decode-calldata", request, sent).splitlines()[-1] == '"asked with cast"'
    access = cast.read(leases, spelled("DataLeases", "function", "leaseAccess"), str(lease))
    assert access == [False, "0x" + HPKE_KEY.hex(), 1, 1, 0]


def test_interface__of_the_exported_json__names_every_function(cast: Cast) -> None:
    text = cast("interface", str(ROOT / "interfaces/DataLeases.json"))
    abi = json.loads((ROOT / "interfaces/DataLeases.json").read_text())
    functions = {entry["name"] for entry in abi if entry["type"] == "function"}
    assert functions == set(re.findall(r"function (\w+)\(", text))
