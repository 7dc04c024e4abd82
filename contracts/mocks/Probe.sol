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

    /// @notice Calls on as this contract, one after the other, and fails as the first of them fails.
    function run(address[] calldata targets, bytes[] calldata data) external {
        for (uint256 i = 0; i < targets.length; ++i) {
            // solhint-disable-next-line avoid-low-level-calls
            (bool ok, bytes memory answer) = targets[i].call(data[i]);
            if (ok) continue;
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
