"""The whole life of a contribution with nothing but the command line: thirteen parties, each in processes of its own.

In the end the plaintext is where it belongs (at home, and at the licensee that paid for it) and nowhere else, and no
secret was ever shown.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from datadao.messages.bundle import bundles_of
from tests.cli.world import DAY, UNIT, World

PRICE, PERIODS, BOND = 100, 2, 50
OWNED = 4
"""Files of all members together."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.close()


def diaries(world: World) -> dict[Path, bytes]:
    """One file of each member, and a second one of the first: of each, a line that is found nowhere else."""
    found = {}
    for number in range(OWNED):
        role = world.members[number % len(world.members)]
        lines = [
            {"name": role.name, "diary": f"unmistakable words of {role.name}, file {number}, day {d}"} for d in (1, 2)
        ]
        path = role.home / f"diary-{number}.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        found[path] = f"unmistakable words of {role.name}, file {number}".encode()
    return found


def test_life__from_contribute_to_erase__every_party_a_process_of_its_own(world: World) -> None:
    members, (first, second, third), licensee = world.members, world.attestors, world.licensee
    marks = diaries(world)
    first.do("keys", "new-fingerprint")
    secret = (first.home / "keys" / "fingerprint").read_bytes()
    for other in (second, third):  # over a private channel
        (other.home / "keys" / "fingerprint").touch(mode=0o600)
        (other.home / "keys" / "fingerprint").write_bytes(secret)

    # Contributors hand in, custodians on duty test-open
    on_duty = [world.daemon(role, "custodian", "run", "--interval", "2") for role in world.custodians]
    handed = world.together([
        (role, "contribute", "--dataset", "1", *(str(path) for path in marks if path.parent == role.home))
        for role in members
    ])  # fmt: skip
    assert [len(one["files"]) for one in handed] == [2, 1, 1]
    board = world.board()
    world.until(lambda: all(sum(len(w.submissions) for w in board.witnesses(1, slot)) == OWNED for slot in range(5)))

    # Attestors score, one drafts, another signs, the third relays
    scored = world.together([(role, "attest", "score", "--dataset", "1") for role in world.attestors])
    assert [len(one["scored"]) for one in scored] == [OWNED] * 3
    assert first.do("attest", "draft", "--dataset", "1")["count"] == OWNED
    early = third.run("attest", "publish", "--dataset", "1", "--yes", "--json")
    assert (early.code, early.document["error"]["kind"]) == (1, "NotEnoughSignatures")
    assert len(second.do("attest", "sign", "--dataset", "1")["signed"]) == 1
    batch = third.do("attest", "publish", "--dataset", "1", "--yes")["batch"]
    world.wait(DAY)
    members[0].do("activate", str(batch), "--yes")
    world.caught_up()
    claimed = world.together([(role, "claim", "--yes") for role in members])
    assert [one["contributions"] for one in claimed] == [2, 1, 1]
    # Every line is a valid record: 2 units of full quality a file, 10^9 shares a unit.
    assert [int(one["tokens"]) for one in claimed] == [4 * 10**9, 2 * 10**9, 2 * 10**9]

    # A company asks, holders agree
    asked = licensee.do(
        *("lease", "request", "--dataset", "1", "--purposes", "1", "--price", str(PRICE), "--period-days", "30"),
        *("--periods", str(PERIODS), "--bond", str(BOND), "--text", "open research", "--yes"),
    )
    assert int(asked["escrow"]) == (PRICE * PERIODS + BOND) * UNIT
    lease = str(asked["lease"])
    shut = licensee.run("open", lease, "--out", str(licensee.home / "data"), "--json")
    assert (shut.code, shut.document["error"]["kind"]) == (1, "LeaseNotStarted")
    world.wait(DAY + 1)
    world.together([(role, "vote", f"lease:{lease}", "for", "--yes") for role in members])
    world.wait(3 * DAY)
    members[1].do("queue", f"lease:{lease}", "--yes")
    world.wait(2 * DAY)
    members[2].do("execute", f"lease:{lease}", "--yes")

    # Keys ready, then money, then keys
    world.finalize()
    world.until(lambda: len(list(board.readiness(int(lease)))) == 5)
    bundles = bundles_of(world.dao_id, int(lease))
    assert list(world.store.names(bundles)) == [], "a custodian published before it was paid"
    started = licensee.do("lease", "start", lease, "--yes")
    assert (started["status"], started["paidPeriods"]) == ("Active", 1)
    world.finalize()
    world.until(lambda: len(list(world.store.names(bundles))) == 5)
    opened = licensee.do("open", lease, "--out", str(licensee.home / "data"))
    assert not opened["left"] and not opened["faults"]
    assert json.loads(Path(opened["description"]).read_text())["name"] == "Data DAO dataset 1"
    assert sorted(Path(item["path"]).read_bytes() for item in opened["opened"]) == sorted(p.read_bytes() for p in marks)

    # Rent reaches contributors in proportion, less the treasury's 5 %
    paid = world.together([(role, "claim", "--yes") for role in members])
    for one, share in zip(paid, (2, 1, 1), strict=True):
        # Rounded down once in each of the two pools.
        assert 0 <= PRICE * UNIT * 95 // 100 * share // 4 - int(one["income"]) <= 2

    # A member leaves: its file is to be deleted, and no licensee opens it any more
    members[1].do("erase", "--all", "--yes")
    again = licensee.do("open", lease, "--out", str(licensee.home / "data"))
    ((leaving, _),) = [item for item in marks.items() if item[0].parent == members[1].home]
    assert [Path(name).read_bytes() for name in again["delete"]] == [leaving.read_bytes()]
    Path(again["delete"][0]).unlink()
    licensee.do("lease", "acknowledge", lease, "--yes")
    fresh = licensee.do("open", lease, "--out", str(licensee.home / "anew"))
    assert len(fresh["opened"]) == OWNED - 1
    assert world.door.late["eth_getTransactionReceipt"], "back ends lagged all the while"
    status = members[1].do("status")
    assert status["me"]["tokens"] == "0" and status["leases"][0]["status"] == "Active"

    assert [world.stop(process) for process in on_duty] == [0] * 5
    search(world, marks)

    # The search bites: a leak of either kind, anywhere, ends it
    (world.logs / "leak.err").write_text(f"signing with {members[0].private_key.hex()}")
    with pytest.raises(AssertionError, match=r"member0's private key is in logs/leak\.err"):
        search(world, marks)
    world.store.put_bytes(b"..." + next(iter(marks.values())))
    with pytest.raises(AssertionError, match=r"the plaintext of diary-0\.jsonl is in sha256/"):
        search(world, marks)


def search(world: World, marks: dict[Path, bytes]) -> None:
    """No plaintext outside its owner's folder and the licensee's; no secret outside its owner's folder."""
    public = [*world.objects(), *world.transcript(), *world.printed()]
    assert len(public) > 100
    everywhere = [
        *public,
        *(
            (str(path.relative_to(world.folder)), path.read_bytes())
            for role in (*world.attestors, *world.custodians)
            for path in role.home.rglob("*")
            if path.is_file()
        ),
    ]
    for where, data in everywhere:
        for path, mark in marks.items():
            assert mark not in data, f"the plaintext of {path.name} is in {where}"
    # The search can find something: what is public is there.
    assert any(world.members[0].address[2:].lower().encode() in data.lower() for _, data in world.printed())
    for what, data in world.secrets().items():
        for where, text in public:
            for form in forms(data):
                assert form not in text, f"{what} is in {where}"


def forms(secret: bytes) -> list[bytes]:
    """A secret as it might be written."""
    if secret.startswith(b"-----BEGIN"):
        body = b"".join(secret.splitlines()[1:-1])
        raw = base64.b64decode(body)[-32:]
        return [body, raw, raw.hex().encode()]
    text = secret.strip()
    return [text, text.hex().encode(), text.hex().upper().encode()]
