"""The tables of the read model, which docs/index.md describes.

Kinds of columns: `int` fits 63 bits, `amount` is up to 256 bits wide, `account` an address in lower case, `word` 32
bytes in hex with 0x, `flag`, `text`, `data` bytes. No column is null: 0, false or nothing stand for what is not there.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "1"
"""Of these tables: a read model with another one is written anew."""


@dataclass(frozen=True)
class Table:
    """`key` and `columns` by name, each with its kind; `indexed` are those that are searched."""

    key: dict[str, str]
    columns: dict[str, str]
    indexed: tuple[str, ...] = ()

    @property
    def kinds(self) -> dict[str, str]:
        return self.key | self.columns

    @property
    def filters(self) -> dict[str, str]:
        """Columns by which rows are found without a look at all of them, each with its kind."""
        return self.key | {name: self.kinds[name] for name in self.indexed}


def _named(kinds: str) -> dict[str, str]:
    """`name kind, name kind` as a mapping."""
    pairs = (pair.split() for pair in kinds.split(",") if pair.strip())
    return {name: kind for name, kind in pairs}  # noqa: C416  # `dict` does not know that they are pairs


def _table(key: str, columns: str, *indexed: str) -> Table:
    return Table(_named(key), _named(columns), indexed)


_TERMS = (
    "dataset int, licensee account, purposes amount, price_per_period amount, period_length int, periods int, "
    "bond amount, royalty_bps int, exclusive flag, min_shares amount, agreement_hash word, commons_bps int, "
    "treasury_bps int, "
)

TABLES = {
    "totals": _table("name text", "value amount"),
    "members": _table(
        "account account",
        "number int, tokens amount, votes amount, delegate account, heir account, heir_delay_days int, "
        "heir_since int, heir_opened_at int, succeeded_by account",
    ),
    "shares": _table("dataset int, account account", "shares amount, paid amount", "account"),
    "datasets": _table(
        "dataset int",
        "policy_version int, shares_per_unit amount, min_quality_bps int, purposes amount, "
        "min_price_per_period amount, schema_hash word, uri text, updated_at int, last_sequence amount, erasures int",
    ),
    "batches": _table(
        "batch int",
        "dataset int, sequence amount, status int, root word, manifest_hash word, manifest_uri text, "
        "total_shares amount, leaves int, unresolved_shares amount, unresolved_leaves int, policy_version int, "
        "attestor_set_version int, published_at int, activated_at int",
        "dataset",
    ),
    "contributions": _table(
        "fingerprint word",
        "dataset int, batch int, contributor account, shares amount, status int, claimed_at int, claimed_block int, "
        "erased_at int, erased_block int",
        "contributor",
        "batch",
    ),
    "pools": _table("pool int", "shares amount, received amount, paid amount, accumulator amount"),
    "deposits": _table("block int, position int", "time int, pool int, payer account, amount amount", "pool"),
    "payouts": _table(
        "block int, position int",
        "time int, pool int, account account, recipient account, amount amount",
        "account",
        "pool",
    ),
    "offers": _table("offer int", _TERMS + "capacity int, taken int, expiry int, closed flag"),
    "leases": _table(
        "lease int",
        _TERMS + "status int, hpke_key word, offer int, proposal amount, committee_version int, requested_at int, "
        "start_by int, paid_periods int, paid_until int, acknowledged int, slashed amount, bond_released flag, "
        "returnable amount",
        "dataset",
        "licensee",
    ),
    "proposals": _table(
        "proposal amount",
        "proposer account, lease int, licensee account, vote_start int, vote_end int, eta int, canceled flag, "
        "executed flag, votes_against amount, votes_for amount, votes_abstain amount, description text, block int, "
        "position int",
    ),
    "ballots": _table("proposal amount, voter account", "support int, weight amount, time int, reason text"),
    "models": _table(
        "model int", "owner account, beneficiary account, model_hash word, open_source flag, uri text, paid amount"
    ),
    "credits": _table("account account", "amount amount"),
}
"""What a role or a desk asks for, by table."""

OWN = {
    "about": _table("name text", "value text"),
    "logs": _table(
        "block int, position int", "feed text, address account, topics data, data data, time int", "address"
    ),
    "cursors": _table("feed text", "reached int, reached_hash data, final int, final_hash data"),
    "verified": _table("fact word", "answer word"),
    "undo": _table("name text, id text", "former text"),
}
"""What the read model keeps for itself: events as the chain gave them, how far it has read, what an audit
found to be so, and what the rows that changed since the last final block were then."""
