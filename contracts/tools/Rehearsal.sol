// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Deployment rehearsal
/// @notice Creates contracts one after another and says what became of each. `ape run deploy` lets a node pretend, for
/// one call, that this is the deployer's code: every constructor then runs on the chain's own state, at the address it
/// will have, and refuses what it would refuse, before anything is sent.
/// @dev Never deployed.
contract Rehearsal {
    /// @param created address of the contract, zero if its constructor refused
    /// @param gasUsed by the creation: constructor, initial code and code deposit
    /// @param refusal what the constructor reverted with
    struct Outcome {
        address created;
        uint256 gasUsed;
        bytes refusal;
    }

    /// @notice Creates contracts in order, up to the first that is refused.
    function rehearse(bytes[] calldata initcodes) external returns (Outcome[] memory outcomes) {
        outcomes = new Outcome[](initcodes.length);
        for (uint256 i = 0; i < initcodes.length; ++i) {
            bytes memory initcode = initcodes[i];
            address created;
            uint256 before = gasleft();
            // Solidity cannot create from bytes.
            // solhint-disable-next-line no-inline-assembly
            assembly ("memory-safe") {
                created := create(0, add(initcode, 0x20), mload(initcode))
            }
            outcomes[i].created = created;
            outcomes[i].gasUsed = before - gasleft();
            if (created == address(0)) {
                outcomes[i].refusal = _returned();
                return outcomes;
            }
        }
    }

    function _returned() private pure returns (bytes memory data) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            data := mload(0x40)
            mstore(data, returndatasize())
            returndatacopy(add(data, 0x20), 0, returndatasize())
            mstore(0x40, add(add(data, 0x20), and(add(returndatasize(), 0x1f), not(0x1f))))
        }
    }
}
