"""A manifest in shards is the whole one, its parts prove what the whole proves, and nonsense in either is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from assurance.harness.dao.parties import DAO, DATASET, POLICY, World
from datadao.crypto.subtrees import depth_of, runs
from datadao.encoding import address
from datadao.errors import BatchRefused, DataDAOError, HashMismatch, InvalidArgument, LeavesUnknown, Malformed
from datadao.messages import shards
from datadao.messages.batch import Batch
from datadao.messages.excerpt import Excerpt
from datadao.messages.manifest import Manifest
from datadao.messages.shards import SIZE, Earned, Leaves, Root, Shard, packed
from datadao.storage.manifests import read_excerpt, read_manifest, store_manifest
from datadao.storage.store import Store, content_name
from datadao.types import Dao, Leaf

ATTESTORS = "; inform the batch's attestors"


def owner_of(number: int) -> str:
    return address(f"0x{number:040x}")


def leaves_of(owners: Sequence[int]) -> list[Leaf]:
    """A leaf for each mention."""
    return [
        Leaf(owner_of(owner), keccak(bytes([i])), keccak(bytes([i, 1])), keccak(bytes([i, 2])), i + 1, 10_000 - i)
        for i, owner in enumerate(owners)
    ]


@pytest.fixture(autouse=True)
def low(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards of four leaves at most."""
    monkeypatch.setattr(shards, "HEIGHT", 2)


def built(owners: Sequence[int]) -> tuple[Batch, Manifest, Root]:
    batch, manifest = World.build(leaves_of(owners))
    return batch, manifest, Root.decode(manifest.encode(), DAO, batch.manifest_hash)


def seen(excerpt: Excerpt, manifest: Manifest, owners: Sequence[str]) -> list[int]:
    """Shards that were added to tell these accounts' leaves."""
    added = []
    while places := excerpt.wanted(owners):
        for place in places:
            excerpt.add(place, manifest.shards[place])
        added += places
    return added


OWNERS = st.lists(st.integers(1, 12), min_size=1, max_size=40)


@given(OWNERS)
def test_manifest__in_shards__is_the_whole_one(owners: list[int]) -> None:
    batch, manifest, root = built(owners)
    again = Manifest.of(root, manifest.shards)
    assert again == manifest and list(again.leaves) == list(manifest.leaves)
    assert (again.ids, again.tree.root, again.encode()) == (manifest.ids, batch.root, manifest.encode())
    assert all(1 <= len(shard) // SIZE <= 4 for shard in manifest.shards)
    assert sum(map(len, manifest.shards)) == SIZE * len(owners)


@given(OWNERS, st.sets(st.integers(0, 13), min_size=1, max_size=3))
def test_excerpt__of_any_accounts__tells_and_proves_what_the_whole_does(owners: list[int], asked: set[int]) -> None:
    batch, manifest, root = built(owners)
    excerpt = Excerpt(root, batch.root)
    accounts = [owner_of(number) for number in asked]
    seen(excerpt, manifest, accounts)
    found = excerpt.of(accounts)
    assert list(found.items()) == [(i, leaf) for i, leaf in enumerate(manifest.leaves) if leaf.contributor in accounts]
    assert all(excerpt.tree.proof(index) == manifest.tree.proof(index) for index in found)
    if found:
        assert excerpt.tree.multiproof(found) == manifest.tree.multiproof(found)


def test_excerpt__of_one_of_many__is_one_shard() -> None:
    batch, manifest, root = built(range(1, 251))
    assert len(root.shards) == 64
    for run in root.index:
        for index in run.leaves:
            # The first of a run may have leaves in the one before; of the one after, the index is not believed alone.
            looked = {index - (index == run.leaves.start), index, index + (index == run.leaves.stop - 1)}
            places = {other.place for other in root.index if looked & set(other.leaves)}
            assert set(seen(Excerpt(root, batch.root), manifest, [owner_of(index + 1)])) == places


def test_claim__in_a_million_leaves__reads_hardly_more_than_in_ten_thousand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "HEIGHT", 11)

    def most(count: int) -> int:
        """Bytes of the root document and of two shards: who is the first or the last of one looks into the next."""
        below = runs(count, depth_of(count, shards.HEIGHT))
        rows = tuple(Shard(bytes(32), bytes(32), tuple(bytes(20) for _ in place)) for place in below)
        sizes = sorted(SIZE * sum(map(len, place)) for place in below)
        return len(Root(DAO, DATASET, 1, count, None, rows).encode()) + sum(sizes[-2:])

    assert most(1_000_000) <= 4 * most(10_000) and most(1_000_000) * 200 <= 1_000_000 * 265
    assert most(shards.MOST) - 2 * SIZE * 2**11 <= Root.LIMIT


