"""A freshly deployed DAO on a node of the tests' own, for commands run in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import ape
import pytest

from assurance.harness.chain.node import Node, until
from assurance.harness.commands import SCHEMA, Ran, run
from datadao.chain.codec import CONTRACTS
from datadao.chain.rpc import Call
from datadao.client import DataDAO
from datadao.profile import Profile
from datadao.storage.store import Store
from deployer.config import Config
from deployer.networks import CONFIGS
from deployer.plan import make_plan, override
from deployer.record import append
from tests.deployer.world import deployed


@dataclass
class FreshDao:
    """The DAO of deploy-config/local.yaml, whose parties are TEST accounts."""

    folder: Path
    node: Node
    record: Path
    addresses: dict[str, str]
    asset: Any

    def home(self, name: str, account: str = "TEST::10", **changes: Any) -> Path:
        """A role's folder, configured."""
        store = {"url": (self.folder / "storage").as_uri()}
        settings = {"network": self.node.url, "deployment": str(self.record), "account": account, "store": store}
        home = self.folder / name
        Profile(home, **(settings | changes)).write()
        return home

    def run(self, home: Path, *arguments: str) -> Ran:
        """A command in this process."""
        return run(home, *arguments)

    def nonce(self, account: int) -> int:
        """Transactions that a test account ever sent."""
        address = ape.accounts.test_accounts[account].address
        return self.node.web3.eth.get_transaction_count(address)

    @property
    def dao(self) -> DataDAO:
        return DataDAO(self.addresses, self.node.web3)

    def send(self, key: str, function: str, *arguments: Any, sender: str = "") -> None:
        """A call past all commands, by any account unless given."""
        call = Call(self.addresses[key], CONTRACTS[key], function, arguments)
        sender = sender or self.node.rpc("eth_accounts")[0]
        transaction = {"from": sender, "to": call.to, "data": "0x" + call.data.hex()}
        sent = self.node.rpc("eth_sendTransaction", transaction)
        until(lambda: self.node.rpc("eth_getTransactionReceipt", sent) is not None, 10)
        assert self.node.rpc("eth_getTransactionReceipt", sent)["status"] == "0x1"

    def decide(self, key: str, function: str, *arguments: Any) -> None:
        """A call of the timelock's, as a vote would have it made."""
        timelock = self.addresses["timelock"]
        self.node.rpc("anvil_impersonateAccount", timelock)
        self.node.rpc("anvil_setBalance", timelock, hex(10**18))
        self.send(key, function, *arguments, sender=timelock)

    @property
    def objects(self) -> list[Path]:
        """Everything in storage."""
        return [path for path in (self.folder / "storage").rglob("*") if path.is_file()]


def deployed_to(node: Any, folder: Path, **changes: Any) -> tuple[Any, Path, dict[str, str], Any]:
    """The node, and of the DAO on it its record in the folder, its addresses, its asset; `changes` are of its token."""
    with ape.networks.parse_network_choice(node.url):
        deployer = ape.accounts.test_accounts[0]
        config = Config.load(CONFIGS / "local.yaml")
        policy = dict(config.contracts["DatasetRegistry"]["params"]["policies"][0])
        policy["schemaHash"] = "0x" + sha256(SCHEMA).hexdigest()
        changed = {"DatasetRegistry.params.policies": [policy]}
        changed |= {f"DataToken.{name}": value for name, value in changes.items()}
        plan = make_plan(deployer.address, override(config, changed))
        deployment, entry = deployed(deployer, plan)
        record = append(folder, entry)
        for number in (10, 12):  # anvil funds ten accounts
            node.rpc("anvil_setBalance", ape.accounts.test_accounts[number].address, hex(10**18))
        deployment.asset.mint(ape.accounts.test_accounts[10].address, 10**9, sender=deployer)
    return node, record, dict(deployment.addresses), deployment.asset


@pytest.fixture(scope="session")
def _deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Path, dict[str, str], Any]]:
    node = Node()
    try:
        yield deployed_to(node, tmp_path_factory.mktemp("deployments"))
    finally:
        node.stop()


@pytest.fixture
def live(_deployed: tuple[Node, Path, dict[str, str], Any], tmp_path: Path) -> Iterator[FreshDao]:
    """As it was at creation, with storage of the test's own."""
    node, record, addresses, asset = _deployed
    before = node.rpc("evm_snapshot")
    made = FreshDao(tmp_path, node, record, addresses, asset)
    Store((tmp_path / "storage").as_uri(), create=True).put_bytes(SCHEMA)
    yield made
    node.rpc("evm_revert", before)
    # anvil goes back in everything but the interval of timestamps and the price of the next block.
    node.rpc("anvil_removeBlockTimestampInterval")
    head = node.rpc("eth_getBlockByNumber", "latest", False)
    node.rpc("anvil_setNextBlockBaseFeePerGas", head["baseFeePerGas"])
