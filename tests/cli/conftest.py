"""A newborn DAO on a node of the tests' own, for commands run in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import ape
import click
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from assurance.harness.dao.keys import local_key
from datadao.cli import cli
from datadao.profile import Profile
from datadao.storage.store import Store
from deployer.config import Config
from deployer.networks import CONFIGS
from deployer.plan import make_plan, override
from deployer.record import append
from tests.cli.world import SCHEMA
from tests.deployer.world import Node, deployed


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def refusal(self) -> str:
        """The one line a person reads."""
        assert self.code == 1, (self.code, self.out, self.err)
        assert self.out == "", "a refusal is no result"
        (line,) = [line for line in self.err.splitlines() if line.startswith("Refused: ")]
        return line.removeprefix("Refused: ")


@dataclass
class Newborn:
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
        result: Result = CliRunner(mix_stderr=False).invoke(cli, [*arguments, "--home", str(home)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    def nonce(self, account: int) -> int:
        """Transactions that a test account ever sent."""
        address = ape.accounts.test_accounts[account].address
        return self.node.web3.eth.get_transaction_count(address)

    @property
    def objects(self) -> list[Path]:
        """Everything in storage."""
        return [path for path in (self.folder / "storage").rglob("*") if path.is_file()]


@pytest.fixture(scope="session")
def _born(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Path, dict[str, str], Any]]:
    node = Node()
    try:
        with ape.networks.parse_network_choice(node.url):
            deployer = ape.accounts.test_accounts[0]
            config = Config.load(CONFIGS / "local.yaml")
            policy = dict(config.contracts["DatasetRegistry"]["params"]["policies"][0])
            policy["schemaHash"] = "0x" + sha256(SCHEMA).hexdigest()
            plan = make_plan(deployer.address, override(config, {"DatasetRegistry.params.policies": [policy]}))
            deployment, entry = deployed(deployer, plan)
            record = append(tmp_path_factory.mktemp("deployments"), entry)
            for number in (10, 12):  # anvil funds ten accounts
                node.rpc("anvil_setBalance", ape.accounts.test_accounts[number].address, hex(10**18))
            deployment.asset.mint(ape.accounts.test_accounts[10].address, 10**9, sender=deployer)
        yield node, record, dict(deployment.addresses), deployment.asset
    finally:
        node.stop()


@pytest.fixture
def live(_born: tuple[Node, Path, dict[str, str], Any], tmp_path: Path) -> Iterator[Newborn]:
    """As it was at creation, with storage of the test's own."""
    node, record, addresses, asset = _born
    before = node.rpc("evm_snapshot")
    made = Newborn(tmp_path, node, record, addresses, asset)
    Store((tmp_path / "storage").as_uri(), create=True).put_bytes(SCHEMA)
    yield made
    node.rpc("evm_revert", before)
    # anvil goes back in everything but the price of the next block.
    head = node.rpc("eth_getBlockByNumber", "latest", False)
    node.rpc("anvil_setNextBlockBaseFeePerGas", head["baseFeePerGas"])


def put_key(home: Path, role: str, name: str = "sealing") -> Path:
    """The key of a party of the local DAO, as its owner would keep it."""
    key = X25519PrivateKey.from_private_bytes(local_key(role))
    path = home / "keys" / name
    path.parent.mkdir(exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def leaf_commands(group: click.Group = cli, *names: str) -> Iterator[tuple[str, ...]]:
    """Every command, by its words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaf_commands(command, *names, name)
        else:
            yield (*names, name)
