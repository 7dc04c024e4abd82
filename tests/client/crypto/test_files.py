"""K-1: what was encrypted comes back at every size, and anything altered, cut, bloated or misnamed is refused whole.

given an encrypted file
  when it is opened with its key and hash    it should give the plaintext back, and only then a file appears
  when its sha256 is another                 it should be refused before anything else is looked at
  when its header is not an ordinary one     it should be refused before decrypting
  when any byte differs or is missing        it should be refused, and nothing is left behind
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pyrage
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datadao.crypto import files
from datadao.errors import DecryptionFailed, HashMismatch, HeaderRefused, InvalidArgument

CHUNK = 64 * 1024  # of the age format
KEY = bytes(range(32))
GOLDEN = bytes.fromhex(
    "6167652d656e6372797074696f6e2e6f72672f76310a2d3e20583235353139204d6e4a2b4749656d5875336a7a2f49496f70"
    "32512b316569435952344a30613659356d56635470766458490a5643324a646d78494e524f356b4a444f2f56636144363872"
    "784c3964784f38372f67765969593550772f6b0a2d3e2025275856775c2d6772656173650a746e304f697566373143703038"
    "5465696d62436a396b4c5a3668764935743646444d4933616f746c713633396731694d354670666e4f4b6151562f44386132"
    "650a37565653355833785a4647374d4b7a66537756555148666b5344344334574a56514963370a2d2d2d2063566f4e613448"
    "474b663748535630696563705a636f3668445a594d2f6f30635275695057494a2f6145450a97b562a750c8e916cd5b7c697e"
    "ae180eabb870850838b060642f8e23480347ab1d92bf44b99e"
)


def encrypted(data: bytes, secret: bytes = KEY) -> bytes:
    out = io.BytesIO()
    digest = files.encrypt(io.BytesIO(data), out, secret)
    assert digest == hashlib.sha256(out.getvalue()).digest()
    return out.getvalue()


def open_bytes(folder: Path, ciphertext: bytes, secret: bytes = KEY, file_hash: bytes | None = None) -> bytes:
    """Opens, and makes sure that failure leaves nothing behind."""
    source, target = folder / "in.age", folder / "out"
    source.write_bytes(ciphertext)
    target.unlink(missing_ok=True)
    try:
        files.decrypt(source, target, secret, file_hash or hashlib.sha256(ciphertext).digest())
    except BaseException:
        assert [path.name for path in folder.iterdir()] == ["in.age"]
        raise
    return target.read_bytes()


@settings(max_examples=25)
@given(st.sampled_from([0, 1, CHUNK, 2 * CHUNK, 3 * CHUNK]), st.integers(-2, 2), st.binary(min_size=32, max_size=32))
def test_decrypt__any_size_around_chunk_bounds__gives_the_plaintext_back_K1(
    tmp_path: Path, base: int, offset: int, secret: bytes
) -> None:
    data = hashlib.shake_128(secret).digest(max(0, base + offset))
    assert open_bytes(tmp_path, encrypted(data, secret), secret) == data


@pytest.mark.parametrize("size", [0, 1, 700, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_decrypt__file_cut_at_any_interesting_place__refused(tmp_path: Path, size: int) -> None:
    whole = encrypted(b"x" * size)
    body = len(whole) - size - 16 * max(1, -(-size // CHUNK))
    cuts = {len(whole) - 1, len(whole) - 16, len(whole) - 17, body, body - 1, body + CHUNK + 16, 0, 30}
    for cut in sorted(cut for cut in cuts if 0 <= cut < len(whole)):
        with pytest.raises((DecryptionFailed, HeaderRefused)):
            open_bytes(tmp_path, whole[:cut])


@settings(max_examples=150)
@given(st.integers(0, 2**32), st.integers(1, 255))
@example(0, 1)
@example(21, 1)  # the line break after the version
def test_decrypt__any_byte_flipped__refused_K1(tmp_path: Path, position: int, mask: int) -> None:
    whole = bytearray(GOLDEN)
    whole[position % len(whole)] ^= mask
    with pytest.raises((DecryptionFailed, HeaderRefused)):
        open_bytes(tmp_path, bytes(whole))


def test_decrypt__chunks_swapped__refused(tmp_path: Path) -> None:
    whole = encrypted(b"a" * CHUNK + b"b" * CHUNK + b"c")
    body, step = len(whole) - 2 * CHUNK - 1 - 48, CHUNK + 16
    first, second = whole[body : body + step], whole[body + step : body + 2 * step]
    with pytest.raises(DecryptionFailed):
        open_bytes(tmp_path, whole[:body] + second + first + whole[body + 2 * step :])


def test_decrypt__bytes_appended__refused(tmp_path: Path) -> None:
    with pytest.raises(DecryptionFailed):
        open_bytes(tmp_path, encrypted(b"x" * 100) + b"\0")


@given(st.binary(min_size=32, max_size=32).filter(lambda key: files.identity(key).to_public() != PUBLIC))
def test_decrypt__another_key__refused(tmp_path: Path, secret: bytes) -> None:
    with pytest.raises(DecryptionFailed):
        open_bytes(tmp_path, GOLDEN, secret)


PUBLIC = files.identity(KEY).to_public()


def test_decrypt__wrong_sha256__refused_before_the_header_is_read(tmp_path: Path) -> None:
    with pytest.raises(HashMismatch) as caught:
        open_bytes(tmp_path, b"no age file at all", file_hash=bytes(32))
    assert caught.value.expected == bytes(32)


def test_decrypt__header_with_2000_foreign_stanzas__refused_before_any_is_tried_K4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trying them takes the better part of a minute."""
    strangers = [pyrage.x25519.Identity.generate().to_public() for _ in range(2_000)]
    bomb = pyrage.encrypt(b"x", strangers)
    tried: list[object] = []
    monkeypatch.setattr(files.pyrage, "decrypt_io", lambda *args: tried.append(args))
    with pytest.raises(HeaderRefused):
        open_bytes(tmp_path, bomb)
    assert not tried


