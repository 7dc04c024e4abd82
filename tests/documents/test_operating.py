"""docs/operating.md, played from its first command to its last: a deployment to a node that says it is Sepolia, then a
DAO whose one member carries every vote."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from eth_account import Account
from eth_utils import keccak, to_checksum_address

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.artifacts import artifacts
from assurance.harness.chain.node import Node
from assurance.harness.dao.dao import CANCELED, Dao, leaf
from assurance.harness.dao.leases import Market
from assurance.harness.dao.live import LiveDao
from assurance.harness.pages import Block, Player, blocks, commands
from datadao.chain.abi import ORDER
from datadao.profile import Profile

PAGE = "docs/operating.md"
SENDING = re.compile(r"datadao (vote|queue|execute|cancel|propose|send|claim)\b")
SEPOLIA = 11_155_111
VETOED = 4


def sections(*wanted: str) -> list[Block]:
    found = [block for block in blocks(PAGE, "sh") if block.section in wanted]
    assert {block.section for block in found} == set(wanted)
    return found


def test_first_deployment__of_the_filled_in_template__deploys_and_verifies(tmp_path: Path) -> None:
    # Ape waits for two more blocks on a public network.
    node = Node("--chain-id", str(SEPOLIA), "--block-time", "0.3")
    try:
        key = keccak(text="the deployer of this page")
        node.rpc("anvil_setBalance", Account.from_key(key).address, hex(10**20))
        player = Player(tmp_path, {})
        player.environment["APE_ACCOUNTS_deployer_PASSPHRASE"] = "secret words"  # asked for at a terminal otherwise
        answers = {
            "ape accounts import": f"{key.hex()}\nsecret words\nsecret words\n",
            "ape run deploy": "y\n",
        }
        (block,) = sections("First deployment")
        address, copy, *others = commands(block)
        variable = re.fullmatch(r"export (\w+)=https://\S+", address)
        assert variable is not None
        player.environment[variable[1]] = node.url
        player.play(copy)
        ours = tmp_path / "ours.yaml"
        ours.write_text(filled_in(ours, node))
        waited = ""
        for command in others:
            said = player.play(
                command, next((text for begin, text in answers.items() if command.startswith(begin)), "")
            )
            waited = said if "run deploy" in command else waited
        assert "FAIL" not in said
        assert "waiting for 2 more blocks on top of it, one about every 15 s" in waited
        record = json.loads((tmp_path / "deployments" / f"{SEPOLIA}.json").read_text())
        assert record["deployments"][-1]["contracts"].keys() >= {name for _, name in ORDER}
    finally:
        node.stop()


def filled_in(template: Path, node: Node) -> str:
    """What a deployer writes in the places of `null`, and its test dollar, which this chain does not have yet."""
    config: Any = yaml.safe_load(template.read_text())
    node.rpc("anvil_setCode", config["asset"], "0x" + artifacts()["TestAsset"].runtime.hex())
    numbers = iter(range(1, 100))

    def fill(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: fill(key, inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [fill(name, inner) for inner in value]
        if value is not None:
            return value
        words = {"name": "Ours", "symbol": "OURS", "uri": "https://ours.example"}
        if name in words:
            return words[name]
        digest = "0x" + keccak(next(numbers).to_bytes(8, "big")).hex()
        return digest[:42] if name in ("signer", "guardian") else digest

    return yaml.safe_dump(fill("", config), sort_keys=False)


@pytest.fixture(scope="module")
def _live() -> Iterator[LiveDao]:
    node = Node()
    try:
        market = Market(Dao(chain=Anvil(node.web3)))
        unclaimed = leaf(market.founder, "more data of the founder", 20)
        batch = market.dao.publish([unclaimed])
        yield LiveDao(node, market, batch, unclaimed)
    finally:
        node.stop()


@pytest.fixture
def reader(_live: LiveDao, tmp_path: Path) -> Iterator[Reader]:
    before = _live.dao.chain.snapshot()
    yield Reader(_live, tmp_path)
    _live.dao.chain.revert(before)


class Reader:
    """Plays the DAO's commands from the folders of its people, and lets time pass where the page says it does."""

    def __init__(self, live: LiveDao, home: Path) -> None:
        self.live = live
        record = live.record(home / "1.json")
        names = {"ethereum:mainnet:node": live.node.url, "deployments/1.json": str(record), "/srv/": f"{home}/srv/"}
        self.player = Player(home, names)
        for name, actor in (("member", live.market.founder), ("guardian", live.dao.who("guardian"))):
            live.node.rpc("anvil_setBalance", actor.address, hex(10**20))
            self.player.account(name, actor.key)
            Profile(home / "srv" / name, network=live.node.url, deployment=str(record), account=name).write()
        Profile(home / "srv" / "watch", network=live.node.url, deployment=str(record)).write()

    def read(self, section: str, **given: str) -> dict[str, str]:
        """What each command of the section printed; `given` are the variables that its reader sets."""
        self.player.environment |= given
        said = {}
        for block in sections(section):
            for command in commands(block):
                self._wait_for(command)
                # Its reader is asked and says yes.
                said[command] = self.player.play(f"{command} --yes" if SENDING.match(command) else command)
                if proposed := re.search(r"Proposed as (\d+)", said[command]):
                    self.player.environment["PROPOSAL"] = proposed[1]
        return said

    def _wait_for(self, command: str) -> None:
        governor, proposal = self.live.dao.governor, int(self.player.environment.get("PROPOSAL", 0))
        moments: dict[str, Callable[[], int]] = {
            "vote": lambda: governor.proposalSnapshot(proposal) + 1,
            "queue": lambda: governor.proposalDeadline(proposal) + 1,
            "execute": lambda: governor.proposalEta(proposal),
        }
        if (step := command.split()[1]) in moments:
            self.live.market.warp_to(max(self.live.market.now, moments[step]()))


