"""X-3 over contracts that are wrong: the books follow the rules, so that a flaw shows as a difference."""

from __future__ import annotations

import pytest

from tests.support.audit import audited
from tests.support.dao import FOR, Dao, leaf
from tests.support.evm import Revm
from tests.support.registry import crowd

TWINS: dict[str, tuple[dict[str, object], str]] = {
    "none": ({}, ""),
    "a claim forgets its fingerprint": ({"DatasetRegistry": ("TwinRegistry", 1)}, "registry.contribution"),
    "an account votes again": ({"DataGovernor": ("TwinGovernor", 1)}, "voted before"),
    "a young DAO has no quorum floor": ({"DataGovernor": ("TwinGovernor", 2)}, "governor.state"),
}
"""What is deployed instead, and what the audit names."""


def live(dao: Dao, *, twice: bool) -> None:
    """Members join before and after income of odd amounts, one leaves, all vote; `twice`: one of them again."""
    leaves = crowd(dao, 3, units=7)
    first = dao.contribute(*leaves[:2])
    dao.deposit(1, 1_000_003)
    dao.deposit(0, 333_331)
    dao.contribute(leaves[2])
    late = dao.publish([leaf(dao.who("member-0"), "more of member 0", units=3), leaf(dao.who("nobody"), "unclaimed")])
    dao.activate(late)
    dao.deposit(1, 777_777)
    dao.claim(late, late.manifest.leaves[0])
    dao.erase(first, leaves[1])
    dao.deposit(1, 77_773)
    dao.chain.warp(1)
    voters = [dao.who(f"member-{i}") for i in (0, 2)]
    proposal = dao.propose(voters[0], (dao.leases, "withdrawTreasury", ()))
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, *voters, support=FOR)
    if twice:
        dao.vote(proposal.id, voters[0], support=FOR)
    dao.to_end_of_vote(proposal.id)


@pytest.mark.parametrize("name", TWINS)
def test_audit__of_a_twin_one_line_wrong__names_what_is_wrong_X3(name: str) -> None:
    twins, named = TWINS[name]
    dao = Dao(chain=Revm(code_limit=2**16), twins=twins)
    live(dao, twice=named == "voted before")
    report = audited(dao)
    assert report.ok is (name == "none"), report.render()
    assert name == "none" or any(named in difference.what for difference in report.differences), report.render()
