// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {Signers} from "../libraries/Signers.sol";
import {RegistryCore} from "./RegistryCore.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @notice Versions of the custodian committee. Files sealed to one stay with it; a leaver's slot passes to a successor
/// who gets the leaver's shares resealed.
abstract contract Committees is RegistryCore, EIP712 {
    using Signers for Signers.Set;

    bytes32 private constant _READINESS_TYPEHASH =
        keccak256("Readiness(uint256 leaseId,bytes32 releaseRoot,uint256 committeeVersion)");

    /// @notice Most custodians of one committee.
    uint256 public constant MAX_CUSTODIANS = 32;

    struct Committee {
        Signers.Set signers;
        Custodian[] custodians;
    }

    /* STORAGE */

    /// @inheritdoc IDatasetRegistry
    uint256 public override committeeVersion;
    mapping(uint256 version => Committee) private _committees;

    /* ACTIONS: TIMELOCK */

    /// @inheritdoc IDatasetRegistry
    function setCommittee(Custodian[] calldata custodians, uint256 threshold)
        external
        override
        onlyTimelock
        returns (uint256 version)
    {
        return _setCommittee(custodians, threshold);
    }

    /// @inheritdoc IDatasetRegistry
    function replaceCustodian(uint256 version, uint256 slot, Custodian calldata custodian)
        external
        override
        onlyTimelock
    {
        if (version == 0 || version > committeeVersion) revert DatasetRegistry_UnknownCommittee(version);
        Committee storage c = _committees[version];
        if (slot >= c.custodians.length) revert DatasetRegistry_UnknownSlot(version, slot);
        // A custodian may succeed itself with a new key.
        delete c.signers.places[c.custodians[slot].signer];
        _place(c, slot, custodian);
        c.custodians[slot] = custodian;
        emit CustodianReplaced(version, slot, custodian);
    }

    /* VIEWS */

    /// @inheritdoc IDatasetRegistry
    function committee(uint256 version)
        external
        view
        override
        returns (Custodian[] memory custodians, uint256 threshold)
    {
        Committee storage c = _committees[version];
        return (c.custodians, c.signers.threshold);
    }

    /// @inheritdoc IDatasetRegistry
    function slotOf(uint256 version, address signer) external view override returns (uint256 place, uint256 threshold) {
        Committee storage c = _committees[version];
        return (c.signers.places[signer], c.signers.threshold);
    }

    /// @inheritdoc IDatasetRegistry
    function requireReadiness(uint256 leaseId, bytes32 releaseRoot, uint256 version, bytes[] calldata signatures)
        external
        view
        override
    {
        Signers.Set storage signers = _committees[version].signers;
        // No signatures are enough for a threshold of 0.
        if (signers.threshold == 0) revert DatasetRegistry_UnknownCommittee(version);
        bytes32 structHash = keccak256(abi.encode(_READINESS_TYPEHASH, leaseId, releaseRoot, version));
        signers.requireThreshold(version, _hashTypedDataV4(structHash), signatures);
    }

    /* INTERNALS */

    function _setCommittee(Custodian[] memory custodians, uint256 threshold) internal returns (uint256 version) {
        _requireThreshold(threshold, custodians.length, MAX_CUSTODIANS);
        version = ++committeeVersion;
        Committee storage c = _committees[version];
        c.signers.threshold = threshold;
        for (uint256 i = 0; i < custodians.length; ++i) {
            _place(c, i, custodians[i]);
            c.custodians.push(custodians[i]);
        }
        emit CommitteeSet(version, custodians, threshold);
    }

    function _place(Committee storage c, uint256 slot, Custodian memory custodian) private {
        address signer = custodian.signer;
        if (signer == address(0) || c.signers.places[signer] != 0) revert DatasetRegistry_InvalidCustodian(signer);
        if (custodian.hpkeKey == 0) revert DatasetRegistry_ZeroKey(signer);
        c.signers.places[signer] = slot + 1;
    }
}
