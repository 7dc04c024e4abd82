// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Reads many views in one call, so that a test can compare a whole state after every step.
contract BatchReader {
    /// @notice Thrown when a view reverts; `index` says which.
    error BatchReader_ViewReverted(uint256 index, bytes reason);

    function read(address[] calldata targets, bytes[] calldata calls) external view returns (bytes[] memory results) {
        results = new bytes[](targets.length);
        for (uint256 i = 0; i < targets.length; ++i) {
            // solhint-disable-next-line avoid-low-level-calls
            (bool ok, bytes memory result) = targets[i].staticcall(calls[i]);
            if (!ok) revert BatchReader_ViewReverted(i, result);
            results[i] = result;
        }
    }
}
