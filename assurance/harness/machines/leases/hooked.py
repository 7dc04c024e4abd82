"""An asset that calls back at both ends of every transfer, all life long (X-2): it never finds less there than is owed,
and can do nothing that is for others to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import eth_abi

from assurance.harness.chain.handles import Event, Handle
from assurance.harness.dao.zoo import hook
from assurance.harness.machines.leases.life import LeaseLife
from assurance.harness.machines.life import ALL_POOLS


class Hooked(LeaseLife):
    def hook(self) -> None:
        if self.asset.species.contract == "HookAsset":
            hook(self.dao.asset, *self._calls())

    def _calls(self) -> list[tuple[Handle, str, tuple[Any, ...]]]:
        dao, me = self.dao, self.dao.asset.address
        return [
            (dao.leases, "solvency", ()),
            (dao.models, "solvency", ()),
            (dao.splitter, "conservation", ALL_POOLS),
            (dao.asset, "balanceOf", (dao.splitter.address,)),
            (dao.splitter, "claimTo", (me, [0, 1, 2])),
            (dao.models, "withdrawTo", (me,)),
            (dao.leases, "cancelRequest", (1,)),
            (dao.leases, "claimRefundTo", (1, me)),
            (dao.leases, "start", (1,)),
            (dao.models, "register", ([1], bytes(32), "", True, me)),
        ]

    def note_events(self, events: Sequence[Event]) -> None:
        super().note_events(events)
        if self.asset.species.contract != "HookAsset" or all(event.name != "Transfer" for event in events):
            return
        attempts = self.dao.asset.attempts()
        self.reached["hooks"] += len(attempts)
        size = len(self._calls())
        for start in range(0, len(attempts), size):
            leases, models, splitter, held, claimed, withdrawn, *refused = attempts[start : start + size]
            for books in (leases, models):
                balance, owed = eth_abi.decode(["uint256"] * 2, books.result)
                assert balance >= owed, "L-1 inside a hook"
            received, paid, *_ = eth_abi.decode(["uint256"] * 4, splitter.result)
            assert int.from_bytes(held.result, "big") >= received - paid, "S-1 inside a hook"
            # Nothing is owed to the asset itself: either takes nothing.
            for taken in (claimed, withdrawn):
                assert not taken.succeeded or taken.result == bytes(32), "S-6 inside a hook"
            assert not any(attempt.succeeded for attempt in refused), "X-2"
        self.hook()
