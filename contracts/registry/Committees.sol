// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RegistryCore} from "./RegistryCore.sol";

/// @notice Epochs of the custodian committee. Files sealed in an epoch stay with it; a leaver's seat passes to a
/// successor who gets the leaver's shares resealed.
abstract contract Committees is RegistryCore {
    /// @notice Most custodians of one committee.
    uint256 public constant MAX_CUSTODIANS = 32;

    struct Committee {
        uint256 threshold;
        Custodian[] custodians;
        /// @dev One more than the slot, 0 for strangers.
        mapping(address signer => uint256) seats;
    }

    /* STORAGE */

    uint256 public override committeeEpoch;
    mapping(uint256 epoch => Committee) private _committees;

    /* TIMELOCK */

    function setCommittee(Custodian[] calldata custodians, uint256 threshold)
        external
        override
        onlyTimelock
        returns (uint256 epoch)
    {
        return _setCommittee(custodians, threshold);
    }

    function replaceCustodian(uint256 epoch, uint256 slot, Custodian calldata custodian)
        external
        override
        onlyTimelock
    {
        if (epoch == 0 || epoch > committeeEpoch) revert DatasetRegistry_UnknownEpoch(epoch);
        Committee storage c = _committees[epoch];
        if (slot >= c.custodians.length) revert DatasetRegistry_UnknownSlot(epoch, slot);
        // A custodian may succeed itself with a new key.
        delete c.seats[c.custodians[slot].signer];
        _seat(c, slot, custodian);
        c.custodians[slot] = custodian;
        emit CustodianReplaced(epoch, slot, custodian);
    }

    /* VIEWS */

    function committee(uint256 epoch)
        external
        view
        override
        returns (Custodian[] memory custodians, uint256 threshold)
    {
        Committee storage c = _committees[epoch];
        return (c.custodians, c.threshold);
    }

    function seatOf(uint256 epoch, address signer) external view override returns (uint256 seat, uint256 threshold) {
        Committee storage c = _committees[epoch];
        return (c.seats[signer], c.threshold);
    }

    /* INTERNALS */

    function _setCommittee(Custodian[] memory custodians, uint256 threshold) internal returns (uint256 epoch) {
        _requireThreshold(threshold, custodians.length, MAX_CUSTODIANS);
        epoch = ++committeeEpoch;
        Committee storage c = _committees[epoch];
        c.threshold = threshold;
        for (uint256 i = 0; i < custodians.length; ++i) {
            _seat(c, i, custodians[i]);
            c.custodians.push(custodians[i]);
        }
        emit CommitteeSet(epoch, custodians, threshold);
    }

    function _seat(Committee storage c, uint256 slot, Custodian memory custodian) private {
        address signer = custodian.signer;
        if (signer == address(0) || c.seats[signer] != 0) revert DatasetRegistry_InvalidCustodian(signer);
        if (custodian.hpkeKey == 0) revert DatasetRegistry_ZeroKey(signer);
        c.seats[signer] = slot + 1;
    }
}
