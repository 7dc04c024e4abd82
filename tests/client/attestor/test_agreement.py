"""Attestors agree on a batch: medians of signed scores, and a drafter who lies gets no second signature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from eth_utils import keccak

from assurance.harness.dao.parties import DAO, DATASET, POLICY, Wallet, World
from datadao.attestor.agreement import Agreement, sign_score
from datadao.attestor.scoring import ScoringResult
from datadao.errors import BatchRefused, DraftRefused
from datadao.messages.batch import Batch
from datadao.messages.manifest import Manifest, build_batch
from datadao.messages.score import MAX_AHEAD, MAX_VALIDITY, Draft, Score
from datadao.types import Leaf

NOW, LAST, DEADLINE = 10_000, 4, 20_000
UNITS = ((10, 9_000), (12, 8_000), (40, 9_500))
"""Units and quality as the three attestors see every file; the lower medians are 12 and 9 000."""


@dataclass
class Bench:
    """Three attestors and two contributors' files, a and b."""

    world: World

    def __post_init__(self) -> None:
        owners = {name: Wallet(name) for name in "ab"}
        made = {name: self.world.contribute(name.encode(), owner) for name, owner in owners.items()}
        self.named = {name: item.id(DAO) for name, item in made.items()}
        self.submissions = {item.id(DAO): item for item in made.values()}

    def leaf(self, name: str, units: int, quality: int, mark: str = "") -> Leaf:
        item = self.submissions[self.named[name]]
        return Leaf(item.contributor, keccak(text=mark or name), item.file_hash, item.envelope_hash, units, quality)

    def score(self, slot: int, name: str, *, mark: str = "", wallet: Wallet | None = None) -> Score:
        owner = wallet or self.world.attestors.wallets[slot]
        result = ScoringResult(*UNITS[slot], keccak(text=mark or name))
        return sign_score(DAO, DATASET, self.named[name], result, owner.address, owner)

    def agreement(self, *scores: Score, **changes: object) -> Agreement:
        """What an attestor sees; all scores unless some are given."""
        settings = {
            "dao": DAO,
            "dataset_id": DATASET,
            "policy": POLICY,
            "attestors": self.world.attestors.parties,
            "threshold": 2,
            "set_version": 1,
            "last_sequence": LAST,
            "taken": frozenset(),
            "now": NOW,
            "submissions": self.submissions,
        }
        agreement = Agreement(**(settings | changes))
        agreement.add(scores or [self.score(slot, name) for slot in range(3) for name in "ab"])
        return agreement

    def draft(self, agreement: Agreement, slot: int = 0) -> tuple[Draft, Manifest]:
        wallet = self.world.attestors.wallets[slot]
        return agreement.draft(LAST + 1, DEADLINE, wallet.address, wallet)

    def forged(self, leaves: list[Leaf], voices: bytes, policy=POLICY, **changes: object) -> tuple[Draft, Manifest]:
        """What attestor 0, who may sign, makes of these leaves."""
        settings = {"attestor_set_version": 1, "deadline": DEADLINE, "sequence": LAST + 1} | changes
        batch, manifest = build_batch(DAO, DATASET, settings.pop("sequence"), leaves, policy, **settings)
        return self.signed(batch, voices), manifest

    def signed(self, batch: Batch, voices: bytes) -> Draft:
        wallet = self.world.attestors.wallets[0]
        return Draft(tuple(vars(batch).values()), voices, wallet.address, wallet(batch.typed(DAO)))


@pytest.fixture
def bench(world: World) -> Bench:
    return Bench(world)


def mask(*slots: int) -> bytes:
    return sum(1 << slot for slot in slots).to_bytes(4, "big")


def test_draft__takes_the_lower_median_of_all_who_scored(bench: Bench) -> None:
    draft, manifest = bench.draft(bench.agreement())
    assert {leaf[4:] for leaf in manifest.leaves} == {(12, 9_000)} and len(manifest.leaves) == 2
    assert [draft.voices_of(i) for i in range(2)] == [[0, 1, 2]] * 2
    assert (draft.batch.sequence, draft.batch.deadline, draft.batch.count) == (LAST + 1, DEADLINE, 2)
    assert Draft.decode(draft.encode()) == draft


def test_draft__of_two_scores__has_the_lower_of_each_figure(bench: Bench) -> None:
    draft, manifest = bench.draft(bench.agreement(bench.score(0, "a"), bench.score(2, "a")))
    assert manifest.leaves[0][4:] == (10, 9_000)
    assert draft.voices_of(0) == [0, 2]


