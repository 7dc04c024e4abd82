"""A contributor with a browser, a desk, and no ether: its file is checked, encrypted and handed in there, scored by
attestors and opened by a licensee with the Python client. K-8: nothing of it leaves the browser in the clear.

given a DAO whose desk serves its page, and a relay beside it
  when the desk forges a schema          the page should not show it, nor check files by it
  when it is asked whom one trusts       the page should name licensees, who can keep what they opened
  when a file with faults is dropped     the page should name each line and why
  when a good one is handed in           it should be on the board, signed, and nowhere in the clear
  when attestors accepted it             it should earn what the page said, collected at the relay's cost
  when its dataset is leased             the licensee should open what the browser encrypted
  when its contributor takes it out      registry and page should say so, and nobody is paid or asked but the relay
given members that are contracts (ERC-1271): a Safe, a passkey's account
  when they hand in files                custodians and attestors should take what they signed, and accept it
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from assurance.harness.browser import Browser
from assurance.harness.dao.system import Actor
from assurance.harness.traces import found_in
from datadao.messages.eip712 import signed_by
from datadao.messages.manifest import Manifest
from datadao.types import ContributionStatus
from tests.client.chain_world import ChainWorld
from tests.web.assessors import Assessors
from tests.web.contracts import account, passkey, safe
from tests.web.desk_world import SCHEMA, DeskWorld, desk_world
from tests.web.pictures import Pictures

RECORDS = [
    {"age": 20 + n, "diary": hashlib.sha256(b"%d" % n).hexdigest() + " <b>today</b>", "voted": n % 2 == 0}
    for n in range(40)
]
GOOD = b"".join(json.dumps(record).encode() + b"\n" for record in RECORDS)
FAULTY = b"""{"age": 17, "diary": "too young"}
no json
{"age": 40, "diary": "fits"}
{"age": 41, "diary": 5}
{"age": 42, "diary": "first", "diary": "second"}
"""
CSV = b'age;diary;voted\r\n30;"semicolons; and ""quotes""";true\r\n31;second;\r\n'


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskWorld]:
    with desk_world(tmp_path_factory.mktemp("desk")) as made:
        yield made


def release(world: ChainWorld, manifest: Manifest, folder: Path) -> list[bytes]:
    """What a licensee opens of a batch with a running lease."""
    world.lease = world.approved()
    world.start()
    world.finalize()
    for slot in range(3):
        custodian, listed = world.custodian(slot), world.contributions()
        custodian.prepare(world.lease, listed)
        custodian.publish(world.lease, listed)
    return [item.path.read_bytes() for item in world.opened(folder, manifest) if item.path]


def hands_in(browser: Browser, file: Path, records: int = len(RECORDS)) -> int:
    """All of it in the page: what the page says that the file earns, in shares."""
    browser.drop(file)
    shown = browser.see(f"{records} of {records} records fit.", "That would earn about")
    assert browser.do("axe") == []
    browser.press("This data is mine to give, and I agree to the uses above.")
    browser.press("Encrypt and hand in", "button")
    browser.see("Handed in. The assessors look at it next.")
    browser.press("See what becomes of it", "link")
    browser.see("On its way", file.name, "With the assessors")
    (estimate,) = re.findall(r"That would earn about ([0-9]+) shares", shown)
    return int(estimate)


def mine(desk: DeskWorld, browser: Browser, member: Actor, *texts: str) -> None:
    """The page anew: what it says of the member's own."""
    browser.open(f"{desk.site.url}?at{desk.world.chain.timestamp}#/mine")
    browser.connect(member.name)
    browser.see(*texts)


def collects(desk: DeskWorld, browser: Browser, member: Actor, shares: int) -> None:
    """By a signature, once attestors accepted the file."""
    dao = desk.world.dao
    mine(desk, browser, member, "good.jsonl", "accepted; collect its shares above", "New records\n40", "Quality\n100%")
    assert dao.token.balanceOf(member.address) == 0
    browser.press("Collect without paying a fee")
    browser.see("Handed in. The DAO's relay sends it and pays for it")
    while desk.relay.round().waiting:
        pass
    browser.press("Look again")
    browser.see("accepted, earning for you", f"Your votes\n{shares}")
    assert dao.token.balanceOf(member.address) == shares * 10 ** dao.token.decimals()


def takes_out(desk: DeskWorld, browser: Browser, member: Actor) -> None:
    """By a signature."""
    mine(desk, browser, member, "accepted, earning for you")
    browser.press("Take out", "button")
    browser.press("Take it out without paying a fee")
    browser.see("Taking out", "Waiting for the relay.")
    desk.relay.round()
    browser.press("Look again")
    browser.see("taken out", "Your votes\n0")
    assert desk.world.dao.token.balanceOf(member.address) == 0


