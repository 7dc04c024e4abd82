// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../../contracts/interfaces/IDataLeases.sol";
import {System} from "../../contracts/interfaces/ISystem.sol";
import {SVM, VM, deploy, nextAddress} from "./Vm.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

/// @notice One lease of any words, and a governor that says of every proposal but its own that it is executed. The
/// proof stands in the place of all other contracts of the DAO.
contract LeaseProofs {
    uint256 private constant LEASE = 1;

    IDataLeases private leases;
    uint256 private proposal;
    IGovernor.ProposalState private proposalState;

    function setUp() public {
        IDataLeases.LeaseParams memory params = IDataLeases.LeaseParams(1, 7 days, 7 days, 1000, 5000, 60 days);
        address self = address(this);
        System memory system = System(self, self, self, self, self, nextAddress(), self, self);
        leases = IDataLeases(deploy("DataLeases.sol:DataLeases", abi.encode(system, self, params)));
    }

    /// @notice A lease is approved by the timelock alone, with its own terms, and only once its own proposal is
    /// executed, whatever became of all others.
    function check_L3_approval_means_its_own_proposal_is_executed() external {
        anyLease();
        (IDataLeases.Terms memory terms,,) = leases.leaseTerms(LEASE);
        address[] memory targets = new address[](1);
        targets[0] = address(leases);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(leases.approve, (LEASE, keccak256(abi.encode(terms))));
        proposal = getProposalId(targets, new uint256[](1), calls, 0);
        proposalState = IGovernor.ProposalState(SVM.createUint(3, "state"));

        address caller = SVM.createAddress("caller");
        bytes32 termsHash = SVM.createBytes32("termsHash");
        VM.prank(caller);
        leases.approve(LEASE, termsHash);
        assert(caller == address(this));
        assert(termsHash == keccak256(abi.encode(terms)));
        assert(proposalState == IGovernor.ProposalState.Executed);
    }

    /// @dev A request in any status, with any terms of its own.
    function anyLease() private {
        uint256 status = SVM.createUint(3, "status");
        VM.assume(status <= uint256(IDataLeases.Status.Refunded));
        uint256 slot = uint256(keccak256(abi.encode(LEASE, 2)));
        _store(slot, SVM.createUint(160, "licensee") | status << 160 | SVM.createUint(72, "paid") << 184);
        _store(slot + 1, SVM.createUint(256, "hpkeKey"));
        _store(slot + 2, SVM.createUint(224, "times") << 32); // of no offer
        slot = uint256(keccak256(abi.encode(LEASE, 3)));
        _store(slot, SVM.createUint(256, "money"));
        uint256 exclusive = SVM.createUint(1, "exclusive");
        _store(slot + 1, SVM.createUint(176, "bondPurposesAndRoyalty") | exclusive << 176);
        _store(slot + 2, SVM.createUint(256, "agreement"));
        VM.warp(SVM.createUint(40, "time"));
    }

    function _store(uint256 slot, uint256 value) private {
        VM.store(address(leases), bytes32(slot), bytes32(value));
    }

    /* GOVERNOR AND TIMELOCK */

    function getProposalId(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) public pure returns (uint256) {
        return uint256(keccak256(abi.encode(targets, values, calldatas, descriptionHash)));
    }

    function state(uint256 proposalId) external view returns (IGovernor.ProposalState) {
        return proposalId == proposal ? proposalState : IGovernor.ProposalState.Executed;
    }

    function votingDelay() external pure returns (uint256) {
        return 1 days;
    }

    function votingPeriod() external pure returns (uint256) {
        return 1 days;
    }

    function lateQuorumVoteExtension() external pure returns (uint48) {
        return 1 days;
    }

    // solhint-disable-next-line func-name-mixedcase
    function EXPIRY() external pure returns (uint48) {
        return 14 days;
    }

    function getMinDelay() external pure returns (uint256) {
        return 1 days;
    }

    /* REGISTRY, SPLITTER AND BRAKE */

    function leaseBasis(uint256) external pure returns (uint256 purposes, uint256 erasures, uint256 version) {
        return (SVM.createUint(64, "purposes"), SVM.createUint(40, "erasures"), 1);
    }

    function asset() external view returns (address) {
        return address(this);
    }

    function requireReleased() external pure {}
}
