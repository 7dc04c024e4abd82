"""Marks on disk: whatever was added in whatever order, merged or not, half done or by a cluster, answers are the same.

given batches of marks, some of which share marks
  when any marks are asked for                      it should be the answer of sets, here and on a cluster
  when many batches were added                      it should be few runs, of as many marks
  when one died in the middle of adding             it should be as if it had not begun
  when the cluster does not see the folder          it should be said
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from distributed import LocalCluster

from datadao.attestor import known as known_module
from datadao.attestor import runs, segments
from datadao.attestor.known import ALIKE, KnownMarks
from datadao.attestor.marks import MARK
from datadao.errors import ClusterUnavailable, PackageMissing

Batches = dict[str, list[bytes]]


def made(random: Random, batches: int, most: int = 40) -> Batches:
    """Batches of leaves, of a few hundred marks in all, some of which have an upper half in common."""
    halves = [random.randbytes(8) for _ in range(60)] + [bytes(8), b"\xff" * 8]
    pool = [random.choice(halves) + random.randbytes(7) + bytes([at % 3]) for at in range(300)]

    def leaf() -> bytes:
        return b"".join(random.sample(pool, random.randint(0, most)))

    return {f"{name}": [leaf() for _ in range(random.randint(0, 3))] for name in range(batches)}


def each(marks: bytes) -> list[bytes]:
    return [marks[at : at + MARK] for at in range(0, len(marks), MARK)]


def expected(batches: Batches, asked: bytes, standing: dict[str, set[int]]) -> set[int]:
    known = {
        mark
        for name, erased in standing.items()
        for place, leaf in enumerate(batches[name])
        if place not in erased
        for mark in each(leaf)
    }
    return {place for place, mark in enumerate(each(asked)) if mark in known}


def question(random: Random, batches: Batches) -> tuple[bytes, dict[str, set[int]]]:
    some = [mark for leaves in batches.values() for leaf in leaves for mark in each(leaf)]
    asked = [random.choice(some) for _ in range(60)] + [random.choice(some)[:8] + random.randbytes(8) for _ in "ab"]
    names = random.sample(sorted(batches), len(batches) * 2 // 3)
    return b"".join(asked), {name: set(random.sample(range(4), random.randint(0, 2))) for name in names}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments and blocks of so few marks that there are many."""
    monkeypatch.setattr(runs, "SEGMENT", 37)
    monkeypatch.setattr(runs, "MERGED", 150)
    monkeypatch.setattr(segments, "BLOCK", 5)


def filled(folder: Path, batches: Batches) -> KnownMarks:
    fill(known := KnownMarks(folder), batches)
    return known


def fill(known: KnownMarks, batches: Batches) -> None:
    for name, leaves in batches.items():
        known.add(name, lambda leaves=leaves: leaves)


@pytest.mark.parametrize("seed", range(3))
def test_r14__marks_in_merged_runs__are_known_as_sets_know_them(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    batches = made(random, 30)
    known = filled(tmp_path, batches)
    for _ in range(4):
        asked, standing = question(random, batches)
        assert known.among(asked, standing) == expected(batches, asked, standing)
    held = [(run.batches, len(run)) for run in known._all()]
    assert sorted(name for names, _ in held for name in names) == sorted(batches), "each batch once"
    assert sum(size for _, size in held) == sum(len(leaf) for leaves in batches.values() for leaf in leaves) // MARK
    assert len(held) < 2 * ALIKE + 4 < len(batches)


def test_add__again_by_another_process__loads_nothing(tmp_path: Path) -> None:
    filled(tmp_path, made(Random(1), 20))
    again = KnownMarks(tmp_path)
    for name in range(20):
        again.add(str(name), lambda: pytest.fail("it is here"))


@pytest.mark.parametrize("when", ["a half run is written", "a merged run is written", "an old run is half gone"])
def test_add__one_that_died__left_nothing_that_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    random = Random(7)
    batches = made(random, ALIKE - 1, most=1)
    known = filled(tmp_path, batches)

    class Died(Exception):
        pass

    def dies(*_: object) -> None:
        raise Died

    if when == "a half run is written":
        monkeypatch.setattr(runs.json, "dumps", dies)
    elif when == "a merged run is written":
        monkeypatch.setattr(known, "_drop", dies)
    else:
        monkeypatch.setattr(known_module.shutil, "rmtree", dies)
    more = {name: [random.randbytes(MARK)] for name in ("last", "later", "latest")}
    batches |= more
    with pytest.raises(Died):
        fill(known, more)  # until runs are merged
    monkeypatch.undo()
    batches["new"] = [random.randbytes(MARK)]  # with which what was left over goes
    again = filled(tmp_path, batches)
    names = [name for run in again._all() for name in run.batches]
    assert sorted(names) == sorted(batches) and not list(tmp_path.glob(".*"))
    asked, standing = question(random, batches)
    assert again.among(asked, standing) == expected(batches, asked, standing)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as running:
        yield running.scheduler_address


def test_r14__marks_on_a_cluster__are_known_as_here(tmp_path: Path, cluster: str) -> None:
    random = Random(3)
    batches = made(random, 12)
    filled(tmp_path, batches)
    known = KnownMarks(tmp_path, cluster)
    for _ in range(2):
        asked, standing = question(random, batches)
        assert known.among(asked, standing) == expected(batches, asked, standing)
    assert not list(tmp_path.glob(".*")), "what was asked is not left"


def test_r14__batches_that_all_stand__are_known_by_their_marks_alone(tmp_path: Path) -> None:
    random = Random(5)
    batches = made(random, 12)
    known, every = filled(tmp_path, batches), {name: set[int]() for name in batches}
    asked, _ = question(random, batches)
    for column in ("batch", "place"):
        for file in tmp_path.glob(f"run-*/{column}"):
            file.unlink()  # a third of a run, which is not read
    assert known.among(asked, every) == expected(batches, asked, every)


def test_among__cluster_that_does_not_see_the_folder__says_so(
    tmp_path: Path, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = made(Random(3), 2)
    filled(tmp_path, batches)
    find = segments.answer

    def elsewhere(question: object, segment: segments.Segment, *rest: object) -> object:
        return find(question, segments.Segment(Path("/nowhere"), segment.first, segment.count), *rest)

    monkeypatch.setattr(segments, "answer", elsewhere)
    with pytest.raises(ClusterUnavailable, match=f"share {tmp_path} with all of them"):
        KnownMarks(tmp_path, cluster).among(question(Random(1), batches)[0], {"0": set(), "1": set()})


def test_known__without_numpy__names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    import datadao.attestor

    monkeypatch.delattr(datadao.attestor, "runs")
    monkeypatch.delitem(sys.modules, "datadao.attestor.runs")
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(PackageMissing, match=r"pip install 'datadao\[attestor\]'"):
        KnownMarks(tmp_path)
