"""The demo's roles, each with its own key and nothing else of the others'."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import ape
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from eth_account import Account
from eth_account.signers.local import LocalAccount

from datadao.crypto.seal import public_key
from datadao.messages import eip712
from scripts._demo.survey import respondents


@dataclass(frozen=True)
class Member:
    """A respondent: an account that never holds gas money, and the answers it owns."""

    answers: bytes
    key: bytes = field(repr=False)
    address: str

    @property
    def sign(self) -> eip712.Signer:
        return eip712.signer(Account.from_key(self.key))


@dataclass(frozen=True)
class Role:
    """An attestor, custodian or company: an account, and a key that things are sealed to."""

    name: str
    account: LocalAccount
    private_key: X25519PrivateKey = field(repr=False)

    @property
    def address(self) -> str:
        return str(self.account.address)

    @property
    def hpke_key(self) -> bytes:
        return public_key(self.private_key)

    @property
    def sign(self) -> eip712.Signer:
        return eip712.signer(self.account)


@dataclass
class Heir:
    """An account that takes the place of a lost one, from the second `executable` on."""

    lost: str
    account: LocalAccount
    executable: int = 0

    @property
    def address(self) -> str:
        return str(self.account.address)


@dataclass(frozen=True)
class Actors:
    """All parties. Attestors stand in ascending order of their addresses, as the registry keeps them."""

    relayer: LocalAccount
    guardian: LocalAccount
    attestors: Sequence[Role]
    custodians: Sequence[Role]
    winner: Role
    loser: Role
    members: Sequence[Member]
    fingerprint_secret: bytes = field(repr=False)


def create_actors(count: int | None) -> Actors:
    """Fresh keys for all; `count` respondents, all 944 by default."""
    # Ape takes ten times as long to sign one of a thousand transactions.
    accounts: list[LocalAccount] = [Account.from_key(ape.accounts.test_accounts[i].private_key) for i in range(12)]
    attestors = [_party(f"attestor {i + 1}", accounts[2 + i]) for i in range(3)]
    return Actors(
        relayer=accounts[0],
        guardian=accounts[1],
        attestors=sorted(attestors, key=lambda party: int(party.address, 16)),
        custodians=[_party(f"custodian {i + 1}", accounts[5 + i]) for i in range(5)],
        winner=_party("Open Models Lab", accounts[10]),
        loser=_party("Ad Targeting Inc.", accounts[11]),
        members=[_member(answers) for answers in respondents(count)],
        fingerprint_secret=secrets.token_bytes(32),
    )


def _party(name: str, account: LocalAccount) -> Role:
    return Role(name, account, X25519PrivateKey.generate())


def _member(answers: bytes) -> Member:
    key = secrets.token_bytes(32)
    return Member(answers, key, Account.from_key(key).address)
