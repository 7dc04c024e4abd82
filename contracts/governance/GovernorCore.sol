// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GovernorParams, IDataGovernor} from "../interfaces/IDataGovernor.sol";
import {IDataToken} from "../interfaces/IDataToken.sol";
import {System} from "../interfaces/ISystem.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @title Governor core
/// @notice OpenZeppelin's Governor with settings and votes, less what could lead around the timelock.
/// @dev Joined here once, so that the modules above form one line and each override has one meaning.
abstract contract GovernorCore is GovernorSettings, GovernorVotes, ReentrancyGuardTransient, IDataGovernor {
    constructor(System memory system, string memory name_, GovernorParams memory params)
        Governor(name_)
        GovernorSettings(params.votingDelay, params.votingPeriod, params.proposalThreshold)
        GovernorVotes(IVotes(system.token))
    {}

    /* ACTIONS */

    /// @inheritdoc IGovernor
    /// @dev One at a time: a second proposal executed inside the first would use up the first one's permission to
    /// call this contract.
    function execute(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) public payable override(Governor, IGovernor) nonReentrant returns (uint256) {
        return super.execute(targets, values, calldatas, descriptionHash);
    }

    /// @notice Always reverts: no proposal can move the governor to another timelock.
    function updateTimelock(address) external {
        revert DataGovernor_Disabled();
    }

    /// @notice Always reverts: the governor holds nothing, and must not speak for anyone.
    function relay(address, uint256, bytes calldata) public payable override {
        revert DataGovernor_Disabled();
    }

    /// @notice Unix time, as in the token. Not asked of the token: every vote would pay for the call.
    function clock() public view override(Governor, GovernorVotes, IERC6372) returns (uint48) {
        return Time.timestamp();
    }

    /// @inheritdoc IERC6372
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override(Governor, GovernorVotes, IERC6372) returns (string memory) {
        return "mode=timestamp";
    }

    function _dataToken() internal view returns (IDataToken) {
        return IDataToken(address(token()));
    }

    /* VIEWS: REQUIRED BY SOLIDITY */

    /// @inheritdoc IGovernor
    function proposalThreshold() public view virtual override(Governor, GovernorSettings, IGovernor) returns (uint256) {
        return super.proposalThreshold();
    }

    /// @inheritdoc IGovernor
    function votingDelay() public view override(Governor, GovernorSettings, IGovernor) returns (uint256) {
        return super.votingDelay();
    }

    /// @inheritdoc IGovernor
    function votingPeriod() public view override(Governor, GovernorSettings, IGovernor) returns (uint256) {
        return super.votingPeriod();
    }
}
