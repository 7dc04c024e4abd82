"""`erase` and `eraseBySig` of a succeeded contributor's data: the heir's, and no longer the old key's (T-10, R-7, R-8).

given a succession: the old key is refused by call and signature, the heir erases, claimed or not, moved or left out
given a chain: its end erases, and what stands in between moves first
given a succession that is bound or open only: the contributor erases as before
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Receipt
from assurance.harness.dao.dao import ERASE, Batch, Dao, leaf
from assurance.harness.dao.registry import ERASED, UNIT, crowd, event, live, refused, signatures
from assurance.harness.dao.succession import bind, opened, succeed, succeeded
from assurance.harness.dao.system import DAY, Actor, config
from datadao.types import Leaf


def erase(dao: Dao, batch: Batch, item: Leaf, by: Actor) -> Receipt:
    receipt: Receipt = dao.registry.erase(batch.id, tuple(item), batch.proof(item), sender=by.address)
    return receipt


@pytest.mark.parametrize("claimed", [True, False])
@pytest.mark.parametrize("pools", [(), (1,)])
def test_erase__by_the_heir__takes_its_tokens_and_leaves_what_was_earned_T10(
    dao: Dao, claimed: bool, pools: tuple[int, ...]
) -> None:
    leaves = crowd(dao, 2)
    item, old, heir = leaves[0], dao.who("member-0"), dao.who("heir")
    batch = live(dao, leaves, *([item] if claimed else []))
    dao.deposit(1, 4_000_000)
    succeeded(dao, old, heir, *pools)
    refused(
        dao,
        lambda: erase(dao, batch, item, old),
        "DatasetRegistry_NotContributor",
        old.address,
        heir.address,
        watch=leaves,
    )
    fields = event(erase(dao, batch, item, heir), "ContributionErased").args
    assert (fields["contributor"], fields["burned"]) == (old.address, 10 * UNIT)
    assert dao.registry.contribution(item.fingerprint).status == ERASED
    assert dao.token.totalSupply() == 10 * UNIT
    assert [dao.token.balanceOf(a.address) for a in (old, heir)] == [0, 0]
    assert [dao.splitter.sharesOf(1, a.address) for a in (old, heir)] == [0, 0]
    owed = dao.splitter.claimable(heir.address, [1])
    assert 1_999_999 <= owed <= 2_000_000
    assert dao.splitter.claimable(old.address, [1]) == 0


def test_erase__by_the_end_of_a_chain__moves_what_stands_in_between_first(dao: Dao) -> None:
    leaves = crowd(dao, 3)
    item, old, heir, end = leaves[0], dao.who("member-0"), dao.who("member-1"), dao.who("end")
    batch = live(dao, leaves, *leaves[:2])
    succeeded(dao, old, heir, 1)
    succeeded(dao, heir, end)
    for stranger in (old, heir, dao.who("stranger")):
        error = ("DatasetRegistry_NotContributor", stranger.address, end.address)
        refused(dao, lambda s=stranger: erase(dao, batch, item, s), *error, watch=leaves)
    erase(dao, batch, item, end)
    assert dao.token.balanceOf(end.address) == dao.splitter.sharesOf(1, end.address) == 10 * UNIT
    erase(dao, batch, leaves[1], end)
    assert dao.token.totalSupply() == 10 * UNIT


def test_erase_by_sig__the_heirs_signature_and_not_the_old_keys(dao: Dao) -> None:
    leaves = crowd(dao, 2)
    item, old, heir = leaves[0], dao.who("member-0"), dao.who("heir")
    batch = live(dao, leaves, item)
    succeeded(dao, old, heir, 1)
    deadline = dao.chain.timestamp + DAY
    message = (batch.id, item.fingerprint, deadline)
    by_old, by_heir = signatures(dao, message, old, heir, kind=ERASE)

    def relay(signature: bytes) -> Receipt:
        args = (batch.id, tuple(item), batch.proof(item), deadline, signature)
        receipt: Receipt = dao.registry.eraseBySig(*args, sender=dao.who("relayer").address)
        return receipt

    refused(dao, lambda: relay(by_old), "DatasetRegistry_InvalidSignature", heir.address, watch=leaves)
    relay(by_heir)
    assert dao.registry.contribution(item.fingerprint).status == ERASED


def test_erase__bound_or_open_only__stays_the_contributors(dao: Dao) -> None:
    first, second = crowd(dao, 2)
    heir = dao.who("heir")
    batch = live(dao, [first, second], first, second)
    bind(dao, dao.who("member-0"), heir)
    opened(dao, dao.who("member-1"), heir)
    for item, who in ((first, "member-0"), (second, "member-1")):
        refused(
            dao,
            lambda i=item: erase(dao, batch, i, heir),
            "DatasetRegistry_NotContributor",
            heir.address,
            item.contributor,
            watch=[first, second],
        )
        erase(dao, batch, item, dao.who(who))


def test_claim__for_a_succeeded_contributor__recorded_for_it_and_moved_by_anyone__r7(dao: Dao) -> None:
    leaves = crowd(dao, 2)
    old, heir = dao.who("member-0"), dao.who("heir")
    batch = live(dao, leaves)
    dao.deposit(1, 2_000_000)
    succeeded(dao, old, heir, 1)
    dao.claim(batch, leaves[0])
    assert dao.registry.contribution(leaves[0].fingerprint).contributor == old.address
    assert dao.token.getVotes(old.address) == 0
    assert dao.token.getVotes(heir.address) == 10 * UNIT
    assert dao.splitter.claim(old.address, [1], sender=old.address).value == 0
    succeed(dao, old, 1, by=dao.who("stranger"))
    assert dao.token.balanceOf(heir.address) == dao.splitter.sharesOf(1, heir.address) == 10 * UNIT
    assert 999_999 <= dao.splitter.claim(heir.address, [1], sender=heir.address).value <= 1_000_000


def test_erase__transferable_dao_and_heir_sold_its_tokens__burns_what_is_there() -> None:
    dao = Dao(config(DataToken__transferable=True))
    old, heir = dao.who("old"), dao.who("heir")
    item = leaf(old, "data", 10)
    batch = live(dao, [item, leaf(dao.who("other"), "more", 10)], item)
    succeeded(dao, old, heir, 1)
    dao.token.transfer(dao.who("buyer").address, 4 * UNIT, sender=heir.address)
    assert event(erase(dao, batch, item, heir), "ContributionErased").args["burned"] == 6 * UNIT
    assert dao.token.balanceOf(heir.address) == 0