def test_examine__an_honest_draft__is_the_batch_every_attestor_signs(bench: Bench) -> None:
    agreement = bench.agreement()
    draft, manifest = bench.draft(agreement)
    assert [agreement.examine(draft, manifest, slot) for slot in range(3)] == [draft.batch] * 3


def test_draft__scored_by_too_few_or_not_alike__is_left_out(bench: Bench) -> None:
    one, unlike = bench.score(0, "a"), [bench.score(0, "b"), bench.score(1, "b", mark="other data")]
    with pytest.raises(BatchRefused, match=f"no new submission to dataset {DATASET} has 2 scores that agree"):
        bench.draft(bench.agreement(one, *unlike))


def test_draft__two_submissions_of_the_same_data__takes_the_lower_id(bench: Bench) -> None:
    _, manifest = bench.draft(bench.agreement(*(bench.score(s, n, mark="same") for s in (0, 1) for n in "ab")))
    lowest = bench.submissions[min(bench.named.values())]
    assert [leaf.file_hash for leaf in manifest.leaves] == [lowest.file_hash]


def test_draft__what_is_accepted_already__is_left_out(bench: Bench) -> None:
    taken = frozenset({keccak(text="a"), bench.submissions[bench.named["b"]].file_hash})
    with pytest.raises(BatchRefused):
        bench.draft(bench.agreement(taken=taken))


def test_open__is_what_this_attestor_has_still_to_score(bench: Bench) -> None:
    agreement = bench.agreement(bench.score(0, "a"))
    assert agreement.open(0).keys() == {bench.named["b"]}
    assert agreement.open(1).keys() == set(bench.named.values())
    taken = frozenset({bench.submissions[bench.named["b"]].file_hash})
    assert bench.agreement(bench.score(0, "a"), taken=taken).open(0) == {}


def test_open__of_one_account__is_no_more_than_may_wait(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datadao.attestor.agreement.MAX_WAITING", 2)
    owner = Wallet("a")
    made = [bench.world.contribute(b"more of a, %d" % number, owner) for number in range(4)]
    bench.submissions |= {item.id(DAO): item for item in made}
    agreement = bench.agreement(bench.score(0, "a"))
    assert [item.contributor for item in agreement.open(0).values()].count(owner.address) == 1
    assert [item.contributor for item in agreement.open(1).values()].count(owner.address) == 2
    assert bench.named["b"] in agreement.open(0)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda bench: bench.score(0, "a", wallet=Wallet("mallory")),
        lambda bench: replace(bench.score(0, "a"), units=99),
        lambda bench: replace(bench.score(0, "a"), attestor=bench.world.attestors.wallets[1].address),
        lambda bench: replace(bench.score(0, "a"), dataset_id=DATASET + 1),
        lambda bench: replace(bench.score(0, "a"), submission=bytes(32)),
    ],
    ids=["a stranger's", "altered", "in another's name", "another dataset's", "of no submission"],
)
def test_hear__a_score_that_is_not_an_attestors_own__counts_nothing(
    bench: Bench, spoil: Callable[[Bench], Score]
) -> None:
    agreement = bench.agreement(spoil(bench))
    assert all(agreement.open(slot).keys() == set(bench.named.values()) for slot in range(3))


def _median(bench: Bench) -> list[Leaf]:
    return [bench.leaf("a", 12, 9_000)]


