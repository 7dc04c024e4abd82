"""The members' page in a browser: its first view over few and many contributions, and a large file encrypted there and
by the Python client."""

from __future__ import annotations

import gzip
import io
import json
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from eth_utils import keccak

from assurance.bench.report import Stopwatch, Table
from assurance.harness.browser import Browser, Chromium, Wallet
from assurance.harness.browser.desk import handle, site
from assurance.harness.browser.page import FileServer, build, bundle
from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.node import Node
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.parties import DAO, DATASET, Parties
from assurance.harness.dao.parties import Wallet as Signer
from assurance.harness.dao.system import config
from datadao.contributor import contribute
from datadao.messages.manifest import place_in_batch
from datadao.storage.manifests import store_manifest
from datadao.storage.store import Store
from datadao.types import Committee, Leaf

HEADINGS = ("what", "beside", "in the browser", "ratio", "goal")
HOW = (
    "In the Chromium of the tests, in turns, the median of five. First view: time of the page's scripts until "
    "all of it is shown, with a real node and desk behind it. A file: from plaintext to what is handed in, here and by "
    "the Python client, which also stores it."
)
ROUNDS = 5


def table(few: int, many: int, size: int) -> Table:
    """`few` and `many` contributions, `size` megabytes."""
    return Table("The members' page", HOW, HEADINGS, [*views(few, many), file(size), packed()])


def views(few: int, many: int) -> list[tuple[str, ...]]:
    """What the start page and a member's own cost with these numbers of contributions in the DAO."""
    took: dict[tuple[str, int], list[float]] = {}
    with ExitStack() as stack:
        pages = {count: stack.enter_context(_Page(count)) for count in (few, many)}
        for _ in range(ROUNDS):
            for count, page in pages.items():
                for name, spent in page.measure().items():
                    took.setdefault((name, count), []).append(spent)
    rows: list[tuple[str, ...]] = []
    for name in ("start", "mine"):
        first, now = (median(took[name, count]) for count in (few, many))
        what = f"view “{name}”, {few:,} and {many:,} contributions, script ms"
        rows.append((what, f"{1000 * first:.0f}", f"{1000 * now:.0f}", f"{now / first:.2f}", "≤ 1.3"))
    return rows


class _Page:
    """A DAO with so many contributions, each of another account but the first, and its page in a browser."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __enter__(self) -> _Page:
        self._stack = ExitStack()
        try:
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory())) / "disk"
            folder.mkdir()
            node = Node()
            self._stack.callback(node.stop)
            # One batch, however large: more than this DAO accepts otherwise in a while.
            most = config(DatasetRegistry__params__epochFloor=10**9 * max(10_000, 2 * self._count))
            dao = Dao(most, chain=Anvil(node.web3))
            member = dao.who("member")
            mark = keccak(b"file")
            owners = [member.address, *(f"0x{n:040x}" for n in range(2**40, 2**40 + self._count - 1))]
            leaves = [
                Leaf(owner, keccak(n.to_bytes(8, "big")), mark, mark, 1, 10_000) for n, owner in enumerate(owners)
            ]
            store = Store(f"file://{folder}/store", create=True)
            leaves.sort(key=place_in_batch)
            batch = dao.publish(leaves, manifestHash=store_manifest(store, dao.batch_message(leaves)[1]))
            dao.activate(batch)
            dao.claim(batch, next(leaf for leaf in leaves if leaf.contributor == member.address))
            client = handle(dao.addresses, node.url)
            self._site = self._stack.enter_context(site(client, dao.asset.address, node.url, store, folder / "desk"))
            wallet = Wallet("Member", member.key)
            chromium = Chromium()  # each its own: what one's scripts leave in a browser is not to help the other's
            self._stack.callback(chromium.close)
            self._browser = self._stack.enter_context(Browser(node.url, dao.chain.chain_id, [wallet], chromium))
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def measure(self) -> dict[str, float]:
        """Seconds of scripts, by view."""
        browser = self._browser
        before = browser.do("metrics")["ScriptDuration"]
        browser.open(self._site.url)
        browser.see("Earned so far")
        start = browser.do("metrics")["ScriptDuration"]
        browser.connect("Member")
        browser.press("Mine", "link")
        browser.see("Your income", "By dataset")
        mine = browser.do("metrics")["ScriptDuration"]
        return {"start": start - before, "mine": mine - start}


def packed() -> tuple[str, ...]:
    """What a browser loads of the page, all languages."""
    with tempfile.TemporaryDirectory() as name:
        files = list(build(Path(name) / "site").iterdir())
        kilobytes = sum(len(gzip.compress(path.read_bytes())) for path in files) / 1000
    return "the page in all languages, gzipped, kB", "", f"{kilobytes:.0f}", "", "≤ 300"


def file(size: int) -> tuple[str, ...]:
    """A file of so many megabytes, through the page's code and through the client's."""
    custodians, attestors = Parties("custodian", 5), Parties("attestor", 3)
    committee, signer = Committee(2, 3, custodians.parties), Signer("contributor")
    keys = {name: [{"hpkeKey": f"0x{party.hpke_key.hex()}"} for party in parties.parties]
            for name, parties in (("custodians", custodians), ("attestors", attestors))}  # fmt: skip
    place = {
        "chainId": DAO.chain_id,
        "registry": DAO.registry,
        "datasetId": DATASET,
        "contributor": signer.address,
        "committee": {"version": 2, "threshold": 3, "custodians": keys["custodians"]},
        "attestors": keys["attestors"],
    }
    data = os.urandom(size * 1_000_000)
    theirs, ours = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "site"
        folder.mkdir()
        (folder / "index.html").write_text("<!doctype html><title>speed</title>")
        script = bundle("test/speed.ts", folder / "speed.js").read_text()
        bundle("src/hasher.ts", folder / "hasher.js")
        with FileServer(folder) as server, Browser("http://127.0.0.1:1", DAO.chain_id) as browser:
            browser.open(server.url)
            browser.do("evaluate", script=script)
            for number in range(ROUNDS):
                store = Store(f"file://{name}/store-{number}", create=True)
                with Stopwatch() as watch:
                    contribute(
                        io.BytesIO(data), dao=DAO, dataset_id=DATASET, contributor=signer.address, committee=committee,
                        attestors=attestors.parties, store=store, signer=signer,
                    )  # fmt: skip
                theirs.append(watch.wall)
                call = f"measured({json.dumps(json.dumps(place))}, {len(data)})"
                ours.append(browser.do("evaluate", script=call) / 1000)
    first, now = median(theirs), median(ours)
    return f"a file of {size} MB, s", f"{first:.2f}", f"{now:.2f}", f"{now / first:.2f}", "≤ 3"
