"""Code that goes to the data: what is agreed of a program, and what is signed about a run of it.

Custodians release file keys to attestors (`ComputeKeys`), each attestor signs how the program ended (`ComputeResult`),
confirms what came out where that is agreed (`ComputeReview`) and, once the run is paid for, hands the output to the
licensee (`ComputeOutput`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from eth_utils import keccak

from datadao.crypto.merkle import MerkleTree
from datadao.encoding import Record, domain_hash, word
from datadao.errors import InvalidArgument, Malformed, NothingToRelease
from datadao.messages.agreement import Program
from datadao.messages.bundle import Sealed, ids_hash
from datadao.messages.eip712 import Message
from datadao.messages.submission import MAX_FILES
from datadao.types import Dao

PAGE = 65_536
"""Bytes of a page of WebAssembly's memory."""
MAX_PROGRAM = 8 * 1024**2
"""Bytes of a module."""
MAX_OUTPUT = 32 * 1024**2
"""Bytes of an output."""
SHARD = 65_536
"""Records that `map` is given at a time."""
COLUMNS = ", pyarrow "
"""Between the engine's version and pyarrow's, in what is agreed for a program that reads columns."""
FUEL_STEPS = 16
"""Fuel is told in so many steps of the limit: to the unit it would say more of the data than the output may."""


class Ending(IntEnum):
    """How a run ended. Only OK has an output; of the others nothing is known but the class.

    TRAP: the program did what the engine forbids, as reading past its memory. FUEL, MEMORY, OUTPUT: it asked for more
    than agreed. WALL: its time was over. CRASH: the process is gone. INVALID: it is no program that may run at all.
    """

    OK, TRAP, FUEL, MEMORY, OUTPUT, WALL, CRASH, INVALID = range(8)


