"""The contracts' enumerations, in words."""

from __future__ import annotations

from enum import IntEnum


class LeaseStatus(IntEnum):
    """`IDataLeases.Status`."""

    NONE, PENDING, APPROVED, ACTIVE, ENDED, REFUNDED = range(6)


class ProposalState(IntEnum):
    """`IGovernor.ProposalState`."""

    PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, EXPIRED, EXECUTED = range(8)


class BatchStatus(IntEnum):
    """`IDatasetRegistry.BatchStatus`."""

    NONE, PUBLISHED, ACTIVE, ASLEEP, VETOED, DISCARDED, LAPSED = range(7)


ENUMS: dict[str, type[IntEnum]] = {
    "enum IDataLeases.Status": LeaseStatus,
    "enum IGovernor.ProposalState": ProposalState,
    "enum IDatasetRegistry.BatchStatus": BatchStatus,
}
"""By the type that an ABI names."""


def word(state: IntEnum) -> str:
    """`Active` of ACTIVE"""
    return state.name.capitalize()


def words_of(kind: type[IntEnum], mask: int) -> str:
    """`Active or Succeeded` of a mask with a bit for each state."""
    return " or ".join(word(state) for state in kind if mask >> state & 1) or "none"
