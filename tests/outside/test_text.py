"""X-5: whatever bytes stand in a field of text, every reader goes on; nothing is mistaken for something else.

given every string and bytes field of every event, view and error of the contracts
  when it holds what is no UTF-8                 it should be read, shown with U+FFFD, and keep its bytes
  when an ABI gains one                          this page should fail until it says who chooses it
  when its bytes are hashed or compared          they should be those that are there
  when it is not needed                          it should not be read at all
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from eth_utils import keccak

from datadao.chain.abi import canonical_type
from datadao.chain.codec import CONTRACTS, Text, abi, encode, raw_text
from datadao.chain.events import contract_of, decode, topic
from datadao.chain.reverts import described, refusal
from datadao.chain.rpc import Call, Log
from datadao.chain.wallet import connected
from datadao.client import DataDAO
from datadao.errors import InvalidArgument, Malformed
from datadao.ledger.base import view
from datadao.ledger.compare import compare
from datadao.proposals import proposals

from .world import RAW, World

Field = tuple[str, str, str]
"""Contract, event or view or error, path of the field in it."""
NOISE = b"\xe9\xff\x00"
"""In a field of bytes."""

CHOSEN = {
    ("DataGovernor", "ProposalCreated", "description"),
    ("DataGovernor", "ProposalCreated", "calldatas"),
    ("DataGovernor", "VoteCast", "reason"),
    ("DataTimelock", "CallScheduled", "data"),
    ("DataTimelock", "CallExecuted", "data"),
    ("DataLeases", "proposalOf", "calldatas"),
    ("ModelRegistry", "ModelRegistered", "uri"),
    ("ModelRegistry", "model", "info.uri"),
    ("DatasetRegistry", "BatchPublished", "manifestURI"),
    ("DatasetRegistry", "CommitteeSet", "custodians.uri"),
    ("DatasetRegistry", "CustodianReplaced", "custodian.uri"),
    ("DatasetRegistry", "PolicyUpdated", "policy.uri"),
    ("DatasetRegistry", "committee", "custodians.uri"),
    ("DatasetRegistry", "policy", "0.uri"),
    ("DatasetRegistry", "currentPolicy", "0.uri"),
    ("DataToken", "symbol", "0"),
}
"""Chosen by people while the DAO lives, or by another's contract, which the asset is: the world has it on its chain."""

FIXED = {
    ("DataGovernor", "ProposalCreated", "signatures"),
    ("DataGovernor", "VoteCastWithParams", "reason"),
    ("DataGovernor", "VoteCastWithParams", "params"),
    ("DataGovernor", "DataGovernor_SettingOutOfRange", "name"),
    ("DataToken", "name", "0"),
    ("DataGovernor", "name", "0"),
    ("DataGovernor", "version", "0"),
    ("DataGovernor", "COUNTING_MODE", "0"),
    *((contract, "CLOCK_MODE", "0") for contract in ("DataToken", "DataGovernor")),
    *(
        (contract, name, field)
        for contract in ("DataToken", "DataGovernor", "DatasetRegistry")
        for name, field in (("eip712Domain", "name"), ("eip712Domain", "version"), ("StringTooLong", "str"))
    ),
}
"""Part of the code or of its constructor's arguments, or never emitted by it."""


