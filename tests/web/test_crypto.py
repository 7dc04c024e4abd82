"""K-8: what a browser encrypts opens in Python, and the reverse, at every size around chunk bounds.

given the page's sources, run by Node, and this client
  when one encrypts a file for a committee and attestors
    it should open for the other: file, envelope, every share, seal and signature
    it should open for nobody in another context
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from eth_account import Account

from assurance.harness.browser.page import bundle
from assurance.harness.dao.parties import COMMITTEE_VERSION, DAO, DATASET, Parties
from datadao.contributor import contribute
from datadao.crypto import files
from datadao.crypto.envelope import Context, Envelope, check_shares, open_wrap, recover
from datadao.crypto.seal import unseal
from datadao.errors import UnsealFailed
from datadao.messages.eip712 import signed_by, signer
from datadao.messages.submission import SUBMIT_DOMAIN, Submission
from datadao.storage.store import Store
from datadao.types import Committee

CHUNK = 64 * 1024  # of the age format
SIZES = (0, 1, 300, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 5 * CHUNK)
CUSTODIANS, ATTESTORS = Parties("custodian", 5), Parties("attestor", 3)
COMMITTEE = Committee(COMMITTEE_VERSION, 3, CUSTODIANS.parties)
CONTRIBUTOR = Account.from_key(hashlib.sha256(b"a contributor with a browser").digest())


def plaintext(size: int) -> bytes:
    return hashlib.shake_128(b"%d" % size).digest(size)


@dataclass(frozen=True)
class Exchange:
    """A folder in which both sides have left what the other is to open."""

    folder: Path

    def read(self, name: str, ending: str) -> bytes:
        return (self.folder / f"{name}.{ending}").read_bytes()


@pytest.fixture(scope="module")
def exchanged(tmp_path_factory: pytest.TempPathFactory) -> Exchange:
    folder = tmp_path_factory.mktemp("exchange")
    program = folder / "crypto.mjs"
    bundle("test/crypto.ts", program)
    store = Store("memory://")
    for size in SIZES:
        (folder / f"web-{size}.plain").write_bytes(plaintext(size))
        submission = contribute(
            io.BytesIO(plaintext(size)),
            dao=DAO,
            dataset_id=DATASET,
            contributor=CONTRIBUTOR.address,
            committee=COMMITTEE,
            attestors=ATTESTORS.parties,
            store=store,
            signer=signer(CONTRIBUTOR),
        )
        store.get_file(submission.file_hash, folder / f"python-{size}.age")
        (folder / f"python-{size}.envelope").write_bytes(store.get(submission.envelope_hash))
        (folder / f"python-{size}.submission").write_bytes(submission.encode())
    keys = [key.private_bytes_raw().hex() for key in CUSTODIANS.keys]
    given = {
        "chainId": DAO.chain_id,
        "registry": DAO.registry,
        "datasetId": DATASET,
        "key": "0x" + CONTRIBUTOR.key.hex().removeprefix("0x"),
        "committee": {
            "version": COMMITTEE.version,
            "threshold": COMMITTEE.threshold,
            "custodians": ["0x" + party.hpke_key.hex() for party in COMMITTEE.custodians],
        },
        "attestors": ["0x" + party.hpke_key.hex() for party in ATTESTORS.parties],
        "encrypt": [str(folder / f"web-{size}") for size in SIZES],
        "open": [str(folder / f"python-{size}") for size in SIZES],
        "custodianKeys": {slot: f"0x{keys[slot]}" for slot in (1, 2, 4)},
        "attestorKey": "0x" + ATTESTORS.keys[0].private_bytes_raw().hex(),
    }
    (folder / "given.json").write_text(json.dumps(given))
    subprocess.run(["node", program, folder / "given.json"], check=True, timeout=120)
    return Exchange(folder)


@pytest.mark.parametrize("size", SIZES)
def test_file__encrypted_by_the_page__opens_for_committee_and_attestors_in_python_K8(
    exchanged: Exchange, tmp_path: Path, size: int
) -> None:
    name, data = f"web-{size}", exchanged.read(f"web-{size}", "age")
    submission = Submission.decode(exchanged.read(name, "submission"))
    envelope = Envelope.decode(exchanged.read(name, "envelope"))
    assert (submission.contributor, submission.dataset_id) == (CONTRIBUTOR.address, DATASET)
    assert submission.file_hash == hashlib.sha256(data).digest() == envelope.file_hash
    assert submission.envelope_hash == envelope.hash
    assert signed_by(CONTRIBUTOR.address, submission.typed(DAO), submission.signature)
    envelope.fits(COMMITTEE)

    context = Context(DAO, DATASET, COMMITTEE_VERSION, CONTRIBUTOR.address, submission.file_hash)
    shares = {slot: open_wrap(envelope, context, slot, key) for slot, key in enumerate(CUSTODIANS.keys)}
    sets = ((0, 1, 2), (0, 2, 4), (2, 3, 4))
    secrets = {recover(envelope, context, {s: shares[s] for s in some})[0] for some in sets}
    (secret,) = secrets
    for i, key in enumerate(ATTESTORS.keys):
        opening = unseal(submission.seals[i], key, context.info(i, SUBMIT_DOMAIN))
        assert opening == secret + b"".join(shares.values())
    check_shares(envelope, context, secret, tuple(shares.values()))

    files.decrypt(exchanged.folder / f"{name}.age", tmp_path / "plain", secret, submission.file_hash)
    assert (tmp_path / "plain").read_bytes() == plaintext(size)


@pytest.mark.parametrize("size", SIZES)
def test_file__encrypted_in_python__opens_by_the_pages_code_K8(exchanged: Exchange, size: int) -> None:
    assert exchanged.read(f"python-{size}", "opened") == plaintext(size)


def test_file__of_the_page_in_another_context__opens_for_no_custodian(exchanged: Exchange) -> None:
    envelope = Envelope.decode(exchanged.read("web-300", "envelope"))
    context = Context(DAO, DATASET, COMMITTEE_VERSION, CONTRIBUTOR.address, envelope.file_hash)
    for slot, key in enumerate(CUSTODIANS.keys):
        for elsewhere in (replace(context, dataset_id=DATASET + 1), replace(context, contributor="0x" + "d4" * 20)):
            with pytest.raises(UnsealFailed):
                open_wrap(envelope, elsewhere, slot, key)


def test_files__of_one_plaintext__share_no_key_and_no_byte_of_it(exchanged: Exchange) -> None:
    size = 5 * CHUNK
    data, clear = exchanged.read(f"web-{size}", "age"), plaintext(size)
    assert not any(clear[i : i + 16] in data for i in range(0, size, 4096))
    assert exchanged.read("web-0", "submission") != exchanged.read("web-1", "submission")
