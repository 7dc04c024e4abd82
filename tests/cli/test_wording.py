"""What a proposal would do, in words: by the contracts' ABIs, and as bytes where they do not know it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from datadao.chain.abi import positional
from datadao.chain.asset import Asset
from datadao.chain.codec import CONTRACTS
from datadao.chain.codec import function as entry_of
from datadao.chain.rpc import Call
from datadao.cli.money import Money
from datadao.cli.wording import Actions, applicant_text, duration, purposes, said
from datadao.text import BAR

ASSET = "0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa"
STRANGER = "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"


def address(number: int) -> str:
    return f"0x{number:040x}"


def of(key: str) -> str:
    return address(100 + list(CONTRACTS).index(key)) if key in CONTRACTS else ASSET


def actions() -> Actions:
    contracts = {key: (of(key), name) for key, name in CONTRACTS.items()}
    return Actions(contracts | {"asset": (ASSET, "DataToken")}, Money(Asset(ASSET, "Test Dollar", "TUSD", 6), None))


def call(key: str, function: str, arguments: tuple[Any, ...]) -> tuple[str, int, bytes]:
    return of(key), 0, Call(of(key), CONTRACTS.get(key, "DataToken"), function, arguments).data


@pytest.mark.parametrize(
    ("key", "function", "arguments", "expected"),
    [
        ("registry", "setAttestors", ([(address(1), bytes(31) + b"\x01")], 1),
         f"registry.setAttestors(members=[{{signer={address(1)}, hpkeKey=0x{1:064x}}}], threshold=1)"),
        ("brake", "setGuardian", (address(2), 1_811_808_000),
         f"brake.setGuardian(newGuardian={address(2)}, until=1811808000 (2027-06-01 00:00 UTC))"),
        ("brake", "setGuardian", (address(2), 2**48 - 1),
         f"brake.setGuardian(newGuardian={address(2)}, until=281474976710655 (after the year 9999))"),
        ("governor", "setVotingDelay", (172_800,), "governor.setVotingDelay(newVotingDelay=172800 (2 days))"),
        ("leases", "withdrawTreasury", (), "leases.withdrawTreasury()"),
        ("asset", "transfer", (of("splitter"), 1_500_000),
         f"asset.transfer(to={of('splitter')} (splitter), value=1500000 (1.5 TUSD))"),
        ("token", "transfer", (address(3), 1_500_000), f"token.transfer(to={address(3)}, value=1500000)"),
    ],
)  # fmt: skip
def test_action__of_a_contract_of_the_dao__is_in_words(key: str, function: str, arguments: Any, expected: str) -> None:
    assert list(actions().words(*call(key, function, arguments))) == [expected]


def test_action__that_passes_another_on__shows_both() -> None:
    inner = call("asset", "approve", (address(7), 2**256 - 1))
    lines = list(actions().words(*call("governor", "relay", inner)))
    assert lines[0].startswith(f"governor.relay({ASSET} (asset), 0, 0x095ea7b3")
    assert lines[1].startswith(f"  which calls asset.approve(spender={address(7)}, value=1157")
    batch = ([inner[0]], [0], [inner[2]], bytes(32), bytes(32), 0)
    assert list(actions().words(*call("timelock", "scheduleBatch", batch)))[1] == lines[1]


def test_action__that_passes_itself_on_for_ever__ends() -> None:
    inner = call("leases", "withdrawTreasury", ())
    for _ in range(10):
        inner = call("governor", "relay", inner)
    lines = list(actions().words(*inner))
    assert len(lines) == 4 and lines[-1].startswith("  which calls   which calls   which calls governor.relay(")


@pytest.mark.parametrize(
    ("target", "data"), [(STRANGER, "a9059cbb"), (ASSET, "deadbeef"), (ASSET, "a9059cbb00"), (ASSET, "")]
)
def test_action__that_is_not_understood__is_its_bytes_in_full(target: str, data: str) -> None:
    (expected,) = actions().words(target, 3 * 10**17, bytes.fromhex(data))
    whom = f"asset ({ASSET})" if target == ASSET else f"the unknown contract {STRANGER}"
    assert expected == (
        f"a call that is not understood, of {whom}, with the data 0x{data}, with 0.3 of the chain's own coin"
    )


def test_action__that_only_pays__says_how_much_to_whom() -> None:
    (expected,) = actions().words(STRANGER.lower(), 3 * 10**17, b"")
    assert expected == f"a payment of 0.3 of the chain's own coin to {STRANGER}"
    (nothing,) = actions().words(STRANGER, 0, b"")
    assert nothing == f"a call that is not understood, of the unknown contract {STRANGER}, with the data 0x"


def test_action__with_a_text_that_is_no_utf8__is_in_words() -> None:
    good = call("models", "register", ([1], bytes(32), "cafX", True, address(1)))
    bad = good[2].replace(b"cafX", b"caf\xe9")
    (expected,) = actions().words(good[0], 0, bad)
    assert expected.startswith("models.register(leaseIds=[1], ") and 'uri="caf\N{REPLACEMENT CHARACTER}"' in expected


def test_action__whose_text_pretends_to_be_more_arguments__is_quoted() -> None:
    entry = entry_of("DatasetRegistry", "updatePolicy")["inputs"][1]
    sly = 'x", minBond=0 (0 TUSD)\n'
    numbers = {"minPricePerPeriod": 10**6, "minBond": 10**6, "purposes": 1, "minPeriod": 86_400, "uri": sly}
    given = {c["name"]: numbers.get(c["name"], bytes(32) if c["type"] == "bytes32" else 5) for c in entry["components"]}
    (expected,) = actions().words(*call("registry", "updatePolicy", (1, positional(entry, given))))
    for part in ("purposes=1 (research)", "minPricePerPeriod=1000000 (1 TUSD)", "minPeriod=86400 (1 day)"):
        assert part in expected
    assert expected.endswith(f"uri={json.dumps(sly)}}})")


def test_words__of_masks_and_times() -> None:
    assert purposes(3) == "research and commercial model training" and purposes(0) == "nothing"
    assert purposes(5) == "research and compute"
    assert purposes(9) == "research and bits 0x8, which have no published meaning"
    times = {86_400: "1 day", 7_200: "2 hours", 60: "1 minute", 90: "90 seconds", 0: "0 seconds"}
    assert {seconds: duration(seconds) for seconds in times} == times


def test_applicant_text__is_what_it_wrote_and_nothing_else_passes_for_it() -> None:
    ending = f"#proposer={of('leases')}"
    whole = f"Lease 7 terms 0x{'ab' * 32} Lease 8 terms 0x{'cd' * 32} cheap{ending}{ending}"
    assert applicant_text(whole, 7) == f"Lease 8 terms 0x{'cd' * 32} cheap{ending}"
    assert applicant_text(whole, 8) == whole
    assert said("applicant", "") == ["  The applicant wrote nothing."]
    assert said("applicant", "Price: 0\nBond: 0")[1:] == [f"  {BAR}Price: 0", f"  {BAR}Bond: 0"]
