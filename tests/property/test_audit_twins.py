"""X-3 over contracts that are wrong: the books follow the rules, so that a flaw shows as a difference."""

from __future__ import annotations

import pytest

from assurance.harness.dao.books import audited
from assurance.harness.dao.dao import FOR, Dao, leaf
from assurance.harness.dao.registry import crowd

NAMED = {
    "": "",
    "DatasetRegistry": "",
    "DataGovernor": "",
    "DatasetRegistry.ForgetsFingerprints": "registry.contribution",
    "DataGovernor.CountsTwice": "voted before",
    "DataGovernor.IgnoresFloor": "governor.state",
}
"""What is deployed instead, and what the audit names; without a mistake it names nothing."""


def live(dao: Dao, *, twice: bool) -> None:
    """Members join before and after income of odd amounts, one leaves, all vote; `twice`: one of them again."""
    leaves = crowd(dao, 3, units=7)
    first = dao.contribute(*leaves[:2])
    dao.deposit(1, 1_000_003)
    dao.deposit(0, 333_331)
    dao.contribute(leaves[2])
    late = dao.publish([leaf(dao.who("member-0"), "more of member 0", units=3), leaf(dao.who("outsider"), "unclaimed")])
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


@pytest.mark.parametrize("twin", NAMED)
def test_audit__of_a_twin_one_line_wrong__names_what_is_wrong_X3(twin: str) -> None:
    named = NAMED[twin]
    dao = Dao(twins=(twin,) if twin else ())
    live(dao, twice=named == "voted before")
    report = audited(dao)
    assert report.ok == (not named), report.render()
    assert not named or any(named in difference.what for difference in report.differences), report.render()
