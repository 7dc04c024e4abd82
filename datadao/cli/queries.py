"""What several commands read of the DAO: proposals and leases in words."""

from __future__ import annotations

from typing import Any

from datadao.cli.session import Session
from datadao.client import DataDAO, Terms
from datadao.errors import InvalidArgument
from datadao.values import moment as moment

TOKEN_DECIMALS = 9
DAY = 86_400


def check_lease(session: Session, lease_id: int) -> Any:
    """The lease as the contract has it. Raises `InvalidArgument` if there is none."""
    refuse_lease(lease_id, session.dao.read("leases", "leaseCount"))
    return session.dao.read("leases", "lease", lease_id)


def refuse_lease(lease_id: int, count: int) -> None:
    """Raises `InvalidArgument` if it is none of so many."""
    if not 1 <= lease_id <= count:
        raise InvalidArgument(f"no lease {lease_id}; there are {f'1 to {count}' if count else 'none'}")


def terms_of(dao: DataDAO, lease_id: int) -> Terms:
    """What was asked for, of a lease that exists."""
    return Terms(*dao.read("leases", "leaseTerms", lease_id)[0])


def check_dataset(session: Session, dataset_id: int) -> None:
    """Raises `InvalidArgument` if there is no such dataset."""
    count = session.dao.read("registry", "datasetCount")
    if not 1 <= dataset_id <= count:
        raise InvalidArgument(f"no dataset {dataset_id}; there are {f'1 to {count}' if count else 'none'}")
