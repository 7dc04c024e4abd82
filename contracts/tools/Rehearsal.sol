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
    /// @param gasLeft after it: next to nothing where the creation ran out of gas
    /// @param refusal what the constructor reverted with
    struct Outcome {
        address created;
        uint256 gasUsed;
        uint256 gasLeft;
        bytes refusal;
    }

    /// @notice Creates contracts in order, up to the first that is refused.
    /// @return outcomes of those that were tried
    /// @return codes at the `watched` addresses afterwards
    function rehearse(bytes[] calldata initcodes, address[] calldata watched)
        external
        returns (Outcome[] memory outcomes, bytes[] memory codes)
    {
        outcomes = new Outcome[](initcodes.length);
        codes = new bytes[](watched.length);
        for (uint256 i = 0; i < initcodes.length; ++i) {
            bytes memory initcode = initcodes[i];
            address created;
            uint256 before = gasleft();
            // Solidity cannot create from bytes.
            // solhint-disable-next-line no-inline-assembly
            assembly ("memory-safe") {
                created := create(0, add(initcode, 0x20), mload(initcode))
            }
            outcomes[i].gasLeft = gasleft();
            outcomes[i].created = created;
            outcomes[i].gasUsed = before - outcomes[i].gasLeft;
            if (created == address(0)) {
                outcomes[i].refusal = _returned();
                return (outcomes, codes);
            }
        }
        for (uint256 i = 0; i < watched.length; ++i) {
            codes[i] = watched[i].code;
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
