"""The life of a lease for compute by commands, every one a process of its own, as docs/cli.md walks it; and by a bot.

given a dataset of records        the licensee should get what its program put out, and nothing of the records
given an agreement with a review  no custodian should sign, and no output leave, before an attestor looked at it
given a fleet's bot               it should carry a lease of a program from approval to the licensee by itself
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from assurance import ROOT
from assurance.harness.commands import SCHEMA, put_key
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.system import DAY, ape_account, config
from assurance.harness.forked import FOLDER
from datadao.attestor.cluster import connected
from datadao.compute.agreed import weigh
from datadao.compute.attestor import open_output
from datadao.compute.board import ComputeBoard
from datadao.crypto.keyfile import load_key, new_key
from datadao.crypto.seal import public_key
from datadao.messages.agreement import Agreement, Program
from datadao.messages.bundle import bundles_of
from datadao.messages.purposes import COMPUTE
from tests.cli.world import Done
from tests.client.chain_world import ChainWorld, role
from tests.client.compute.programs import COUNT, SUM, module, sharded

RECORDS = [
    {"name": name, "diary": f"unmistakable words of {name}, day {day}"} for name in ("ann", "bo") for day in range(4)
]


def size_of(*names: str) -> bytes:
    """What the program puts out over the records of these."""
    lines = (json.dumps(record, separators=(",", ":"), sort_keys=True) for record in RECORDS if record["name"] in names)
    return sum(len(line) + 1 for line in lines).to_bytes(8, "little")


SIZE = size_of("ann", "bo")
MEMBER, LICENSEE = ape_account(11, "member"), ape_account(12, "licensee")
HOLDERS = {"member": 11, "licensee": 12, "attestor-0": 2, "attestor-1": 3}
BOND, PRICE = 50 * 10**6, 100 * 10**6


class Life:
    """A DAO with records of two files, and folders of parties whose every command is a process."""

    def __init__(self, dao: Dao, folder: Path) -> None:
        (folder / "store").mkdir()
        policy = dict(config().contracts["DatasetRegistry"]["params"]["policies"][0])
        policy["schemaHash"] = "0x" + hashlib.sha256(SCHEMA).hexdigest()
        changed = config(DatasetRegistry__params__policies=[policy])
        self.world = ChainWorld(dao.chain, folder, changed)
        self.folder, self.printed = folder, list[bytes]()
        self.world.store.put_bytes(SCHEMA)
        files = ["".join(json.dumps(r) + "\n" for r in RECORDS if r["name"] == name).encode() for name in ("ann", "bo")]
        # A member with as many votes as a young DAO asks for.
        _, self.of_bo, _ = self.world.accept(*((MEMBER, data) for data in files), (MEMBER, b"no record"))
        self.homes = {name: self._home(name, number) for name, number in HOLDERS.items()}
        self.homes |= {f"custodian-{slot}": role(self.world, slot) for slot in range(3)}
        for name in ("attestor-0", "attestor-1"):
            put_key(self.homes[name], name)
            secret = self.homes[name] / "keys" / "fingerprint"
            secret.touch(mode=0o600)
            secret.write_text("11" * 32 + "\n")
        self.key = new_key(self.homes["licensee"] / "keys" / "sealing")
        for party in (MEMBER, LICENSEE):
            dao.chain._fund(party.address)
        self.dao = self.world.dao
        self.dao.asset.mint(LICENSEE.address, 1000 * 10**6, sender=LICENSEE.address)
        self.world.finalize()

    def _home(self, name: str, number: int) -> Path:
        home = self.folder / name
        (home / "keys").mkdir(parents=True)
        settings = {"network": self.world.url, "deployment": dict(self.world.dao.addresses)}
        settings |= {"account": f"TEST::{number}", "store": {"url": (self.folder / "store").as_uri()}}
        (home / "config.yaml").write_text(yaml.safe_dump(settings))
        return home

    def run(self, name: str, *words: str) -> Done:
        """A command of this party, in a process forked from one that has loaded what commands load."""
        command = [str(Path(os.environ[FOLDER]) / "datadao"), *words, "--home", str(self.homes[name]), "--json"]
        # In this folder Ape knows more than ten test accounts.
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=300, check=False)
        self.printed += [done.stdout, done.stderr]
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def do(self, name: str, *words: str) -> dict[str, Any]:
        """A command that has to succeed."""
        done = self.run(name, *words)
        assert done.code == 0, f"{name}: {words}: {done}"
        return done.document

    def refused(self, name: str, *words: str) -> str:
        """The kind of the refusal."""
        done = self.run(name, *words)
        assert done.code == 1, done
        return str(done.document["error"]["kind"])

    def together(self, *commands: Sequence[str]) -> list[dict[str, Any]]:
        """Commands of several parties at once."""
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda command: self.do(*command), commands))

    def custodians(self) -> None:
        self.together(*((f"custodian-{slot}", "custodian", "once") for slot in range(3)))

    @property
    def board(self) -> ComputeBoard:
        return ComputeBoard(self.dao.id, self.world.store)

    def output(self, lease: int) -> bytes | None:
        """What the licensee could open now."""
        board = self.board
        standing = weigh(self.dao.id, board.results(lease, 0), lease, 0, self.world.view().attestors("finalized"))
        agreed = standing.agreed()
        return agreed and open_output(self.dao.id, board, agreed, [self.key])


@pytest.fixture(scope="module")
def made(deployed_dao: Dao, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    snapshot = deployed_dao.chain.snapshot()
    yield Life(deployed_dao, tmp_path_factory.mktemp("life"))
    deployed_dao.chain.revert(snapshot)


@pytest.fixture
def life(made: Life, tmp_path: Path) -> Iterator[Life]:
    """As it was made: folders and chain are put back after each test."""
    kept, chain = shutil.copytree(made.folder, tmp_path / "kept"), made.dao.chain
    snapshot = chain.snapshot()
    # anvil forgets states by age, and takes a block that an earlier test mined alike for as old as that.
    chain._rpc("anvil_setCoinbase", "0x" + os.urandom(20).hex())
    yield made
    chain.revert(snapshot)
    shutil.rmtree(made.folder)
    kept.rename(made.folder)


def test_compute_lease__from_request_to_output__nobody_but_attestors_reads_K7(life: Life) -> None:
    world, home = life.world, life.homes["licensee"]

    # A program instead of a purpose, tried without any data
    program, paper, out = home / "count.wasm", home / "agreement.json", home / "out"
    program.write_bytes(sharded(COUNT, SUM))
    tried = life.do("licensee", "compute", "check", str(program), "--dataset", "1", "--count", "2000")
    assert (tried["records"], tried["ending"], tried["output"]) == (2000, "OK", 8)
    terms = ("--dataset", "1", "--purposes", str(COMPUTE), "--price", "100", "--period-days", "30", "--periods", "2")
    bare = (*terms, "--bond", "50", "--text", "no program", "--yes")
    assert life.refused("licensee", "lease", "request", *bare) == "InvalidArgument"
    runs = ("--program", str(program), "--output", "8", "--reviews", "1", "--source", "https://example.org/count.wat")
    made = life.do("licensee", "lease", "agreement", *terms, "--bond", "50", *runs, "--out", str(paper))
    asked = life.do("licensee", "lease", "request", "--agreement", str(paper), "--text", "how much?", "--yes")
    lease = str(asked["lease"])
    shown = life.run("member", "lease", "show", lease).document
    assert shown["agreement"]["hash"] == made["hash"]
    (permission,) = shown["agreement"]["odrl"]["permission"]
    assert {"datadao:outputSize", "datadao:reviews", "datadao:source"} <= {
        item["leftOperand"] for item in permission["action"][0]["refinement"]
    }
    life.dao.chain.warp(DAY + 1)
    life.do("member", "vote", f"lease:{lease}", "for", "--yes")
    life.dao.chain.warp(3 * DAY)
    life.do("member", "queue", f"lease:{lease}", "--yes")
    life.dao.chain.warp(2 * DAY)
    life.do("member", "execute", f"lease:{lease}", "--yes")
    world.finalize()

    # Keys to the attestors, a result, a look at it, readiness, money, the output
    life.custodians()
    (first,) = life.do("attestor-0", "compute", "run")["leases"]
    (second,) = life.do("attestor-1", "compute", "run", "--workers", "1")["leases"]
    done = {"lease": int(lease), "error": None, "run": 0, "ending": "OK", "new": True, "handedOut": [], "waits": None}
    assert first == done and "0 of 1 attestors confirmed the output" in second["waits"]
    assert second | {"waits": None} == done
    (said,) = life.do("licensee", "compute", "show", lease)["results"]
    assert (said["ending"], len(said["attestors"])) == ("OK", 2)
    life.custodians()
    assert not list(life.board.readiness(int(lease))) and life.output(int(lease)) is None
    looked = life.do("attestor-1", "compute", "review", lease, "--out", str(life.homes["attestor-1"] / "looked"))
    assert (life.homes["attestor-1"] / "looked").read_bytes() == SIZE
    life.do("attestor-1", "compute", "review", lease, "--confirm", looked["commitment"])
    assert len(life.do("licensee", "compute", "show", lease)["reviewed"]) == 1
    life.custodians()
    assert life.refused("licensee", "compute", "open", lease, "--out", str(out)) == "LeaseNotStarted"
    life.do("licensee", "lease", "start", lease, "--yes")
    assert life.do("attestor-1", "compute", "run")["leases"][0]["handedOut"] == [], "the payment is not final"
    world.finalize()
    assert life.do("attestor-1", "compute", "run")["leases"][0]["handedOut"] == [0]
    opened = life.do("licensee", "compute", "open", lease, "--out", str(out))
    assert out.read_bytes() == SIZE and opened["bytes"] == 8

    # A further period, without who left
    life.do("member", "erase", life.of_bo.file_hash.hex(), "--yes")
    life.do("licensee", "lease", "acknowledge", lease, "--yes")
    world.finalize()
    (served,) = life.do("attestor-0", "compute", "run")["leases"]
    assert (served["run"], served["new"], served["ending"]) == (0, False, "OK"), "what is paid for is not run again"
    assert life.refused("licensee", "compute", "open", lease, "--run", "1", "--out", str(out)) == "InvalidArgument"
    life.dao.chain.warp(29 * DAY)
    life.do("licensee", "lease", "pay", lease, "--yes")
    world.finalize()
    life.custodians()
    (first,) = life.do("attestor-0", "compute", "run")["leases"]
    with connected(None, 1) as cluster:
        address = cluster.scheduler_info()["address"]
        (second,) = life.do("attestor-1", "compute", "run", "--scheduler", address)["leases"]
    assert [(served["run"], served["new"]) for served in (first, second)] == [(1, True)] * 2
    assert life.refused("licensee", "compute", "open", lease, "--out", str(out)) == "LeaseNotStarted"
    looked = life.do("attestor-0", "compute", "review", lease, "--out", str(life.homes["attestor-0"] / "looked"))
    life.do("attestor-0", "compute", "review", lease, "--confirm", looked["commitment"])
    assert life.do("attestor-0", "compute", "run")["leases"][0]["handedOut"] == [1]
    life.do("licensee", "compute", "open", lease, "--out", str(out))
    assert out.read_bytes() == size_of("ann")
    (paid, *_) = life.board.results(int(lease), 0)
    for name in ("attestor-0", "attestor-1"):
        signer = life.dao.actors[name]
        other = replace(paid, input_block=paid.input_block + 1, commitment=bytes(32), attestor=signer.address)
        life.board.post_result(other.signed(life.dao.id, signer.sign))
    life.do("licensee", "compute", "open", lease, "--run", "0", "--out", str(out))
    assert out.read_bytes() == SIZE, "what was paid for first stays what it was, whatever is agreed on later"
    life.do("licensee", "lease", "end", lease, "--yes")
    world.finalize()
    assert life.do("attestor-0", "compute", "run")["leases"] == []

    # Nothing of the data
    assert life.refused("licensee", "open", lease, "--out", str(home / "data")) == "ComputeLease"
    assert list(world.store.names(bundles_of(life.dao.id, int(lease)))) == []
    stored = (path for place in (home, life.folder / "store") for path in place.rglob("*") if path.is_file())
    for text in [*(path.read_bytes() for path in stored), *life.printed]:
        assert not any(record["diary"].encode() in text for record in RECORDS)


def test_contribute__to_what_is_for_compute_alone__says_that_no_licensee_ever_holds_it(life: Life) -> None:
    allow(life, 1, COMPUTE)
    diary = life.homes["member"] / "diary.jsonl"
    diary.write_text(json.dumps(RECORDS[0]) + "\n")
    done = life.run("member", "contribute", "--dataset", "1", str(diary))
    assert done.code == 0 and "Under today's policy no licensee ever holds this data" in done.err


def allow(life: Life, dataset: int, purposes: int) -> None:
    """A vote for another policy, or for another dataset if there is none of this number."""
    policy = vars(life.dao.registry.currentPolicy(1)) | {"purposes": purposes}
    call = ("updatePolicy", dataset) if dataset == 1 else ("createDataset",)
    life.dao.govern(MEMBER, life.dao.registry, *call, policy)


def test_card__says_that_no_licensee_holds_the_data__only_where_none_ever_could(life: Life) -> None:
    def stays(dataset: int) -> bool:
        done = life.run("member", "card", "--dataset", str(dataset))
        assert done.code == 0, done
        return bool(done.document["stays"])

    for dataset, purposes in ((2, COMPUTE), (3, 0x80 | COMPUTE)):
        allow(life, dataset, purposes)
    assert stays(2) and not stays(3), "a bit without a name is a purpose too"
    allow(life, 1, COMPUTE)
    assert not stays(1), "its batch was given under a policy that allowed more"


def test_bot__with_custodians_and_attestors__carries_a_program_to_its_output(life: Life) -> None:
    lease = approved(life)
    life.world.finalize()
    homes = {name: os.pathsep.join(str(life.homes[n]) for n in life.homes if n.startswith(name)) for name in
             ("custodian", "attestor")}  # fmt: skip
    places = {"DATADAO_HOMES": homes["custodian"], "DATADAO_ATTESTORS": homes["attestor"]}
    command = [ROOT / "toolchain" / "run", "silverback", "run", "datadao.custodian.bot", "--network",
               f"ethereum:local:{life.world.url}"]  # fmt: skip
    log, board = life.folder / "log", life.board
    with log.open("wb") as to:
        bot = subprocess.Popen(command, cwd=life.folder, env=os.environ | places, stdout=to, stderr=subprocess.STDOUT)
    try:
        until(lambda: len(list(board.readiness(lease))) == 3, bot, life, log)
        (root,) = {item.release_root for item in board.readiness(lease)}
        assert life.output(lease) is None, "before it is paid for"
        posted = sorted(board.readiness(lease), key=lambda item: int(item.signer, 16))
        signatures = [item.signature for item in posted]
        life.dao.leases.confirmDelivery(lease, root, signatures, sender=MEMBER.address)
        life.world.finalize()
        until(lambda: life.output(lease) is not None, bot, life, log)
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(60) == 0, log.read_text()[-3000:]
    finally:
        bot.kill()
        bot.wait()
    assert life.output(lease) == SIZE
    assert not any(record["diary"] in log.read_text() for record in RECORDS)


def approved(life: Life) -> int:
    """A lease of the program, voted for."""
    dao, store = life.dao, life.world.store
    program = Program(store.put_bytes(module(COUNT)), "wasmtime 50.0.1", 10**9, 4 * 65_536, 8)
    addresses = dao.addresses
    paper = Agreement(
        dao.id, addresses["timelock"], dao.asset.address, LICENSEE.address, 1, COMPUTE, PRICE, 30 * DAY, 2, BOND, 0,
        False, 0, dao.leases.ackWindow(), program=program,
    )  # fmt: skip
    life.board.agree(paper.encode())
    terms = dao.terms(purposes=COMPUTE, pricePerPeriod=PRICE, periods=2, bond=BOND, agreementHash=paper.hash)
    dao.fund(LICENSEE, 2 * PRICE + BOND, dao.leases)
    key = public_key(load_key(life.homes["licensee"] / "keys" / "sealing"))
    lease, _ = dao.leases.request(terms, key, "how much?", sender=LICENSEE.address).value
    dao.pass_(dao.lease_proposal(lease), MEMBER)
    return int(lease)


def until(done: Callable[[], object], bot: subprocess.Popen[bytes], life: Life, log: Path) -> None:
    """Waits, while blocks go by."""
    deadline = time.monotonic() + 600
    while not done():
        assert bot.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
        life.world.mine(1)
        time.sleep(0.3)
