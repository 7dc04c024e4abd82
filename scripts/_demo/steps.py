"""The acts of the demo. Each party uses its own key, the chain and the storage, and nothing of another's."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ape
from rich.markup import escape

from datadao.attestor.attestor import Attestor, openers, settle
from datadao.attestor.scoring import JsonLinesScorer
from datadao.chain.rpc import Call
from datadao.client import DataDAO, Terms
from datadao.contributor import contribute
from datadao.crypto.files import decrypt, new_secret
from datadao.custodian.custodian import Custodian, Prepared
from datadao.errors import DataDAOError
from datadao.ledger import audit
from datadao.licensee.licensee import Licensee
from datadao.messages.batch import Manifest, build_batch
from datadao.messages.submission import Submission, Witness
from datadao.storage.store import Store
from datadao.text import visible
from datadao.types import Contribution, Leaf
from scripts._demo.actors import Cast, Party
from scripts._demo.console import Stage, finalize, wait_until
from scripts._demo.survey import SCHEMA, SCHEMA_HASH, Verdict, train

DATASET = 1
RESEARCH = 1
MANIFEST = "manifests/1.jsonl"
UNIT = 10**6
"""One Test Dollar."""


@dataclass
class Play:
    """What all acts share: the stage, the people, the DAO, the public storage, and a private folder per party."""

    stage: Stage
    cast: Cast
    dao: DataDAO
    asset: Any
    store: Store
    home: Path
    batch_id: int = 0
    manifest: Manifest | None = None
    custodians: list[Custodian] = field(default_factory=list)

    @property
    def contributions(self) -> list[Contribution]:
        """All leaves of the batch with their proofs, from the public manifest."""
        assert self.manifest is not None
        return [self.manifest.contribution(self.batch_id, i) for i in range(len(self.manifest.leaves))]


def encrypt(play: Play) -> list[Submission]:
    """Every respondent encrypts its own answers and stores them."""
    committee, attestors = play.dao.committee(), play.dao.attestors()
    submissions = []
    with play.stage.bar("respondents encrypt, split, seal, store", len(play.cast.members)) as done:
        for member in play.cast.members:
            submissions.append(
                contribute(
                    io.BytesIO(member.answers),
                    dao=play.dao.id,
                    dataset_id=DATASET,
                    contributor=member.address,
                    committee=committee,
                    attestors=attestors,
                    store=play.store,
                    signer=member.sign,
                )
            )
            done()
    return submissions


def test_open(play: Play, submissions: list[Submission]) -> list[Witness]:
    """Every custodian opens its share of every file, and signs that it could; it believes only what is final."""
    finalize()
    epoch = play.dao.committee().epoch
    witnesses: list[Witness] = []
    with play.stage.bar("custodians test-open their shares", 5 * len(submissions)) as done:
        for slot, party in enumerate(play.cast.custodians):
            custodian = Custodian(
                dao=play.dao.id,
                epoch=epoch,
                slot=slot,
                private_key=party.private_key,
                signer=party.sign,
                view=play.dao.view,
                store=play.store,
                home=play.home / f"custodian-{slot}",
            )
            play.custodians.append(custodian)
            signed, refused = custodian.test_open(submissions)
            if refused:
                raise next(iter(refused.values()))
            witnesses += signed
            done(len(submissions))
    return witnesses


def score(play: Play, submissions: list[Submission], witnesses: list[Witness]) -> list[Leaf]:
    """Every attestor opens and scores every file; the median of their figures is what they will sign."""
    committee = play.dao.committee()
    opened = openers(play.dao.id, committee, witnesses)
    proposals: list[list[Leaf]] = [[] for _ in submissions]
    with play.stage.bar("attestors open, check and score", 3 * len(submissions)) as done:
        for slot, party in enumerate(play.cast.attestors):
            attestor = Attestor(
                dao=play.dao.id,
                slot=slot,
                private_key=party.private_key,
                committee=committee,
                store=play.store,
                scorer=JsonLinesScorer(SCHEMA, SCHEMA_HASH, play.cast.fingerprint_secret),
            )
            for number, submission in enumerate(submissions):
                proposals[number].append(attestor.assess(submission, opened))
                done()
    return [settle(each) for each in proposals]


def accept(play: Play, leaves: list[Leaf]) -> None:
    """Two of three attestors sign the batch; it is published, survives its challenge period, and is claimed."""
    dao, relayer = play.dao, play.cast.relayer
    batch, manifest = build_batch(
        dao.id,
        DATASET,
        dao.read("registry", "dataset", DATASET).lastSequence + 1,
        leaves,
        dao.policy(DATASET),
        attestor_set_version=dao.read("registry", "attestorSetVersion"),
        deadline=ape.chain.blocks.head.timestamp + 86_400,
    )
    play.store.put(MANIFEST, manifest.encode())
    signatures = {party.address: party.sign(batch.typed(dao.id)) for party in play.cast.attestors[:2]}
    play.batch_id, receipt = dao.publish(batch, signatures, MANIFEST, relayer)
    play.manifest = Manifest.decode(play.store.get(MANIFEST), dao.id, batch.manifest_hash)
    play.stage.gas("publish a batch, 2 signatures", receipt)
    published = dao.read("registry", "batch", play.batch_id).since
    wait_until(published + dao.read("registry", "challengePeriod"))
    play.stage.gas("activate the batch", dao.send("registry", "activate", play.batch_id, sender=relayer))
    calls = [dao.claim_call(item) for item in play.contributions]
    send(play, "contributions are claimed for their owners", "claim a contribution", calls)


def send(play: Play, text: str, step: str, calls: list[Call]) -> None:
    """Sends many alike transactions from the relayer: nobody else in this play ever pays gas but the companies."""
    with play.stage.bar(text, len(calls)) as done:
        play.stage.gas(step, play.dao.send_many(calls, play.cast.relayer, done))


def request(play: Play, company: Party, text: str, purposes: int, price: int) -> tuple[int, int, Terms]:
    """A company escrows three months of rent and a bond, which opens the vote."""
    terms = Terms(DATASET, purposes, price * UNIT, 30 * 86_400, 3, 5_000 * UNIT, royalty_bps=200)
    play.asset.mint(company.address, terms.escrow, sender=company.account.ape)
    play.asset.approve(play.dao.addresses["leases"], terms.escrow, sender=company.account.ape)
    lease, proposal, receipt = play.dao.request(terms, company.hpke_key, text, company.account)
    play.stage.gas("request a lease: escrow and vote", receipt)
    play.stage.say(f"{company.name} escrows {terms.escrow // UNIT:,} TUSD and asks: “{escape(visible(text))}”")
    return lease, proposal, terms


def vote(play: Play, proposal: int, support: int) -> None:
    """Every member signs a ballot; a relayer brings them in."""
    wait_until(play.dao.read("governor", "proposalSnapshot", proposal) + 1)
    members = play.cast.members
    nonce = play.dao.read("governor", "nonces", members[0].address)
    calls = []
    for member in members:
        signature = member.sign(play.dao.ballot(proposal, support, member.address, nonce))
        calls.append(play.dao.ballot_call(proposal, support, member.address, signature))
    send(play, "members sign ballots, a relayer casts them", "vote by signature", calls)
    against, votes_for, _ = play.dao.read("governor", "proposalVotes", proposal)
    play.stage.say(f"{votes_for // 10**9:,} for, {against // 10**9:,} against; quorum {_quorum(play, proposal):,}")
    wait_until(play.dao.read("governor", "proposalDeadline", proposal) + 1)


def _quorum(play: Play, proposal: int) -> int:
    return int(play.dao.read("governor", "proposalQuorum", proposal)) // 10**9


def grant(play: Play, lease: int, proposal: int) -> None:
    """Queued, waited out, executed: the lease is approved, and still opens nothing."""
    play.stage.gas("queue", play.dao.queue(lease, play.cast.relayer))
    wait_until(play.dao.read("governor", "proposalEta", proposal))
    play.stage.gas("execute: approve the lease", play.dao.execute(lease, play.cast.relayer))


def deliver(play: Play, lease: int) -> None:
    """Keys ready, then money, then keys."""
    finalize()
    prepared: Prepared | None = None
    signatures: dict[str, bytes] = {}
    with play.stage.bar("custodians reseal to the company's key", len(play.custodians)) as done:
        for custodian, party in zip(play.custodians, play.cast.custodians, strict=True):
            prepared = custodian.prepare(lease, play.contributions)
            if len(signatures) < 3:
                signatures[party.address] = custodian.sign_readiness(prepared)
            done()
    assert prepared is not None
    _must_refuse(play, "before the first instalment a custodian publishes nothing", lambda: _publish(play, lease))
    receipt = play.dao.confirm_delivery(lease, prepared.release_root, signatures, play.cast.relayer)
    play.stage.gas("confirm delivery: first instalment paid", receipt)
    _must_refuse(play, "nor before that block is final", lambda: _publish(play, lease))
    finalize()
    _publish(play, lease)
    play.stage.say("first instalment paid and final: all five custodians published their bundles")


def _publish(play: Play, lease: int) -> None:
    for custodian in play.custodians:
        refused = custodian.publish(lease, play.contributions)
        if refused:
            raise next(iter(refused.values()))


def open_files(play: Play, company: Party, lease: int) -> tuple[list[Path], DataDAOError | None]:
    """What the company can read: paths of plaintexts, and the reason of the first file that stays shut."""
    committee = play.dao.committee()
    licensee = Licensee(
        dao=play.dao.id,
        lease_id=lease,
        private_key=company.private_key,
        committees={committee.epoch: committee},
        store=play.store,
    )
    licensee.collect()
    assert play.manifest is not None
    paths: list[Path] = []
    reason: DataDAOError | None = None
    with play.stage.bar(f"{company.name} tries to open", len(play.manifest.leaves)) as done:
        for opened in licensee.open_all(play.manifest, play.home / f"company-{lease}"):
            if opened.path is not None:
                paths.append(opened.path)
            reason = reason or opened.error
            done()
    return paths, reason


def fail_to_open(play: Play, company: Party, lease: int) -> None:
    """Without a grant the same code reads nothing; nor does a key of the company's own making."""
    paths, reason = open_files(play, company, lease)
    if paths or reason is None:
        raise AssertionError(f"{company.name} read {len(paths)} files without a grant")
    play.stage.say(f"[red]not one file opens[/red]: {type(reason).__name__}: {reason}")
    assert play.manifest is not None
    leaf = play.manifest.leaves[0]
    sealed, plain = play.home / "stolen", play.home / "stolen.plain"
    play.store.get_file(leaf.file_hash, sealed)
    _must_refuse(
        play, "the stored file under another key", lambda: decrypt(sealed, plain, new_secret(), leaf.file_hash)
    )


