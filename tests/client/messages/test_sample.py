"""What is drawn of a batch: by the block alone, whoever draws and in whatever order; of a file only with consent."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from assurance.harness.dao.parties import DAO
from datadao.attestor.samples import agreed, counted
from datadao.errors import Malformed
from datadao.messages import eip712
from datadao.messages.manifest import Manifest
from datadao.messages.sample import FILES, LARGEST, LINES, Consent, Sample, draw, drawn, shown
from datadao.records import ValidRecord
from datadao.types import Leaf

BLOCK, OTHER = b"\1" * 32, b"\2" * 32
NAMES = [bytes([number]) * 32 for number in range(1, 101)]
ATTESTORS = [f"0x{digit * 40}" for digit in "123"]


def records(*lines: int, size: int = 0) -> Iterator[ValidRecord]:
    for number in lines:
        value = {"n": number} | ({"x": "y" * size} if size else {})
        yield ValidRecord(number, value, json.dumps(value).encode())


def anyone(signer: str, data: eip712.TypedData, signature: bytes) -> bool:
    """Signatures that say whose they are."""
    return signature == signer.encode()


def sample(name: bytes, content: bytes, attestor: str, block: bytes = BLOCK, batch: int = 1) -> Sample:
    return Sample(batch, name, block, content, attestor, attestor.encode())


def test_drawn__is_the_blocks_choice__whatever_the_order() -> None:
    first = drawn(BLOCK, NAMES)
    assert len(first) == FILES and drawn(BLOCK, reversed(NAMES)) == first and drawn(OTHER, NAMES) != first
    without = [name for name in NAMES if name != first[3]]
    assert drawn(BLOCK, without)[:9] == [*first[:3], *first[4:]], "a refusal moves no one else out"
    assert len({drawn(bytes([number]) * 32, NAMES)[0] for number in range(100)}) > 50


def test_draw__of_a_file__is_the_blocks_choice_of_its_small_records() -> None:
    chosen = draw(BLOCK, NAMES[0], records(*range(1, 1001)))
    assert len(chosen.splitlines()) == LINES and chosen != draw(OTHER, NAMES[0], records(*range(1, 1001)))
    assert chosen == draw(BLOCK, NAMES[0], reversed(list(records(*range(1, 1001)))))
    assert chosen != draw(BLOCK, NAMES[1], records(*range(1, 1001)))
    assert draw(BLOCK, NAMES[0], records(1, size=LARGEST)) == b""
    assert draw(BLOCK, NAMES[0], [*records(1, size=LARGEST), *records(2)]) == b'{"n": 2}'


def test_shown__first_records_before_second_ones__ten_of_a_batch() -> None:
    found = list(shown(sample(name, b"1\n2", ATTESTORS[0]) for name in drawn(BLOCK, NAMES)[:6]))
    assert [record for _, record in found] == [b"1"] * 6 + [b"2"] * 4
    assert len(list(shown(sample(name, b"1\n2", ATTESTORS[0]) for name in NAMES))) == FILES


def test_counted__takes_what_enough_attestors_signed_alike_of_this_batch_and_block() -> None:
    same = [sample(NAMES[0], b"1", attestor) for attestor in ATTESTORS[:2]]
    alone = [sample(NAMES[1], b"1", ATTESTORS[0]), sample(NAMES[1], b"2", ATTESTORS[1])]
    stranger = [sample(NAMES[2], b"1", ATTESTORS[0]), sample(NAMES[2], b"1", "0x" + "9" * 40)]
    forged = [sample(NAMES[3], b"1", ATTESTORS[0]), Sample(1, NAMES[3], BLOCK, b"1", ATTESTORS[1], b"")]
    elsewhere = [sample(NAMES[4], b"1", one, OTHER) for one in ATTESTORS] + [
        sample(NAMES[5], b"1", one, batch=2) for one in ATTESTORS
    ]
    twice = [sample(NAMES[6], b"1", ATTESTORS[0])] * 2
    given = [*same, *alone, *stranger, *forged, *elsewhere, *twice]
    found = counted(DAO, given, 1, BLOCK, set(ATTESTORS), 2, anyone)
    assert [item.contribution for item in found] == [NAMES[0]]


def test_agreed__takes_what_its_own_contributor_signed_for_this_dataset() -> None:
    one, two = ATTESTORS[:2]
    leaves = tuple(Leaf(owner, NAMES[n], NAMES[n + 3], NAMES[n + 6], 1, 1) for n, owner in enumerate((one, two, one)))
    manifest = Manifest(DAO, 1, 1, leaves)
    consents = [
        Consent(1, one, NAMES[3], one.encode()),
        Consent(1, one, NAMES[4], one.encode()),  # another's file
        Consent(2, one, NAMES[5], one.encode()),  # another dataset
        Consent(1, two, NAMES[4], one.encode()),  # another's signature
    ]
    assert list(agreed(DAO, consents, manifest, anyone).values()) == [leaves[0]]


def test_sample__too_long__is_not_read() -> None:
    data = sample(NAMES[0], b"x" * (2 * LINES * LARGEST), ATTESTORS[0]).encode()
    with pytest.raises(Malformed, match="at most"):
        Sample.decode(data)
