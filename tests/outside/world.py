"""A DAO in the middle of its life, in which every text that an account can choose is no UTF-8; and a
command for each action of its parties, which is due.

It lives on a node of its own. Commands run in this process; chain, folders and storage are put back after each.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from eth_utils import keccak
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.node import Node
from assurance.harness.commands import SCHEMA, Ran, put_key, run
from assurance.harness.dao.dao import FOR, Dao
from assurance.harness.dao.keys import local_public_key
from assurance.harness.dao.system import DAY, ROLES, Actor, ape_account, config
from datadao.attestor.agreement import sign_score
from datadao.attestor.attestor import Attestor, openers
from datadao.attestor.scoring import JsonLinesScorer
from datadao.chain.codec import CONTRACTS, Text
from datadao.chain.rpc import Call
from datadao.cli.command import DONE, PARTLY
from datadao.client import DataDAO
from datadao.crypto.keyfile import load_key, load_secret, new_key
from datadao.crypto.seal import public_key
from datadao.messages.submission import Submission
from datadao.profile import Profile
from datadao.storage.board import Board
from datadao.storage.store import Store

RAW = Text(b"caf\xe9 \xff")
"""Text that is no UTF-8."""
UNIT = 10**6
HOMES = {"guardian": 1, "attestor-0": 2, "attestor-1": 3, "attestor-2": 4, "member": 12, "licensee": 10} | {
    f"custodian-{slot}": 5 + slot for slot in range(4)
}
"""Folders by name, each with the number of its test account."""
PRICE, PERIODS, BOND = 10, 3, 5
POLICY = (10**9, 5000, 3, 10**6, 7 * DAY, 90 * DAY, 12, 10**6, 500, 500, sha256(SCHEMA).digest(), RAW)


@dataclass
class World:
    """`folder` holds a folder for each of `HOMES`, and storage."""

    folder: Path
    node: Node
    dao: Dao
    proposed: dict[int, tuple[Any, ...]] = field(default_factory=dict)

    def home(self, name: str) -> Path:
        return self.folder / name

    def run(self, name: str, *words: str, network: str | None = None) -> Ran:
        """A command of this role, in this process. Raises what no command may raise."""
        return run(self.home(name), *words, *(("--network", network) if network else ()))

    def do(self, name: str, *words: str) -> dict[str, Any]:
        """A command that has to succeed."""
        done = self.run(name, *words, "--json")
        assert done.code == 0, f"{words}: {done.code} {done.out} {done.err}"
        document: dict[str, Any] = done.document
        return document

    @contextmanager
    def as_it_is(self) -> Iterator[None]:
        """Whatever happens inside is undone: on the chain, in the folders, in storage."""
        chain, copy = self.dao.chain, Path(mkdtemp(dir=self.folder.parent)) / "kept"
        # anvil forgets states by age, and takes a block that an earlier test mined alike for as old as that.
        chain._rpc("anvil_setCoinbase", "0x" + os.urandom(20).hex())
        snapshot = chain.snapshot()
        shutil.copytree(self.folder, copy)
        try:
            yield
        finally:
            shutil.rmtree(self.folder)
            copy.rename(self.folder)
            copy.parent.rmdir()
            chain.revert(snapshot)

    # How it came about

    def actor(self, name: str) -> Actor:
        return ape_account(HOMES[name], name)

    @property
    def board(self) -> Board:
        return Board(self.dao.id, self.store)

    @property
    def store(self) -> Store:
        return Store((self.folder / "storage").as_uri())

    def send(self, sender: Actor, key: str, function: str, *arguments: Any) -> None:
        """A transaction with whatever texts, which the test's own coder would refuse."""
        call = Call(self.dao.addresses[key], CONTRACTS[key], function, arguments)
        self.dao.chain.transact(sender.address, call.to, call.data, 0)

    def calldata(self, key: str, function: str, *arguments: Any) -> tuple[str, bytes]:
        call = Call(self.dao.addresses[key], CONTRACTS[key], function, arguments)
        return call.to, call.data

    def publish(self, sequence: int) -> None:
        """The drafted batch of this number, relayed by a stranger who chooses its URI."""
        board, dao = self.board, self.dao
        (draft,) = [item for item in board.drafts(1) if item.batch.sequence == sequence]
        signed = {item.signer: item.signature for item in board.signatures(draft.batch.digest(dao.id))}
        signed |= {draft.drafter: draft.signature}
        ordered = [signed[signer] for signer in sorted(signed, key=lambda signer: int(signer, 16))][:2]
        self.send(dao.who("stranger"), "registry", "publish", tuple(vars(draft.batch).values()), ordered, RAW)

    def vote(self, *proposals: int) -> None:
        """By the member, whose reason is no UTF-8."""
        self.dao.to_vote(max(proposals, key=self.dao.governor.proposalSnapshot))
        for proposal in proposals:
            self.send(self.actor("member"), "governor", "castVoteWithReason", proposal, FOR, RAW)
        self.dao.to_end_of_vote(max(proposals, key=self.dao.governor.proposalDeadline))

    def request(self, **terms: Any) -> int:
        """A lease that the licensee asks for in words that are no UTF-8."""
        dao, licensee = self.dao, self.actor("licensee")
        asked = dao.terms(pricePerPeriod=PRICE * UNIT, periods=PERIODS, bond=BOND * UNIT, royaltyBps=100, **terms)
        key = public_key(load_key(self.home("licensee") / "keys" / "sealing"))
        self.send(licensee, "leases", "request", tuple(asked.values()), key, RAW)
        count: int = dao.leases.leaseCount()
        return count

    def queue(self, proposal: int) -> None:
        self.send(self.dao.who("stranger"), "governor", "queue", *self.action(proposal))

    def action(self, proposal: int) -> tuple[Any, ...]:
        """What the governor takes for it: of a lease's proposal rebuilt by the lease."""
        if proposal in self.proposed:
            return self.proposed[proposal]
        (lease,) = [n for n in range(1, self.dao.leases.leaseCount() + 1) if self.dao.lease_proposal(n).id == proposal]
        found: tuple[Any, ...] = tuple(self.dao.leases.proposalOf(lease))
        return found

    def propose(self, *calls: tuple[str, bytes]) -> int:
        """By the member."""
        targets, calldatas = [to for to, _ in calls], [data for _, data in calls]
        text = Text(RAW.raw + str(self.dao.chain.timestamp).encode())
        self.send(self.actor("member"), "governor", "propose", targets, [0] * len(calls), calldatas, text)
        proposal = int(self.dao.chain._receipt["logs"][0]["data"][2:66], 16)
        self.proposed[proposal] = (targets, [0] * len(calls), calldatas, keccak(text.raw))
        return proposal


