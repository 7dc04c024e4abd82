"""How attestors agree on a batch: each signs its score of a submission; one drafts a batch of the medians; the others
check the draft against the scores, their own among them, and sign it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from types import MappingProxyType

from datadao.attestor.attestor import leaf_of, settle
from datadao.attestor.scoring import ScoringResult
from datadao.attestor.units import Lot, Units
from datadao.errors import BatchRefused, DraftRefused, NothingToDraft, ScoreRefused
from datadao.messages import eip712
from datadao.messages.batch import Batch, Policy
from datadao.messages.manifest import Manifest, build_batch, place_in_batch
from datadao.messages.score import _MASK, MAX_AHEAD, MAX_VALIDITY, Draft, Score
from datadao.messages.shards import Earned
from datadao.messages.submission import Submission
from datadao.schema_rules import SCORING
from datadao.types import Dao, Leaf, Party

MAX_WAITING = 1_000
"""Scored submissions of one account that are not accepted: each answers whether its records are new."""


def sign_score(
    dao: Dao, dataset_id: int, submission: bytes, result: ScoringResult, attestor: str, sign: eip712.Signer
) -> Score:
    """Signs an attestor's own score."""
    figures = (result.fingerprint, result.units, result.quality, result.scoring, result.marks)
    return Score(dataset_id, submission, *figures, attestor, b"").signed(dao, sign)