@given(st.lists(st.tuples(st.integers(0, 2**160 - 1), st.integers(0, 2**128 - 1), st.integers(0, 2**16 - 1))))
def test_leaves__in_records__are_those_that_were_packed(numbers: list[tuple[int, int, int]]) -> None:
    mark = keccak(b"mark")
    leaves = [Leaf(owner_of(owner), mark, mark[::-1], mark, units, quality) for owner, units, quality in numbers]
    kept = Leaves(packed(leaves))
    assert kept == leaves and tuple(leaves) == kept and list(kept) == leaves
    assert kept[:2] == tuple(leaves[:2]) and all(kept[-i - 1] == leaves[-i - 1] for i in range(len(leaves)))
    assert packed(kept) is kept.data and kept != [*leaves, 0] and kept != 0


@pytest.mark.parametrize(("field", "value"), [("units", 2**128), ("quality", 2**16), ("units", -1)])
def test_leaves__numbers_beyond_any_registry_s__are_not_packed(field: str, value: int) -> None:
    (leaf,) = leaves_of([1])
    with pytest.raises(InvalidArgument, match=r"^a leaf has units below 2\*\*128 and a quality below 2\*\*16: "):
        packed([leaf._replace(**{field: value})])


def test_build__more_leaves_than_are_read_again__refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "MOST", 5)
    with pytest.raises(BatchRefused, match=r"^a batch has at most 5 leaves, not 6; make several$"):
        built(range(1, 7))
    built(range(1, 6))


def test_root__is_readable_json_lines_with_what_it_earned() -> None:
    earned = Earned(7, 1, keccak(b"marks"), keccak(b"lines"))
    _, manifest, _ = built([1, 1, 2, 3, 4, 5])
    manifest = replace(manifest, earned=earned)
    data = manifest.encode()
    head, *rows = map(json.loads, data.splitlines())
    assert head == {
        "format": "datadao/manifest/2", "chainId": str(DAO.chain_id), "registry": DAO.registry,
        "datasetId": str(DATASET), "sequence": "1", "count": 6, "before": "7", "scoring": "1",
        "marks": f"0x{keccak(b'marks').hex()}", "lines": f"0x{keccak(b'lines').hex()}",
    }  # fmt: skip
    assert [row[0] for row in rows] == [f"0x{hashlib.sha256(shard).hexdigest()}" for shard in manifest.shards]
    # Six leaves in a tree whose lowest level is filled by four: below its right node lie the last two.
    assert [row[2:] for row in rows] == [[owner_of(1).lower()], [owner_of(4).lower()]]
    assert Root.decode(data, DAO, hashlib.sha256(data).digest()).earned == earned


def bent(data: bytes, **changes: object) -> bytes:
    head, *rows = data.splitlines(keepends=True)
    return json.dumps(json.loads(head) | changes).encode() + b"\n" + b"".join(rows)


def rows_bent(change: Callable[[list[list[str]]], object]) -> Callable[[bytes], bytes]:
    def spoil(data: bytes) -> bytes:
        head, *rows = data.splitlines()
        parsed = [json.loads(row) for row in rows]
        change(parsed)
        return b"\n".join([head, *(json.dumps(row, separators=(",", ":")).encode() for row in parsed), b""])

    return spoil


