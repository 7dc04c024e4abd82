"""What is asked of a DAO by who reads its events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from datadao.chain.connection import Web3


class Connected(Protocol):
    """A DAO on a chain: `datadao.client.DataDAO`, for one."""

    @property
    def web3(self) -> Web3: ...

    @property
    def addresses(self) -> Mapping[str, str]: ...

    @property
    def since(self) -> int: ...
