"""What a command refuses, it refuses in one line, with exit code 1, and without having done any of it."""

from __future__ import annotations

import json
from pathlib import Path

import ape
import pytest

from assurance.harness.chain.node import FINALITY
from assurance.harness.commands import put_key
from datadao.crypto.keyfile import new_key, new_secret
from datadao.errors import StoreUnavailable
from datadao.storage.board import Board
from datadao.storage.store import Store
from tests.cli.conftest import FreshDao

GOOD = json.dumps({"name": "n", "diary": "d"}).encode() + b"\n"


def member(live: FreshDao, **changes: object) -> Path:
    return live.home("member", "TEST::12", **changes)


def written(home: Path, data: bytes = GOOD, name: str = "diary.jsonl") -> Path:
    path = home / name
    path.write_bytes(data)
    return path


REQUEST = ("--dataset", "1", "--purposes", "1", "--period-days", "30", "--periods", "2", "--text", "please")


def requested(live: FreshDao, price: str = "100", bond: str = "50") -> tuple[Path, int]:
    """A licensee's folder and its lease."""
    home = live.home("licensee")
    new_key(home / "keys" / "sealing")
    done = live.run(home, "lease", "request", *REQUEST, "--price", price, "--bond", bond, "--yes", "--json")
    return home, done.document["lease"]


# Contributing


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "expected 1 to 100 bytes, got 0"),
        (GOOD * 5, f"expected 1 to 100 bytes, got {5 * len(GOOD)}"),
        (b"no json\n", "none of 1 lines is a record of this dataset"),
        (GOOD + b"x\nx\nx\n", "its quality is 25 %, the dataset takes 50 % or more"),
    ],
)
def test_contribute__one_unfit_file_among_two__hands_in_neither(live: FreshDao, data: bytes, expected: str) -> None:
    home = member(live, max_file=100)
    before = live.objects
    bad = written(home, data, "bad.jsonl")
    refusal = live.run(home, "contribute", str(written(home)), str(bad), "--dataset", "1").refusal
    assert refusal.startswith(f"{bad}: ") and expected in refusal and refusal.endswith("nothing was handed in")
    assert live.objects == before and not (home / "receipts").exists()


@pytest.mark.parametrize(("name", "expected"), [("missing", "No such file"), (".", "Is a directory")])
def test_contribute__unreadable_file__is_reported(live: FreshDao, name: str, expected: str) -> None:
    home = member(live)
    refusal = live.run(home, "contribute", str(home / name), "--dataset", "1").refusal
    assert refusal.startswith(f"{home / name}: {expected}")


def test_contribute__unknown_dataset__says_which_there_are(live: FreshDao) -> None:
    home = member(live)
    before = live.objects
    assert (
        live.run(home, "contribute", str(written(home)), "--dataset", "7").refusal == "no dataset 7; there are 1 to 1"
    )
    assert live.objects == before