FOREIGN = f"the manifest is another registry's or not canonical{ATTESTORS}"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda data: data[:-40], "not a batch manifest: "),
        (lambda data: b"".join(data.splitlines(keepends=True)[:-1]), "12 leaves lie in 4 shards, not in 3"),
        (rows_bent(lambda rows: rows.append(rows[0])), "12 leaves lie in 4 shards, not in 5"),
        (lambda data: bent(data, count=17), "17 leaves lie in 8 shards, not in 4"),
        (lambda data: bent(data, count=0), "it has 0 leaves, which are 1 to 8388608"),
        (lambda data: bent(data, count=-1), "it has -1 leaves, which are 1 to 8388608"),
        (lambda data: bent(data, count=2**23 + 1), "it has 8388609 leaves, which are 1 to 8388608"),
        (lambda data: bent(data, count=True), "it has True leaves, which are 1 to 8388608"),
        (lambda data: bent(data, count="12"), "it has '12' leaves, which are 1 to 8388608"),
        (rows_bent(lambda rows: rows[1].pop()), "shard 1 is not named by two hashes and "),
        (rows_bent(lambda rows: rows[1].append(rows[1][2])), "shard 1 is not named by two hashes and "),
        (rows_bent(lambda rows: rows[2].__setitem__(0, "0x12")), "shard 2 is not named by two hashes and "),
        (rows_bent(lambda rows: rows[2].__setitem__(1, "0x12")), "shard 2 is not named by two hashes and "),
        (rows_bent(lambda rows: rows[2].__setitem__(2, "0x12")), "shard 2 is not named by two hashes and "),
        (rows_bent(lambda rows: rows[0].__setitem__(2, "0x" + "00" * 20)), "its index is out of order at leaf 4"),
        (lambda data: bent(data, format="datadao/manifest/1"), FOREIGN),
        (lambda data: bent(data, chainId="1"), FOREIGN),
        (lambda data: bent(data, extra=1), FOREIGN),
        (lambda data: data.replace(b"\n", b"\r\n"), FOREIGN),
        (lambda data: data + b"\n", "not a batch manifest: "),
        (rows_bent(lambda rows: rows[0].__setitem__(1, rows[0][1].upper())), FOREIGN),
        (lambda data: data.replace(b'"', b"", 2), "not a batch manifest: "),
        (lambda data: data + b"{}\n", "not a batch manifest: "),
        (lambda data: data.upper(), "not a batch manifest: "),
        (lambda _: b"", "not a batch manifest: "),
        (lambda _: b"[]", "not a batch manifest: "),
        (lambda _: b"\xff", "not a batch manifest: "),
        (lambda _: b"1\n2", "not a batch manifest: "),
        (lambda data: data + b"[" * 1_024, "not a batch manifest: "),
        (lambda data: data + b"[" * 1_000_000, "a line is longer than 1024 bytes"),
    ],
)
def test_root__attestors_signed_nonsense__malformed(spoil: Callable[[bytes], bytes], reason: str) -> None:
    data = spoil(built(range(1, 13))[1].encode())
    with pytest.raises(Malformed) as refused:
        Root.decode(data, DAO, hashlib.sha256(data).digest())
    assert reason in str(refused.value)


def test_root__other_than_anchored_or_another_registry_s__refused() -> None:
    batch, manifest, _ = built(range(1, 13))
    with pytest.raises(HashMismatch, match=r"^batch manifest: sha256 is "):
        Root.decode(manifest.encode() + b"\n", DAO, batch.manifest_hash)
    with pytest.raises(Malformed) as refused:
        Root.decode(manifest.encode(), Dao(DAO.chain_id, "0x" + "d4" * 20, DAO.leases), batch.manifest_hash)
    assert str(refused.value) == FOREIGN


# What a hostile majority of attestors, or storage, can do to the shards


class Hostile:
    """A manifest of twelve members in four shards, as it was signed and stored with one thing changed."""

    def __init__(self) -> None:
        self.store = Store("memory://")
        self.batch, self.manifest, self.root = built(range(1, 13))
        self.data = list(self.manifest.shards)

    def place(self, number: int) -> int:
        """In which shard the leaf of a member is."""
        return next(run.place for run in self.root.index if number - 1 in run.leaves)

    def publish(self, **changes: object) -> None:
        """With the shards that are there now, unless their names are among the changes."""
        named = zip(self.root.shards, self.data, strict=True)
        rows = tuple(shard._replace(digest=hashlib.sha256(data).digest()) for shard, data in named)
        self.root = replace(self.root, **({"shards": rows} | changes))
        for data in self.data:
            self.store.put_bytes(data)
        self.batch = replace(self.batch, manifest_hash=self.store.put_bytes(self.root.encode()))

    def shard(self, place: int, **changes: object) -> tuple[shards.Shard, ...]:
        rows = list(self.root.shards)
        rows[place] = rows[place]._replace(**changes)
        return tuple(rows)

    def whole(self) -> DataDAOError:
        """What a reader of all leaves is told."""
        with pytest.raises(DataDAOError) as refused:
            read_manifest(self.store, DAO, self.batch.manifest_hash)
        return refused.value

    def told(self, number: int) -> str:
        """What a member is told: never that it has no leaf."""
        with pytest.raises(LeavesUnknown) as refused:
            read_excerpt(self.store, DAO, 5, self.batch, [owner_of(number)])
        start = f"whether {owner_of(number)} has leaves in batch 5, and which, cannot be told: "
        assert str(refused.value).startswith(start)
        return str(refused.value).removeprefix(start)


