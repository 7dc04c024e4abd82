"""A contributor with a browser, a desk, and no ether: its file is checked, encrypted and handed in there, and opened by
a licensee with the Python client. K-8: nothing of it leaves the browser in the clear.

given a DAO whose desk serves its page
  when a file with faults is dropped     the page should name each line and why
  when a good one is handed in           it should be on the board, signed, and nowhere in the clear
  when its dataset is leased             the licensee should open what the browser encrypted
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from eth_utils import keccak

from datadao.messages.eip712 import signed_by
from datadao.types import Leaf
from tests.client.chain_world import ChainWorld
from tests.web.desk_world import SCHEMA, DeskWorld, desk_world
from tests.web.pictures import Pictures

RECORDS = [
    {"age": 20 + n, "diary": hashlib.sha256(b"%d" % n).hexdigest() + " <b>today</b>", "voted": n % 2 == 0}
    for n in range(40)
]
GOOD = b"".join(json.dumps(record).encode() + b"\n" for record in RECORDS)
FAULTY = b'{"age": 17, "diary": "too young"}\nno json\n{"age": 40, "diary": "fits"}\n{"age": 41, "diary": 5}\n'
CSV = b'age;diary;voted\r\n30;"semicolons; and ""quotes""";true\r\n31;second;\r\n'
FRAGMENT = 16


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskWorld]:
    with desk_world(tmp_path_factory.mktemp("desk")) as made:
        yield made


def traces(data: bytes) -> Iterator[bytes]:
    """Every fragment of the records, and each record as it would look in base64, wherever that begins, and in hex."""
    for line in data.splitlines():
        for at in range(len(line) - FRAGMENT + 1):
            yield line[at : at + FRAGMENT]
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + line)[4 : 4 + 24 * (len(line) // 18)]
            yield from (encoded[at : at + 24] for at in range(0, len(encoded) - 23, 24))
        yield line.hex().encode()[:64]


def found_in(places: bytes, data: bytes) -> list[bytes]:
    """Traces of the data, but for what the public schema has too."""
    wanted = {trace for trace in traces(data) if trace not in SCHEMA}
    sizes = {len(trace) for trace in wanted}
    windows = {places[at : at + size] for size in sizes for at in range(len(places) - size + 1)}
    return sorted(wanted & windows)


def release(world: ChainWorld, folder: Path) -> list[bytes]:
    """What a licensee opens of a running lease."""
    world.lease = world.approved()
    world.start()
    world.finalize()
    for slot in range(3):
        custodian, listed = world.custodian(slot), world.contributions()
        custodian.prepare(world.lease, listed)
        custodian.publish(world.lease, listed)
    return [item.path.read_bytes() for item in world.opened(folder, world.batches[-1].manifest) if item.path]


def test_contributor__hands_in_by_the_browser__and_a_licensee_opens_it_K8(
    desk: DeskWorld, tmp_path: Path, pictures: Pictures
) -> None:
    world, member = desk.world, desk.world.dao.who("newcomer")
    array = json.dumps(RECORDS[:3], indent=1).encode()
    for name, data in (("good.jsonl", GOOD), ("faulty.jsonl", FAULTY), ("table.csv", CSV), ("array.json", array)):
        (tmp_path / name).write_bytes(data)
    with desk.browser(member) as browser:
        browser.open(desk.site.url)
        browser.see("Diaries of voters (dataset 1)", "What people wrote down")
        browser.press("Give data", "link")
        browser.see("May be used for: research")
        browser.drop(tmp_path / "faulty.jsonl")
        shown = browser.see("1 of 4 records fit.", "This file would not be accepted as it is.", "What is wrong")
        wrong = ["1\tage\tless than 18", "2\tthe whole record\tnot JSON", "4\tdiary\texpected: text"]
        assert [line for line in shown.splitlines() if line in wrong] == wrong
        assert "Encrypt and hand in" not in shown
        pictures.take(browser, "give")
        browser.do("upload", path=str(tmp_path / "table.csv"))
        browser.see("2 of 2 records fit.", "This is CSV")
        browser.drop(tmp_path / "array.json")
        browser.see("3 of 3 records fit.", "This is a JSON array")

        browser.connect("newcomer")
        browser.drop(tmp_path / "good.jsonl")
        browser.see("40 of 40 records fit.", "That would earn about 40 shares")
        assert browser.do("axe") == []
        browser.press("This data is mine to give, and I agree to the uses above.")
        browser.press("Encrypt and hand in", "button")
        browser.see("Handed in. The assessors look at it next.")
        browser.press("See what becomes of it", "link")
        browser.see("On its way", "good.jsonl", "With the assessors")
        facts = browser.do("facts")

    # Handed in, by its owner, who has no ether and sent nothing to the chain.
    ((_, submission),) = desk.board.items()
    assert signed_by(member.address, submission.typed(world.dao.id), submission.signature)
    assert [message["primaryType"] for message in facts["signed"]] == ["Submission"]
    assert (world.dao.chain.nonce(member.address), desk.node.web3.eth.get_balance(member.address)) == (0, 0)
    # Encrypted before it left: neither in what was sent, nor on the desk's disk.
    assert found_in(b"{" + GOOD, GOOD) != []
    assert found_in(bytes(desk.site.sent), GOOD) == []
    assert found_in(desk.disk(), GOOD) == []
    assert world.store.get(submission.file_hash).startswith(b"age-encryption.org/v1\n")
    asked = {urlsplit(request["url"]).netloc for request in facts["requests"] if not request["url"].startswith("data:")}
    assert asked == {urlsplit(desk.site.url).netloc, urlsplit(desk.site.node).netloc}

    leaf = Leaf(member.address, keccak(GOOD), submission.file_hash, submission.envelope_hash, len(RECORDS), 10_000)
    world.accept_leaves([leaf])
    assert release(world, tmp_path / "opened") == [GOOD]
    assert facts["trouble"] == []
