"""The DAO handle: what its contracts answer, and the steps people take with them, over web3 and from any account.

It holds no rule of the protocol: contracts refuse what they refuse, and their custom errors reach the caller as
`Reverted`. Amounts are asset units, times Unix seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from datadao.chain.codec import CONTRACTS
from datadao.chain.connection import Web3, ask
from datadao.chain.reverts import try_call
from datadao.chain.rpc import Call, read_block, read_named
from datadao.chain.transactions import Account, Mined, send
from datadao.encoding import address
from datadao.errors import InvalidArgument
from datadao.messages import eip712
from datadao.messages.batch import Batch, Policy
from datadao.types import Committee, Contribution, Dao, Party, Vote

if TYPE_CHECKING:
    from datadao.messages.submission import Submission
    from datadao.profile import Profile
    from datadao.storage.store import Store

BALLOT = "Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)"

PUBLIC = Path(__file__).parent / "deployments"
"""Records of public chains, shipped with the package; there is none before the first such deployment."""

_PATIENCE = 300.0
"""Seconds to wait until a transaction is mined."""


@dataclass(frozen=True)
class Terms:
    """What a licensee asks for. `purposes` is a mask with a bit for each use, `price_per_period` and `bond` are asset
    units, `period_length` seconds, `royalty_bps` basis points of a model's sales, `min_shares` the least shares the
    dataset's pool must have for an instalment to be paid, `agreement_hash` 32 bytes, zero for no further agreement."""

    dataset_id: int
    purposes: int
    price_per_period: int
    period_length: int
    periods: int
    bond: int
    royalty_bps: int = 0
    exclusive: bool = False
    min_shares: int = 0
    agreement_hash: bytes = bytes(32)

    @property
    def escrow(self) -> int:
        """Asset units that a request pulls: all rent and the bond."""
        return self.price_per_period * self.periods + self.bond