@pytest.mark.parametrize(
    ("key", "expected"), [("x", "storage failed at "), (None, "no S3 credentials: set AWS_ACCESS_KEY_ID")]
)
def test_contribute__storage_out_of_reach__is_reported_and_signs_nothing(
    live: FreshDao, monkeypatch: pytest.MonkeyPatch, key: str | None, expected: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
        if key:
            monkeypatch.setenv(name, key)
    s3 = {"url": "s3://bucket", "endpoint": "http://127.0.0.1:9", "region": "eu", "http": True, "timeout": 1}
    home = member(live, store=s3)
    refusal = live.run(home, "contribute", str(written(home)), "--dataset", "1").refusal
    assert refusal.startswith(expected) and "\n" not in refusal
    assert not (home / "receipts").exists()


@pytest.mark.parametrize("broken", range(6), ids=lambda n: f"storage fails at write {n}")
def test_contribute__storage_fails_at_any_write__repeating_the_command_hands_in_each_file_once(
    live: FreshDao, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    home = member(live)
    files = [str(written(home, GOOD, "a.jsonl")), str(written(home, GOOD.replace(b'd"}', b'e"}'), "b.jsonl"))]
    writes = 0
    create = Store._create

    def failing(store: Store, name: str, data: bytes) -> None:
        nonlocal writes
        writes += 1
        if writes == broken + 1:
            raise StoreUnavailable(f"storage failed at {name}")
        create(store, name, data)

    monkeypatch.setattr(Store, "_create", failing)
    first = live.run(home, "contribute", *files, "--dataset", "1", "--json")
    second = live.run(home, "contribute", *files, "--dataset", "1", "--json")
    # Ciphertext, envelope, submission: three writes a file.
    assert second.code == 0 and writes <= 6 + 3 + 1, "what was stored is stored again"
    # The files go side by side: the other one may be through.
    through = [item["new"] for item in second.document["files"]].count(False)
    assert through <= 1 and first.code == (3 if through else 1)
    assert first.document["error"]["kind"] == ("PartlyDone" if through else "StoreUnavailable")
    third = live.run(home, "contribute", *files, "--dataset", "1", "--json")
    assert [item["new"] for item in third.document["files"]] == [False, False]
    assert len(list(submissions(live))) == 2
    receipts = list((home / "receipts").iterdir())
    assert len(receipts) == 2 and all(path.stat().st_mode & 0o077 == 0 for path in receipts)


def submissions(live: FreshDao):
    from datadao.client import DataDAO

    with ape.networks.parse_network_choice(live.node.url):
        board = Board(DataDAO(live.addresses, ape.networks.provider.web3).id, Store((live.folder / "storage").as_uri()))
    return board.submissions(1)


# Sending


def test_send__without_yes_and_without_a_terminal__sends_nothing(live: FreshDao) -> None:
    home = live.home("licensee")
    new_key(home / "keys" / "sealing")
    before = live.nonce(10)
    done = live.run(home, "lease", "request", *REQUEST, "--price", "100", "--bond", "50")
    assert done.refusal == "there is no terminal to confirm at: pass --yes; nothing was sent"
    assert "about" in done.err and "gas" in done.err and "allow the leases contract to take 250 TUSD" in done.err
    assert live.nonce(10) == before


def test_send__a_call_the_contract_refuses__is_named_with_its_arguments_and_not_sent(live: FreshDao) -> None:
    home, before = member(live), live.nonce(12)
    assert live.run(home, "activate", "3", "--yes").refusal == (
        "activate batch 3: DatasetRegistry_UnknownBatch(batchId=3)"
    )
    assert live.nonce(12) == before


def test_send__without_money_for_the_fee__is_refused_before_anything_is_sent(live: FreshDao) -> None:
    home, lease = requested(live)
    live.node.rpc("anvil_setBalance", ape.accounts.test_accounts[10].address, "0x0")
    refusal = live.run(home, "lease", "cancel", str(lease), "--yes").refusal
    address = ape.accounts.test_accounts[10].address
    assert refusal.startswith(f"{address} holds 0 ETH, the fee is about 0.0") and refusal.endswith("nothing was sent")


# Leases


def test_request__more_than_the_account_holds__is_refused_before_anything_is_allowed(live: FreshDao) -> None:
    home = live.home("licensee")
    new_key(home / "keys" / "sealing")
    before = live.nonce(10)
    done = live.run(home, "lease", "request", *REQUEST, "--price", "500", "--bond", "0.5", "--yes")
    address = ape.accounts.test_accounts[10].address
    assert done.refusal == f"{address} holds 1,000 TUSD, the lease escrows 1,000.5 TUSD"
    assert live.nonce(10) == before


@pytest.mark.parametrize("amount", ["-1", "1e3", "1,000", "0.0000001", "", "1.", "½", "9" * 61])
def test_request__amount_that_is_none__is_refused(live: FreshDao, amount: str) -> None:
    home = live.home("licensee")
    new_key(home / "keys" / "sealing")
    refusal = live.run(home, "lease", "request", *REQUEST, f"--price={amount}", "--bond", "1", "--yes").refusal
    assert refusal.startswith("--price: ") and repr(amount) in refusal


def test_lease__unknown__says_which_there_are(live: FreshDao) -> None:
    home = live.home("licensee")
    for command in ("show", "start", "pay", "end", "refund", "cancel", "acknowledge"):
        assert live.run(home, "lease", command, "4", *(() if command == "show" else ("--yes",))).refusal == (
            "no lease 4; there are none"
        )
    assert live.run(home, "open", "4", "--out", str(home / "out")).refusal == "no lease 4; there are none"
    assert not (home / "out").exists()


def test_lease__that_is_only_requested__cannot_be_started_paid_opened_or_refunded(live: FreshDao) -> None:
    home, lease = requested(live)
    before = live.nonce(10)

    def refusal(*command: str) -> str:
        return live.run(home, *command).refusal

    assert refusal("lease", "start", str(lease), "--yes") == (
        f"lease {lease} is Pending; only an Approved one can be started"
    )
    wrong = f"DataLeases_WrongStatus(leaseId={lease}, actual=Pending)"
    assert refusal("lease", "start", str(lease), "--without-keys", "--yes") == f"start lease {lease}: {wrong}"
    assert refusal("lease", "pay", str(lease), "--yes").endswith(wrong)
    idle = live.run(home, "lease", "refund", str(lease), "--yes")
    assert (idle.code, idle.out) == (0, f"Nothing to do: lease {lease}, which is Pending, returns nothing now\n")
    shut = refusal("open", str(lease), "--out", str(home / "out"))
    assert shut.startswith(f"no keys are released for lease {lease}, which is Pending") and not (home / "out").exists()
    assert live.nonce(10) == before
    assert live.run(home, "lease", "show", str(lease), "--json").document["escrow"] == "200000000"


def test_lease__withdrawn__gives_everything_back(live: FreshDao) -> None:
    home, lease = requested(live)
    assert live.run(home, "lease", "cancel", str(lease), "--yes").code == 0
    live.node.rpc("evm_increaseTime", 2 * 86_400)
    live.node.rpc("evm_mine")
    refunded = live.run(home, "lease", "refund", str(lease), "--yes", "--json")
    assert refunded.document["amount"] == "250000000"
    assert live.run(home, "status", "--json").document["me"]["asset"] == "1000000000"


def test_lease__of_another_account__is_the_contracts_refusal(live: FreshDao) -> None:
    _, lease = requested(live)
    stranger = member(live)
    refusal = live.run(stranger, "lease", "cancel", str(lease), "--yes").refusal
    caller, owner = (ape.accounts.test_accounts[n].address for n in (12, 10))
    assert f"DataLeases_NotLicensee(caller={caller.lower()}, licensee={owner.lower()})" in refusal


def test_open__without_the_leases_key__says_which_is_missing(live: FreshDao) -> None:
    home, lease = requested(live)
    (home / "keys" / "sealing").rename(home / "elsewhere")
    new_key(home / "keys" / "sealing")
    refusal = live.run(home, "open", str(lease), "--out", str(home / "out")).refusal
    assert f"is that of lease {lease}, 0x" in refusal and "restore it from a copy" in refusal


def test_rotate_key__is_seen_on_chain__and_both_keys_are_kept(live: FreshDao) -> None:
    home, lease = requested(live)
    fresh = live.run(home, "keys", "new", "second", "--json").document["hpkeKey"]
    live.run(home, "lease", "rotate-key", str(lease), "--key", "second", "--yes")
    assert live.run(home, "lease", "show", str(lease), "--json").document["hpkeKey"] == fresh
    assert set(live.run(home, "keys", "show", "--json").document["keys"]) == {"sealing", "second"}


# Voting


def test_vote__unknown_closed_or_powerless__is_refused_before_gas_is_paid(live: FreshDao) -> None:
    home = member(live)

    def refusal(proposal: str) -> str:
        return live.run(home, "vote", proposal, "for", "--yes").refusal

    assert refusal("lease:9") == "no proposal lease:9; `datadao proposals` lists them"
    assert refusal("lease") == "proposal 'lease': expected its id, or lease:<lease id>"
    _, lease = requested(live)
    assert refusal(f"lease:{lease}") == f"proposal lease:{lease} is Pending; only an Active one can be voted on"
    live.node.rpc("evm_increaseTime", 86_401)
    live.node.rpc("evm_mine")
    assert "had no votes when proposal" in refusal(f"lease:{lease}")
    queue = live.run(home, "queue", f"lease:{lease}", "--yes").refusal
    assert queue == f"proposal lease:{lease} is Active; to queue it, it has to be Succeeded"
    (listed,) = live.run(home, "proposals", "--json").document["proposals"]
    assert (listed["leaseId"], listed["state"], listed["for"]) == (lease, "Active", "0")


def test_vote__side_that_is_none__is_wrong_usage(live: FreshDao) -> None:
    assert live.run(member(live), "vote", "lease:1", "yes", "--yes").code == 2


# Attesting and keeping


def test_attest__by_a_stranger_or_with_another_key__is_refused(live: FreshDao) -> None:
    stranger, attestor = member(live), live.home("attestor", "TEST::2")
    put_key(stranger, "attestor-0")
    put_key(attestor, "attestor-1")
    assert "is not an attestor of set 1" in live.run(stranger, "attest", "score", "--dataset", "1").refusal
    refusal = live.run(attestor, "attest", "score", "--dataset", "1").refusal
    assert refusal.startswith("key sealing is not the one the chain names for 0x")


def test_attest__without_scores_or_signatures__says_what_is_missing(live: FreshDao) -> None:
    home = live.home("attestor", "TEST::2")
    before = live.objects
    without = live.run(home, "attest", "draft", "--dataset", "1").refusal
    assert without.startswith("no key file ") and "attestors hold one secret in common" in without
    (home / "keys").mkdir()
    new_secret(home / "keys" / "fingerprint")
    drafted = live.run(home, "attest", "draft", "--dataset", "1")
    assert drafted.code == 0 and "Nothing to do: no new submission to dataset 1 has 2 scores" in drafted.out
    published = live.run(home, "attest", "publish", "--dataset", "1", "--yes", "--json")
    assert published.code == 0
    assert published.document == {"nothing": "no batch of dataset 1 is drafted and unpublished"}
    assert live.objects == before
    assert live.run(home, "attest", "sign", "--dataset", "1", "--json").document == {"signed": [], "refused": []}


def test_attest_score__before_custodians_could_open__waits_and_says_so(live: FreshDao) -> None:
    giver, home = member(live), live.home("attestor", "TEST::2")
    live.run(giver, "contribute", str(written(giver)), "--dataset", "1")
    put_key(home, "attestor-0")
    live.run(home, "keys", "new-fingerprint")
    done = live.run(home, "attest", "score", "--dataset", "1", "--json")
    assert done.code == 1 and done.document["scored"] == []
    ((waiting,), refused) = done.document["waiting"], done.document["refused"]
    assert waiting["kind"] == "NotReadable" and refused == []


def test_custodian__whose_key_holds_no_slot__is_refused(live: FreshDao) -> None:
    home = member(live)
    new_key(home / "keys" / "sealing")
    refusal = live.run(home, "custodian", "once").refusal
    assert "at finalized block 0, and the DAO was deployed in block" in refusal and "wait" in refusal
    live.node.rpc("anvil_mine", hex(FINALITY))
    refusal = live.run(home, "custodian", "once").refusal
    assert "holds or held a slot" in refusal


# Nothing to do is no failure


def test_claim_withdraw_contributions__with_nothing_there__say_so(live: FreshDao) -> None:
    home = member(live)
    assert live.run(home, "claim", "--yes", "--json").document["transactions"] == []
    assert live.run(home, "withdraw", "--yes", "--json").document == {"amount": "0", "transactions": []}
    assert live.run(home, "contributions", "--json").document == {"contributions": []}
    erased = live.run(home, "erase", "--all", "--yes", "--json")
    assert erased.code == 0 and erased.document["nothing"].endswith("has no accepted contribution to erase")
    assert live.run(home, "erase", "--yes").code == 2
