"""Where there is nothing to do, a command says so, sends nothing, and ends with 0: to a timer this is no
failure."""

from __future__ import annotations

import pytest

from assurance.harness.commands import put_key
from datadao.crypto.keyfile import new_secret
from tests.cli.conftest import FreshDao
from tests.cli.licensee import Licensee
from tests.cli.test_rehearsal import accept, offer, words


@pytest.fixture
def licensee(live: FreshDao) -> Licensee:
    return Licensee(live)


def nothing(licensee: Licensee, *command: str) -> str:
    """Why there was nothing to do, for programs and for people; nothing was sent."""
    before = licensee.nonce
    document = licensee.run(*command, "--json")
    assert document.code == 0, document.err
    assert document.document.keys() == {"nothing"}
    people = licensee.run(*command)
    assert people.code == 0 and people.out == f"Nothing to do: {document.document['nothing']}\n"
    assert (licensee.nonce, licensee.kept) == (before, [])
    return str(document.document["nothing"])


def test_refund__nothing_returnable__says_in_which_state_the_lease_is(licensee: Licensee) -> None:
    assert licensee.run(*words()).code == 0
    assert nothing(licensee, "lease", "refund", "1", "--yes") == "lease 1, which is Pending, returns nothing now"


def test_refund__refused_for_another_reason__is_a_refusal(licensee: Licensee) -> None:
    assert licensee.run(*words()).code == 0
    asset = str(licensee.live.asset.address)
    assert licensee.run("lease", "cancel", "1", "--yes").code == 0
    licensee.live.node.rpc("evm_increaseTime", 2 * 86_400)
    licensee.mine()
    licensee.live.node.rpc("anvil_setCode", asset, "0x5f5ffd")  # PUSH0 PUSH0 REVERT
    before = licensee.nonce
    assert licensee.run("lease", "refund", "1", "--yes").code == 1
    assert licensee.nonce == before


def test_acknowledge__nothing_erased__says_how_many_are_acknowledged(licensee: Licensee) -> None:
    assert licensee.run(*accept(offer(licensee))).code == 0
    shown = nothing(licensee, "lease", "acknowledge", "1", "--yes")
    assert shown == "all 0 erasures under lease 1 are acknowledged"


def test_acknowledge__of_a_lease_that_is_only_requested__is_refused(licensee: Licensee) -> None:
    assert licensee.run(*words()).code == 0
    refused = licensee.run("lease", "acknowledge", "1", "--yes", "--json")
    assert refused.code == 1
    assert "DataLeases_WrongStatus(leaseId=1, actual=Pending)" in refused.document["error"]["message"]


def test_erase__nothing_of_this_account_accepted__says_so(licensee: Licensee) -> None:
    shown = nothing(licensee, "erase", "--all", "--yes")
    assert shown == f"{licensee.address} has no accepted contribution to erase"


def test_attest__nothing_scored_or_drafted__says_so(live: FreshDao) -> None:
    home = live.home("attestor", "TEST::2")
    put_key(home, "attestor-0")
    new_secret(home / "keys" / "fingerprint")
    before = live.objects
    for command, shown in (
        (("attest", "draft", "--dataset", "1"), "no new submission to dataset 1 has 2 scores that agree"),
        (("attest", "publish", "--dataset", "1", "--yes"), "no batch of dataset 1 is drafted and unpublished"),
    ):
        done = live.run(home, *command, "--json")
        assert done.code == 0 and done.document["nothing"].startswith(shown)
    assert live.objects == before


def test_claim_and_withdraw__nothing_owed__say_so(licensee: Licensee) -> None:
    before = licensee.nonce
    for command in (("claim", "--yes"), ("withdraw", "--yes"), ("withdraw", "--treasury", "--yes")):
        assert licensee.run(*command).code == 0
    assert licensee.nonce == before