def test_read__as_it_was_stored__is_the_manifest() -> None:
    world = Hostile()
    assert store_manifest(world.store, world.manifest) == world.batch.manifest_hash
    assert read_manifest(world.store, DAO, world.batch.manifest_hash) == world.manifest
    mine = read_excerpt(world.store, DAO, 5, world.batch, [owner_of(7)])
    assert mine.of([owner_of(7)]) == {6: world.manifest.leaves[6]}
    assert read_excerpt(world.store, DAO, 5, world.batch, [owner_of(99)], mine).of([owner_of(99)]) == {}


def test_read__shard_missing__is_named_and_the_others_serve() -> None:
    world = Hostile()
    lost = world.place(7)
    for data in (*world.data[:lost], *world.data[lost + 1 :], world.root.encode()):
        world.store.put_bytes(data)
    assert str(world.whole()).startswith(f"shard {lost} of the batch manifest: ")
    assert world.told(7).startswith(f"shard {lost} of the batch manifest: ")
    other = next(number for number in range(1, 12) if lost not in {world.place(number), world.place(number + 1)})
    assert read_excerpt(world.store, DAO, 5, world.batch, [owner_of(other)]).of([owner_of(other)])


def test_read__shard_altered_in_storage__refused(tmp_path) -> None:
    world = Hostile()
    world.store = Store(f"file://{tmp_path}/store", create=True)
    store_manifest(world.store, world.manifest)
    place = world.place(7)
    digest = world.root.shards[place].digest
    path = tmp_path / "store" / content_name(digest)
    path.chmod(0o600)
    path.write_bytes(bytes(len(world.data[place])))
    assert isinstance(world.whole(), HashMismatch)
    assert "expected " + digest.hex() in world.told(7)
    path.write_bytes(bytes(len(world.data[place]) + 1))
    assert "longer than" in world.told(7)


def test_open__other_bytes_than_named__refused() -> None:
    _, _, root = built(range(1, 13))
    with pytest.raises(HashMismatch, match=r"^shard 2 of the batch manifest: sha256 is "):
        root.open(2, b"")


def test_read__shard_of_other_length__refused() -> None:
    world = Hostile()
    place, size = world.place(7), len(world.data[world.place(7)])
    world.data[place] = world.data[place][:-SIZE]
    world.publish()
    reason = f"shard {place} of the batch manifest takes {size - SIZE} bytes where its leaves take {size}{ATTESTORS}"
    assert str(world.whole()) == world.told(7) == reason


def test_read__leaves_of_a_shard_out_of_order_or_twice__refused() -> None:
    for disorder in (lambda rows: rows[::-1], lambda rows: [rows[0]] * len(rows)):
        world = Hostile()
        place = world.place(7)
        data = world.data[place]
        rows = disorder([data[at : at + SIZE] for at in range(0, len(data), SIZE)])
        world.data[place] = b"".join(rows)
        world.publish()
        reason = f"shard {place} of the batch manifest: its leaves are not in order{ATTESTORS}"
        assert str(world.whole()) == world.told(7) == reason


