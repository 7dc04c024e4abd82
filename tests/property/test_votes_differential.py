"""Our token against OpenZeppelin's own `ERC20Votes`, step by step and second by second (T-1 to T-4, T-8).

`DataToken` keeps an account in one word and its older votes two to a slot. `StockVotes` is the library's ERC20Votes
with the same rules on top. The same random life is lived on both: every call has the same result and events, or the
very same refusal; and after it every view answers the same, at every second that has passed and for the seconds that
have not.

In process; `DATADAO_DEPTH=50` in the environment makes the run fifty times as long.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import pytest
from hypothesis import strategies as st
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Handle, Reverted, deploy
from assurance.harness.dao.pair import Pair
from assurance.harness.dao.system import actor
from assurance.harness.machines.depth import DEPTH
from assurance.harness.machines.driver import each
from assurance.harness.machines.reaching import live_until_met
from datadao.messages import eip712

MEMBERS = [actor(f"holder-{i}") for i in range(4)]
ACCOUNTS = [*(member.address for member in MEMBERS), actor("registry").address, ADDRESS_ZERO]
TOKEN = "the token itself"
MOST = 2**63 - 1
PERMIT = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
DELEGATION = "Delegation(address delegatee,uint256 nonce,uint256 expiry)"

who = st.sampled_from(ACCOUNTS)
member = st.integers(0, len(MEMBERS) - 1)
anywhere = st.sampled_from([*ACCOUNTS, TOKEN])
amounts = st.one_of(st.integers(0, 12), st.sampled_from([10**9, 2**40, MOST // 2, MOST, 2**256 - 1]))
small = st.integers(0, 9)
nonces = st.sampled_from([0, 0, 0, 1])
"""How far a signature's nonce is from the right one."""
STEPS = st.one_of(
    st.tuples(st.just("mint"), who, amounts),
    st.tuples(st.just("burn"), who, small),
    st.tuples(st.just("hand over"), anywhere, small),
    st.tuples(st.just("transfer"), member, anywhere, small),
    st.tuples(st.just("approve"), member, member, amounts),
    st.tuples(st.just("transferFrom"), member, member, anywhere, small),
    st.tuples(st.just("delegate"), member, anywhere),
    st.tuples(st.just("delegate"), member, anywhere),
    st.tuples(st.just("delegateBySig"), member, anywhere, nonces, st.integers(-1, 2)),
    st.tuples(st.just("permit"), member, member, amounts, nonces, st.integers(-1, 2)),
    st.tuples(st.just("wait"), st.integers(1, 4)),
)
REACHED: Counter[str] = Counter()


