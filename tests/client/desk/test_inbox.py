"""The desk's inbox, over HTTP, beside a real node and a real storage.

given a member who encrypted a file itself
  when it announces, puts what is missing            attestors should find on the board what it signed, whole
  when it does so again, or from the middle          nothing should be stored twice, and what was begun go on
  when anything is not what was signed               nothing should be kept, and the refusal say why
  when it uses up its day                            others should not be held up
given a contract wallet                              its own word should count
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from assurance.harness.chain.handles import deploy
from datadao.crypto import files
from datadao.crypto.envelope import Envelope
from datadao.desk.document import validator
from datadao.messages.score import Score
from datadao.messages.submission import Submission
from datadao.storage.board import Board

from .conftest import DeskWorld, Made, hexed, refused

DATA = b'{"name":"Ada"}\n' * 100


def test_hand_in__of_what_was_signed__is_on_the_board_whole(desk: DeskWorld) -> None:
    made = desk.make(DATA)
    key = made.submission.id(desk.world.dao.id)
    announced = desk.announce(made)
    assert announced.status_code == 200
    missing = [hexed(digest) for digest in made.objects]
    assert announced.json() == {"id": hexed(key), "state": "announced", "missing": missing, "scored": 0}
    assert desk.board == {}

    first = desk.put(made, made.submission.file_hash)
    assert first.json()["missing"] == [hexed(made.submission.envelope_hash)] and desk.board == {}
    last = desk.put(made, made.submission.envelope_hash)
    assert last.json() == {"id": hexed(key), "state": "handed in", "missing": [], "scored": 0}
    assert desk.board == {key: made.submission}
    assert {digest: desk.world.store.get(digest) for digest in made.objects} == made.objects
    for answer in (announced, first, last, desk.served.get(f"v1/submissions/{hexed(key)}")):
        validator("Submitted").validate(answer.json())


def test_submission__that_attestors_scored__says_how_many_of_them(desk: DeskWorld) -> None:
    made, dao = desk.make(DATA), desk.world.dao
    desk.hand_in(made)
    key, board = made.submission.id(dao.id), Board(dao.id, desk.world.store)
    for name in ("attestor-0", "attestor-1", "stranger"):
        who = dao.actors.get(name) or dao.who(name)
        board.post_score(
            Score(1, key, b"\x01" * 32, 10, 9_000, 0, bytes(32), who.address, b"").signed(dao.id, who.sign)
        )
    forged = dao.actors["attestor-2"].address
    board.post_score(Score(1, key, b"\x01" * 32, 10, 9_000, 0, bytes(32), forged, b"\x01" * 65))
    answer = desk.served.get(f"v1/submissions/{hexed(key)}").json()
    validator("Submitted").validate(answer)
    assert answer["scored"] == 2


def test_hand_in__again_and_from_the_middle__stores_nothing_twice(desk: DeskWorld) -> None:
    made = desk.make(DATA)
    desk.announce(made)
    desk.put(made, made.submission.file_hash)
    assert desk.hand_in(made).json()["state"] == "handed in"
    before = desk.objects
    assert desk.hand_in(made).json()["state"] == "handed in"
    assert desk.put(made, made.submission.file_hash).json()["state"] == "handed in"
    assert desk.objects == before and len(desk.board) == 1


def test_hand_in__by_a_contract_wallet__counts_by_its_own_word(desk: DeskWorld) -> None:
    dao = desk.world.dao
    wallet = deploy(dao.chain, "ContractWallet", desk.member.address, sender=desk.member.address).address
    made = desk.make(DATA)
    unsigned = replace(made.submission, contributor=wallet, signature=b"")
    made.submission = replace(unsigned, signature=desk.member.sign(unsigned.typed(dao.id)))
    assert desk.announce(made).status_code == 200
    made.submission = replace(unsigned, signature=dao.who("stranger").sign(unsigned.typed(dao.id)))
    assert refused(desk.announce(made), 403, "SignatureRefused", f"not signed by {wallet}")


CHANGED: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "a forged signature": ({"signature": b"\x01" * 65}, 403, "SignatureRefused", "is not signed by"),
    "another's name": ({"contributor": "0x" + "11" * 20}, 403, "SignatureRefused", "is not signed by"),
    "another file": ({"file_hash": b"\x01" * 32}, 403, "SignatureRefused", "is not signed by"),
    "too few seals": ({"seals": (b"\x01" * 240,)}, 400, "SubmissionRefused", "expected 3 seals of 240 bytes"),
    "short seals": ({"seals": (b"\x01" * 239,) * 3}, 400, "SubmissionRefused", "expected 3 seals of 240 bytes"),
}


@pytest.mark.parametrize(("changes", "status", "kind", "words"), CHANGED.values(), ids=CHANGED)
def test_announce__what_is_not_as_signed__is_refused_K11(
    desk: DeskWorld, changes: dict[str, Any], status: int, kind: str, words: str
) -> None:
    before, made = desk.objects, desk.make(DATA, **changes)
    assert refused(desk.announce(made), status, kind, words)
    key = hexed(made.submission.id(desk.world.dao.id))
    assert refused(desk.served.get(f"v1/submissions/{key}"), 404, "NotFound", "announce it")
    assert desk.objects == before


def test_announce__for_no_dataset__is_refused(desk: DeskWorld) -> None:
    made = desk.make(DATA, dataset_id=9, signature=b"")
    made.submission = made.submission.signed(desk.world.dao.id, desk.member.sign)
    assert refused(desk.announce(made), 400, "InvalidArgument", "no dataset 9; there are 1 to 1")


def wrong_bytes(made: Made) -> tuple[bytes, bytes]:
    data = made.objects[digest := made.submission.file_hash]
    return digest, data[:-1] + bytes([data[-1] ^ 1])


def cut_short(made: Made) -> tuple[bytes, bytes]:
    digest = made.submission.file_hash
    return digest, made.objects[digest][:-1]


def plaintext(made: Made) -> tuple[bytes, bytes]:
    return made.submission.file_hash, DATA


def of_another_file(made: Made) -> tuple[bytes, bytes]:
    digest = made.submission.envelope_hash
    return digest, replace(Envelope.decode(made.objects[digest]), file_hash=b"\x07" * 32).encode()


@pytest.mark.parametrize("make", [wrong_bytes, cut_short, plaintext, of_another_file])
def test_put__other_bytes_than_were_named__keeps_nothing_K11(
    desk: DeskWorld, make: Callable[[Made], tuple[bytes, bytes]]
) -> None:
    made = desk.make(DATA)
    before = desk.objects
    desk.announce(made)
    assert refused(desk.put(made, *make(made)), 400, "HashMismatch")
    assert (desk.objects, desk.board) == (before, {})
    assert desk.hand_in(made).json()["state"] == "handed in"


@pytest.fixture
def naming(desk: DeskWorld) -> Callable[[bytes, bytes], Made]:
    """A submission that names any two objects, signed."""

    def name(file: bytes, envelope: bytes) -> Made:
        from hashlib import sha256

        made = desk.make(DATA)
        hashes = {"file_hash": sha256(file).digest(), "envelope_hash": sha256(envelope).digest()}
        made.submission = replace(made.submission, **hashes).signed(desk.world.dao.id, desk.member.sign)
        made.objects = {hashes["file_hash"]: file, hashes["envelope_hash"]: envelope}
        return made

    return name


def test_put__a_file_that_is_not_encrypted__is_refused_though_it_is_signed(
    desk: DeskWorld, naming: Callable[[bytes, bytes], Made]
) -> None:
    before, made = desk.objects, naming(DATA, b"envelope")
    desk.announce(made)
    assert refused(desk.put(made, made.submission.file_hash), 400, "HeaderRefused", "no age header")
    assert desk.objects == before


def test_put__an_envelope_that_no_custodian_could_open__is_refused_though_it_is_signed(
    desk: DeskWorld, naming: Callable[[bytes, bytes], Made]
) -> None:
    good = desk.make(DATA)
    envelope = Envelope.decode(good.objects[good.submission.envelope_hash])
    file = good.objects[good.submission.file_hash]
    fewer = replace(envelope, threshold=envelope.threshold - 1).encode()
    for unfit, kind in ((fewer, "SubmissionRefused"), (b"none", "Malformed")):
        made = naming(file, unfit)
        desk.announce(made)
        desk.put(made, made.submission.file_hash)
        assert refused(desk.put(made, made.submission.envelope_hash), 400, kind)
    assert desk.board == {}


def test_put__too_long_or_without_a_length__is_refused_before_it_is_read(desk: DeskWorld) -> None:
    made, before = desk.make(b"x" * 70_000), desk.objects
    desk.announce(made)
    most = f"at most {desk.limits.file_bytes} are taken"
    assert refused(desk.put(made, made.submission.file_hash), 413, "ObjectTooLarge", most)

    def pieces() -> Iterator[bytes]:
        yield made.objects[made.submission.envelope_hash]

    assert refused(desk.put(made, made.submission.envelope_hash, pieces()), 411, "LengthNeeded")
    assert refused(desk.put(made, b"\x01" * 32, b"x"), 404, "NotFound", "names no object")
    assert desk.objects == before


def test_limits__of_one_member__end_its_day_and_nobody_elses(desk: DeskWorld) -> None:
    for number in range(desk.limits.day_submissions):
        assert desk.hand_in(desk.make(b"%d" % number)).status_code == 200
    made = desk.make(b"one more")
    assert refused(desk.announce(made), 429, "TooMuch", f"{desk.member.address}: more than 3 submissions in a day")
    assert desk.hand_in(desk.make(b"one more", desk.world.dao.who("another"))).json()["state"] == "handed in"
    assert len(desk.board) == 4


def test_limits__of_bytes__count_what_came_and_not_what_was_there(desk: DeskWorld) -> None:
    first, second = desk.make(b"x" * 60_000), desk.make(b"y" * 60_000)
    assert desk.hand_in(first).json()["state"] == "handed in"
    assert desk.put(first, first.submission.file_hash).status_code == 200
    desk.announce(second)
    assert refused(desk.put(second, second.submission.file_hash), 429, "TooMuch", "more than 100000 bytes in a day")
    assert desk.hand_in(desk.make(b"small")).json()["state"] == "handed in"


def test_storage_fails__says_try_again_and_nothing_of_the_storage(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datadao.errors import StoreUnavailable
    from datadao.storage.store import Store

    def fail(*_: Any) -> None:
        raise StoreUnavailable("s3://secret-bucket failed")

    made = desk.make(DATA)
    desk.announce(made)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "put_file", fail)
        answer = desk.put(made, made.submission.file_hash)
    assert refused(answer, 503, "StoreUnavailable", "try again in a minute") and "secret" not in answer.text
    assert desk.hand_in(made).json()["state"] == "handed in"


def test_submission_of_the_desk__is_the_one_that_contribute_makes(desk: DeskWorld) -> None:
    """Not one byte differs from what the command line puts on the board."""
    made = desk.make(DATA)
    desk.hand_in(made)
    (name,) = [name for name in desk.objects if name.startswith("submissions/")]
    assert desk.world.store.get(name) == made.submission.encode()
    assert Submission.decode(desk.world.store.get(name)) == made.submission
    head = desk.world.store.get(made.submission.file_hash)[: files.HEADER_LIMIT]
    files.check_header(head, "the file")