class DataDAO:
    """One DAO on the chain of `web3`; `datadao.connect` gives a connection that bears with a busy node.

    `addresses` are those of its eight contracts by key: `timelock`, `brake`, `token`, `splitter`, `governor`, `leases`,
    `models`, `registry`. `since` is the first block that can hold an event of it, `confirmations` the number of blocks
    that have to follow a transaction before it counts as mined. Raises `InvalidArgument` for addresses that are missing
    or malformed, `NodeRefused`.

    Methods with a `sender` send one transaction and wait at most five minutes until it is mined. They raise `Reverted`
    before anything is sent, `AccountRefused` when the sender does not sign, `TransactionFailed` where it is known to
    have failed, and `NotMined` with its hash where it may still be mined: do not send it again then. Reading raises
    `NodeRefused`, and `Reverted` where a view does.
    """

    def __init__(self, addresses: Mapping[str, str], web3: Web3, since: int = 0, confirmations: int = 0) -> None:
        if missing := CONTRACTS.keys() - addresses.keys():
            raise InvalidArgument(f"addresses of {', '.join(sorted(missing))} are missing; take a deployment record")
        self.web3, self.since, self.confirmations = web3, since, confirmations
        self.addresses = {key: address(addresses[key]) for key in CONTRACTS}
        self.id = Dao(_chain_id(self.web3), self.addresses["registry"], self.addresses["leases"])

    @classmethod
    def recorded(cls, path: Path, web3: Web3, confirmations: int = 0) -> DataDAO:
        """The newest deployment that `ape run deploy` recorded in this file, or in this folder for the chain of `web3`.

        `PUBLIC` is the folder of the public chains which this package was released with.

        Raises `InvalidArgument` if there is none, or if it is of another chain; `NodeRefused`.
        """
        chain_id = _chain_id(web3)
        path = path / f"{chain_id}.json" if path.is_dir() else path
        if not path.exists():
            raise InvalidArgument(f"no deployment recorded in {path}; `ape run deploy` writes it")
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            newest, of = record["deployments"][-1]["contracts"], (record["chain_id"], record["genesis"])
            found = {key: newest[name] for key, name in CONTRACTS.items()}
            addresses = {key: entry["address"] for key, entry in found.items()}
            since = min(entry["block"] for entry in found.values())
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise InvalidArgument(f"{path} is no deployment record; take one that `ape run deploy` wrote") from error
        if of != (chain_id, "0x" + read_block(web3, 0).hash.hex()):
            raise InvalidArgument(
                f"{path} is of another chain {of[0]}, and the node is of chain {chain_id}; "
                "check the network (or, of a local node that started anew, deploy again)"
            )
        return cls(addresses, web3, since, confirmations)

    @classmethod
    def configured(cls, profile: Profile, web3: Web3, confirmations: int = 0) -> DataDAO:
        """The DAO of a role's folder, once it is certain that its contracts are on the chain of `web3`.

        Raises `ProfileRefused`, `InvalidArgument`, `NodeRefused`.
        """
        where = profile.needed("deployment")
        if isinstance(where, str):
            dao = cls.recorded(profile.path(where), web3, confirmations)
        else:
            dao = cls(where, web3, confirmations=confirmations)
        if ask(dao.web3, "eth_getCode", dao.addresses["registry"], "latest") == "0x":
            raise InvalidArgument(
                f"no contract at {dao.addresses['registry']} on chain {dao.id.chain_id}; "
                "check `network` and `deployment` of the configuration"
            )
        return dao

    # Reading

    def read(self, key: str, function: str, *arguments: Any, block: int | None = None) -> Any:
        """What a view answers at a block, the latest unless said: structs and several results as named tuples,
        addresses checksummed.

        Raises `Reverted`, `NodeRefused`.
        """
        return self.read_at(self.addresses[key], CONTRACTS[key], function, *arguments, block=block)

    def read_at(self, address: str, contract: str, function: str, *arguments: Any, block: int | None = None) -> Any:
        """The same of any address, by the ABI of one of the contracts."""
        call = Call(address, contract, function, arguments, f"{contract}.{function}")
        return call.named(try_call(self.web3, None, call, "latest" if block is None else hex(block)))

    def read_together(self, asked: Iterable[tuple[Any, ...]], block: int | None = None) -> list[Any]:
        """What views answer, each given as key, function and arguments, in few requests, all at one block."""
        at = read_block(self.web3, "latest").number if block is None else block
        return read_named(self.web3, [self.call(*question) for question in asked], at)

    def committee(self, version: int | None = None) -> Committee:
        """The custodians of a version, the current one unless given, at the latest block."""
        version = version or self.read("registry", "committeeVersion")
        custodians, threshold = self.read("registry", "committee", version)
        return Committee(version, threshold, tuple(Party(*custodian) for custodian in custodians))

    def attestors(self) -> tuple[Party, ...]:
        """The current attestor set, in the order of its slots, at the latest block."""
        members, _ = self.read("registry", "attestors", self.read("registry", "attestorSetVersion"))
        return tuple(Party(*member) for member in members)

    def policy(self, dataset_id: int) -> Policy:
        """What of the current policy decides shares."""
        version = self.read("registry", "dataset", dataset_id).policyVersion
        policy = self.read("registry", "policy", dataset_id, version)
        return Policy(version, policy.sharesPerUnit, policy.minQuality)

    # Contributing

    def contribute(self, source: BinaryIO, dataset_id: int, store: Store, account: Account) -> Submission:
        """Encrypts a file for the present custodians and attestors, stores it and signs the submission to hand in.

        No transaction: attestors register what they accept. Raises `StoreError`, `AccountRefused`, `NodeRefused`;
        `InvalidArgument` for a file that cannot be read.
        """
        from datadao.contributor import contribute  # with what encrypts, which reading and voting do without

        return contribute(
            source,
            dao=self.id,
            dataset_id=dataset_id,
            contributor=str(account.address),
            committee=self.committee(),
            attestors=self.attestors(),
            store=store,
            signer=eip712.signer(account),
        )

    # Sending

    def publish(
        self, batch: Batch, signatures: Mapping[str, bytes], manifest_uri: str, sender: Account
    ) -> tuple[int, Mined]:
        """Registers a signed batch; `signatures` by signer. Returns its id and the transaction."""
        arguments = tuple(vars(batch).values()), ordered(signatures), manifest_uri
        mined = self.send("registry", "publish", *arguments, sender=sender)
        return self._event(mined, "registry", "BatchPublished")["batchId"], mined

    def request(self, terms: Terms, hpke_key: bytes, text: str, sender: Account) -> tuple[int, int, Mined]:
        """Escrows and opens the vote; the caller has approved `terms.escrow` of the asset to `leases`.

        Returns lease id, proposal id and the transaction.
        """
        mined = self.send("leases", "request", tuple(vars(terms).values()), hpke_key, text, sender=sender)
        fields = self._event(mined, "leases", "LeaseRequested")
        return fields["leaseId"], fields["proposalId"], mined

    def accept(
        self, offer_id: int, terms_hash: bytes, hpke_key: bytes, max_cost: int, sender: Account
    ) -> tuple[int, Mined]:
        """Takes a standing offer; the caller has approved rent and bond, `max_cost` at most, to `leases`.

        `terms_hash` is `terms_hash` of the terms that the caller read: other ones are refused. Returns the lease id and
        the transaction.
        """
        mined = self.send("leases", "accept", offer_id, terms_hash, hpke_key, max_cost, sender=sender)
        return self._event(mined, "leases", "OfferAccepted")["leaseId"], mined

    def terms_hash(self, terms: Terms) -> bytes:
        """What `accept` takes, as the leases contract computes it."""
        return bytes(self.read("leases", "hashTerms", tuple(vars(terms).values())))

    def start(self, lease_id: int, sender: Account) -> Mined:
        """The licensee starts its approved lease without waiting for custodians: it pays before keys are ready."""
        return self.send("leases", "start", lease_id, sender=sender)

    def pay(self, lease_id: int, sender: Account) -> Mined:
        """Pays the next instalment out of the lease's escrow; any account may, around the end of a period."""
        return self.send("leases", "payInstalment", lease_id, sender=sender)

    def end(self, lease_id: int, sender: Account) -> Mined:
        """No further instalment; paid access runs on, unspent rent is returnable."""
        return self.send("leases", "end", lease_id, sender=sender)

    def vote(self, proposal_id: int, support: Vote, sender: Account, reason: str = "") -> Mined:
        """Votes with what the sender held at the proposal's snapshot."""
        return self.send("governor", "castVoteWithReason", proposal_id, support, reason, sender=sender)

    def claim(self, item: Contribution, sender: Account) -> Mined:
        """Hands a contribution's shares and tokens to its contributor; any account may send it."""
        return self.send("registry", "claim", item.batch_id, tuple(item.leaf), list(item.proof), sender=sender)

    def erase(self, item: Contribution, sender: Account) -> Mined:
        """Erases a contribution of the sender's, claimed or not; what it earned stays claimable."""
        return self.send("registry", "erase", item.batch_id, tuple(item.leaf), list(item.proof), sender=sender)

    def claim_revenue(self, account: str, pools: Sequence[int], sender: Account) -> tuple[int, Mined]:
        """Pays `account` what it is owed in the pools (0 is the commons, d is dataset d); any account may send it.

        Returns the asset units paid and the transaction.
        """
        mined = self.send("splitter", "claim", account, list(pools), sender=sender)
        paid = mined.events("splitter", "Claimed", self.addresses["splitter"])
        return sum(event.fields["amount"] for event in paid), mined

    def queue(self, lease_id: int, sender: Account) -> Mined:
        """Queues a lease's succeeded proposal, rebuilt from the lease."""
        return self.send("governor", "queue", *self.read("leases", "proposalOf", lease_id), sender=sender)

    def execute(self, lease_id: int, sender: Account) -> Mined:
        """Executes a lease's queued proposal once its delay is over."""
        return self.send("governor", "execute", *self.read("leases", "proposalOf", lease_id), sender=sender)

    def confirm_delivery(
        self, lease_id: int, release_root: bytes, signatures: Mapping[str, bytes], sender: Account
    ) -> Mined:
        """Starts an approved lease with custodians' readiness signatures, by signer."""
        return self.send("leases", "confirmDelivery", lease_id, release_root, ordered(signatures), sender=sender)

    def send(self, key: str, function: str, *arguments: Any, sender: Account, seconds: float = _PATIENCE) -> Mined:
        """Any function of the contract with this key, structs as tuples."""
        return send(self.web3, self.call(key, function, *arguments), sender, seconds=seconds,
                    confirmations=self.confirmations)  # fmt: skip

    def _event(self, mined: Mined, key: str, name: str) -> dict[str, Any]:
        return mined.events(key, name, self.addresses[key])[0].fields

    def ballot(self, proposal_id: int, support: int, voter: str, nonce: int) -> eip712.TypedData:
        """EIP-712 data that a member signs to vote without a transaction of its own; relay it with `ballot_call`."""
        place = self.read("governor", "name"), self.id.chain_id, self.addresses["governor"]
        return eip712.typed_data(*place, BALLOT, proposal_id, support, voter, nonce)

    # Many at once

    def call(self, key: str, function: str, *arguments: Any, what: str = "") -> Call:
        """A call for `send_many`; structs as tuples."""
        return Call(self.addresses[key], CONTRACTS[key], function, arguments, what or function)

    def claim_call(self, item: Contribution) -> Call:
        """Hands a contribution's shares and tokens to its contributor; any account may send it."""
        arguments = item.batch_id, tuple(item.leaf), list(item.proof)
        return self.call("registry", "claim", *arguments, what=f"claim for {item.leaf.contributor}")

    def ballot_call(self, proposal_id: int, support: int, voter: str, signature: bytes) -> Call:
        """Casts a signed ballot; any account may send it."""
        return self.call("governor", "castVoteBySig", proposal_id, support, voter, signature, what=f"ballot of {voter}")

    def send_many(
        self,
        calls: Sequence[Call],
        sender: Account,
        progress: Callable[[int], None] = lambda _: None,
        *,
        max_fee: int | None = None,
        tip: int | None = None,
    ) -> list[Mined]:
        """Sends independent calls from one account, many in flight; returns what became of each, in order.

        Every call is tried before the first is sent. `max_fee` and `tip` are wei per gas, chosen unless given;
        `progress` is called with the number of calls newly done. Raises as sending one does, naming the call; those
        sent stay sent.
        """
        from datadao.chain.series import send_all

        return send_all(self.web3, calls, sender, progress, chain_id=self.id.chain_id, max_fee=max_fee, tip=tip,
                        confirmations=self.confirmations)  # fmt: skip


def ordered(signatures: Mapping[str, bytes], most: int | None = None) -> list[bytes]:
    """As contracts want them: by signer, ascending; of `most` signers, all by default."""
    return [signatures[signer] for signer in sorted(signatures, key=lambda signer: int(signer, 16))[:most]]


def _chain_id(web3: Web3) -> int:
    return int(ask(web3, "eth_chainId"), 16)
