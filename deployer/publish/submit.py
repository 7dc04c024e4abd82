"""Submits publications to a service and waits for what becomes of them; goes on where an earlier run stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from deployer.publish.service import Busy, NotYet, Outcome, Service, ServiceRefused, State
from deployer.publish.sources import Publication

PATIENCE = 600.0
"""Seconds that a run waits, in all, for a service."""
_POLL = 2.0


class Jobs:
    """Submissions whose outcome is not known yet, by service and address, in a file beside the record."""

    def __init__(self, path: Path, service: Service, chain_id: int) -> None:
        self._path, self._key = path, f"{service.url} {chain_id}"

    @classmethod
    def beside(cls, record: Path, service: Service, chain_id: int) -> Jobs:
        return cls(record.with_name(f".publishing-{record.stem}.json"), service, chain_id)

    def of(self, address: str) -> str | None:
        """The submission of a contract; None if none is noted."""
        return self._read().get(self._key, {}).get(address)

    def note(self, address: str, submission: str) -> None:
        self._change(address, submission)

    def forget(self, address: str) -> None:
        self._change(address, None)

    def _change(self, address: str, submission: str | None) -> None:
        noted = self._read()
        own = noted.setdefault(self._key, {})
        own.pop(address, None)
        if submission is not None:
            own[address] = submission
        noted = {key: jobs for key, jobs in noted.items() if jobs}
        if not noted:
            self._path.unlink(missing_ok=True)
            return
        temporary = self._path.with_name(self._path.name + ".new")
        temporary.write_text(json.dumps(noted, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        temporary.replace(self._path)

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            found: dict[str, dict[str, str]] = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):  # a lost note costs a second submission
            return {}
        return found


def publish(
    service: Service,
    chain_id: int,
    items: Sequence[Publication],
    jobs: Jobs,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    patience: float = PATIENCE,
) -> Iterator[tuple[Publication, Outcome]]:
    """Yields each contract once its outcome is known; what is published already is not sent.

    Raises `ServiceRefused` where the service does not answer as it should, or not for so long: what was submitted is
    noted, and the next run goes on.
    """
    end = clock() + patience
    open_ = list(items)
    while True:
        busy, waiting = "", list[Publication]()
        for place, item in enumerate(open_):
            try:
                outcome = _step(service, chain_id, item, jobs)
            except NotYet as error:
                busy, outcome = str(error), Outcome(State.PENDING)
            except Busy as error:
                # Of the others it is asked as little now.
                busy, waiting = str(error), [*waiting, *open_[place:]]
                break
            if outcome.state in (State.PUBLISHED, State.REFUSED):
                jobs.forget(item.address)
                yield item, outcome
            else:
                waiting.append(item)
        open_ = waiting
        if not open_:
            return
        if clock() + _POLL > end:
            names = ", ".join(item.contract for item in open_)
            reason = busy or f"{service.name} has not finished"
            raise ServiceRefused(f"{reason}. Not known yet: {names}; run the same command again later")
        sleep(_POLL)


def _step(service: Service, chain_id: int, item: Publication, jobs: Jobs) -> Outcome:
    """One more request about a contract, or two."""
    submission = jobs.of(item.address)
    if submission:
        outcome = service.outcome(chain_id, submission)
        if outcome.state is not State.UNKNOWN:
            return outcome
        jobs.forget(item.address)
    there = service.published(chain_id, item.address)
    if there.state is State.PUBLISHED:
        return there
    jobs.note(item.address, service.submit(chain_id, item))
    return Outcome(State.PENDING)
