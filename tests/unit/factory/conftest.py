"""The factory of all its tests, in process: what it does does not depend on the node."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assurance.harness.dao.factory import FactoryDao


@pytest.fixture(scope="session")
def made_dao() -> FactoryDao:
    return FactoryDao()


@pytest.fixture
def made(made_dao: FactoryDao) -> Iterator[FactoryDao]:
    """A DAO that a factory made, and the factory; put back after each test."""
    snapshot = made_dao.chain.snapshot()
    yield made_dao
    made_dao.chain.revert(snapshot)
