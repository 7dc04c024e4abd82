// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GovernorParams, IDataGovernor} from "../../contracts/interfaces/IDataGovernor.sol";
import {System} from "../../contracts/interfaces/ISystem.sol";
import {SVM, VM, deploy, nextAddress} from "./Vm.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

/// @notice A proposal with any tally and any times, of a DAO of any supply and age. The proof is token and timelock.
contract GovernorProofs {
    uint256 private constant BPS = 10_000;
    uint256 private constant FLOOR = 1e12;
    uint256 private constant TALLY_VOTES = (1 << 63) - 1;
    bytes32 private constant DESCRIPTION = keccak256("");

    IDataGovernor private governor;
    uint256 private id;
    /// @dev What the token answers.
    uint256 private snapshot;
    uint256 private pastSupply;
    uint48 public matureSince;
    /// @dev What the timelock was told.
    uint256 private scheduledFor;
    uint256 private executions;

    function setUp() public {
        address self = address(this);
        System memory system = System(self, self, self, self, nextAddress(), self, self, self);
        GovernorParams memory params = GovernorParams(1 days, 3 days, 1 days, 0, 400, 1000, 365 days);
        governor = IDataGovernor(deploy("DataGovernor.sol:DataGovernor", abi.encode(system, "", params)));
        id = governor.hashProposal(new address[](1), new uint256[](1), new bytes[](1), DESCRIPTION);
    }

    /// @notice What is queued has ended, with a majority, and with its quorum: the fraction of supply at its snapshot,
    /// at least one vote, and at least the floor in a DAO that was not mature then, or a tenth of it once the floor's
    /// time was over. It is scheduled with all of the delay.
    function check_G2_what_is_queued_was_won() external {
        (uint256 tally, uint256 bps) = anyProposal();
        uint256 time = SVM.createUint(40, "time");
        VM.warp(time);
        governor.queue(new address[](1), new uint256[](1), new bytes[](1), DESCRIPTION);
        requireWon(tally, bps, time);
        assert(scheduledFor == minDelay());
    }

    /// @notice What is executed was won, as above, was queued before, and is executed once.
    function check_G2_what_is_executed_was_won_and_queued() external {
        (uint256 tally, uint256 bps) = anyProposal();
        uint256 eta = SVM.createUint(48, "eta");
        _store(uint256(keccak256(abi.encode(id, 4))) + 1, eta);
        uint256 time = SVM.createUint(40, "time");
        VM.warp(time);
        governor.execute(new address[](1), new uint256[](1), new bytes[](1), DESCRIPTION);
        requireWon(tally, bps, time);
        assert(eta != 0);
        VM.warp(SVM.createUint(40, "later"));
        try governor.execute(new address[](1), new uint256[](1), new bytes[](1), DESCRIPTION) {} catch {}
        assert(executions == 1);
    }

    function requireWon(uint256 tally, uint256 bps, uint256 time) private view {
        uint256 against = tally & TALLY_VOTES;
        uint256 inFavour = tally >> 63 & TALLY_VOTES;
        uint256 turnout = inFavour + (tally >> 126 & TALLY_VOTES);
        assert(time > (tally >> 189 & (1 << 36) - 1));
        assert(inFavour > against);
        assert(turnout != 0);
        assert(turnout >= pastSupply * bps / BPS);
        if (matureSince == 0 || snapshot < matureSince) {
            assert(turnout >= (snapshot < governor.floorUntil() ? FLOOR : FLOOR / 10));
        }
    }

    /// @dev Ordinary or of a lease, with each its fraction, which was last set some time before the snapshot.
    function anyProposal() private returns (uint256 tally, uint256 bps) {
        tally = SVM.createUint(256, "tally");
        snapshot = SVM.createUint(48, "snapshot");
        pastSupply = SVM.createUint(63, "pastSupply");
        matureSince = uint48(SVM.createUint(48, "matureSince"));
        uint256 core = uint256(keccak256(abi.encode(id, 4)));
        _store(core, SVM.createUint(160, "proposer") | snapshot << 160 | SVM.createUint(48, "rest") << 208);
        _store(uint256(keccak256(abi.encode(id, 13))), tally);
        uint256 ordinary = SVM.createUint(14, "quorumBps");
        uint256 lease = SVM.createUint(14, "leaseQuorumBps");
        uint256 since = SVM.createUint(48, "since");
        VM.assume(since <= snapshot);
        _store(9, since | ordinary << 48);
        _store(11, since | lease << 48);
        bps = tally >> 247 & 1 == 1 ? lease : ordinary;
    }

    function _store(uint256 slot, uint256 value) private {
        VM.store(address(governor), bytes32(slot), bytes32(value));
    }

    /* TOKEN */

    function maturitySupply() external pure returns (uint256) {
        return 2 * FLOOR;
    }

    /// @dev The supply at the snapshot; at any other time it would be another unknown.
    function getPastTotalSupply(uint256 time) external view returns (uint256) {
        return time == snapshot ? pastSupply : SVM.createUint(63, "otherSupply");
    }

    /* TIMELOCK */

    function minDelay() private pure returns (uint256) {
        return 2 days;
    }

    function getMinDelay() external pure returns (uint256) {
        return minDelay();
    }

    function scheduleBatch(address[] calldata, uint256[] calldata, bytes[] calldata, bytes32, bytes32, uint256 delay)
        external
    {
        scheduledFor = delay;
    }

    function executeBatch(address[] calldata, uint256[] calldata, bytes[] calldata, bytes32, bytes32) external payable {
        ++executions;
    }
}
