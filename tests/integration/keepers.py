"""Nodes of Lit and TACo as their operators know them: they hold a document, an address that was proved, and a
connection to the chain; nothing of this project."""

from __future__ import annotations

import operator
from typing import Any

import eth_abi
from eth_typing import HexStr
from eth_utils import keccak
from web3 import Web3

ABI_TYPES = [
    "bool", "string", "address", "bytes",
    *(f"bytes{size}" for size in range(1, 33)),
    *(f"{kind}{8 * size}" for kind in ("uint", "int") for size in range(1, 33)),
]  # fmt: skip


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """A JSON schema of exactly these properties."""
    return {
        "type": "object",
        "properties": required | optional,
        "required": list(required),
        "additionalProperties": False,
    }


_TEXT = {"type": "string"}
_LIT_FIELDS = {"type": "array", "items": _object({"name": _TEXT, "type": _TEXT}, internalType=_TEXT)}
LIT_SCHEMA = _object({
    "evmContractConditions": {
        "type": "array",
        "minItems": 1,
        "items": {
            "oneOf": [
                _object({"operator": {"enum": ["and", "or"]}}),
                _object(
                    {
                        "contractAddress": _TEXT,
                        "chain": _TEXT,
                        "functionName": _TEXT,
                        "functionParams": {"type": "array", "items": _TEXT},
                        "functionAbi": _object(
                            {"name": _TEXT, "stateMutability": _TEXT, "inputs": _LIT_FIELDS, "outputs": _LIT_FIELDS},
                            type=_TEXT,
                            constant={"type": "boolean"},
                        ),
                        "returnValueTest": _object(
                            {
                                "key": _TEXT,
                                "comparator": {"enum": ["contains", "=", ">", ">=", "<", "<="]},
                                "value": _TEXT,
                            }
                        ),
                    },
                    conditionType={"const": "evmContract"},
                ),
            ]
        },
    }
})  # fmt: skip
"""As `@lit-protocol/access-control-conditions-schemas` publishes it: strict, every parameter and value a string."""

_TACO_FIELDS = {
    "type": "array",
    "items": _object({"name": _TEXT, "type": {"enum": ABI_TYPES}, "internalType": {"enum": ABI_TYPES}}),
}
_TACO_PARAMETER = {"type": ["string", "integer", "boolean"]}
_TACO_CONTRACT = _object(
    {
        "chain": {"type": "integer", "minimum": 0},
        "method": _TEXT,
        "parameters": {"type": "array", "items": _TACO_PARAMETER},
        "returnValueTest": _object(
            {"comparator": {"enum": ["==", ">", "<", ">=", "<=", "!="]}, "value": _TACO_PARAMETER},
            index={"type": "integer", "minimum": 0},
        ),
        "contractAddress": {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"},
    },
    conditionType={"const": "contract"},
    functionAbi=_object({
        "name": _TEXT,
        "type": {"const": "function"},
        "inputs": _TACO_FIELDS,
        "outputs": _TACO_FIELDS | {"minItems": 1},
        "stateMutability": {"enum": ["view", "pure"]},
    }),
)  # fmt: skip
TACO_SCHEMA = _object(
    {
        "operator": {"enum": ["and", "or", "not"]},
        "operands": {"type": "array", "minItems": 1, "maxItems": 5, "items": _TACO_CONTRACT},
    },
    conditionType={"const": "compound"},
)
"""As `@nucypher/taco` publishes it, for the two kinds of condition in use here."""


def lit_opens(web3: Web3, document: dict[str, Any], asker: str) -> bool:
    """Lit reads its conditions from left to right; this one knows `and` only, and so fails at anything else."""
    conditions = document["evmContractConditions"]
    assert [item["operator"] for item in conditions[1::2]] == ["and"] * (len(conditions) // 2)
    reported = [_lit_condition(web3, condition, asker) for condition in conditions[::2]]
    return all(reported)


def _lit_condition(web3: Web3, condition: dict[str, Any], asker: str) -> bool:
    abi, test = condition["functionAbi"], condition["returnValueTest"]
    assert condition["functionName"] == abi["name"]
    types = [field["type"] for field in abi["inputs"]]
    words = [asker if word == ":userAddress" else word for word in condition["functionParams"]]
    values = [int(word) if kind.startswith("uint") else word for kind, word in zip(types, words, strict=True)]
    data = keccak(text=f"{abi['name']}({','.join(types)})")[:4] + eth_abi.encode(types, values)
    output = web3.eth.call({"to": condition["contractAddress"], "data": HexStr("0x" + data.hex())})
    reported = eth_abi.decode([field["type"] for field in abi["outputs"]], output)
    names = [field["name"] for field in abi["outputs"]]
    value = reported[names.index(test["key"])] if test["key"] else reported[0]
    assert isinstance(value, bool)
    assert test["comparator"] == "="
    return value == {"true": True, "false": False}[test["value"]]


_COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def taco_opens(web3: Web3, document: dict[str, Any], asker: str) -> bool:
    assert document["operator"] == "and"
    reported = [_taco_condition(web3, condition, asker) for condition in document["operands"]]
    return all(reported)


def _taco_condition(web3: Web3, condition: dict[str, Any], asker: str) -> bool:
    assert web3.eth.chain_id == condition["chain"]
    contract = web3.eth.contract(
        address=Web3.to_checksum_address(condition["contractAddress"]), abi=[condition["functionAbi"]]
    )
    words = [asker if word == ":userAddress" else word for word in condition["parameters"]]
    reported = contract.functions[condition["method"]](*words).call()
    test = condition["returnValueTest"]
    value = reported[test["index"]] if "index" in test else reported
    return bool(_COMPARE[test["comparator"]](value, test["value"]))
