"""What each event changes in the tables: states as contracts report them, and their arithmetic only where no event
states the outcome. `datadao.ledger` checks what is taken for granted here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datadao.chain.codec import abi
from datadao.chain.events import Event, contract_of
from datadao.index.rows import ZERO, Rows
from datadao.types import BatchStatus, ContributionStatus, LeaseStatus, Vote

COMMONS = 0
_SIDES = {Vote.AGAINST: "votes_against", Vote.FOR: "votes_for", Vote.ABSTAIN: "votes_abstain"}
_TERMS = (
    *("dataset", "purposes", "price_per_period", "period_length", "periods", "bond", "royalty_bps", "exclusive"),
    *("min_shares", "agreement_hash"),
)


class Projection:
    """Follows events in the order of the chain. `addresses` by key. An event that changes nothing here is passed
    over."""

    def __init__(self, rows: Rows, addresses: Mapping[str, str]) -> None:
        self._rows = rows
        self._nobody = (ZERO, addresses["registry"].lower())
        self._treasury = addresses["timelock"].lower()

    def enter(self, event: Event, block: int, position: int) -> None:
        """Follows one event, which stands at this place of the chain."""
        follow = getattr(self, f"_{event.contract}", None)
        if follow is not None:
            follow(event.name, event.fields, event.timestamp, (block, position))

    # Token

    def _token(self, name: str, e: dict[str, Any], now: int, _: Any) -> None:
        rows = self._rows
        match name:
            case "Transfer":
                self._transfer(e["from"], e["to"], e["value"])
            case "DelegateChanged":
                rows.put("members", e["delegator"], delegate=e["toDelegate"])
                if rows.of("members", e["delegator"])["tokens"]:
                    self._number(e["toDelegate"])
            case "DelegateVotesChanged":
                rows.put("members", e["delegate"], votes=e["newVotes"])
            case "HeirBound":
                rows.put("members", e["account"], heir=e["heir"], heir_delay_days=e["delayDays"], heir_since=now,
                         heir_opened_at=0)  # fmt: skip
            case "HeirUnbound":
                rows.put("members", e["account"], heir=ZERO, heir_delay_days=0, heir_since=0, heir_opened_at=0)
            case "SuccessionOpened":
                rows.put("members", e["account"], heir_opened_at=now)
            case "SuccessionVetoed":
                rows.put("members", e["account"], heir_since=e["until"], heir_opened_at=0)
            case "AccountSucceeded":
                if rows.of("members", e["account"])["succeeded_by"] != ZERO:  # its chain of heirs was shortened
                    rows.put("members", e["account"], heir=e["heir"])
                rows.put("members", e["account"], succeeded_by=e["heir"])
            case "Matured":
                rows.put("totals", "mature_since", value=now)

    def _transfer(self, sender: str, to: str, value: int) -> None:
        rows = self._rows
        for account, change in ((sender, -value), (to, value)):
            if account == ZERO:
                rows.add("totals", "supply", value=-change)
            else:
                rows.add("members", account, tokens=change)
        if value and to not in (ZERO, sender):
            self._number(to)
        if value and (new := self._delegate(to)) != self._delegate(sender):
            self._number(new)

    def _delegate(self, account: str) -> str:
        """Who votes with the account's balance: itself, unless it said otherwise."""
        if account in self._nobody:
            return ZERO
        named: str = self._rows.of("members", account)["delegate"]
        return account if named == ZERO else named

    def _number(self, account: str) -> None:
        """Accounts are numbered when they first hold a token, or are delegated one."""
        if account not in self._nobody and not self._rows.of("members", account)["number"]:
            self._rows.add("totals", "members", value=1)
            self._rows.put("members", account, number=self._rows.of("totals", "members")["value"])

    # Splitter

    def _splitter(self, name: str, e: dict[str, Any], now: int, place: tuple[int, int]) -> None:
        rows = self._rows
        match name:
            case "PendingSharesAdded":
                self._grow(e["poolId"], e["shares"])
            case "PendingSharesDropped":
                self._grow(e["poolId"], -e["shares"])
            case "SharesRemoved":
                rows.add("shares", e["poolId"], e["account"], shares=-e["shares"])
                self._grow(e["poolId"], -e["shares"])
            case "MemberMoved":
                rows.add("shares", e["poolId"], e["from"], shares=-e["shares"])
                rows.add("shares", e["poolId"], e["to"], shares=e["shares"])
            case "Deposited":
                rows.add("pools", e["poolId"], received=e["amount"])
                rows.put("pools", e["poolId"], accumulator=e["accumulator"])
                rows.put("deposits", *place, time=now, pool=e["poolId"], payer=e["payer"], amount=e["amount"])
            case "Claimed":
                rows.add("pools", e["poolId"], paid=e["amount"])
                rows.add("shares", e["poolId"], e["account"], paid=e["amount"])
                rows.put("payouts", *place, time=now, pool=e["poolId"], account=e["account"],
                         recipient=e["recipient"], amount=e["amount"])  # fmt: skip

    def _grow(self, pool: int, shares: int) -> None:
        """Each share of a dataset earns in the commons, pool 0, too."""
        for number in (pool, COMMONS):
            self._rows.add("pools", number, shares=shares)

    # Registry

    def _registry(self, name: str, e: dict[str, Any], now: int, place: tuple[int, int]) -> None:
        rows = self._rows
        match name:
            case "DatasetCreated":
                rows.put("datasets", e["datasetId"])
            case "PolicyUpdated":
                policy = struct_of("registry", name, "policy", e["policy"])
                rows.put("datasets", e["datasetId"], policy_version=e["version"], updated_at=now,
                         shares_per_unit=policy["sharesPerUnit"], min_quality_bps=policy["minQuality"],
                         purposes=policy["purposes"], min_price_per_period=policy["minPricePerPeriod"],
                         schema_hash=_hex(policy["schemaHash"]), uri=policy["uri"])  # fmt: skip
            case "BatchPublished":
                batch = struct_of("registry", name, "batch", e["batch"])
                rows.put("datasets", e["datasetId"], last_sequence=batch["sequence"])
                rows.put("batches", e["batchId"], dataset=e["datasetId"], sequence=batch["sequence"],
                         status=BatchStatus.PUBLISHED, root=_hex(batch["root"]),
                         manifest_hash=_hex(batch["manifestHash"]), manifest_uri=e["manifestURI"],
                         total_shares=batch["totalShares"], leaves=batch["count"],
                         unresolved_shares=batch["totalShares"], unresolved_leaves=batch["count"],
                         policy_version=batch["policyVersion"], attestor_set_version=batch["attestorSetVersion"],
                         published_at=now)  # fmt: skip
            case "BatchActivated":
                rows.put("batches", e["batchId"], status=BatchStatus.ACTIVE, activated_at=now)
            case "BatchVetoed":
                rows.put("batches", e["batchId"], status=BatchStatus.VETOED)
            case "BatchDiscarded":
                rows.put("batches", e["batchId"], status=BatchStatus.DISCARDED)
            case "BatchSlept":
                rows.put("batches", e["batchId"], status=BatchStatus.ASLEEP)
            case "BatchCompleted":
                rows.add("batches", e["batchId"], unresolved_shares=-e["leftover"])
            case "DuplicateDropped":
                self._resolve(e["batchId"], e["shares"])
            case "ContributionClaimed":
                self._claimed(e, now, place[0])
            case "ContributionErased":
                self._erased(e, now, place[0])

    def _claimed(self, e: dict[str, Any], now: int, block: int) -> None:
        dataset = self._resolve(e["batchId"], e["shares"])[0]
        self._rows.put("contributions", _hex(e["fingerprint"]), dataset=dataset, batch=e["batchId"], shares=e["shares"],
                       contributor=e["contributor"], status=ContributionStatus.CLAIMED, claimed_at=now,
                       claimed_block=block)  # fmt: skip
        self._rows.add("shares", dataset, e["contributor"], shares=e["shares"])

    def _resolve(self, batch_id: int, shares: int) -> tuple[int, int]:
        """Takes a leaf off a batch, whose signed total may leave it fewer shares; the dataset, and what was taken."""
        batch = self._rows.of("batches", batch_id)
        taken = min(shares, batch["unresolved_shares"])
        leaves = max(0, batch["unresolved_leaves"] - 1)
        self._rows.put(
            "batches", batch_id, unresolved_shares=batch["unresolved_shares"] - taken, unresolved_leaves=leaves
        )
        return batch["dataset"], taken

    def _erased(self, e: dict[str, Any], now: int, block: int) -> None:
        rows, fingerprint = self._rows, _hex(e["fingerprint"])
        known = rows.get("contributions", fingerprint)
        dataset, taken = rows.of("batches", e["batchId"])["dataset"], e["shares"]
        if known is None:
            dataset, taken = self._resolve(e["batchId"], e["shares"])
        rows.put("contributions", fingerprint, dataset=dataset, batch=e["batchId"], contributor=e["contributor"],
                 shares=taken, status=ContributionStatus.ERASED, erased_at=now, erased_block=block)  # fmt: skip
        if e["shares"]:
            rows.add("datasets", dataset, erasures=1)

    # Leases

    def _leases(self, name: str, e: dict[str, Any], now: int, _: Any) -> None:
        rows, lease = self._rows, e.get("leaseId", 0)
        match name:
            case "LeaseRequested":
                rows.put("leases", lease, **_terms(e), status=LeaseStatus.PENDING, hpke_key=_hex(e["hpkeKey"]),
                         proposal=e["proposalId"], requested_at=now)  # fmt: skip
            case "OfferCreated":
                rows.put("offers", e["offerId"], **_terms(e), capacity=e["capacity"], expiry=e["expiry"])
            case "OfferClosed":
                rows.put("offers", e["offerId"], closed=True)
            case "OfferAccepted":
                offer = rows.of("offers", e["offerId"])
                terms = {column: offer[column] for column in (*_TERMS, "commons_bps", "treasury_bps")}
                rows.add("offers", e["offerId"], taken=1)
                rows.put("leases", lease, **terms, licensee=e["licensee"], hpke_key=_hex(e["hpkeKey"]),
                         offer=e["offerId"], requested_at=now)  # fmt: skip
            case "LeaseApproved":
                known = rows.of("datasets", rows.of("leases", lease)["dataset"])["erasures"]
                rows.put("leases", lease, status=LeaseStatus.APPROVED, committee_version=e["committeeVersion"],
                         start_by=e["startBy"], acknowledged=known)  # fmt: skip
            case "LeaseRefunded":
                rows.put("leases", lease, status=LeaseStatus.REFUNDED, returnable=e["amount"])
                if offer_id := rows.of("leases", lease)["offer"]:
                    rows.add("offers", offer_id, taken=-1)
            case "InstalmentPaid":
                rows.put("leases", lease, status=LeaseStatus.ACTIVE, paid_periods=e["period"],
                         paid_until=e["paidUntil"])  # fmt: skip
                rows.add("totals", "treasury_owed", value=e["toTreasury"])
            case "LeaseEnded":
                rows.put("leases", lease, status=LeaseStatus.ENDED)
                rows.add("leases", lease, returnable=e["returned"])
            case "BondSlashed":
                rows.add("leases", lease, slashed=e["amount"])
                if e["toTreasury"]:
                    rows.add("totals", "treasury_owed", value=e["amount"])
            case "BondReleased":
                rows.put("leases", lease, bond_released=True)
                rows.add("leases", lease, returnable=e["amount"])
            case "ReturnablePaid":
                rows.add("leases", lease, returnable=-e["amount"])
            case "ErasuresAcknowledged":
                rows.put("leases", lease, acknowledged=e["erasures"])
            case "KeyRotated":
                rows.put("leases", lease, hpke_key=_hex(e["hpkeKey"]))
            case "TreasuryPaid":
                rows.add("totals", "treasury_owed", value=-e["amount"])

    # Governor

    def _governor(self, name: str, e: dict[str, Any], now: int, place: tuple[int, int]) -> None:
        rows, proposal = self._rows, e.get("proposalId", 0)
        match name:
            case "ProposalCreated":
                rows.put("proposals", proposal, proposer=e["proposer"], vote_start=e["voteStart"],
                         vote_end=e["voteEnd"], description=e["description"], block=place[0],
                         position=place[1])  # fmt: skip
            case "LeaseProposed":
                rows.put("proposals", proposal, lease=e["leaseId"], licensee=e["licensee"])
            case "VoteCast" | "VoteCastWithParams":
                rows.add("proposals", proposal, **{_SIDES[Vote(e["support"])]: e["weight"]})
                rows.put("ballots", proposal, e["voter"], support=e["support"], weight=e["weight"], time=now,
                         reason=e["reason"])  # fmt: skip
            case "ProposalExtended":
                rows.put("proposals", proposal, vote_end=e["extendedDeadline"])
            case "ProposalCanceled":
                rows.put("proposals", proposal, canceled=True)
            case "ProposalQueued":
                rows.put("proposals", proposal, eta=e["etaSeconds"])
            case "ProposalExecuted":
                rows.put("proposals", proposal, executed=True)

    # Models

    def _models(self, name: str, e: dict[str, Any], _: int, __: Any) -> None:
        rows = self._rows
        match name:
            case "ModelRegistered":
                rows.put("models", e["modelId"], owner=e["owner"], beneficiary=e["beneficiary"],
                         model_hash=_hex(e["modelHash"]), open_source=e["openSource"], uri=e["uri"])  # fmt: skip
            case "RoyaltyPaid" if e["toTreasury"]:
                rows.add("credits", self._treasury, amount=e["amount"])
            case "ModelPaid":
                rows.add("models", e["modelId"], paid=e["amount"])
                rows.add("credits", rows.of("models", e["modelId"])["beneficiary"], amount=e["toBeneficiary"])
            case "Withdrawn":
                rows.add("credits", e["account"], amount=-e["amount"])


def _terms(e: dict[str, Any]) -> dict[str, Any]:
    terms = dict(zip(_TERMS, e["terms"], strict=True))
    return {**terms, "agreement_hash": _hex(terms["agreement_hash"]), "licensee": e["licensee"],
            "commons_bps": e["commonsBps"], "treasury_bps": e["treasuryBps"]}  # fmt: skip


def _hex(word: bytes) -> str:
    return "0x" + word.hex()


def struct_of(key: str, event: str, field: str, value: tuple[Any, ...]) -> dict[str, Any]:
    """A struct in a contract's event, by the names of the ABI."""
    inputs = next(e["inputs"] for e in abi(contract_of(key)) if e["type"] == "event" and e["name"] == event)
    components = next(i["components"] for i in inputs if i["name"] == field)
    return dict(zip((component["name"] for component in components), value, strict=True))
