"""A custodian before scoring: it opens its share of every new submission and says so on the board."""

from __future__ import annotations

from collections.abc import Iterable

from datadao.board import Board
from datadao.custody import Custodian
from datadao.keyring import Refused


class Bench:
    """What a seat has looked at; submissions are read, and refused ones tried, once in its life."""

    def __init__(self, custodian: Custodian, board: Board) -> None:
        self._custodian, self._board = custodian, board
        self._seen: set[bytes] | None = None

    def round(self, datasets: Iterable[int]) -> tuple[int, Refused]:
        """Test-opens what is new in these datasets; returns how many files opened, and those that did not.

        Raises `StoreUnavailable`, `GateUnavailable`, `SeatMismatch`.
        """
        seat = self._custodian
        if self._seen is None:
            said = self._board.witnesses(seat.epoch, seat.slot)
            # Anybody could have posted in this seat's name: what it signed is what counts.
            mine = (w for w in said if seat.check(seat.seat().signer, w.typed(seat.dao), w.signature))
            self._seen = {name for witness in mine for name in witness.submissions}
        new = dict(pair for number in datasets for pair in self._board.submissions(number, self._seen))
        witnesses, refused = seat.test_open(list(new.values()))
        for witness in witnesses:
            self._board.witness(witness)
        self._seen |= new.keys()
        return len(new) - len(refused), refused
