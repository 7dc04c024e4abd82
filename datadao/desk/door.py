"""The relay's door: what members sign for a relay is checked and put on the board.

The desk needs no relay for it, and a relay no desk. What runs beside, in the same folder, is asked what became of each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from datadao.chain.rpc import read_block
from datadao.client import DataDAO
from datadao.desk.usage import Limits, Usage
from datadao.desk.web import NotFound
from datadao.errors import DataDAOError, InvalidArgument, SignatureRefused
from datadao.messages.requests import KINDS, Request, SignedBallot
from datadao.relay.journal import WAITING, Journal
from datadao.relay.judge import Judge
from datadao.storage.board import WEEK, Board
from datadao.values import moment

POSTED = "posted"
"""State of a request that no relay beside this desk looks at."""
LONGEST = 2 * WEEK
"""Seconds ahead that a deadline may be: a relay looks for no older requests."""


class RequestRefused(DataDAOError):
    """A request that could change nothing."""


class Door:
    """`journal` gives the journal of a relay in the same folder, None where there is none."""

    def __init__(
        self, dao: DataDAO, board: Board, usage: Usage, limits: Limits, judge: Judge,
        journal: Callable[[], Journal | None],
    ) -> None:  # fmt: skip
        self._dao, self._board, self._usage, self._limits = dao, board, usage, limits
        self._judge, self._journal = judge, journal

    def post(self, kind: str, document: dict[str, Any], address: str) -> dict[str, Any]:
        """Puts a request on the board; `address` is who connects. The same again changes nothing.

        Raises `SignatureRefused`, `InvalidArgument`, `RequestRefused` for one that is stale or would count nothing,
        `TooMuch`.
        """
        request = KINDS[kind].from_json(document)
        if forged := self._judge.forged(request):
            raise SignatureRefused(f"{forged}; sign it again")
        if self._usage.posted(request.id) is None:
            now = read_block(self._dao.web3, "latest").timestamp
            self._check(request, now)
            connected = address, self._limits.address_requests
            self._usage.take("requests", 1, connected, (request.signer, self._limits.day_requests))
            self._board.request(request, now)
            self._usage.post(request.id, kind)
        return self.standing(request.id)

    def standing(self, key: bytes) -> dict[str, Any]:
        """What became of a request. Raises `NotFound` for one that was not handed in here."""
        journal = self._journal()
        if journal is not None and (about := journal.about(key)) is not None:
            shown = {"id": "0x" + key.hex(), "kind": about["kind"], "state": about["state"], "reason": about["reason"]}
            return shown | ({"transaction": about["transaction"]} if about["transaction"] else {})
        kind = self._usage.posted(key)
        if kind is None:
            raise NotFound(f"no request 0x{key.hex()} was handed in here")
        return {"id": "0x" + key.hex(), "kind": kind, "state": POSTED if journal is None else WAITING}

    def _check(self, request: Request, now: int) -> None:
        deadline = getattr(request, "deadline", None)
        if deadline is not None and not now <= deadline <= now + LONGEST:
            raise InvalidArgument(
                f"deadline {moment(deadline)}: expected one from {moment(now)} to {moment(now + LONGEST)}"
            )
        # What takes a look at all that was ever accepted is left to the relay.
        if isinstance(request, SignedBallot):
            reasons = self._judge.of([request]).dropped
            if request in reasons:
                raise RequestRefused(reasons[request])
