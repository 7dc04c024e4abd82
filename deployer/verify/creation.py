"""Was each contract created as recorded and as configured: by the deployer's transaction, or by a factory that creates
nothing else?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from deployer.creation import Creation, creation_from, dao_params
from deployer.verify.factory import check_factory, created_at
from deployer.verify.reader import Check, Reader, compare

Arguments = Mapping[str, Mapping[str, Any]]


def check_creation(reader: Reader, entry: Mapping[str, Any], expected: Arguments) -> Iterator[Fact]:
    """Creation, creator and constructor arguments of each contract; `expected` are those that are configured."""
    if "factory" in entry:
        yield from check_factory(reader, entry["factory"]["transaction"])
        begun = entry["contracts"]["DataTimelock"]["transaction"]
        yield reader.mined("DataTimelock", begun, partial(_through_factory, reader, entry, expected))
        return
    for name in CONTRACTS:
        recorded = entry["contracts"][name]["transaction"]
        yield reader.mined(name, recorded, partial(_by_deployer, entry, expected, name))


def _by_deployer(
    entry: Mapping[str, Any],
    expected: Arguments,
    name: str,
    transaction: Mapping[str, Any],
    receipt: Mapping[str, Any],
) -> Iterator[Check]:
    yield compare(name, "created at", entry["contracts"][name]["address"], created_at(transaction))
    yield compare(name, "created by", entry["deployer"], _checksummed(transaction["from"]))
    yield _in_block(entry, name, receipt)
    code, sent = creation_code(name), _bytes(transaction["input"])
    yield compare(name, "creation code hash", keccak(code), keccak(sent[: len(code)]))
    inputs, encoded = constructor_inputs(abi_of(name)), sent[len(code) :]
    types = [canonical_type(i) for i in inputs]
    try:
        values = decode(types, encoded)
        decodable = encode(types, values) == encoded
    except (EncodingError, Malformed):
        decodable = False
    if not decodable:
        yield Check(name, "constructor arguments", "as recorded", "not decodable", False)
        return
    yield from _given(entry, expected, name, {i["name"]: named(i, v) for i, v in zip(inputs, values, strict=True)})


def _in_block(entry: Mapping[str, Any], name: str, receipt: Mapping[str, Any]) -> Check:
    """Events are read from this block on, and times are counted from it."""
    return compare(name, "created in block", entry["contracts"][name]["block"], int(receipt["blockNumber"], 16))


def _given(entry: Mapping[str, Any], expected: Arguments, name: str, arguments: Mapping[str, Any]) -> Iterator[Check]:
    """What the constructor was given: as recorded, with the eight addresses as recorded, and as configured."""
    system = {key: entry["contracts"][contract]["address"] for key, contract in ORDER}
    given = {key.rstrip("_"): value for key, value in arguments.items()}
    recorded = {key.rstrip("_"): value for key, value in entry["contracts"][name]["arguments"].items()}
    yield _same(name, "constructor arguments", "as recorded", given, {**recorded, "system": system})
    yield _same(name, "created as configured", "as configured", given, expected[name])


def _same(name: str, field: str, words: str, actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Check:
    wrong = sorted(set(leaves("", plain(actual))) ^ set(leaves("", plain(expected))))
    fields = ", ".join(dict.fromkeys(path.lstrip(".") for path, _ in wrong))
    return Check(name, field, words, f"other: {fields}" if wrong else words, not wrong)


def _through_factory(
    reader: Reader,
    entry: Mapping[str, Any],
    expected: Arguments,
    transaction: Mapping[str, Any],
    receipt: Mapping[str, Any],
) -> Iterator[Fact | Check]:
    """A factory that was created by its code alone, from the right blueprints, puts nothing else at the addresses that
    follow from creator, parameters and salt, so it is enough that the recorded ones do."""
    factory = entry["factory"]["address"]
    if "salt" in entry["factory"]:
        # A contract's call, such as a Safe's, stands in its own words in the transaction. What the factory reports is
        # derived from its caller, parameters and salt.
        creation = Creation(factory, entry["deployer"], dao_params(expected), _bytes(entry["factory"]["salt"]))
        yield compare(FACTORY, "begun by", entry["deployer"], _begun_by(creation, receipt))
    else:
        yield compare(FACTORY, "begun by", entry["deployer"], _checksummed(transaction["from"]))
        yield compare(FACTORY, "begun at", factory, _checksummed(transaction["to"]))
        try:
            creation = creation_from(factory, entry["deployer"], _bytes(transaction["input"]))
        except Malformed as error:
            yield compare(FACTORY, "parameters", "decodable", error)
            return
    for key, name in ORDER:
        recorded = entry["contracts"][name]
        yield compare(name, "created at", recorded["address"], creation.system[key])
        yield reader.mined(name, recorded["transaction"], partial(_reported, entry, creation, name))
        yield from _given(entry, expected, name, creation.arguments(name))


def _begun_by(creation: Creation, receipt: Mapping[str, Any]) -> str:
    """The creator that the factory reports for this DAO; in words, if it reports none such."""
    for log in receipt["logs"]:
        begun = [topic(FACTORY, "DataDAOBegun"), creation.id]
        if to_checksum_address(log["address"]) == creation.factory and [*map(_bytes, log["topics"][:2])] == begun:
            return to_checksum_address(_bytes(log["topics"][2])[12:])
    return "no DAO of these parameters in that transaction"


def _reported(
    entry: Mapping[str, Any], creation: Creation, name: str, _: Mapping[str, Any], receipt: Mapping[str, Any]
) -> Iterator[Check]:
    """Whether the factory reports the creation in the recorded transaction. Who sent the second does not matter."""
    event = "DataDAOCompleted" if name in ("ModelRegistry", "DatasetRegistry") else "DataDAOBegun"
    wanted = (creation.factory, topic(FACTORY, event), creation.id)
    ok = wanted in [(to_checksum_address(log["address"]), *map(_bytes, log["topics"][:2])) for log in receipt["logs"]]
    yield Check(name, "creation", f"reports {event}", f"reports {event}" if ok else "does not", ok)
    yield _in_block(entry, name, receipt)


def _checksummed(address: str | None) -> str | None:
    return address and to_checksum_address(address)


def _bytes(data: str) -> bytes:
    return bytes.fromhex(data[2:])
