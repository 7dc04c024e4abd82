// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataGovernor} from "../interfaces/IDataGovernor.sol";
import {IDataToken} from "../interfaces/IDataToken.sol";
import {GovernanceLimits} from "../libraries/GovernanceLimits.sol";
import {Protocol} from "../libraries/Protocol.sol";
import {Wiring} from "../libraries/Wiring.sol";
import {GovernorBounds} from "./GovernorBounds.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @title Quorum
/// @notice Two fractions of past supply, one for ordinary and one for lease proposals, and a floor for a young DAO.
/// @dev Everything is read at the proposal's snapshot: fractions and supply are checkpointed, and the token's maturity
/// is a date, like the end of the floor. For a past time t the answer therefore never changes. In particular, a DAO not
/// mature now can only become mature later than t, so the floor goes on binding at t.
abstract contract GovernorQuorum is GovernorBounds {
    using Checkpoints for Checkpoints.Trace208;

    /// @inheritdoc IDataGovernor
    uint256 public immutable override quorumFloor;
    /// @inheritdoc IDataGovernor
    uint48 public immutable override floorUntil;

    /// @dev The fraction of now at hand, since almost every question is about it; those before it as checkpoints.
    struct Fraction {
        uint48 since;
        uint16 bps;
        Checkpoints.Trace208 older;
    }

    Fraction private _quorumBps;
    Fraction private _leaseQuorumBps;

    constructor(address dataToken, uint256 initialQuorumBps, uint256 initialLeaseQuorumBps, uint48 floorPeriod) {
        Wiring.requireCode(dataToken);
        GovernanceLimits.check(
            "floorPeriod", floorPeriod, GovernanceLimits.MIN_FLOOR_PERIOD, GovernanceLimits.MAX_FLOOR_PERIOD
        );
        quorumFloor = IDataToken(dataToken).maturitySupply() / 2;
        floorUntil = clock() + floorPeriod;
        _setQuorumBps(initialQuorumBps);
        _setLeaseQuorumBps(initialLeaseQuorumBps);
    }

    /* ACTIONS: TIMELOCK */

    /// @inheritdoc IDataGovernor
    function setQuorumBps(uint256 newQuorumBps) external override onlyGovernance {
        _setQuorumBps(newQuorumBps);
    }

    /// @inheritdoc IDataGovernor
    function setLeaseQuorumBps(uint256 newQuorumBps) external override onlyGovernance {
        _setLeaseQuorumBps(newQuorumBps);
    }

    /* VIEWS */

    /// @notice Votes (for and abstain together) that an ordinary proposal with this snapshot needs.
    function quorum(uint256 timepoint) public view override(Governor, IGovernor) returns (uint256) {
        return _quorumAt(_quorumBps, timepoint);
    }

    /// @inheritdoc IDataGovernor
    function quorumBps() public view override returns (uint256) {
        return _quorumBps.bps;
    }

    /// @inheritdoc IDataGovernor
    function quorumNumerator() external view override returns (uint256) {
        return quorumBps();
    }

    /// @inheritdoc IDataGovernor
    function quorumDenominator() external pure override returns (uint256) {
        return Protocol.BPS;
    }

    /// @inheritdoc IDataGovernor
    function leaseQuorumBps() external view override returns (uint256) {
        return _leaseQuorumBps.bps;
    }

    /* INTERNALS */

    function _leaseQuorum(uint256 timepoint) internal view returns (uint256) {
        return _quorumAt(_leaseQuorumBps, timepoint);
    }

    /// @dev At least one vote, so that no supply rounds the quorum to nothing.
    function _quorumAt(Fraction storage fraction, uint256 timepoint) private view returns (uint256) {
        IDataToken dataToken = _dataToken();
        // The token refuses a timepoint that is not past, on which all of the above rests.
        uint256 supply = dataToken.getPastTotalSupply(timepoint);
        // The cast holds for what is past.
        uint256 bps = timepoint >= fraction.since ? fraction.bps : fraction.older.upperLookup(uint48(timepoint));
        uint256 needed = Math.max(supply * bps / Protocol.BPS, 1);

        uint256 matureSince = dataToken.matureSince();
        if (matureSince != 0 && timepoint >= matureSince) return needed;
        return Math.max(needed, timepoint < floorUntil ? quorumFloor : quorumFloor / GovernanceLimits.FLOOR_DIVISOR);
    }

    function _setQuorumBps(uint256 bps) private {
        uint256 oldBps = _push(_quorumBps, "quorumBps", bps);
        emit QuorumBpsSet(oldBps, bps);
    }

    function _setLeaseQuorumBps(uint256 bps) private {
        uint256 oldBps = _push(_leaseQuorumBps, "leaseQuorumBps", bps);
        emit LeaseQuorumBpsSet(oldBps, bps);
    }

    function _push(Fraction storage fraction, string memory name, uint256 bps) private returns (uint256 oldBps) {
        GovernanceLimits.check(name, bps, GovernanceLimits.MIN_QUORUM_BPS, GovernanceLimits.MAX_QUORUM_BPS);
        (uint48 since, uint48 now_) = (fraction.since, clock());
        oldBps = fraction.bps;
        if (since != 0 && since != now_) fraction.older.push(since, uint208(oldBps));
        fraction.since = now_;
        fraction.bps = uint16(bps); // within its bounds
    }
}
