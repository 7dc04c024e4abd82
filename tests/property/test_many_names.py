"""What one contributor cannot gain by being many, and what fingerprints that are almost alike do not share (R-4, R-6;
AB-82, AB-83)."""

from __future__ import annotations

import functools

from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.registry import CLAIMED
from assurance.harness.dao.system import config
from assurance.harness.machines.depth import DEPTH

RATE = 1_000_000_007
"""Shares of one unit of top quality here: a prime, so that every split of a contribution rounds."""


@functools.cache
def world() -> Dao:
    policy = dict(config().contracts["DatasetRegistry"]["params"]["policies"][0])
    changed = policy | {"sharesPerUnit": RATE, "minQuality": 1}
    return Dao(config(DatasetRegistry__params__policies=[changed]))


@settings(max_examples=25 * DEPTH)
@given(parts=st.lists(st.integers(1, 50), min_size=2, max_size=8), quality=st.integers(5_000, 10_000))
def test_contribution_split_among_invented_accounts__earns_and_votes_no_more_than_whole_AB82(
    parts: list[int], quality: int
) -> None:
    dao, snapshot = world(), world().chain.snapshot()
    honest = leaf(dao.who("honest"), "whole", sum(parts), quality)
    names = [dao.who(f"sybil-{i}") for i in range(len(parts))]
    split = [leaf(who, who.name, units, quality) for who, units in zip(names, parts, strict=True)]
    dao.contribute(honest, *split)
    dao.deposit(1, 10**12)
    whole, pieces = honest.contributor, [item.contributor for item in split]
    tokens = sum(dao.token.balanceOf(account) for account in pieces)
    assert 0 <= dao.token.balanceOf(whole) - tokens < len(parts), "each account rounds down on its own"
    assert sum(dao.token.getVotes(account) for account in pieces) == tokens
    income = sum(dao.splitter.claimable(account, [0, 1]) for account in pieces)
    assert income <= dao.splitter.claimable(whole, [0, 1])
    dao.chain.revert(snapshot)


def test_fingerprints_that_differ_in_one_bit__are_different_data_AB83() -> None:
    """All 256 bits count: none of these meets another's record, and each is claimed and found as itself."""
    dao, snapshot = world(), world().chain.snapshot()
    member = dao.who("member")
    first = leaf(member, "data")
    number = int.from_bytes(first.fingerprint, "big")
    items = [first, *(first._replace(fingerprint=(number ^ 1 << bit).to_bytes(32, "big")) for bit in range(256))]
    batch = dao.contribute(*items)
    for item in items:
        assert dao.registry.contribution(item.fingerprint).status == CLAIMED
        assert dao.registry.isIncluded(batch.id, tuple(item), batch.proof(item))
    assert dao.token.balanceOf(member.address) == len(items) * RATE
    dao.chain.revert(snapshot)
