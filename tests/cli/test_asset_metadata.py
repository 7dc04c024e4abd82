"""The settlement asset as it is found: what it says of itself, from nothing to a screen full of escapes.

- read: each of the zoo on a node; a node that does not answer is no asset without metadata
- shown: `status` and a request with amounts in it work with each, to the unit; `read asset.symbol` says what it answers
- amounts: with no, 18, 24 and absurdly many decimals
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from assurance.harness.dao.zoo import METADATA, Metadata, Named, abi_text, every_metadata
from assurance.harness.text import DANGEROUS
from datadao.chain.asset import Asset, read_asset
from datadao.cli.money import Money
from datadao.crypto.keyfile import new_key
from datadao.errors import InvalidArgument, NodeRefused
from tests.cli.conftest import FreshDao
from tests.cli.test_refusals import REQUEST

ELSEWHERE = "0x" + "5a" * 20


def disguise(live: FreshDao, metadata: Metadata) -> str:
    """Gives the DAO's settlement asset other metadata; it stays the same token in all else."""
    asset = live.asset.address
    live.node.rpc("anvil_setCode", ELSEWHERE, live.node.rpc("eth_getCode", asset, "latest"))
    live.node.rpc("anvil_setCode", asset, "0x" + metadata.code(ELSEWHERE).hex())
    return asset


@every_metadata
def test_read_asset__whatever_it_says__is_shown_and_what_is_unusual_said(live: FreshDao, named: Named) -> None:
    asset = read_asset(live.node.web3, disguise(live, named.metadata))
    assert (asset.label, asset.decimals, asset.seen) == (named.label or asset.address, named.decimals, named.seen)
    assert not DANGEROUS.search(asset.label)


@every_metadata
def test_request__with_whatever_asset__escrows_to_the_unit(live: FreshDao, named: Named) -> None:
    asset = disguise(live, named.metadata)
    home = live.home("licensee")
    new_key(home / "keys" / "sealing")
    # 100 and 50 million units, however many decimals they are spelled with.
    price, bond = (decimal_text(units, named.decimals) for units in (100_000_000, 50_000_000))
    assert live.run(home, "lease", "request", *REQUEST, "--price", price, "--bond", bond, "--yes").code == 0
    shown = live.run(home, "lease", "show", "1")
    label = named.label or asset
    assert f"escrowed {spelled(250_000_000, named.decimals)} {' '.join(label.split())}" in " ".join(shown.out.split())
    assert not DANGEROUS.search(shown.out)
    assert live.run(home, "lease", "show", "1", "--json").document["escrow"] == "200000000"
    status = live.run(home, "status")
    assert f"asset {label} at {asset}" in status.out and not DANGEROUS.search(status.out)


def decimal_text(units: int, decimals: int) -> str:
    digits = str(units).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


def spelled(units: int, decimals: int) -> str:
    whole, _, rest = decimal_text(units, decimals).partition(".")
    return f"{int(whole):,}" + (f".{rest.rstrip('0')}" if rest.strip("0") else "")


def test_status__for_programs__has_the_symbol_as_it_is(live: FreshDao) -> None:
    symbol = "US\x1b[2JD\u202eC\n"
    asset = disguise(live, Metadata(symbol=abi_text(symbol)))
    done = live.run(live.home("reader"), "status", "--json")
    assert done.document["asset"] == {"address": asset, "symbol": symbol, "decimals": 6}
    assert not DANGEROUS.search(done.out)


def test_read_of_a_symbol__that_is_no_string__says_what_it_answers(live: FreshDao) -> None:
    disguise(live, METADATA[7].metadata)
    refusal = live.run(live.home("reader"), "read", "asset.symbol").refusal
    assert refusal == f"asset.symbol() is no such view: it answers 0x{b'MKR'.ljust(32, bytes(1)).hex()}"


def answering(one: Callable[..., Any], **more: Any) -> Any:
    """A connection to a node that answers so, also to several questions at once."""
    together = lambda requests: [one(*request) for request in requests]  # noqa: E731
    return SimpleNamespace(provider=SimpleNamespace(make_request=one, make_batch_request=together), **more)


@pytest.mark.parametrize("error", [{"code": -32005, "message": "limit exceeded"}, "busy"])
def test_node__that_does_not_answer__is_no_asset_without_decimals(live: FreshDao, error: Any) -> None:
    asset = live.asset.address
    web3 = answering(lambda *_: {"error": error})
    message = error["message"] if isinstance(error, dict) else error
    with pytest.raises(NodeRefused) as refusal:
        read_asset(web3, asset)
    assert str(refusal.value) == f"name() of the asset {asset}: {message}"


def test_asset__where_nothing_is__is_refused(live: FreshDao) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        read_asset(live.node.web3, "0x" + "12" * 20)
    where = "0x1212121212121212121212121212121212121212"
    assert str(refusal.value) == f"there is no contract at {where}, which should be the settlement asset"


def money(decimals: int) -> Money:
    return Money(Asset(ELSEWHERE, "Test", "T", decimals), SimpleNamespace)


@pytest.mark.parametrize(
    ("decimals", "amount", "units", "shown"),
    [
        (0, "1234", 1234, "1,234 T"),
        (0, "0", 0, "0 T"),
        (18, "1.000000000000000001", 10**18 + 1, "1.000000000000000001 T"),
        (18, "0.5", 5 * 10**17, "0.5 T"),
        (24, "0.000000000000000000000001", 1, "0.000000000000000000000001 T"),
        (24, "1000000", 10**30, "1,000,000 T"),
        (77, "0." + "0" * 76 + "1", 1, "0." + "0" * 76 + "1 T"),
    ],
)
def test_amount__is_read_and_shown_to_the_unit(decimals: int, amount: str, units: int, shown: str) -> None:
    assert money(decimals).units(amount, "--price") == units
    assert money(decimals).text(units) == shown


@pytest.mark.parametrize(
    ("decimals", "amount", "reason"),
    [
        (0, "1.5", "T has 0 decimals, got '1.5'"),
        (18, "0.0000000000000000001", "T has 18 decimals, got '0.0000000000000000001'"),
        (77, "2", "2 T is more than any account can hold"),
        (0, "\u0661\u0662", "expected an amount of T like 40 or 40.5, got '\u0661\u0662'"),
    ],
)
def test_amount__that_is_none__is_refused(decimals: int, amount: str, reason: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        money(decimals).units(amount, "--price")
    assert str(refusal.value) == f"--price: {reason}"


@pytest.mark.parametrize(
    "message",
    [
        "execution reverted",
        "VM execution error: reverted",
        "invalid opcode: INVALID",
        "invalid jump destination",
        "out of gas",
        "stack underflow (0 <=> 1)",
        "BadInstruction",
        "Bad instruction 0xfe",
        "InvalidJumpDestination",
        "EVM error InvalidFEOpcode",
        "EVM error: OutOfGas",
    ],
)
def test_node__whose_words_are_for_code_that_stops__is_an_answer(live: FreshDao, message: str) -> None:
    def ask(*_: Any) -> Any:
        return {"error": {"code": -32000, "message": message}}

    eth = SimpleNamespace(get_code=lambda _: b"\xfe")
    web3 = answering(ask, eth=eth, to_checksum_address=str)
    assert read_asset(web3, live.asset.address).decimals == 0
