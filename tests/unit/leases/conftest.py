"""The DAO of all lease tests."""

from __future__ import annotations

import pytest

from assurance.harness.dao.dao import Dao
from assurance.harness.dao.leases import Market


@pytest.fixture
def market(dao: Dao) -> Market:
    """A DAO with one founder who carries every vote, and nothing requested yet."""
    return Market(dao)
