"""Encryption keys of a local DAO, for tests and the demo: derived from public text, so everybody holds them.

`deploy-config/local.yaml` names the public halves. Never use either half for data that matters.
"""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from datadao.crypto.seal import public_key
from datadao.errors import InvalidArgument

ATTESTORS = tuple(f"attestor-{i}" for i in range(3))
CUSTODIANS = tuple(f"custodian-{i}" for i in range(5))
"""Roles in the order in which the local configuration lists them."""


def local_key(role: str) -> bytes:
    """Private X25519 key, 32 bytes, of a role of the local DAO."""
    if role not in ATTESTORS + CUSTODIANS:
        raise InvalidArgument(f"no role {role!r} in the local DAO; there are {', '.join(ATTESTORS + CUSTODIANS)}")
    return sha256(f"datadao/local/{role}".encode()).digest()


def local_public_key(role: str) -> bytes:
    """The public half of `local_key`, as on chain."""
    return public_key(X25519PrivateKey.from_private_bytes(local_key(role)))
