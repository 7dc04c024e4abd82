"""The steps of the demo. Each party uses its own key, the chain and the storage, and nothing of another's."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import ape
from rich.markup import escape

from datadao.attestor.attestor import Attestor, leaf_of, openers
from datadao.attestor.scoring import JsonLinesScorer, ScoringResult
from datadao.attestor.units import Units
from datadao.chain.node import NodeView
from datadao.chain.rpc import Call, read_block, read_many
from datadao.client import DataDAO, Terms
from datadao.contributor import contribute
from datadao.crypto.files import decrypt, new_secret
from datadao.custodian.custodian import Custodian, Prepared
from datadao.errors import DataDAOError
from datadao.ledger import audit
from datadao.licensee.croissant import DATA, Dataset, Part, describe
from datadao.licensee.licensee import Licensee
from datadao.licensee.tables import FOLDER, write_table
from datadao.messages.agreement import Agreement
from datadao.messages.manifest import Manifest, build_batch
from datadao.messages.submission import Submission, Witness
from datadao.schema import Schema
from datadao.storage.board import Board
from datadao.storage.manifests import read_manifest, store_manifest
from datadao.storage.store import Store, content_name
from datadao.text import visible
from datadao.types import Committee, Contribution
from scripts._demo.actors import Actors, Member, Role
from scripts._demo.console import Output, finalize, wait_until
from scripts._demo.survey import SCHEMA, SCHEMA_HASH, Verdict, train
from scripts._demo.tools import differing, loading
from scripts._demo.units import Scored, earned, units_of

DATASET = 1
RESEARCH = 1
UNIT = 10**6
"""One Test Dollar."""


@dataclass
class Demo:
    """What all steps share: the console, the roles, the DAO, the public storage, and a private folder per party."""

    out: Output
    actors: Actors
    dao: DataDAO
    asset: Any
    store: Store
    home: Path
    batch_id: int = 0
    manifest: Manifest | None = None
    custodians: list[Custodian] = field(default_factory=list)

    @property
    def board(self) -> Board:
        return Board(self.dao.id, self.store)

    def attestor(self, slot: int, committee: Committee) -> Attestor:
        """One of the attestors, with its own key; `committee` is the current one."""
        return Attestor(
            dao=self.dao.id,
            slot=slot,
            private_key=self.actors.attestors[slot].private_key,
            committee=committee,
            store=self.store,
            scorer=JsonLinesScorer(SCHEMA, SCHEMA_HASH, self.actors.fingerprint_secret),
        )

    @property
    def contributions(self) -> list[Contribution]:
        """All leaves of the batch with their proofs, from the public manifest."""
        assert self.manifest is not None
        return [self.manifest.contribution(self.batch_id, i) for i in range(len(self.manifest.leaves))]


def encrypt(demo: Demo) -> list[Submission]:
    """Every respondent encrypts its own answers and stores them."""
    committee, attestors = demo.dao.committee(), demo.dao.attestors()
    submissions = []
    with demo.out.bar("respondents encrypt, split, seal, store", len(demo.actors.members)) as done:
        for member in demo.actors.members:
            submissions.append(
                contribute(
                    io.BytesIO(member.answers),
                    dao=demo.dao.id,
                    dataset_id=DATASET,
                    contributor=member.address,
                    committee=committee,
                    attestors=attestors,
                    store=demo.store,
                    signer=member.sign,
                )
            )
            done()
    return submissions


def test_open(demo: Demo, submissions: list[Submission]) -> list[Witness]:
    """Every custodian opens its share of every file, and signs that it could; it believes only what is final."""
    finalize()
    version = demo.dao.committee().version
    view = NodeView(demo.dao.web3, demo.dao.addresses, since=demo.dao.since)
    witnesses: list[Witness] = []
    with demo.out.bar("custodians test-open their shares", 5 * len(submissions)) as done:
        for slot, party in enumerate(demo.actors.custodians):
            custodian = Custodian(
                dao=demo.dao.id,
                committee_version=version,
                slot=slot,
                private_key=party.private_key,
                signer=party.sign,
                view=view,
                store=demo.store,
                home=demo.home / f"custodian-{slot}",
            )
            demo.custodians.append(custodian)
            signed, refused = custodian.test_open(submissions)
            if refused:
                raise next(iter(refused.values()))
            witnesses += signed
            done(len(submissions))
    return witnesses


def score(demo: Demo, submissions: list[Submission], witnesses: list[Witness]) -> list[Scored]:
    """Every attestor opens and scores every file; all say the same."""
    committee = demo.dao.committee()
    opened = openers(demo.dao.id, committee, witnesses)
    proposals: list[list[ScoringResult]] = [[] for _ in submissions]
    with demo.out.bar("attestors open, check and score", 3 * len(submissions)) as done:
        for slot in range(len(demo.actors.attestors)):
            attestor = demo.attestor(slot, committee)
            for number, submission in enumerate(submissions):
                secret = attestor.open(submission, opened)
                proposals[number].append(attestor.examination(submission.file_hash, secret))
                done()
    if any(len(set(each)) != 1 for each in proposals):
        raise AssertionError("attestors score a file differently")
    found = [(item, each[0]) for item, each in zip(submissions, proposals, strict=True)]
    return [Scored(item.id(demo.dao.id), leaf_of(item, result), result.marks) for item, result in found]


def units(demo: Demo) -> Units:
    """What records earn now, beside those of the batch if it is there."""
    accepted = {} if demo.manifest is None else {str(demo.batch_id): demo.manifest}
    block = read_block(demo.dao.web3, "latest").number
    return units_of(demo.store, demo.actors.fingerprint_secret, demo.home / "marks", block, accepted)


def accept(demo: Demo, scored: list[Scored]) -> None:
    """Two of three attestors sign the batch; it is published, survives its challenge period, and is claimed."""
    dao, relayer = demo.dao, demo.actors.relayer
    leaves, commitment = earned(units(demo), scored)
    batch, manifest = build_batch(
        dao.id,
        DATASET,
        dao.read("registry", "dataset", DATASET).lastSequence + 1,
        leaves,
        dao.policy(DATASET),
        attestor_set_version=dao.read("registry", "attestorSetVersion"),
        deadline=ape.chain.blocks.head.timestamp + 86_400,
        earned=commitment,
    )
    kept = store_manifest(demo.store, manifest)
    signatures = {party.address: party.sign(batch.typed(dao.id)) for party in demo.actors.attestors[:2]}
    demo.batch_id, receipt = dao.publish(batch, signatures, content_name(kept), relayer)
    demo.manifest = read_manifest(demo.store, dao.id, batch.manifest_hash)
    demo.out.gas("publish a batch, 2 signatures", receipt)
    published = dao.read("registry", "batch", demo.batch_id).since
    wait_until(published + dao.read("registry", "challengePeriod"))
    demo.out.gas("activate the batch", dao.send("registry", "activate", demo.batch_id, sender=relayer))
    calls = [dao.claim_call(item) for item in demo.contributions]
    send(demo, "contributions are claimed for their owners", "claim a contribution", calls)


def send(demo: Demo, text: str, step: str, calls: list[Call]) -> None:
    """Sends many alike transactions from the relayer: besides it only the companies pay gas."""
    with demo.out.bar(text, len(calls)) as done:
        demo.out.gas(step, demo.dao.send_many(calls, demo.actors.relayer, done))


def request(demo: Demo, company: Role, text: str, purposes: int, price: int) -> tuple[int, int, Terms]:
    """A company puts down what it asks for as an agreement, escrows three months of rent and a bond, which opens the
    vote."""
    terms = Terms(DATASET, purposes, price * UNIT, 30 * 86_400, 3, 5_000 * UNIT, royalty_bps=200)
    terms = replace(terms, agreement_hash=demo.board.agree(_agreement(demo, company, terms).encode()))
    payer = ape.accounts.test_accounts[company.address]
    demo.asset.mint(company.address, terms.escrow, sender=payer)
    demo.asset.approve(demo.dao.addresses["leases"], terms.escrow, sender=payer)
    lease, proposal, receipt = demo.dao.request(terms, company.hpke_key, text, company.account)
    demo.out.gas("request a lease: escrow and vote", receipt)
    demo.out.say(f"{company.name} escrows {terms.escrow // UNIT:,} TUSD and asks: “{escape(visible(text))}”")
    demo.out.say(f"its agreement, a W3C ODRL document that holders read, has the hash 0x{terms.agreement_hash.hex()}")
    return lease, proposal, terms


def _agreement(demo: Demo, company: Role, terms: Terms) -> Agreement:
    """What anyone makes of the same terms."""
    agreed = {name: value for name, value in vars(terms).items() if name != "agreement_hash"}
    asset, window = demo.dao.read("leases", "asset"), demo.dao.read("leases", "ackWindow")
    return Agreement(
        dao=demo.dao.id,
        timelock=demo.dao.addresses["timelock"],
        asset=asset,
        licensee=company.address,
        ack_window=window,
        **agreed,
    )


def read_agreement(demo: Demo, company: Role, lease: int) -> bytes:
    """What a holder does before it votes: the stored agreement has the hash that is voted on, and says what the lease
    says. Returns that hash."""
    terms = Terms(*demo.dao.read("leases", "leaseTerms", lease)[0])
    stored = Agreement.decode(demo.board.agreement(terms.agreement_hash))
    if stored != _agreement(demo, company, terms):
        raise AssertionError(f"the agreement of lease {lease} is another than the lease")
    return stored.hash


def vote(
    demo: Demo, proposal: int, support: int, members: Sequence[Member] = (), step: str = "vote by signature"
) -> None:
    """Every member, or these, sign a ballot; a relayer brings them in."""
    wait_until(demo.dao.read("governor", "proposalSnapshot", proposal) + 1)
    members = members or demo.actors.members
    nonce = demo.dao.read("governor", "nonces", members[0].address)
    calls = []
    for member in members:
        signature = member.sign(demo.dao.ballot(proposal, support, member.address, nonce))
        calls.append(demo.dao.ballot_call(proposal, support, member.address, signature))
    send(demo, "members sign ballots, a relayer casts them", step, calls)
    against, votes_for, _ = demo.dao.read("governor", "proposalVotes", proposal)
    demo.out.say(f"{votes_for // 10**9:,} for, {against // 10**9:,} against; quorum {_quorum(demo, proposal):,}")
    wait_until(demo.dao.read("governor", "proposalDeadline", proposal) + 1)


def _quorum(demo: Demo, proposal: int) -> int:
    return int(demo.dao.read("governor", "proposalQuorum", proposal)) // 10**9


def grant(demo: Demo, lease: int, proposal: int) -> None:
    """Queued, waited out, executed: the lease is approved, and still opens nothing."""
    demo.out.gas("queue", demo.dao.queue(lease, demo.actors.relayer))
    wait_until(demo.dao.read("governor", "proposalEta", proposal))
    demo.out.gas("execute: approve the lease", demo.dao.execute(lease, demo.actors.relayer))


def deliver(demo: Demo, lease: int) -> None:
    """Keys ready, then money, then keys."""
    finalize()
    prepared: Prepared | None = None
    signatures: dict[str, bytes] = {}
    with demo.out.bar("custodians reseal to the company's key", len(demo.custodians)) as done:
        for custodian, party in zip(demo.custodians, demo.actors.custodians, strict=True):
            prepared = custodian.prepare(lease, demo.contributions)
            if len(signatures) < 3:
                signatures[party.address] = custodian.sign_readiness(prepared).signature
            done()
    assert prepared is not None
    must_refuse(demo, "before the first instalment a custodian publishes nothing", lambda: _publish(demo, lease))
    receipt = demo.dao.confirm_delivery(lease, prepared.release_root, signatures, demo.actors.relayer)
    demo.out.gas("confirm delivery: first instalment paid", receipt)
    must_refuse(demo, "nor before that block is final", lambda: _publish(demo, lease))
    finalize()
    _publish(demo, lease)
    demo.out.say("first instalment paid and final: all five custodians published their bundles")


def _publish(demo: Demo, lease: int) -> None:
    for custodian in demo.custodians:
        refused = custodian.publish(lease, demo.contributions)
        if refused:
            raise next(iter(refused.values()))


def open_files(demo: Demo, company: Role, lease: int) -> tuple[list[Path], DataDAOError | None]:
    """What the company can read: paths of plaintexts, and the reason of the first file that stays shut."""
    committee = demo.dao.committee()
    licensee = Licensee(
        dao=demo.dao.id,
        lease_id=lease,
        private_key=company.private_key,
        committees={committee.version: committee},
        store=demo.store,
    )
    licensee.collect()
    assert demo.manifest is not None
    paths: list[Path] = []
    reason: DataDAOError | None = None
    with demo.out.bar(f"{company.name} tries to open", len(demo.manifest.leaves)) as done:
        for opened in licensee.open_all(demo.manifest, demo.home / f"company-{lease}" / DATA):
            if opened.path is not None:
                paths.append(opened.path)
            reason = reason or opened.error
            done()
    return paths, reason


def fail_to_open(demo: Demo, company: Role, lease: int) -> None:
    """Without a grant the same code reads nothing; nor does a key of the company's own making."""
    paths, reason = open_files(demo, company, lease)
    if paths or reason is None:
        raise AssertionError(f"{company.name} read {len(paths)} files without a grant")
    demo.out.say(f"[red]not one file opens[/red]: {type(reason).__name__}: {reason}")
    assert demo.manifest is not None
    leaf = demo.manifest.leaves[0]
    sealed, plain = demo.home / "stolen", demo.home / "stolen.plain"
    demo.store.get_file(leaf.file_hash, sealed)
    must_refuse(demo, "the stored file under another key", lambda: decrypt(sealed, plain, new_secret(), leaf.file_hash))


