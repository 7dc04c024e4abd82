"""What members sign for others to send: ballots, claims, erasures, and the messages of a succession.

Each is a record that lies on the board until a relay sends it, or it is stale. Whoever relays one chooses nothing but
whether and when. Ballots, erasures and heirs' messages are what the contracts take; a claim any account may send, and
the signature tells a relay that a member wants it paid for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from datadao.encoding import Record
from datadao.errors import InvalidArgument, Malformed
from datadao.messages import heirs
from datadao.messages.eip712 import TypedData, typed_data

BALLOT = "Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)"
REASONED = "ExtendedBallot(uint256 proposalId,uint8 support,address voter,uint256 nonce,string reason,bytes params)"
CLAIM = "ClaimRequest(address account,uint48 deadline)"
ERASE = "Erase(uint256 batchId,bytes32 fingerprint,uint48 deadline)"
MAX_REASON = 1000
"""Bytes of a reason: others pay for it."""
MAX_SIGNATURE = 4096
"""Bytes. A key's has 65; a contract wallet's as many as it likes, which others pay for."""


@dataclass(frozen=True)
class Domains:
    """What the messages are bound to; names of token and governor are chosen at deployment."""

    chain_id: int
    registry: str
    governor: str
    token: str
    token_name: str
    governor_name: str

    def of_registry(self, struct: str, *values: Any) -> TypedData:
        return typed_data("DatasetRegistry", self.chain_id, self.registry, struct, *values)

    def of_governor(self, struct: str, *values: Any) -> TypedData:
        return typed_data(self.governor_name, self.chain_id, self.governor, struct, *values)

    def of_token(self, struct: str, *values: Any) -> TypedData:
        return typed_data(self.token_name, self.chain_id, self.token, struct, *values)


@dataclass(frozen=True)
class Request(Record):
    """Base of the records; `KIND` is its name on the board and at a desk, whose JSON has the fields in camel case."""

    KIND: ClassVar[str]
    LIMIT: ClassVar = 16 * 1024

    @property
    def id(self) -> bytes:
        """32 bytes: the sha256 of the record."""
        return hashlib.sha256(self.encode()).digest()

    @property
    def signer(self) -> str:
        """Whose signature it has to bear."""
        raise NotImplementedError

    def typed(self, domains: Domains) -> TypedData:
        """What is signed."""
        raise NotImplementedError

    @property
    def document(self) -> dict[str, Any]:
        """As a desk takes it."""
        found = {_camel(field.name): getattr(self, field.name) for field, _ in _typed_fields(type(self))}
        shown = {name: "0x" + value.hex() if isinstance(value, bytes) else value for name, value in found.items()}
        # Ids of proposals are longer than what JSON's readers take for a number.
        return {name: str(value) if name == "proposalId" else value for name, value in shown.items()}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Of what a desk was given. Raises `InvalidArgument` for a value that no such field can have."""
        values = [_value(kind, document.get(_camel(field.name), "")) for field, kind in _typed_fields(cls)]
        made = cls(*values)
        try:
            return cls.decode(made.encode())
        except Malformed as error:
            raise InvalidArgument(str(error)) from error


@dataclass(frozen=True)
class SignedBallot(Request):
    """`support` is 0 against, 1 for, 2 abstain; an empty reason is none."""

    KIND: ClassVar = "ballot"
    TYPES: ClassVar = ("uint256", "uint8", "address", "string", "bytes")

    proposal_id: int
    support: int
    voter: str
    reason: str
    signature: bytes

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.support > 2 or len(self.reason.encode()) > MAX_REASON or len(self.signature) > MAX_SIGNATURE:
            raise Malformed(f"a ballot supports 0, 1 or 2, with at most {MAX_REASON} bytes of reason")

    @property
    def signer(self) -> str:
        return self.voter

    def typed(self, domains: Domains) -> TypedData:
        values = (self.proposal_id, self.support, self.voter, 0)
        if self.reason:
            return domains.of_governor(REASONED, *values, self.reason, b"")
        return domains.of_governor(BALLOT, *values)


