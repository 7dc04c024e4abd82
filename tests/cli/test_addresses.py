"""Addresses and YAML that a person types: a mistyped address is refused wherever one is read, and never corrected; what
is wrong with a configuration is reported at once.
"""

from __future__ import annotations

from pathlib import Path

import ape
import pytest
import yaml
from eth_utils import to_checksum_address

from datadao.client import DataDAO
from datadao.encoding import address
from datadao.errors import InvalidArgument
from tests.cli.conftest import FreshDao

TYPO = "0xAbcdef1234567890abcdef1234567890ABCDEF12"
RIGHT = to_checksum_address(TYPO.lower())
REASON = "its capitals are not those of its checksum, so that a digit is wrong; copy it again from where it came"
REFUSED = f"'{TYPO}' is not an address: {REASON}"
PARTY = "{signer: %s, hpkeKey: 0x%064x}"
TERMS = (
    "{datasetId: 1, purposes: 1, pricePerPeriod: 1, periodLength: 30 days, periods: 1, bond: 1, royaltyBps: 0, "
    "exclusive: false, minShares: 0, agreementHash: 0x" + "00" * 32 + "}"
)


@pytest.mark.parametrize("spell", [str.lower, lambda text: "0x" + text[2:].upper(), to_checksum_address])
def test_address__of_one_case_or_with_its_checksum__is_taken(spell) -> None:
    assert address(spell(TYPO.lower())) == RIGHT


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (TYPO, REASON),
        (RIGHT.swapcase().replace("X", "x"), REASON),
        (RIGHT[:-1], "expected 0x and 40 hex digits"),
        (RIGHT + "0", "expected 0x and 40 hex digits"),
        (RIGHT[2:], "expected 0x and 40 hex digits"),
        (RIGHT[:-1] + "g", "expected 0x and 40 hex digits"),
        (RIGHT + "\n", "expected 0x and 40 hex digits"),
        ("", "expected 0x and 40 hex digits"),
        (7, "expected 0x and 40 hex digits"),
    ],
)
def test_address__that_is_none__is_refused_and_the_right_one_not_offered(value, reason) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        address(value)
    assert str(refusal.value) == f"{value!r} is not an address: {reason}"
    assert value == RIGHT or RIGHT not in str(refusal.value).replace(repr(value), "")


COMMANDS = [
    (("read", "asset.balanceOf", TYPO), f"asset.balanceOf.account: {REFUSED}"),
    (("send", "asset.transfer", TYPO, "1", "--yes"), f"asset.transfer.to: {REFUSED}"),
    (("propose", "asset.transfer", TYPO, "1", "--description", "d", "--yes"), f"asset.transfer.to: {REFUSED}"),
    (("propose", "registry.setAttestors", f"[{PARTY % (TYPO, 1)}]", "1", "--description", "d", "--yes"),
     f"registry.setAttestors.members[0].signer: {REFUSED}"),
    (("propose", "leases.createOffer", TERMS, TYPO, "1", "2027-06-01", "--description", "d", "--yes"),
     f"leases.createOffer.licensee: {REFUSED}"),
    (("claim", "--for", TYPO, "--yes"), REFUSED),
    (("status", "--account", TYPO), f"account {REFUSED}"),
    (("status", "--account", RIGHT), f"account {RIGHT} is none of Ape's; `ape accounts list` shows them"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "expected"), COMMANDS, ids=[" ".join(words[:2]) for words, _ in COMMANDS])
def test_command__with_a_mistyped_address__is_refused_and_sends_nothing(
    live: FreshDao, words: tuple[str, ...], expected: str
) -> None:
    before = (live.nonce(10), live.node.web3.eth.block_number, live.objects)
    assert live.run(live.home("someone"), *words).refusal == expected
    assert (live.nonce(10), live.node.web3.eth.block_number, live.objects) == before


def test_account__by_its_address_in_any_case__is_found(live: FreshDao) -> None:
    home, mine = live.home("someone"), ape.accounts.test_accounts[10].address
    for spelled in (mine, mine.lower()):
        shown = live.run(home, "status", "--account", spelled, "--json").document
        assert shown["me"]["account"] == mine