def parties(count: int, **more: str) -> str:
    """A list of parties as a person would write it."""
    rest = "".join(f", {name}: {value}" for name, value in more.items())
    rows = [f"{{signer: 0x{number:040x}, hpkeKey: 0x{number:064x}{rest}}}" for number in range(count, 0, -1)]
    return f"[{', '.join(rows)}]"


def test_monitoring__finds_nothing_amiss(reader: Reader) -> None:
    (reader.player.home / "srv" / "watch" / "config.yaml").unlink()  # the page begins with it
    said = reader.read("Monitoring")
    assert [command.split()[1] for command in said] == ["init", "status", "audit"]


def test_decision_of_the_holders__is_carried_out(reader: Reader) -> None:
    reader.read("Decisions of the holders")
    assert reader.live.dao.governor.proposalThreshold() == 2 * 10**9


def test_rotating_attestors__replaces_the_set(reader: Reader) -> None:
    said = reader.read("Rotating attestors", ATTESTORS=parties(3))
    registry = reader.live.dao.registry
    assert registry.attestorSetVersion() == 2
    assert [int(party.signer, 16) for party in registry.attestors(2)[0]] == [1, 2, 3]
    assert f"0x{3:064x}" in said["datadao read registry.attestors 2 --home /srv/watch"]


def test_new_committee__takes_over_new_files(reader: Reader) -> None:
    reader.read("A new committee", CUSTODIANS=parties(5, uri="https://custodian.example"))
    registry = reader.live.dao.registry
    assert registry.committeeVersion() == 2
    assert [int(party.signer, 16) for party in registry.committee(2)[0]] == [5, 4, 3, 2, 1]


def test_relay__is_refilled_by_the_holders(reader: Reader) -> None:
    live, relay = reader.live, to_checksum_address("0x" + "4e" * 20)
    sent = {"from": live.node.rpc("eth_accounts")[0], "to": live.dao.timelock.address, "value": hex(3 * 10**17)}
    live.node.rpc("eth_sendTransaction", sent)
    reader.read("A relay", RELAY=relay)
    assert live.node.web3.eth.get_balance(relay) == 2 * 10**17
    assert live.node.web3.eth.get_balance(live.dao.timelock.address) == 10**17


def test_incident__is_stopped_and_survived(reader: Reader) -> None:
    market, dao = reader.live.market, reader.live.dao
    lease, offer = market.active(), market.create_offer()
    harm = dao.propose(market.founder, (dao.governor, "setQuorumBps", (100,))).id
    doubtful = dao.publish([leaf(market.founder, "doubtful data")]).id
    start_by, friend = dao.leases.lease(lease).startBy, dao.who("friend").address
    given = {
        "BATCH": doubtful,
        "OFFER": offer,
        "LEASE": lease,
        "START_BY": start_by,
        "PROPOSAL": harm,
        "GUARDIAN": friend,
    }
    said = reader.read("Incident: the brake, and after", **{name: str(value) for name, value in given.items()})
    assert dao.brake.isPulled()
    assert dao.registry.batch(doubtful).status == VETOED
    assert dao.governor.state(harm) == CANCELED
    assert dao.leases.offer(offer).closed
    assert sum("Proposed as" in text for text in said.values()) == 2


def test_migrating__takes_the_treasury_along(reader: Reader) -> None:
    dao, new = reader.live.dao, "0x" + "4e" * 20
    dao.asset.mint(dao.timelock.address, 1_500_000, sender=dao.who("payer").address)
    reader.read("Migrating", NEW_TIMELOCK=new)
    assert dao.asset.balanceOf(new) == 1_000_000
