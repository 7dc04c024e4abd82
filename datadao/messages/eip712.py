"""EIP-712 messages of the protocol. Wallet keys never enter: signing is a callable, checking may ask the chain."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from eth_utils import keccak

from datadao.encoding import address
from datadao.types import Dao

TypedData = dict[str, Any]
Signer = Callable[[TypedData], bytes]
"""Full typed data in, 65-byte signature (r, s, v in 27/28) out: `signer` makes one of an account."""
SignatureCheck = Callable[[str, TypedData, bytes], bool]
"""Does this account stand behind this message? `signed_by`, or for Safes one that asks the chain (ERC-1271)."""

_DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def _members(type_string: str) -> tuple[str, list[dict[str, str]]]:
    name, _, rest = type_string.partition("(")
    pairs = (member.split(" ") for member in rest.removesuffix(")").split(","))
    return name, [{"name": field, "type": kind} for kind, field in pairs]


def typed_data(contract: str, chain_id: int, verifier: str, type_string: str, *values: Any) -> TypedData:
    """The full message for domain (`contract`, "1", `chain_id`, `verifier`); `values` in the type string's order."""
    primary, fields = _members(type_string)
    return {
        "types": {"EIP712Domain": _members(_DOMAIN)[1], primary: fields},
        "primaryType": primary,
        "domain": {"name": contract, "version": "1", "chainId": chain_id, "verifyingContract": address(verifier)},
        "message": {field["name"]: value for field, value in zip(fields, values, strict=True)},
    }


@dataclass(frozen=True)
class Message:
    """Base of dataclasses that are signed as the EIP-712 struct `STRUCT`, whose member `fileHash` is `file_hash`."""

    STRUCT: ClassVar[str]
    CONTRACT: ClassVar[str] = "DatasetRegistry"

    def typed(self, dao: Dao) -> TypedData:
        """What is signed."""
        names = (re.sub("[A-Z]", lambda m: f"_{m[0].lower()}", member["name"]) for member in _members(self.STRUCT)[1])
        found = (getattr(self, name) for name in names)
        values = (list(value) if isinstance(value, tuple) else value for value in found)
        return typed_data(self.CONTRACT, dao.chain_id, dao.registry, self.STRUCT, *values)

    def signed(self, dao: Dao, sign: Signer) -> Self:
        """The same with its `signature`."""
        return replace(self, signature=sign(self.typed(dao)))  # type: ignore[call-arg]  # a field of each subclass


def signer(account: Any) -> Signer:
    """Signs with an `eth_account` account, or with anything else that has its `sign_typed_data`."""
    return lambda data: bytes(account.sign_typed_data(full_message=data).signature)


def _encoded(data: TypedData) -> Any:
    from eth_account.messages import encode_typed_data  # a third of a second, which what signs nothing does without

    return encode_typed_data(full_message=data)


def struct_hash(data: TypedData) -> bytes:
    """`hashStruct(message)`: names the message regardless of chain and contract."""
    return bytes(_encoded(data).body)


def digest(data: TypedData) -> bytes:
    """The 32 bytes a wallet signs and a contract recovers from."""
    message = _encoded(data)
    return bytes(keccak(b"\x19\x01" + message.header + message.body))


def signed_by(account: str, data: TypedData, signature: bytes) -> bool:
    """True iff `account`'s own key made this signature; malleable and compact forms are refused, as on-chain."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        return False
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        return False
    from eth_account import Account

    try:
        return bool(Account.recover_message(_encoded(data), signature=signature) == address(account))
    except Exception:  # the backends raise a dozen kinds for unusable r and s; all of them mean "not signed"
        return False