def test_call__with_several_faults__reports_all_of_them(live: FreshDao) -> None:
    before = live.nonce(10)
    parties = f"[{PARTY % (TYPO, 1)}, {{signer: unknown, hpkeKei: 0x12}}, {{signer: TEST::3, signer: TEST::4}}]"
    done = live.run(
        live.home("someone"), "propose", "registry.setAttestors", parties, "x", "--description", "d", "--yes"
    )
    assert done.code == 1
    where = "registry.setAttestors.members"
    assert done.refusal.startswith(f"{where}: '[{{signer: 0xAb") and done.refusal.endswith(
        "line 1: signer stands twice, first in line 1"
    )
    assert "registry.setAttestors.threshold: expected a number" in done.err
    fewer = f"[{PARTY % (TYPO, 1)}, {{signer: unknown, hpkeKei: 0x12}}]"
    done = live.run(live.home("again"), "propose", "registry.setAttestors", fewer, "x", "--description", "d", "--yes")
    first, *rest = done.err.splitlines()
    assert first == f"Refused: {where}[0].signer: {REFUSED}"
    assert rest[0] == f"  {where}[1]: unknown hpkeKei; did you mean hpkeKey?"
    assert rest[1].startswith(f"  {where}[1].signer: account 'unknown' is neither an address nor one of Ape's accounts")
    assert rest[2] == "  registry.setAttestors.threshold: expected a number, '7 days' or 'now + 365 days', got 'x'"
    assert live.nonce(10) == before


@pytest.mark.parametrize("word", ["[" * 3000, "&a [*a]"])
def test_call__with_unusual_yaml__is_refused(live: FreshDao, word: str) -> None:
    refusal = live.run(live.home("someone"), "read", "registry.dataset", word).refusal
    assert "is not YAML" in refusal and refusal.startswith("registry.dataset.datasetId: ")


@pytest.mark.parametrize(
    ("time", "seconds"),
    [("2027-06-01", 1_811_808_000), ("2027-06-01 12:00", 1_811_851_200), ("1811808000", 1_811_808_000)],
)
def test_call__with_a_date_for_a_time__means_its_seconds(live: FreshDao, time: str, seconds: int) -> None:
    home = live.home("someone")
    read = [live.run(home, "read", "registry.erasuresAt", "1", t).code for t in (time, str(seconds))]
    assert read == [0, 0]
    words = ("propose", "brake.setGuardian", "TEST::1", time, "--description", "d", "--untried", "--yes")
    assert "GovernorInsufficientProposerVotes" in live.run(home, *words).refusal, "the arguments were taken"


# A role's folder


def folder(live: FreshDao, text: str) -> Path:
    home = live.folder / "role"
    home.mkdir()
    (home / "config.yaml").write_text(text)
    return home


def test_configuration__with_several_faults__reports_all_of_them(live: FreshDao) -> None:
    addresses = dict(live.addresses) | {"token": TYPO, "tokn": RIGHT}
    del addresses["registry"]
    text = "network: x\nnetwork: y\nacount: z\nmax_file: many\nstore: {url: 7, regio: eu}\n" + yaml.safe_dump(
        {"deployment": addresses}
    )
    home = folder(live, text)
    path = home / "config.yaml"
    done = live.run(home, "status")
    assert done.code == 1 and done.out == ""
    assert done.err.removeprefix("Refused: ").splitlines() == [
        f"{path}: line 2: network stands twice, first in line 1",
        f"  {path}: unknown acount; did you mean account?",
        f"  {path}: deployment: missing registry",
        f"  {path}: deployment: unknown tokn; expected {', '.join(live.addresses)}",
        f"  {path}: deployment.token: {REFUSED}",
        f"  {path}: store: unknown regio; did you mean region?",
        f"  {path}: store: no url; expected url, endpoint, region, http, timeout, access_key_id, secret_access_key",
        f"  {path}: max_file: expected a number, got str",
    ]
    assert path.read_text() == text


@pytest.mark.parametrize("spelled", [7, None, "timelock", [1]])
def test_deployment__whose_address_is_none__is_refused(live: FreshDao, spelled: object) -> None:
    home = folder(live, yaml.safe_dump({"network": live.node.url, "deployment": live.addresses | {"brake": spelled}}))
    refusal = live.run(home, "status").refusal
    shown = spelled if isinstance(spelled, str) else str(spelled)
    assert refusal == (
        f"{home / 'config.yaml'}: deployment.brake: {shown!r} is not an address: expected 0x and 40 hex digits"
    )


def test_deployment__unquoted_addresses__are_addresses(live: FreshDao) -> None:
    text = f"network: {live.node.url}\naccount: TEST::10\ndeployment:\n"
    home = folder(live, text + "".join(f"  {key}: {value}\n" for key, value in live.addresses.items()))
    assert live.run(home, "status", "--json").document["contracts"] == live.addresses


def test_data_dao__with_a_mistyped_address__is_refused(live: FreshDao) -> None:
    with ape.networks.parse_network_choice(live.node.url), pytest.raises(InvalidArgument) as refusal:
        DataDAO(live.addresses | {"leases": TYPO}, ape.networks.provider.web3)
    assert str(refusal.value) == REFUSED


def test_configuration__that_is_no_utf8__is_refused(live: FreshDao) -> None:
    home = folder(live, "")
    (home / "config.yaml").write_bytes(b"network: caf\xe9\n")
    assert live.run(home, "status").refusal == f"{home / 'config.yaml'} is not YAML: byte 12 is not UTF-8"
