"""`ModelRegistry`: royalties, and the credits of beneficiaries and treasury."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from datadao.ledger.base import BPS, Accounts, Book, Fields, Known, View, view
from datadao.ledger.leases import LeasesBook


@dataclass
class Model:
    """`royalties`: bps by lease."""

    owner: str
    beneficiary: str
    model_hash: bytes
    open_source: bool
    royalties: dict[int, int]
    uri: str
    paid: int = 0
    parts: int = 0

    def part(self, bps: int, amount: int) -> int:
        """Of the next `amount`: all that `bps` ever get is the floor of their part of all that was paid."""
        return (self.paid + amount) * bps // BPS - self.paid * bps // BPS

    @property
    def waiting(self) -> int:
        """What no part has reached yet."""
        return self.paid - self.parts


class ModelsBook(Book):
    """What models earned, and who may withdraw it."""

    def __init__(self, accounts: Accounts, leases: LeasesBook) -> None:
        super().__init__(accounts)
        self._leases = leases
        self.models = Known("model")
        self.credits: Counter[str] = Counter()
        # Royalties are reported before the payment that they are part of.
        self._royalties: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)

    def enter(self, name: str, e: Fields) -> None:
        accounts = self.accounts
        match name:
            case "ModelRegistered":
                bps = {lease: self._leases.leases[lease].terms.royalty_bps for lease in e["leaseIds"]}
                self.models[e["modelId"]] = Model(
                    e["owner"], e["beneficiary"], e["modelHash"], e["openSource"], bps, e["uri"]
                )
            case "RoyaltyPaid":
                self._royalties[e["modelId"]].append((e["leaseId"], e["amount"]))
                if e["toTreasury"]:
                    self.credits[accounts.addresses["timelock"]] += e["amount"]
                else:
                    pool = self._leases.leases[e["leaseId"]].terms.dataset_id
                    accounts.debit("deposit of", e["amount"], "into pool", pool, "by", "models")
            case "ModelPaid":
                model, amount = self.models[e["modelId"]], e["amount"]
                parts = [(lease, model.part(bps, amount)) for lease, bps in model.royalties.items()]
                due = [(lease, part) for lease, part in parts if part]
                rest = model.part(BPS - sum(model.royalties.values()), amount)
                what = f"royalties of model {e['modelId']} (lease, amount)"
                accounts.expect(what, due, self._royalties.pop(e["modelId"], []))
                accounts.expect("part of the beneficiary", rest, e["toBeneficiary"])
                model.paid, model.parts = model.paid + amount, model.parts + rest + sum(part for _, part in due)
                self.credits[model.beneficiary] += e["toBeneficiary"]
            case "Withdrawn":
                accounts.expect(f"credit of {e['account']}", self.credits[e["account"]], e["amount"])
                self.credits[e["account"]] -= e["amount"]
                accounts.owe(e["amount"], "models", e["recipient"])

    def close(self) -> None:
        for number, royalties in self._royalties.items():
            self.accounts.note(f"royalties of model {number} (lease, amount)", "no payment", royalties)

    def facts(self) -> Iterator[View]:
        yield view("models", "modelCount", is_=len(self.models))
        owed = self.credits.total() + sum(model.waiting for model in self.models.values())
        yield View("models", "solvency", (), (owed,), part=1)
        yield View("models", "solvency", (), (owed,), part=0, least=True)
        for account, credit in self.credits.items():
            yield view("models", "creditOf", account, is_=credit)
        for number, model in self.models.items():
            bps = sum(model.royalties.values())
            info = (model.owner, model.beneficiary, model.model_hash, model.open_source, bps, model.paid)
            yield view("models", "model", number, is_=(*info, tuple(model.royalties), model.uri))