def build(folder: Path, node: Node) -> World:
    """The world, in which each of `COMMANDS` is due."""
    chain = Anvil(node.web3)
    policy = dict(config().contracts["DatasetRegistry"]["params"]["policies"][0])
    policy["schemaHash"] = "0x" + sha256(SCHEMA).hexdigest()
    changes = {"DatasetRegistry__params__policies": [policy], "DataToken__maturitySupply": 10**9}
    actors = {name: ape_account(number, name) for number, name in enumerate(ROLES)}
    world = World(folder, node, Dao(config(**changes), chain=chain, actors=actors))
    Store((folder / "storage").as_uri(), create=True).put_bytes(SCHEMA)
    for name, number in HOMES.items():
        chain._fund(world.actor(name).address)
        settings: Mapping[str, Any] = {
            "network": node.url,
            "deployment": dict(world.dao.addresses),
            "account": f"TEST::{number}",
            "store": {"url": (folder / "storage").as_uri()},
        }
        Profile(world.home(name), relay={"day": "1", "member": "0.01"}, **settings).write()
        if name.startswith(("attestor", "custodian")):
            put_key(world.home(name), name)
    for name in ("attestor-0", "attestor-1", "attestor-2"):
        secret = world.home(name) / "keys" / "fingerprint"
        secret.touch(mode=0o600)
        secret.write_text("11" * 32 + "\n")
    for key in ("sealing", "next"):
        new_key(world.home("licensee") / "keys" / key)
    world.dao.fund(world.actor("licensee"), 10_000 * UNIT, world.dao.leases, world.dao.models)
    _live(world)
    return world


