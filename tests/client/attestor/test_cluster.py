"""Many submissions scored at once, on processes of this machine or a Dask cluster: the same leaves as one by one."""

from __future__ import annotations

import hashlib
import inspect
import os
import pickle
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest
from distributed import LocalCluster

from assurance.harness.dao.parties import DAO, Wallet, World
from datadao import errors
from datadao.attestor import cluster as cluster_module
from datadao.attestor.attestor import Attestor, leaf_of
from datadao.attestor.cluster import TASK, _File, assess_all
from datadao.attestor.marks import Table
from datadao.attestor.scoring import JsonLinesScorer, ScoringResult
from datadao.errors import (
    ClusterUnavailable,
    DataDAOError,
    InvalidArgument,
    NotReadable,
    ObjectMissing,
    PackageMissing,
    ScoreRefused,
    SignatureRefused,
    StoreUnavailable,
)
from datadao.messages.submission import Submission
from datadao.storage.store import Store, content_name

SCHEMA = b'{"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}'
POISON = b"poison"


class Explosive(JsonLinesScorer):
    """Dies at one file, as a parser with a bug in native code would: with its whole process."""

    def score(self, file: BinaryIO) -> tuple[ScoringResult, Table]:
        if POISON in file.read():
            os._exit(1)
        file.seek(0)
        return super().score(file)


class Vanishing(JsonLinesScorer):
    """As if storage went away between two files."""

    def score(self, file: BinaryIO) -> tuple[ScoringResult, Table]:
        raise StoreUnavailable("gone")


@pytest.fixture
def shared(tmp_path: Path) -> World:
    """A world whose storage other processes can reach."""
    return World(tmp_path, Store(f"file://{tmp_path}/objects", create=True))


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0") as running:
        yield running.scheduler_address


def attestor(world: World, kind: type[JsonLinesScorer] = JsonLinesScorer) -> Attestor:
    return world.attestor(scorer=kind(SCHEMA, hashlib.sha256(SCHEMA).digest(), bytes(range(32))))


def records(world: World, count: int, first: int = 0) -> dict[str, Submission]:
    return {f"{i}": world.contribute(b'{"age": %d}\n' % i, Wallet(f"member {i}")) for i in range(first, first + count)}


def vouched(submissions: dict[str, Submission]) -> dict[bytes, set[int]]:
    return {item.id(DAO): set(range(5)) for item in submissions.values()}


def one_by_one(who: Attestor, submissions: dict[str, Submission], opened: dict[bytes, set[int]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, item in submissions.items():
        try:
            found[name] = who.assess(item, opened)
        except DataDAOError as error:
            found[name] = (type(error), str(error), vars(error))
    return found


def all_at_once(
    who: Attestor, submissions: dict[str, Submission], opened: dict[bytes, set[int]], **how: object
) -> dict:
    results = assess_all(who, submissions, opened, **how)
    return {
        n: (type(r), str(r), vars(r)) if isinstance(r, DataDAOError) else leaf_of(submissions[n], r) for n, r in results
    }


@pytest.mark.parametrize("where", ["here", "processes", "cluster"])
def test_assess_all__good_and_bad_files__same_results_as_one_by_one(
    shared: World, request: pytest.FixtureRequest, where: str
) -> None:
    submissions = records(shared, TASK - 6 if where == "here" else TASK + 3)
    submissions["unsigned"] = replace(submissions["0"], signature=bytes(65))
    submissions["junk"] = shared.contribute(b"no records here\n", Wallet("junk"))
    submissions["lost"] = shared.contribute(b'{"age": 99}\n', Wallet("lost"))
    opened = vouched(submissions)
    submissions["unread"] = shared.contribute(b'{"age": 98}\n', Wallet("unread"))
    (shared.home / "objects" / content_name(submissions["lost"].file_hash)).unlink()
    who = attestor(shared)
    how = {"here": {}, "processes": {"workers": 2}, "cluster": {}}[where]
    if where == "cluster":
        how = {"scheduler": request.getfixturevalue("cluster")}
    found = all_at_once(who, submissions, opened, **how)
    assert found == one_by_one(who, submissions, opened)
    refused = {name: result[0] for name, result in found.items() if isinstance(result[0], type)}
    expected = {"unsigned": SignatureRefused, "junk": ScoreRefused, "lost": ObjectMissing, "unread": NotReadable}
    assert refused == expected


def test_assess_all__file_that_kills_its_worker__is_refused_alone(
    shared: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cluster_module._LOCALLY, "distributed.scheduler.allowed-failures", 0)
    poison = shared.contribute(b'{"age": 1, "note": "%s"}\n' % POISON, Wallet("mallory"))
    submissions = {"poison": poison, **records(shared, TASK)}
    opened = vouched(submissions)
    results = all_at_once(attestor(shared, Explosive), submissions, opened, workers=1)
    refused = results.pop("poison")
    assert refused[0] is ScoreRefused and "KilledWorker" in refused[1]
    del submissions["poison"]
    assert results == one_by_one(attestor(shared), submissions, opened)


def test_assess_all__storage_goes_away__stops(shared: World, cluster: str) -> None:
    submissions = records(shared, 2)
    with pytest.raises(StoreUnavailable, match="gone"):
        list(assess_all(attestor(shared, Vanishing), submissions, vouched(submissions), scheduler=cluster))


def test_assess_all__storage_of_this_process_only__refused(world: World, cluster: str) -> None:
    submissions = records(world, 1)
    with pytest.raises(InvalidArgument, match="memory:// store"):
        list(assess_all(attestor(world), submissions, vouched(submissions), scheduler=cluster))


def test_assess_all__no_scheduler_there__says_so(shared: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datadao.attestor.cluster._PATIENCE", 0.2)
    submissions = records(shared, 1)
    with pytest.raises(ClusterUnavailable, match=r"127\.0\.0\.1:9: .*is it running"):
        list(assess_all(attestor(shared), submissions, vouched(submissions), scheduler="tcp://127.0.0.1:9"))


def test_assess_all__without_dask__names_the_extra(shared: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    submissions = records(shared, 1)
    with pytest.raises(PackageMissing, match=r"pip install 'datadao\[attestor\]'"):
        list(assess_all(attestor(shared), submissions, vouched(submissions), scheduler="tcp://127.0.0.1:9"))


def test_file__shown_in_a_log__hides_its_key() -> None:
    secret = bytes(range(32))
    assert str(secret) not in repr(_File(bytes(32), secret)) and secret.hex() not in repr(_File(bytes(32), secret))


REFUSALS = [c for c in vars(errors).values() if inspect.isclass(c) and issubclass(c, DataDAOError)]
VALUES = {
    "int": 3,
    "str": "text",
    "bytes": bytes(32),
    "tuple[int, ...]": (1, 2),
    "Sequence[str]": ["0x12"],
    "Any": "what else",
}


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_refusal__through_another_process__stays_what_it_is(kind: type[DataDAOError]) -> None:
    own = kind.__init__ is not DataDAOError.__init__ and inspect.isfunction(kind.__init__)
    taken = list(inspect.signature(kind.__init__).parameters.values())[1:] if own else []
    error = kind(*(VALUES[p.annotation] for p in taken)) if own else kind("what and why")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(again), str(again), vars(again)) == (kind, str(error), vars(error))
