"""A DAO whose parties are separate processes: each has a folder and a key, and nothing of another's.

The test is the world around them: it runs the node and the storage, moves time, funds accounts, and watches.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import ape
from eth_account import Account
from eth_utils import keccak
from web3.types import TxData

from assurance.harness.chain.node import FINALITY, Node
from assurance.harness.chain.s3 import KEYS, S3Server, client
from assurance.harness.commands import SCHEMA
from assurance.harness.forked import program
from datadao.client import DataDAO
from datadao.storage.board import Board
from datadao.storage.store import Store
from deployer.config import Config
from deployer.networks import CONFIGS
from deployer.plan import make_plan, override
from deployer.record import append
from tests.cli.lagging import Lagging
from tests.deployer.world import deployed

DATADAO = str(Path(sys.executable).parent / "datadao")
DAY = 86_400
UNIT = 10**6
"""One Test Dollar."""


@dataclass
class Done:
    """How a command ended. `document` is what --json printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass(eq=False)
class Role:
    """A party: its folder, its Ethereum account (an encrypted key file of Ape's), its environment."""

    name: str
    home: Path
    logs: Path
    passphrase: str = field(init=False, repr=False)
    address: str = field(init=False)

    def __post_init__(self) -> None:
        self.private_key = keccak(text=f"{self.home} {self.name}")
        self.passphrase = keccak(self.private_key).hex()
        self.address = Account.from_key(self.private_key).address
        accounts = self.home / "ape" / "accounts"
        accounts.mkdir(parents=True)
        # Few rounds: what is tested is not how slowly a key file opens.
        keyfile = Account.encrypt(self.private_key, self.passphrase, kdf="pbkdf2", iterations=1000)
        (accounts / f"{self.name}.json").write_text(json.dumps(keyfile))
        self._count = 0

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPYCACHEPREFIX") if name in os.environ}
        return kept | {
            "HOME": str(self.home),
            "DATADAO_HOME": str(self.home),
            "APE_DATA_FOLDER": str(self.home / "ape"),
            f"APE_ACCOUNTS_{self.name}_PASSPHRASE": self.passphrase,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def start(self, *arguments: str, environment: dict[str, str] | None = None) -> tuple[subprocess.Popen[bytes], Path]:
        """Runs `datadao ...`; what it prints goes to two files that are searched in the end."""
        self._count += 1
        log = self.logs / f"{self.name}-{self._count:02}-{'-'.join(a for a in arguments[:2] if '/' not in a)}"
        out, err = (log.with_name(f"{log.name}.{end}").open("wb") for end in ("out", "err"))
        with out, err:
            process = subprocess.Popen(
                [program("datadao", *arguments), *arguments],
                cwd=self.home,
                env=self.environment if environment is None else environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        return process, log

    def run(self, *arguments: str, environment: dict[str, str] | None = None) -> Done:
        """The same, to its end."""
        process, log = self.start(*arguments, environment=environment)
        code = process.wait(timeout=300)
        return Done(code, *(log.with_name(f"{log.name}.{end}").read_text() for end in ("out", "err")))

    def do(self, *arguments: str) -> dict[str, Any]:
        """A command that has to succeed; what it says to programs."""
        done = self.run(*arguments, "--json")
        assert done.code == 0, f"{self.name}: datadao {' '.join(arguments)}: {done.code}\n{done.out}\n{done.err}"
        return done.document


LAG = 1.0
"""Seconds by which a back end of the roles' node may be behind."""


class World:
    """A node, an S3 server, a DAO with these attestors and custodians, and every role's folder set up."""

    def __init__(
        self, folder: Path, *, members: int = 3, attestors: int = 3, custodians: int = 5, purposes: int = 3
    ) -> None:
        self.purposes = purposes
        self.folder, self.logs = folder, folder / "logs"
        self.logs.mkdir()
        self.node = Node()
        # The node of every role has several back ends, which catch up within a second.
        self.door = Lagging(self.node.url, seconds=LAG)
        self._server = S3Server()
        self._server.bucket("datadao")
        self.endpoint = self._server.endpoint
        self.s3 = client(self.endpoint)
        self.store = Store("s3://datadao", http=True, endpoint=self.endpoint, **KEYS)
        self._daemons: list[subprocess.Popen[bytes]] = []
        try:
            self._set_up(members, attestors, custodians)
        except BaseException:
            self.close()
            raise

    def _set_up(self, members: int, attestors: int, custodians: int) -> None:
        self.store.put_bytes(SCHEMA)
        self.members = self._roles("member", members)
        self.attestors = self._roles("attestor", attestors)
        self.custodians = self._roles("custodian", custodians)
        (self.licensee,) = self._roles("licensee", 1)
        self._keys = dict(zip(self._keyed, self.together([(role, "keys", "new") for role in self._keyed]), strict=True))
        with ape.networks.parse_network_choice(self.node.url):
            self.record = self._deploy()
        self.finalize()
        self.together([(role, *self._init) for role in self.roles])

    def close(self) -> None:
        for process in self._daemons:
            process.kill()
            process.wait()
        self._server.stop()
        self.door.stop()
        self.node.stop()

    @property
    def roles(self) -> list[Role]:
        return [*self.members, *self.attestors, *self.custodians, self.licensee]

    @property
    def _keyed(self) -> list[Role]:
        return [*self.attestors, *self.custodians, self.licensee]

    @property
    def _init(self) -> tuple[str, ...]:
        store = ("--store", "s3://datadao", "--endpoint", self.endpoint, "--region", "us-east-1", "--http")
        return ("init", "--network", self.door.url, "--deployment", str(self.record), *store)

    # Time, money, order

    def together(self, commands: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
        """Commands of several roles (role, argument, ...) at once, as many as this machine has processors."""
        with ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
            return list(pool.map(lambda command: self._do(*command), commands))

    def _do(self, role: Role, *arguments: str) -> dict[str, Any]:
        account = ("--account", role.name) if arguments[0] == "init" else ()
        return role.do(*arguments, *account)

    def daemon(self, role: Role, *arguments: str) -> subprocess.Popen[bytes]:
        """A command that runs until the test ends it."""
        process, _ = role.start(*arguments)
        self._daemons.append(process)
        return process

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        """Ends a daemon politely; its exit code."""
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=60)

    def until(self, condition: Callable[[], bool]) -> None:
        """Waits for what daemons do by themselves; looks seldom, as every look costs them processor time."""
        end = time.monotonic() + 240
        while not condition():
            assert all(process.poll() is None for process in self._daemons), "a daemon ended"
            assert time.monotonic() < end, "it did not happen"
            time.sleep(1)

    def wait(self, seconds: int) -> None:
        """Lets time pass on the node."""
        self.node.rpc("evm_increaseTime", seconds)
        self.node.rpc("evm_mine")

    def caught_up(self) -> None:
        """Waits until every back end of the roles' node knows what was sent: another role may ask any of them."""
        time.sleep(LAG)

    def finalize(self) -> None:
        """Mines blocks until what happened so far is final."""
        self.node.rpc("anvil_mine", hex(FINALITY))

    @property
    def now(self) -> int:
        return int(self.node.web3.eth.get_block("latest")["timestamp"])

    def board(self) -> Board:
        """What any reader of the storage sees."""
        return Board(self.dao_id, self.store)

    # Evidence

    def objects(self) -> Iterator[tuple[str, bytes]]:
        """Everything in storage."""
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket="datadao"):
            for entry in page.get("Contents", ()):
                yield entry["Key"], self.s3.get_object(Bucket="datadao", Key=entry["Key"])["Body"].read()

    def transcript(self) -> Iterator[tuple[str, bytes]]:
        """Everything on the chain: calldata and logs of all blocks."""
        for number in range(self.node.web3.eth.block_number + 1):
            block = self.node.web3.eth.get_block(number, full_transactions=True)
            for transaction in cast(Sequence[TxData], block["transactions"]):
                yield f"calldata in block {number}", bytes(transaction["input"])
            if block["transactions"]:
                for log in self.node.web3.eth.get_logs({"fromBlock": number, "toBlock": number}):
                    yield f"log in block {number}", b"".join(map(bytes, log["topics"])) + bytes(log["data"])

    def printed(self) -> Iterator[tuple[str, bytes]]:
        """Everything any process printed, and every log it keeps."""
        for path in (*self.logs.iterdir(), *self.folder.glob("*/custody/*/journal.jsonl")):
            yield str(path.relative_to(self.folder)), path.read_bytes()

    def secrets(self) -> dict[str, bytes]:
        """What only its owner may ever see."""
        found: dict[str, bytes] = {}
        for role in self.roles:
            found[f"{role.name}'s private key"] = role.private_key
            found[f"{role.name}'s passphrase"] = role.passphrase.encode()
            for path in sorted((role.home / "keys").glob("*")):
                found[f"{role.name}'s {path.name}"] = path.read_bytes()
        return found

    # Creation

    def _roles(self, kind: str, count: int) -> list[Role]:
        names = [f"{kind}{number}" for number in range(count)] if count > 1 else [kind]
        return [Role(name, self.folder / name, self.logs) for name in names]

    def _deploy(self) -> Path:
        deployer = ape.accounts.test_accounts[0]
        config = Config.load(CONFIGS / "local.yaml")
        policy = dict(config.contracts["DatasetRegistry"]["params"]["policies"][0])
        policy["purposes"] = self.purposes
        policy["schemaHash"] = "0x" + sha256(SCHEMA).hexdigest()
        changes = {
            "DatasetRegistry.params.attestors": [self._party(role) for role in self.attestors],
            "DatasetRegistry.params.custodians": [self._party(role) | {"uri": role.name} for role in self.custodians],
            "DatasetRegistry.params.policies": [policy],
            # Half of this has to vote while the DAO is young; its members bring 8.
            "DataToken.maturitySupply": 8 * 10**9,
        }
        plan = make_plan(deployer.address, override(config, changes))
        live, entry = deployed(deployer, plan)
        dao = DataDAO(live.addresses, ape.networks.provider.web3)
        self.dao_id, self.addresses = dao.id, dao.addresses
        self.asset = live.asset
        for role in self.roles:
            self.node.rpc("anvil_setBalance", role.address, hex(10**18))
        self.asset.mint(self.licensee.address, 1_000 * UNIT, sender=deployer)
        return append(self.folder / "deployments", entry)

    def _party(self, role: Role) -> dict[str, str]:
        return {"signer": role.address, "hpkeKey": self._keys[role]["hpkeKey"]}
