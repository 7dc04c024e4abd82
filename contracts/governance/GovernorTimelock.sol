// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataGovernor} from "../interfaces/IDataGovernor.sol";
import {GovernorCore} from "./GovernorCore.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Timelock of the governor
/// @notice OpenZeppelin's GovernorTimelockControl for a timelock that never changes and obeys this governor alone.
/// @dev No other account can cancel or execute there, so the governor's own record says what became of a proposal: the
/// original's map from proposals to operations, a new slot for each, has nothing to tell. The salt of an operation is
/// the proposal's id: one operation for each proposal, whatever description hash it is queued with.
abstract contract GovernorTimelock is GovernorCore {
    TimelockController private immutable _timelock;

    constructor(address timelock_) {
        _timelock = TimelockController(payable(timelock_));
        emit TimelockChange(address(0), timelock_);
    }

    /// @inheritdoc IDataGovernor
    function timelock() public view override returns (address) {
        return address(_timelock);
    }

    /// @notice Always true: every decision waits in the timelock.
    function proposalNeedsQueuing(uint256) public pure override(Governor, IGovernor) returns (bool) {
        return true;
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32
    ) internal override returns (uint48) {
        uint256 delay = _timelock.getMinDelay();
        _timelock.scheduleBatch(targets, values, calldatas, 0, bytes32(proposalId), delay);
        return SafeCast.toUint48(block.timestamp + delay);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32
    ) internal override {
        _timelock.executeBatch{value: msg.value}(targets, values, calldatas, 0, bytes32(proposalId));
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal virtual override returns (uint256 proposalId) {
        proposalId = super._cancel(targets, values, calldatas, descriptionHash);
        if (proposalEta(proposalId) != 0) {
            _timelock.cancel(_timelock.hashOperationBatch(targets, values, calldatas, 0, bytes32(proposalId)));
        }
    }

    function _executor() internal view override returns (address) {
        return address(_timelock);
    }
}
