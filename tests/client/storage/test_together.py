"""Many objects at once: as many as said, in their order, and nothing begun after a failure."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from datadao.storage.together import together


class Meter:
    """Counts what is under way; the first so many wait for each other, so that they can only pass side by side."""

    def __init__(self, side_by_side: int) -> None:
        self._barrier, self._lock = threading.Barrier(side_by_side, timeout=30), threading.Lock()
        self._together, self._now = side_by_side, 0
        self.begun, self.most = list[int](), 0

    def work(self, number: int) -> int:
        with self._lock:
            self.begun.append(number)
            self._now += 1
            self.most = max(self.most, self._now)
        if number < self._together:
            self._barrier.wait()
        with self._lock:
            self._now -= 1
        return number


def test_together__many__so_many_at_once_and_in_order() -> None:
    meter = Meter(side_by_side=8)
    assert [*together(meter.work, range(100), at_once=8)] == [*range(100)]
    assert meter.most == 8


def test_together__of_an_endless_iterable__begins_no_more_than_so_many_ahead() -> None:
    drawn: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            drawn.append(len(drawn))
            yield drawn[-1]

    results = together(lambda number: number, endless(), at_once=4)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    results.close()  # type: ignore[attr-defined]
    assert len(drawn) <= 3 + 4 + 1


def test_together__one_fails__those_under_way_are_finished_and_no_further_one_is_begun() -> None:
    finished: list[int] = []
    failed = threading.Event()

    def work(number: int) -> int:
        if number == 2:
            failed.set()
            raise OSError("the disk is gone")
        if number == 3:
            assert failed.wait(30)
        finished.append(number)
        return number

    results = together(work, range(1000), at_once=4)
    got: list[int] = []
    with pytest.raises(OSError, match="the disk is gone"):
        got.extend(results)
    assert 3 in finished
    assert len(finished) < 20, "what was not begun stays undone"


def test_together__of_nothing__yields_nothing() -> None:
    assert [*together(str, [])] == []


def test_together__of_which_no_more_is_asked__waits_for_nothing() -> None:
    begun, free, ended = threading.Event(), threading.Event(), threading.Event()

    def work(item: int) -> int:
        if item:
            begun.set()
            free.wait(60)
            ended.set()
        return item

    results = together(work, range(9), at_once=2)
    assert next(results) == 0
    assert begun.wait(30), "what no thread took yet is not begun at all"
    late = threading.Timer(30, free.set)
    late.start()
    results.close()
    assert not free.is_set(), "it waited for what was begun"
    free.set()
    assert ended.wait(30)
    late.cancel()
