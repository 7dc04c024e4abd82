"""Contributing: a file is encrypted for those who serve now, stored, and its submission signed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import BinaryIO

from datadao.crypto import files
from datadao.crypto.envelope import Context, wrap
from datadao.crypto.seal import seal
from datadao.errors import StoreUnavailable
from datadao.messages import eip712
from datadao.messages.submission import SUBMIT_DOMAIN, Submission
from datadao.storage.store import Store
from datadao.types import Committee, Dao, Party


def contribute(
    source: BinaryIO,
    *,
    dao: Dao,
    dataset_id: int,
    contributor: str,
    committee: Committee,
    attestors: Sequence[Party],
    store: Store,
    signer: eip712.Signer,
) -> Submission:
    """Encrypts, stores file and envelope, signs. The key exists only inside this call; no plaintext touches the disk.

    Constant memory. Interrupted at any point it has registered nothing, and running it again makes a fresh submission.
    """
    secret = files.new_secret()
    with files.on_disk("the encrypted copy"), tempfile.TemporaryFile() as ciphertext:
        file_hash = files.encrypt(source, ciphertext, secret)
        ciphertext.seek(0)
        if store.put_file(ciphertext) != file_hash:
            raise StoreUnavailable("local scratch space gave back other bytes than were written; check the disk")
    context = Context(dao, dataset_id, committee.version, contributor, file_hash)
    envelope, shares = wrap(secret, context, committee)
    envelope_hash = store.put_bytes(envelope.encode())
    opening = secret + b"".join(shares)
    seals = tuple(seal(opening, party.hpke_key, context.info(i, SUBMIT_DOMAIN)) for i, party in enumerate(attestors))
    return Submission(dataset_id, contributor, file_hash, envelope_hash, b"", seals).signed(dao, signer)
