// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorPreventLateQuorum} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";

/// @notice OpenZeppelin's own counting and late-quorum modules, with the quorum of another governor: what our one-slot
/// counting is compared with.
contract StockGovernor is Governor, GovernorSettings, GovernorVotes, GovernorCountingSimple, GovernorPreventLateQuorum {
    Governor private immutable _other;

    constructor(Governor other, IVotes votes, uint48 delay, uint32 period, uint48 extension)
        Governor("StockGovernor")
        GovernorSettings(delay, period, 0)
        GovernorVotes(votes)
        GovernorPreventLateQuorum(extension)
    {
        _other = other;
    }

    function quorum(uint256 timepoint) public view override returns (uint256) {
        return _other.quorum(timepoint);
    }

    function proposalDeadline(uint256 proposalId)
        public
        view
        override(Governor, GovernorPreventLateQuorum)
        returns (uint256)
    {
        return super.proposalDeadline(proposalId);
    }

    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    function _tallyUpdated(uint256 proposalId) internal override(Governor, GovernorPreventLateQuorum) {
        super._tallyUpdated(proposalId);
    }
}
