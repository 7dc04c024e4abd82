"""How requests go together: ballots on a proposal, claims of a batch, payouts from the same pools; the rest alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from datadao.chain.rpc import Call
from datadao.client import DataDAO
from datadao.leaves import Mine, Standing
from datadao.messages.requests import (
    ClaimRequest,
    ErasureRequest,
    HeirBinding,
    HeirOpening,
    HeirUnbinding,
    HeirVeto,
    Request,
    SignedBallot,
)
from datadao.relay.judge import Judge, Verdicts

BALLOTS, CLAIMS, INCOME, ALONE = "ballots", "claims", "income", "alone"


@dataclass(frozen=True)
class Entry:
    """A request in a transaction: `account` is charged, `own` the call that its member would have to send itself, from
    `sender`. `part` is what it stands for: a contribution, or units of income."""

    request: Request
    account: str
    own: Call
    sender: str
    part: Any = None


@dataclass(frozen=True)
class Parcel:
    """What can go in one transaction, or in several; `make` gives the call for some of its entries, in their order."""

    kind: str
    entries: Sequence[Entry]
    make: Callable[[Sequence[Entry]], Call]

    def halves(self) -> tuple[Parcel, Parcel]:
        middle = len(self.entries) // 2
        return self.of(self.entries[:middle]), self.of(self.entries[middle:])

    def of(self, entries: Sequence[Entry]) -> Parcel:
        """The same with these entries."""
        return Parcel(self.kind, entries, self.make)


class Planner:
    def __init__(self, dao: DataDAO, judge: Judge) -> None:
        self._dao, self._judge = dao, judge

    def parcels(self, found: Verdicts, alone: set[bytes]) -> Iterator[Parcel]:
        """Of all that is ready; requests of `alone` go by themselves, since a list with them failed. Ballots first,
        whose time is short; payouts last, since a claim makes more of them."""
        lists: dict[int, list[SignedBallot]] = defaultdict(list)
        single: list[Request] = []
        claims: list[ClaimRequest] = []
        for request in found.ready:
            if isinstance(request, SignedBallot) and request.id not in alone and self._judge.by_key(request):
                lists[request.proposal_id].append(request)
            elif isinstance(request, ClaimRequest):
                claims.append(request)
            else:
                single.append(request)
        for proposal_id, ballots in lists.items():
            yield self._ballots(proposal_id, sorted(ballots, key=lambda item: found.numbers[item.voter]))
        for request in single:
            yield self._alone(request, found)
        yield from self._claims(claims, found, alone)

    def _ballots(self, proposal_id: int, ballots: Sequence[SignedBallot]) -> Parcel:
        call = self._dao.call

        def make(entries: Sequence[Entry]) -> Call:
            listed = [_compact(entry.request) for entry in entries]
            return call("governor", "castVotesBySig", proposal_id, listed, what=f"{len(listed)} ballots")

        own = (call("governor", "castVote", proposal_id, item.support) for item in ballots)
        entries = [Entry(item, item.voter, one, item.voter) for item, one in zip(ballots, own, strict=True)]
        if len(entries) == 1:
            return self._alone_as(ballots[0], self._single_ballot(ballots[0]), entries[0].own, ballots[0].voter)
        return Parcel(BALLOTS, entries, make)

    def _single_ballot(self, ballot: SignedBallot) -> Call:
        place = (ballot.proposal_id, ballot.support, ballot.voter)
        what = f"ballot of {ballot.voter}"
        if ballot.reason:
            extended = (*place, ballot.reason, b"", ballot.signature)
            return self._dao.call("governor", "castVoteWithReasonAndParamsBySig", *extended, what=what)
        return self._dao.call("governor", "castVoteBySig", *place, ballot.signature, what=what)

    def _alone(self, request: Request, found: Verdicts) -> Parcel:
        call = self._dao.call
        match request:
            case SignedBallot():
                place = (request.proposal_id, request.support)
                own = call("governor", "castVote", *place)
                if request.reason:
                    own = call("governor", "castVoteWithReason", *place, request.reason)
                return self._alone_as(request, self._single_ballot(request), own, request.voter)
            case ErasureRequest():
                mine = self._judge.leaf_of(request, found)
                assert mine is not None
                item = mine.contribution
                leaf = (item.batch_id, tuple(item.leaf), list(item.proof))
                what = f"erasure of {request.account}"
                by_sig = call("registry", "eraseBySig", *leaf, request.deadline, request.signature, what=what)
                return self._alone_as(request, by_sig, call("registry", "erase", *leaf), request.account)
            case HeirBinding(account=account, heir=heir, delay_days=days):
                timed = (request.nonce, request.deadline, request.signature)
                return self._alone_as(
                    request, *self._heir("bindHeir", account, (heir, days, *timed), heir, days), account
                )
            case HeirUnbinding(account=account):
                timed = (request.nonce, request.deadline, request.signature)
                return self._alone_as(request, *self._heir("unbindHeir", account, timed), account)
            case HeirOpening(account=account) if account in found.moves:
                what = f"what {account} has goes to its heir"
                moved = call("token", "succeed", account, found.moves[account], what=what)
                return self._alone_as(request, moved, moved, request.heir, charged=account)
            case HeirOpening(account=account):
                timed = (request.nonce, request.deadline, request.signature)
                parts = self._heir("openSuccession", account, timed, account)
                return self._alone_as(request, *parts, request.heir, charged=account)
            case HeirVeto(account=account):
                vetoed = (request.opened_at, request.signature)
                return self._alone_as(request, *self._heir("vetoSuccession", account, vetoed), account)
        raise AssertionError(request)

    def _heir(self, function: str, account: str, signed: tuple[Any, ...], *own: Any) -> tuple[Call, Call]:
        """The call with a signature, and the account's own."""
        call, what = self._dao.call, f"{function} of {account}"
        return call("token", f"{function}BySig", account, *signed, what=what), call("token", function, *own, what=what)

    def _alone_as(self, request: Request, signed: Call, own: Call, sender: str, charged: str | None = None) -> Parcel:
        return Parcel(ALONE, [Entry(request, charged or sender, own, sender)], lambda _: signed)

    def _claims(self, claims: Sequence[ClaimRequest], found: Verdicts, alone: set[bytes]) -> Iterator[Parcel]:
        batches: dict[int, list[tuple[ClaimRequest, Mine]]] = defaultdict(list)
        pools: dict[tuple[int, ...], list[ClaimRequest]] = defaultdict(list)
        for request in {item.account: item for item in claims}.values():
            waiting = [item for item in found.leaves[request.account] if item.standing is Standing.CLAIMABLE]
            for mine in waiting:
                batches[mine.contribution.batch_id].append((request, mine))
            # What the contributions earned is owed once they are claimed: the next round pays all at once.
            if not waiting and (income := found.income[request.account]):
                pools[tuple(sorted(income))].append(request)
        for _, pairs in sorted(batches.items()):
            by_place = sorted(pairs, key=lambda pair: pair[1].index)
            yield from self._split(Parcel(CLAIMS, [self._claimed(*pair) for pair in by_place], self._claim_call), alone)
        for chosen, requests in pools.items():
            entries = [self._paid(request, chosen, sum(found.income[request.account].values())) for request in requests]
            yield from self._split(Parcel(INCOME, entries, self._income_call(chosen)), alone)

    @staticmethod
    def _split(parcel: Parcel, alone: set[bytes]) -> Iterator[Parcel]:
        together = [entry for entry in parcel.entries if entry.request.id not in alone]
        if together:
            yield parcel.of(together)
        yield from (parcel.of([entry]) for entry in parcel.entries if entry.request.id in alone)

    def _claimed(self, request: ClaimRequest, mine: Mine) -> Entry:
        return Entry(request, request.account, self._dao.claim_call(mine.contribution), request.account, mine)

    def _claim_call(self, entries: Sequence[Entry]) -> Call:
        first: Mine = entries[0].part
        if len(entries) == 1:
            return self._dao.claim_call(first.contribution)
        proof, flags = first.tree.multiproof(entry.part.index for entry in entries)
        leaves = [tuple(entry.part.contribution.leaf) for entry in entries]
        arguments = (first.contribution.batch_id, leaves, list(proof), list(flags))
        return self._dao.call("registry", "claimMany", *arguments, what=f"claim {len(entries)} contributions")

    def _paid(self, request: ClaimRequest, pools: tuple[int, ...], income: int) -> Entry:
        own = self._dao.call("splitter", "claim", request.account, list(pools))
        return Entry(request, request.account, own, request.account, income)

    def _income_call(self, pools: tuple[int, ...]) -> Callable[[Sequence[Entry]], Call]:
        def make(entries: Sequence[Entry]) -> Call:
            if len(entries) == 1:
                return entries[0].own
            accounts = [entry.account for entry in entries]
            return self._dao.call("splitter", "claimFor", accounts, list(pools), what=f"pay {len(accounts)} members")

        return make


def _compact(request: Request) -> tuple[str, int, bytes, bytes]:
    """A ballot as lists have it: its signature as in EIP-2098."""
    assert isinstance(request, SignedBallot)
    r, s, v = request.signature[:32], request.signature[32:64], request.signature[64]
    odd = (v - 27) << 7
    return request.voter, request.support, r, bytes([s[0] | odd]) + s[1:]
