"""Attestors agree on what records earn: equal scores, lots that each works out itself, and drafts that lie refused."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from assurance.harness.dao.parties import DAO, DATASET, POLICY, Wallet, World
from datadao.attestor.agreement import Agreement, sign_score
from datadao.attestor.drafts import Drafts, Posted
from datadao.attestor.known import KnownMarks
from datadao.attestor.scoring import JsonLinesScorer
from datadao.attestor.units import Units, left_by
from datadao.errors import BatchRefused, DraftRefused, NothingToDraft
from datadao.messages.manifest import Manifest, build_batch
from datadao.messages.score import Draft, Score

SCHEMA = b'{"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}'
SECRET, NOW, DEADLINE = b"s" * 32, 10_000, 20_000


@dataclass
class Accepted:
    """As a chain has it: what stands after each block."""

    marks: KnownMarks
    blocks: list[dict[str, set[int]]] = field(default_factory=lambda: [{}])

    def known(self, marks: bytes, block: int) -> set[int]:
        return self.marks.among(marks, self.blocks[block])


class Bench:
    """Three attestors, and files of records by different members."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self.accepted = Accepted(KnownMarks(folder / "marks"))
        self.submissions = {}
        self.scores: list[Score] = []

    def files(self, *ids: list[int], secrets: tuple[bytes, ...] = (SECRET,) * 3) -> None:
        for numbers in ids:
            data = b"".join(b'{"id": %d}\n' % number for number in numbers)
            item = self.world.contribute(data, Wallet(f"member {len(self.submissions)}"))
            name = item.id(DAO)
            self.submissions[name] = item
            for slot, secret in enumerate(secrets):
                scorer = JsonLinesScorer(SCHEMA, hashlib.sha256(SCHEMA).digest(), secret)
                who = self.world.attestor(slot, scorer=scorer)
                result = who.examination(item.file_hash, who.open(item, {name: set(range(5))}))
                wallet = self.world.attestors.wallets[slot]
                self.scores.append(sign_score(DAO, DATASET, name, result, wallet.address, wallet))

    def agreement(self, secret: bytes = SECRET, block: int = -1) -> Agreement:
        units = Units(self.world.store, secret, self.accepted, block % len(self.accepted.blocks))
        made = Agreement(
            dao=DAO, dataset_id=DATASET, policy=POLICY, attestors=self.world.attestors.parties, threshold=2,
            set_version=1, last_sequence=0, taken=frozenset(), now=NOW, submissions=self.submissions, units=units,
        )  # fmt: skip
        made.add(self.scores)
        return made

    def draft(
        self, slot: int = 0, sequence: int = 1, standing: dict[bytes, str] | None = None
    ) -> tuple[Draft, Manifest]:
        wallet = self.world.attestors.wallets[slot]
        return self.agreement().draft(sequence, DEADLINE, wallet.address, wallet, standing or {})

    def accept(self, manifest: Manifest) -> None:
        self.accepted.marks.add(str(manifest.sequence), lambda: left_by(manifest, self.world.store, SECRET))
        self.accepted.blocks.append(self.accepted.blocks[-1] | {str(manifest.sequence): set()})

    def forged(self, draft: Draft, manifest: Manifest) -> Draft:
        """What attestor 0 signs of a manifest that it altered."""
        wallet = self.world.attestors.wallets[0]
        batch, _ = build_batch(
            DAO, DATASET, 1, manifest.leaves, POLICY, attestor_set_version=1, deadline=DEADLINE, earned=manifest.earned
        )
        return replace(draft, fields=tuple(vars(batch).values()), signature=wallet(batch.typed(DAO)))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_draft__r14__units_are_the_new_records_and_every_attestor_signs_them(bench: Bench) -> None:
    bench.files([1, 2, 3], [3, 4], [1, 2, 3])
    draft, manifest = bench.draft()
    assert sum(leaf.units for leaf in manifest.leaves) == 4 and len(manifest.leaves) == 2
    assert manifest.earned is not None and (manifest.earned.before, manifest.earned.scoring) == (0, 2)
    assert [bench.agreement().examine(draft, manifest, slot) for slot in (0, 1, 2)] == [draft.batch] * 3
    bench.accept(manifest)
    bench.files([1, 2, 3, 4, 5])
    again, more = bench.draft(sequence=2)
    assert [leaf.units for leaf in more.leaves if leaf.units == 1] == [1] and len(more.leaves) == 1
    assert bench.agreement().examine(again, more, 1) == again.batch


