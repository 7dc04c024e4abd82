"""A Data DAO's Python client: read it, contribute to it, vote, claim, lease its data and open it.

    web3 = datadao.connect("https://...")
    dao = DataDAO.recorded(PUBLIC, web3)
    dao.vote(proposal, Vote.FOR, account)

`account` is an `eth_account` account or anything else that signs (`Account`). Amounts are in the smallest unit of the
settlement asset, times in Unix seconds, hashes and X25519 public keys 32 bytes, addresses checksummed text. Whatever is
refused raises a `DataDAOError`. No protocol rule is decided here: it is the contracts that refuse.

Sources: `client.py` (`DataDAO`, `Terms`), `batches.py` (`Catalog`), `types.py`, `errors.py`, `chain/` (`Account`,
`Call`, `Mined`, `connect`), `storage/store.py` (`Store`), `licensee/licensee.py` (`Licensee`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datadao.batches import Catalog, Published
    from datadao.chain.patience import connect
    from datadao.chain.rpc import Call
    from datadao.chain.transactions import Account, Mined
    from datadao.client import PUBLIC, DataDAO, Terms
    from datadao.errors import DataDAOError, NodeRefused, NotMined, Reverted, TransactionFailed
    from datadao.licensee.licensee import Licensee
    from datadao.storage.store import Store
    from datadao.types import BatchStatus, Committee, Contribution, Leaf, LeaseStatus, Party, ProposalState, Vote

__all__ = [
    "PUBLIC", "Account", "BatchStatus", "Call", "Catalog", "Committee", "Contribution",
    "DataDAO", "DataDAOError", "Leaf", "LeaseStatus", "Licensee", "Mined", "NodeRefused", "NotMined", "Party",
    "ProposalState", "Published", "Reverted", "Store", "Terms", "TransactionFailed", "Vote", "connect",
]  # fmt: skip

_MODULES = {
    "datadao.batches": ("Catalog", "Published"),
    "datadao.chain.patience": ("connect",),
    "datadao.chain.rpc": ("Call",),
    "datadao.chain.transactions": ("Account", "Mined"),
    "datadao.client": ("DataDAO", "PUBLIC", "Terms"),
    "datadao.errors": ("DataDAOError", "NodeRefused", "NotMined", "Reverted", "TransactionFailed"),
    "datadao.licensee.licensee": ("Licensee",),
    "datadao.storage.store": ("Store",),
    "datadao.types": (
        "BatchStatus",
        "Committee",
        "Contribution",
        "Leaf",
        "LeaseStatus",
        "Party",
        "ProposalState",
        "Vote",
    ),
}
"""Imported when one of their names is first used: `import datadao` alone loads no library."""


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