def learn(play: Play, company: Party, lease: int) -> Verdict:
    """The company opens everything and trains a real model on it."""
    paths, reason = open_files(play, company, lease)
    if reason is not None:
        raise reason
    return train(paths)


def _must_refuse(play: Play, text: str, action: Any) -> None:
    try:
        action()
    except DataDAOError as error:
        play.stage.say(f"[red]refused[/red], {text}: {type(error).__name__}")
        return
    raise AssertionError(f"not refused: {text}")


def pay_on(play: Play, lease: int) -> None:
    """The other instalments, then the end and the bond."""
    dao, relayer = play.dao, play.cast.relayer
    for _ in range(2):
        wait_until(dao.read("leases", "lease", lease).paidUntil - 86_400)
        play.stage.gas("pay an instalment", dao.pay(lease, relayer))
    paid_until = dao.read("leases", "lease", lease).paidUntil
    wait_until(paid_until)
    play.stage.gas("end the lease", dao.end(lease, play.cast.winner.account))
    wait_until(paid_until + dao.read("leases", "bondDelay"))
    play.stage.gas("release the bond", dao.send("leases", "releaseBond", lease, sender=relayer))
    play.stage.gas("bond returned", dao.send("leases", "claimRefund", lease, sender=relayer))


def refund(play: Play, company: Party, lease: int, terms: Terms) -> None:
    """A defeated request: every unit comes back."""
    before = play.asset.balanceOf(company.address)
    sent = play.dao.send("leases", "claimRefund", lease, sender=play.cast.relayer)
    play.stage.gas("refund a defeated request", sent)
    returned = play.asset.balanceOf(company.address) - before
    if returned != terms.escrow:
        raise AssertionError(f"{company.name} escrowed {terms.escrow} and got {returned} back")
    play.stage.say(f"defeated; {company.name} gets back {returned:,} of {terms.escrow:,} units: every one")


