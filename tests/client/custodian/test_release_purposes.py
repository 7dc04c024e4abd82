"""Whom a key may go to, by what was leased and by what was given.

given a lease for compute alone              no custodian should prepare or publish anything for its licensee
given a batch whose policy allows less       its files should not be released, nor be in what readiness covers
"""

from __future__ import annotations

import pytest

from assurance.harness.dao.parties import DAO, DATA, LEASE, World, contributions, ids_of, published, released_ids
from datadao.custodian import checks
from datadao.errors import ComputeLease, LicenseeKeyChanged, NothingToRelease
from datadao.messages.bundle import Bundle, release_root
from datadao.messages.eip712 import signed_by
from datadao.messages.purposes import COMPUTE
from datadao.types import Contribution

RESEARCH, TRAINING = 1, 2


def test_compute_lease__no_key_goes_to_its_licensee_K7(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0)
    assert custodian.prepare(LEASE, listed).held == 5
    # As if it had been held back by a custodian of an earlier version, which did not ask.
    world.view.set_lease(purposes=COMPUTE)
    for act in (custodian.prepare, custodian.publish):
        with pytest.raises(ComputeLease, match="for compute alone: no key goes to its licensee"):
            act(LEASE, listed)
    assert published(world) == []


def test_twin__that_does_not_ask_the_mask_hands_keys_to_a_compute_lease_K7(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "COMPUTE", 0)
    world.view.set_lease(purposes=COMPUTE)
    custodian = world.custodian(0)
    world.activate([item.leaf for item in listed], purposes=COMPUTE)
    custodian.prepare(LEASE, listed)
    custodian.publish(LEASE, listed)
    assert len(released_ids(world)) == 5
    # Whoever does so shows it: a bundle in storage with its signature, and an entry in its journal.
    bundle = Bundle.decode(world.store.get(published(world)[0]))
    assert signed_by(custodian.holder().signer, bundle.typed(DAO), bundle.signature)
    assert custodian.released(LEASE) == set(ids_of(world, listed))


def test_lease_for_compute_and_more__is_a_data_lease(world: World, listed: list[Contribution]) -> None:
    world.activate([item.leaf for item in listed], purposes=COMPUTE | RESEARCH)
    world.view.set_lease(purposes=COMPUTE | RESEARCH)
    assert world.custodian(0).prepare(LEASE, listed).held == 5


def test_lease_whose_purposes_differ_between_blocks__is_not_served(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    world.view.set_lease("latest", purposes=TRAINING)
    with pytest.raises(LicenseeKeyChanged):
        custodian.publish(LEASE, listed)
    assert published(world) == []


def test_batch_whose_policy_allows_less__is_never_opened_by_a_later_vote_L14(
    world: World, listed: list[Contribution]
) -> None:
    """The lease is for research, which the dataset's policy of now allows; the first batch was given for compute."""
    world.activate([item.leaf for item in listed], purposes=COMPUTE)
    later = contributions(world.activate(world.members(b"later"), batch_id=62, sequence=2), batch_id=62)
    custodian = world.custodian(0)
    prepared = custodian.prepare(LEASE, [*listed, *later])
    assert prepared.release_root == release_root(ids_of(world, later))
    custodian.publish(LEASE, [*listed, *later])
    assert released_ids(world) == ids_of(world, later)


@pytest.mark.parametrize("given", [0, COMPUTE, TRAINING, COMPUTE | TRAINING])
def test_lease_over_nothing_that_was_given_for_it__releases_nothing_L14(
    world: World, listed: list[Contribution], given: int
) -> None:
    world.activate([item.leaf for item in listed], purposes=given)
    with pytest.raises(NothingToRelease):
        world.custodian(0).prepare(LEASE, listed)
    assert len(listed) == len(DATA)
