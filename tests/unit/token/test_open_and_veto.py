"""`openSuccession`, `vetoSuccession` and their signatures: the heir asks, the old key can say no.

given a bound heir: it opens at once, once; any other account is refused
given an open succession: the account ends it before the delay is over, and never from then on
given a veto: no opening for one delay; a signed veto ends the opening it names and no other
given an heir that was succeeded: its holder opens; given a circle: refused
"""

from __future__ import annotations

from typing import Any

import pytest

from assurance.harness.chain.handles import Event, deploy
from assurance.harness.chain.reader import refused
from assurance.harness.dao.pair import Pair
from assurance.harness.dao.succession import DELAY, bind, opened, signed, succeed, succeeded
from assurance.harness.dao.system import DAY, Actor, actor
from datadao.messages.heirs import OPEN, VETO

HOLDER, HEIR, OTHER, RELAYER = actor("holder"), actor("heir"), actor("other"), actor("relayer")
LATE = 2**48 - 1
WAIT = DELAY * DAY


def watched(pair: Pair) -> Any:
    views = pair.reader(HOLDER, HEIR, OTHER)
    return lambda: (views.words(), pair.token.succession(HOLDER.address))


def open_by(pair: Pair, caller: Actor, account: Actor = HOLDER) -> Any:
    return pair.token.openSuccession(account.address, sender=caller.address)


def test_open_succession__by_the_heir_at_once__opened(pair: Pair) -> None:
    bind(pair, HOLDER, HEIR, 90)
    receipt = open_by(pair, HEIR)
    now = pair.chain.timestamp
    fields = {"account": HOLDER.address, "heir": HEIR.address, "until": now + 90 * DAY}
    assert receipt.events == [Event("SuccessionOpened", pair.token.address, fields)]
    assert pair.token.succession(HOLDER.address)[3] == now
    with refused(watched(pair), "DataToken_AlreadyOpen", HOLDER.address, now):
        open_by(pair, HEIR)


@pytest.mark.parametrize("caller", [HOLDER, OTHER])
def test_open_succession__by_any_other_account__refused(pair: Pair, caller: Actor) -> None:
    bind(pair, HOLDER, HEIR)
    with refused(watched(pair), "DataToken_NotHeir", caller.address, HEIR.address):
        open_by(pair, caller)


def test_open_succession__without_an_heir__refused(pair: Pair) -> None:
    with refused(watched(pair), "DataToken_NoHeir", HOLDER.address):
        open_by(pair, HEIR)


def test_open_succession__of_a_succeeded_account__refused(pair: Pair) -> None:
    succeeded(pair, HOLDER, HEIR)
    with refused(watched(pair), "DataToken_AccountSucceeded", HOLDER.address):
        open_by(pair, HEIR)


def test_open_succession__heir_was_succeeded__its_holder_opens(pair: Pair) -> None:
    bind(pair, HOLDER, HEIR)
    succeeded(pair, HEIR, OTHER)
    with refused(watched(pair), "DataToken_NotHeir", HEIR.address, OTHER.address):
        open_by(pair, HEIR)
    (event,) = open_by(pair, OTHER).events
    assert event.args["heir"] == OTHER.address


def test_open_succession__two_accounts_that_are_each_others_heirs__one_is_refused(pair: Pair) -> None:
    bind(pair, HOLDER, HEIR)
    bind(pair, HEIR, HOLDER)
    open_by(pair, HOLDER, HEIR)
    open_by(pair, HEIR)
    pair.chain.warp(WAIT)
    succeed(pair, HOLDER, 1, by=OTHER)
    with refused(watched(pair), "DataToken_SuccessionCircle", HEIR.address):
        succeed(pair, HEIR, 1, by=OTHER)
    with refused(watched(pair), "DataToken_SuccessionCircle", HEIR.address):
        open_by(pair, HEIR, HEIR)


def test_veto__in_the_last_second__ends_it_and_no_opening_for_one_delay__t10(pair: Pair) -> None:
    until = opened(pair, HOLDER, HEIR)
    pair.chain.warp(until - 1 - pair.chain.timestamp)
    receipt = pair.token.vetoSuccession(sender=HOLDER.address)
    again = pair.chain.timestamp + WAIT
    fields = {"account": HOLDER.address, "heir": HEIR.address, "until": again}
    assert receipt.events == [Event("SuccessionVetoed", pair.token.address, fields)]
    pair.chain.warp(1)
    with refused(watched(pair), "DataToken_NotOpen", HOLDER.address, 0):
        succeed(pair, HOLDER, 1, by=HEIR)
    pair.chain.warp(again - 1 - pair.chain.timestamp)
    with refused(watched(pair), "DataToken_TooEarly", HOLDER.address, again):
        open_by(pair, HEIR)
    pair.chain.warp(1)
    open_by(pair, HEIR)


def test_veto__from_the_end_of_the_delay_on__refused(pair: Pair) -> None:
    until = opened(pair, HOLDER, HEIR)
    pair.chain.warp(until - pair.chain.timestamp)
    with refused(watched(pair), "DataToken_TooLate", HOLDER.address, until):
        pair.token.vetoSuccession(sender=HOLDER.address)


def test_veto__nothing_open__refused(pair: Pair) -> None:
    bind(pair, HOLDER, HEIR)
    with refused(watched(pair), "DataToken_NotOpen", HOLDER.address, 0):
        pair.token.vetoSuccession(sender=HOLDER.address)
    opened(pair, HOLDER, HEIR)
    with refused(watched(pair), "DataToken_NotOpen", HEIR.address, 0):
        pair.token.vetoSuccession(sender=HEIR.address)


