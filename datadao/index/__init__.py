"""The local read model: what happened in a DAO as tables, kept up to date at the cost of what is new.

    with Index(Path("index.sqlite"), dao) as index:
        index.sync()
        index.rows("members", "WHERE tokens > ?", 0)

docs/index.md describes the tables. Deleting the file is safe at any time: it is written anew from the chain.
"""

from __future__ import annotations

from datadao.index.index import Index as Index
from datadao.index.schema import TABLES as TABLES

__all__ = ["TABLES", "Index"]
