"""`bindHeir`, `unbindHeir` and their signatures: an account says who may take its place.

given any account: its heir, its delay and the second are recorded; a second binding replaces the first and its opening
given zero, itself, a contract of the DAO, a succeeded account, a delay outside 30 to 365 days: refused
given a signature of its key or of its contract wallet: as by call, once, here, in time
given no heir: unbinding does nothing; past the delay of an opening: refused
"""

from __future__ import annotations

from typing import Any

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Event, Handle, deploy
from assurance.harness.chain.reader import refused
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.succession import DELAY, bind, opened, signed, succeeded
from assurance.harness.dao.system import DAY, Actor, actor
from datadao.messages.heirs import BIND, UNBIND

HOLDER, HEIR, OTHER, RELAYER = actor("holder"), actor("heir"), actor("other"), actor("relayer")
LATE = 2**48 - 1
NONE = [ADDRESS_ZERO, 0, 0, 0, False]


def binding(pair: Pair, account: str = HOLDER.address) -> list[Any]:
    return list(pair.token.succession(account))


def watched(pair: Pair) -> Any:
    views = pair.reader(HOLDER, HEIR, OTHER)
    return lambda: (views.words(), binding(pair), binding(pair, OTHER.address))


def test_bind_heir__recorded_and_announced(pair: Pair) -> None:
    receipt = bind(pair, HOLDER, HEIR, 90)
    fields = {"account": HOLDER.address, "heir": HEIR.address, "delayDays": 90}
    assert receipt.events == [Event("HeirBound", pair.token.address, fields)]
    assert binding(pair) == [HEIR.address, 90, pair.chain.timestamp, 0, False]
    assert pair.token.holderOf(HOLDER.address)[0] == HOLDER.address, "bound is not succeeded"


def test_bind_heir__again__replaces_heir_delay_and_opening(pair: Pair) -> None:
    opened(pair, HOLDER, HEIR)
    pair.chain.warp(DELAY * DAY - 1)
    bind(pair, HOLDER, OTHER, 365)
    assert binding(pair) == [OTHER.address, 365, pair.chain.timestamp, 0, False]
    with refused(watched(pair), "DataToken_NotHeir", HEIR.address, OTHER.address):
        pair.token.openSuccession(HOLDER.address, sender=HEIR.address)


@pytest.mark.parametrize("days", [0, 29, 366, 2**16 + 30, 2**256 - 1])
def test_bind_heir__delay_out_of_bounds__refused(pair: Pair, days: int) -> None:
    with refused(watched(pair), "DataToken_InvalidDelay", days, 30, 365):
        bind(pair, HOLDER, HEIR, days)


@pytest.mark.parametrize("days", [30, 365])
def test_bind_heir__delay_at_its_bounds__bound(pair: Pair, days: int) -> None:
    bind(pair, HOLDER, HEIR, days)
    assert binding(pair)[1] == days


@pytest.mark.parametrize(
    "who",
    ["zero", "itself", "timelock", "brake", "token", "splitter", "governor", "leases", "models", "registry"],
)
def test_bind_heir__zero_itself_or_a_contract_of_the_dao__refused(pair: Pair, who: str) -> None:
    heir = {"zero": ADDRESS_ZERO, "itself": HOLDER.address, **pair.addresses}[who]
    with refused(watched(pair), "DataToken_InvalidHeir", HOLDER.address, heir):
        pair.token.bindHeir(heir, DELAY, sender=HOLDER.address)


@pytest.mark.parametrize("who", ["timelock", "governor", "leases", "models", "registry", "splitter", "brake", "token"])
def test_bind_heir__by_a_contract_of_the_dao__refused_whatever_a_vote_says(pair: Pair, who: str) -> None:
    account = pair.addresses[who]
    with refused(watched(pair), "DataToken_InvalidHeir", account, HEIR.address):
        pair.token.bindHeir(HEIR.address, DELAY, sender=account)


