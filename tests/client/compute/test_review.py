"""The reviewer's rule: where it is agreed, an output counts and leaves only after attestors looked at it.

given an agreement with reviews          custodians should sign nothing, and nobody hand out, before enough confirmed
given words of others, or for another    they should count nothing
given an agreement without               nothing should wait
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assurance.harness.dao.parties import DAO, LEASE, World, contributions
from datadao.compute.agreed import require_reviews, reviewers
from datadao.errors import InvalidArgument, OutputMissing, ResultsDisagree
from datadao.messages.compute import ComputeReview
from datadao.messages.purposes import COMPUTE

from .test_run_life import RECORDS, ComputeWorld, size_of_input


@pytest.fixture
def life(world: World) -> ComputeWorld:
    made = ComputeWorld(world, contributions(world.activate(world.members(*RECORDS), purposes=COMPUTE)), reviews=2)
    made.release()
    return made


def test_output__counts_after_as_many_attestors_as_agreed_confirmed_it_K7(life: ComputeWorld) -> None:
    results = [life.run(index) for index in (0, 1)]
    for index in (0, 1):
        with pytest.raises(ResultsDisagree, match=f"{index} of 2 attestors confirmed the output"):
            life.duties(0).sign_readiness(LEASE, life.listed)
        assert not list(life.board.readiness(LEASE))
        attestor = life.attestor(index)
        assert attestor.output(results[index]) == size_of_input(3), "what it looks at is what goes out"
        attestor.confirm(results[index])
        attestor.confirm(results[index])  # twice counts once
    assert life.duties(0).sign_readiness(LEASE, life.listed).release_root == results[0].release_root
    life.attestor(1).hand_out(life.lease, results[1])
    assert life.open() == size_of_input(3) == life.attestor(1).output(results[1])


def test_attestor__confirms_nothing_that_it_has_not_before_it(life: ComputeWorld) -> None:
    result = life.run(0)
    with pytest.raises(OutputMissing, match=f"keeps no output of run 0 of lease {LEASE}"):
        life.attestor(1).confirm(result)
    with pytest.raises(OutputMissing):
        life.attestor(0).confirm(replace(result, commitment=bytes(32)))
    assert not list(life.board.reviews(LEASE, 0))


@pytest.mark.parametrize(
    "change", [{"run": 1}, {"lease_id": LEASE + 1}, {"attestor_set_version": 2}, {"commitment": bytes(32)}, {}], ids=str
)
def test_review_of_something_else_or_of_no_attestor__counts_nothing_K7(life: ComputeWorld, change: dict) -> None:
    results = [life.run(index) for index in (0, 1)]
    wallets = (life.world.attestors if change else life.world.custodians).wallets[:2]
    right = (LEASE, 0, life.set.version, results[0].commitment)
    said = [replace(ComputeReview(*right, w.address, b""), **change).signed(DAO, w) for w in wallets]
    said.append(ComputeReview(*right, life.world.attestors.wallets[0].address, said[0].signature if change else b""))
    assert reviewers(DAO, said, results[0], life.set) == ()
    with pytest.raises(ResultsDisagree):
        require_reviews(life.agreed, results[0], ())


@pytest.mark.parametrize(("change", "named"), [({"reviews": -1}, "-1 reviews"), ({"source": "no address"}, "source")])
def test_terms_of_a_review__are_refused_out_of_range(life: ComputeWorld, change: dict, named: str) -> None:
    with pytest.raises(InvalidArgument, match=named):
        replace(life.agreed, **change)


def test_kept_output__is_readable_by_its_owner_alone(life: ComputeWorld) -> None:
    life.run(0)
    (folder,) = {path.parent for path in Path(life.world.home).rglob("*.waiting")}
    assert folder.stat().st_mode & 0o077 == 0
