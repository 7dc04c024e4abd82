// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {Protocol} from "../libraries/Protocol.sol";

/// @notice Terms as `DataLeases` keeps them: three slots, written once and never changed. All leases of an offer share
/// the offer's. The first slot is all that an instalment reads, the second is what access and the end need, the third
/// is only hashed.
/// @dev The widths bind at `LeaseTerms.validate`: 2**96 units of an asset with 18 decimals are 79 billion whole ones,
/// and all rent of a lease together stays below 2**112. The registry numbers datasets in 16 bits.
struct PackedTerms {
    uint96 pricePerPeriod;
    uint32 periodLength;
    uint16 periods;
    uint16 commonsBps;
    uint16 treasuryBps;
    uint16 datasetId;
    uint64 minShares;
    uint96 bond;
    uint64 purposes;
    uint16 royaltyBps;
    bool exclusive;
    bytes32 agreementHash;
}

/// @notice What terms may say, and the arithmetic that follows from them.
library LeaseTerms {
    using LeaseTerms for PackedTerms;

    /// @dev No lease has shorter or longer periods, whatever the policy.
    uint256 internal constant MIN_PERIOD = 1 days;
    uint256 internal constant MAX_PERIOD = 366 days;
    /// @dev The window of an instalment opens and closes this part of a period before and after the paid end.
    uint256 private constant _WINDOW_DIVISOR = 10;

    /// @notice Reverts at the first term that the policy does not allow.
    /// @param minPrice lowest rent: the policy's for a request, zero for an offer, by which holders may grant data
    /// @param minBond lowest bond, likewise
    function validate(
        IDataLeases.Terms memory terms,
        IDatasetRegistry.LeasePolicy memory policy,
        uint256 minPrice,
        uint256 minBond
    ) internal pure {
        if (terms.purposes == 0 || terms.purposes & ~policy.purposes != 0) {
            revert IDataLeases.DataLeases_PurposeNotAllowed(terms.purposes, policy.purposes);
        }
        _require("pricePerPeriod", terms.pricePerPeriod, minPrice, type(uint96).max);
        _require("bond", terms.bond, minBond, type(uint96).max);
        _require(
            "periodLength",
            terms.periodLength,
            policy.minPeriod > MIN_PERIOD ? policy.minPeriod : MIN_PERIOD,
            policy.maxPeriod < MAX_PERIOD ? policy.maxPeriod : MAX_PERIOD
        );
        _require("periods", terms.periods, 1, policy.maxPeriods);
        _require("royaltyBps", terms.royaltyBps, 0, Protocol.BPS);
        _require("minShares", terms.minShares, 0, type(uint64).max);
    }

    /// @notice Terms that passed `validate`, with the cuts that are frozen along with them.
    function pack(IDataLeases.Terms memory terms, uint16 commonsBps, uint16 treasuryBps)
        internal
        pure
        returns (PackedTerms memory)
    {
        return PackedTerms({
            pricePerPeriod: uint96(terms.pricePerPeriod),
            periodLength: uint32(terms.periodLength),
            periods: uint16(terms.periods),
            commonsBps: commonsBps,
            treasuryBps: treasuryBps,
            datasetId: uint16(terms.datasetId), // one that the registry has
            minShares: uint64(terms.minShares),
            bond: uint96(terms.bond),
            purposes: uint64(terms.purposes),
            royaltyBps: uint16(terms.royaltyBps),
            exclusive: terms.exclusive,
            agreementHash: terms.agreementHash
        });
    }

    function unpack(PackedTerms storage self) internal view returns (IDataLeases.Terms memory) {
        return IDataLeases.Terms({
            datasetId: self.datasetId,
            purposes: self.purposes,
            pricePerPeriod: self.pricePerPeriod,
            periodLength: self.periodLength,
            periods: self.periods,
            bond: self.bond,
            royaltyBps: self.royaltyBps,
            exclusive: self.exclusive,
            minShares: self.minShares,
            agreementHash: self.agreementHash
        });
    }

    /// @notice As `IDataLeases.hashTerms` of what was packed.
    function hash(PackedTerms storage self) internal view returns (bytes32) {
        return keccak256(abi.encode(self.unpack()));
    }

    /// @notice All rent and the bond: what a licensee escrows.
    function cost(PackedTerms storage self) internal view returns (uint256) {
        return uint256(self.pricePerPeriod) * self.periods + self.bond;
    }

    /// @notice Rent of the periods that follow the first `paidPeriods`.
    function rentAfter(PackedTerms storage self, uint256 paidPeriods) internal view returns (uint256) {
        return uint256(self.pricePerPeriod) * (self.periods - paidPeriods);
    }

    /// @notice One instalment in its parts. Cuts are rounded down, so contributors of the dataset get the remainder.
    function cuts(PackedTerms storage self)
        internal
        view
        returns (uint256 toDataset, uint256 toCommons, uint256 toTreasury)
    {
        uint256 price = self.pricePerPeriod;
        // A price has 96 bits and a cut 16; and the policy's cuts together are at most MAX_CUTS_BPS.
        unchecked {
            toCommons = price * self.commonsBps / Protocol.BPS;
            toTreasury = price * self.treasuryBps / Protocol.BPS;
            toDataset = price - toCommons - toTreasury;
        }
    }

    /// @notice Half the width of the window in which an instalment can be paid.
    function tolerance(PackedTerms storage self) internal view returns (uint48) {
        return uint48(self.periodLength / _WINDOW_DIVISOR);
    }

    function _require(bytes32 field, uint256 value, uint256 min, uint256 max) private pure {
        if (Protocol.isOutside(value, min, max)) revert IDataLeases.DataLeases_InvalidTerms(field, value, min, max);
    }
}