@dataclass(frozen=True)
class Limits:
    """What one run may use: `fuel` in the engine's units, `memory` and `output` in bytes, and `engine`, its name and
    exact version, because others count fuel otherwise. These are agreed. `seconds` of time are whoever runs it's own
    limit; a program with `map` and `combine` has them, and `shard` records, for each `map`.

    Raises `InvalidArgument` for what no run could have.
    """

    fuel: int
    memory: int
    output: int
    seconds: int = 3600
    shard: int = SHARD
    engine: str = "wasmtime 50.0.1"

    BOUNDS: ClassVar[Mapping[str, tuple[int, int]]] = {
        "fuel": (1, 2**63 - 1),
        "memory": (PAGE, 4 * 1024**3),
        "output": (1, MAX_OUTPUT),
        "seconds": (1, 604_800),
        "shard": (1, 2**63 - 1),
    }

    def __post_init__(self) -> None:
        for name, (least, most) in self.BOUNDS.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise InvalidArgument(f"{name} {value!r}: expected a whole number from {least} to {most}")
        if not self.engine or not self.engine.isascii() or not self.engine.isprintable() or len(self.engine) > 64:
            raise InvalidArgument(f"engine {self.engine!r}: expected a name and a version, as 'wasmtime 50.0.1'")

    @classmethod
    def agreed(cls, program: Program, seconds: int) -> Limits:
        """Those of an agreement. Raises `InvalidArgument` for what no run could have."""
        return cls(program.fuel, program.memory, program.output, seconds, engine=program.engine)

    @property
    def columns(self) -> bool:
        """Does the program read typed columns? Their bytes are pyarrow's, so that the engine names its version too."""
        return COLUMNS in self.engine

    def told(self, fuel: int) -> int:
        """What is said of the fuel that a run used: rounded up to the next step of the limit."""
        step = -(-self.fuel // FUEL_STEPS)
        return min(self.fuel, -(-fuel // step) * step)


@dataclass(frozen=True)
class ComputeKeys(Record, Sealed):
    """The shares of custodian (`committee_version`, `slot`) of up to 500 files, for one attestor of a set alone."""

    CONTRACT: ClassVar = "DatasetRegistry"
    STRUCT: ClassVar = (
        "ComputeKeys(uint256 leaseId,uint256 committeeVersion,uint256 slot,uint256 attestorSetVersion,"
        "address attestor,bytes32 idsHash,bytes32 sealedHash)"
    )
    TYPES: ClassVar = ("uint256", "uint256", "uint256", "uint256", "address", "bytes32[]", "bytes", "bytes")

    lease_id: int
    committee_version: int
    slot: int
    attestor_set_version: int
    attestor: str
    ids: tuple[bytes, ...]
    sealed: bytes
    signature: bytes

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.ids) <= MAX_FILES:
            raise Malformed(f"keys for 1 to {MAX_FILES} contributions go together, not {len(self.ids)}")

    def info(self, dao: Dao) -> bytes:
        """What `sealed` is sealed in."""
        return keys_info(
            dao, self.lease_id, self.committee_version, self.slot, self.attestor_set_version, self.attestor, self.ids
        )


@dataclass(frozen=True)
class ComputeResult(Record, Message):
    """An attestor's signed word on a run. A result counts when a threshold of the set signed one that is equal in all
    but `attestor` and `signature`. `fuel` is what `Limits.told` says; `input_block` the finalized block at which the
    set, and what belongs to the input, were looked up."""

    STRUCT: ClassVar = (
        "ComputeResult(uint256 leaseId,uint256 run,uint256 inputBlock,bytes32 inputRoot,bytes32 programHash,"
        "string engine,uint256 fuelLimit,uint256 memoryLimit,uint256 outputLimit,uint256 attestorSetVersion,"
        "uint256 ending,uint256 fuel,bytes32 commitment)"
    )
    TYPES: ClassVar = (
        *("uint256", "uint256", "uint256", "bytes32", "bytes32", "string", "uint256", "uint256", "uint256", "uint256"),
        *("uint256", "uint256", "bytes32", "address", "bytes"),
    )
    LIMIT: ClassVar = 4096

    lease_id: int
    run: int
    input_block: int
    input_root: bytes
    program_hash: bytes
    engine: str
    fuel_limit: int
    memory_limit: int
    output_limit: int
    attestor_set_version: int
    ending: int
    fuel: int
    commitment: bytes
    attestor: str
    signature: bytes

    @property
    def content(self) -> tuple[int | str | bytes, ...]:
        """What has to be equal."""
        return tuple(vars(self).values())[:-2]

    @property
    def release_root(self) -> bytes:
        """What custodians sign readiness for: keccak256 over sha256("datadao/compute/1"), programHash, inputRoot,
        commitment and run, 32 bytes each, so that a payment is for this result and no other."""
        domain = hashlib.sha256(b"datadao/compute/1").digest()
        return keccak(domain + self.program_hash + self.input_root + self.commitment + word(self.run))


@dataclass(frozen=True)
class ComputeReview(Record, Message):
    """An attestor's signed word that it looked at the output of this commitment, and that it may go out. Where the
    agreement asks for reviews, a result counts when so many attestors of the set said it."""

    STRUCT: ClassVar = "ComputeReview(uint256 leaseId,uint256 run,uint256 attestorSetVersion,bytes32 commitment)"
    TYPES: ClassVar = ("uint256", "uint256", "uint256", "bytes32", "address", "bytes")
    LIMIT: ClassVar = 4096

    lease_id: int
    run: int
    attestor_set_version: int
    commitment: bytes
    attestor: str
    signature: bytes


@dataclass(frozen=True)
class ComputeOutput(Record):
    """An output, and the key that opens its commitment, sealed to the lease's key. Unsigned: the commitment shows
    whether it is the one."""

    TYPES: ClassVar = ("uint256", "uint256", "address", "bytes")
    LIMIT: ClassVar = MAX_OUTPUT + 4096

    lease_id: int
    run: int
    attestor: str
    sealed: bytes


def keys_info(
    dao: Dao, lease_id: int, version: int, slot: int, set_version: int, attestor: str, ids: Sequence[bytes]
) -> bytes:
    """Pins a seal of shares to its lease, custodian, attestor and files, 32 bytes."""
    place = (dao.chain_id, dao.leases, lease_id, version, slot, set_version, attestor, ids_hash(ids))
    return domain_hash("datadao/compute-keys/1", *place)


def output_info(dao: Dao, lease_id: int, run: int, commitment: bytes) -> bytes:
    """Pins a sealed output to its run, 32 bytes."""
    return domain_hash("datadao/compute-output/1", dao.chain_id, dao.leases, lease_id, run, commitment)


def input_root(ids: Sequence[bytes]) -> bytes:
    """Names an input, 32 bytes: the contributions by id, in the leaves' order. Raises `NothingToRelease` for none."""
    if not ids:
        raise NothingToRelease("no contribution of the dataset may be computed on; the lease should be ended")
    return domain_hash("datadao/compute-input/1", MerkleTree(list(ids)).root)


def run_key(secret: bytes, dao: Dao, lease_id: int, run: int, root: bytes, program: bytes) -> bytes:
    """The key of a run's commitment, which the attestors share and their secret cannot be learned from, 32 bytes."""
    about = domain_hash("datadao/compute-run/1", dao.chain_id, dao.leases, lease_id, run, root, program)
    return hmac.new(secret, about, hashlib.sha256).digest()


def commit(key: bytes, ending: Ending, output: bytes) -> bytes:
    """What is signed of an output before it is paid for, 32 bytes: a plain hash of a small one could be guessed."""
    return hmac.new(key, bytes([ending]) + output, hashlib.sha256).digest()
