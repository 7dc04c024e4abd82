"""`datadao read`, `send` and `propose`: any function, with arguments as people write them."""

from __future__ import annotations

import pytest

from tests.cli.conftest import FreshDao

PARTY = "{signer: 0x00000000000000000000000000000000000000%02x, hpkeKey: 0x%064x}"
PARTIES = "[" + ", ".join(PARTY % (number, number) for number in (3, 2, 1)) + "]"


def test_read__of_a_struct__is_its_fields_by_name(live: FreshDao) -> None:
    policy = live.run(live.home("reader"), "read", "registry.currentPolicy", "1", "--json").document["result1"]
    assert {"minQuality", "rateBps", "schemaHash"} & policy.keys()
    assert policy["schemaHash"].startswith("0x")


def test_read__of_the_asset__by_an_accounts_alias(live: FreshDao) -> None:
    ran = live.run(live.home("reader"), "read", "asset.balanceOf", "TEST::10")
    assert (ran.code, ran.out.split(": ")[1].strip()) == (0, str(10**9))


def test_send__to_the_asset__with_a_contract_by_its_name(live: FreshDao) -> None:
    done = live.run(live.home("licensee"), "send", "asset.approve", "leases", "1_000", "--yes", "--json")
    assert len(done.document["transactions"]) == 1
    left = live.run(live.home("reader"), "read", "asset.allowance", "TEST::10", "leases", "--json").document
    assert [int(amount) for amount in left.values()] == [1000]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("read", "registrar.dataset", "1"), "no contract 'registrar' in 'registrar.dataset'; there are timelock, "),
        (("read", "registry.data", "1"), "registry has no function 'data' for this; it has "),
        (("read", "registry.erase", "1"), "registry has no function 'erase' for this; it has "),
        (("send", "registry.dataset", "1", "--yes"), "registry has no function 'dataset' for this; it has "),
        (("read", "registry.dataset"), "registry.dataset takes datasetId (uint256); got 0 arguments"),
        (("read", "registry.dataset", "one"), "registry.dataset.datasetId: expected a number"),
        (("read", "registry.dataset", "[1"), "registry.dataset.datasetId: '[1' is not YAML"),
        (("read", "asset.balanceOf", "unknown"), "account 'unknown' is neither an address nor one of Ape's accounts"),
        (("read", "leases.isDigest", "0x12"), "leases has no function 'isDigest' for this"),
        (("read", "registry.erasuresAt", "1", "281474976710656"), "registry.erasuresAt.t: expected 0 to 2**48 - 1"),
    ],
)
def test_call__that_is_none__is_refused_before_anything_is_asked(
    live: FreshDao, words: tuple[str, ...], expected: str
) -> None:
    before = live.nonce(10)
    assert expected in live.run(live.home("reader"), *words).refusal
    assert live.nonce(10) == before


def test_send__what_a_contract_refuses__is_named_by_its_error_and_not_sent(live: FreshDao) -> None:
    before = live.nonce(10)
    assert "EmergencyBrake_NotGuardian" in live.run(live.home("stranger"), "send", "brake.pull", "--yes").refusal
    assert live.nonce(10) == before


def test_propose__what_would_be_refused__is_not_proposed(live: FreshDao) -> None:
    before = live.nonce(10)
    words = ("registry.setAttestors", PARTIES, "9", "--description", "nine of three", "--yes")
    refusal = live.run(live.home("founder"), "propose", *words).refusal
    assert "DatasetRegistry_InvalidThreshold" in refusal
    assert live.nonce(10) == before


def test_propose__without_votes__is_refused_by_the_governor(live: FreshDao) -> None:
    words = ("registry.setAttestors", PARTIES, "2", "--description", "rotate", "--yes")
    assert "GovernorInsufficientProposerVotes" in live.run(live.home("founder"), "propose", *words).refusal


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("0x" + "4e" * 20, "0.3"), "has 0.2 ETH; whoever sends it some adds to it"),
        (("0x" + "4e" * 20, "much"), "ether.transfer.amount: expected an amount of ETH like 40 or 40.5, got 'much'"),
        (("0x" + "4e" * 20,), "ether.transfer takes to (address), amount (ETH); got 1 arguments"),
        (("nobody", "0.1"), "account 'nobody' is neither an address nor one of Ape's accounts"),
        (("asset", "0.1"), "ether.transfer(asset, 0.1)"),
    ],
    ids=["more than there is", "no amount", "no amount at all", "nobody", "who refuses it"],
)
def test_propose__ether_that_could_not_be_paid__is_not_proposed(
    live: FreshDao, words: tuple[str, ...], expected: str
) -> None:
    live.node.rpc("anvil_setBalance", live.addresses["timelock"], hex(2 * 10**17))
    before = live.nonce(10)
    assert expected in live.run(live.home("founder"), "propose", "ether.transfer", *words, "--description", "d").refusal
    assert live.nonce(10) == before
