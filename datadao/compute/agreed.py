"""What was agreed of a compute lease's program, and what of the results that attestors signed counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from datadao.chain.view import AttestorSet, LeaseState, Payment
from datadao.errors import ComputeLease, ObjectMissing, ProgramRefused, ResultsDisagree
from datadao.messages import eip712
from datadao.messages.agreement import Agreement, Program
from datadao.messages.compute import ComputeResult, ComputeReview, Ending
from datadao.messages.purposes import COMPUTE
from datadao.storage.board import Board
from datadao.types import Dao


def program_of(board: Board, lease: LeaseState) -> Program:
    """The program of a compute lease, by the agreement whose hash is on the chain.

    Raises `ComputeLease` for a data lease, `ProgramRefused` for an agreement that names none or is not in storage.
    """
    if lease.purposes != COMPUTE:
        raise ComputeLease(f"lease {lease.lease_id} is for data, mask {lease.purposes:#x}; no program is run for it")
    try:
        agreement = Agreement.decode(board.agreement(lease.agreement_hash))
    except ObjectMissing as error:
        raise ProgramRefused(
            f"the agreement of lease {lease.lease_id} is not in storage; its licensee adds it with `lease agreement "
            "--publish`"
        ) from error
    if agreement.program is None or (agreement.dao, agreement.dataset_id) != (board.dao, lease.dataset_id):
        raise ProgramRefused(f"the agreement of lease {lease.lease_id} names no program for this dataset")
    return agreement.program


def last_run(lease: LeaseState) -> int:
    """The number of the last run that is admitted: run 0 is made before the first instalment, and each paid period
    after the first admits another."""
    return max(lease.paid_periods - 1, 0)


def paid_for(results: Iterable[ComputeResult], payment: Payment | None) -> list[ComputeResult]:
    """Of a run's results those that its payment is for: the one that custodians signed readiness for, and where they
    signed for none, as for each further run, those over the data at the block of the payment. All, before it is paid:
    then the data of now counts."""
    if payment is None:
        return list(results)
    if payment.root:
        return [result for result in results if result.release_root == payment.root]
    return [result for result in results if result.input_block == payment.block]


@dataclass(frozen=True)
class Standing:
    """Who said what of a run, of results that count: distinct ones, the most signed first, with their attestors."""

    said: tuple[tuple[ComputeResult, tuple[str, ...]], ...]
    threshold: int

    def agreed(self) -> ComputeResult | None:
        """The result that a threshold signed; None while too few did."""
        if not self.said or len(self.said[0][1]) < self.threshold:
            return None
        return self.said[0][0]

    def differing(self) -> tuple[str, ...]:
        """In words, who signed something else than the most; nothing if nobody did."""
        if len(self.said) < 2:
            return ()
        return tuple(f"{', '.join(who)}: {_words(result)}" for result, who in self.said)


def _words(result: ComputeResult) -> str:
    return f"{Ending(result.ending).name}, fuel {result.fuel}, commitment {result.commitment.hex()[:16]}"


def weigh(
    dao: Dao,
    results: Iterable[ComputeResult],
    lease_id: int,
    run: int,
    attestors: AttestorSet,
    check: eip712.SignatureCheck = eip712.signed_by,
) -> Standing:
    """What counts: results of this lease and run, signed by attestors of this set, over the newest input that anyone
    names at which they can still agree. Of an attestor that signed two for one input neither counts."""
    members = {party.signer for party in attestors.attestors}
    valid = [
        result
        for result in results
        if (result.lease_id, result.run, result.attestor_set_version) == (lease_id, run, attestors.version)
        and result.attestor in members
        and result.ending in Ending.__members__.values()
        and check(result.attestor, result.typed(dao), result.signature)
    ]
    by_input: defaultdict[tuple[int, bytes], defaultdict[str, set[tuple[int | str | bytes, ...]]]] = defaultdict(
        lambda: defaultdict(set)
    )
    for result in valid:
        by_input[result.input_block, result.input_root][result.attestor].add(result.content)
    best = Standing((), attestors.threshold)
    for key in sorted(by_input, reverse=True):
        voices = {who: contents for who, contents in by_input[key].items() if len(contents) == 1}
        groups: defaultdict[tuple[int | str | bytes, ...], list[str]] = defaultdict(list)
        for who, contents in voices.items():
            groups[next(iter(contents))].append(who)
        example = {result.content: result for result in valid}
        said = sorted(groups.items(), key=lambda item: (-len(item[1]), sorted(item[1])))
        standing = Standing(tuple((example[c], tuple(sorted(who))) for c, who in said), attestors.threshold)
        if standing.agreed():
            return standing
        best = best if best.said else standing
    return best


def weigh_all(
    dao: Dao,
    results: Iterable[ComputeResult],
    lease_id: int,
    run: int,
    sets: Iterable[AttestorSet],
    check: eip712.SignatureCheck = eip712.signed_by,
) -> tuple[Standing, AttestorSet]:
    """What counts by the first of these attestor sets, newest first, that has agreed; by the newest if none has."""
    found, first = list(results), None
    for attestors in sets:
        standing = weigh(dao, found, lease_id, run, attestors, check)
        if standing.agreed():
            return standing, attestors
        first = first or (standing, attestors)
    assert first is not None, "there is a set"
    return first


def reviewers(
    dao: Dao,
    reviews: Iterable[ComputeReview],
    result: ComputeResult,
    attestors: AttestorSet,
    check: eip712.SignatureCheck = eip712.signed_by,
) -> tuple[str, ...]:
    """The attestors of this set that confirmed the output of this result."""
    members = {party.signer for party in attestors.attestors}
    about = (result.lease_id, result.run, attestors.version, result.commitment)
    found = {
        review.attestor
        for review in reviews
        if (review.lease_id, review.run, review.attestor_set_version, review.commitment) == about
        and review.attestor in members
        and check(review.attestor, review.typed(dao), review.signature)
    }
    return tuple(sorted(found))


def require_reviews(program: Program, result: ComputeResult, who: tuple[str, ...]) -> None:
    """Raises `ResultsDisagree` unless as many attestors confirmed the output as the agreement asks for."""
    if len(who) < program.reviews:
        raise ResultsDisagree(
            f"lease {result.lease_id}, run {result.run}: {len(who)} of {program.reviews} attestors confirmed the "
            "output after looking at it; see `datadao compute review`"
        )


def require_agreement(standing: Standing, lease_id: int, run: int, size: int) -> ComputeResult:
    """The agreed result. Raises `ResultsDisagree` unless there is one, and it has an output."""
    found = standing.agreed()
    if found is None:
        names = "; ".join(standing.differing())
        have = max((len(who) for _, who in standing.said), default=0)
        waits = f"{have} of {standing.threshold} attestors signed one result, of {size} there are"
        raise ResultsDisagree(f"lease {lease_id}, run {run}: {waits}{'; they differ: ' + names if names else ''}")
    if found.ending != Ending.OK:
        raise ResultsDisagree(
            f"lease {lease_id}, run {run}: the program ended with {Ending(found.ending).name}: there is nothing to pay "
            "for, and the licensee may end the lease"
        )
    return found
