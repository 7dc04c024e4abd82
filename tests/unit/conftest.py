"""Fixtures that several contracts' unit tests share."""

from __future__ import annotations

import pytest

from assurance.harness.dao.dao import Dao
from assurance.harness.dao.pair import Pair


@pytest.fixture
def pair(dao: Dao) -> Pair:
    """Token and splitter alone, under a registry that does what the test says; gone with `dao`."""
    return Pair(dao.chain)


@pytest.fixture
def tradable(dao: Dao) -> Pair:
    """The same with transferable tokens."""
    return Pair(dao.chain, transferable=True)
