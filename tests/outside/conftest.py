from __future__ import annotations

from collections.abc import Iterator

import pytest

from assurance.harness.chain.node import Node

from .world import World, build


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    node = Node()
    try:
        yield build(tmp_path_factory.mktemp("outside") / "world", node)
    finally:
        node.stop()


@pytest.fixture
def world(_built: World) -> Iterator[World]:
    """The world as it was built; whatever a test does to it is undone."""
    with _built.as_it_is():
        yield _built
