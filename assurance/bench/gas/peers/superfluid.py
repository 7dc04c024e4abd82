"""Superfluid's general distribution agreement: a pool of units, instant distributions, claims by its members."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from eth_utils import keccak
from web3.contract import Contract
from web3.logs import DISCARD

from assurance.bench.gas.peers.figures import PeerFigure
from assurance.bench.gas.peers.node import Stage
from assurance.bench.gas.peers.packages import Package
from assurance.harness.chain.anvil import Anvil
from assurance.harness.dao.dao import Dao

PACKAGE = "@superfluid-finance/ethereum-contracts"
BUILD = "build/hardhat/contracts/"
BITMAP = "contracts/libs/SlotsBitmapLibrary.sol:SlotsBitmapLibrary"
POOLS = "contracts/agreements/gdav1/SuperfluidPoolDeployerLibrary.sol:SuperfluidPoolDeployerLibrary"
NOBODY = "0x" + "00" * 20
AMOUNT = 1_234_567_890_123_456_789_012


def measure(chain: Anvil) -> list[PeerFigure]:
    """A pool with members who have been paid before, of a token without underlying, through no forwarder."""
    framework = Framework(chain, Package(PACKAGE))
    stage, dao = framework.stage, Dao(chain=chain)
    token, forwarder = framework.token(), framework.forwarder()
    members = [dao.who(f"member of the pool {i}").address for i in range(4)]
    stage.send(forwarder, "createPool", token.address, stage.owner, (False, True))
    gas = {"create a pool": stage.last()["gasUsed"]}
    pool = stage.at(framework.artifact("agreements/gdav1/SuperfluidPool"), _created_pool(stage, framework))
    for member in members[:3]:
        stage.send(pool, "updateMemberUnits", member, 100)
    distribution = token.address, stage.owner, pool.address, AMOUNT, b""
    stage.send(forwarder, "distribute", *distribution)
    stage.send(pool, "claimAll(address)", members[0], by=members[0])
    gas["distribute, any number of members"] = stage.send(forwarder, "distribute", *distribution)
    gas["claim, later"] = stage.send(pool, "claimAll()", by=members[0])
    gas["claim, first"] = stage.send(pool, "claimAll()", by=members[1])
    gas["give units to a new member"] = stage.send(pool, "updateMemberUnits", members[3], 100)
    stage.send(forwarder, "distribute", *distribution)
    gas["change a member's units"] = stage.send(pool, "updateMemberUnits", members[3], 200)
    return [PeerFigure(PACKAGE, operation, used) for operation, used in gas.items()]


def _created_pool(stage: Stage, framework: Framework) -> str:
    event = stage.at(framework.artifact("agreements/gdav1/GeneralDistributionAgreementV1"), framework.gda)
    (made,) = event.events.PoolCreated().process_receipt(stage.last(), errors=DISCARD)
    return str(made["args"]["pool"])


class Framework:
    """The host with its three agreements, as the package's own test deployer builds it: not upgradeable."""

    def __init__(self, chain: Anvil, package: Package) -> None:
        self.package = package
        self.stage = Stage(chain, Dao(chain=chain).who("operator").address)
        self._register_of_interfaces(chain)
        stage = self.stage
        self.governance = self._new("utils/TestGovernance")
        simple, relaying, roles = (
            self._new(f"utils/{n}") for n in ("SimpleForwarder", "ERC2771Forwarder", "SimpleACL")
        )
        trusted = (simple.address, relaying.address, roles.address)
        self.host = self._new("superfluid/Superfluid", True, False, 3_000_000, *trusted)
        stage.send(simple, "transferOwnership", self.host.address)
        stage.send(relaying, "transferOwnership", self.host.address)
        stage.send(self.host, "initialize", self.governance.address)
        owner = "0x" + "00" * 19 + "45"
        stage.send(self.governance, "initialize", self.host.address, owner, 4 * 3_600, 30 * 60, [])
        self._agreements(roles)
        self._tokens()

    def _register_of_interfaces(self, chain: Anvil) -> None:
        source = self.package.read("contracts/libs/ERC1820RegistryCompiled.sol")
        address, code = re.search(r"address\((0x\w+)\)", source), re.search(r'hex"(\w+)"', source)
        assert address and code
        chain.web3.provider.make_request("anvil_setCode", [address[1], "0x" + code[1]])  # type: ignore[arg-type]

    def artifact(self, path: str) -> dict[str, Any]:
        return self.package.artifact(f"{BUILD}{path}.sol/{path.rsplit('/')[-1]}.json")

    def _new(self, path: str, *args: Any, libraries: Mapping[str, str] | None = None) -> Contract:
        return self.stage.create(self.artifact(path), *args, libraries=libraries)

    def _agreements(self, roles: Contract) -> None:
        stage, host = self.stage, self.host.address
        bitmap = {BITMAP: self._new("libs/SlotsBitmapLibrary").address}
        pools = bitmap | {POOLS: self._new("agreements/gdav1/SuperfluidPoolDeployerLibrary").address}
        unset = self._new("agreements/gdav1/SuperfluidPool", NOBODY)
        beacon = self._new("upgradability/SuperfluidUpgradeableBeacon", unset.address)
        agreements = [
            self._new("agreements/ConstantFlowAgreementV1", host),
            self._new("agreements/InstantDistributionAgreementV1", host, libraries=bitmap),
            self._new("agreements/gdav1/GeneralDistributionAgreementV1", host, beacon.address, libraries=pools),
        ]
        for agreement in agreements:
            stage.send(self.governance, "registerAgreementClass", host, agreement.address)
        gda = agreements[-1]
        kind = gda.functions.agreementType().call()
        self.gda = str(self.host.functions.getAgreementClass(kind).call())
        logic = self._new("agreements/gdav1/SuperfluidPool", self.gda)
        stage.send(logic, "castrate")
        stage.send(beacon, "upgradeTo", logic.address)
        stage.send(beacon, "transferOwnership", host)
        admin = keccak(text="ACL_POOL_CONNECT_EXCLUSIVE_ROLE_ADMIN")
        stage.send(roles, "setRoleAdmin", gda.functions.ACL_POOL_CONNECT_EXCLUSIVE_ROLE().call(), admin)
        stage.send(roles, "grantRole", admin, self.gda)

    def _tokens(self) -> None:
        stage, host = self.stage, self.host.address
        logic = self._new("agreements/gdav1/PoolAdminNFT", host, self.gda)
        stage.send(logic, "castrate")
        proxy = self._new("upgradability/UUPSProxy")
        stage.send(proxy, "initializeProxy", logic.address)
        badge = stage.at(self.artifact("agreements/gdav1/PoolAdminNFT"), proxy.address)
        stage.send(badge, "initialize", "Pool Admin NFT", "PA")
        token = self._new("superfluid/SuperToken", host, badge.address)
        factory = self._new("superfluid/SuperTokenFactory", host, token.address, logic.address, NOBODY)
        stage.send(self.governance, "updateContracts", host, NOBODY, [], factory.address, NOBODY)
        found = self.host.functions.getSuperTokenFactory().call()
        self.factory = stage.at(self.artifact("superfluid/SuperTokenFactory"), found)

    def token(self) -> Contract:
        """A token whose whole supply the owner holds."""
        token = self._new("tokens/PureSuperToken")
        self.stage.send(self.factory, "initializeCustomSuperToken", token.address)
        self.stage.send(token, "initialize", "Rent", "RENT", 10**6 * AMOUNT)
        return self.stage.at(self.artifact("superfluid/SuperToken"), token.address)

    def forwarder(self) -> Contract:
        """Through which people call the agreement, as the package's applications do."""
        forwarder = self._new("utils/GDAv1Forwarder", self.host.address)
        self.stage.send(self.governance, "enableTrustedForwarder", self.host.address, NOBODY, forwarder.address)
        return forwarder
