"""How attestors agree on a batch: each signs its score of a submission; one drafts a batch of the medians; the others
check the draft against the scores, their own among them, and sign it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from types import MappingProxyType

from datadao.attestor.attestor import leaf_of, settle
from datadao.errors import BatchRefused, DraftRefused, NothingToDraft, ScoreRefused
from datadao.messages import eip712
from datadao.messages.batch import Batch, Manifest, Policy, build_batch
from datadao.messages.score import _MASK, MAX_AHEAD, MAX_VALIDITY, Draft, Score
from datadao.messages.submission import Submission
from datadao.types import Dao, Leaf, Party


def sign_score(dao: Dao, dataset_id: int, submission: bytes, leaf: Leaf, attestor: str, sign: eip712.Signer) -> Score:
    """Signs an attestor's own score."""
    return Score(dataset_id, submission, leaf.fingerprint, leaf.units, leaf.quality, attestor, b"").signed(dao, sign)


@dataclass(kw_only=True)
class Agreement:
    """The attestors of one set over one dataset, and what they said. `taken` are the fingerprints and file hashes of
    contributions already accepted; `now` in Unix seconds."""

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
    check: eip712.SignatureCheck = eip712.signed_by

    def __post_init__(self) -> None:
        self._slots = {party.signer: slot for slot, party in enumerate(self.attestors)}
        self._scores: defaultdict[bytes, dict[int, Leaf]] = defaultdict(dict)

    def add(self, scores: Iterable[Score]) -> None:
        """Takes in scores; those not signed by an attestor of the set, or of no known submission, count nothing."""
        for score in scores:
            slot = self._slots.get(score.attestor)
            submission = self.submissions.get(score.submission)
            if slot is None or submission is None or score.dataset_id != self.dataset_id:
                continue
            if self.check(score.attestor, score.typed(self.dao), score.signature):
                self._scores[score.submission][slot] = leaf_of(submission, score)

    def open(self, slot: int) -> dict[bytes, Submission]:
        """Submissions that attestor `slot` has still to score, by id."""
        return {
            name: item
            for name, item in self.submissions.items()
            if item.file_hash not in self.taken and slot not in self._scores[name]
        }

    def draft(
        self,
        sequence: int,
        deadline: int,
        drafter: str,
        sign: eip712.Signer,
        standing: Mapping[bytes, str] = MappingProxyType({}),
    ) -> tuple[Draft, Manifest]:
        """A batch of everything that enough attestors scored alike and the policy pays for.

        Of submissions with one fingerprint the one with the lowest id is taken; those whose fingerprint or file hash is
        `standing` in another draft, given in words, are left out. Raises `BatchRefused` if none is left.
        """
        elsewhere: set[str] = set()
        voices: dict[bytes, tuple[Leaf, int]] = {}
        for name in sorted(self._scores):
            scores = self._scores[name]
            if len(scores) < self.threshold:
                continue
            try:
                leaf = settle(list(scores.values()))
            except ScoreRefused:
                continue
            marks = {leaf.fingerprint, leaf.file_hash}
            if not self.policy.accepts(leaf) or self.taken & marks:
                continue
            if beside := {standing[mark] for mark in marks if mark in standing}:
                elsewhere |= beside
                continue
            voices.setdefault(leaf.fingerprint, (leaf, sum(1 << slot for slot in scores)))
        if not voices and elsewhere:
            raise BatchRefused(
                f"what could be drafted stands in {' and '.join(sorted(elsewhere))} already: let that be signed and "
                "published, or its drafter replace it (`datadao attest draft --anew`)"
            )
        if not voices:
            raise NothingToDraft(
                f"no new submission to dataset {self.dataset_id} has {self.threshold} scores that agree and that the "
                "policy pays for; score, or wait for the other attestors"
            )
        batch, manifest = self._build([leaf for leaf, _ in voices.values()], sequence, deadline)
        masks = b"".join(voices[leaf.fingerprint][1].to_bytes(_MASK, "big") for leaf in manifest.leaves)
        return Draft(tuple(vars(batch).values()), masks, drafter, sign(batch.typed(self.dao))), manifest

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
        for index, leaf in enumerate(leaves):
            self._examine_leaf(leaf, draft.voices_of(index), slot)
        if self._build(leaves, batch.sequence, batch.deadline) != (batch, manifest):
            raise DraftRefused(f"batch {batch.sequence} is not what its leaves make under policy {self.policy.version}")
        return batch

    def _examine_leaf(self, leaf: Leaf, voices: list[int], slot: int | None) -> None:
        where = f"the file {leaf.file_hash.hex()} of {leaf.contributor}"
        submission = Submission(self.dataset_id, leaf.contributor, leaf.file_hash, leaf.envelope_hash, b"", ())
        scores = self._scores[submission.id(self.dao)]
        mine = leaf if slot is None else scores.get(slot)
        if mine is None:
            raise DraftRefused(f"{where} is one this attestor has not scored; score first")
        if self.taken & {leaf.fingerprint, leaf.file_hash}:
            raise DraftRefused(f"{where} is accepted already; draft anew")
        if len(voices) < self.threshold or any(voice not in scores for voice in voices):
            raise DraftRefused(f"{where} lacks scores of {self.threshold} attestors; wait for them, or draft anew")
        if settle([scores[voice] for voice in voices]) != leaf or mine[:4] != leaf[:4]:
            raise DraftRefused(f"{where} does not have the median of its scores; inform the other attestors")

    def _build(self, leaves: Iterable[Leaf], sequence: int, deadline: int) -> tuple[Batch, Manifest]:
        return build_batch(
            self.dao,
            self.dataset_id,
            sequence,
            leaves,
            self.policy,
            attestor_set_version=self.set_version,
            deadline=deadline,
        )
