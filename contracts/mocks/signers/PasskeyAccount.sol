// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";

/// @notice An account of one passkey: a P-256 key that a phone or a laptop holds, and uses after its owner's touch.
contract PasskeyAccount is IERC1271 {
    bytes32 public immutable x;
    bytes32 public immutable y;

    constructor(bytes32 x_, bytes32 y_) {
        x = x_;
        y = y_;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (bool ok, WebAuthn.WebAuthnAuth calldata auth) = WebAuthn.tryDecodeAuth(signature);
        ok = ok && WebAuthn.verify(abi.encodePacked(hash), auth, x, y);
        return ok ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
