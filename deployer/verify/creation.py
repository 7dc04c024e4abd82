"""Was each contract created as recorded: by the deployer's transaction, or by a factory that creates nothing else?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from eth_abi.exceptions import EncodingError
from eth_utils import keccak, to_checksum_address

from datadao.chain.abi import FACTORY, ORDER, canonical_type, constructor_inputs, named
from datadao.chain.arguments import leaves, plain
from datadao.chain.codec import decode, encode
from datadao.chain.events import topic
from datadao.errors import Malformed
from datadao.ledger.facts import Fact
from deployer.artifacts import CONTRACTS, abi_of, creation_code
from deployer.creation import Creation, creation_from
from deployer.verify.factory import check_factory
from deployer.verify.reader import Check, Reader, compare


def check_creation(reader: Reader, entry: Mapping[str, Any]) -> Iterator[Fact]:
    """Creation, creator and constructor arguments of each contract."""
    if "factory" in entry:
        yield from check_factory(reader)
        yield _recorded(reader, entry, "DataTimelock", partial(_through_factory, reader, entry))
        return
    for name in CONTRACTS:
        yield _recorded(reader, entry, name, partial(_by_deployer, entry, name))


def _recorded(
    reader: Reader, entry: Mapping[str, Any], name: str, judge: Callable[..., Iterable[Fact | Check]]
) -> Fact:
    """The transaction and the receipt that are recorded for a contract, which `judge` takes if the node has both."""
    recorded = entry["contracts"][name]["transaction"]

    def found(transaction: Any, receipt: Any) -> Iterable[Fact | Check]:
        if transaction is None or receipt is None:
            return [Check(name, "creation", recorded, "this node does not know the transaction", False)]
        return judge(transaction, receipt)

    return Fact([reader.transaction(recorded), reader.receipt(recorded)], found)


def _by_deployer(
    entry: Mapping[str, Any], name: str, transaction: Mapping[str, Any], receipt: Mapping[str, Any]
) -> Iterator[Check]:
    yield compare(name, "created at", entry["contracts"][name]["address"], _checksummed(receipt["contractAddress"]))
    yield compare(name, "created by", entry["deployer"], _checksummed(transaction["from"]))
    code, sent = creation_code(name), _bytes(transaction["input"])
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


def _through_factory(
    reader: Reader, entry: Mapping[str, Any], transaction: Mapping[str, Any], _: Mapping[str, Any]
) -> Iterator[Fact | Check]:
    """A factory whose code and blueprints are right puts nothing else at the addresses that follow from creator,
    parameters and salt, so it is enough that the recorded ones do."""
    yield compare(FACTORY, "begun by", entry["deployer"], _checksummed(transaction["from"]))
    yield compare(FACTORY, "begun at", entry["factory"], _checksummed(transaction["to"]))
    try:
        creation = creation_from(entry["factory"], entry["deployer"], _bytes(transaction["input"]))
    except Malformed as error:
        yield compare(FACTORY, "parameters", "decodable", error)
        return
    for key, name in ORDER:
        yield compare(name, "created at", entry["contracts"][name]["address"], creation.system[key])
        yield _recorded(reader, entry, name, partial(_reported, creation, name))
        given = creation.arguments(name)
        spelled = {i["name"]: given[i["name"].rstrip("_")] for i in constructor_inputs(abi_of(name))}
        yield _as_recorded(entry, name, spelled)


def _reported(creation: Creation, name: str, _: Mapping[str, Any], receipt: Mapping[str, Any]) -> Iterator[Check]:
    """Whether the factory reports the creation in the recorded transaction. Who sent the second does not matter."""
    event = "DataDAOCompleted" if name == "DatasetRegistry" else "DataDAOBegun"
    wanted = (creation.factory, topic(FACTORY, event), creation.id)
    ok = wanted in [(to_checksum_address(log["address"]), *map(_bytes, log["topics"][:2])) for log in receipt["logs"]]
    yield Check(name, "creation", f"tells {event}", f"tells {event}" if ok else "does not", ok)


def _checksummed(address: str | None) -> str | None:
    return address and to_checksum_address(address)


def _bytes(data: str) -> bytes:
    return bytes.fromhex(data[2:])
