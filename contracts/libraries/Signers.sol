// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @notice Who signed a digest. ECDSA comes first and ERC-1271 second, so that an account with delegated code
/// (EIP-7702) does not lose the signatures of its key.
library Signers {
    uint256 private constant _ECDSA_LENGTH = 65;
    uint256 private constant _ADDRESS_LENGTH = 20;

    /// @notice Accounts of which a threshold must sign. `places` are one more than an account's position, 0 for
    /// strangers.
    struct Set {
        uint256 threshold;
        mapping(address signer => uint256) places;
    }

    /// @notice Refuses signatures that are fewer than the threshold, or of anyone else, or not in strictly ascending
    /// order of their signers.
    /// @dev Strictly ascending signers make distinctness a comparison and leave one valid order, so a relayer cannot
    /// make variants. Surplus signatures must be valid too.
    function requireThreshold(Set storage set, uint256 version, bytes32 digest, bytes[] calldata signatures)
        internal
        view
    {
        if (signatures.length < set.threshold) {
            revert IDatasetRegistry.DatasetRegistry_InsufficientSignatures(signatures.length, set.threshold);
        }
        address previous = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = recover(digest, signatures[i]);
            if (set.places[signer] == 0) revert IDatasetRegistry.DatasetRegistry_NotSigner(signer, version);
            if (signer <= previous) revert IDatasetRegistry.DatasetRegistry_SignersNotAscending(previous, signer);
            previous = signer;
        }
    }

    /// @notice The signer of `digest`, or zero when the signature is not valid.
    /// @param signature 65 bytes `r,s,v` of a key, or 20 bytes of a contract's address followed by what its ERC-1271
    /// check expects
    function recover(bytes32 digest, bytes calldata signature) internal view returns (address signer) {
        if (signature.length == _ECDSA_LENGTH) {
            (signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
            return signer;
        } else if (signature.length >= _ADDRESS_LENGTH) {
            signer = address(bytes20(signature[:_ADDRESS_LENGTH]));
            if (SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature[_ADDRESS_LENGTH:])) {
                return signer;
            }
        }
        return address(0);
    }

    /// @notice Whether `signature` over `digest` is `signer`'s: of its key, or by its ERC-1271 check.
    function isValid(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (address recovered,,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (recovered != address(0) && recovered == signer) return true;
        return SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }
}
