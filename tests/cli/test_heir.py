"""`datadao heir`: an heir is named, asks, is refused or takes the lost account's place; each step says what it means.

given an account without an heir    it should show none; unbind and veto have nothing to do
when an heir is bound               it should say how long the account can veto, and against what this is no help
when the heir opens                 it should say when it can be executed; `status` warns the account
when the account vetoes             it should say from when it can be opened again; execution and opening are refused
when the delay is over              it should refuse the veto; any account executes; the heir holds what the old one had
what a contract refuses             it should name by its error, and send nothing
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ape
import pytest

from assurance.harness.commands import Ran
from datadao.chain.codec import CONTRACTS
from datadao.chain.rpc import Call
from datadao.values import moment
from tests.cli.conftest import FreshDao

DAY = 86_400
DELAY = 45
SHARES = 5 * 10**9
OLD, HEIR, OTHER = 10, 12, 3


class Parties:
    """The account whose key will be lost, its heir, and another account; all of test accounts."""

    def __init__(self, live: FreshDao) -> None:
        self.live = live
        self.old, self.heir, self.other = (self._home(name, n) for name, n in (("old", OLD), ("h", HEIR), ("o", OTHER)))

    def _home(self, name: str, number: int) -> Path:
        return self.live.home(name, f"TEST::{number}")

    def run(self, home: Path, *words: str) -> Ran:
        return self.live.run(home, "heir", *words)

    def done(self, home: Path, *words: str) -> tuple[dict[str, Any], str]:
        """The document of a command that sends, and what it said before."""
        ran = self.run(home, *words, "--yes", "--json")
        assert ran.code == 0, ran.err
        document = ran.document
        (sent,) = document.pop("transactions")
        assert sent["gas"] > 21_000
        return document, " ".join(ran.err.split())

    def refused(self, home: Path, *words: str) -> str:
        """With which error, leaving everything as it was."""
        before = self.shown()
        sent = [self.live.nonce(number) for number in (OLD, HEIR, OTHER)]
        refusal = self.run(home, *words, "--yes").refusal
        assert self.shown() == before
        assert [self.live.nonce(number) for number in (OLD, HEIR, OTHER)] == sent
        return refusal

    def shown(self) -> dict[str, Any]:
        found: dict[str, Any] = self.run(self.other, "show", account(OLD), "--json").document
        return found

    def wait(self, seconds: int) -> None:
        self.live.node.rpc("evm_increaseTime", seconds)
        self.live.node.rpc("evm_mine")

    @property
    def now(self) -> int:
        return int(self.live.node.web3.eth.get_block("latest")["timestamp"])

    def give(self, number: int) -> None:
        """Shares of dataset 1 and as many tokens, as a claimed contribution leaves them."""
        self._as_registry("token", "mint", account(number), SHARES)
        self._as_registry("splitter", "addPendingShares", 1, SHARES)
        self._as_registry("splitter", "vestShares", 1, account(number), SHARES, 0)

    def _as_registry(self, key: str, function: str, *arguments: Any) -> None:
        node, sender = self.live.node, self.live.addresses["registry"]
        node.rpc("anvil_setBalance", sender, hex(10**18))
        node.rpc("anvil_impersonateAccount", sender)
        call = Call(self.live.addresses[key], CONTRACTS[key], function, arguments)
        # An estimate is of the second in which it is made; one later a checkpoint takes a slot of its own.
        given = {"from": sender, "to": call.to, "data": "0x" + call.data.hex(), "gas": hex(10**6)}
        sent = node.rpc("eth_sendTransaction", given)
        node.rpc("anvil_stopImpersonatingAccount", sender)
        assert node.web3.eth.wait_for_transaction_receipt(sent)["status"] == 1


@pytest.fixture
def parties(live: FreshDao) -> Parties:
    return Parties(live)


def account(number: int) -> str:
    return str(ape.accounts.test_accounts[number].address)


def bound(parties: Parties) -> None:
    parties.done(parties.old, "bind", account(HEIR), "--delay", str(DELAY))


def opened(parties: Parties) -> None:
    bound(parties)
    parties.done(parties.heir, "open", account(OLD))


NOTHING = {"heir": None, "delayDays": 0, "since": 0, "openedAt": None, "executableFrom": None, "succeeded": False}


def test_show__without_an_heir__says_what_a_lost_key_means(parties: Parties) -> None:
    assert parties.shown() == {"account": account(OLD), "holder": account(OLD), **NOTHING}
    assert "none: a lost key is lost income and lost votes" in parties.run(parties.old, "show").out


@pytest.mark.parametrize(
    ("words", "reason"),
    [(("unbind",), f"{account(OLD)} has no heir"), (("veto",), f"no succession of {account(OLD)} is open")],
    ids=["unbind", "veto"],
)
def test_nothing_to_do__says_so_and_sends_nothing(parties: Parties, words: tuple[str, ...], reason: str) -> None:
    before = parties.live.nonce(OLD)
    ran = parties.run(parties.old, *words, "--yes", "--json")
    assert (ran.code, ran.document) == (0, {"nothing": reason})
    assert parties.live.nonce(OLD) == before


def test_bind__says_how_long_to_veto_and_against_what_it_is_no_help(parties: Parties) -> None:
    document, said = parties.done(parties.old, "bind", account(HEIR), "--delay", str(DELAY))
    assert document == {"account": account(OLD), "heir": account(HEIR), "delayDays": DELAY}
    assert f"{account(HEIR)} can open the succession and gets all that this account has 45 days later" in said
    assert "unless you veto: run `datadao status` more often than every 45 days" in said
    assert "no help against a thief: whoever has your key vetoes, and names another heir" in said
    bound_ = {**NOTHING, "heir": account(HEIR), "delayDays": DELAY, "since": parties.now}
    assert parties.shown() == {"account": account(OLD), "holder": account(OLD), **bound_}


def test_bind__without_confirmation__sends_nothing(parties: Parties) -> None:
    before = parties.live.nonce(OLD)
    assert "pass --yes; nothing was sent" in parties.run(parties.old, "bind", account(HEIR), "--delay", "30").refusal
    assert parties.live.nonce(OLD) == before


@pytest.mark.parametrize("delay", ["29", "366", "x"])
def test_bind__a_delay_outside_30_to_365_days__is_a_wrong_use(parties: Parties, delay: str) -> None:
    assert parties.run(parties.old, "bind", account(HEIR), "--delay", delay, "--yes").code == 2


@pytest.mark.parametrize("heir", [account(OLD), "0x" + "00" * 20])
def test_bind__an_heir_that_is_none__is_refused(parties: Parties, heir: str) -> None:
    assert "DataToken_InvalidHeir" in parties.refused(parties.old, "bind", heir, "--delay", "30")


def test_unbind__says_what_a_lost_key_means_then(parties: Parties) -> None:
    bound(parties)
    document, said = parties.done(parties.old, "unbind")
    assert document == {"account": account(OLD), "heir": None}
    assert "Without an heir, a lost key is lost income and lost votes, for ever." in said
    assert parties.shown()["heir"] is None


def test_open__by_the_heir__says_when_and_status_warns_the_account(parties: Parties) -> None:
    bound(parties)
    document, said = parties.done(parties.heir, "open", account(OLD))
    due = parties.now + DELAY * DAY
    assert document == {"account": account(OLD), "executableFrom": due}
    assert f"{account(OLD)} can veto for 45 days; after a veto it cannot be opened again for as long" in said
    assert f"run `datadao heir succeed {account(OLD)}`" in said
    assert parties.shown()["executableFrom"] == due

    status = parties.live.run(parties.old, "status", "--json").document["me"]
    assert (status["heir"], status["vetoUntil"], status["succeeded"]) == (account(HEIR), due, False)
    warning = " ".join(parties.live.run(parties.old, "status").out.split())
    assert f"WARNING: {account(HEIR)} has opened the succession of this account and gets all it has at" in warning
    assert f"{moment(due)}, unless you run `datadao heir veto` before" in warning
    assert "WARNING" not in parties.live.run(parties.heir, "status").out


def test_status__after_the_delay__advises_no_veto_that_would_be_refused(parties: Parties) -> None:
    opened(parties)
    due = parties.shown()["executableFrom"]
    parties.wait(due - parties.now - 60)
    assert "unless you run `datadao heir veto` before" in " ".join(parties.live.run(parties.old, "status").out.split())
    parties.wait(60)
    warning = " ".join(parties.live.run(parties.old, "status").out.split())
    assert "WARNING: a veto comes too late." in warning
    assert f"Any account can give {account(HEIR)} all that this account has since {moment(due)}" in warning
    assert "heir veto" not in warning
    assert "DataToken_TooLate" in parties.refused(parties.old, "veto")


def test_open__by_another_or_of_no_one__is_refused(parties: Parties) -> None:
    assert f"DataToken_NoHeir(account={account(OLD).lower()})" in parties.refused(parties.heir, "open", account(OLD))
    bound(parties)
    assert "DataToken_NotHeir" in parties.refused(parties.other, "open", account(OLD))
    parties.done(parties.heir, "open", account(OLD))
    assert "DataToken_AlreadyOpen" in parties.refused(parties.heir, "open", account(OLD))


def test_veto__says_from_when_it_can_be_opened_again(parties: Parties) -> None:
    opened(parties)
    document, said = parties.done(parties.old, "veto")
    again = parties.now + DELAY * DAY
    assert document == {"account": account(OLD), "heir": account(HEIR), "openableFrom": again}
    assert f"{account(HEIR)} stays the heir and can open it again in 45 days" in said
    assert "`datadao heir bind` names another, `datadao heir unbind` none" in said
    assert "DataToken_TooEarly" in parties.refused(parties.heir, "open", account(OLD))
    parties.wait(DELAY * DAY)
    assert "DataToken_NotOpen" in parties.refused(parties.other, "succeed", account(OLD))
    parties.done(parties.heir, "open", account(OLD))


def test_succeed__after_the_delay_by_any_account__the_heir_holds_what_the_old_one_had(parties: Parties) -> None:
    parties.give(OLD)
    opened(parties)
    assert "DataToken_TooEarly" in parties.refused(parties.other, "succeed", account(OLD))
    parties.wait(DELAY * DAY)
    assert "DataToken_TooLate" in parties.refused(parties.old, "veto")
    assert "DataToken_TooLate" in parties.refused(parties.old, "unbind")

    document, said = parties.done(parties.other, "succeed", account(OLD))
    moved = {"account": account(OLD), "holder": account(HEIR), "pools": [1], "tokens": str(SHARES)}
    assert document == moved
    assert "There is no way back: from now on the old key can no longer delegate, transfer, be paid" in said
    heir = parties.live.run(parties.heir, "status", "--json").document["me"]
    assert (heir["tokens"], heir["votes"], heir["shares"]) == (str(SHARES), str(SHARES), {"1": str(SHARES)})
    old = parties.live.run(parties.old, "status", "--json").document["me"]
    assert (old["tokens"], old["votes"], old["shares"], old["succeeded"]) == ("0", "0", {"1": "0"}, True)
    assert "An heir has taken the place of this account" in parties.live.run(parties.old, "status").out
    assert f"succeeded; {account(HEIR)} has its place" in " ".join(parties.run(parties.old, "show").out.split())
    assert (parties.shown()["succeeded"], parties.shown()["holder"]) == (True, account(HEIR))


def test_succeed__again_after_a_late_claim__moves_what_arrived(parties: Parties) -> None:
    parties.give(OLD)
    opened(parties)
    parties.wait(DELAY * DAY)
    parties.done(parties.other, "succeed", account(OLD))
    parties.give(OLD)
    document, said = parties.done(parties.heir, "succeed", account(OLD))
    assert document["tokens"] == str(2 * SHARES)
    assert "What the account got since moves as well." in said
    refusal = parties.refused(parties.old, "bind", account(OTHER), "--delay", "30")
    assert f"DataToken_AccountSucceeded(account={account(OLD).lower()})" in refusal


def test_audit__after_a_succession__is_equal_to_the_unit(parties: Parties) -> None:
    """Of an account without shares; the demo's last act compares one with them."""
    opened(parties)
    parties.wait(DELAY * DAY)
    parties.done(parties.other, "succeed", account(OLD))
    audit = parties.live.run(parties.other, "audit")
    assert audit.code == 0 and "equal to the unit" in " ".join(audit.out.split()), audit.out
