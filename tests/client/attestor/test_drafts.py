"""No contribution comes into two batches, whoever drafts, signs and publishes, and in whatever order.

given a draft on the board
  when the same is drafted again, by anyone     it should be refused, and what is new be drafted alone
  when two were posted at the same second       it should be the lower that is signed, and no attestor signs both
  when its drafter replaces it                  it should count no more, unless it has its signatures
  when it can never be published                it should count no more
  when it has its signatures                    it should count whatever else is wrong with it
given drafts with their signatures
  when what they hold was published             it should not be published again
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import obstore
import pytest

from assurance.harness.dao.parties import DAO, DATASET, POLICY, Wallet, World
from datadao.attestor.agreement import Agreement
from datadao.attestor.drafts import Drafts, Posted
from datadao.errors import BatchRefused, DraftRefused, ObjectMissing, ObjectTaken
from datadao.messages.manifest import Manifest
from datadao.messages.score import Draft, Signed
from datadao.storage.board import Board
from datadao.storage.manifests import store_manifest
from datadao.storage.store import content_name

from .test_agreement import ALL, DEADLINE, LAST, Bench, mask

FIRST, SECOND = LAST + 1, LAST + 2


@pytest.fixture
def bench(world: World) -> Bench:
    return Bench(world)


class Table:
    """The board and what attestors do at it."""

    def __init__(self, bench: Bench, agreement: Agreement | None = None) -> None:
        self.bench, self.agreement = bench, agreement or bench.agreement()
        self.board = Board(DAO, bench.world.store)

    @property
    def drafts(self) -> Drafts:
        return Drafts.read([self.agreement], self.board, self.bench.world.store)

    def draft(self, slot: int, *, anew: bool = False) -> Draft:
        """As `attest draft` does it."""
        wallet, drafts = self.bench.world.attestors.wallets[slot], self.drafts
        standing = {m: i.words for m, i in drafts.standing(anew=wallet.address if anew else None).items()}
        sequence = self.agreement.next_sequence({item.place[1] for item in drafts.items})
        return self.post(*self.agreement.draft(sequence, DEADLINE, wallet.address, wallet, standing))

    def post(self, draft: Draft, manifest: Manifest) -> Draft:
        store_manifest(self.bench.world.store, manifest)
        self.board.draft(draft)
        return draft

    def forge(self, slot: int, sequence: int, names: str, mark: str = "") -> Draft:
        """A draft of these files by an attestor who does not look at the board."""
        wallet = self.bench.world.attestors.wallets[slot]
        leaves = [self.bench.leaf(name, 12, 9_000, mark) for name in names]
        made, manifest = self.bench.forged(leaves, ALL * len(leaves), sequence=sequence)
        signature = wallet(made.batch.typed(DAO))
        return self.post(replace(made, drafter=wallet.address, signature=signature), manifest)

    def sign(self, draft: Draft, slot: int) -> None:
        """As `attest sign` does it."""
        drafts, wallet = self.drafts, self.bench.world.attestors.wallets[slot]
        (item,) = (item for item in drafts.items if item.draft == draft)
        self.agreement.examine(item.draft, item.manifest, slot)
        drafts.check(item, wallet.address)
        self.force(draft, slot)

    def force(self, draft: Draft, slot: int) -> None:
        wallet = self.bench.world.attestors.wallets[slot]
        self.board.sign(draft.batch.digest(DAO), Signed(wallet.address, wallet(draft.batch.typed(DAO))))

    def words(self, draft: Draft) -> str:
        return f"draft {draft.batch.sequence} of dataset {DATASET} by {draft.drafter}"


@pytest.fixture
def table(bench: Bench) -> Table:
    return Table(bench)


def hashes(draft: Draft, table: Table) -> set[bytes]:
    return {leaf.file_hash for item in table.drafts.items if item.draft == draft for leaf in item.leaves}


# Drafting


@pytest.mark.parametrize("slot", [0, 1], ids=["by its drafter", "by another"])
def test_draft__again__refused_and_nothing_posted(table: Table, slot: int) -> None:
    first = table.draft(0)
    with pytest.raises(BatchRefused) as refused:
        table.draft(slot)
    assert str(refused.value) == (
        f"what could be drafted stands in {table.words(first)} already: let that be signed and published, or its "
        "drafter replace it (`datadao attest draft --anew`)"
    )
    assert [item.draft for item in table.drafts.items] == [first]


def test_draft__of_something_new_as_well__holds_the_new_alone(table: Table) -> None:
    first = table.forge(0, FIRST, "a")
    second = table.draft(1)
    assert hashes(second, table).isdisjoint(hashes(first, table)) and len(hashes(second, table)) == 1
    table.sign(first, 2)
    table.sign(second, 2)
    assert all(item.complete for item in table.drafts.items)


def test_draft__of_another_file_with_the_same_data__refused(bench: Bench) -> None:
    scores = [bench.score(slot, name, mark="same") for slot in range(3) for name in "ab"]
    table = Table(bench, bench.agreement(*scores))
    names = sorted("ab", key=lambda name: bench.named[name], reverse=True)
    table.forge(0, FIRST, names[0], mark="same")
    with pytest.raises(BatchRefused, match=f"stands in draft {FIRST} of dataset"):
        table.draft(1)


def test_draft__in_the_same_second__the_later_one_is_refused(table: Table) -> None:
    """Both look at an empty board; the board takes one of them."""
    before = table.drafts
    first = table.draft(0)
    assert before.items == []
    wallet = table.bench.world.attestors.wallets[1]
    made, manifest = table.agreement.draft(table.agreement.next_sequence(set()), DEADLINE, wallet.address, wallet)
    with pytest.raises(ObjectTaken):
        table.post(made, manifest)
    with pytest.raises(BatchRefused, match="stands in draft"):
        table.draft(1)
    assert [item.draft for item in table.drafts.items] == [first]


# Signing


def test_sign__two_drafts_of_the_same__the_lower_is_signed_and_the_other_refused(table: Table) -> None:
    lower, higher = table.forge(0, FIRST, "ab"), table.forge(1, SECOND, "a")
    with pytest.raises(DraftRefused) as refused:
        table.sign(higher, 2)
    assert str(refused.value) == (
        f"1 of 1 contributions of {table.words(higher)} stand in {table.words(lower)} as well; sign that one"
    )
    table.sign(lower, 2)
    with pytest.raises(DraftRefused):
        table.sign(higher, 0)
    ready = [item for item in table.drafts.items if item.complete]
    assert [item.draft for item in ready] == [lower]


def test_sign__what_one_signed_in_another_draft__refused(table: Table) -> None:
    """The lower number came later, from an attestor that does not keep to the order: none signs both."""
    higher = table.forge(1, SECOND, "a")
    lower = table.forge(0, FIRST, "a")
    with pytest.raises(DraftRefused, match=rf"stand in {table.words(higher)} as well"):
        table.sign(lower, 1)
    table.sign(lower, 2)


def test_sign__the_same_data_in_two_files__the_lower_is_signed(bench: Bench) -> None:
    table = Table(bench, bench.agreement(*(bench.score(s, n, mark="same") for s in range(3) for n in "ab")))
    table.forge(0, FIRST, "a", mark="same")
    with pytest.raises(DraftRefused, match="as well; sign that one"):
        table.sign(table.forge(1, SECOND, "b", mark="same"), 2)


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)], ids=["later", "earlier"])
def test_sign__one_beside_a_draft_that_is_signed__refused(table: Table, order: Sequence[int]) -> None:
    done, other = (table.forge(slot, number, "a") for slot, number in enumerate(order))
    table.force(done, 2)
    with pytest.raises(DraftRefused, match=rf"stand in {table.words(done)} as well"):
        table.sign(other, 1)
    table.sign(done, 1)


def test_draft__beside_one_that_another_has_outdone__takes_what_stood_in_it_alone(table: Table) -> None:
    """No attestor signs the first any more, so its other file is free."""
    table.forge(0, FIRST, "ab")
    done = table.forge(1, SECOND, "a")
    table.force(done, 2)
    assert len(hashes(table.draft(0), table)) == 1


def test_sign__data_that_stands_in_another_dataset__the_lower_dataset_is_signed(bench: Bench) -> None:
    agreement, elsewhere = bench.agreement(), bench.agreement(dataset_id=DATASET + 1)
    wallets = bench.world.attestors.wallets
    posted = []
    for at, slot in ((agreement, 0), (elsewhere, 1)):
        made, manifest = bench.forged([bench.leaf("a", 12, 9_000)], ALL)
        batch = replace(made.batch, dataset_id=at.dataset_id)
        draft = Draft(tuple(vars(batch).values()), ALL, wallets[slot].address, wallets[slot](batch.typed(DAO)))
        signatures = {wallets[s].address: b"" for s in (slot, 2)}
        posted.append(Posted(at, draft, replace(manifest, dataset_id=at.dataset_id), signatures))
    drafts = Drafts(posted)
    assert {item.place for item in drafts.standing().values()} == {(DATASET, FIRST)}
    with pytest.raises(DraftRefused, match=rf"contributions of draft {FIRST} of dataset {DATASET + 1} by"):
        drafts.check(posted[1], wallets[0].address)


# Replacing


def test_draft__anew__replaces_what_was_not_signed_enough(table: Table) -> None:
    first = table.forge(0, FIRST, "a")
    second = table.draft(0, anew=True)
    assert len(hashes(second, table)) == 2
    (old,) = (item for item in table.drafts.items if item.draft == first)
    assert table.drafts.replaced(old)
    table.sign(second, 1)
    assert [item.draft for item in table.drafts.items if item.complete] == [second]


def test_draft__anew__does_not_replace_what_is_signed_enough(table: Table) -> None:
    first = table.forge(0, FIRST, "a")
    table.sign(first, 1)
    second = table.draft(0, anew=True)
    assert hashes(second, table).isdisjoint(hashes(first, table))


def test_draft__anew__does_not_replace_another_attestors(table: Table) -> None:
    table.forge(0, FIRST, "ab")
    with pytest.raises(BatchRefused, match="stands in draft"):
        table.draft(1, anew=True)


def test_sign__a_replacement_of_what_got_its_signatures_meanwhile__refused(table: Table) -> None:
    first = table.forge(0, FIRST, "a")
    second = table.forge(0, SECOND, "ab")
    table.force(first, 1)
    with pytest.raises(DraftRefused, match=rf"^1 of 2 contributions of {table.words(second)} stand in "):
        table.sign(second, 2)
    assert not any(map(table.drafts.replaced, table.drafts.items))


# What counts no more


@pytest.mark.parametrize(
    ("change", "signed"),
    [
        *(({"now": DEADLINE}, signed) for signed in (False, True)),
        *(({"last_sequence": FIRST}, signed) for signed in (False, True)),
        *(({"set_version": 2}, signed) for signed in (False, True)),
        ({"policy": replace(POLICY, version=2)}, False),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "signed" if value else "unsigned",
)
def test_draft__earlier_one_can_never_be_published__is_drafted_again(
    bench: Bench, table: Table, change: dict[str, object], signed: bool
) -> None:
    first = table.draft(0)
    if signed:
        table.sign(first, 1)
    later = Table(bench, bench.agreement(**change))
    assert later.drafts.standing() == {}
    wallet = bench.world.attestors.wallets[1]
    _, manifest = later.agreement.draft(SECOND, DEADLINE + 1, wallet.address, wallet, {})
    assert len(manifest.leaves) == 2


@pytest.mark.parametrize("spoilt", ["a stranger's", "no drafter's signature", "another's number", "no median"])
def test_draft__beside_one_that_no_attestor_would_sign__is_drafted_all_the_same(table: Table, spoilt: str) -> None:
    bench = table.bench
    good, manifest = bench.forged([bench.leaf("a", 12, 9_000)], ALL)
    if spoilt == "a stranger's":
        mallory = Wallet("mallory")
        table.post(replace(good, drafter=mallory.address, signature=mallory(good.batch.typed(DAO))), manifest)
    elif spoilt == "no drafter's signature":
        table.post(replace(good, signature=bytes(65)), manifest)
    elif spoilt == "another's number":
        store_manifest(bench.world.store, manifest)
        name = f"drafts/{DAO.chain_id}/{DAO.registry.lower()}/{DATASET}/{SECOND}"
        bench.world.store.put(name, good.encode())
    else:
        table.post(*bench.forged([bench.leaf("a", 13, 9_000)], mask(0, 1)))
    assert table.drafts.standing() == {}
    assert len(table.drafts.items) == (1 if spoilt == "no median" else 0)
    assert len(table.agreement.draft(SECOND, DEADLINE, *_wallet(bench), {})[1].leaves) == 2


def test_signatures__of_strangers_and_in_anothers_name__count_nothing(table: Table) -> None:
    draft, mallory = table.draft(0), Wallet("mallory")
    digest, message = draft.batch.digest(DAO), draft.batch.typed(DAO)
    table.board.sign(digest, Signed(mallory.address, mallory(message)))
    table.board.sign(digest, Signed(table.bench.world.attestors.wallets[1].address, mallory(message)))
    (item,) = table.drafts.items
    assert set(item.signatures) == {draft.drafter} and not item.complete


def _wallet(bench: Bench) -> tuple[str, Wallet]:
    wallet = bench.world.attestors.wallets[1]
    return wallet.address, wallet


def test_draft__beside_one_that_lost_its_manifest__counts_only_if_it_is_signed(table: Table) -> None:
    first = table.draft(0)
    obstore.delete(table.bench.world.store._store, content_name(first.batch.manifest_hash))
    assert table.drafts.standing() == {}
    table.force(first, 1)
    with pytest.raises(ObjectMissing):
        table.drafts.standing()
    with pytest.raises(ObjectMissing):
        table.drafts.publishable(DATASET, frozenset())


def test_draft__beside_a_signed_one_under_an_old_policy__leaves_it_out(bench: Bench, table: Table) -> None:
    first = table.draft(0)
    table.sign(first, 1)
    later = Table(bench, bench.agreement(policy=replace(POLICY, version=2)))
    with pytest.raises(BatchRefused, match=f"stands in {table.words(first)}"):
        later.draft(0)


# Publishing


def test_publishable__none_complete__is_none(table: Table) -> None:
    table.draft(0)
    assert table.drafts.publishable(DATASET, frozenset()) is None


def test_publishable__several_complete__is_the_first_that_is_new(table: Table) -> None:
    first, second = table.forge(0, FIRST, "a"), table.forge(0, SECOND, "b")
    assert not any(map(table.drafts.replaced, table.drafts.items))
    for draft in (first, second):
        table.sign(draft, 1)
    drafts = table.drafts
    assert drafts.publishable(DATASET, frozenset()).draft == first
    assert drafts.publishable(DATASET, drafts.items[0].marks).draft == second
    assert drafts.publishable(DATASET + 1, frozenset()) is None


@pytest.mark.parametrize("by", [0, 1], ids=["fingerprint", "file hash"])
def test_publishable__what_was_published__refused(table: Table, by: int) -> None:
    first = table.draft(0)
    table.sign(first, 1)
    (item,) = table.drafts.items
    with pytest.raises(DraftRefused) as refused:
        table.drafts.publishable(DATASET, {(item.leaves[0].fingerprint, item.leaves[0].file_hash)[by]})
    assert str(refused.value) == (
        f"1 of 2 contributions of {table.words(first)} are published already; publishing them again would count them "
        "twice, so draft anew"
    )