def collect(play: Play) -> dict[str, int]:
    """Every member is paid its part, by a relayer and without a transaction of its own."""
    members = play.cast.members
    calls = [play.dao.call("splitter", "claim", m.address, [0, DATASET], what=f"claim of {m.address}") for m in members]
    send(play, "members are paid their income", "claim income, 2 pools, first", calls)
    play.stage.gas("treasury paid", play.dao.send("leases", "withdrawTreasury", sender=play.cast.relayer))
    return {member.address: play.asset.balanceOf(member.address) for member in members}


def books(play: Play, paid_in: Mapping[str, int], to_members: int) -> None:
    """Money in = money out + money owed, to the unit, from balances alone."""
    received, paid, owed, _ = play.dao.read("splitter", "conservation")
    held, lease_owed = play.dao.read("leases", "solvency")
    balance = {key: play.asset.balanceOf(play.dao.addresses[key]) for key in ("splitter", "timelock")}
    winner, loser = (play.asset.balanceOf(party.address) for party in (play.cast.winner, play.cast.loser))
    money_in = sum(paid_in.values())
    rows: list[tuple[object, ...]] = [(f"in: {name}", amount) for name, amount in paid_in.items()]
    rows += [
        ("out: income of members", to_members),
        ("out: bond returned to the winner", winner),
        ("out: refunded to the loser", loser),
        ("out: treasury", balance["timelock"]),
        ("owed: in the splitter (rounding, below 1 unit per member and pool)", balance["splitter"]),
        ("owed: in leases", held),
        ("in − out − owed", money_in - to_members - winner - loser - sum(balance.values()) - held),
    ]
    play.stage.table("Money, in units of 0.000001 TUSD", ("", "units"), rows)
    if rows[-1][1] != 0:
        raise AssertionError("the books do not balance")
    if (received - paid, held) != (balance["splitter"], lease_owed) or owed > balance["splitter"] or paid != to_members:
        raise AssertionError("balances and the contracts' own books differ")


def rebuild(play: Play) -> None:
    """Every share, vote and unit once more, from the events alone: what an auditor needs no key for."""
    with play.stage.console.status("rebuilding all books from events"):
        report = audit(play.dao)
    if not report.ok:
        raise AssertionError(report.render())
    play.stage.console.print(f"\nAudit: [bold green]{report.render()}[/bold green]")