def test_bind_heir__to_or_by_a_succeeded_account__refused(pair: Pair) -> None:
    pair.accept(HOLDER, SHARES)
    succeeded(pair, HOLDER, HEIR, 1)
    with refused(watched(pair), "DataToken_AccountSucceeded", HOLDER.address):
        bind(pair, OTHER, HOLDER)
    with refused(watched(pair), "DataToken_AccountSucceeded", HOLDER.address):
        bind(pair, HOLDER, OTHER)
    with refused(watched(pair), "DataToken_AccountSucceeded", HOLDER.address):
        pair.token.unbindHeir(sender=HOLDER.address)


@pytest.mark.parametrize("act", ["bindHeir", "unbindHeir"])
def test_bind_and_unbind__from_the_end_of_the_delay_on__refused(pair: Pair, act: str) -> None:
    until = opened(pair, HOLDER, HEIR)
    args = (OTHER.address, DELAY) if act == "bindHeir" else ()
    pair.chain.warp(until - pair.chain.timestamp)
    with refused(watched(pair), "DataToken_TooLate", HOLDER.address, until):
        getattr(pair.token, act)(*args, sender=HOLDER.address)


def test_unbind_heir__nothing_is_left(pair: Pair) -> None:
    until = opened(pair, HOLDER, HEIR)
    pair.chain.warp(until - 1 - pair.chain.timestamp)
    receipt = pair.token.unbindHeir(sender=HOLDER.address)
    fields = {"account": HOLDER.address, "heir": HEIR.address}
    assert receipt.events == [Event("HeirUnbound", pair.token.address, fields)]
    assert binding(pair) == NONE
    pair.chain.warp(DAY)
    with refused(watched(pair), "DataToken_NoHeir", HOLDER.address):
        pair.token.succeed(HOLDER.address, [1], sender=HEIR.address)


def test_unbind_heir__without_one__does_nothing(pair: Pair) -> None:
    assert pair.token.unbindHeir(sender=HOLDER.address).events == []
    assert binding(pair) == NONE


class TestBySignature:
    """Of a key."""

    def bound(self, pair: Pair, nonce: int = 0, deadline: int = LATE, signer: Actor = HOLDER, **domain: Any) -> Any:
        values = (HOLDER.address, HEIR.address, DELAY, nonce, deadline)
        signature = signed(pair, signer, BIND, *values, **domain)
        return pair.token.bindHeirBySig(*values, signature, sender=RELAYER.address)

    def test_bind_heir_by_sig__binds_and_uses_the_nonce__refused_again(self, pair: Pair) -> None:
        receipt = self.bound(pair)
        assert [e.name for e in receipt.events] == ["HeirBound"]
        assert binding(pair) == [HEIR.address, DELAY, pair.chain.timestamp, 0, False]
        assert pair.token.nonces(HOLDER.address) == 1
        assert pair.token.nonces(RELAYER.address) == 0
        with refused(watched(pair), "InvalidAccountNonce", HOLDER.address, 1):
            self.bound(pair)

    def test_unbind_heir_by_sig__unbinds_and_uses_the_nonce(self, pair: Pair) -> None:
        bind(pair, HOLDER, HEIR)
        values = (HOLDER.address, 0, LATE)
        signature = signed(pair, HOLDER, UNBIND, *values)
        pair.token.unbindHeirBySig(*values, signature, sender=RELAYER.address)
        assert binding(pair) == NONE
        with refused(watched(pair), "InvalidAccountNonce", HOLDER.address, 1):
            pair.token.unbindHeirBySig(*values, signature, sender=RELAYER.address)

    def test_bind_heir_by_sig__nonce_ahead__refused(self, pair: Pair) -> None:
        with refused(watched(pair), "InvalidAccountNonce", HOLDER.address, 0):
            self.bound(pair, nonce=1)

    def test_bind_heir_by_sig__at_its_deadline_accepted__a_second_later_refused(self, pair: Pair) -> None:
        deadline = pair.chain.timestamp + 5
        pair.chain.warp(6)
        with refused(watched(pair), "DataToken_DeadlinePassed", deadline, deadline + 1):
            self.bound(pair, deadline=deadline)
        self.bound(pair, deadline=pair.chain.timestamp)

    @pytest.mark.parametrize("domain", [{"chain_id": 1}, {"contract": "0x" + "11" * 20}, {"name": "Other"}])
    def test_bind_heir_by_sig__for_another_place__refused(self, pair: Pair, domain: dict[str, Any]) -> None:
        with refused(watched(pair), "DataToken_InvalidSignature", HOLDER.address):
            self.bound(pair, **domain)

    def test_bind_heir_by_sig__of_another_key__refused(self, pair: Pair) -> None:
        with refused(watched(pair), "DataToken_InvalidSignature", HOLDER.address):
            self.bound(pair, signer=HEIR)

    @pytest.mark.parametrize("place", range(5))
    def test_bind_heir_by_sig__any_field_changed__refused(self, pair: Pair, place: int) -> None:
        values: list[Any] = [HOLDER.address, HEIR.address, DELAY, 0, LATE]
        signature = signed(pair, HOLDER, BIND, *values)
        values[place] = OTHER.address if place < 2 else values[place] - 1 if place == 4 else values[place] + 1
        account = values[0]
        with refused(watched(pair), "DataToken_InvalidSignature", account):
            pair.token.bindHeirBySig(*values, signature, sender=RELAYER.address)

    def test_unbind_heir_by_sig__signed_for_a_binding__refused(self, pair: Pair) -> None:
        bind(pair, HOLDER, HEIR)
        signature = signed(pair, HOLDER, BIND, HOLDER.address, HEIR.address, DELAY, 0, LATE)
        with refused(watched(pair), "DataToken_InvalidSignature", HOLDER.address):
            pair.token.unbindHeirBySig(HOLDER.address, 0, LATE, signature, sender=RELAYER.address)

    def test_bind_heir_by_sig__zero_account__no_signature_serves(self, pair: Pair) -> None:
        with refused(watched(pair), "DataToken_InvalidSignature", ADDRESS_ZERO):
            pair.token.bindHeirBySig(ADDRESS_ZERO, HEIR.address, DELAY, 0, LATE, bytes(65), sender=RELAYER.address)


