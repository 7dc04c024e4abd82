// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Tallies, Tally} from "../../contracts/types/Tallies.sol";
import {Libraries} from "./Subjects.sol";
import {SVM, VM, deploy} from "./Vm.sol";

/// @notice The pure libraries, for all arguments of the widths that their callers store.
contract LibraryProofs {
    using Tallies for Tally;

    uint256 private constant BPS = 10_000;

    Libraries private libraries;

    function setUp() public {
        libraries = Libraries(deploy("Subjects.sol:Libraries", ""));
    }

    /// @notice `shares == units * quality * rate / 10_000`, rounded down, for all that a batch can
    /// hold; never a revert.
    function check_R4_shares_are_exact() external {
        uint256 units = SVM.createUint(128, "units");
        uint256 quality = SVM.createUint(14, "quality");
        uint256 minQuality = SVM.createUint(14, "minQuality");
        uint256 rate = SVM.createUint(63, "rate");
        uint256 shares = libraries.shares(units, quality, minQuality, rate);
        if (quality < minQuality || quality > BPS) {
            assert(shares == 0);
            return;
        }
        unchecked {
            uint256 exact = units * quality * rate;
            assert(shares * BPS <= exact);
            assert(exact - shares * BPS < BPS);
        }
    }

    /// @notice One instalment is its parts, and contributors of the dataset get at least 70 % of it.
    function check_L2_instalment_is_its_parts() external {
        uint256 price = SVM.createUint(96, "price");
        uint256 commonsBps = SVM.createUint(12, "commonsBps");
        uint256 treasuryBps = SVM.createUint(12, "treasuryBps");
        unchecked {
            VM.assume(commonsBps + treasuryBps <= 3000);
        }
        (uint256 toDataset, uint256 toCommons, uint256 toTreasury) =
            libraries.cuts(uint96(price), uint16(commonsBps), uint16(treasuryBps));
        unchecked {
            assert(toDataset + toCommons + toTreasury == price);
            assert(10 * toDataset >= 7 * price);
        }
    }

    /// @notice A vote adds its weight to its side and changes nothing else of the word.
    function check_G1_a_vote_counts_once_on_its_side() external {
        Tally tally = anyTally();
        uint256 weight = SVM.createUint(208, "weight");
        uint256 support = SVM.createUint(2, "support");
        VM.assume(support <= 2);
        Tally next = libraries.addVotes(tally, uint8(support), weight);
        for (uint8 side = 0; side < 3; ++side) {
            unchecked {
                assert(next.votes(side) == tally.votes(side) + (side == support ? weight : 0));
            }
        }
        assert(Tally.unwrap(next) >> 189 == Tally.unwrap(tally) >> 189);
    }

    /// @notice When the watch for a late quorum ends, votes and marks stay, and the deadline is the one given.
    function check_G1_the_end_of_the_watch_moves_no_vote() external {
        Tally tally = anyTally();
        uint256 end = SVM.createUint(256, "end");
        Tally next = libraries.settle(tally, end);
        assert(next.deadline() == end);
        assert(next.extension() == 0);
        assert(Tally.unwrap(next) << 67 == Tally.unwrap(tally) << 67);
        assert(Tally.unwrap(next) >> 247 == Tally.unwrap(tally) >> 247);
    }

    /// @notice The tag never clears a licensee of being one.
    function check_G1_the_tag_finds_every_licensee() external {
        address licensee = SVM.createAddress("licensee");
        // A tally before it is marked has neither mark nor tag.
        Tally tally = libraries.markLease(Tally.wrap(SVM.createUint(247, "tally")), licensee);
        assert(libraries.mayBeLicensee(tally, licensee));
    }

    /// @notice Growths, and so all that is worked out from them, are the same wherever counting begins, wrapped or not.
    function check_S8_only_differences_count() external view {
        uint256 acc = SVM.createUint(176, "acc");
        uint256 index = SVM.createUint(176, "index");
        uint256 growth = SVM.createUint(176, "growth");
        uint256 shift = SVM.createUint(176, "shift");
        uint256 moved = libraries.advance(acc, shift);
        uint256 movedIndex = libraries.advance(index, shift);
        assert(libraries.growthSince(moved, movedIndex) == libraries.growthSince(acc, index));
        assert(libraries.advance(moved, growth) == libraries.advance(libraries.advance(acc, growth), shift));
    }

    function anyTally() private pure returns (Tally) {
        return Tally.wrap(SVM.createUint(256, "tally"));
    }
}
