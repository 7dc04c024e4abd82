"""What the chain says, as JSON. A desk keeps no books of its own: each answer is of one block, named in it where it
matters, and is kept for as long as that block is the newest, but for some seconds at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datadao.batches import Catalog
from datadao.chain.asset import read_asset
from datadao.chain.rpc import Block, read_block
from datadao.client import DataDAO
from datadao.desk.kept import Kept
from datadao.desk.usage import Limits
from datadao.desk.web import NotFound
from datadao.encoding import address
from datadao.index import Index
from datadao.leaves import Mine, accepted
from datadao.proposals import Proposal, Proposals, Succession
from datadao.types import LeaseStatus, ProposalState, word

_TERMS = ("pricePerPeriod", "bond", "minShares", "purposes")
_OVER = (ProposalState.CANCELED, ProposalState.DEFEATED, ProposalState.EXPIRED, ProposalState.EXECUTED)
TOKEN_DECIMALS = 9


class Reads:
    """`relay` is who pays for requests, if one runs beside. Methods raise `NodeRefused`, `NotFound`."""

    def __init__(self, dao: DataDAO, catalog: Catalog, index: Index, limits: Limits, relay: str | None = None) -> None:
        self._dao, self._catalog, self._limits, self._relay = dao, catalog, limits, relay
        self.kept = Kept(self._head)
        self._every = Proposals(dao, index)
        self._asset = read_asset(dao.web3, dao.read("leases", "asset"))

    def cached(self, name: str, *question: Any) -> Any:
        """What the method of this name answers to the question, as `Kept` has it."""
        return self.kept.of(getattr(self, name), *question)

    def dao(self) -> dict[str, Any]:
        """The DAO, and what this desk does."""
        dao, head = self._dao, self._head()
        name, symbol, supply, transferable, datasets, batches, leases = dao.read_together(
            (
                ("token", "name"), ("token", "symbol"), ("token", "totalSupply"), ("token", "transferable"),
                ("registry", "datasetCount"), ("registry", "batchCount"), ("leases", "leaseCount"),
            ),
            head.number,
        )  # fmt: skip
        asset, limits = self._asset, self._limits
        return {
            "chainId": dao.id.chain_id, "contracts": dao.addresses, "block": _block(head),
            "asset": {"address": asset.address, "name": asset.name, "symbol": asset.symbol, "decimals": asset.decimals},
            "token": {"name": name, "symbol": symbol, "decimals": TOKEN_DECIMALS, "supply": str(supply),
                      "transferable": transferable},
            "datasets": datasets, "batches": batches, "leases": leases, "relay": self._relay,
            "limits": {"fileBytes": limits.file_bytes, "dayBytes": limits.day_bytes,
                       "daySubmissions": limits.day_submissions, "dayRequests": limits.day_requests},
        }  # fmt: skip

    def datasets(self) -> dict[str, Any]:
        """All of them with their current policies."""
        head = self._head()
        (count,) = self._dao.read_together([("registry", "datasetCount")], head.number)
        numbers = range(1, count + 1)
        infos, policies, pools = self._tables(
            head, numbers, ("registry", "dataset"), ("registry", "currentPolicy"), ("splitter", "pool")
        )
        return {
            "datasets": [
                {"id": number, "uri": policy.uri, "schemaHash": _hex(policy.schemaHash),
                 "policyVersion": info.policyVersion, "purposes": str(policy.purposes),
                 "minQualityBps": policy.minQuality, "sharesPerUnit": str(policy.sharesPerUnit),
                 "minPricePerPeriod": str(policy.minPricePerPeriod), "minBond": str(policy.minBond),
                 **{name: getattr(policy, name) for name in ("minPeriod", "maxPeriod", "maxPeriods", "commonsBps",
                                                             "treasuryBps")},
                 "erasures": info.erasures, "shares": str(pool.shares), "received": str(pool.received)}
                for number, info, policy, pool in zip(numbers, infos, policies, pools, strict=True)
            ]
        }  # fmt: skip

    def proposals(self, only_open: bool, before: str | None, limit: int) -> dict[str, Any]:
        """A page of them, newest first; `before` is an id."""
        every = list(reversed(self.cached("_proposals")))
        ids = [str(item.proposal_id) for item in every]
        if before is not None and before not in ids:
            raise NotFound(f"no proposal {before}")
        rest = every[ids.index(before) + 1 :] if before is not None else every
        head = self._head()
        if only_open:
            states = self._dao.read_together([("governor", "state", item.proposal_id) for item in rest], head.number)
            rest = [item for item, state in zip(rest, states, strict=True) if state not in _OVER]
        shown = rest[:limit]
        following = str(shown[-1].proposal_id) if len(rest) > limit else None
        return {"proposals": self._described(shown, head), "next": following}

    def proposal(self, proposal_id: str) -> dict[str, Any]:
        """One of them."""
        found = [item for item in self.cached("_proposals") if str(item.proposal_id) == proposal_id]
        if not found:
            raise NotFound(f"no proposal {proposal_id}")
        return self._described(found, self._head())[0]

    def leases(self, before: str | None, limit: int) -> dict[str, Any]:
        """A page of them, newest first; `before` is a number."""
        head = self._head()
        numbers, following = self._page(head, "leaseCount", before, limit)
        infos, terms = self._tables(head, numbers, ("leases", "lease"), ("leases", "leaseTerms"))
        return {
            "leases": [
                {"id": number, "status": word(LeaseStatus(info.status)), "licensee": info.licensee,
                 "offerId": info.offerId, "terms": _terms(asked[0]), "paidPeriods": info.paidPeriods,
                 "startBy": info.startBy, "paidUntil": info.paidUntil, "returnable": str(info.returnable)}
                for number, info, asked in zip(numbers, infos, terms, strict=True)
            ],
            "next": following,
        }  # fmt: skip

    def offers(self, before: str | None, limit: int) -> dict[str, Any]:
        """A page of them, newest first; `before` is a number."""
        head = self._head()
        numbers, following = self._page(head, "offerCount", before, limit)
        infos, terms = self._tables(head, numbers, ("leases", "offer"), ("leases", "offerTerms"))
        hashes = self._dao.read_together([("leases", "hashTerms", tuple(asked[0])) for asked in terms], head.number)
        return {
            "offers": [
                {"id": number, "terms": _terms(asked[0]), "termsHash": _hex(digest), "licensee": info.licensee,
                 "capacity": info.capacity, "taken": info.taken, "expiry": info.expiry, "closed": info.closed}
                for number, info, asked, digest in zip(numbers, infos, terms, hashes, strict=True)
            ],
            "next": following,
        }  # fmt: skip

    def books(self) -> dict[str, Any]:
        """Money in, out, owed."""
        dao, head = self._dao, self._head()
        (pools,) = dao.read_together([("splitter", "poolCount")], head.number)
        (sums,) = dao.read_together([("splitter", "conservation", 0, pools)], head.number)
        held = [self._asset_of(dao.addresses[key], head) for key in ("splitter", "leases", "timelock")]
        names = ("splitter", "escrow", "treasury")
        return {
            "block": _block(head), "received": str(sums.received), "paid": str(sums.paid),
            "owed": str(sums.owedUpperBound), **dict(zip(names, held, strict=True)),
        }  # fmt: skip

    def account(self, who: str) -> dict[str, Any]:
        """What an account holds and may claim."""
        dao, head, who = self._dao, self._head(), address(who)
        (count,) = dao.read_together([("registry", "datasetCount")], head.number)
        numbers = range(1, count + 1)
        views = ("balanceOf", "getVotes", "delegates", "nonces", "succession", "holderOf")
        tokens, votes, delegate, nonce, succession, holder, claimable, *each = dao.read_together(
            [
                *(("token", view, who) for view in views),
                ("splitter", "claimable", who, list(range(count + 1))),
                *(("splitter", "sharesOf", number, who) for number in numbers),
                *(("splitter", "claimable", who, [number]) for number in numbers),
            ],
            head.number,
        )
        rows = zip(numbers, each[:count], each[count:], strict=True)
        return {
            "account": who, "block": _block(head), "tokens": str(tokens), "votes": str(votes), "delegate": delegate,
            "nonce": nonce, "asset": self._asset_of(who, head), "claimable": str(claimable),
            "datasets": [{"id": number, "shares": str(shares), "claimable": str(owed)}
                         for number, shares, owed in rows if shares or owed],
            "heir": _heir(Succession(*succession), holder[0]),
        }  # fmt: skip

    def contributions(self, who: str, before: str | None, limit: int) -> dict[str, Any]:
        """A page of an account's accepted contributions, newest first; `before` is how many are older than the page
        before."""
        mine = self.cached("_accepted", address(who))
        if before is not None and not before.isdecimal():
            raise NotFound(f"before={before}: expected a number")
        last = len(mine) if before is None else min(len(mine), int(before))
        first = max(last - limit, 0)
        return {
            "contributions": [
                {"datasetId": item.dataset_id, "batchId": item.contribution.batch_id, "standing": item.standing.value,
                 "fingerprint": _hex(leaf.fingerprint), "fileHash": _hex(leaf.file_hash),
                 "envelopeHash": _hex(leaf.envelope_hash), "units": leaf.units, "qualityBps": leaf.quality}
                for item in reversed(mine[first:last])
                for leaf in (item.contribution.leaf,)
            ],
            "next": str(first) if first else None,
        }  # fmt: skip

    def _accepted(self, who: str) -> list[Mine]:
        return accepted(self._dao, self._catalog, who)

    def _proposals(self) -> list[Proposal]:
        return self._every.read()

    def _described(self, items: Sequence[Proposal], head: Block) -> list[dict[str, Any]]:
        views = ("state", "proposalVotes", "proposalSnapshot", "proposalProposer", "proposalDeadline", "proposalEta")
        asked = [("governor", view, item.proposal_id) for item in items for view in views]
        answers = iter(self._dao.read_together(asked, head.number))
        found = []
        for item in items:
            state, (against, votes_for, abstain), opens, proposer, closes, eta = (next(answers) for _ in views)
            quorum = None
            if opens < head.timestamp:
                quorum = str(self._dao.read("governor", "proposalQuorum", item.proposal_id, block=head.number))
            found.append({
                "id": str(item.proposal_id), "leaseId": item.lease_id, "state": word(ProposalState(state)),
                "proposer": proposer, "opens": opens, "closes": closes, "executableAt": eta, "for": str(votes_for),
                "against": str(against), "abstain": str(abstain), "quorum": quorum, "description": item.description,
                "actions": [{"target": address(target), "value": str(value), "calldata": _hex(data)}
                            for target, value, data in zip(*item.actions, strict=True)],
            })  # fmt: skip
        return found

    def _page(self, head: Block, counter: str, before: str | None, limit: int) -> tuple[range, str | None]:
        """Numbers from high to low, and where the page after them begins."""
        (count,) = self._dao.read_together([("leases", counter)], head.number)
        if before is not None and not before.isdecimal():
            raise NotFound(f"before={before}: expected a number")
        last = count if before is None else min(count, int(before) - 1)
        first = max(last - limit, 0)
        return range(last, first, -1), str(first + 1) if first else None

    def _tables(self, head: Block, numbers: range, *views: tuple[str, str]) -> list[list[Any]]:
        found = iter(self._dao.read_together([(*view, number) for view in views for number in numbers], head.number))
        return [[next(found) for _ in numbers] for _ in views]

    def _asset_of(self, who: str, head: Block) -> str:
        return str(self._dao.read_at(self._asset.address, "DataToken", "balanceOf", who, block=head.number))

    def _head(self) -> Block:
        return read_block(self._dao.web3, "latest")


def _heir(found: Succession, holder: str) -> dict[str, Any] | None:
    if found.heir is None and not found.is_succeeded:
        return None
    return {"heir": found.named, "delayDays": found.delay_days, "since": found.since, "openedAt": found.opened_at,
            "executableFrom": found.due, "succeeded": found.is_succeeded, "holder": holder}  # fmt: skip


def _terms(asked: Any) -> dict[str, Any]:
    plain = {name: getattr(asked, name) for name in asked._fields}
    return {name: str(value) if name in _TERMS else _hex(value) if isinstance(value, bytes) else value
            for name, value in plain.items()}  # fmt: skip


def _block(block: Block) -> dict[str, int]:
    return {"number": block.number, "time": block.timestamp}


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
