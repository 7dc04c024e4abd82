// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The target of proposals that misbehaves on request: reverts, re-enters, answers with a bomb, takes ether.
contract Probe {
    /// @notice Thrown by `refuse`.
    error Probe_Refused(uint256 why);

    uint256 public value;
    uint256 public calls;

    receive() external payable {}

    function set(uint256 newValue) external payable {
        value = newValue;
        ++calls;
    }

    function refuse(uint256 why) external pure {
        revert Probe_Refused(why);
    }

    /// @notice Calls on as this contract, and fails as the callee fails.
    function forward(address target, bytes calldata data) external returns (bytes memory answer) {
        bool ok;
        (ok, answer) = target.call(data);
        if (!ok) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
    }

    /// @notice Answers with `size` bytes, and reverts with them if told.
    function bomb(uint256 size, bool reverts) external pure {
        assembly {
            if reverts { revert(0, size) }
            return(0, size)
        }
    }
}