def test_draft__r14__nothing_new__is_no_batch(bench: Bench) -> None:
    bench.files([1, 2])
    bench.accept(bench.draft()[1])
    bench.files([2, 1, 1])
    with pytest.raises(NothingToDraft, match="and that hold a new record; score, or wait"):
        Bench.draft(bench, sequence=2)


def test_draft__one_attestor_of_three_says_otherwise__goes_on_without_it(bench: Bench) -> None:
    bench.files([1], secrets=(SECRET, SECRET, b"t" * 32))
    draft, manifest = bench.draft()
    assert draft.voices_of(0) == [0, 1]
    assert bench.agreement().examine(draft, manifest, 1) == draft.batch
    with pytest.raises(DraftRefused, match="is one this attestor scored otherwise"):
        bench.agreement().examine(draft, manifest, 2)


def test_draft__attestors_differ__stops_and_says_who(bench: Bench) -> None:
    bench.files([1], secrets=(SECRET, b"t" * 32, b"u" * 32))
    with pytest.raises(NothingToDraft) as refused:
        bench.draft()
    assert all(
        f"{party.signer}: 1 records, quality 10000" in str(refused.value) for party in bench.world.attestors.parties
    )
    assert "compare secret, schema and client" in str(refused.value)


def test_draft__score_of_another_version__never_mixes(bench: Bench) -> None:
    bench.files([1])
    wallets = bench.world.attestors.wallets
    bench.scores = [
        replace(score, scoring=3).signed(DAO, wallet) for score, wallet in zip(bench.scores, wallets, strict=True)
    ]
    with pytest.raises(
        NothingToDraft, match="it is scored by another version than 2; scores of two versions never mix"
    ):
        bench.draft()


def test_examine__units_that_are_not_those_of_new_records__is_not_signed(bench: Bench) -> None:
    bench.files([1, 2, 3])
    draft, manifest = bench.draft()
    more = replace(manifest, leaves=tuple(leaf._replace(units=leaf.units + 1) for leaf in manifest.leaves))
    with pytest.raises(DraftRefused, match="does not have the median of its scores"):
        bench.agreement().examine(bench.forged(draft, more), more, 1)
    other = replace(manifest, earned=manifest.earned._replace(marks=manifest.earned.lines))
    with pytest.raises(DraftRefused, match="its marks are not those of the new records of its files"):
        bench.agreement().examine(bench.forged(draft, other), other, 1)
    none = replace(manifest, earned=None)
    with pytest.raises(DraftRefused, match="is of another kind of scores"):
        bench.agreement().examine(bench.forged(draft, none), none, 1)


def test_examine__r14__looked_at_too_early_or_too_late__is_not_signed(bench: Bench) -> None:
    bench.files([1, 2], [1, 2, 3])
    first = bench.draft()
    bench.accept(first[1])
    with pytest.raises(DraftRefused, match="a record of it was accepted meanwhile; draft anew"):
        bench.agreement().examine(*first, 1)
    late = replace(first[1], earned=first[1].earned._replace(before=9))
    with pytest.raises(DraftRefused, match="it counts from block 9, and the last one is 1"):
        bench.agreement().examine(bench.forged(first[0], late), late, 1)


def posted(bench: Bench, made: tuple[Draft, Manifest], agreement: Agreement) -> Posted:
    return Posted(agreement, made[0], made[1], {made[0].drafter: made[0].signature})


def test_drafts__r14__a_record_in_two_of_them__keeps_the_later_from_being_signed(bench: Bench) -> None:
    bench.files([1, 2])
    first = bench.draft()
    name = next(iter(bench.submissions))
    bench.submissions, kept = {}, dict(bench.submissions)
    bench.files([2, 3])
    second = bench.draft(1, 2)
    bench.submissions |= kept
    agreement = bench.agreement()
    items = [posted(bench, made, agreement) for made in (first, second)]
    drafts = Drafts(items)
    with pytest.raises(DraftRefused, match=r"1 records of draft 2 of dataset 7 by \S+ stand in draft 1 of"):
        drafts.check(items[1], bench.world.attestors.wallets[2].address)
    drafts.check(items[0], bench.world.attestors.wallets[2].address)
    assert name in kept
    standing = {mark: item.words for mark, item in Drafts(items[:1]).standing().items()}
    bench.submissions = {n: item for n, item in bench.submissions.items() if n not in kept}
    with pytest.raises(BatchRefused, match="stands in draft 1 of dataset 7"):
        bench.draft(1, 3, standing)