def test_read__index_that_points_elsewhere__tells_no_member_that_it_has_none() -> None:
    world = Hostile()
    run = next(run for run in world.root.index[1:] if len(run.leaves) > 2)
    hidden = run.leaves.start + 2
    assert world.manifest.leaves[hidden - 1].contributor == owner_of(hidden)
    # The run is said to begin with a later member than it does: its first is looked for in the one before.
    firsts = tuple(
        bytes.fromhex(owner_of(hidden)[2:]) if first == run.first else first
        for first in world.root.shards[run.place].firsts
    )
    world.publish(shards=world.shard(run.place, firsts=firsts))
    reason = f"shard {run.place} of the batch manifest: its contributors are not those of the index{ATTESTORS}"
    assert str(world.whole()) == reason
    assert world.told(hidden - 1) == reason  # the first of the run
    assert world.told(hidden) == reason


def test_read__index_that_begins_after_the_first_member__tells_it_so() -> None:
    world = Hostile()
    run = world.root.index[0]
    firsts = tuple(
        bytes.fromhex(owner_of(2)[2:]) if first == run.first else first for first in world.root.shards[run.place].firsts
    )
    world.publish(shards=world.shard(run.place, firsts=firsts))
    reason = f"shard {run.place} of the batch manifest: its contributors are not those of the index{ATTESTORS}"
    assert str(world.whole()) == world.told(1) == reason


def test_read__two_shards_with_one_member_between_others__refused() -> None:
    """A shard that goes on beyond the first of the next: its last member would be in two places."""
    world = Hostile()
    run = world.root.index[1]
    place = world.root.index[0].place
    data = world.data[place]
    last = packed([world.manifest.leaves[run.leaves.start + 1]])
    world.data[place] = data[:-SIZE] + last if run.leaves.start * SIZE == len(data) else last.join([data[:-SIZE], b""])
    world.publish()
    assert str(world.whole()) == world.told(1)
    assert "its contributors are not those of the index" in world.told(1)


def test_read__last_leaf_of_a_shard_again_in_the_next__refused() -> None:
    """Members of two shards are legal, one leaf in two is not."""
    world = Hostile()
    world.batch, world.manifest, world.root = built([1] * 12)
    world.data = list(world.manifest.shards)
    one, other = world.root.index[1:3]
    place = other.place
    assert one.place != place and len(world.root.shards[place].firsts) == 1
    doubled = packed([world.manifest.leaves[one.leaves.stop - 1]])
    world.data[place] = doubled + world.data[place][SIZE:]
    world.publish()
    assert str(world.whole()) == f"leaf {other.leaves.start} of the batch manifest is not in order{ATTESTORS}"
    assert world.told(1) == f"batch manifest: the leaves of subtree {place} do not lead to its node{ATTESTORS}"


def test_read__leaves_that_the_chain_s_root_does_not_hold__are_told_to_their_owner() -> None:
    world = Hostile()
    place = world.place(7)
    leaves = [leaf._replace(units=leaf.units + 1) for leaf in Leaves(world.data[place])]
    world.data[place] = bytes(packed(leaves))
    world.publish()
    # Custodians check all leaves against the chain; a part of the manifest is checked by its nodes.
    assert read_manifest(world.store, DAO, world.batch.manifest_hash).tree.root != world.batch.root
    assert world.told(7) == f"batch manifest: the leaves of subtree {place} do not lead to its node{ATTESTORS}"


def test_read__nodes_that_do_not_lead_to_the_chain_s_root__are_told_to_everybody() -> None:
    world = Hostile()
    world.publish(shards=world.shard(world.place(7), node=keccak(b"another")))
    reason = f"the manifest's nodes do not lead to the batch's root{ATTESTORS}"
    assert world.told(7) == world.told(1) == world.told(99) == reason


def test_add__shard_that_is_refused__leaves_nothing() -> None:
    batch, manifest, root = built(range(1, 13))
    excerpt = Excerpt(root, batch.root)
    before = excerpt.wanted([owner_of(7)])
    with pytest.raises(HashMismatch):
        excerpt.add(before[0], b"")
    assert excerpt.wanted([owner_of(7)]) == before
    excerpt.add(before[0], manifest.shards[before[0]])
    assert excerpt.wanted([owner_of(7)]) == []


def test_policy__units_beyond_the_registry_s__pay_nothing() -> None:
    (leaf,) = leaves_of([1])
    assert POLICY.accepts(leaf._replace(units=2**128 - 1)) and not POLICY.accepts(leaf._replace(units=2**128))
