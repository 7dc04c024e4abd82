"""Time that tests do not wait for."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest


@dataclass
class Clock:
    """While it is `hasty`, what sleeps sets the clock forward by as much and goes on at once: whatever is waited for is
    asked as often as ever."""

    hasty: bool = True
    ahead: float = 0.0

    def install(self, patch: pytest.MonkeyPatch) -> None:
        sleep, monotonic = time.sleep, time.monotonic

        def wait(seconds: float) -> None:
            if self.hasty:
                self.ahead += seconds
            sleep(min(seconds, 0.01) if self.hasty else seconds)

        patch.setattr("time.sleep", wait)
        patch.setattr("time.monotonic", lambda: monotonic() + self.ahead)
