"""K-3 on a real node whose finalized block lags 64 blocks behind its latest: only what both allow is released.

given five shares held back for a lease
  when either block does not allow the release   it should refuse, naming the block, and publish nothing
  when both do                                   it should publish
  when blocks are replaced below finality        it should not have believed them
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assurance.harness.dao.parties import hpke_key
from assurance.harness.dao.system import DAY
from datadao.chain.view import Standing
from datadao.crypto.seal import public_key
from datadao.custodian.custodian import Custodian
from datadao.errors import (
    ChainUnavailable,
    ContributionErased,
    DataDAOError,
    LeaseEnded,
    LeaseLapsed,
    LeaseNotApproved,
    LeaseNotStarted,
    LeaseOverdue,
    LicenseeKeyChanged,
    SlotMismatch,
)
from datadao.types import Contribution
from tests.client.chain_world import ChainWorld


def refused(world: ChainWorld, custodian: Custodian, error: type[DataDAOError], match: str) -> None:
    """Publishing is refused for this reason, and nothing came out."""
    before = len(world.published())
    with pytest.raises(error, match=match):
        custodian.publish(world.lease, world.contributions())
    assert len(world.published()) == before


@pytest.fixture
def ready(leased: ChainWorld) -> Custodian:
    """A custodian whose bundle for the approved lease is held back."""
    leased.finalize()
    custodian = leased.custodian(0)
    assert custodian.prepare(leased.lease, leased.contributions()).held == 5
    return custodian


@pytest.fixture
def serving(leased: ChainWorld, ready: Custodian) -> Custodian:
    """The same after a start that is final."""
    leased.start()
    leased.finalize()
    return ready


def released(world: ChainWorld, custodian: Custodian) -> bool:
    custodian.publish(world.lease, world.contributions())
    return [len(bundle.ids) for bundle in world.published()] == [5]


def test_k3__approved_but_not_final__prepares_nothing(leased: ChainWorld) -> None:
    custodian = leased.custodian(0)
    with pytest.raises(LeaseNotApproved, match="finalized"):
        custodian.prepare(leased.lease, [])
    assert custodian.state.of(leased.lease) == []


def test_k3__approved_but_unstarted__publishes_nothing(leased: ChainWorld, ready: Custodian) -> None:
    refused(leased, ready, LeaseNotStarted, "finalized")


def test_k3__started_but_not_final__waits_for_the_block_that_makes_it_final(
    leased: ChainWorld, ready: Custodian
) -> None:
    leased.start()
    for _ in range(3):
        refused(leased, ready, LeaseNotStarted, "finalized")
        leased.mine(21)
    refused(leased, ready, LeaseNotStarted, "finalized")
    leased.mine(1)
    assert released(leased, ready)


def test_release__three_of_five__opens_for_the_licensee(leased: ChainWorld, serving: Custodian, tmp_path: Path) -> None:
    for custodian in (serving, leased.custodian(2), leased.custodian(4)):
        custodian.prepare(leased.lease, leased.contributions())
        custodian.publish(leased.lease, leased.contributions())
    plain = [item.path.read_bytes() for item in leased.opened(tmp_path / "out") if item.path]
    assert sorted(plain) == [b"four", b"one", b"three", b"two", b"zero"]


# One block allows it, the other does not


def test_k3__ended_at_latest__refused_while_the_final_block_still_runs(leased: ChainWorld, serving: Custodian) -> None:
    leased.dao.leases.end(leased.lease, sender=leased.licensee_account.address)
    refused(leased, serving, LeaseEnded, "latest")
    leased.finalize()
    refused(leased, serving, LeaseEnded, "finalized")


def test_k3__terminated_by_vote_at_latest__refused(leased: ChainWorld, serving: Custodian) -> None:
    start_by = leased.dao.leases.lease(leased.lease).startBy
    leased.govern(leased.dao.leases, "terminate", leased.lease, start_by, 0)
    refused(leased, serving, LeaseEnded, "latest")


def test_k3__expired_at_latest__refused_while_the_final_block_is_in_paid_time(
    leased: ChainWorld, serving: Custodian
) -> None:
    leased.chain.warp(leased.dao.leases.lease(leased.lease).paidUntil - leased.chain.timestamp)
    refused(leased, serving, LeaseLapsed, "latest")


def test_k3__expired_at_the_final_block__refused_until_the_new_instalment_is_final(
    leased: ChainWorld, serving: Custodian
) -> None:
    leased.chain.warp(leased.dao.leases.lease(leased.lease).paidUntil - leased.chain.timestamp + 1)
    leased.finalize()
    leased.dao.leases.payInstalment(leased.lease, sender=leased.members[0].address)
    refused(leased, serving, LeaseLapsed, "finalized")
    leased.finalize()
    assert released(leased, serving)


def overdue(world: ChainWorld) -> None:
    """A member leaves, and the licensee does not acknowledge it in time."""
    world.dao.erase(world.batches[0], world.batches[0].manifest.leaves[1])
    world.chain.warp(14 * DAY + 1)
    assert world.dao.leases.isOverdue(world.lease)


def test_k3__overdue_at_latest__refused(leased: ChainWorld, serving: Custodian) -> None:
    overdue(leased)
    refused(leased, serving, LeaseOverdue, "latest")


def test_k3__overdue_at_the_final_block__refused_until_the_acknowledgement_is_final(
    leased: ChainWorld, serving: Custodian
) -> None:
    overdue(leased)
    leased.finalize()
    leased.dao.leases.acknowledge(leased.lease, sender=leased.licensee_account.address)
    refused(leased, serving, LeaseOverdue, "finalized")
    leased.finalize()
    assert list(serving.publish(leased.lease, leased.contributions())) == [leased.manifest.ids[1]]
    assert [len(bundle.ids) for bundle in leased.published()] == [4]


def test_k3__erased_at_latest__that_file_is_left_out(leased: ChainWorld, serving: Custodian) -> None:
    leased.dao.erase(leased.batches[0], leased.manifest.leaves[3])
    left_out = serving.publish(leased.lease, leased.contributions())
    assert {name: type(reason) for name, reason in left_out.items()} == {leased.manifest.ids[3]: ContributionErased}
    (bundle,) = leased.published()
    assert sorted(bundle.ids) == sorted(set(leased.manifest.ids) - set(left_out))


def test_k3__key_rotated__nothing_goes_out_to_either_key_before_the_new_one_is_final(
    leased: ChainWorld, serving: Custodian
) -> None:
    leased.licensee_key = hpke_key("rotated")
    key = public_key(leased.licensee_key)
    leased.dao.leases.rotateKey(leased.lease, key, sender=leased.licensee_account.address)
    refused(leased, serving, LicenseeKeyChanged, "not final yet")
    leased.finalize()
    refused(leased, serving, LicenseeKeyChanged, "prepare it again")
    serving.prepare(leased.lease, leased.contributions())
    assert released(leased, serving)


def test_k3__replaced_at_latest__neither_leaver_nor_successor_releases_before_it_is_final(
    leased: ChainWorld, serving: Custodian
) -> None:
    successor = leased.dao.who("successor")
    leased.replace(0, successor, hpke_key("successor"))
    refused(leased, serving, SlotMismatch, "latest")
    heir = leased.custodian(0, private_key=hpke_key("successor"), signer=successor.sign, home=leased.home / "heir")
    with pytest.raises(SlotMismatch, match="finalized"):
        heir.prepare(leased.lease, leased.contributions())
    leased.finalize()
    refused(leased, serving, SlotMismatch, "finalized")


# Blocks that do not last


def test_k3__start_is_undone_by_a_reorganisation__was_never_believed(leased: ChainWorld, ready: Custodian) -> None:
    leased.start()
    leased.mine(9)
    refused(leased, ready, LeaseNotStarted, "finalized")
    leased.reorg(10)
    assert leased.dao.leases.lease(leased.lease).paidUntil == 0
    leased.finalize()
    refused(leased, ready, LeaseNotStarted, "finalized")
    leased.start()
    leased.finalize()
    assert released(leased, ready)


def test_gate__reorganisation_between_two_reads__is_no_answer(
    leased: ChainWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    leased.mine(5)
    view = leased.view()
    provider: Any = view._web3.provider
    answer = provider.make_request
    asked: list[object] = []

    def replaced_after_the_first(method: Any, params: Any) -> Any:
        if method == "eth_getBlockByNumber":
            if asked:
                leased.chain._rpc("anvil_setNextBlockBaseFeePerGas", "0x1234567")
                leased.reorg(3)
            asked.append(params[0])
        return answer(method, params)

    monkeypatch.setattr(provider, "make_request", replaced_after_the_first)
    with pytest.raises(ChainUnavailable, match="changed while it was read"):
        view.lease(leased.lease, "latest")
    assert asked == ["latest", hex(leased.chain.web3.eth.block_number)]


def test_standing__of_a_batch_that_is_not_final_yet__is_asked_of_the_contract(leased: ChainWorld) -> None:
    """At the latest block it is in; a final block knows nothing of its batch."""
    leased.finalize()
    view = leased.view()
    before = leased.contributions()
    leased.accept((leased.members[0], b"new"))
    batch = leased.batches[-1]
    (leaf,) = batch.manifest.leaves
    item = Contribution(batch.id, leaf, [])
    assert view.standing([*before, item], "latest") == [Standing.INCLUDED] * 6
    leased.finalize()
    assert view.standing([item], "finalized") == [Standing.INCLUDED]


# Nodes that are no help


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"chain_id": 1}, "on chain 31337, the DAO on 1"), ({"max_age": 60.0}, "stuck or still synchronising")],
)
def test_gate__node_of_another_chain_or_far_behind__is_not_believed(
    leased: ChainWorld, settings: dict[str, float], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: float(leased.chain.timestamp + 61))
    leased.finalize()
    with pytest.raises(ChainUnavailable, match=said):
        leased.custodian(0, leased.view(**settings)).prepare(leased.lease, [])
    recent = {"chain_id": 31337, "max_age": 62.0}
    custodian = leased.custodian(1, leased.view(**recent))
    assert custodian.prepare(leased.lease, leased.contributions()).held == 5
