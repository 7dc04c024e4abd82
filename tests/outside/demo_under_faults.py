"""The demo under all faults at once: python -m tests.outside.demo_under_faults NODE PROXY

Its parties are honest. The node's faults are the proxy's, which all parties ask.
Besides: a stranger relays the batch with a manifest URI that is no text, and a voter gives such a reason; the asset
changes an allowance from zero only, has no symbol, and moves the cursor with its name; so does the company's text;
the storage is full of others' keys; and every third contributor's editor puts a byte order mark before its answers.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import eth_abi
import pytest
import yaml
from eth_utils import keccak
from web3 import Web3

from assurance.harness.chain import s3 as s3_server
from assurance.harness.chain.faults import NOISE
from assurance.harness.chain.s3 import S3Server, client
from assurance.harness.clock import Clock
from datadao.chain.abi import canonical_type
from datadao.chain.codec import function
from datadao.client import DataDAO
from scripts import demo
from scripts._demo import steps
from scripts._demo.actors import Actors, create_actors
from scripts._demo.console import wait_until

STRANGER = 39
"""A test account that has no part in the demoed."""
NO_TEXT = b"caf\xe9\xff" + NOISE.encode()
FOREIGN = ("bundles//x2", "a//b", "submissions/", "manifests/../x", "witness/./y", "datadao/\x01")


class Stranger:
    """Sends what it likes, by an honest node of its own."""

    def __init__(self, node: str) -> None:
        self._web3 = Web3(Web3.HTTPProvider(node))
        self._account = self._web3.eth.accounts[STRANGER]

    def send(self, to: str, contract: str, name: str, *arguments: Any) -> Any:
        """A call whose texts are given as bytes, which need not be text."""
        kinds = [canonical_type(field) for field in function(contract, name)["inputs"]]
        selector = keccak(text=f"{name}({','.join(kinds)})")[:4]
        raw = [kind.replace("string", "bytes") for kind in kinds]
        data = selector + eth_abi.encode(raw, arguments)
        sent = self._web3.eth.send_transaction({"from": self._account, "to": to, "data": data, "gas": 10_000_000})
        receipt = self._web3.eth.wait_for_transaction_receipt(sent)
        assert receipt["status"] == 1, f"{name} of the stranger reverted"
        return SimpleNamespace(gas_used=receipt["gasUsed"])


class Littered(S3Server):
    """Others left in its buckets what no party of a DAO would."""

    def bucket(self, name: str) -> None:
        super().bucket(name)
        s3 = client(self.endpoint)
        for key in FOREIGN:
            s3.put_object(Bucket=name, Key=key, Body=b"not yours")


def configuration(folder: Path) -> Path:
    """The demo's, with another asset."""
    content = yaml.safe_load(demo.CONFIG.read_text())
    content["asset"] = {"deploy": "FromZeroAsset", "arguments": [f"Dollar{NOISE}", "", 6]}
    path = folder / "faults.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=False))
    return path


def main() -> None:
    node, proxy = sys.argv[1:]
    stranger = Stranger(node)

    def publish(self: DataDAO, batch: Any, signatures: Mapping[str, bytes], _uri: str, _sender: Any) -> Any:
        ordered = [signatures[signer] for signer in sorted(signatures, key=lambda signer: int(signer, 16))]
        mined = stranger.send(
            self.addresses["registry"], "DatasetRegistry", "publish", tuple(vars(batch).values()), ordered, NO_TEXT
        )
        return 1, mined

    def vote(played: steps.Demo, proposal: int, support: int, *more: Any) -> None:
        wait_until(played.dao.read("governor", "proposalSnapshot", proposal) + 1)
        governor = played.dao.addresses["governor"]
        stranger.send(governor, "DataGovernor", "castVoteWithReason", proposal, support, NO_TEXT)
        honest_vote(played, proposal, support, *more)

    def request(played: steps.Demo, company: Any, text: str, purposes: int, price: int) -> Any:
        return honest_request(played, company, f"{text}{NOISE}\r\nFor: 0, against: all", purposes, price)

    def people(count: int | None) -> Actors:
        found = create_actors(count)
        marked = [
            dataclasses.replace(member, answers=b"\xef\xbb\xbf" + member.answers) if number % 3 == 0 else member
            for number, member in enumerate(found.members)
        ]
        return dataclasses.replace(found, members=marked)

    honest_vote, honest_request = steps.vote, steps.request
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        tempfile.TemporaryDirectory() as folder,
        patch.object(DataDAO, "publish", publish),
        patch.multiple(steps, vote=vote, request=request),
        patch.multiple(demo, create_actors=people, CONFIG=configuration(Path(folder))),
        patch.object(s3_server, "S3Server", Littered),
    ):
        Clock().install(monkeypatch)
        demo.cli(["--network", proxy, "--members", "300", "--store", "s3"])


if __name__ == "__main__":
    main()
