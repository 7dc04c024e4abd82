"""Which requests a relay would send now: what is forged, stale or a stranger's is dropped for good, with the reason.

It holds no rule that a contract does not: it asks before it pays what the contract would refuse, or skip, afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from datadao.batches import Catalog
from datadao.chain.rpc import Block, read_block, try_many
from datadao.client import DataDAO
from datadao.errors import Reverted
from datadao.leaves import Mine, Standing, accepted_of
from datadao.messages.eip712 import SignatureCheck, signed_by
from datadao.messages.requests import (
    ClaimRequest,
    Domains,
    ErasureRequest,
    HeirBinding,
    HeirOpening,
    HeirUnbinding,
    HeirVeto,
    Request,
    SignedBallot,
)
from datadao.proposals import Succession
from datadao.types import ACTIVATED, ProposalState, word
from datadao.values import moment

Reason = str
_NONCED = (HeirBinding, HeirUnbinding, HeirOpening)


@dataclass
class Verdicts:
    """Of requests: those that may go, those that wait and those that never can, with reasons. `by_key` are signed by
    keys; `leaves` are accepted contributions by owner, `income` what each claimant is owed, by dataset; `moves` are the
    datasets in which accounts have something that goes to their heirs now."""

    block: Block
    ready: list[Request] = field(default_factory=list)
    waiting: dict[Request, Reason] = field(default_factory=dict)
    dropped: dict[Request, Reason] = field(default_factory=dict)
    done: dict[Request, Reason] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    leaves: dict[str, list[Mine]] = field(default_factory=lambda: defaultdict(list))
    income: dict[str, dict[int, int]] = field(default_factory=dict)
    moves: dict[str, list[int]] = field(default_factory=dict)


def domains_of(dao: DataDAO) -> Domains:
    """What a DAO's members sign for."""
    registry, governor, token = (dao.addresses[key] for key in ("registry", "governor", "token"))
    names = (dao.read(key, "name") for key in ("token", "governor"))
    return Domains(dao.id.chain_id, registry, governor, token, *names)


