"""How parts of the audit run the tests of the project: in process where they can be, on a node where they must."""

from __future__ import annotations

IN_PROCESS = ("python", "-m", "pytest", "-q", "-p", "no:ape_test", "-p", "no:cacheprovider", "-m", "not node")
"""With `DATADAO_CHAIN=revm`: a tenth of a node's time."""
ON_A_NODE = ("ape", "test", "--network", "ethereum:local:foundry", "-q")
BOTH_WAYS = ("unit/", "property/", "invariant/")
"""Folders below tests/ whose tests run in process, but for those marked `node`."""
