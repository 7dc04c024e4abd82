"""`request`: escrow, lease and proposal in one transaction, or nothing at all.

given terms inside the policy: money in, lease pending, proposal open with this lease's approval as its only action
given one term outside: refused by name with its bounds (the bounds themselves are accepted)
given less than the least escrow, no key, a long text, too little money, the brake: refused
given a policy that changes afterwards: the request keeps its terms and cuts (L-7, AB-72)
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils import keccak
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Event
from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import HPKE_KEY, Dao
from assurance.harness.dao.dao import PENDING as PROPOSAL_PENDING
from assurance.harness.dao.leases import APPROVED, BOND, COST, PENDING, PERIODS, PRICE, Market
from assurance.harness.dao.registry import name32
from assurance.harness.dao.system import DAY, config


def full_description(market: Market, lease: int, terms: dict[str, Any], text: str) -> str:
    terms_hash = market.dao.leases.hashTerms(terms).hex()
    return f"Lease {lease} terms 0x{terms_hash} {text}#proposer={market.dao.leases.address.lower()}"


def ask(market: Market, text: str = "text", key: bytes = HPKE_KEY, **terms: Any) -> Any:
    """A request by a licensee with more money than it needs."""
    licensee = market.licensee
    return market.dao.leases.request(market.dao.terms(**terms), key, text, sender=licensee.address)


def rich(market: Market) -> Market:
    market.dao.fund(market.licensee, 2**128, market.dao.leases)
    return market


def test_request__terms_inside_the_policy__escrows_and_opens_the_vote(market: Market) -> None:
    dao, licensee = market.dao, market.licensee
    terms = dao.terms(royaltyBps=250)
    dao.fund(licensee, COST, dao.leases)
    before = market.picture()
    receipt = dao.leases.request(terms, HPKE_KEY, 'for "research" \x07', sender=licensee.address)
    lease, proposal = receipt.value
    after = market.picture()
    assert lease == 1

    description = full_description(market, 1, terms, 'for "research" \x07')
    approval = dao.leases.encode("approve", 1, dao.leases.hashTerms(terms))
    action = ([dao.leases.address], [0], [approval], bytes(32))
    assert dao.leases.proposalOf(1) == action
    assert proposal == dao.governor.hashProposal(*action) == dao.governor.getProposalId(*action)
    assert dao.governor.state(proposal) == PROPOSAL_PENDING
    assert dao.governor.proposalProposer(proposal) == dao.leases.address
    assert dao.governor.proposalLicensee(proposal) == licensee.address

    assert vars(market.lease(1)) == {
        "status": PENDING,
        "licensee": licensee.address,
        "hpkeKey": HPKE_KEY,
        "offerId": 0,
        "committeeVersion": 0,
        "paidPeriods": 0,
        "startBy": 0,
        "paidUntil": 0,
        "acknowledged": 0,
        "bond": BOND,
        "slashed": 0,
        "escrow": PRICE * PERIODS,
        "returnable": 0,
        "live": False,
    }
    stored, commons, treasury = dao.leases.leaseTerms(1)
    assert (vars(stored), commons, treasury) == (terms, 500, 500)
    moved = {key: after[key] - before[key] for key in before if after[key] != before[key]}
    assert moved == {"leases": 1, "owed": COST, "asset licensee": -COST, "asset leases": COST}

    requested = receipt.named("LeaseRequested")
    assert [vars(e.args.pop("terms")) for e in requested] == [terms]
    assert requested == [
        Event(
            "LeaseRequested",
            dao.leases.address,
            {
                "leaseId": 1,
                "proposalId": proposal,
                "licensee": licensee.address,
                "hpkeKey": HPKE_KEY,
                "commonsBps": 500,
                "treasuryBps": 500,
            },
        )
    ]
    (created,) = receipt.named("ProposalCreated")
    assert created.args["description"] == description
    assert created.args["voteStart"] == market.now + DAY
    (proposed,) = receipt.named("LeaseProposed")
    assert proposed.args == {"proposalId": proposal, "leaseId": 1, "licensee": licensee.address}


def test_request__cuts_that_differ__are_emitted_and_kept_each_in_its_place(market: Market) -> None:
    policy = vars(market.dao.registry.currentPolicy(1)) | {"commonsBps": 300, "treasuryBps": 700}
    market.dao.govern(market.founder, market.dao.registry, "updatePolicy", 1, policy)
    rich(market)
    (requested,) = ask(market).named("LeaseRequested")
    assert (requested.args["commonsBps"], requested.args["treasuryBps"]) == (300, 700)
    assert market.dao.leases.leaseTerms(1)[1:] == (300, 700)


def test_request__twice_the_same__two_leases_and_two_proposals(market: Market) -> None:
    first, second = market.request()[1], market.request()[1]
    assert first.id != second.id
    assert [market.dao.governor.proposalLicensee(p.id) for p in (first, second)] == [market.licensee.address] * 2


BOUNDS = [
    ("pricePerPeriod", 1_000_000, 2**96 - 1, (1_000_000, 2**96 - 1)),
    ("bond", 1_000_000, 2**96 - 1, (1_000_000, 2**96 - 1)),
    ("periodLength", 7 * DAY, 90 * DAY, (7 * DAY, 90 * DAY)),
    ("periods", 1, 12, (1, 12)),
    ("royaltyBps", 0, 10_000, (0, 10_000)),
    ("minShares", 0, 2**64 - 1, (0, 2**64 - 1)),
]


@pytest.mark.parametrize(("field", "low", "high", "bounds"), BOUNDS, ids=[b[0] for b in BOUNDS])
def test_request__term_at_its_bounds_accepted_and_beyond__refused_AB65(
    market: Market, field: str, low: int, high: int, bounds: tuple[int, int]
) -> None:
    rich(market)
    if low:
        with refused(market.picture, "DataLeases_InvalidTerms", name32(field), low - 1, *bounds):
            ask(market, **{field: low - 1})
    with refused(market.picture, "DataLeases_InvalidTerms", name32(field), high + 1, *bounds):
        ask(market, **{field: high + 1})
    with refused(market.picture, "DataLeases_InvalidTerms", name32(field), 2**256 - 1, *bounds):
        ask(market, **{field: 2**256 - 1})
    for value in (low, high):
        ask(market, **{field: value})
        lease = market.dao.leases.leaseCount()
        assert getattr(market.dao.leases.leaseTerms(lease)[0], field) == value


def test_request__policy_wider_than_any_lease__periods_of_1_to_366_days(market: Market) -> None:
    policy = vars(market.dao.registry.currentPolicy(1)) | {"minPeriod": 1, "maxPeriod": 2**32 - 1}
    market.dao.govern(market.founder, market.dao.registry, "updatePolicy", 1, policy)
    rich(market)
    for length in (DAY - 1, 366 * DAY + 1):
        with refused(market.picture, "DataLeases_InvalidTerms", name32("periodLength"), length, DAY, 366 * DAY):
            ask(market, periodLength=length)
    for length in (DAY, 366 * DAY):
        ask(market, periodLength=length)


@pytest.mark.parametrize("purposes", [0, 8, 15, 1 << 64, 2**256 - 1])
def test_request__purpose_outside_the_mask__refused(market: Market, purposes: int) -> None:
    rich(market)
    with refused(market.picture, "DataLeases_PurposeNotAllowed", purposes, 7):
        ask(market, purposes=purposes)
    for allowed in (1, 2, 3, 4, 7):
        ask(market, purposes=allowed)


@pytest.mark.parametrize("dataset", [0, 2, 2**64, 2**256 - 1])
def test_request__unknown_dataset__refused(market: Market, dataset: int) -> None:
    rich(market)
    with refused(market.picture, "DatasetRegistry_UnknownDataset", dataset):
        ask(market, datasetId=dataset)


def test_request__no_key__refused(market: Market) -> None:
    rich(market)
    with refused(market.picture, "DataLeases_ZeroKey"):
        ask(market, key=b"\0" * 32)


def test_request__text_of_4_kib_accepted_and_longer__refused_AB75(market: Market) -> None:
    rich(market)
    for length in (4097, 100_000):
        with refused(market.picture, "DataLeases_DescriptionTooLong", length, 4096):
            ask(market, text="x" * length)
    ask(market, text="x" * 4096)
    ask(market, text="")


@pytest.mark.parametrize(
    "text",
    [
        "#proposer=0x" + "11" * 20,
        "Lease 7 terms 0x" + "00" * 32 + " ",
        '"}],\n\x00\x1b[2J\u202e',
        "\N{GRINNING FACE}" * 1024,
    ],
    ids=["suffix", "prefix", "control", "wide"],
)
def test_request__text_that_imitates_its_frame__is_only_text_AB75(market: Market, text: str) -> None:
    """What frames the text is read from the front and from the back; nothing in between takes its place."""
    rich(market)
    receipt = ask(market, text=text)
    lease, proposal = receipt.value
    (created,) = receipt.named("ProposalCreated")
    description = full_description(market, lease, market.dao.terms(), text)
    assert created.args["description"] == description
    action = market.dao.leases.proposalOf(lease)[:3]
    assert market.dao.governor.getProposalId(*action, keccak(text=description)) == proposal
    assert market.dao.governor.proposalProposer(proposal) == market.dao.leases.address
    market.dao.pass_(market.dao.lease_proposal(lease), market.founder)
    assert market.lease(lease).status == APPROVED


def test_request__less_than_the_least_escrow__refused(dao: Dao) -> None:
    dear = Market(Dao(config(DataLeases__params__minRequestEscrow=COST), chain=dao.chain))
    rich(dear)
    with refused(dear.picture, "DataLeases_EscrowTooSmall", COST - 1, COST):
        ask(dear, bond=BOND - 1)
    ask(dear)


def test_request__licensee_without_money_or_approval__refused_by_the_asset(market: Market) -> None:
    dao, licensee = market.dao, market.licensee
    dao.fund(licensee, COST)
    with refused(market.picture, "ERC20InsufficientAllowance", dao.leases.address, 0, COST):
        ask(market)
    dao.asset.approve(dao.leases, COST, sender=licensee.address)
    dao.asset.transfer(ADDRESS_ZERO[:-1] + "1", 1, sender=licensee.address)
    with refused(market.picture, "ERC20InsufficientBalance", licensee.address, COST - 1, COST):
        ask(market)


def test_request__with_another_licensees_approval__pulls_from_the_caller_only_AB71(market: Market) -> None:
    rich(market)
    stranger = market.stranger.address
    with refused(market.picture, "ERC20InsufficientAllowance", market.dao.leases.address, 0, COST):
        market.dao.leases.request(market.dao.terms(), HPKE_KEY, "", sender=stranger)


def test_request__brake_pulled__refused_to_its_last_second(market: Market) -> None:
    rich(market)
    market.dao.brake.pull(sender=market.dao.who("guardian").address)
    until = market.now + 3 * DAY
    for at in (market.now, until - 1):
        market.warp_to(at)
        with refused(market.picture, "EmergencyBrake_Pulled", until):
            ask(market)
    market.warp_to(until)
    ask(market)


def test_request__policy_changes_afterwards__keeps_its_terms_and_cuts_L7_AB72_B02(market: Market) -> None:
    lease, proposal = market.request()
    market.queue(proposal)
    policy = vars(market.dao.registry.currentPolicy(1)) | {
        "commonsBps": 0, "treasuryBps": 3000, "minPricePerPeriod": 2 * PRICE, "purposes": 2, "maxPeriods": 1,
    }  # fmt: skip
    before = market.dao.leases.leaseTerms(lease)
    update = market.dao.propose(market.founder, (market.dao.registry, "updatePolicy", (1, policy)), text="dearer")
    market.queue(update)
    market.dao.execute(update)
    assert market.dao.leases.leaseTerms(lease) == before
    market.carry_out(proposal)
    receipt = market.send("start", lease)
    (paid,) = receipt.named("InstalmentPaid")
    assert (paid.args["toDataset"], paid.args["toCommons"], paid.args["toTreasury"]) == (
        PRICE * 9 // 10, PRICE // 20, PRICE // 20,
    )  # fmt: skip
    rich(market)
    with refused(market.picture, "DataLeases_PurposeNotAllowed", 1, 2):
        ask(market)
