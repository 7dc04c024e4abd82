"""Work on many objects at once, where waiting for storage is most of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 32
"""So many objects are under way at a time: a store that takes 20 ms for each answers 1,600 a second, and no store is
flooded."""


def together(work: Callable[[T], R], items: Iterable[T], at_once: int = AT_ONCE) -> Iterator[R]:
    """The results in the order of the items, of which at most `at_once` are begun and not yet yielded: memory does not
    grow with their number. `work` runs in threads; `items` is read in the caller's.

    Where `work` raises, no further item is begun, those under way are finished, and its exception is raised in the
    place of its result. What the others did stands. Whoever stops asking for results waits for nothing: what was begun
    ends by itself.
    """
    begun = deque[Future[R]]()
    pool, wanted = ThreadPoolExecutor(at_once, thread_name_prefix="together"), True
    try:
        for item in items:
            if len(begun) == at_once:
                yield begun.popleft().result()
            begun.append(pool.submit(work, item))
        while begun:
            yield begun.popleft().result()
    except GeneratorExit:
        wanted = False
        raise
    finally:
        for waiting in begun:
            waiting.cancel()
        # The garbage collector closes what nobody asks any more, perhaps while some thread starts: a wait for threads
        # would then ask for the lock that the start holds, for ever.
        pool.shutdown(wait=wanted)
