"""The step in which code goes to the data: a company gets a model's weights and its accuracy, and not one record."""

from __future__ import annotations

import base64
import io
import json
import runpy
from dataclasses import dataclass
from pathlib import Path

import ape

from assurance.harness.traces import FRAGMENT, found_in
from datadao.chain.node import NodeView
from datadao.client import Terms
from datadao.compute.agreed import require_agreement, weigh
from datadao.compute.attestor import ComputeAttestor, Input, open_output
from datadao.compute.board import ComputeBoard
from datadao.custodian.compute import ComputeDuties
from datadao.messages.agreement import Agreement, Program
from datadao.messages.bundle import bundles_of
from datadao.messages.compute import ComputeResult, Limits
from datadao.messages.purposes import COMPUTE
from datadao.records import valid_records
from datadao.schema import Schema
from datadao.types import Vote
from scripts._demo import steps
from scripts._demo.actors import Role
from scripts._demo.console import finalize
from scripts._demo.survey import SCHEMA, SCHEMA_HASH

EXAMPLES = Path(__file__).parents[2] / "examples" / "compute"
PRICE, PERIODS, BOND, LENGTH = 10_000, 1, 5_000, 30 * 86_400
VOTERS = 300
"""More than the quorum of a young DAO; all members voted twice before."""
LIMITS = Limits(fuel=10**10, memory=64 * 1024**2, output=1024, seconds=120)


@dataclass(frozen=True)
class Bought:
    """What the program said: how many respondents it was tested on, the share of right answers, and the weights."""

    tested_on: int
    accuracy: float
    weights: dict[str, float]
    escrow: int


def buy(demo: steps.Demo, company: Role) -> Bought:
    """The lease of a program, from its vote to what it puts out."""
    board = ComputeBoard(demo.dao.id, demo.store)
    lease, proposal, terms, program = _request(demo, company, board)
    steps.vote(demo, proposal, Vote.FOR, demo.actors.members[:VOTERS], "vote for a program")
    steps.grant(demo, lease, proposal)
    finalize()
    view = NodeView(demo.dao.web3, demo.dao.addresses, since=demo.dao.since)
    duties = [ComputeDuties(custodian, board) for custodian in demo.custodians[:3]]
    with demo.out.bar("custodians reseal to the attestors", len(duties)) as done:
        for duty in duties:
            if refused := duty.release(lease, demo.contributions):
                raise next(iter(refused.values()))
            done()
    attestors = [_attestor(demo, board, number) for number in range(2)]
    state = view.lease(lease, "finalized")
    members, _ = duties[0].custodian.checks.members(state, demo.contributions)
    schemas = dict.fromkeys(members, Schema(SCHEMA, SCHEMA_HASH))
    over = Input(state.block.number, {name: c.leaf for name, c in members.items()}, schemas)
    with demo.out.bar("attestors run the program over all files", len(attestors)) as done:
        for attestor in attestors:
            board.post_result(attestor.run(state, 0, program, over))
            done()
    result = require_agreement(
        weigh(demo.dao.id, board.results(lease, 0), lease, 0, view.attestors("finalized")), lease, 0, 3
    )
    demo.out.say(f"2 of 3 attestors signed the same result; at most {result.fuel:,} units of fuel each")
    signatures = {
        party.address: duty.sign_readiness(lease, demo.contributions).signature
        for duty, party in zip(duties, demo.actors.custodians, strict=False)
    }
    steps.must_refuse(
        demo,
        "a custodian prepares no key for the company",
        lambda: demo.custodians[0].prepare(lease, demo.contributions),
    )
    demo.dao.confirm_delivery(lease, result.release_root, signatures, demo.actors.relayer)
    finalize()
    attestors[0].hand_out(view.lease(lease, "finalized"), result)
    output = open_output(demo.dao.id, board, result, [company.private_key])
    assert output is not None
    _search(demo, board, lease, result, output)
    said = json.loads(output)
    demo.out.say(f"{company.name} gets {len(output)} bytes, the weights of {len(said['weights'])} answers among them")
    weights = said["weights"] | {"intercept": said["intercept"]}
    return Bought(said["testedOn"], said["right"] / said["testedOn"], weights, terms.escrow)


