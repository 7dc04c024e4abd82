"""The same data in two batches: refused while it is drafted, signed and published; where it happened all the same,
no party is misled by it.

given two files that all attestors scored
  when they are drafted again, by anyone       it should be refused, before and after they are published
  when a draft is replaced by its author       it should be the later one that is signed
  when a second batch of them has signatures   it should not be published
given two active batches of the same two files
  when their owner claims                      it should be paid once, and the rest is reported
  when a licensee opens                        it should have both files, and delete nothing
  when the owner erases them                   it should be nothing, with a reason and exit code 1
given a published batch of two records, and a file of both with a new one, handed in by two accounts
  when attestors draft                         it should be the new record that earns, once
  when a licensee opens                        it should see which line of the file that is
given such a batch, of whose records another account's file has one and a new one
  when the batch dies, whatever it dies of     it should earn both
  when the record's owner erases it            it should earn both from the next block on, and nothing else be free
  when mlcroissant loads what was opened      it should have the records of both, their terms and their manifests
given an active batch of a file whose owner agreed to show records, and one whose owner did not
  when attestors draw                          it should be of the first alone, once two of them posted the same
  when the owner erases it                     it should be shown no more, and be gone from storage
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import ape
import mlcroissant
import pytest
from pyarrow import parquet

from assurance.harness.chain.node import FINALITY
from datadao.batches import Catalog
from datadao.chain import wallet
from datadao.messages.sample import DELAY
from datadao.storage.board import Board
from datadao.storage.store import content_name
from datadao.types import BatchStatus
from tests.cli.stage import LINES, Stage, line, scored
from tests.cli.world import DAY


def records(folder: Path) -> list[Any]:
    """Of all tables of an opened dataset."""
    found = [row for path in (folder / "records").glob("*.parquet") for row in parquet.read_table(path).to_pylist()]
    return sorted(({name: row[name] for name in ("name", "diary")} for row in found), key=str)


@pytest.fixture(scope="module")
def _scored(_deployed: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    node = _deployed[0]
    before = node.rpc("evm_snapshot")
    yield scored(_deployed, tmp_path_factory.mktemp("scored"))
    node.rpc("evm_revert", before)


@pytest.fixture
def stage(_scored: Stage) -> Iterator[Stage]:
    """As it was when all was scored: chain, storage and folders."""
    backup = _scored.folder.with_name("backup")
    shutil.copytree(_scored.folder, backup)
    before = _scored.node.rpc("evm_snapshot")
    yield _scored
    _scored.node.rpc("evm_revert", before)
    shutil.rmtree(_scored.folder)
    backup.rename(_scored.folder)


def kind(ran: Any) -> tuple[int, str]:
    return ran.code, ran.document["error"]["kind"]


def test_draft__what_stands_in_a_draft_or_a_batch__refused_whoever_drafts(stage: Stage) -> None:
    assert stage.attest(0, "draft").document["count"] == 2
    for slot in (0, 1):
        again = stage.attest(slot, "draft")
        assert kind(again) == (1, "BatchRefused")
        assert "stands in draft 1 of dataset 1 by 0x" in again.document["error"]["message"]
    assert len(stage.drafts) == 1
    assert [item["sequence"] for item in stage.attest(1, "sign").document["signed"]] == [1]
    assert kind(stage.attest(2, "draft")) == (1, "BatchRefused")
    stage.done(stage.giver, "attest", "publish", "--dataset", "1", "--yes")
    published = stage.attest(2, "draft")
    assert published.code == 0 and "no new submission" in published.document["nothing"]
    assert stage.attest(2, "sign").document == {"signed": [], "refused": []}
    assert len(stage.drafts) == 1


def test_draft__anew__is_the_one_that_is_signed(stage: Stage) -> None:
    stage.attest(0, "draft")
    assert stage.attest(0, "draft", "--anew").document["sequence"] == 2
    signed = stage.attest(1, "sign")
    assert signed.code == 0 and [item["sequence"] for item in signed.document["signed"]] == [2]
    assert stage.done(stage.giver, "attest", "publish", "--dataset", "1", "--yes")["sequence"] == 2


def test_sign_and_publish__a_second_draft_of_the_same__refused(stage: Stage) -> None:
    stage.attest(0, "draft")
    (first,) = stage.drafts
    stage.again(first)
    # The second has its signatures, so that no attestor may sign the first: the second is published.
    refused = stage.attest(2, "sign").document["refused"]
    assert {item["sequence"]: item["kind"] for item in refused} == {1: "DraftRefused"}
    assert stage.done(stage.giver, "attest", "publish", "--dataset", "1", "--yes")["sequence"] == 2
    assert "nothing" in stage.done(stage.giver, "attest", "publish", "--dataset", "1", "--yes")


def test_publish__a_signed_draft_of_what_is_published__refused_and_not_sent(stage: Stage) -> None:
    stage.attest(0, "draft")
    stage.attest(1, "sign")
    stage.done(stage.giver, "attest", "publish", "--dataset", "1", "--yes")
    (first,) = stage.drafts
    stage.again(first)
    before = stage.nonce(12)
    refusal = stage.run(stage.giver, "attest", "publish", "--dataset", "1", "--yes").refusal
    assert refusal.startswith("2 of 2 contributions of draft 2 of dataset 1 by 0x")
    assert refusal.endswith("are published already; publishing them again would count them twice, so draft anew")
    assert stage.nonce(12) == before


def test_publish__the_same_published_while_its_owner_was_asked__not_sent(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datadao.cli.session import Session

    stage.attest(0, "draft")
    (first,) = stage.drafts
    stage.attest(1, "sign")
    stage.again(first)
    other = stage.home("other", "TEST::0")

    def asked(session: Session, _: str) -> None:
        monkeypatch.undo()
        stage.done(other, "attest", "publish", "--dataset", "1", "--yes")
        session.alias = None

    monkeypatch.setattr(Session, "confirm", asked)
    before = stage.nonce(12)
    refusal = stage.run(stage.giver, "attest", "publish", "--dataset", "1").refusal
    assert "are published already" in refusal or "published meanwhile" in refusal
    assert stage.nonce(12) == before


def test_two_active_batches__of_the_same__mislead_no_party(stage: Stage) -> None:
    stage.activated()
    rows = stage.done(stage.giver, "contributions")["contributions"]
    assert [(row["batch"], row["standing"], row["counted"]) for row in rows] == [
        (1, "claimable", None),
        (1, "claimable", None),
        (2, "duplicate", 1),
        (2, "duplicate", 1),
    ]
    assert all(row["source"] for row in rows)
    assert "duplicate of one in batch 1" in stage.run(stage.giver, "contributions").out

    # Before anything is claimed both batches include both files; the licensee has each once.
    licensee = stage.leased()
    target = ("open", "1", "--out", str(licensee / "out"))
    opened = stage.done(licensee, *target)
    assert (len(opened["opened"]), opened["left"], opened["delete"], opened["duplicates"]) == (2, [], [], [])
    assert stage.files == set(LINES)
    assert opened["records"] == 2 and records(licensee / "out") == sorted(map(json.loads, LINES), key=str)

    claimed = stage.run(stage.giver, "claim", "--yes", "--json")
    assert claimed.code == 0, claimed.err
    assert claimed.document["contributions"] == 2 and len(claimed.document["transactions"]) == 2
    assert [item["batch"] for item in claimed.document["duplicates"]] == [2, 2]
    again = stage.run(stage.giver, "claim", "--yes")
    assert again.code == 0 and again.out.startswith("Nothing to claim.")
    assert "in batch 2, a duplicate of one in batch 1." in again.out

    # Now the second batch's are out, and the files are part of the dataset all the same.
    stage.round()
    for out in ("out", "anew"):
        opened = stage.done(licensee, "open", "1", "--out", str(licensee / out))
        assert (len(opened["opened"]), opened["left"], opened["delete"]) == (2, [], [])

    # The card counts the same data once.
    page = licensee / "card.html"
    card = stage.done(licensee, "card", "--dataset", "1", "--out", str(page))
    assert (card["records"], card["files"], card["contributors"], card["accepted"], card["erased"]) == (2, 2, 1, 2, 0)
    assert [(batch["batch"], batch["records"]) for batch in card["batches"]] == [(1, 2), (2, 0)]
    assert card["quality"] == [0] * 9 + [2] and card["median_days_between_batches"] is not None
    ((number, status, paid),) = [(one["lease"], one["status"], one["rent_paid"]) for one in card["leases"]]
    assert (number, status, paid) == (1, "Active", card["rent_paid"]) and int(paid) > 0
    assert [item["name"] for item in card["properties"]] == ["name", "diary"] and "Dataset 1" in page.read_text()

    # Gone is what its owner erased, and nothing opened is not success.
    (converted,) = (stage.giver / "converted").iterdir()
    stage.done(stage.giver, "erase", str(converted), "--yes")
    partly = stage.done(licensee, *target)
    assert (len(partly["opened"]), len(partly["delete"]), partly["reason"]) == (1, 1, None)
    assert partly["records"] == 1 and len(records(licensee / "out")) == 1, "what was erased is out of the tables"
    stage.done(stage.giver, "erase", "--all", "--yes")
    nothing = stage.run(licensee, *target, "--json")
    assert nothing.code == 1 and len(nothing.document["delete"]) == 2 and nothing.document["description"] is None
    gone = stage.done(licensee, "card", "--dataset", "1")
    assert (gone["records"], gone["erased"], gone["erased_recently"], gone["erasure_rate"]) == (0, 2, 2, 1.0)
    assert records(licensee / "out") == [] and not list((licensee / "out" / "records").iterdir())
    assert nothing.document["reason"] == (
        "Nothing to open: of the files of dataset 1 2 erased by their contributors, and no other is there"
    )
    assert "Nothing to open: of the files" in stage.run(licensee, *target).out


def test_r14__farming_of_the_first_edition__earns_the_one_new_record_once(stage: Stage) -> None:
    """Each of these files, and each further one with another record replaced, had three units."""
    stage.attest(0, "draft")
    stage.attest(1, "sign")
    stage.done(stage.giver, "attest", "publish", "--dataset", "1", "--yes")
    other = stage.home("other", "TEST::13")
    changed = '{"diary": "d", "name": "c"}\n'
    for home, lines in ((stage.giver, [*LINES, changed]), (other, [LINES[1], LINES[1], LINES[0], changed])):
        (home / "again.jsonl").write_text("".join(lines))
        stage.done(home, "contribute", str(home / "again.jsonl"), "--dataset", "1")
    stage.round()
    for slot in (0, 1):
        scored = stage.attest(slot, "score").document["scored"]
        assert [item["records"] for item in scored] == [3, 3]
    assert stage.attest(0, "draft").document["count"] == 1
    assert [item["sequence"] for item in stage.attest(1, "sign").document["signed"]] == [2]
    stage.done(stage.giver, "attest", "publish", "--dataset", "1", "--yes")
    assert "no new submission" in stage.attest(1, "draft").document["nothing"]

    stage.node.rpc("evm_increaseTime", DAY)
    stage.node.rpc("evm_mine")
    for number in ("1", "2"):
        stage.done(stage.giver, "activate", number, "--yes")
    card = stage.done(stage.giver, "card", "--dataset", "1")
    assert [(batch["batch"], batch["records"]) for batch in card["batches"]] == [(1, 2), (2, 1)]
    licensee = stage.leased()
    for _ in "ab":  # the second time from what is there
        opened = stage.done(licensee, "open", "1", "--out", str(licensee / "out"))
        told = [(item["units"], json.loads(Path(item["earned"]).read_text())) for item in opened["opened"]]
        ((units, ranges),) = [item for item in told if item not in [(1, [[1, 1]])] * 2]
        assert (units, len(told)) == (1, 3) and ranges in ([[3, 3]], [[4, 4]])
    assert (
        "3 records of 3 files earned: their lines are in"
        in stage.run(licensee, "open", "1", "--out", str(licensee / "out")).out
    )


def earning(stage: Stage) -> tuple[int, int]:
    """Number and units of the draft that an attestor makes now and another one signs and publishes."""
    number = stage.done(stage.attestors[0], "attest", "draft", "--dataset", "1")["sequence"]
    return number, signed(stage, number)


def signed(stage: Stage, number: int) -> int:
    """The units of a draft, which another attestor signs and any account publishes."""
    found = stage.attest(1, "sign")
    assert found.code == 0 and [item["sequence"] for item in found.document["signed"]] == [number], found.document
    assert stage.done(stage.giver, "attest", "publish", "--dataset", "1", "--yes")["sequence"] == number
    (draft,) = [draft for draft in stage.drafts if draft.batch.sequence == number]
    return sum(leaf.units for leaf in stage.manifest(draft).leaves)


def give(stage: Stage, account: int, *lines: str) -> None:
    """A file of these lines by another account, opened by custodians and scored by two attestors."""
    home = stage.home(f"giver-{account}", f"TEST::{account}")
    (home / "given.jsonl").write_text("".join(lines))
    stage.done(home, "contribute", str(home / "given.jsonl"), "--dataset", "1")
    stage.round()
    for slot in (0, 1):
        scored = stage.done(stage.attestors[slot], "attest", "score", "--dataset", "1")["scored"]
        assert [item["records"] for item in scored] == [len(lines)]


@pytest.mark.parametrize("death", ["vetoed", "lapsed"])
def test_r14__a_batch_that_died__frees_its_records_for_other_files_at_once(stage: Stage, death: str) -> None:
    assert earning(stage) == (1, 2)
    stage.activate(1)
    give(stage, 13, *LINES, line("c"))
    assert earning(stage) == (2, 1), "of a batch that is pending or active nothing earns again"
    give(stage, 14, line("c"), line("e"))
    died = stage.node.web3.eth.block_number
    if death == "vetoed":
        stage.send("registry", "veto", 2, sender=ape.accounts.test_accounts[1].address)
    else:
        stage.node.rpc("evm_increaseTime", 40 * DAY)
        stage.node.rpc("evm_mine")
    assert stage.dao.read("registry", "batch", 2).status == BatchStatus[death.upper()]
    assert stage.known(*"abce", block=died) == set("abc")
    assert stage.known(*"abce") == set("ab")
    # Both files that have the freed record, and the one with a new one beside it.
    assert earning(stage) == (3, 2)
    assert stage.known(*"abce") == set("abce")


def test_r14__an_erased_contribution__frees_its_records_for_another_account_from_the_next_block_on(
    stage: Stage,
) -> None:
    assert earning(stage) == (1, 2)
    stage.activate(1)
    give(stage, 13, line("a"), line("c"))
    before = stage.done(stage.attestors[0], "attest", "draft", "--dataset", "1")["sequence"]
    last = stage.node.web3.eth.block_number
    stage.done(stage.giver, "erase", str(stage.giver / "0.csv"), "--yes")
    assert stage.known(*"abc", block=last) == set("ab"), "as it was at that block, whenever it is asked"
    assert stage.known(*"abc") == set("b"), "and of other contributions of the batch nothing is free"
    # Whoever checks it later looks at the block at which it was drafted.
    assert (before, signed(stage, before)) == (2, 1)
    give(stage, 14, *LINES, line("e"))
    assert earning(stage) == (3, 2)
    assert stage.known(*"abce") == set("abce"), "a second time it is not free"
    for number in (2, 3):
        stage.activate(number)
    card = stage.done(stage.giver, "card", "--dataset", "1")
    assert [(batch["batch"], batch["records"]) for batch in card["batches"]] == [(1, 1), (2, 1), (3, 2)]


def test_samples__of_an_active_batch__are_drawn_of_files_whose_owner_agreed_and_go_with_them(stage: Stage) -> None:
    stage.attest(0, "draft")
    stage.attest(1, "sign")
    stage.done(stage.giver, "attest", "publish", "--dataset", "1", "--yes")
    stage.node.rpc("evm_increaseTime", DAY)
    stage.done(stage.giver, "activate", "1", "--yes")
    agreed = ("contribute", str(stage.giver / "1.jsonl"), "--dataset", "1", "--sample-ok")
    assert stage.done(stage.giver, *agreed)["sampleOk"] and stage.done(stage.giver, *agreed)["sampleOk"], (
        "twice is once"
    )

    def samples() -> list[Any]:
        return stage.done(stage.giver, "card", "--dataset", "1")["samples"]

    nothing: dict[str, list[Any]] = {key: [] for key in ("posted", "withheld", "deleted", "undeleted")}
    assert stage.attest(0, "sample").document == {"dataset": 1, "waiting": [1]} | nothing
    stage.node.rpc("anvil_mine", hex(DELAY + FINALITY))
    first = stage.attest(0, "sample").document
    assert [(one["batch"], one["records"]) for one in first["posted"]] == [(1, 1)] and not first["withheld"]
    assert samples() == [], "one attestor could choose"
    assert stage.attest(0, "sample").document["posted"] == [], "once"
    assert len(stage.attest(1, "sample").document["posted"]) == 1
    assert samples() == [{"batch": 1, "record": '{"diary":"d","name":"b"}'}]
    page = stage.giver / "card.html"
    stage.done(stage.giver, "card", "--dataset", "1", "--out", str(page))
    assert "{&#34;diary&#34;:&#34;d&#34;,&#34;name&#34;:&#34;b&#34;}" in page.read_text()

    # What a stranger puts there counts nothing.
    (name,) = {path.parent.name for path in stage.objects if "samples" in path.parts}
    with ape.networks.parse_network_choice(stage.node.url):
        board = Board(stage.dao.id, stage.store)
        (sample, *_) = board.samples(1)
        for slot in (7, 8):
            stranger = wallet.find(f"TEST::{slot}")
            made = replace(sample, records=b"{}", attestor=str(stranger.address))
            board.show(made.signed(stage.dao.id, wallet.signer(stranger)))
    assert len(samples()) == 1

    stage.done(stage.giver, "erase", str(stage.giver / "0.csv"), "--yes")
    assert len(samples()) == 1
    gone = stage.done(stage.giver, "erase", str(stage.giver / "1.jsonl"), "--yes")
    assert gone["samplesDeleted"] == 4 and not [path for path in stage.objects if name in path.parts]
    for copy in (sample, replace(sample, attestor=str(ape.accounts.test_accounts[3].address))):
        board.show(copy)
    assert samples() == [], "a copy that is put back is of what was erased"
    last = stage.attest(2, "sample").document
    assert last["deleted"] == [{"batch": 1, "contribution": f"0x{name}", "samples": 2}] and not last["posted"]
    assert not [path for path in stage.objects if name in path.parts]


def test_open__two_batches__are_one_dataset_that_mlcroissant_loads_with_its_terms_and_where_it_comes_from(
    stage: Stage,
) -> None:
    assert earning(stage) == (1, 2)
    give(stage, 13, LINES[1], line("c"))
    assert earning(stage) == (2, 1)
    for number in (1, 2):
        stage.activate(number)
    agreement = bytes(range(32))
    licensee = stage.leased(agreement)
    opened = stage.done(licensee, "open", "1", "--out", str(licensee / "out"))
    path = licensee / "out" / "croissant.json"
    assert (opened["description"], opened["records"]) == (str(path), 4)

    dataset = mlcroissant.Dataset(str(path))
    assert not dataset.metadata.issues.errors and not dataset.metadata.issues.warnings
    found = [(record["records/name"], record["records/diary"]) for record in dataset.records("records")]
    assert sorted(found) == [(b"a", b"d"), (b"b", b"d"), (b"b", b"d"), (b"c", b"d")]
    raw = next(item for item in dataset.metadata.distribution if item.id == "files")
    assert len(list(path.parent.glob(raw.includes[0]))) == 3

    described = json.loads(path.read_text())
    term, policy = described["usageInfo"]
    assert (term["termCode"], term["name"]) == ("DUO_0000042", "general research use")
    assert (policy["name"], policy["identifier"]) == ("Lease 1", f"urn:keccak256:{agreement.hex()}")
    (purpose,) = policy["odrl:permission"]["odrl:constraint"]["odrl:rightOperand"]
    assert purpose["name"] == "research"
    assert described["license"] == f"urn:keccak256:{agreement.hex()}"
    manifests = {draft.batch.sequence: draft.batch.manifest_hash.hex() for draft in stage.drafts}
    registry = stage.addresses["registry"].lower()
    assert [(item["@id"], item["identifier"]) for item in described["prov:wasDerivedFrom"]] == [
        (f"urn:datadao:{stage.dao.id.chain_id}:{registry}:batch:{number}", f"urn:sha256:{manifests[number]}")
        for number in (1, 2)
    ]
    now = datetime.fromtimestamp(stage.node.web3.eth.get_block("latest")["timestamp"], UTC)
    assert described["datePublished"].startswith(now.date().isoformat())


def test_claim__of_the_later_batch_by_another_account__counts_where_it_was_recorded(stage: Stage) -> None:
    stage.activated()
    with ape.networks.parse_network_choice(stage.node.url):
        later = [c for c in Catalog(stage.dao, stage.store).contributions(1) if c.batch_id == 2]
    stage.send("registry", "claim", later[0].batch_id, tuple(later[0].leaf), list(later[0].proof))
    rows = stage.done(stage.giver, "contributions")["contributions"]
    assert sorted((row["batch"], row["standing"], row["counted"]) for row in rows) == sorted(
        [(1, "claimable", None), (1, "duplicate", 2), (2, "claimed", None), (2, "duplicate", 1)],
        key=lambda row: row[:2],
    )
    assert stage.done(stage.giver, "claim", "--yes")["contributions"] == 1
    assert len(stage.done(stage.giver, "erase", str(stage.giver / "0.csv"), "--yes")["erased"]) == 1


def test_open__other_files_with_the_same_data__are_not_said_to_be_erased(stage: Stage) -> None:
    stage.activated(other_files=True)
    stage.done(stage.giver, "claim", "--yes")
    licensee = stage.leased()
    data = licensee / "out" / "data"
    target = ("open", "1", "--out", str(licensee / "out"))
    (surplus, *_) = sorted(
        sha256(bytes.fromhex(row["fileHash"][2:])).hexdigest()
        for row in stage.done(stage.giver, "contributions")["contributions"]
        if row["batch"] == 1
    )
    data.mkdir(parents=True)
    (data / surplus).write_text(LINES[0])
    opened = stage.done(licensee, *target)
    assert (len(opened["opened"]), opened["left"], opened["delete"]) == (2, [], [])
    assert opened["duplicates"] == [str(data / surplus)]
    said = stage.run(licensee, *target).out
    assert f"Not of the dataset, which has the same data in another file: {data / surplus}" in said
    assert "delete" not in said


def test_open__of_which_nothing_opens__is_a_failure_with_each_reason(stage: Stage) -> None:
    stage.activated()
    licensee = stage.leased()
    for row in stage.done(stage.giver, "contributions")["contributions"]:
        (stage.folder / "storage" / content_name(bytes.fromhex(row["fileHash"][2:]))).unlink(missing_ok=True)
    nothing = stage.run(licensee, "open", "1", "--out", str(licensee / "out"), "--json")
    assert nothing.code == 1 and nothing.document["opened"] == [] and nothing.document["reason"] is None
    assert [item["kind"] for item in nothing.document["left"]] == ["ObjectMissing"] * 2