def _live(world: World) -> None:
    dao, chain, member, licensee = world.dao, world.dao.chain, world.actor("member"), world.actor("licensee")
    for number in range(10):
        diary = json.dumps({"name": "m", "diary": f"day {number}"})
        (world.home("member") / f"diary-{number}.jsonl").write_text(diary + "\n")
    handed = _Handed(world)
    # Files 0 and 1 are the member's votes.
    handed.over(0, 1)
    handed.scored(0, 1)
    handed.drafted()
    handed.signed()
    world.publish(1)
    chain.warp(DAY)
    dao.registry.activate(1, sender=member.address)
    world.do("member", "claim", "--yes")
    chain.warp(1)
    # What only a vote can write; and leases 1 to 4.
    parties = [
        (world.actor(f"custodian-{slot}").address, local_public_key(f"custodian-{slot}"), RAW) for slot in range(4)
    ]
    settings = world.propose(
        world.calldata("registry", "updatePolicy", 1, POLICY),
        world.calldata("registry", "createDataset", POLICY),
        world.calldata("registry", "setCommittee", parties, 3),
        world.calldata("registry", "replaceCustodian", 2, 3, parties[3]),
    )
    leases = [world.request(), world.request(), world.request(), world.request(periodLength=7 * DAY)]
    ids = [dao.lease_proposal(lease).id for lease in leases]
    world.vote(settings, *ids)
    _carry(world, settings, *ids)
    for lease in leases[1:3]:
        dao.leases.start(lease, sender=licensee.address)
    dao.leases.end(leases[2], sender=licensee.address)
    world.send(licensee, "models", "register", [leases[1]], bytes(32), RAW, False, member.address)
    handed.over(*range(2, 8))
    handed.scored(2)
    handed.drafted()
    handed.signed()
    world.publish(2)
    chain.warp(DAY)
    dao.leases.start(leases[3], sender=licensee.address)
    dao.registry.activate(2, sender=member.address)
    handed.scored(3)
    handed.drafted()
    handed.signed()
    world.publish(3)
    # Lease 5 is to be queued, 6 to be executed; an offer is open to all.
    least = (dao.splitter.pool(1)[1] + 1) // 2
    terms = tuple(dao.terms(pricePerPeriod=PRICE * UNIT, bond=BOND * UNIT, minShares=least).values())
    expiry = chain.timestamp + 60 * DAY
    offer = world.propose(world.calldata("leases", "createOffer", terms, ADDRESS_ZERO, 3, expiry))
    ids = [dao.lease_proposal(world.request()).id for _ in range(2)]
    world.vote(offer, *ids)
    world.queue(ids[1])
    _carry(world, offer)
    (mine, *_) = world.do("member", "contributions")["contributions"]
    world.do("member", "erase", mine["fileHash"], "--yes")
    # The vote on lease 7 is open, that on lease 8 is not; the next instalment of lease 4 is due.
    dao.to_vote(dao.lease_proposal(world.request()).id)
    chain.warp(max(0, dao.leases.lease(4).paidUntil - chain.timestamp))
    handed.scored(4)
    handed.drafted()
    handed.signed()
    handed.scored(5)
    handed.drafted()
    handed.scored(6)
    world.node.finalize()
    for slot in range(4):
        world.run(f"custodian-{slot}", "custodian", "once")
    world.do("member", "contribute", "--dataset", "1", str(world.home("member") / "diary-8.jsonl"))
    for key in ("asset", "token"):
        _rename(world, getattr(dao, key))
    world.node.finalize()
    # The last block has an event that commands look for.
    world.request()


def _carry(world: World, *proposals: int) -> None:
    """Queues and executes."""
    for proposal in proposals:
        world.queue(proposal)
    world.dao.chain.warp(2 * DAY)
    for proposal in proposals:
        world.send(world.dao.who("stranger"), "governor", "execute", *world.action(proposal))


def _rename(world: World, token: Any) -> None:
    """Gives a token a symbol that is no UTF-8, where it keeps a short one."""
    old, chain = token.symbol().encode(), world.dao.chain
    word = int.from_bytes(old.ljust(31, b"\0") + bytes([2 * len(old)]))
    (slot,) = [slot for slot in range(32) if chain.storage(token.address, slot) == word]
    chain.set_storage(token.address, slot, int.from_bytes(RAW.raw.ljust(31, b"\0") + bytes([2 * len(RAW.raw)])))


