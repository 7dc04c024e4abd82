"""Pictures of the page for docs/members.md: `DATADAO_PICTURES=docs/images` keeps the wide ones there."""

from __future__ import annotations

import os
from pathlib import Path

from assurance.harness.browser import Browser


class Pictures:
    """Of a page, wide and light, narrow and dark; nothing may stick out of either, and axe finds no fault in it."""

    def __init__(self, otherwise: Path) -> None:
        self._otherwise = otherwise
        self._kept = Path(os.environ.get("DATADAO_PICTURES") or otherwise)
        self._kept.mkdir(parents=True, exist_ok=True)

    def take(self, browser: Browser, name: str) -> None:
        wide = browser.picture(self._kept / f"members-{name}.png", 1000, 800, "light")
        assert (name, wide, browser.do("axe")) == (name, [], [])
        self.narrow(browser, name)
        browser.do("size", width=1000, height=800)

    def narrow(self, browser: Browser, name: str) -> None:
        """Narrow and dark alone."""
        out = browser.picture(self._otherwise / f"{name}-narrow.png", 360, 740, "dark")
        assert (name, out, browser.do("axe")) == (name, [], [])
