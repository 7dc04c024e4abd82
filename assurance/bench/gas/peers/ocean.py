"""Ocean Protocol: a data NFT with a datatoken at a fixed price; a buyer mints one and spends it on an order."""

from __future__ import annotations

from typing import Any

from eth_abi.packed import encode_packed
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils import keccak
from web3.contract import Contract
from web3.logs import DISCARD

from assurance.bench.gas.peers.figures import PeerFigure
from assurance.bench.gas.peers.node import Stage
from assurance.bench.gas.peers.packages import Package
from assurance.harness.chain.anvil import Anvil
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.system import Actor

PACKAGE = "@oceanprotocol/contracts"
NOBODY = "0x" + "00" * 20
ONE = 10**18
URI = "https://oceanprotocol.com/nft/"
"""Of 30 bytes."""


def measure(chain: Anvil) -> list[PeerFigure]:
    """Publishing and buying with the asset of our own figures, no market fees, the router's default fees."""
    market = Market(chain, Package(PACKAGE))
    stage, dao = market.stage, market.dao
    market.publish()
    gas = {"publish: NFT, datatoken and price, 1 tx": market.publish()}
    market.buy(dao.who("earlier buyer"))
    buyer = dao.who("buyer")
    bought, ordered = market.buy(buyer)
    gas["buy a datatoken, a new buyer"] = bought
    gas["spend it on an order"] = ordered
    gas["buy and order, a new buyer, 2 tx"] = bought + ordered
    again = stage.send(market.token, "reuseOrder", keccak(text="order"), market.provider_fee(), by=buyer.address)
    gas["renew an order, no fee"] = again
    collected = stage.send(market.exchange, "collectBT", market.exchange_id, 10**6)
    gas["publisher collects its income, first"] = collected
    gas["publisher collects its income, later"] = stage.send(market.exchange, "collectBT", market.exchange_id, 10**6)
    return [PeerFigure(PACKAGE, operation, used) for operation, used in gas.items()]


class Market:
    """The shared contracts, and the dataset published last."""

    def __init__(self, chain: Anvil, package: Package) -> None:
        self.package, self.dao = package, Dao(chain=chain)
        self.operator, self.provider = self.dao.who("operator"), self.dao.who("provider")
        self.stage = Stage(chain, self.operator.address)
        asset, owner = self.dao.asset.address, self.operator.address
        collector = self._new("communityFee/OPFCommunityFeeCollector", owner, owner).address
        self.router = self._new("pools/FactoryRouter", owner, asset, collector, collector, [])
        templates = [self._new(f"templates/{name}").address for name in ("ERC721Template", "ERC20Template")]
        self.factory = self._new("ERC721Factory", *templates, self.router.address)
        self.exchange = self._new("pools/fixedRate/FixedRateExchange", self.router.address)
        dispenser = self._new("pools/dispenser/Dispenser", self.router.address)
        self.stage.send(self.router, "addFactory", self.factory.address)
        self.stage.send(self.router, "addFixedRateContract", self.exchange.address)
        self.stage.send(self.router, "addDispenserContract", dispenser.address)
        self.stage.send(self.router, "addApprovedToken", asset)

    def _artifact(self, path: str) -> dict[str, Any]:
        return self.package.artifact(f"artifacts/contracts/{path}.sol/{path.rsplit('/')[-1]}.json")

    def _new(self, path: str, *args: Any) -> Contract:
        return self.stage.create(self._artifact(path), *args)

    def publish(self) -> int:
        """A data NFT with a datatoken that the exchange mints for one unit of the asset each."""
        owner, asset = self.operator.address, self.dao.asset
        nft = ("Survey", "SRVY", 1, URI, True, owner)
        coin: tuple[Any, ...] = (1, ["Survey token", "SRVT"], [owner, owner, NOBODY, NOBODY], [10**6 * ONE, 0], [])
        price = (self.exchange.address, [asset.address, owner, owner, NOBODY], [6, 18, ONE, 0, 1])
        gas = self.stage.send(self.factory, "createNftWithErc20WithFixedRate", nft, coin, price)
        (made,) = self.exchange.events.ExchangeCreated().process_receipt(self.stage.last(), errors=DISCARD)
        self.exchange_id = made["args"]["exchangeId"]
        address = made["args"]["datatoken"]
        self.token = self.stage.at(self._artifact("templates/ERC20Template"), address)
        return gas

    def buy(self, buyer: Actor) -> tuple[int, int]:
        """Gas of the purchase and of the order; the buyer keeps a second datatoken, so that no slot empties."""
        asset = self.dao.asset
        asset.mint(buyer.address, 10**9, sender=buyer.address)
        asset.approve(self.exchange.address, 2**256 - 1, sender=buyer.address)
        purchase = self.exchange_id, 2 * ONE, 10**9, NOBODY, 0
        bought = self.stage.send(self.exchange, "buyDT", *purchase, by=buyer.address)
        order = buyer.address, 0, self.provider_fee(), (NOBODY, NOBODY, 0)
        return bought, self.stage.send(self.token, "startOrder", *order, by=buyer.address)

    def provider_fee(self) -> tuple[Any, ...]:
        """A fee of nothing, signed by the provider as every order must be."""
        fields = (b"", self.provider.address, NOBODY, 0, 0)
        packed = encode_packed(["bytes", "address", "address", "uint256", "uint256"], fields)
        signed = Account.sign_message(encode_defunct(keccak(packed)), self.provider.key)
        data, provider, token, amount, until = fields
        return provider, token, amount, signed.v, signed.r.to_bytes(32), signed.s.to_bytes(32), until, data