def learn(demo: Demo, company: Role, lease: int) -> Verdict:
    """The company opens everything, makes a table of the valid records, loads it with five tools and trains a real
    model on it."""
    paths, reason = open_files(demo, company, lease)
    if reason is not None:
        raise reason
    folder, schema = demo.home / f"company-{lease}", Schema(SCHEMA, SCHEMA_HASH)
    table = folder / FOLDER / f"batch-{demo.batch_id}.parquet"
    records = write_table(table, paths, schema)
    demo.out.say(f"{len(paths):,} files opened; their {records:,} valid records are one Parquet table")
    agreed = Terms(*demo.dao.read("leases", "leaseTerms", lease)[0])
    leased = Dataset(demo.dao.id, DATASET, lease, agreed.purposes, agreed.agreement_hash)
    assert demo.manifest is not None
    part = Part(demo.batch_id, sha256(demo.manifest.encode()).digest(), schema, table.name)
    today = datetime.fromtimestamp(read_block(demo.dao.web3, "latest").timestamp, UTC).date()
    by_tool = loading(table, describe(folder, leased, [part], today))
    verdict = train(table)
    loaded = by_tool()
    if wrong := differing(loaded, records):
        raise AssertionError(f"{wrong} do not give what the respondents answered")
    demo.out.say(f"{', '.join(loaded)} each load it: what the respondents answered, to the value")
    return verdict


