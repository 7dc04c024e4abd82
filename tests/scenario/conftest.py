"""Every scenario ends with an audit: the books rebuilt from events alone must equal the chain's, to the unit (X-3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assurance.harness.dao.books import audited
from assurance.harness.dao.system import System


@pytest.fixture(autouse=True)
def books_are_balanced(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Audits the DAO of the test, and each that the test made for itself."""
    daos: list[System] = [request.getfixturevalue("dao")] if "dao" in request.fixturenames else []
    init = System.__init__

    def remember(system: System, *args: Any, **named: Any) -> None:
        init(system, *args, **named)
        daos.append(system)

    monkeypatch.setattr(System, "__init__", remember)
    yield
    for dao in daos:
        outcome = audited(dao)
        assert outcome.ok, outcome.render()
