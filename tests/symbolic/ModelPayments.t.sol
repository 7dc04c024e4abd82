// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../../contracts/interfaces/IDataLeases.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {System} from "../../contracts/interfaces/ISystem.sol";
import {TestAsset} from "../../contracts/mocks/assets/TestAsset.sol";
import {SVM, VM, deploy} from "./Vm.sol";

/// @notice Payments for a model of two leases, through the real splitter; any rates, any amount after any others, each
/// pool dead or alive. The proof stands in the place of timelock, leases and licensee.
/// @dev In Halmos' millisecond a busy machine decides no branch, and minutes become hours; but each branch that none can
/// decide costs all of the time: 67 s with 100 ms, 32 s with 30.
/// @custom:halmos --solver-timeout-branching 30ms
contract ModelPaymentProofs {
    address private constant BENEFICIARY = address(0xbe);
    bytes32 private constant MODEL = bytes32(uint256(1));
    uint256 private constant BPS = 10_000;
    /// @dev Slots of its storage, and of a model's.
    uint256 private constant MODELS = 1;
    uint256 private constant CREDITS = 2;
    uint256 private constant OWED = 3;
    uint256 private constant RECEIVED = 4;

    TestAsset private asset;
    IRevenueSplitter private splitter;
    IModelRegistry private models;
    uint256[2] private royalties;

    function setUp() public {
        asset = new TestAsset("", "", 0);
        System memory system;
        system.registry = address(this);
        system.token = address(this);
        system.timelock = address(this);
        system.leases = address(this);
        // Each contract refuses to be born at any address but the one it was told. Halmos counts addresses up.
        system.splitter = address(uint160(address(asset)) + 1);
        system.models = address(uint160(address(asset)) + 2);
        splitter = IRevenueSplitter(deploy("RevenueSplitter.sol:RevenueSplitter", abi.encode(system, asset)));
        models = IModelRegistry(deploy("ModelRegistry.sol:ModelRegistry", abi.encode(system, asset)));
        asset.approve(address(models), type(uint256).max);
    }

    /// @notice Each payment is its parts: what was paid, and what waited of payments before, is in the pools, owed to
    /// treasury and beneficiary, or waits for the next; and what is owed is there.
    function check_L11_a_payment_is_its_parts() external {
        royalties = [SVM.createUint(14, "royaltyBps"), SVM.createUint(14, "royaltyBps")];
        splitter.addPendingShares(1, SVM.createUint(62, "shares"));
        splitter.addPendingShares(2, SVM.createUint(62, "shares"));
        uint256[] memory leaseIds = new uint256[](2);
        (leaseIds[0], leaseIds[1]) = (1, 2);
        uint256 modelId = models.register(leaseIds, MODEL, "", false, BENEFICIARY);

        uint256 before = SVM.createUint(110, "before");
        uint256 waited = waiting(before);
        VM.store(address(models), bytes32(uint256(keccak256(abi.encode(modelId, MODELS))) + RECEIVED), bytes32(before));
        VM.store(address(models), bytes32(OWED), bytes32(waited));
        asset.mint(address(models), waited);

        uint256 amount = SVM.createUint(110, "amount");
        asset.mint(address(this), amount);
        models.pay(modelId, address(this), MODEL, amount);
        (uint256 balance, uint256 owed) = models.solvency();
        unchecked {
            assert(balance == owed);
            uint256 credits = models.creditOf(BENEFICIARY) + models.creditOf(address(this));
            assert(owed == credits + waiting(before + amount));
            assert(balance + asset.balanceOf(address(splitter)) == waited + amount);
        }
    }

    /// @notice A withdrawal pays the account its whole credit, whoever asks for it, and takes as much from what is owed,
    /// which stays there; a second one pays nothing.
    function check_L11_a_withdrawal_takes_what_it_pays() external {
        uint256 credit = SVM.createUint(110, "credit");
        uint256 others = SVM.createUint(110, "others");
        VM.store(address(models), keccak256(abi.encode(BENEFICIARY, CREDITS)), bytes32(credit));
        VM.store(address(models), bytes32(OWED), bytes32(others + credit));
        asset.mint(address(models), others + credit);

        VM.prank(SVM.createAddress("caller"));
        assert(models.withdraw(BENEFICIARY) == credit);
        assert(models.creditOf(BENEFICIARY) == 0 && models.withdraw(BENEFICIARY) == 0);
        (uint256 balance, uint256 owed) = models.solvency();
        assert(balance == others && owed == others && asset.balanceOf(BENEFICIARY) == credit);
    }

    /// @dev What no part has reached after so much was received: less than a unit for each of the three.
    function waiting(uint256 received) private view returns (uint256) {
        unchecked {
            uint256 rest = BPS - royalties[0] - royalties[1];
            return received - received * royalties[0] / BPS - received * royalties[1] / BPS - received * rest / BPS;
        }
    }

    /* THE LEASES */

    function lease(uint256) external view returns (IDataLeases.LeaseInfo memory info) {
        info.licensee = address(this);
        info.paidUntil = 1;
    }

    function leaseTerms(uint256 leaseId) external view returns (IDataLeases.Terms memory terms, uint256, uint256) {
        terms.datasetId = leaseId;
        terms.royaltyBps = royalties[leaseId - 1];
        return (terms, 0, 0);
    }
}
