"""ERC-7730 descriptors, version 2, from the contracts' ABI and NatSpec.

A descriptor names where a DAO's contracts are. Those that are committed are of the DAO that `ape run deploy` makes on a
fresh local node; `--record` writes those of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from datadao.chain.abi import canonical_type, signature_of
from datadao.values import is_moment
from deployer.artifacts import abi_of, container
from scripts._clear_signing.wording import AMOUNTS, CALLS, CHOICES, DURATIONS, HIDDEN, LABELS, MESSAGES

SCHEMA = "https://eips.ethereum.org/assets/eip-7730/erc7730-v2.schema.json"
_OWNER = "Data DAO"
_ASSET = "$.metadata.constants.asset"
_VOTES = {"format": "unit", "params": {"base": "votes", "decimals": 9}}
_MEMBER = re.compile(r"(\S+) (\w+)")
Json = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a DAO's contracts are, by name, its asset, and its token's and governor's names in EIP-712 domains."""

    chain_id: int
    addresses: Mapping[str, str]
    asset: str
    names: Mapping[str, str]

    def deployments(self, contract: str) -> list[Json]:
        return [{"chainId": self.chain_id, "address": self.addresses[contract]}]


def descriptors(place: Place) -> dict[str, Json]:
    """Descriptors by file name."""
    calls = {f"calldata-{name}.json": _of_calls(name, place) for name in CALLS}
    return calls | {f"eip712-{name}.json": _of_messages(name, place) for name in MESSAGES}


def _of_calls(contract: str, place: Place) -> Json:
    context = {"$id": contract, "contract": {"deployments": place.deployments(contract)}}
    formats = {}
    for name, intent in CALLS[contract].items():
        (entry,) = (e for e in abi_of(contract) if e["type"] == "function" and e["name"] == name)
        fields = [shown for i in entry["inputs"] for shown in _fields(contract, i, i["name"])]
        formats[_key(entry)] = _format(intent, fields, _sentence(contract, entry, fields))
    return _descriptor(contract, place, context, formats)


def _of_messages(contract: str, place: Place) -> Json:
    domain = {"name": place.names.get(contract, contract), "version": "1"}
    context = {"$id": contract, "eip712": {"domain": domain, "deployments": place.deployments(contract)}}
    formats = {}
    for type_string, intent in MESSAGES[contract].items():
        inputs = [{"type": kind, "name": label} for kind, label in _MEMBER.findall(_members(type_string))]
        formats[type_string] = _format(intent, [f for i in inputs for f in _fields(contract, i, i["name"])])
    return _descriptor(contract, place, context, formats)


def _descriptor(contract: str, place: Place, context: Json, formats: Json) -> Json:
    text = str(formats)
    constants = {"constants": {"asset": place.asset}} if _ASSET in text else {}
    chosen = {name: choices for name, choices in CHOICES.items() if f"enums.{name}'" in text}
    enums = {"enums": chosen} if chosen else {}
    metadata = {"owner": _OWNER, "contractName": contract, **constants, **enums}
    return {"$schema": SCHEMA, "context": context, "metadata": metadata, "display": {"formats": formats}}


def _format(intent: str, fields: list[Json], sentence: str = "") -> Json:
    return {"intent": intent, **({"interpolatedIntent": sentence} if sentence else {}), "fields": fields}


def _fields(contract: str, entry: Mapping[str, Any], path: str) -> Iterator[Json]:
    """A parameter's field; of a struct those of its members, of a list those of its items."""
    kind, name = entry["type"], entry["name"]
    if kind.endswith("]"):
        yield from _fields(contract, {**entry, "type": kind[: kind.rindex("[")]}, f"{path}.[]")
    elif kind == "tuple":
        for member in entry["components"]:
            yield from _fields(contract, member, f"{path}.{member['name']}")
    elif name in HIDDEN:
        yield {"path": path, "label": _label(name), "format": "raw", "visible": "never"}
    else:
        yield {"path": path, "label": _label(name), **_shown(contract, kind, name)}


def _shown(contract: str, kind: str, name: str) -> Json:
    if kind == "address":
        return {"format": "addressName", "params": {"types": ["eoa", "wallet", "contract"]}}
    if name in CHOICES:
        return {"format": "enum", "params": {"$ref": f"$.metadata.enums.{name}"}}
    if name == "calldatas":
        return {"format": "calldata", "params": {"calleePath": "targets.[]"}}
    if name == "values":
        return {"format": "amount"}
    if name == "value" and contract == "DataToken":
        return _VOTES
    if name in AMOUNTS and kind.startswith("uint"):
        return {"format": "tokenAmount", "params": {"token": _ASSET}}
    if name in DURATIONS:
        return {"format": "duration"}
    if name.endswith("Bps"):
        return {"format": "unit", "params": {"base": "%", "decimals": 2}}
    if is_moment(name) or name in ("deadline", "expiry", "openedAt"):
        return {"format": "date", "params": {"encoding": "timestamp"}}
    return {"format": "raw"}


def _label(name: str) -> str:
    """The parameter's name in words, unless another is said."""
    words = re.sub("([A-Z])", lambda found: f" {found[0].lower()}", name.rstrip("_"))
    return LABELS.get(name) or words[:1].upper() + words[1:]


def _sentence(contract: str, entry: Mapping[str, Any], fields: list[Json]) -> str:
    """The first sentence of the function's notice, in which parameters that are single values are filled in."""
    notices = (container(contract).contract_type.userdoc or {}).get("methods", {})
    notice = notices.get(signature_of(entry), {}).get("notice", "")
    sentence = notice.partition(". ")[0].partition(": ")[0].rstrip(".").replace("{", "(").replace("}", ")")
    single = {f["path"] for f in fields if f.get("visible") != "never" and re.fullmatch(r"\w+", f["path"])}
    named = set(re.findall("`([^`]*)`", sentence))
    # Not as another function's, which nobody sees, nor with what is a list.
    if sentence.startswith("The same") or not named <= single:
        return ""
    return re.sub("`([^`]*)`", r"{\1}", sentence)


def _key(entry: Mapping[str, Any]) -> str:
    """The signature with names, as a format's key."""
    return f"{entry['name']}({','.join(_named(i) for i in entry['inputs'])})"


def _named(entry: Mapping[str, Any]) -> str:
    if entry["type"].startswith("tuple"):
        members = ",".join(_named(member) for member in entry["components"])
        return f"({members}){entry['type'][5:]} {entry['name']}"
    return f"{canonical_type(entry)} {entry['name']}"


def _members(type_string: str) -> str:
    return type_string.partition("(")[2].removesuffix(")")
