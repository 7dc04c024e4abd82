"""A slot changes hands on a real chain: the successor serves what the leaver could, and a bad leaver is named.

given a slot that a vote gave to a successor
  when both sides do their part              the licensee should open everything with the successor's shares
  when one side is not who the chain names   it should be refused, and nothing put
  when the leaver hands over a wrong share   it should be named, and the others kept
  when storage, either side or both stop     it should go on where it was, and nothing be sent twice
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assurance.harness.dao.parties import hpke_key
from assurance.harness.dao.system import Actor
from datadao.crypto.seal import public_key, seal
from datadao.custodian import succession
from datadao.custodian.custodian import Custodian
from datadao.custodian.key_shares import Refused
from datadao.custodian.succession import Exchange, HandoverFault, hand_over, take_over
from datadao.errors import (
    CommitmentMismatch,
    Malformed,
    NotIncluded,
    SignatureRefused,
    SlotMismatch,
    StoreUnavailable,
    UnsealFailed,
)
from datadao.messages.handover import Handover, handover_info
from datadao.messages.submission import MAX_FILES
from datadao.storage.store import Store
from datadao.types import Contribution
from tests.client.chain_world import COMMITTEE_VERSION, DATA, ChainWorld, custodian_key

SLOT = 1
KEY = hpke_key("successor")


@pytest.fixture
def replaced(leased: ChainWorld) -> ChainWorld:
    """Slot 1 has a successor, finally; the lease runs."""
    leased.replace(SLOT, leased.dao.who("successor"), KEY)
    leased.start()
    leased.finalize()
    return leased


@pytest.fixture
def leaver(replaced: ChainWorld) -> Custodian:
    return replaced.custodian(SLOT)


@pytest.fixture
def heir(replaced: ChainWorld) -> Custodian:
    return successor(replaced)


def successor(world: ChainWorld, **changes: object) -> Custodian:
    person = world.dao.who("successor")
    settings = {"private_key": KEY, "signer": person.sign, "home": world.home / "heir"}
    return world.custodian(SLOT, **(settings | changes))


def exchange(world: ChainWorld) -> Exchange:
    return Exchange(world.dao.id, COMMITTEE_VERSION, SLOT, world.store)


def records(world: ChainWorld) -> list[Handover]:
    return [record for _, _, record in exchange(world).records()]


def events(custodian: Custodian) -> list[str]:
    return [json.loads(line)["event"] for line in (custodian.home / "journal.jsonl").read_text().splitlines()]


def release(world: ChainWorld, *custodians: Custodian) -> None:
    for custodian in custodians:
        custodian.prepare(world.lease, world.contributions())
        custodian.publish(world.lease, world.contributions())


# Both sides do their part


def test_hand_over__then_take_over__the_licensee_opens_everything_with_the_successor_s_shares(
    replaced: ChainWorld, leaver: Custodian, heir: Custodian, tmp_path: Path
) -> None:
    listed = replaced.contributions()
    before = take_over(heir, listed)
    assert (before.kept, set(before.missing), before.faults) == (0, set(replaced.manifest.ids), [])
    sent = hand_over(leaver, listed)
    assert (sent.successor.signer, sent.sent, sent.confirmed) == (replaced.dao.who("successor").address, 5, 0)
    taken = take_over(heir, listed)
    assert (taken.kept, taken.missing, taken.faults) == (5, {}, [])
    assert hand_over(leaver, listed).confirmed == 5

    release(replaced, heir, replaced.custodian(0), replaced.custodian(2))
    plain = [item.path.read_bytes() for item in replaced.opened(tmp_path / "out") if item.path]
    assert sorted(plain) == sorted(DATA)
    with pytest.raises(SlotMismatch):
        leaver.prepare(replaced.lease, listed)


def test_take_over__kept_shares__need_no_storage_afterwards(
    replaced: ChainWorld, leaver: Custodian, heir: Custodian
) -> None:
    hand_over(leaver, replaced.contributions())
    take_over(heir, replaced.contributions())
    heir.close()
    shutil.rmtree(replaced.home / "store" / "handovers")
    again = successor(replaced)
    assert again.prepare(replaced.lease, replaced.contributions()).held == 5


def test_hand_over__shares_never_lie_open(replaced: ChainWorld, leaver: Custodian, heir: Custodian) -> None:
    leaves = {name: (1, leaf) for name, leaf in zip(replaced.manifest.ids, replaced.manifest.leaves, strict=True)}
    shares, _ = leaver.key_shares.shares(leaves)
    hand_over(leaver, replaced.contributions())
    take_over(heir, replaced.contributions())
    kept = b"".join(path.read_bytes() for path in replaced.home.rglob("*") if path.is_file())
    assert len(shares) == 5
    assert not any(share in kept or share.hex().encode() in kept for share in shares.values())


def test_hand_over__file_sealed_before_the_vote_and_accepted_after__follows_in_a_second_run(
    leased: ChainWorld,
) -> None:
    committee = leased.committee()
    late = leased.encrypt(leased.members[0], b"sealed before", committee)
    leased.replace(SLOT, leased.dao.who("successor"), KEY)
    leased.finalize()
    leaver, heir = leased.custodian(SLOT), successor(leased)
    assert hand_over(leaver, leased.contributions()).sent == 5
    take_over(heir, leased.contributions())

    own = leased.encrypt(leased.members[1], b"sealed after")
    leased.accept_leaves([late, own])
    leased.finalize()
    listed = leased.contributions()
    names = dict(zip(leased.batches[1].manifest.leaves, leased.batches[1].manifest.ids, strict=True))
    assert set(take_over(heir, listed).missing) == {names[late]}
    second = hand_over(leaver, listed)
    assert (second.sent, second.confirmed) == (6, 5)
    assert {name: type(why) for name, why in second.refused.items()} == {names[own]: UnsealFailed}
    taken = take_over(heir, listed)
    assert (taken.kept, taken.missing, taken.faults) == (6, {}, [])
    assert hand_over(leaver, listed).confirmed == 6
    assert sorted(len(record.ids) for record in records(leased)) == [1, 5]


def test_hand_over__to_itself_under_a_new_key__serves_old_and_new_files(leased: ChainWorld) -> None:
    keeper: Actor = leased.dao.actors[f"custodian-{SLOT}"]
    leased.replace(SLOT, keeper, KEY)
    leased.finalize()
    old, new = leased.custodian(SLOT), successor(leased, signer=keeper.sign)
    hand_over(old, leased.contributions())
    assert take_over(new, leased.contributions()).missing == {}


def test_hand_over__through_two_successors__the_last_one_serves(replaced: ChainWorld, leaver: Custodian) -> None:
    heir, listed = successor(replaced), replaced.contributions()
    hand_over(leaver, listed)
    take_over(heir, listed)
    third, key = replaced.dao.who("third"), hpke_key("third")
    replaced.replace(SLOT, third, key)
    replaced.finalize()
    last = replaced.custodian(SLOT, private_key=key, signer=third.sign, home=replaced.home / "last")
    assert hand_over(heir, listed).sent == 5
    taken = take_over(last, listed)
    assert (taken.kept, taken.missing, taken.faults) == (5, {}, [])


def test_hand_over__withdrawn_contribution__is_not_handed_over(replaced: ChainWorld, leaver: Custodian) -> None:
    replaced.dao.erase(replaced.batches[0], replaced.manifest.leaves[2])
    assert hand_over(leaver, replaced.contributions()).sent == 4
    assert replaced.manifest.ids[2] not in {name for record in records(replaced) for name in record.ids}


# Who is not who the chain names


def test_hand_over__slot_not_replaced__refused(leased: ChainWorld) -> None:
    leased.finalize()
    with pytest.raises(SlotMismatch, match="still has this key"):
        hand_over(leased.custodian(SLOT), leased.contributions())
    assert records(leased) == []


def test_hand_over__successor_not_final__refused_on_both_sides(leased: ChainWorld) -> None:
    leased.finalize()
    listed = leased.contributions()
    leased.replace(SLOT, leased.dao.who("successor"), KEY)
    with pytest.raises(SlotMismatch):
        hand_over(leased.custodian(SLOT), listed)
    with pytest.raises(SlotMismatch):
        take_over(successor(leased), listed)
    assert records(leased) == []


def test_hand_over__replaced_a_second_time_but_not_finally__refused(replaced: ChainWorld, leaver: Custodian) -> None:
    replaced.replace(SLOT, replaced.dao.who("third"), hpke_key("third"))
    with pytest.raises(SlotMismatch, match="not final"):
        hand_over(leaver, replaced.contributions())
    assert records(replaced) == []


def test_hand_over__key_that_never_held_the_slot__refused(replaced: ChainWorld) -> None:
    stranger = replaced.custodian(SLOT, private_key=custodian_key(2), home=replaced.home / "stranger")
    with pytest.raises(SlotMismatch, match="never held"):
        hand_over(stranger, replaced.contributions())
    assert records(replaced) == []


def test_hand_over__wallet_of_another__refused(replaced: ChainWorld) -> None:
    wrong = replaced.custodian(SLOT, signer=replaced.dao.actors["custodian-2"].sign)
    with pytest.raises(SlotMismatch, match="wallet"):
        hand_over(wrong, replaced.contributions())
    assert records(replaced) == []


@pytest.mark.parametrize("key", [custodian_key(SLOT), custodian_key(2), hpke_key("stranger")], ids=["leaver", "2", "?"])
def test_take_over__by_whoever_is_not_the_successor_on_chain__refused(
    replaced: ChainWorld, leaver: Custodian, key: object
) -> None:
    hand_over(leaver, replaced.contributions())
    other = successor(replaced, private_key=key, home=replaced.home / "other")
    with pytest.raises(SlotMismatch):
        take_over(other, replaced.contributions())
    assert events(other) == ["slot"]


# A leaver, or storage, that cheats


def cheat(world: ChainWorld, leaver: Custodian, shares: bytes, ids: Sequence[bytes], **changes: object) -> Handover:
    """A record of these shares, signed by the leaver."""
    sealed = seal(shares, public_key(KEY), handover_info(world.dao.id, COMMITTEE_VERSION, SLOT, ids))
    settings = {
        "committee_version": COMMITTEE_VERSION,
        "slot": SLOT,
        "hpke_key": public_key(KEY),
        "ids": tuple(ids),
        "sealed": sealed,
    }
    draft = Handover(**(settings | changes), signature=b"")
    record = replace(draft, signature=world.dao.actors[f"custodian-{SLOT}"].sign(draft.typed(world.dao.id)))
    exchange(world).put(record.encode())
    return record


def blamed(faults: list[HandoverFault]) -> list[tuple[str | None, type[Exception], int]]:
    return [(fault.culprit, type(fault.reason), len(fault.ids)) for fault in faults]


def test_take_over__one_wrong_share__names_its_leaver_and_keeps_the_others(
    replaced: ChainWorld, leaver: Custodian, heir: Custodian, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, honest = replaced.manifest.ids, leaver.key_shares.shares

    def one_altered(items: dict[bytes, object]) -> tuple[dict[bytes, bytes], Refused]:
        shares, refused = honest(items)
        return {**shares, ids[3]: bytes(32)}, refused

    monkeypatch.setattr(leaver.key_shares, "shares", one_altered)
    listed = replaced.contributions()
    hand_over(leaver, listed)
    taken = take_over(heir, listed)
    assert blamed(taken.faults) == [(replaced.dao.actors[f"custodian-{SLOT}"].address, CommitmentMismatch, 1)]
    assert taken.faults[0].ids == (ids[3],)
    assert (taken.kept, set(taken.missing)) == (4, {ids[3]})
    assert hand_over(leaver, listed).confirmed == 0
    assert heir.prepare(replaced.lease, listed).held == 4


def test_take_over__record_that_does_not_open_or_is_too_short__names_its_leaver(
    replaced: ChainWorld, leaver: Custodian, heir: Custodian
) -> None:
    ids, culprit = replaced.manifest.ids, replaced.dao.actors[f"custodian-{SLOT}"].address
    cheat(replaced, leaver, b"", ids[:1], sealed=b"noise")
    cheat(replaced, leaver, bytes(31), ids[:1])
    taken = take_over(heir, replaced.contributions())
    assert sorted(blamed(taken.faults), key=str) == sorted(
        [(culprit, UnsealFailed, 0), (culprit, Malformed, 0)], key=str
    )
    assert taken.kept == 0


def test_take_over__record_of_a_stranger_or_altered_by_storage__blames_no_custodian(
    replaced: ChainWorld, leaver: Custodian, heir: Custodian
) -> None:
    hand_over(leaver, replaced.contributions())
    (good,) = records(replaced)
    stranger = replaced.dao.who("stranger")
    forged = [
        replace(good, signature=stranger.sign(good.typed(replaced.dao.id))),
        replace(good, ids=good.ids[::-1]),
        replace(good, sealed=good.sealed[::-1]),
    ]
    for record in forged:
        exchange(replaced).put(record.encode())
    exchange(replaced).put(b"junk")
    taken = take_over(heir, replaced.contributions())
    assert blamed(taken.faults) == [(None, SignatureRefused, 0)] * 3
    assert (taken.kept, taken.missing) == (5, {})


def test_take_over__shares_of_what_is_not_final_here__are_kept_later(
    replaced: ChainWorld, leaver: Custodian, heir: Custodian
) -> None:
    """The leaver's node may be ahead."""
    replaced.accept((replaced.members[0], b"newer"))
    listed, newer = replaced.contributions(), replaced.batches[1].manifest
    ahead = [*listed, newer.contribution(replaced.batches[1].id, 0)]
    cheat(replaced, leaver, bytes(32), newer.ids)
    taken = take_over(heir, listed)
    assert blamed(taken.faults) == [(None, NotIncluded, 1)]
    replaced.finalize()
    assert blamed(take_over(heir, ahead).faults) == [
        (replaced.dao.actors[f"custodian-{SLOT}"].address, CommitmentMismatch, 1)
    ]


