// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// What the proofs are about: they deploy these by name, so that a twin can take the place of each.
// solhint-disable no-unused-import
import {DataGovernor} from "../../contracts/DataGovernor.sol";
import {DataLeases} from "../../contracts/DataLeases.sol";
import {DataToken} from "../../contracts/DataToken.sol";
import {DatasetRegistry} from "../../contracts/DatasetRegistry.sol";
import {ModelRegistry} from "../../contracts/ModelRegistry.sol";
import {RevenueSplitter} from "../../contracts/RevenueSplitter.sol";
import {Accumulator} from "../../contracts/libraries/Accumulator.sol";
import {PolicyRules} from "../../contracts/libraries/PolicyRules.sol";
import {LeaseTerms, PackedTerms} from "../../contracts/types/LeaseTerms.sol";
import {Tallies, Tally} from "../../contracts/types/Tallies.sol";

/// @notice The pure libraries, callable from outside.
contract Libraries {
    using LeaseTerms for PackedTerms;

    PackedTerms private _terms;

    function shares(uint256 units, uint256 quality, uint256 minQuality, uint256 sharesPerUnit)
        external
        pure
        returns (uint256)
    {
        return PolicyRules.shares(units, quality, minQuality, sharesPerUnit);
    }

    function cuts(uint96 price, uint16 commonsBps, uint16 treasuryBps)
        external
        returns (uint256 toDataset, uint256 toCommons, uint256 toTreasury)
    {
        (_terms.pricePerPeriod, _terms.commonsBps, _terms.treasuryBps) = (price, commonsBps, treasuryBps);
        return _terms.cuts();
    }

    function advance(uint256 index, uint256 growth) external pure returns (uint256) {
        return Accumulator.advance(index, growth);
    }

    function growthSince(uint256 acc, uint256 index) external pure returns (uint256) {
        return Accumulator.growthSince(acc, index);
    }

    function addVotes(Tally tally, uint8 support, uint256 weight) external pure returns (Tally) {
        return Tallies.add(tally, support, weight);
    }

    function settle(Tally tally, uint256 end) external pure returns (Tally) {
        return Tallies.settled(tally, end);
    }

    function markLease(Tally tally, address licensee) external pure returns (Tally) {
        return Tallies.ofLease(tally, licensee);
    }

    function mayBeLicensee(Tally tally, address account) external pure returns (bool) {
        return Tallies.mayBeLicensee(tally, account);
    }
}
