"""What test accounts sign is what eth_account signs."""

from __future__ import annotations

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