def test_handover__two_shares_of_one_file_or_none__malformed() -> None:
    for ids in ((), (b"1" * 32,) * 2, tuple(n.to_bytes(32, "big") for n in range(MAX_FILES + 1))):
        with pytest.raises(Malformed):
            Handover(1, 1, bytes(32), ids, b"", b"")


# Interruptions


def test_hand_over__storage_fails_half_way__goes_on_and_sends_nothing_twice(
    replaced: ChainWorld, leaver: Custodian, heir: Custodian, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(succession, "MAX_FILES", 2)
    listed, put = replaced.contributions(), Store.put
    for _ in range(2):  # each time one record more comes through
        passed: list[str] = []

        def failing(store: Store, name: str, data: bytes, passed: list[str] = passed) -> None:
            if passed:
                raise StoreUnavailable("gone")
            passed.append(name)
            put(store, name, data)

        with monkeypatch.context() as patched:
            patched.setattr(Store, "put", failing)
            with pytest.raises(StoreUnavailable):
                hand_over(leaver, listed)
    assert hand_over(leaver, listed).sent == 5
    assert sorted(len(record.ids) for record in records(replaced)) == [1, 2, 2]
    assert take_over(heir, listed).missing == {}
    assert hand_over(leaver, listed).sent == 5
    assert len(records(replaced)) == 3


def test_hand_over__record_lost_by_storage__is_sent_again(
    replaced: ChainWorld, leaver: Custodian, heir: Custodian
) -> None:
    listed = replaced.contributions()
    hand_over(leaver, listed)
    shutil.rmtree(replaced.home / "store" / "handovers")
    assert take_over(heir, listed).kept == 0
    assert hand_over(leaver, listed).sent == 5
    assert take_over(heir, listed).kept == 5


def test_take_over__again_and_after_a_restart__keeps_each_record_once(
    replaced: ChainWorld, leaver: Custodian, heir: Custodian
) -> None:
    listed = replaced.contributions()
    hand_over(leaver, listed)
    take_over(heir, listed)
    take_over(heir, listed)
    heir.close()
    again = successor(replaced)
    assert take_over(again, listed).kept == 5
    assert events(again) == ["slot", "inherited"]
    (path,) = again.home.glob("*.handover")
    again.close()
    path.write_bytes(b"damaged")
    assert take_over(successor(replaced), listed).missing == {}


def test_custodian__folder_of_a_successor_with_another_key__refused(
    replaced: ChainWorld, leaver: Custodian, heir: Custodian
) -> None:
    hand_over(leaver, replaced.contributions())
    take_over(heir, replaced.contributions())
    heir.close()
    with pytest.raises(SlotMismatch, match="another key"):
        successor(replaced, private_key=hpke_key("third"))
    successor(replaced).close()  # and the lock was let go


def test_succession__list_of_unproved_leaves__refused(replaced: ChainWorld, leaver: Custodian, heir: Custodian) -> None:
    first: Contribution = replaced.contributions()[0]
    for forged in (first._replace(proof=()), first._replace(leaf=first.leaf._replace(units=7))):
        for side in (lambda: hand_over(leaver, [forged]), lambda: take_over(heir, [forged])):  # noqa: B023
            with pytest.raises(NotIncluded):
                side()
    assert records(replaced) == []
