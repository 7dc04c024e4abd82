// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../../contracts/interfaces/IDatasetRegistry.sol";
import {AnyRegistry} from "./AnyRegistry.sol";
import {SVM, VM} from "./Vm.sol";

/// @notice One fingerprint, and batches in any state, of any rates and root. Proofs are empty: a root that is any word
/// may be any leaf.
contract RegistryClaimProofs is AnyRegistry {
    bytes32 private constant FINGERPRINT = bytes32(uint256(0xf1));
    uint256 private constant RECORD = uint256(keccak256(abi.encode(FINGERPRINT, 11)));

    /// @notice Once a fingerprint is recorded, claimed or erased, whatever is claimed of it in any batch is refused, or
    /// left out of a list, and no account is credited.
    function check_R6_a_recorded_fingerprint_credits_nobody() external {
        uint256 record = anyRecord();
        anyBatch(1, 1, 6);
        (bytes memory call, bool many) = anyClaim();
        (bool done,) = address(registry).call(call);
        assert(!done || many);
        assert(credits == 0);
        assert(_load(RECORD) == record);
    }

    /// @notice Whoever is credited leaves a record of the fingerprint behind.
    function check_R6_a_claim_records_its_fingerprint() external {
        anyBatch(1, 1, 6);
        (bytes memory call, bool many) = anyClaim();
        (bool done,) = address(registry).call(call);
        if (!done || (many && credits == 0)) return;
        assert(status() == IDatasetRegistry.ContributionStatus.Claimed);
    }

    /// @notice No record is unmade, by an erasure of its contributor's or its heir's or by dropping a duplicate, and
    /// neither credits anybody with tokens.
    function check_R6_no_record_is_unmade() external {
        uint256 record = anyRecord();
        anyBatch(1, 1, 6);
        IDatasetRegistry.Contribution memory c = anyContributionOfIt();
        if (SVM.createUint(1, "action") == 0) {
            heir = SVM.createAddress("heir");
            VM.prank(heir == address(0) ? c.contributor : heir);
            registry.erase(1, c, new bytes32[](0));
            assert(status() == IDatasetRegistry.ContributionStatus.Erased);
        } else {
            registry.dropDuplicate(1, c, new bytes32[](0));
            assert(_load(RECORD) == record);
        }
        assert(credits == 0);
    }

    function anyRecord() private returns (uint256 record) {
        uint256 recorded = SVM.createUint(2, "recorded");
        VM.assume(recorded != 0);
        VM.assume(recorded <= 2);
        record = recorded | SVM.createUint(248, "record") << 8;
        _store(RECORD, record);
    }

    function anyContributionOfIt() private pure returns (IDatasetRegistry.Contribution memory c) {
        c = anyContribution();
        c.fingerprint = FINGERPRINT;
    }

    function anyClaim() private pure returns (bytes memory call, bool many) {
        IDatasetRegistry.Contribution memory c = anyContributionOfIt();
        bytes32[] memory proof = new bytes32[](0);
        many = SVM.createUint(1, "many") == 1;
        if (!many) return (abi.encodeCall(IDatasetRegistry.claim, (1, c, proof)), many);
        IDatasetRegistry.Contribution[] memory list = new IDatasetRegistry.Contribution[](1);
        list[0] = c;
        return (abi.encodeCall(IDatasetRegistry.claimMany, (1, list, proof, new bool[](0))), many);
    }

    function status() private view returns (IDatasetRegistry.ContributionStatus) {
        return registry.contribution(FINGERPRINT).status;
    }
}