class Judge:
    """`check` decides whose a signature is. Methods raise `NodeRefused`, `StoreError`."""

    def __init__(self, dao: DataDAO, catalog: Catalog, check: SignatureCheck) -> None:
        self._dao, self._catalog, self._check = dao, catalog, check
        self.domains = domains_of(dao)
        self._genuine: set[bytes] = set()

    def forged(self, request: Request) -> Reason | None:
        """Why its signature does not count, if so."""
        if request.id in self._genuine:
            return None
        if not self._check(request.signer, request.typed(self.domains), request.signature):  # type: ignore[attr-defined]
            return f"it is not signed by {request.signer}"
        self._genuine.add(request.id)
        return None

    def by_key(self, request: SignedBallot) -> bool:
        """Whether a ballot can go into a list, which takes those of keys alone."""
        return not request.reason and signed_by(request.voter, request.typed(self.domains), request.signature)

    def of(self, requests: Iterable[Request]) -> Verdicts:
        """All of them at the latest block."""
        found = Verdicts(read_block(self._dao.web3, "latest"))
        genuine: list[Request] = []
        for request in requests:
            if reason := self.forged(request):
                found.dropped[request] = reason
            elif (deadline := getattr(request, "deadline", None)) is not None and deadline < found.block.timestamp:
                found.dropped[request] = f"its deadline passed at {moment(deadline)}"
            else:
                genuine.append(request)
        self._ballots([item for item in genuine if isinstance(item, SignedBallot)], found)
        self._look_up([item for item in genuine if not isinstance(item, SignedBallot)], found)
        for request in genuine:
            match request:
                case ClaimRequest():
                    self._claim(request, found)
                case ErasureRequest():
                    self._erasure(request, found)
        self._heirs([item for item in genuine if isinstance(item, (*_NONCED, HeirVeto))], found)
        return found

    def _ballots(self, ballots: Sequence[SignedBallot], found: Verdicts) -> None:
        proposals = list(dict.fromkeys(item.proposal_id for item in ballots))
        views = ("state", "proposalSnapshot", "proposalLicensee")
        answers = iter(self._try([("governor", view, number) for number in proposals for view in views], found.block))
        about = {number: [next(answers) for _ in views] for number in proposals}
        open_: list[SignedBallot] = []
        for ballot in ballots:
            state, snapshot, licensee = about[ballot.proposal_id]
            if isinstance(state, Reverted):
                found.dropped[ballot] = "there is no such proposal"
            elif state == ProposalState.PENDING:
                found.waiting[ballot] = f"the vote opens after {moment(snapshot)}"
            elif state != ProposalState.ACTIVE:
                found.dropped[ballot] = f"the proposal is {word(ProposalState(state))}, and no more voted on"
            elif licensee == ballot.voter.lower():
                found.dropped[ballot] = "the licensee does not vote on its own request"
            else:
                open_.append(ballot)
        asked: list[tuple[Any, ...]] = []
        for ballot in open_:
            asked += [
                ("token", "ballotOf", ballot.voter, about[ballot.proposal_id][1]),
                ("governor", "hasVoted", ballot.proposal_id, ballot.voter),
            ]
        answers = iter(self._try(asked, found.block))
        voters: set[tuple[int, str]] = set()
        for ballot in open_:
            (weight, number), voted = next(answers), next(answers)
            if voted:
                found.dropped[ballot] = f"{ballot.voter} has voted on the proposal"
            elif not weight:
                found.dropped[ballot] = f"{ballot.voter} had no votes when the proposal opened"
            elif (ballot.proposal_id, ballot.voter) in voters:
                found.waiting[ballot] = f"another ballot of {ballot.voter} came first"
            else:
                voters.add((ballot.proposal_id, ballot.voter))
                found.numbers[ballot.voter] = number
                found.ready.append(ballot)

    def _look_up(self, requests: Sequence[Request], found: Verdicts) -> None:
        """Contributions, member numbers and income of everybody that these are about."""
        owners = {str(item.account) for item in requests}  # type: ignore[attr-defined]  # all but ballots have it
        if not owners:
            return
        erased = {item.batch_id: item for item in requests if isinstance(item, ErasureRequest)}
        if erased:  # an heir erases what its predecessor contributed
            for item, manifest in self._catalog.manifests(None, ACTIVATED):
                wanted = {
                    r.fingerprint for r in requests if isinstance(r, ErasureRequest) and r.batch_id == item.batch_id
                }
                owners |= {leaf.contributor for leaf in manifest.leaves if leaf.fingerprint in wanted}
        for mine in accepted_of(self._dao, self._catalog, owners):
            found.leaves[mine.contribution.leaf.contributor].append(mine)
        members = sorted(owners)
        numbers = self._try([("token", "memberNumber", account) for account in members], found.block)
        found.numbers |= dict(zip(members, numbers, strict=True))
        claimants = sorted({item.account for item in requests if isinstance(item, ClaimRequest)})
        pools = range(1, self._dao.read("registry", "datasetCount") + 1)
        owed = iter(
            self._try([("splitter", "claimable", who, [pool]) for who in claimants for pool in pools], found.block)
        )
        for who in claimants:
            amounts = {pool: next(owed) for pool in pools}
            found.income[who] = {pool: amount for pool, amount in amounts.items() if amount}

    def _claim(self, request: ClaimRequest, found: Verdicts) -> None:
        claimable = [item for item in found.leaves[request.account] if item.standing is Standing.CLAIMABLE]
        if claimable or found.income[request.account]:
            found.ready.append(request)
        elif found.leaves[request.account] or found.numbers.get(request.account):
            found.done[request] = "nothing is left to claim"
        else:
            found.dropped[request] = f"{request.account} has no accepted contribution"

    def _erasure(self, request: ErasureRequest, found: Verdicts) -> None:
        mine = self.leaf_of(request, found)
        if mine is None:
            found.dropped[request] = f"batch {request.batch_id} has no such contribution"
        elif mine.standing is Standing.ERASED:
            found.dropped[request] = "it is erased"
        else:
            found.ready.append(request)

    @staticmethod
    def leaf_of(request: ErasureRequest, found: Verdicts) -> Mine | None:
        """The contribution that is to be erased."""
        every = (item for items in found.leaves.values() for item in items)
        place = (request.batch_id, request.fingerprint)
        return next((i for i in every if (i.contribution.batch_id, i.contribution.leaf.fingerprint) == place), None)

    def _heirs(self, requests: Sequence[Request], found: Verdicts) -> None:
        nonced = [item for item in requests if isinstance(item, _NONCED)]
        nonces = self._try([("token", "nonces", item.signer) for item in nonced], found.block)
        current: Mapping[bytes, int] = {item.id: nonce for item, nonce in zip(nonced, nonces, strict=True)}
        for request in requests:
            account = str(request.account)  # type: ignore[attr-defined]  # all of these have it
            if not found.numbers.get(account) and not found.leaves[account]:
                found.dropped[request] = f"{account} is no member"
            elif isinstance(request, _NONCED) and request.nonce < current[request.id]:
                found.dropped[request] = f"its nonce {request.nonce} is used; the next is {current[request.id]}"
            elif isinstance(request, _NONCED) and request.nonce > current[request.id]:
                found.waiting[request] = f"nonce {current[request.id]} comes before its {request.nonce}"
            elif isinstance(request, HeirOpening):
                self._opening(request, found)
            else:
                found.ready.append(request)

    def _opening(self, request: HeirOpening, found: Verdicts) -> None:
        """What an heir asks for is the next step: that the succession opens, or, when it is open and the time to object
        is over, that what the account has moves. Anyone may send the latter, so whose heir it is, is looked at here."""
        account, block = request.account, found.block
        bound = Succession(*self._try([("token", "succession", account)], block)[0])
        holder = self._try([("token", "holderOf", bound.named)], block)[0][0]
        if bound.heir is None or request.heir.lower() != holder.lower():
            found.dropped[request] = f"{request.heir} is not the heir of {account}"
        elif not bound.due and not bound.is_succeeded:
            if block.timestamp >= bound.since:
                found.ready.append(request)
            else:
                found.dropped[request] = f"{account} objected: it cannot be opened before {moment(bound.since)}"
        elif block.timestamp < bound.due:
            found.dropped[request] = f"it is open, and {account} can object until {moment(bound.due)}"
        else:
            left = self._left(account, block)
            if bound.is_succeeded and not left:
                found.done[request] = "nothing is left to move"
            else:
                found.moves[account] = left
                found.ready.append(request)

    def _left(self, account: str, block: Block) -> list[int]:
        """Datasets in which an account has shares or income."""
        pools = range(1, self._dao.read("registry", "datasetCount", block=block.number) + 1)
        asked: list[tuple[Any, ...]] = [("splitter", "sharesOf", pool, account) for pool in pools]
        asked += [("splitter", "claimable", account, [pool]) for pool in pools]
        answers = self._try(asked, block)
        return [pool for pool, *has in zip(pools, answers, answers[len(pools) :], strict=False) if any(has)]

    def _try(self, asked: Sequence[tuple[Any, ...]], block: Block) -> list[Any]:
        return try_many(self._dao.web3, [self._dao.call(*question) for question in asked], block.number)