class TestBySignature:
    """Of a key, and of a contract wallet."""

    def test_open_by_sig__opens_with_the_heirs_nonce__refused_again(self, pair: Pair) -> None:
        bind(pair, HOLDER, HEIR)
        signature = signed(pair, HEIR, OPEN, HOLDER.address, HEIR.address, 0, LATE)
        pair.token.openSuccessionBySig(HOLDER.address, 0, LATE, signature, sender=RELAYER.address)
        assert pair.token.succession(HOLDER.address)[3] == pair.chain.timestamp
        assert [pair.token.nonces(a.address) for a in (HOLDER, HEIR)] == [0, 1]
        pair.token.vetoSuccession(sender=HOLDER.address)
        pair.chain.warp(WAIT)
        with refused(watched(pair), "InvalidAccountNonce", HEIR.address, 1):
            pair.token.openSuccessionBySig(HOLDER.address, 0, LATE, signature, sender=RELAYER.address)

    @pytest.mark.parametrize("change", ["key", "heir", "account", "late", "chain_id", "contract", "name"])
    def test_open_by_sig__anything_else_signed__refused(self, pair: Pair, change: str) -> None:
        bind(pair, HOLDER, HEIR)
        account = OTHER if change == "account" else HOLDER
        heir = OTHER if change == "heir" else HEIR
        domain = {"chain_id": {"chain_id": 1}, "contract": {"contract": "0x" + "11" * 20}, "name": {"name": "O"}}
        deadline = pair.chain.timestamp - 1 if change == "late" else LATE
        signature = signed(
            pair,
            OTHER if change == "key" else HEIR,
            OPEN,
            account.address,
            heir.address,
            0,
            deadline,
            **domain.get(change, {}),
        )
        error: tuple[Any, ...] = ("DataToken_InvalidSignature", HEIR.address)
        if change == "late":
            error = ("DataToken_DeadlinePassed", deadline, pair.chain.timestamp)
        with refused(watched(pair), *error):
            pair.token.openSuccessionBySig(HOLDER.address, 0, deadline, signature, sender=RELAYER.address)

    def test_veto_by_sig__ends_the_opening_it_names_and_no_later_one(self, pair: Pair) -> None:
        opened(pair, HOLDER, HEIR)
        at = pair.chain.timestamp
        signature = signed(pair, HOLDER, VETO, HOLDER.address, at)
        pair.token.vetoSuccessionBySig(HOLDER.address, at, signature, sender=RELAYER.address)
        assert pair.token.succession(HOLDER.address)[3] == 0
        assert pair.token.nonces(HOLDER.address) == 0
        for _ in range(2):
            with refused(watched(pair), "DataToken_NotOpen", HOLDER.address, at):
                pair.token.vetoSuccessionBySig(HOLDER.address, at, signature, sender=RELAYER.address)
            if pair.token.succession(HOLDER.address)[3] == 0:
                pair.chain.warp(WAIT)
                open_by(pair, HEIR)

    @pytest.mark.parametrize("change", ["key", "account", "second", "chain_id", "contract", "name"])
    def test_veto_by_sig__anything_else_signed__refused(self, pair: Pair, change: str) -> None:
        opened(pair, HOLDER, HEIR)
        at = pair.chain.timestamp
        account = OTHER if change == "account" else HOLDER
        domain = {"chain_id": {"chain_id": 1}, "contract": {"contract": "0x" + "11" * 20}, "name": {"name": "O"}}
        signer = HEIR if change == "key" else HOLDER
        second = at + 1 if change == "second" else at
        signature = signed(pair, signer, VETO, account.address, second, **domain.get(change, {}))
        with refused(watched(pair), "DataToken_InvalidSignature", HOLDER.address):
            pair.token.vetoSuccessionBySig(HOLDER.address, at, signature, sender=RELAYER.address)

    def test_veto_by_sig__zero_second_signed_and_nothing_open__refused(self, pair: Pair) -> None:
        bind(pair, HOLDER, HEIR)
        signature = signed(pair, HOLDER, VETO, HOLDER.address, 0)
        with refused(watched(pair), "DataToken_NotOpen", HOLDER.address, 0):
            pair.token.vetoSuccessionBySig(HOLDER.address, 0, signature, sender=RELAYER.address)

    def test_veto_by_sig__from_the_end_of_the_delay_on__refused(self, pair: Pair) -> None:
        until = opened(pair, HOLDER, HEIR)
        at = pair.chain.timestamp
        signature = signed(pair, HOLDER, VETO, HOLDER.address, at)
        pair.chain.warp(until - at)
        with refused(watched(pair), "DataToken_TooLate", HOLDER.address, until):
            pair.token.vetoSuccessionBySig(HOLDER.address, at, signature, sender=RELAYER.address)

    def test_open_and_veto_by_sig__of_contract_wallets__erc1271(self, pair: Pair) -> None:
        old, new = (
            deploy(pair.chain, "ContractWallet", owner.address, sender=owner.address) for owner in (HOLDER, HEIR)
        )
        call = pair.token.encode("bindHeir", new.address, DELAY)
        old.execute(pair.token.address, call, sender=HOLDER.address)
        signature = signed(pair, HEIR, OPEN, old.address, new.address, 0, LATE)
        pair.token.openSuccessionBySig(old.address, 0, LATE, signature, sender=RELAYER.address)
        at = pair.chain.timestamp
        signature = signed(pair, HOLDER, VETO, old.address, at)
        old.setMood(1, sender=HOLDER.address)
        with refused(watched(pair), "DataToken_InvalidSignature", old.address):
            pair.token.vetoSuccessionBySig(old.address, at, signature, sender=RELAYER.address)
        old.setMood(0, sender=HOLDER.address)
        pair.token.vetoSuccessionBySig(old.address, at, signature, sender=RELAYER.address)
        assert pair.token.succession(old.address)[3] == 0