@dataclass(frozen=True)
class Timed(Request):
    """Base of those of an `account` that end at a `deadline`, Unix seconds."""

    @property
    def signer(self) -> str:
        return str(self.account)  # type: ignore[attr-defined]  # a field of each subclass

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.signature) > MAX_SIGNATURE:  # type: ignore[attr-defined]  # likewise
            raise Malformed(f"a signature of more than {MAX_SIGNATURE} bytes")


@dataclass(frozen=True)
class ClaimRequest(Timed):
    """The account wants its contributions claimed and its income paid."""

    KIND: ClassVar = "claim"
    TYPES: ClassVar = ("address", "uint48", "bytes")

    account: str
    deadline: int
    signature: bytes

    def typed(self, domains: Domains) -> TypedData:
        return domains.of_registry(CLAIM, self.account, self.deadline)


@dataclass(frozen=True)
class ErasureRequest(Timed):
    """`account` is the contributor, or the holder that took its place."""

    KIND: ClassVar = "erasure"
    TYPES: ClassVar = ("address", "uint256", "bytes32", "uint48", "bytes")

    account: str
    batch_id: int
    fingerprint: bytes
    deadline: int
    signature: bytes

    def typed(self, domains: Domains) -> TypedData:
        return domains.of_registry(ERASE, self.batch_id, self.fingerprint, self.deadline)


@dataclass(frozen=True)
class HeirBinding(Timed):
    """`account` names its heir; `nonce` is its next one at the token."""

    KIND: ClassVar = "heir-bind"
    TYPES: ClassVar = ("address", "address", "uint256", "uint256", "uint48", "bytes")

    account: str
    heir: str
    delay_days: int
    nonce: int
    deadline: int
    signature: bytes

    def typed(self, domains: Domains) -> TypedData:
        return domains.of_token(heirs.BIND, self.account, self.heir, self.delay_days, self.nonce, self.deadline)


@dataclass(frozen=True)
class HeirUnbinding(Timed):
    """`account` has no heir any more."""

    KIND: ClassVar = "heir-unbind"
    TYPES: ClassVar = ("address", "uint256", "uint48", "bytes")

    account: str
    nonce: int
    deadline: int
    signature: bytes

    def typed(self, domains: Domains) -> TypedData:
        return domains.of_token(heirs.UNBIND, self.account, self.nonce, self.deadline)


@dataclass(frozen=True)
class HeirOpening(Timed):
    """`heir` opens the succession of `account`; the nonce is the heir's."""

    KIND: ClassVar = "heir-open"
    TYPES: ClassVar = ("address", "address", "uint256", "uint48", "bytes")

    account: str
    heir: str
    nonce: int
    deadline: int
    signature: bytes

    @property
    def signer(self) -> str:
        return self.heir

    def typed(self, domains: Domains) -> TypedData:
        return domains.of_token(heirs.OPEN, self.account, self.heir, self.nonce, self.deadline)


@dataclass(frozen=True)
class HeirVeto(Timed):
    """`account` ends the opening of the second `opened_at`; it has no deadline and dies with that opening."""

    KIND: ClassVar = "heir-veto"
    TYPES: ClassVar = ("address", "uint48", "bytes")

    account: str
    opened_at: int
    signature: bytes

    def typed(self, domains: Domains) -> TypedData:
        return domains.of_token(heirs.VETO, self.account, self.opened_at)


KINDS: dict[str, type[Request]] = {
    kind.KIND: kind
    for kind in (SignedBallot, ClaimRequest, ErasureRequest, HeirBinding, HeirUnbinding, HeirOpening, HeirVeto)
}
"""By the name on the board."""


def _typed_fields(cls: type[Request]) -> list[tuple[Any, str]]:
    return list(zip(fields(cls), cls.TYPES, strict=True))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _value(kind: str, given: Any) -> Any:
    if kind.startswith("uint"):
        value = int(given)
        if not 0 <= value < 2 ** int(kind.removeprefix("uint")):
            raise InvalidArgument(f"{given} is no {kind}")
        return value
    return bytes.fromhex(given[2:]) if kind.startswith("bytes") else given