def _request(demo: steps.Demo, company: Role, board: ComputeBoard) -> tuple[int, int, Terms, Program]:
    dao = demo.dao
    built = demo.home / "classifier.wasm"
    runpy.run_path(str(EXAMPLES / "build.py"))["assemblyscript"]("classifier.ts", built)
    digest = demo.store.put_bytes(built.read_bytes())
    program = Program(digest, LIMITS.engine, LIMITS.fuel, LIMITS.memory, LIMITS.output)
    paper = Agreement(
        dao=dao.id,
        timelock=dao.addresses["timelock"],
        asset=demo.asset.address,
        licensee=company.address,
        dataset_id=steps.DATASET,
        purposes=COMPUTE,
        price_per_period=PRICE * steps.UNIT,
        period_length=LENGTH,
        periods=PERIODS,
        bond=BOND * steps.UNIT,
        royalty_bps=0,
        exclusive=False,
        min_shares=0,
        ack_window=dao.read("leases", "ackWindow"),
        program=program,
    )
    board.agree(paper.encode())
    terms = Terms(
        steps.DATASET, COMPUTE, PRICE * steps.UNIT, LENGTH, PERIODS, BOND * steps.UNIT, agreement_hash=paper.hash
    )
    payer = ape.accounts.test_accounts[company.address]
    demo.asset.mint(company.address, terms.escrow, sender=payer)
    demo.asset.approve(dao.addresses["leases"], terms.escrow, sender=payer)
    text = f"a classifier, sha256 {digest.hex()}, source examples/compute/classifier.ts; weights and accuracy come out"
    lease, proposal, _ = dao.request(terms, company.hpke_key, text, company.account)
    demo.out.say(
        f"{company.name} sends a program instead: sha256 {digest.hex()[:16]}..., at most {LIMITS.output} bytes out"
    )
    return lease, proposal, terms, program


def _attestor(demo: steps.Demo, board: ComputeBoard, number: int) -> ComputeAttestor:
    party, committee = demo.actors.attestors[number], demo.dao.committee()
    return ComputeAttestor(
        dao=demo.dao.id,
        address=party.address,
        set_version=demo.dao.read("registry", "attestorSetVersion"),
        private_key=party.private_key,
        secret=demo.actors.fingerprint_secret,
        signer=party.sign,
        committees={committee.version: committee},
        store=demo.store,
        board=board,
        home=demo.home / f"attestor-{number}",
        seconds=LIMITS.seconds,
    )


def _search(demo: steps.Demo, board: ComputeBoard, lease: int, result: ComputeResult, output: bytes) -> None:
    """A smoke test, and no proof: nothing that the company received holds a part of a respondent's answers, as they
    were handed in or as a program reads them."""
    if names := list(demo.store.names(bundles_of(demo.dao.id, lease))):
        raise AssertionError(f"bundles for the company: {names}")
    received = b"\n".join([output, result.encode(), *(item.encode() for item in board.outputs(lease, 0))])
    schema = Schema(SCHEMA, SCHEMA_HASH)
    read = [next(valid_records(io.BytesIO(member.answers), schema)).canonical for member in demo.actors.members]
    lines = [*read, *(line for member in demo.actors.members for line in member.answers.splitlines())]
    if found := found_in(received, lines, SCHEMA):
        raise AssertionError(f"parts of respondents' answers left the attestors: {found[:3]}")
    planted = read[0], base64.b64encode(read[-1]), read[0].hex().encode(), read[-1][20:40]
    if not all(found_in(received + some, lines, SCHEMA) for some in planted):
        raise AssertionError("the search does not find a record that was put there")
    demo.out.say(
        f"smoke test: of {len(read)} respondents' answers no {FRAGMENT} bytes in a row, nor a record in base64 or hex, "
        f"stand in the {len(received):,} bytes that it received; a record put there is found"
    )
