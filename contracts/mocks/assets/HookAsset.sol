// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestAsset} from "./TestAsset.sol";

/// @notice Calls out before and after balances change, as ERC-777 does, and notes what came back: for attempts to
/// re-enter. What it calls may fail; the transfer goes on.
contract HookAsset is TestAsset {
    struct Attempt {
        bool succeeded;
        bytes result;
    }

    address[] private _targets;
    bytes[] private _calls;
    Attempt[] private _attempts;
    bool private _inside;

    constructor(string memory name_, string memory symbol_, uint8 decimals_) TestAsset(name_, symbol_, decimals_) {}

    /// @notice What to call at the hooks of every transfer from now on.
    function setHook(address[] calldata targets, bytes[] calldata calls) external {
        _targets = targets;
        _calls = calls;
        delete _attempts;
    }

    /// @notice All attempts since `setHook`: for each transfer those before it, then those after it.
    function attempts() external view returns (Attempt[] memory) {
        return _attempts;
    }

    function _update(address from, address to, uint256 value) internal override {
        bool outermost = !_inside;
        if (outermost) _callOut();
        super._update(from, to, value);
        if (outermost) _callOut();
    }

    function _callOut() private {
        _inside = true;
        for (uint256 i = 0; i < _targets.length; ++i) {
            // solhint-disable-next-line avoid-low-level-calls
            (bool succeeded, bytes memory result) = _targets[i].call(_calls[i]);
            _attempts.push(Attempt(succeeded, result));
        }
        _inside = false;
    }
}