def must_refuse(demo: Demo, text: str, action: Any) -> None:
    """Shows that an action is refused."""
    try:
        action()
    except DataDAOError as error:
        demo.out.say(f"[red]refused[/red], {text}: {type(error).__name__}")
        return
    raise AssertionError(f"not refused: {text}")


def pay_on(demo: Demo, lease: int) -> None:
    """The other instalments, then the end and the bond."""
    dao, relayer = demo.dao, demo.actors.relayer
    for _ in range(2):
        wait_until(dao.read("leases", "lease", lease).paidUntil - 86_400)
        demo.out.gas("pay an instalment", dao.pay(lease, relayer))
    paid_until = dao.read("leases", "lease", lease).paidUntil
    wait_until(paid_until)
    demo.out.gas("end the lease", dao.end(lease, demo.actors.winner.account))
    wait_until(paid_until + dao.read("leases", "bondDelay"))
    demo.out.gas("release the bond", dao.send("leases", "releaseBond", lease, sender=relayer))
    demo.out.gas("bond returned", dao.send("leases", "claimRefund", lease, sender=relayer))


def refund(demo: Demo, company: Role, lease: int, terms: Terms) -> None:
    """A defeated request: every unit comes back."""
    before = demo.asset.balanceOf(company.address)
    sent = demo.dao.send("leases", "claimRefund", lease, sender=demo.actors.relayer)
    demo.out.gas("refund a defeated request", sent)
    returned = demo.asset.balanceOf(company.address) - before
    if returned != terms.escrow:
        raise AssertionError(f"{company.name} escrowed {terms.escrow} and got {returned} back")
    demo.out.say(f"defeated; {company.name} gets back {returned:,} of {terms.escrow:,} units: every one")