ALL = mask(0, 1, 2)
LIES: dict[str, tuple[Callable[[Bench], tuple[Draft, Manifest]], str]] = {
    "more units": (lambda b: b.forged([b.leaf("a", 13, 9_000)], ALL), "does not have the median of its scores"),
    "better quality": (lambda b: b.forged([b.leaf("a", 12, 9_001)], ALL), "does not have the median of its scores"),
    "other data": (lambda b: b.forged([b.leaf("a", 12, 9_000, "x")], ALL), "does not have the median of its scores"),
    "one voice": (lambda b: b.forged([b.leaf("a", *UNITS[2])], mask(2)), "lacks scores of 2 attestors"),
    "no such voice": (lambda b: b.forged(_median(b), mask(0, 1, 7)), "lacks scores of 2 attestors"),
    "voices of none": (lambda b: b.forged(_median(b), b""), "does not say whose scores it is made of"),
    "old number": (lambda b: b.forged(_median(b), ALL, sequence=LAST), "is out of order"),
    "far number": (lambda b: b.forged(_median(b), ALL, sequence=LAST + MAX_AHEAD + 1), "is out of order"),
    "deadline over": (lambda b: b.forged(_median(b), ALL, deadline=NOW), "its deadline out of range"),
    "deadline far": (lambda b: b.forged(_median(b), ALL, deadline=NOW + MAX_VALIDITY + 1), "its deadline out of range"),
    "other set": (lambda b: b.forged(_median(b), ALL, attestor_set_version=2), "is not what its leaves make"),
    "dearer policy": (
        lambda b: b.forged(_median(b), ALL, replace(POLICY, shares_per_unit=POLICY.shares_per_unit * 2)),
        "is not what its leaves make",
    ),
    "more shares": (
        lambda b: (
            b.signed(replace((made := b.forged(_median(b), ALL))[0].batch, total_shares=10**30), ALL),
            made[1],
        ),
        "is not what its leaves make",
    ),
    "another's leaves": (
        lambda b: (b.forged(_median(b), ALL)[0], b.forged([b.leaf("b", 12, 9_000)], ALL)[1]),
        "is not what its leaves make",
    ),
    "altered": (
        lambda b: (replace((made := b.forged(_median(b), ALL))[0], signature=bytes(65)), made[1]),
        "is not signed by an attestor of the current set",
    ),
    "a stranger's": (
        lambda b: (replace((made := b.forged(_median(b), ALL))[0], drafter=Wallet("mallory").address), made[1]),
        "is not signed by an attestor of the current set",
    ),
}  # fmt: skip


def test_examine__last_number_in_reach__is_signed(bench: Bench) -> None:
    draft, manifest = bench.forged(_median(bench), ALL, sequence=LAST + MAX_AHEAD)
    assert bench.agreement().examine(draft, manifest, 1) == draft.batch


@pytest.mark.parametrize(
    ("drafted", "following"),
    [
        ([], 1),
        ([2, 1], 3),
        ([4], 5),
        ([2**32 - 1, MAX_AHEAD + 1, 0], 1),
        ([MAX_AHEAD], 1),
        ([1, MAX_AHEAD], 2),
        ([*range(1, MAX_AHEAD)], MAX_AHEAD),
    ],
)
def test_next_sequence__is_after_the_others_unless_one_is_out_of_reach(
    bench: Bench, drafted: list[int], following: int
) -> None:
    assert bench.agreement().next_sequence({LAST + number for number in drafted}) == LAST + following


def test_next_sequence__every_number_is_drafted__refused(bench: Bench) -> None:
    everything = {LAST + number for number in range(1, MAX_AHEAD + 1)}
    with pytest.raises(BatchRefused, match=f"all 1000 numbers after batch {LAST} are drafted"):
        bench.agreement().next_sequence(everything)


def test_examine__what_the_lies_are_altered_from__is_signed(bench: Bench) -> None:
    draft, manifest = bench.forged(_median(bench), ALL)
    assert bench.agreement().examine(draft, manifest, 1) == draft.batch


@pytest.mark.parametrize("lie", LIES)
def test_examine__a_draft_that_lies__is_not_signed(bench: Bench, lie: str) -> None:
    make, expected = LIES[lie]
    draft, manifest = make(bench)
    with pytest.raises(DraftRefused, match=expected):
        bench.agreement().examine(draft, manifest, 1)


def test_examine__a_file_this_attestor_has_not_scored__is_not_signed_blindly(bench: Bench) -> None:
    agreement = bench.agreement(bench.score(0, "a"), bench.score(2, "a"))
    draft, manifest = bench.draft(agreement)
    with pytest.raises(DraftRefused, match="is one this attestor has not scored; score first"):
        agreement.examine(draft, manifest, 1)


def test_examine__data_this_attestor_saw_differently__is_not_signed(bench: Bench) -> None:
    scores = [bench.score(0, "a"), bench.score(2, "a"), bench.score(1, "a", mark="what I saw")]
    draft, manifest = bench.forged([bench.leaf("a", 10, 9_000)], mask(0, 2))
    with pytest.raises(DraftRefused, match="does not have the median of its scores"):
        bench.agreement(*scores).examine(draft, manifest, 1)


def test_examine__accepted_meanwhile__is_not_signed_again(bench: Bench) -> None:
    draft, manifest = bench.draft(bench.agreement())
    taken = frozenset({manifest.leaves[0].file_hash})
    with pytest.raises(DraftRefused, match="is accepted already; draft anew"):
        bench.agreement(taken=taken).examine(draft, manifest, 1)