class World:
    """Both tokens on one chain, with one registry."""

    def __init__(self, transferable: bool, twins: tuple[str, ...] = ()) -> None:
        self.pair = pair = Pair(transferable=transferable, twins=twins)
        self.chain, self.registry = pair.chain, pair.registry.address
        names = (self.registry, pair.token.name(), pair.token.symbol(), transferable)
        self.tokens = [pair.token, deploy(pair.chain, "StockVotes", *names, sender=actor("builder").address)]
        self.born = self.chain.timestamp
        self.snapshot = self.chain.snapshot()

    def restore(self) -> None:
        self.chain.revert(self.snapshot)
        self.snapshot = self.chain.snapshot()

    # What is done to a token

    def call(self, token: Handle, step: tuple[Any, ...]) -> tuple[Any, str]:
        """Its receipt, and who sent it."""
        kind, *args = step
        there = [token.address if arg == TOKEN else arg for arg in args]
        if kind in ("mint", "burn"):
            return getattr(token, kind)(*there, sender=self.registry)
        if kind == "hand over":
            return token.transfer(*there, sender=self.registry)
        sender = MEMBERS[there[0]]
        if kind == "approve":
            return token.approve(MEMBERS[there[1]].address, there[2], sender=sender.address)
        if kind == "transferFrom":
            return token.transferFrom(MEMBERS[there[1]].address, there[2], there[3], sender=sender.address)
        if kind in ("transfer", "delegate"):
            return getattr(token, kind)(*there[1:], sender=sender.address)
        domain = token.name(), self.chain.chain_id, token.address
        nonce = token.nonces(sender.address) + there[-2]
        until = max(0, self.chain.timestamp + there[-1])
        relayer = actor("relayer").address
        if kind == "delegateBySig":
            signed = sender.sign(eip712.typed_data(*domain, DELEGATION, there[1], nonce, until))
            vrs = signed[64], signed[:32], signed[32:64]
            return token.delegateBySig(there[1], nonce, until, *vrs, sender=relayer)
        spender, value = MEMBERS[there[1]].address, there[2]
        signed = sender.sign(eip712.typed_data(*domain, PERMIT, sender.address, spender, value, nonce, until))
        vrs = signed[64], signed[:32], signed[32:64]
        return token.permit(sender.address, spender, value, until, *vrs, sender=relayer)

    def outcome(self, token: Handle, step: tuple[Any, ...]) -> tuple[Any, ...]:
        try:
            receipt = self.call(token, step)
        except Reverted as refusal:
            # The signer of a ballot with another nonce is anyone, and another one for each domain.
            known = refusal.name != "ERC2612InvalidSigner"
            REACHED[refusal.name] += 1
            return refusal.name, [spelled(token, arg) for arg in refusal.values] if known else None
        REACHED[step[0]] += 1
        told = [(e.name, {k: spelled(token, v) for k, v in e.args.items()}) for e in receipt.events]
        return receipt.value, [event for event in told if event[0] != "Matured"]

    # What it answers

    def views(self, token: Handle) -> dict[tuple[Any, ...], Any]:
        """Everything that can be asked about now."""
        names = ("balanceOf", "getVotes", "delegates", "nonces", "numCheckpoints")
        accounts = [*ACCOUNTS, token.address]
        found = {(n, spelled(token, a)): spelled(token, getattr(token, n)(a)) for n in names for a in accounts}
        for owner in MEMBERS:
            for spender in MEMBERS:
                found["allowance", owner.address, spender.address] = token.allowance(owner.address, spender.address)
        return found | {("totalSupply",): token.totalSupply(), ("clock",): (token.clock(), token.CLOCK_MODE())}

    def past(self, token: Handle) -> list[Any]:
        """Everything that can be asked about another time, the present second and the next included."""
        answers: list[Any] = []
        for account in ACCOUNTS:
            count = token.numCheckpoints(account)
            answers += [
                asked(lambda a=account, i=i: tuple(vars(token.checkpoints(a, i)).values())) for i in range(count + 1)
            ]
        for second in range(self.born - 2, self.chain.timestamp + 2):
            answers.append(asked(lambda t=second: token.getPastTotalSupply(t)))
            answers += [asked(lambda a=account, t=second: token.getPastVotes(a, t)) for account in ACCOUNTS]
        return answers

    def live(self, steps: list[tuple[Any, ...]]) -> None:
        for step in steps:
            if step[0] == "wait":
                self.chain.warp(step[1])
                continue
            ours, theirs = (self.outcome(token, step) for token in self.tokens)
            assert ours == theirs, step
            ours, theirs = map(self.views, self.tokens)
            assert ours == theirs, step
        ours, theirs = map(self.past, self.tokens)
        assert ours == theirs


def spelled(token: Handle, value: Any) -> Any:
    return TOKEN if value == token.address else value


def asked(question: Any) -> Any:
    try:
        return question()
    except Reverted as refusal:
        return str(refusal)


WORLDS: dict[Any, World] = {}


def world(transferable: bool, twins: tuple[str, ...] = ()) -> World:
    if (transferable, twins) not in WORLDS:
        WORLDS[transferable, twins] = World(transferable, twins)
    WORLDS[transferable, twins].restore()
    return WORLDS[transferable, twins]


LIVES = st.lists(STEPS, min_size=15, max_size=60)


@pytest.mark.parametrize("transferable", [False, True], ids=["fixed", "transferable"])
def test_token__any_life__answers_as_the_librarys_own_votes_T1_T3_T4_T8(transferable: bool) -> None:
    wanted = {"mint", "burn", "hand over", "approve", "delegate", "delegateBySig", "permit"}
    refusals = {"ERC20ExceededSafeSupply", "VotesExpiredSignature", "DataToken_InvalidDelegate", "InvalidAccountNonce"}
    REACHED.clear()
    lives = partial(each, LIVES, 40 * DEPTH, lambda steps: world(transferable).live(steps))
    live_until_met(lives, REACHED, wanted | refusals)
    print(f"\n{REACHED.total() // 2:,} steps alike on both, of each twice: {dict(REACHED.most_common())}")


@pytest.mark.parametrize("mistake", ["DataToken.LeavesVotesBehind", "DataToken.ZeroDelegationBurns"])
def test_comparison__of_a_twin_with_one_line_wrong__shows_a_difference_T2(mistake: str) -> None:
    with pytest.raises(AssertionError):
        each(LIVES, 200, lambda steps: world(True, (mistake,)).live(steps))
