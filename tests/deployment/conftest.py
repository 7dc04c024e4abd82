"""Fixtures of the deployment tests."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def deployer(accounts):
    """The account that deploys: `TEST::0`."""
    return accounts[0]