class _Handed:
    """What the member hands in, and the attestors' work on it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: dict[int, tuple[bytes, Submission]] = {}

    def over(self, *numbers: int) -> None:
        """Hands files in; three custodians open them."""
        world = self._world
        paths = [str(world.home("member") / f"diary-{number}.jsonl") for number in numbers]
        files = world.do("member", "contribute", "--dataset", "1", *paths)["files"]
        world.node.finalize()
        for slot in range(4):
            # Those of the second committee cannot open what was handed in for the first.
            assert world.run(f"custodian-{slot}", "custodian", "once").code in (DONE, PARTLY)
        known = {"0x" + name.hex(): (name, item) for name, item in world.board.submissions(1)}
        self._waiting |= {number: known[file["submission"]] for number, file in zip(numbers, files, strict=True)}

    def scored(self, *numbers: int) -> None:
        """Two attestors score these files and no others, as the command would."""
        world = self._world
        dao = DataDAO(world.dao.addresses, world.node.web3)
        committee = dao.committee()
        opened = openers(world.dao.id, committee, world.board.witnesses(committee.version))
        for slot in range(2):
            name = f"attestor-{slot}"
            key = load_key(world.home(name) / "keys" / "sealing")
            slot_of = [party.signer for party in dao.attestors()].index(world.actor(name).address)
            scorer = JsonLinesScorer(
                SCHEMA, sha256(SCHEMA).digest(), load_secret(world.home(name) / "keys/fingerprint")
            )
            attestor = Attestor(
                dao=world.dao.id, slot=slot_of, private_key=key, committee=committee, store=world.store, scorer=scorer
            )
            for number in numbers:
                submission, item = self._waiting[number]
                result = attestor.examination(item.file_hash, attestor.open(item, opened))
                sign = world.actor(name).sign
                world.board.post_score(sign_score(world.dao.id, 1, submission, result, world.actor(name).address, sign))

    def drafted(self) -> None:
        self._world.do("attestor-0", "attest", "draft", "--dataset", "1", "--days", "30")

    def signed(self) -> None:
        self._world.do("attestor-1", "attest", "sign", "--dataset", "1")


HEIR = "0x" + "ab" * 20
"""An account that is no one's."""
COMMANDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "status": ("member", ()),
    "contributions": ("member", ()),
    "proposals": ("member", ("--all",)),
    "audit": ("member", ()),
    "index": ("member", ()),
    "card": ("member", ("--dataset", "1")),
    "read": ("member", ("registry.currentPolicy", "1")),
    "schema show": ("member", ("--dataset", "1")),
    "lease show": ("licensee", ("2",)),
    "lease condition": ("licensee", ("2", "--for", "taco")),
    "open": ("licensee", ("2", "--out", "{home}/data")),
    "custodian once": ("custodian-0", ()),
    "custodian hand-over": ("custodian-0", ()),
    "custodian take-over": ("custodian-0", ()),
    "contribute": ("member", ("{home}/diary-9.jsonl", "--dataset", "1")),
    "relay once": ("member", ()),
    "relay report": ("member", ()),
    "compute run": ("attestor-0", ()),
    "compute review": ("attestor-0", ("2", "--out", "{home}/output")),
    "compute show": ("licensee", ("2",)),
    "compute open": ("licensee", ("2", "--out", "{home}/output")),
    "attest score": ("attestor-0", ("--dataset", "1")),
    "attest sample": ("attestor-0", ("--dataset", "1")),
    "attest draft": ("attestor-1", ("--dataset", "1")),
    "attest sign": ("attestor-1", ("--dataset", "1")),
    "attest publish": ("attestor-2", ("--dataset", "1", "--yes")),
    "activate": ("member", ("3", "--yes")),
    "claim": ("member", ("--yes",)),
    "erase": ("member", ("--all", "--yes")),
    "vote": ("member", ("lease:7", "for", "--yes")),
    "queue": ("member", ("lease:5", "--yes")),
    "execute": ("member", ("lease:6", "--yes")),
    "cancel": ("guardian", ("lease:7", "--yes")),
    "propose": ("member", ("governor.setLeaseQuorumBps", "1200", "--description", "more", "--yes")),
    "send": ("guardian", ("brake.pull", "--yes")),
    "withdraw": ("member", ("--treasury", "--yes")),
    "heir show": ("member", ()),
    "heir bind": ("member", (HEIR, "--delay", "30", "--yes")),
    "heir unbind": ("member", ("--yes",)),
    "heir open": ("member", (HEIR, "--yes")),
    "heir veto": ("member", ("--yes",)),
    "heir succeed": ("member", (HEIR, "--yes")),
    "lease agreement": (
        "licensee",
        ("--dataset", "1", "--purposes", "1", "--price", "10", "--period-days", "30", "--periods", "2", "--bond", "5",
         "--out", "{home}/agreement.json"),
    ),
    "lease request": (
        "licensee",
        ("--dataset", "1", "--purposes", "1", "--price", "10", "--period-days", "30", "--periods", "2", "--bond", "5",
         "--text", "please", "--yes"),
    ),
    "lease accept": ("licensee", ("1", "--yes")),
    "lease start": ("licensee", ("1", "--yes")),
    "lease pay": ("member", ("4", "--yes")),
    "lease end": ("licensee", ("2", "--yes")),
    "lease cancel": ("licensee", ("8", "--yes")),
    "lease acknowledge": ("licensee", ("2", "--yes")),
    "lease refund": ("licensee", ("3", "--yes")),
    "lease rotate-key": ("licensee", ("2", "--key", "next", "--yes")),
}  # fmt: skip
"""Every command that asks a node, but those that go on: `custodian run` and `relay run` are many of `once`, and a desk
has tests of its own. Whose it is, and its words."""
OFFLINE = {
    *("keys new", "keys new-fingerprint", "keys show", "init", "schema add", "compute check"),
    *("custodian run", "relay run", "desk"),
}
