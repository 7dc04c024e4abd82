"""Was each contract made as recorded: by the deployer's own transaction, or by a factory that makes nothing else?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from eth_abi.exceptions import EncodingError
from eth_utils import keccak, to_checksum_address
from web3.exceptions import TransactionNotFound

from datadao.chain.abi import FACTORY, ORDER, canonical_type, constructor_inputs, named
from datadao.chain.codec import decode, encode
from datadao.chain.events import topic
from datadao.errors import Malformed
from datadao.values import leaves, plain
from deployer.artifacts import CONTRACTS, abi_of, creation_code
from deployer.creation import Creation, creation_from
from deployer.verify.factory import check_factory
from deployer.verify.reader import Check, Reader, compare


def check_birth(reader: Reader, entry: Mapping[str, Any]) -> Iterator[Check]:
    """Creation, creator and constructor arguments of each contract."""
    if "factory" in entry:
        yield from check_factory(reader)
        yield from _through_factory(reader, entry)
        return
    for name in CONTRACTS:
        yield from _by_deployer(reader, entry, name)


def _by_deployer(reader: Reader, entry: Mapping[str, Any], name: str) -> Iterator[Check]:
    recorded = entry["contracts"][name]
    try:
        transaction, receipt = _looked_up(reader, recorded["transaction"])
    except TransactionNotFound:
        yield _unknown(name, recorded)
        return
    created = receipt["contractAddress"] and to_checksum_address(receipt["contractAddress"])
    yield compare(name, "created at", recorded["address"], created)
    yield compare(name, "created by", entry["deployer"], to_checksum_address(transaction["from"]))
    code, sent = creation_code(name), bytes(transaction["input"])
    yield compare(name, "creation code hash", keccak(code), keccak(sent[: len(code)]))
    yield _decoded(entry, name, sent[len(code) :])


def _decoded(entry: Mapping[str, Any], name: str, encoded: bytes) -> Check:
    inputs = constructor_inputs(abi_of(name))
    types = [canonical_type(i) for i in inputs]
    try:
        values = decode(types, encoded)
        decodable = encode(types, values) == encoded
    except (EncodingError, Malformed):
        decodable = False
    if not decodable:
        return Check(name, "constructor arguments", "as recorded", "not decodable", False)
    return _as_recorded(entry, name, {i["name"]: named(i, v) for i, v in zip(inputs, values, strict=True)})


def _as_recorded(entry: Mapping[str, Any], name: str, arguments: Mapping[str, Any]) -> Check:
    """What the constructor was given: as recorded, and with the eight addresses as recorded."""
    system = {key: entry["contracts"][contract]["address"] for key, contract in ORDER}
    recorded = {**entry["contracts"][name]["arguments"], "system": system}
    wrong = sorted(set(leaves("", plain(arguments))) ^ set(leaves("", recorded)))
    fields = ", ".join(dict.fromkeys(path.lstrip(".") for path, _ in wrong))
    return Check(
        name, "constructor arguments", "as recorded", f"other: {fields}" if wrong else "as recorded", not wrong
    )


def _through_factory(reader: Reader, entry: Mapping[str, Any]) -> Iterator[Check]:
    """A factory whose code and blueprints are right puts nothing else at the addresses that follow from creator,
    parameters and salt, so it is enough that the recorded ones do."""
    first = entry["contracts"]["DataTimelock"]
    try:
        transaction, _ = _looked_up(reader, first["transaction"])
    except TransactionNotFound:
        yield _unknown("DataTimelock", first)
        return
    yield compare(FACTORY, "begun by", entry["deployer"], to_checksum_address(transaction["from"]))
    yield compare(FACTORY, "begun at", entry["factory"], transaction["to"] and to_checksum_address(transaction["to"]))
    try:
        creation = creation_from(entry["factory"], entry["deployer"], bytes(transaction["input"]))
    except Malformed as error:
        yield compare(FACTORY, "parameters", "decodable", error)
        return
    for key, name in ORDER:
        yield compare(name, "created at", entry["contracts"][name]["address"], creation.system[key])
        yield _creation(reader, entry, name, creation)
        given = creation.arguments(name)
        spelled = {i["name"]: given[i["name"].rstrip("_")] for i in constructor_inputs(abi_of(name))}
        yield _as_recorded(entry, name, spelled)


def _creation(reader: Reader, entry: Mapping[str, Any], name: str, creation: Creation) -> Check:
    """Whether the factory says in the recorded transaction that it did it. Who sent the second does not matter."""
    recorded = entry["contracts"][name]
    event = "DataDAOCompleted" if name == "DatasetRegistry" else "DataDAOBegun"
    wanted = (creation.factory, topic(FACTORY, event), creation.id)
    try:
        _, receipt = _looked_up(reader, recorded["transaction"])
    except TransactionNotFound:
        return _unknown(name, recorded)
    told = [(to_checksum_address(log["address"]), *map(bytes, log["topics"][:2])) for log in receipt["logs"]]
    return Check(name, "creation", f"tells {event}", f"tells {event}" if wanted in told else "does not", wanted in told)


def _looked_up(reader: Reader, transaction: str) -> tuple[Any, Any]:
    eth = reader.web3.eth
    return eth.get_transaction(transaction), eth.get_transaction_receipt(transaction)  # type: ignore[arg-type]


def _unknown(name: str, recorded: Mapping[str, Any]) -> Check:
    return Check(name, "creation", recorded["transaction"], "this node does not know the transaction", False)