def collect(demo: Demo, lost: str) -> dict[str, int]:
    """Every member but the lost one is paid its part, by a relayer and without a transaction of its own."""
    members = [member for member in demo.actors.members if member.address != lost]
    calls = [demo.dao.call("splitter", "claim", m.address, [DATASET], what=f"claim of {m.address}") for m in members]
    send(demo, "members are paid their income", "claim income of dataset and commons, first", calls)
    demo.out.gas("treasury paid", demo.dao.send("leases", "withdrawTreasury", sender=demo.actors.relayer))
    asked = [Call(demo.asset.address, "DataToken", "balanceOf", (member.address,)) for member in members]
    web3 = demo.dao.web3
    paid = read_many(web3, asked, read_block(web3, "latest").number)
    return {member.address: units for member, units in zip(members, paid, strict=True)}


def books(demo: Demo, paid_in: Mapping[str, int], to_members: int) -> None:
    """Money in = money out + money owed, to the unit, from balances alone."""
    received, paid, owed, _ = demo.dao.read("splitter", "conservation", 0, demo.dao.read("splitter", "poolCount"))
    held, lease_owed = demo.dao.read("leases", "solvency")
    balance = {key: demo.asset.balanceOf(demo.dao.addresses[key]) for key in ("splitter", "timelock")}
    winner, loser = (demo.asset.balanceOf(party.address) for party in (demo.actors.winner, demo.actors.loser))
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
    demo.out.table("Money, in units of 0.000001 TUSD", ("", "units"), rows)
    if rows[-1][1] != 0:
        raise AssertionError("the books do not balance")
    if (received - paid, held) != (balance["splitter"], lease_owed) or owed > balance["splitter"] or paid != to_members:
        raise AssertionError("balances and the contracts' own books differ")


def rebuild(demo: Demo) -> None:
    """Every share, vote and unit once more, from the events alone: what an auditor needs no key for."""
    with demo.out.console.status("rebuilding all books from events"):
        report = audit(demo.dao)
    if not report.ok:
        raise AssertionError(report.render())
    demo.out.console.print(f"\nAudit: [bold green]{report.render()}[/bold green]")
