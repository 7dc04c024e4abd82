// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../../contracts/interfaces/IDatasetRegistry.sol";
import {System} from "../../contracts/interfaces/ISystem.sol";
import {SVM, VM, deploy, nextAddress} from "./Vm.sol";

/// @notice The real registry, with batches, datasets and records in any state: written straight into its storage. The
/// proof stands in the place of all other contracts of the DAO, and counts what they are told.
abstract contract AnyRegistry {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant EPOCH = 30 days;
    uint256 internal constant EPOCH_FLOOR = 1e12;
    uint256 internal constant EPOCH_CAP_BPS = 500;
    address internal constant ATTESTOR_A = address(0xa77e57);
    address internal constant ATTESTOR_B = address(0xb77e57);

    IDatasetRegistry internal registry;
    /// @dev What the token was told to mint, and how often the registry credited anybody.
    uint256 internal minted;
    uint256 internal credits;
    uint256 internal pastSupply;
    /// @dev Of every account that is asked for; zero: none has one.
    address internal heir;

    function setUp() public {
        registry = newRegistry();
    }

    function newRegistry() internal returns (IDatasetRegistry) {
        IDatasetRegistry.RegistryParams memory params;
        params.attestors = new IDatasetRegistry.Attestor[](2);
        params.attestors[0] = IDatasetRegistry.Attestor(ATTESTOR_A, bytes32(uint256(1)));
        params.attestors[1] = IDatasetRegistry.Attestor(ATTESTOR_B, bytes32(uint256(2)));
        params.attestorThreshold = 1;
        params.custodians = new IDatasetRegistry.Custodian[](1);
        params.custodians[0] = IDatasetRegistry.Custodian(address(1), bytes32(uint256(1)), "");
        params.custodianThreshold = 1;
        params.policies = new IDatasetRegistry.Policy[](1);
        (params.policies[0].sharesPerUnit, params.policies[0].minQuality) = (1e9, 1);
        (params.challengePeriod, params.claimPeriod) = (1 days, 365 days);
        (params.epochLength, params.epochFloor, params.epochCapBps) = (uint48(EPOCH), EPOCH_FLOOR, EPOCH_CAP_BPS);
        address self = address(this);
        System memory system = System(self, self, self, self, self, self, self, nextAddress());
        return IDatasetRegistry(deploy("DatasetRegistry.sol:DatasetRegistry", abi.encode(system, params)));
    }

    /* MESSAGES */

    function anyMessage() internal pure returns (IDatasetRegistry.Batch memory b) {
        b.datasetId = SVM.createUint(256, "datasetId");
        b.sequence = SVM.createUint(256, "sequence");
        b.root = SVM.createBytes32("root");
        b.totalShares = SVM.createUint(256, "totalShares");
        b.count = SVM.createUint(256, "count");
        b.manifestHash = SVM.createBytes32("manifestHash");
        b.policyVersion = SVM.createUint(256, "policyVersion");
        b.attestorSetVersion = SVM.createUint(256, "attestorSetVersion");
        b.deadline = uint48(SVM.createUint(48, "deadline"));
    }

    function anyContribution() internal pure returns (IDatasetRegistry.Contribution memory c) {
        c.contributor = SVM.createAddress("contributor");
        c.fingerprint = SVM.createBytes32("fingerprint");
        c.fileHash = SVM.createBytes32("fileHash");
        c.envelopeHash = SVM.createBytes32("envelopeHash");
        c.units = SVM.createUint(256, "units");
        c.quality = SVM.createUint(256, "quality");
    }

    /// @dev Signatures of keys. Those of contracts are what the contract says, whatever that is.
    function anySignatures(uint256 count) internal pure returns (bytes[] memory signatures) {
        signatures = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            signatures[i] = SVM.createBytes(65, "signature");
        }
    }

    /* STATES */

    /// @dev A batch of which nothing is known but that its status lies between these.
    /// @return word the last of its three, with status, dataset, sequence and what is not resolved yet
    function anyBatch(uint256 batchId, uint256 lowest, uint256 highest) internal returns (uint256 word) {
        uint256 slot = uint256(keccak256(abi.encode(batchId, 10)));
        for (uint256 i = 0; i < 2; ++i) {
            _store(slot + i, SVM.createUint(256, "batch"));
        }
        uint256 status = SVM.createUint(3, "status");
        VM.assume(status >= lowest);
        VM.assume(status <= highest);
        word = status | SVM.createUint(240, "batch") << 8;
        _store(slot + 2, word);
    }

    function anyTime() internal returns (uint256 time) {
        time = SVM.createUint(40, "time");
        VM.warp(time);
    }

    function _store(uint256 slot, uint256 value) internal {
        VM.store(address(registry), bytes32(slot), bytes32(value));
    }

    function _load(uint256 slot) internal view returns (uint256) {
        return uint256(VM.load(address(registry), bytes32(slot)));
    }

    /* BRAKE */

    function requireReleased() external pure {}

    function isGuardian(address) external pure returns (bool) {
        return true;
    }

    /* TOKEN AND SPLITTER */

    /// @dev The supply just before the epoch is one unknown; asked for any other time it would be another.
    function getPastTotalSupply(uint256 time) external view returns (uint256) {
        return time == block.timestamp / EPOCH * EPOCH - 1 ? pastSupply : SVM.createUint(63, "otherSupply");
    }

    function mint(address, uint256 amount) external {
        minted += amount;
        ++credits;
    }

    function burn(address, uint256) external {}

    /// @dev Of each account: itself, or whoever took its place.
    function holderOf(address account) external view returns (address, uint256) {
        return (heir == address(0) ? account : heir, SVM.createUint(63, "balance"));
    }

    function succeed(address, uint256[] calldata) external {}

    function balanceOf(address) external pure returns (uint256) {
        return SVM.createUint(63, "balance");
    }

    function transfer(address, uint256) external returns (bool) {
        ++credits;
        return true;
    }

    function addPendingShares(uint256, uint256) external pure returns (uint256) {
        return 0;
    }

    function vestShares(uint256, address, uint256, uint256) external {
        ++credits;
    }

    function dropPendingShares(uint256, address, uint256, uint256) external {}

    function removeShares(uint256, address, uint256) external {}
}