@dataclass(kw_only=True)
class Agreement:
    """The attestors of one set over one dataset, and what they said. `taken` are the fingerprints and file hashes of
    contributions already accepted; `now` in Unix seconds. `units` tells what records earn; without it the units of a
    submission are what its scores say, as those of scorers that know no records."""

    dao: Dao
    dataset_id: int
    policy: Policy
    attestors: Sequence[Party]
    threshold: int
    set_version: int
    last_sequence: int
    taken: frozenset[bytes]
    now: int
    submissions: Mapping[bytes, Submission]
    units: Units | None = None
    check: eip712.SignatureCheck = eip712.signed_by

    def __post_init__(self) -> None:
        self._slots = {party.signer: slot for slot, party in enumerate(self.attestors)}
        self._scores: defaultdict[bytes, dict[int, Score]] = defaultdict(dict)
        self.differing: dict[bytes, str] = {}
        """Submissions whose scores are not equal, and who says what, as the last draft met them."""

    def add(self, scores: Iterable[Score]) -> None:
        """Takes in scores; those not signed by an attestor of the set, or of no known submission, count nothing."""
        for score in scores:
            slot = self._slots.get(score.attestor)
            submission = self.submissions.get(score.submission)
            if slot is None or submission is None or score.dataset_id != self.dataset_id:
                continue
            if self.check(score.attestor, score.typed(self.dao), score.signature):
                self._scores[score.submission][slot] = score

    def open(self, slot: int) -> dict[bytes, Submission]:
        """Submissions that attestor `slot` has still to score, by id; of one account those that make at most
        `MAX_WAITING` with what was scored and is not accepted yet."""
        waiting = {name: item for name, item in self.submissions.items() if item.file_hash not in self.taken}
        counts = Counter(item.contributor for name, item in waiting.items() if slot in self._scores[name])
        found = {}
        for name in sorted(waiting):
            item = waiting[name]
            if slot not in self._scores[name] and counts[item.contributor] < MAX_WAITING:
                counts[item.contributor] += 1
                found[name] = item
        return found

    def draft(
        self,
        sequence: int,
        deadline: int,
        drafter: str,
        sign: eip712.Signer,
        standing: Mapping[bytes, str] = MappingProxyType({}),
    ) -> tuple[Draft, Manifest]:
        """A batch of everything that enough attestors scored alike and the policy pays for.

        Of submissions with one fingerprint one is taken, by a blind choice where records are scored. Those whose
        fingerprint, file hash or new records are `standing` in another draft, given in words, are left out, and those
        without a new record. Raises `BatchRefused` if none is left.
        """
        elsewhere: set[str] = set()
        found: defaultdict[bytes, dict[bytes, Leaf]] = defaultdict(dict)
        self.differing = {}
        for name in sorted(self._scores):
            if len(self._scores[name]) < self.threshold:
                continue
            try:
                leaf, _ = self._settled(name)
            except ScoreRefused as error:
                self.differing[name] = str(error)
                continue
            marks = {leaf.fingerprint, leaf.file_hash}
            if not self.policy.accepts(leaf) or self.taken & marks:
                continue
            if beside := {standing[mark] for mark in marks if mark in standing}:
                elsewhere |= beside
                continue
            found[leaf.fingerprint][name] = leaf
        chosen = [
            (name := self.units.first(leaves, fingerprint) if self.units else min(leaves), leaves[name])
            for fingerprint, leaves in found.items()
        ]
        earning = self._earning(dict(chosen), standing, elsewhere)
        if not earning and elsewhere:
            raise BatchRefused(
                f"what could be drafted stands in {' and '.join(sorted(elsewhere))} already: let that be signed and "
                "published, or its drafter replace it (`datadao attest draft --anew`)"
            )
        if not earning:
            differ = "".join(f"; of {name.hex()} {said}" for name, said in self.differing.items())
            known = " and that hold a new record" if self.units and found else ""
            raise NothingToDraft(
                f"no new submission to dataset {self.dataset_id} has {self.threshold} scores that agree and that the "
                f"policy pays for{known}; score, or wait for the other attestors{differ}"
            )
        batch, manifest = self._build([leaf for leaf, _ in earning.values()], sequence, deadline, self._seal(earning))
        voices = {leaf.file_hash: self._settled(name)[1] for name, (leaf, _) in earning.items()}
        masks = b"".join(
            sum(1 << slot for slot in voices[leaf.file_hash]).to_bytes(_MASK, "big") for leaf in manifest.leaves
        )
        return Draft(tuple(vars(batch).values()), masks, drafter, sign(batch.typed(self.dao))), manifest

    def _earning(
        self, leaves: Mapping[bytes, Leaf], standing: Mapping[bytes, str], elsewhere: set[str]
    ) -> dict[bytes, tuple[Leaf, Lot | None]]:
        """By submission the leaf with what it earns beside the others; those that earn nothing are left out."""
        if self.units is None:
            return {name: (leaf, None) for name, leaf in leaves.items()}
        left = dict(leaves)
        while True:
            lots = self.units.lots({name: self._marks(name) for name in left})
            earning = {name: (left[name]._replace(units=len(lot.places)), lot) for name, lot in lots.items()}
            kept = {}
            for name, (leaf, lot) in earning.items():
                beside = {standing[mark] for mark in lot.each if mark in standing}
                elsewhere |= beside
                if not beside and self.policy.accepts(leaf):
                    kept[name] = left[name]
            if len(kept) == len(left):
                return dict(earning)
            left = kept

    def _seal(self, earning: Mapping[bytes, tuple[Leaf, Lot | None]]) -> Earned | None:
        ordered = sorted(earning.values(), key=lambda item: place_in_batch(item[0]))
        return self.units.seal([lot for _, lot in ordered if lot is not None]) if self.units else None

    def _marks(self, name: bytes) -> bytes:
        return next(iter(self._agreed(name).values())).marks

    def _agreed(self, name: bytes) -> dict[int, Score]:
        """The scores that say the same, of enough attestors, where records are scored. Raises `ScoreRefused`."""
        alike: defaultdict[tuple[object, ...], dict[int, Score]] = defaultdict(dict)
        for slot, score in self._scores[name].items():
            alike[_figures(score)][slot] = score
        enough = [scores for scores in alike.values() if len(scores) >= self.threshold]
        if len(enough) != 1:
            said = "; ".join(
                f"{' and '.join(score.attestor for score in scores.values())}: {figures[1]} records, quality "
                f"{figures[2]}, fingerprint {figures[0].hex()[:8]}, scoring version {figures[3]}"  # type: ignore[attr-defined]
                for figures, scores in alike.items()
            )
            raise ScoreRefused(f"the attestors say different things ({said}); compare secret, schema and client")
        if next(iter(enough[0].values())).scoring != SCORING:
            raise ScoreRefused(f"it is scored by another version than {SCORING}; scores of two versions never mix")
        return enough[0]

    def _settled(self, name: bytes) -> tuple[Leaf, list[int]]:
        """The leaf that the scores of a submission make, before it is asked what of it is new, and whose they are."""
        submission = self.submissions[name]
        if self.units is not None:
            scores = self._agreed(name)
            return leaf_of(submission, next(iter(scores.values()))), sorted(scores)
        return settle([leaf_of(submission, score) for score in self._scores[name].values()]), sorted(self._scores[name])

    @property
    def _reach(self) -> range:
        return range(self.last_sequence + 1, self.last_sequence + 1 + MAX_AHEAD)

    def next_sequence(self, drafted: Set[int]) -> int:
        """The number for a batch beside those that are drafted: after all of them, so that each can still be published.
        One at the end of what attestors sign does not stop the others: before it, then.

        Raises `BatchRefused` if no number is left.
        """
        within = [number for number in drafted if number in self._reach]
        after = max(within, default=self.last_sequence) + 1
        if after in self._reach:
            return after
        for number in self._reach:
            if number not in drafted:
                return number
        raise BatchRefused(f"all {MAX_AHEAD} numbers after batch {self.last_sequence} are drafted; publish one of them")

    def examine(self, draft: Draft, manifest: Manifest, slot: int | None) -> Batch:
        """The batch, if attestor `slot` may sign it, or any attestor at all. Raises `DraftRefused` saying why not.

        What stands in other drafts is not looked at here: see `datadao.attestor.drafts`.
        """
        batch, leaves = draft.batch, manifest.leaves
        if draft.drafter not in self._slots or not self.check(draft.drafter, batch.typed(self.dao), draft.signature):
            raise DraftRefused(f"batch {batch.sequence} is not signed by an attestor of the current set; ignore it")
        if batch.sequence not in self._reach or not self.now < batch.deadline <= self.now + MAX_VALIDITY:
            raise DraftRefused(f"batch {batch.sequence} is out of order or its deadline out of range; draft anew")
        if len(draft.voices) != _MASK * len(leaves):
            raise DraftRefused(f"batch {batch.sequence} does not say whose scores it is made of; draft anew")
        if (self.units is None) != (manifest.earned is None):
            raise DraftRefused(f"batch {batch.sequence} is of another kind of scores than this dataset's; draft anew")
        earned = self._examine_units(manifest) if self.units else {}
        for index, leaf in enumerate(leaves):
            self._examine_leaf(leaf, draft.voices_of(index), slot, earned.get(index))
        if self._build(leaves, batch.sequence, batch.deadline, manifest.earned) != (batch, manifest):
            raise DraftRefused(f"batch {batch.sequence} is not what its leaves make under policy {self.policy.version}")
        return batch

    def _examine_units(self, manifest: Manifest) -> dict[int, int]:
        """By leaf its units: those of the lots that this attestor works out itself."""
        assert self.units is not None and manifest.earned is not None
        names = [self._name(leaf) for leaf in manifest.leaves]
        if missing := [leaf for leaf, name in zip(manifest.leaves, names, strict=True) if name not in self._scores]:
            raise DraftRefused(f"{_where(missing[0])} is one this attestor has not scored; score first")
        if manifest.earned.before > self.units.block:
            raise DraftRefused(f"it counts from block {manifest.earned.before}, and the last one is {self.units.block}")
        units = self.units.at(manifest.earned.before)
        try:
            lots = units.lots({name: self._marks(name) for name in names})
        except ScoreRefused as error:
            raise DraftRefused(str(error)) from error
        if units.seal([lots[name] for name in names]) != manifest.earned:
            raise DraftRefused("its marks are not those of the new records of its files; inform the other attestors")
        if self.units.knows(b"".join(lot.left for lot in lots.values())):
            raise DraftRefused("a record of it was accepted meanwhile; draft anew")
        return {index: len(lots[name].places) for index, name in enumerate(names)}

    def _name(self, leaf: Leaf) -> bytes:
        return Submission(self.dataset_id, leaf.contributor, leaf.file_hash, leaf.envelope_hash, b"", ()).id(self.dao)

    def _examine_leaf(self, leaf: Leaf, voices: list[int], slot: int | None, units: int | None) -> None:
        where, name = _where(leaf), self._name(leaf)
        scores = self._scores[name]
        # Who has not scored it itself, for it is no attestor, looks at the scores of the others.
        mine = leaf if slot is None else leaf_of(self.submissions[name], scores[slot]) if slot in scores else None
        if mine is None:
            raise DraftRefused(f"{where} is one this attestor has not scored; score first")
        if self.taken & {leaf.fingerprint, leaf.file_hash}:
            raise DraftRefused(f"{where} is accepted already; draft anew")
        if len(voices) < self.threshold or any(voice not in scores for voice in voices):
            raise DraftRefused(f"{where} lacks scores of {self.threshold} attestors; wait for them, or draft anew")
        said = settle([leaf_of(self.submissions[name], scores[voice]) for voice in voices])
        if units is not None:
            said = said._replace(units=units)
            if slot is not None and _figures(scores[slot]) != _figures(next(iter(self._agreed(name).values()))):
                raise DraftRefused(f"{where} is one this attestor scored otherwise; compare what differs")
            if sorted(voices) != sorted(self._agreed(name)):
                raise DraftRefused(f"{where} lacks scores of {self.threshold} attestors; wait for them, or draft anew")
        if said != leaf or mine[:4] != leaf[:4]:
            raise DraftRefused(f"{where} does not have the median of its scores; inform the other attestors")

    def _build(
        self, leaves: Iterable[Leaf], sequence: int, deadline: int, earned: Earned | None
    ) -> tuple[Batch, Manifest]:
        return build_batch(
            self.dao,
            self.dataset_id,
            sequence,
            leaves,
            self.policy,
            attestor_set_version=self.set_version,
            deadline=deadline,
            earned=earned,
        )


def _figures(score: Score) -> tuple[bytes, int, int, int, bytes]:
    return score.fingerprint, score.units, score.quality, score.scoring, score.marks


def _where(leaf: Leaf) -> str:
    return f"the file {leaf.file_hash.hex()} of {leaf.contributor}"