def test_contributor__whole_life_by_the_browser__earns_as_told_and_a_licensee_opens_it_K8(
    desk: DeskWorld, tmp_path: Path, pictures: Pictures
) -> None:
    world, dao, member = desk.world, desk.world.dao, desk.world.dao.who("newcomer")
    array = json.dumps(RECORDS[:3], indent=1).encode()
    for name, data in (("good.jsonl", GOOD), ("faulty.jsonl", FAULTY), ("table.csv", CSV), ("array.json", array)):
        (tmp_path / name).write_bytes(data)
    with desk.browser(member) as browser:
        browser.open(desk.site.url)
        browser.see("Diaries of voters (dataset 1)", "What people wrote down")
        browser.press("Whom you trust when you use this page", "link")
        browser.see(
            "companies to which members rented it, which can keep what they opened",
            "rented it for computation alone gets no file, only what its program puts out",
        )
        browser.press("Give data", "link")
        browser.see("May be used for: research")
        browser.drop(tmp_path / "faulty.jsonl")
        shown = browser.see("1 of 5 records fit.", "This file would not be accepted as it is.", "What is wrong")
        wrong = ["1\tage\tless than 18", "2\tthe whole record\tnot JSON", "4\tdiary\texpected: text",
                 "5\tthe whole record\tthe name diary stands twice in one object"]  # fmt: skip
        assert [line for line in shown.splitlines() if line in wrong] == wrong
        assert "Encrypt and hand in" not in shown
        pictures.take(browser, "give")
        browser.do("upload", path=str(tmp_path / "table.csv"))
        browser.see("2 of 2 records fit.", "This is CSV")
        browser.drop(tmp_path / "array.json")
        browser.see("3 of 3 records fit.", "This is a JSON array")

        browser.connect("newcomer")
        estimate = hands_in(browser, tmp_path / "good.jsonl")
        (submission,) = [item for item in desk.board.values() if item.contributor == member.address]

        assessors = Assessors(world, tmp_path)
        assert assessors.score() == [estimate] * 3
        mine(desk, browser, member, "With the assessors: 3 have assessed it.")
        manifest = assessors.accept()
        (leaf,) = manifest.leaves
        assert (leaf.contributor, leaf.file_hash, leaf.units) == (member.address, submission.file_hash, estimate)
        collects(desk, browser, member, estimate)
        assert release(world, manifest, tmp_path / "opened") == [GOOD]
        takes_out(desk, browser, member)
        assert dao.registry.contribution(leaf.fingerprint).status == ContributionStatus.ERASED
        facts = browser.do("facts")

    # By its owner, who has no ether and sent nothing to the chain.
    assert signed_by(member.address, submission.typed(dao.id), submission.signature)
    assert [message["primaryType"] for message in facts["signed"]] == ["Submission", "ClaimRequest", "Erase"]
    assert (dao.chain.nonce(member.address), desk.node.web3.eth.get_balance(member.address)) == (0, 0)
    # Encrypted before it left: neither in what was sent, nor on the desk's disk.
    records = GOOD.splitlines()
    assert found_in(b"{" + GOOD, records, SCHEMA) != []
    assert found_in(bytes(desk.site.sent), records, SCHEMA) == []
    assert found_in(desk.disk(), records, SCHEMA) == []
    assert world.store.get(submission.file_hash).startswith(b"age-encryption.org/v1\n")
    asked = {urlsplit(request["url"]).netloc for request in facts["requests"] if not request["url"].startswith("data:")}
    assert asked == {urlsplit(desk.site.url).netloc, urlsplit(desk.site.node).netloc}
    assert any("/hasher-" in request["url"] for request in facts["requests"]), "the policy lets its thread be"
    assert facts["trouble"] == []


def test_contracts__hand_in_by_the_browser__are_opened_scored_and_accepted(desk: DeskWorld, tmp_path: Path) -> None:
    wallets = {account(wallet): wallet for wallet in (safe(desk), passkey(desk))}
    with desk.browser(*wallets.values()) as browser:
        for number, (address, wallet) in enumerate(wallets.items(), 2):
            file = tmp_path / f"of-{wallet.name}.jsonl"
            records = [{"age": 30, "diary": f"{wallet.name} {n}", "voted": True} for n in range(number)]
            file.write_text("".join(json.dumps(record) + "\n" for record in records))
            browser.open(f"{desk.site.url}?{wallet.name}#/")
            browser.connect(wallet.name)
            browser.press("Give data", "link")
            browser.see("May be used for: research")
            assert hands_in(browser, file, number) == number
            assert [item.contributor for item in desk.board.values()].count(address) == 1
        facts = browser.do("facts")
    assert facts["sent"] == [] and facts["trouble"] == []
    assessors = Assessors(desk.world, tmp_path)
    assert sorted(assessors.score()) == [2, 2, 2, 3, 3, 3]
    leaves = assessors.accept().leaves
    assert {leaf.contributor: leaf.units for leaf in leaves} == dict(zip(wallets, (2, 3), strict=True))


def test_schema__that_the_desk_forges__is_neither_shown_nor_used(desk: DeskWorld) -> None:
    with desk.browser() as browser:
        browser.do("lie", part="/v1/objects/", **{"from": "Diaries of voters", "to": "Diaries for sale"})
        browser.open(desk.site.url + "#/contribute")
        shown = browser.see("The desk does not have the description of these records, so files cannot be checked now.")
        assert "Diaries" not in shown and "Drop a file here" not in shown
