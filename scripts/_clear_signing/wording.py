"""What ABI and NatSpec do not say: which calls and messages people meet, a short intent of each, and short labels.

Wallets on small screens show 30 characters of an intent and 20 of a label.
"""

from __future__ import annotations

from datadao.custodian.journal import Checkpoint
from datadao.messages.batch import BATCH
from datadao.messages.bundle import Readiness
from datadao.messages.compute import ComputeKeys, ComputeResult, ComputeReview, Ending
from datadao.messages.handover import TAKEOVER, Handover
from datadao.messages.heirs import BIND, OPEN, UNBIND, VETO
from datadao.messages.requests import BALLOT, CLAIM, ERASE, REASONED
from datadao.messages.sample import Consent, Sample
from datadao.messages.score import Score
from datadao.messages.submission import Submission, Witness

CALLS: dict[str, dict[str, str]] = {
    "DataToken": {
        "delegate": "Delegate your votes",
        "bindHeir": "Name an heir",
        "unbindHeir": "Unbind your heir",
        "openSuccession": "Open a succession",
        "vetoSuccession": "Veto your succession",
        "succeed": "Take an account's place",
    },
    "RevenueSplitter": {
        "claim": "Pay income to its account",
        "claimTo": "Claim income to an address",
        "claimFor": "Pay income to accounts",
        "deposit": "Deposit into a pool",
    },
    "DataGovernor": {
        "castVote": "Vote",
        "castVoteWithReason": "Vote with a reason",
        "propose": "Propose",
        "queue": "Queue a decision",
        "execute": "Execute a decision",
        "cancel": "Cancel a proposal",
    },
    "DataLeases": {
        "request": "Request a lease",
        "requestWithPermit": "Request a lease",
        "accept": "Accept an offer",
        "acceptWithPermit": "Accept an offer",
        "cancelRequest": "Cancel a lease request",
        "start": "Start a lease",
        "confirmDelivery": "Start a delivered lease",
        "payInstalment": "Pay an instalment",
        "acknowledge": "Acknowledge erasures",
        "rotateKey": "Change the release key",
        "end": "End a lease",
        "claimRefund": "Claim a refund",
        "claimRefundTo": "Claim a refund to an address",
        "releaseBond": "Release a bond",
    },
    "ModelRegistry": {
        "register": "Register a model",
        "pay": "Pay for a model",
        "withdraw": "Pay what models earned",
        "withdrawTo": "Withdraw to an address",
    },
    "DatasetRegistry": {
        "claim": "Claim a contribution",
        "claimMany": "Claim contributions",
        "erase": "Erase a contribution",
        "activate": "Activate a batch",
        "veto": "Veto a batch",
    },
    "EmergencyBrake": {"pull": "Pause the DAO"},
}
"""Functions by contract, with an intent."""

MESSAGES: dict[str, dict[str, str]] = {
    "DataToken": {
        "Delegation(address delegatee,uint256 nonce,uint256 expiry)": "Delegate your votes",
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)": "Permit to spend votes",
        BIND: "Name an heir",
        UNBIND: "Unbind your heir",
        OPEN: "Open a succession",
        VETO: "Veto your succession",
    },
    "DataGovernor": {
        BALLOT: "Vote",
        REASONED: "Vote with a reason",
    },
    "DatasetRegistry": {
        ERASE: "Erase a contribution",
        CLAIM: "Ask to be paid and claimed",
        Submission.STRUCT: "Submit data",
        Score.STRUCT: "Score a submission",
        BATCH: "Attest a batch",
        Witness.STRUCT: "Confirm opened files",
        Readiness.STRUCT: "Confirm ready keys",
        Handover.STRUCT: "Hand over key shares",
        TAKEOVER: "Take over key shares",
        Checkpoint.STRUCT: "Begin your journal anew",
        Consent.STRUCT: "Allow your file as a sample",
        Sample.STRUCT: "Attest a sample",
        ComputeKeys.STRUCT: "Release keys for a program",
        ComputeResult.STRUCT: "Attest a program's result",
        ComputeReview.STRUCT: "Confirm a program's output",
    },
}
"""EIP-712 types by the contract whose domain they are signed in, with an intent."""

CHOICES = {
    # `support=bravo` of the governor's counting mode.
    "support": {"0": "Against", "1": "For", "2": "Abstain"},
    "ending": {str(int(ending)): ending.name.capitalize() for ending in Ending},
}
"""What numbers stand for, by parameter."""

LABELS = {
    "accounts": "Account", "agreementHash": "Agreement", "attestorSetVersion": "Attestor set", "batchId": "Batch",
    "bond": "Bond", "calldatas": "Call", "committeeVersion": "Committee", "count": "Contributions",
    "datasetId": "Dataset", "delayDays": "Days to veto", "delegatee": "Votes for you", "description": "Description",
    "descriptionHash": "Description", "envelopeHash": "Envelope", "expiry": "Valid until", "deadline": "Valid until",
    "fileHash": "File", "hpkeKey": "Key for releases", "idsHash": "Files", "leaseId": "Lease", "leaseIds": "Lease",
    "manifestHash": "Manifest", "maxCost": "At most", "minShares": "Fewest shares", "modelHash": "Model file",
    "modelId": "Model", "offerId": "Offer", "openSource": "Open source", "openedAt": "Opened", "owner": "Owner",
    "periodLength": "Period", "policyVersion": "Policy", "poolId": "Pool", "poolIds": "Pool",
    "pricePerPeriod": "Rent per period", "proposalId": "Proposal", "recipient": "To", "recordHash": "Record",
    "releaseRoot": "Keys", "root": "Contributions' root", "royaltyBps": "Royalty", "sealedHash": "Sealed shares",
    "sequence": "Number", "submissions": "Submission", "support": "Vote", "targets": "Contract",
    "termsHash": "Terms", "totalShares": "Shares", "uri": "Address", "values": "Ether", "value": "Amount",
}  # fmt: skip
"""Labels of parameters by name, where the name in words is none."""

HIDDEN = {"nonce", "signature", "signatures", "proof", "proofFlags", "r", "s", "v", "vs", "params"}
"""What no person can compare with anything."""
AMOUNTS = {"pricePerPeriod", "bond", "maxCost", "amount", "amounts"}
"""Amounts of the settlement asset."""
DURATIONS = {"periodLength"}
"""Seconds."""
