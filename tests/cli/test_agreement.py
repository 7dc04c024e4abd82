"""The agreement from end to end: written from terms, requested with, read by holders in words, compared, hostile.

given the terms of a request    `lease agreement` should write the document whose keccak256 the request then carries
given it in storage             `proposals` and `lease show` should say it in words, and in what it differs
given a file                    `lease show --check` should say whether it is the lease's
given a lease that is approved   each custodian should log once whether its agreement is the lease's, and how to read it
given text of others            it should be quoted, refused or left out, and stop nothing
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

import ape
import pytest
from eth_utils import keccak

from assurance.harness.chain.node import FINALITY
from assurance.harness.commands import put_key
from assurance.harness.text import DANGEROUS, HOSTILE
from datadao.chain.rpc import Call
from datadao.client import Terms
from datadao.crypto.keyfile import new_key
from datadao.messages.agreement import Agreement
from datadao.text import BAR
from tests.cli.conftest import FreshDao

TERMS = (
    *("--dataset", "1", "--purposes", "1", "--period-days", "30", "--periods", "2"),
    *("--price", "100", "--bond", "50", "--royalty-bps", "250", "--exclusive"),
)


def company(live: FreshDao) -> Path:
    home = live.home("licensee")
    new_key(home / "keys" / "sealing")
    return home


def written(live: FreshDao, home: Path, *more: str, name: str = "agreement.json") -> Path:
    path = home / name
    done = live.run(home, "lease", "agreement", *TERMS, "--out", str(path), *more, "--json")
    assert done.code == 0, done.err
    assert done.document["hash"] == "0x" + keccak(path.read_bytes()).hex()
    return path


def requested(live: FreshDao, home: Path, path: Path, *more: str) -> None:
    done = live.run(home, "lease", "request", "--agreement", str(path), "--text", "please", "--yes", *more)
    assert done.code == 0, done.err


def stored(live: FreshDao) -> list[Path]:
    return [path for path in live.objects if "agreements" in path.parts]


def test_agreement__requested_with__is_read_by_holders_in_words(live: FreshDao) -> None:
    home = company(live)
    clauses = home / "clauses.txt"
    clauses.write_text(HOSTILE)
    path = written(live, home, "--clauses", str(clauses), "--prohibit", "sell")
    digest = "0x" + keccak(path.read_bytes()).hex()
    requested(live, home, path)

    (kept,) = stored(live)
    assert kept.read_bytes() == path.read_bytes() and kept.name == digest[2:]
    shown = live.run(home, "lease", "show", "1", "--json").document
    assert shown["agreementHash"] == digest
    agreement = {"hash": digest, "odrl": json.loads(path.read_bytes()), "problem": None, "differences": []}
    assert shown["agreement"] == agreement
    (proposal,) = live.run(home, "proposals", "--json").document["proposals"]
    assert proposal["agreement"] == agreement

    holder = live.home("holder", "TEST::12")
    for words in (("proposals",), ("lease", "show", "1")):
        done = live.run(holder, *words)
        assert done.code == 0 and not DANGEROUS.search(done.out)
        ours = [line.rstrip() for line in done.out.splitlines() if not line.startswith(f"  {BAR}")]
        for line in (
            f"  agreement  keccak256 {digest}, says what the lease says",
            "  means      research: closeMatch DUO:0000042 general research use; relatedMatch train-ai of "
            "draft-ietf-aipref-vocab-08",
            "  erased     to be deleted, and acknowledged, within 14 days",
            "  forbidden  sell",
            "  In the agreement's own words, which this program does not check:",
        ):
            assert line in ours, done.out
        assert not any("9,999" in line for line in ours)


def test_agreement__same_terms_by_either_side__same_bytes(live: FreshDao) -> None:
    home = company(live)
    path = written(live, home)
    other = live.home("counsel", "TEST::10")
    assert written(live, other).read_bytes() == path.read_bytes()
    assert written(live, live.home("third", "TEST::12")).read_bytes() != path.read_bytes(), "another licensee"
    made = Agreement.decode(path.read_bytes())
    assert made.licensee == ape.accounts.test_accounts[10].address and made.timelock == live.addresses["timelock"]
    assert made.asset == str(live.asset.address) and made.price_per_period == 100 * 10**6 and made.ack_window


def test_agreement__compared_with_a_lease(live: FreshDao) -> None:
    home = company(live)
    path = written(live, home)
    requested(live, home, path, "--price", "100", "--exclusive")
    pretty = home / "pretty.json"
    pretty.write_text(json.dumps(json.loads(path.read_bytes()), indent=2))
    for same in (path, pretty):
        assert f"{same} is the agreement of lease 1." in live.run(home, "lease", "show", "1", "--check", str(same)).out
    dearer = written(live, home, "--price", "90", name="other.json")
    refusal = live.run(home, "lease", "show", "1", "--check", str(dearer)).refusal
    assert refusal.endswith("price: 90000000 in the agreement, 100000000 in the lease")
    wordy = written(live, home, "--prohibit", "sell", name="wordy.json")
    refusal = live.run(home, "lease", "show", "1", "--check", str(wordy)).refusal
    assert refusal.endswith("its terms are the same, what it forbids or says in words is not")


def test_agreement__that_says_another_thing_than_the_lease__is_shown_as_such(live: FreshDao) -> None:
    home = company(live)
    path = written(live, home)
    # Whoever asks without this program may sign any hash: of an agreement for less, for one.
    digest = live.run(home, "lease", "agreement", *TERMS, "--price", "90", "--out", str(home / "low.json"), "--publish",
                      "--json").document["hash"]  # fmt: skip
    terms = (1, 1, 100 * 10**6, 30 * 86_400, 2, 50 * 10**6, 250, True, 0, bytes.fromhex(digest[2:]))
    leases, sender = live.addresses["leases"], ape.accounts.test_accounts[10].address
    live.node.rpc("anvil_impersonateAccount", sender)
    asset = str(live.asset.address)
    for to, call in (
        (asset, Call(asset, "DataToken", "approve", (leases, 10**9), "approve")),
        (leases, Call(leases, "DataLeases", "request", (terms, b"\1" * 32, "trust me"), "request")),
    ):
        sent = live.node.rpc("eth_sendTransaction", {"from": sender, "to": to, "data": "0x" + call.data.hex()})
        assert live.node.rpc("eth_getTransactionReceipt", sent)["status"] == "0x1"
    done = live.run(home, "lease", "show", "1")
    assert f"keccak256 {digest}, ANOTHER THAN THE LEASE" in done.out
    assert "price: 90000000 in the agreement, 100000000 in the lease" in done.out
    refusal = live.run(home, "lease", "show", "1", "--check", str(path)).refusal
    assert f"which has the hash {digest}" in refusal


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "it is not in storage; ask the licensee for it"),
        (b"%PDF-1.7", "agreement: keccak256 is "),
        (b"x" * 100_000, "is longer than the 65536 bytes allowed"),
    ],
)
def test_agreement__that_storage_does_not_have__stops_no_reader(
    live: FreshDao, content: bytes | None, reason: str
) -> None:
    home = company(live)
    requested(live, home, written(live, home))
    (kept,) = stored(live)
    kept.unlink()
    if content is not None:
        kept.write_bytes(content)
    for words in (("proposals",), ("lease", "show", "1")):
        done = live.run(home, *words)
        assert done.code == 0 and "not shown: " in done.out
    assert reason in live.run(home, "lease", "show", "1", "--json").document["agreement"]["problem"]


def test_agreement__unfit__is_refused_and_nothing_is_sent_or_stored(live: FreshDao) -> None:
    home = company(live)
    path, offer = written(live, home), written(live, home, "--offer", name="offer.json")
    other = written(live, live.home("third", "TEST::12"), name="third.json")
    hidden = home / "hidden.json"
    hidden.write_text(json.dumps(json.loads(path.read_bytes()) | {"price": "1"}))
    before = live.nonce(10)
    for file, more, reason in (
        (hidden, (), "'price' is no term of the ODRL context"),
        (offer, (), "the licensee: anyone in the agreement"),
        (other, (), "the licensee: 0x"),
        (path, ("--price", "90"), "--price is 90000000, in the agreement 100000000"),
    ):
        words = ("lease", "request", "--agreement", str(file), "--text", "please", *more, "--yes")
        assert reason in live.run(home, *words).refusal
    assert live.nonce(10) == before and not stored(live)


def test_agreement__of_unfit_terms__is_not_written(live: FreshDao) -> None:
    home = company(live)
    path = home / "agreement.json"
    for more, reason in (
        (("--prohibit", "neq"), "'neq' is no action of ODRL"),
        (("--purposes", "1024"), "bits 0x400 have no published meaning"),
        (("--dataset", "9"), "no dataset 9"),
    ):
        assert reason in live.run(home, "lease", "agreement", *TERMS, *more, "--out", str(path)).refusal
        assert not path.exists()
    path.write_text("mine")
    assert "holds something else" in live.run(home, "lease", "agreement", *TERMS, "--out", str(path)).refusal
    assert path.read_text() == "mine"
    missing = live.run(home, "lease", "agreement", "--dataset", "1", "--out", str(home / "other.json"))
    assert missing.code == 2 and "'--purposes', '--price'" in missing.err


OFFERED = ("--dataset", "1", "--purposes", "1", "--period-days", "30", "--periods", "2", "--bond", "50")


@pytest.mark.parametrize("case", ["none", "the same", "another", "lost"])
def test_custodian__of_a_newly_approved_lease__says_whether_its_agreement_is_the_lease(
    live: FreshDao, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    live.node.rpc("anvil_mine", hex(FINALITY))
    home, path = company(live), live.folder / "agreement.json"
    price = "90" if case == "another" else "100"
    more = ("--price", price, "--min-shares", "1", "--offer", "--publish")
    digest = live.run(home, "lease", "agreement", *OFFERED, *more, "--out", str(path), "--json").document["hash"]
    if case == "lost":
        stored(live)[0].unlink()
    agreed = bytes(32) if case == "none" else bytes.fromhex(digest[2:])
    terms = Terms(1, 1, 100 * 10**6, 30 * 86_400, 2, 50 * 10**6, min_shares=1, agreement_hash=agreed)
    until = live.node.web3.eth.get_block("latest")["timestamp"] + 86_400
    live.decide("leases", "createOffer", tuple(vars(terms).values()), "0x" + "00" * 20, 1, until)
    accepted = live.run(home, "lease", "accept", "1", "--yes")
    assert accepted.code == 0, accepted.err
    custodian = live.home("custodian", "TEST::5")
    put_key(custodian, "custodian-0")

    def said() -> list[tuple[int, str]]:
        caplog.clear()
        assert "leases" in live.run(custodian, "custodian", "once", "--json").document
        messages = [(record.levelno, record.getMessage()) for record in caplog.records]
        return [(level, text) for level, text in messages if "agreement" in text]

    assert said() == [], "it is not finally approved"
    live.node.rpc("anvil_mine", hex(FINALITY))
    level, what = {
        "none": (logging.INFO, "none"),
        "the same": (logging.INFO, f"keccak256 {digest}, says what the lease says"),
        "another": (
            logging.WARNING,
            f"keccak256 {digest}, ANOTHER THAN THE LEASE; price: 90000000 in the agreement, 100000000 in the lease",
        ),
        "lost": (
            logging.WARNING,
            f"keccak256 {digest}, not shown: it is not in storage; ask the licensee for it, `lease show --check` "
            "compares",
        ),
    }[case]
    assert said() == [(level, f"slot 1-0: lease 1: agreement {what}; in words: `datadao lease show 1`")]
    shown = live.run(custodian, "lease", "show", "1")
    assert shown.code == 0 and ("the lease says" in shown.out) == (case == "the same")