def entries(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for contract in CONTRACTS.values():
        for entry in abi(contract):
            if entry["type"] == kind and (kind != "function" or entry["stateMutability"] in ("view", "pure")):
                yield contract, entry


def texts(entry: Mapping[str, Any], path: str) -> Iterator[str]:
    """Paths of the fields of text, or of bytes of any length, in a value."""
    if entry["type"].startswith("tuple"):
        for component in entry["components"]:
            yield from texts(component, f"{path}.{component['name']}")
    elif entry["type"].partition("[")[0] in ("string", "bytes"):
        yield path


def fields() -> Iterator[Field]:
    for kind in ("event", "function", "error"):
        for contract, entry in entries(kind):
            for place, value in enumerate(entry["outputs" if kind == "function" else "inputs"]):
                for path in texts(value, value["name"] or str(place)):
                    yield contract, entry["name"], path


def hostile(entry: Mapping[str, Any]) -> Any:
    """A value of the type with noise in every text."""
    kind = entry["type"]
    if kind.endswith("]"):
        count = int(kind[kind.rindex("[") + 1 : -1] or 1)
        return [hostile({**entry, "type": kind[: kind.rindex("[")]})] * count
    if kind == "tuple":
        return tuple(hostile(component) for component in entry["components"])
    if kind.startswith("bytes"):
        return NOISE if kind == "bytes" else b"\xff" * int(kind[5:])
    return {"string": RAW, "bool": True, "address": "0x" + "11" * 20}.get(kind, 1)


def noises(value: Any) -> Iterator[bytes]:
    """All noise in a value that was read, in its order."""
    if isinstance(value, Text):
        yield value.raw
    elif isinstance(value, str) and not value.startswith("0x"):
        yield value.encode()
    elif isinstance(value, bytes) and len(value) == len(NOISE):
        yield value
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from noises(inner)


def test_fields_of_text__are_those_that_this_page_knows_X5() -> None:
    assert set(fields()) == CHOSEN | FIXED
    assert not CHOSEN & FIXED


@pytest.mark.parametrize(("contract", "entry"), entries("event"), ids=lambda item: str(item)[:30])
def test_event__with_noise_in_every_text__is_read_and_keeps_its_bytes_X5(contract: str, entry: dict[str, Any]) -> None:
    (key,) = [key for key, name in CONTRACTS.items() if name == contract]
    indexed, plain = ([i for i in entry["inputs"] if i["indexed"] is side] for side in (True, False))
    topics = [encode([canonical_type(i)], [hostile(i)]) for i in indexed]
    values = [hostile(i) for i in plain]
    data = encode([canonical_type(i) for i in plain], values)
    address = "0x" + "22" * 20
    log = Log(address, [topic(contract, entry["name"]), *topics], data, 1, "here")
    (event,) = decode([log], {key: address})
    assert contract_of(event.contract) == contract
    fields = [event.fields[i["name"]] for i in plain]
    assert list(noises(fields)) == list(noises(values))
    assert encode([canonical_type(i) for i in plain], fields) == data
    assert all("\ufffd" in text for text in fields if isinstance(text, Text))


@pytest.mark.parametrize(("contract", "entry"), entries("function"), ids=lambda item: str(item)[:30])
def test_view__with_noise_in_every_text__is_read_and_keeps_its_bytes_X5(contract: str, entry: dict[str, Any]) -> None:
    types, values = [canonical_type(o) for o in entry["outputs"]], [hostile(o) for o in entry["outputs"]]
    call, data = Call("0x" + "22" * 20, contract, entry["name"], ()), encode(types, values)
    for form in (call.decode, call.named):
        reported = form(data)
        several = [reported] if len(types) == 1 else list(reported)
        assert list(noises(several)) == list(noises(values))
        assert encode(types, several) == data


@pytest.mark.parametrize(("contract", "entry"), entries("error"), ids=lambda item: str(item)[:30])
def test_error__with_noise_in_every_text__is_named_and_fit_for_a_terminal_X5(
    contract: str, entry: dict[str, Any]
) -> None:
    types = [canonical_type(i) for i in entry["inputs"]]
    data = keccak(text=f"{entry['name']}({','.join(types)})")[:4]
    data += encode(types, [hostile(i) for i in entry["inputs"]])
    assert refusal(data)[0] == entry["name"]
    assert described(data).isprintable()


# On a chain


def test_world__has_noise_in_each_field_that_an_account_chooses_X5(world: World) -> None:
    with connected(world.node.url):
        dao = DataDAO(world.dao.addresses, world.node.web3)
        found: set[Field] = set()
        for event in decode(_logs(world), dao.addresses):
            found |= {(contract_of(event.contract), event.name, path) for path in _noisy(event)}
        for key, name, arguments in (
            ("leases", "proposalOf", (1,)),
            ("models", "model", (1,)),
            ("registry", "committee", (2,)),
            ("registry", "policy", (1, 2)),
            ("registry", "currentPolicy", (1,)),
            ("token", "symbol", ()),
        ):
            if _has_noise(dao.read(key, name, *arguments)):
                found |= {each for each in CHOSEN if each[:2] == (CONTRACTS[key], name)}
        assert _has_noise(dao.read_at(world.dao.asset.address, "DataToken", "symbol"))
    assert found == CHOSEN


def _logs(world: World) -> list[Log]:
    raw = world.node.web3.provider.make_request("eth_getLogs", [{"fromBlock": "0x0"}])["result"]  # type: ignore[arg-type]
    return [Log.of(log, 0) for log in raw]


def _has_noise(value: Any) -> bool:
    """Also in calldata, in which a text is encoded once more."""
    if isinstance(value, Text):
        return RAW.raw in value.raw
    if isinstance(value, bytes):
        return len(value) > 32
    return isinstance(value, list | tuple) and any(map(_has_noise, value))


def _noisy(event: Any) -> Iterator[str]:
    (entry,) = [e for _, e in entries("event") if e["name"] == event.name and _ in contract_of(event.contract)]
    for field in entry["inputs"]:
        if not field["indexed"] and _has_noise(event.fields[field["name"]]):
            yield from texts(field, field["name"])


def test_proposals__whose_descriptions_are_no_utf8__hash_to_their_ids_X5(world: World) -> None:
    with connected(world.node.url):
        dao = DataDAO(world.dao.addresses, world.node.web3)
        found = proposals(dao)
        assert sum(RAW.raw in raw_text(item.description) for item in found) == len(found) > 8
        for item in found:
            assert dao.read("governor", "getProposalId", *item.call) == item.proposal_id


# What is not mistaken for something else


def test_books__of_texts_that_look_alike__differ_X5() -> None:
    one, other = Text(b"caf\xe9"), Text(b"caf\xe8")
    assert str(one) == str(other) == "caf\ufffd" and one != other and one != "caf\ufffd"
    (difference,) = compare([view("token", "symbol", is_=one)], lambda _: [other])
    assert difference.what == "token.symbol()"
    assert compare([view("token", "symbol", is_=one)], lambda _: [Text(b"caf\xe9")]) == []


def test_text__that_is_utf8__is_the_text() -> None:
    assert Text("café".encode()) == "café"
    assert {Text(b"a"): 1}["a"] == {"a": 1}[Text(b"a")] == 1


def test_decode__of_fields_that_are_needed__does_not_read_the_others() -> None:
    """The manifest's URI is never read: here it lies beyond the end of the data."""
    entry = next(e for _, e in entries("event") if e["name"] == "BatchPublished")
    plain = [i for i in entry["inputs"] if not i["indexed"]]
    data = bytearray(encode([canonical_type(i) for i in plain], [hostile(i) for i in plain]))
    offset = data.index((10 * 32).to_bytes(32, "big"), 9 * 32)
    data[offset : offset + 32] = (2**64).to_bytes(32, "big")
    topics = [topic("DatasetRegistry", "BatchPublished"), *(number.to_bytes(32, "big") for number in (7, 1))]
    log = Log("0x" + "22" * 20, topics, bytes(data), 1, "block 3, log 4")
    (event,) = decode([log], {"registry": log.address}, ("batchId", "batch"))
    assert event.fields["batchId"] == 7 and event.fields["batch"][0] == 1 and "manifestURI" not in event.fields
    with pytest.raises(Malformed, match="block 3, log 4"):
        list(decode([log], {"registry": log.address}))


def test_call__text_that_is_no_unicode__is_refused_by_name(world: World) -> None:
    """As Python has arguments of a command that are no UTF-8."""
    before = world.dao.chain.nonce(world.actor("member").address)
    refused = world.run("member", "vote", "lease:7", "for", "--reason", "caf\udce9", "--yes")
    assert refused.code == 1 and "expected UTF-8" in refused.err, refused
    assert world.dao.chain.nonce(world.actor("member").address) == before
    with pytest.raises(InvalidArgument, match="expected UTF-8"):
        encode(["string"], ["caf\udce9"])
