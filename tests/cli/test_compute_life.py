"""A company's program goes to the data, with nothing but the command line: every party a process of its own.

In the end the company has what its program put out, and of the data nothing: the search for any record's words in all
that it received, and in all of storage, finds none.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest

from datadao.messages.bundle import bundles_of
from datadao.messages.purposes import COMPUTE
from tests.cli.world import DAY, World
from tests.client.compute.programs import module

COUNT = """(loop $more (local.set $n (call $read (i32.const 16) (i32.const 60000)))
  (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.extend_i32_u (local.get $n))))
  (br_if $more (local.get $n))) (call $write (i32.const 0) (i32.const 8))"""
"""Puts out how many bytes the records have."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"), members=2, custodians=3, purposes=COMPUTE)
    yield made
    made.close()


def test_compute_lease__from_request_to_output__nobody_but_attestors_reads_K7(world: World) -> None:
    members, attestors, licensee = world.members, world.attestors, world.licensee
    attestors[0].do("keys", "new-fingerprint")
    for other in attestors[1:]:
        shutil.copy(attestors[0].home / "keys" / "fingerprint", other.home / "keys" / "fingerprint")
    # Four units each: together the votes that a young DAO asks for.
    records = [
        {"name": role.name, "diary": f"unmistakable words of {role.name}, day {day}"}
        for role in members
        for day in range(4)
    ]
    for role in members:
        mine = [json.dumps(record) + "\n" for record in records if record["name"] == role.name]
        (role.home / "diary.jsonl").write_text("".join(mine))

    # Data of a dataset that no lease can open
    handed = [role.run("contribute", "--dataset", "1", str(role.home / "diary.jsonl"), "--json") for role in members]
    assert all("No licensee ever holds this data" in done.err for done in handed)
    world.together([(role, "custodian", "once") for role in world.custodians])
    world.together([(role, "attest", "score", "--dataset", "1") for role in attestors])
    attestors[0].do("attest", "draft", "--dataset", "1")
    attestors[1].do("attest", "sign", "--dataset", "1")
    batch = attestors[2].do("attest", "publish", "--dataset", "1", "--yes")["batch"]
    world.wait(DAY)
    members[0].do("activate", str(batch), "--yes")
    world.caught_up()
    world.together([(role, "claim", "--yes") for role in members])

    # A program instead of a purpose
    program, paper = licensee.home / "count.wasm", licensee.home / "agreement.json"
    program.write_bytes(module(COUNT))
    terms = ("--dataset", "1", "--purposes", str(COMPUTE), "--price", "100", "--period-days", "30", "--periods", "2")
    bare = licensee.run("lease", "request", *terms, "--bond", "50", "--text", "no program", "--yes", "--json")
    assert (bare.code, bare.document["error"]["kind"]) == (1, "InvalidArgument")
    made = licensee.do("lease", "agreement", *terms, "--bond", "50", "--program", str(program), "--output", "8",
                       "--out", str(paper))  # fmt: skip
    lease = str(licensee.do("lease", "request", "--agreement", str(paper), "--text", "how much?", "--yes")["lease"])
    shown = members[0].run("lease", "show", lease)
    assert "output 8" in shown.out and made["hash"].removeprefix("0x") in shown.out
    world.wait(DAY + 1)
    world.together([(role, "vote", f"lease:{lease}", "for", "--yes") for role in members])
    world.wait(3 * DAY)
    members[1].do("queue", f"lease:{lease}", "--yes")
    world.wait(2 * DAY)
    members[0].do("execute", f"lease:{lease}", "--yes")
    world.finalize()

    # Keys to the attestors, a result, readiness, money, the output
    world.together([(role, "custodian", "once") for role in world.custodians])
    first = attestors[0].do("compute", "run")
    assert first["leases"] == [
        {"lease": int(lease), "error": None, "run": 0, "ending": "OK", "new": True, "handedOut": []}
    ]
    waiting = licensee.run("compute", "open", lease, "--out", str(licensee.home / "out"), "--json")
    assert (waiting.code, waiting.document["error"]["kind"]) == (1, "ResultsDisagree")
    attestors[1].do("compute", "run")
    assert licensee.do("compute", "show", lease)["agreed"] == "OK"
    world.together([(role, "custodian", "once") for role in world.custodians])
    early = licensee.run("compute", "open", lease, "--out", str(licensee.home / "out"), "--json")
    assert (early.code, early.document["error"]["kind"]) == (1, "LeaseNotStarted")
    licensee.do("lease", "start", lease, "--yes")
    world.finalize()
    assert attestors[1].do("compute", "run")["leases"][0]["handedOut"] == [0]
    opened = licensee.do("compute", "open", lease, "--out", str(licensee.home / "out"))
    size = sum(len(json.dumps(record, separators=(",", ":"), sort_keys=True)) + 1 for record in records)
    assert (licensee.home / "out").read_bytes() == size.to_bytes(8, "little") and opened["bytes"] == 8

    # Nothing of the data
    shut = licensee.run("open", lease, "--out", str(licensee.home / "data"), "--json")
    assert (shut.code, shut.document["error"]["kind"]) == (1, "ComputeLease")
    assert list(world.store.names(bundles_of(world.dao_id, int(lease)))) == []
    received = [path.read_bytes() for path in licensee.home.rglob("*") if path.is_file()]
    for text in [*received, *(data for _, data in world.objects()), *(said for _, said in world.printed())]:
        assert not any(record["diary"].encode() in text for record in records)