class TestContractWallet:
    """ERC-1271, and the wallet's own call."""

    @pytest.fixture
    def wallet(self, pair: Pair) -> Handle:
        return deploy(pair.chain, "ContractWallet", HOLDER.address, sender=HOLDER.address)

    def test_bind_and_unbind_by_sig__wallet_confirms(self, pair: Pair, wallet: Handle) -> None:
        values = (wallet.address, HEIR.address, DELAY, 0, LATE)
        pair.token.bindHeirBySig(*values, signed(pair, HOLDER, BIND, *values), sender=RELAYER.address)
        assert binding(pair, wallet.address)[0] == HEIR.address
        values = (wallet.address, 1, LATE)
        pair.token.unbindHeirBySig(*values, signed(pair, HOLDER, UNBIND, *values), sender=RELAYER.address)
        assert binding(pair, wallet.address) == NONE

    def test_bind_heir__called_by_the_wallet__bound(self, pair: Pair, wallet: Handle) -> None:
        call = pair.token.encode("bindHeir", HEIR.address, DELAY)
        wallet.execute(pair.token.address, call, sender=HOLDER.address)
        assert binding(pair, wallet.address)[0] == HEIR.address

    @pytest.mark.parametrize("mood", range(1, 6), ids=["magic", "reverts", "gas", "writes", "short"])
    def test_bind_heir_by_sig__wallet_misbehaves__refused(self, pair: Pair, wallet: Handle, mood: int) -> None:
        values = (wallet.address, HEIR.address, DELAY, 0, LATE)
        signature = signed(pair, HOLDER, BIND, *values)
        wallet.setMood(mood, sender=HOLDER.address)
        with refused(watched(pair), "DataToken_InvalidSignature", wallet.address):
            pair.token.bindHeirBySig(*values, signature, sender=RELAYER.address)
        wallet.setMood(0, sender=HOLDER.address)
        pair.token.bindHeirBySig(*values, signature, sender=RELAYER.address)
