"""What a node refuses has the contract's error on anvil's back end too, whichever request it answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.handles import Reverted

ACCOUNT = "0x" + "11" * 20
PANIC = "0x4e487b71" + f"{17:064x}"


def answering(**answers: Any) -> Anvil:
    """On a node with these answers by the request's name."""
    chain = Anvil.__new__(Anvil)
    chain._funded, chain._gas_limit = {ACCOUNT}, 16_000_000
    request = lambda method, _: answers[method]  # noqa: E731
    chain.web3 = cast(Any, SimpleNamespace(provider=SimpleNamespace(make_request=request)))
    return chain


@pytest.mark.parametrize("data", [PANIC, {"data": PANIC}, f"Reverted {PANIC}"])
@pytest.mark.parametrize("method", ["eth_call", "eth_sendTransaction"])
def test_transact__refused_at_either_request__is_the_contracts_error(method: str, data: Any) -> None:
    refusal = {"error": {"code": 3, "message": "execution reverted", "data": data}}
    chain = answering(**{"eth_call": {"result": "0x"}, method: refusal})
    with pytest.raises(Reverted) as caught:
        chain.transact(ACCOUNT, ACCOUNT, b"", 0)
    assert caught.value == Reverted("Panic", 17)


def test_transact__the_node_itself_refuses__is_no_contracts_error() -> None:
    chain = answering(eth_call={"result": "0x"}, eth_sendTransaction={"error": {"code": -32000, "message": "busy"}})
    with pytest.raises(RuntimeError, match="busy"):
        chain.transact(ACCOUNT, ACCOUNT, b"", 0)
