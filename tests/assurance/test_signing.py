"""What test accounts sign is what eth_account signs."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account

from assurance.harness.dao.system import actor
from datadao.messages import eip712

KIND = "Delegation(address delegatee,uint256 nonce,uint256 expiry)"


@pytest.mark.parametrize("number", range(20))
def test_sign__any_message__is_as_eth_account_signs(number: int) -> None:
    signer = actor(f"signer-{number}")
    typed = eip712.typed_data("DataToken", 1, signer.address, KIND, signer.address, number, 2**64)
    assert signer.sign(typed) == bytes(Account.sign_typed_data(signer.key, full_message=typed).signature)
    assert eip712.signed_by(signer.address, typed, signer.sign(typed))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("Odd(uint8 a,bool b,bytes32 c,string d,bytes e,address f)", (255, True, b"\1" * 32, "é", b"\2" * 40, None)),
        ("Lists(uint256[] a,bytes32[] b)", ([1, 2], [b"\3" * 32])),
        ("Few(bytes4 a)", (b"\4" * 4,)),
        ("Signed(int256 a)", (-1,)),
    ],
)
def test_sign__fields_of_any_type__is_as_eth_account_signs(kind: str, values: tuple[Any, ...]) -> None:
    signer = actor("signer")
    given = [signer.address if value is None else value for value in values]
    typed = eip712.typed_data("DataToken", 31337, signer.address, kind, *given)
    assert signer.sign(typed) == bytes(Account.sign_typed_data(signer.key, full_message=typed).signature)


def test_sign__a_value_that_does_not_fit__is_refused() -> None:
    signer = actor("signer")
    typed = eip712.typed_data("DataToken", 1, signer.address, "Small(uint8 a)", 256)
    with pytest.raises(OverflowError):
        signer.sign(typed)