@pytest.mark.parametrize("extra", [0, 1])
def test_decrypt__header_one_byte_beyond_the_limit__refused(tmp_path: Path, extra: int) -> None:
    """An unknown stanza is legal in age and ignored, so only the guard can object to its length."""
    head, _, rest = encrypted(b"x").partition(b"\n--- ")
    filler = files.HEADER_LIMIT + extra - len(head) - len(b"\n-> \n\n--- ")
    padded = head + b"\n-> " + b"z" * filler + b"\n\n--- " + rest
    assert padded.index(b"\n--- ") + 5 == 1024 + extra
    # The padded header's MAC no longer fits, so a header that passes the guard fails in age itself.
    with pytest.raises(HeaderRefused if extra else DecryptionFailed):
        open_bytes(tmp_path, padded)


@pytest.mark.parametrize(
    "content", [b"", b"age-encryption.org/v2\n--- x", b"\n--- ", b"-----BEGIN AGE ENCRYPTED FILE-----"]
)
def test_decrypt__no_age_file__refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(HeaderRefused):
        open_bytes(tmp_path, content)


def test_decrypt__late_failure__leaves_an_earlier_result_alone(tmp_path: Path) -> None:
    source, target = tmp_path / "in.age", tmp_path / "out"
    target.write_bytes(b"earlier")
    source.write_bytes(encrypted(b"x" * 3 * CHUNK)[:-20])
    with pytest.raises(DecryptionFailed):
        files.decrypt(source, target, KEY, hashlib.sha256(source.read_bytes()).digest())
    assert target.read_bytes() == b"earlier"


def test_decrypt__golden_file__still_opens(tmp_path: Path) -> None:
    """Made once with pyrage 1.4.0: files of today stay readable by the libraries of tomorrow."""
    assert open_bytes(tmp_path, GOLDEN) == b"golden"


def test_identity__known_scalar__has_the_standard_spelling() -> None:
    assert str(files.identity(KEY)) == "AGE-SECRET-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0SWRYDWG"


def test_plaintext__is_for_its_owner_only(tmp_path: Path) -> None:
    open_bytes(tmp_path, GOLDEN)
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("size", [0, 31, 33])
def test_identity__key_of_another_length__refused(size: int) -> None:
    with pytest.raises(InvalidArgument):
        files.identity(bytes(size))


def test_new_secret__never_twice() -> None:
    assert len({files.new_secret() for _ in range(1_000)}) == 1_000


class Meter(io.RawIOBase):
    """A long source and a sink in one that remembers the largest piece it was asked for or given."""

    def __init__(self, size: int) -> None:
        self.left, self.largest = size, 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "asked for everything at once"
        count = min(size, self.left)
        self.left -= count
        self.largest = max(self.largest, count)
        return bytes(count)

    def write(self, data: bytes) -> int:
        self.largest = max(self.largest, len(data))
        return len(data)


def test_encrypt__long_stream__moves_in_small_pieces() -> None:
    source, sink = Meter(24 * 1024 * 1024), Meter(0)
    files.encrypt(source, sink, KEY)
    assert source.left == 0
    assert 0 < max(source.largest, sink.largest) <= 1024 * 1024


def test_encrypt__same_data_and_key_again__repeats_no_nonce_and_no_block_AB85() -> None:
    """age draws a file key, a nonce and with them a stream of its own for every file, also under one identity."""
    data = bytes(3 * CHUNK)
    blocks: list[bytes] = []
    for _ in range(2):
        body = encrypted(data)[-(len(data) + 3 * 16 + 16) :]
        blocks += [body[:16], *(body[at : at + 16] for at in range(16, len(body), CHUNK + 16))]
    assert len(set(blocks)) == len(blocks) == 2 * 4


@given(st.integers(0, 3 * CHUNK))
@settings(max_examples=20)
def test_encrypt__any_size__shows_the_size_and_nothing_else_about_the_data_AB90(size: int) -> None:
    """What known risks state: a ciphertext is as long as its plaintext, within a few hundred bytes a file."""
    seal = 16 * max(1, -(-size // CHUNK))
    lengths = {len(encrypted(data)) - size - seal for data in (bytes(size), b"x" * size)}
    assert max(lengths) < 500
